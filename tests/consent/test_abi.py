from __future__ import annotations

import re
import secrets

import pytest
from eth_abi import encode as abi_encode
from hypothesis import given
from hypothesis import strategies as st

from consent import abi
from consent.errors import LedgerUnavailable
from consent.typed_data import Op, keccak

words = st.binary(min_size=32, max_size=32)
texts = st.binary(max_size=200)


def test_every_custom_error_of_the_contract_has_a_code_and_no_code_is_unused() -> None:
    errors = {item["name"] for item in abi.contract()["abi"] if item["type"] == "error"}
    assert errors == set(abi.REASONS)
    assert len(abi.reasons_by_selector()) == len(errors)


def test_every_event_of_the_contract_that_it_ever_emits_is_read() -> None:
    known = {name.split("(")[0] for name in abi._EVENTS}  # noqa: SLF001
    events = {item["name"] for item in abi.contract()["abi"] if item["type"] == "event"}
    assert events - known <= {"EIP712DomainChanged", "RoleAdminChanged"}
    assert known <= events
    declared = {
        f"{e['name']}({','.join(i['type'] for i in e['inputs'])})"
        for e in abi.contract()["abi"]
        if e["type"] == "event"
    }
    assert set(abi._EVENTS) <= declared  # noqa: SLF001


def test_the_functions_that_are_called_are_in_the_abi() -> None:
    named = {
        *(abi.GRANT, abi.WITHDRAW, abi.STOP, abi.ENROL, abi.ANCHOR, abi.HEAD_AND_COUNT),
        *(abi.ADD_KEY, abi.REMOVE_KEY, abi.END_KEY, abi.PROPOSE_RECOVERY, abi.VETO_RECOVERY),
        *(abi.COMPLETE_RECOVERY, abi.RECOVERY_OF),
    }
    declared = {
        keccak(_signature(item).encode()).hex()[:8]
        for item in abi.contract()["abi"]
        if item["type"] == "function"
    }
    assert {keccak(name.encode()).hex()[:8] for name in named} <= declared


def _signature(item: dict[str, object]) -> str:
    def kind(argument: dict[str, object]) -> str:
        if not str(argument["type"]).startswith("tuple"):
            return str(argument["type"])
        inner = ",".join(kind(part) for part in argument["components"])  # type: ignore[attr-defined]
        return f"({inner}){str(argument['type'])[5:]}"

    return f"{item['name']}({','.join(kind(part) for part in item['inputs'])})"  # type: ignore[attr-defined]


@given(st.lists(st.tuples(words, words, texts, texts), max_size=5))
def test_batches_are_encoded_as_eth_abi_encodes_them(entries: list[tuple[bytes, ...]]) -> None:
    structs = [abi.encode_entry(abi.Entry(a + b, c, d)) for a, b, c, d in entries]
    expected = abi_encode([abi.WITHDRAW[len("withdraw(") : -1]], [entries])
    encoded = abi.encode_batch(abi.WITHDRAW, structs)
    assert encoded == keccak(abi.WITHDRAW.encode())[:4] + expected


@given(words, texts, st.integers(0, 255), st.integers(0, 2**40 - 1))
def test_a_call_is_its_selector_and_its_arguments(
    subject: bytes, signer: bytes, role: int, until_s: int
) -> None:
    call = abi.encode_call(abi.ADD_KEY, subject, signer, role, until_s, signer, b"", b"")
    selector = keccak(b"addKey(bytes32,bytes,uint8,uint40,bytes,bytes,bytes)")[:4]
    types = ["bytes32", "bytes", "uint8", "uint40", "bytes", "bytes", "bytes"]
    assert call == selector + abi_encode(types, [subject, signer, role, until_s, signer, b"", b""])
    assert abi.encode_call(abi.HEAD_AND_COUNT) == keccak(b"headAndCount()")[:4]


def test_the_constructor_ends_with_its_arguments() -> None:
    owner, verifier = "0x" + "ab" * 20, "0x" + "cd" * 20
    arguments = abi_encode(
        ["address", "address[]", "address[]", "address[]", "uint40"],
        [owner, [owner], [owner], [verifier], 604_800],
    )
    code = bytes.fromhex(abi.contract()["bytecode"][2:])
    assert abi.encode_constructor(owner, owner, [verifier], 604_800) == code + arguments


def test_only_the_magic_value_is_accepted_from_an_account_with_code() -> None:
    magic = bytes.fromhex("1626ba7e")
    assert abi.is_yes_of_account(magic + bytes(28))
    assert not abi.is_yes_of_account(magic + bytes(27) + b"\1")
    assert not abi.is_yes_of_account(bytes(32))


def test_an_answer_that_is_not_a_recovery_is_refused() -> None:
    good = abi_encode(["bytes", "uint40"], [SIGNER, 9])
    assert abi.read_recovery(good) == (SIGNER, 9)
    for bad in (b"", good[:-64], bytes(31), b"\xff" * len(good)):
        with pytest.raises(ValueError, match="not a recovery"):
            abi.read_recovery(bad)


def log(name: str, topics: list[bytes], body: bytes) -> dict[str, object]:
    all_topics = [keccak(name.encode()), *topics]
    return {
        "topics": ["0x" + topic.hex() for topic in all_topics],
        "data": "0x" + body.hex(),
        "blockNumber": "0x7",
    }


SINGLE, TWO = b"\1" * 32, b"\2" * 32
SIGNER = secrets.token_bytes(84)


@pytest.mark.parametrize(
    ("name", "topics", "data", "op", "body"),
    [
        ("KeyAdded(bytes32,bytes,uint8,uint40)", [SINGLE], abi_encode(
            ["bytes", "uint8", "uint40"], [SIGNER, 1, 9]),
         Op.KEY_ADDED, SINGLE + keccak(SIGNER) + abi.word(1) + abi.word(9)),
        ("RecoveryProposed(bytes32,bytes,uint40)", [SINGLE], abi_encode(
            ["bytes", "uint40"], [SIGNER, 9]),
         Op.RECOVERY_PROPOSED, SINGLE + keccak(SIGNER)),
        ("Enrolled(bytes32,address,bytes)", [SINGLE, TWO], abi_encode(["bytes"], [SIGNER]),
         Op.ENROLLED, SINGLE + TWO + keccak(SIGNER)),
        ("RoleGranted(bytes32,address,address)", [SINGLE, TWO, SINGLE], b"", Op.ROLE_GRANTED,
         SINGLE + TWO),
        ("Stopped(bytes32,uint40)", [SINGLE], abi.word(9), Op.STOPPED, SINGLE + abi.word(9)),
    ],
)  # fmt: skip
def test_events_give_the_words_that_the_head_is_rolled_over(
    name: str, topics: list[bytes], data: bytes, op: Op, body: bytes
) -> None:
    change = abi.read_changes([log(name, topics, data)])[0]
    assert (change.op, change.body, change.block_number) == (op, body, 7)
    assert change.signer in (b"", SIGNER)


@pytest.mark.parametrize(
    "broken",
    [
        {"topics": ["0x" + "00" * 32]},
        {"topics": []},
        {"topics": None},
        {"data": "0x1"},
        {"data": "1234"},
        {"data": "0x" + "00" * 31},
        {"data": "0x12 34"},
        {"blockNumber": "0x"},
        {"blockNumber": 7},
        {"blockNumber": "0x" + "1" * 65},
        {"blockNumber": hex(1 << 63)},
        {"data": "0x" + abi.word(1 << 40).hex()},
    ],
)
def test_logs_that_the_contract_cannot_have_written_are_refused(broken: dict[str, object]) -> None:
    good = log("Stopped(bytes32,uint40)", [SINGLE], abi.word(9))
    with pytest.raises(LedgerUnavailable):
        abi.read_changes([good, {**good, **broken}])


@pytest.mark.parametrize(
    ("name", "topics", "data"),
    [
        ("KeyAdded(bytes32,bytes,uint8,uint40)", [SINGLE], abi.word(96) + abi.word(1 << 8)
         + abi.word(9) + abi.word(0)),
        ("KeyAdded(bytes32,bytes,uint8,uint40)", [SINGLE], abi.word(96) + abi.word(1)
         + abi.word(1 << 40) + abi.word(0)),
        ("Granted(bytes32,bytes32,bytes32,uint40,uint40)", [SINGLE], TWO + TWO
         + abi.word(1 << 200) + abi.word(9)),
        ("Granted(bytes32,bytes32,bytes32,uint40,uint40)", [SINGLE], TWO + TWO
         + abi.word(9) + abi.word(1 << 63)),
        ("Anchored(bytes32,bytes32,uint64)", [SINGLE], TWO + abi.word(1 << 64)),
    ],
)  # fmt: skip
def test_an_event_with_a_number_beyond_its_type_is_refused_and_breaks_no_column(
    name: str, topics: list[bytes], data: bytes
) -> None:
    with pytest.raises(LedgerUnavailable, match="cannot hold"):
        abi.read_changes([log(name, topics, data)])


def test_a_signer_that_is_cut_short_is_refused() -> None:
    body = abi_encode(["bytes"], [SIGNER])
    for cut in (body[:-64], body[:32], abi.word(2**255) + body[32:]):
        with pytest.raises(LedgerUnavailable):
            abi.read_changes([log("Recovered(bytes32,bytes)", [SINGLE], cut)])


def test_the_ledgers_numbers_of_operations_are_those_of_the_contract() -> None:
    result = re.findall(
        r"uint256 internal constant ([A-Z_]+) = (\d+);",
        (abi._LEDGER_JSON.parent / "contract" / "LedgerHead.sol").read_text(),  # noqa: SLF001
    )
    assert {name: int(value) for name, value in result} == {op.name: op.value for op in Op}
