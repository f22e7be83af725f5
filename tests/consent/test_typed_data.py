from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import EthAccount, encode_typed_data, eth_keccak

from consent import typed_data
from consent.errors import TermsInvalid
from consent.terms import (
    Enrolment,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    RecoveryVeto,
    Stop,
    Terms,
    Withdrawal,
)
from consent.typed_data import Domain, Op

VECTORS = Path(__file__).parent.parent / "vectors" / "typed_data"


def load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def as_terms(case: dict[str, Any]) -> Terms:
    return Terms(
        decision=case["decision"],
        recipient=case["recipient"],
        purposes=tuple(case["purposes"]),
        categories=tuple(case["categories"]),
        records=tuple(case["records"]),
        data_from=case["dataFrom"],
        data_to=case["dataTo"],
        obligations=tuple(case["obligations"]),
        statement=case["statement"],
        policy_uri=case["policyUri"],
        policy_hash=unhex(case["policyHash"]),
        salt=unhex(case["salt"]),
    )


TERMS = {
    case["name"]: (as_terms(case["terms"]), case["termsHash"]) for case in load("terms")["cases"]
}
MESSAGES = load("messages")["cases"]
DOMAIN = Domain(load("domain")["chainId"], load("domain")["verifyingContract"])
EMPTY = TERMS["all_empty"][0]


def as_message(case: dict[str, Any]) -> Message:
    subject = unhex(case["subject"])
    signer = unhex(case.get("signer", ""))
    made: dict[str, Any] = {
        "Grant": lambda: Grant(
            subject, TERMS[case["terms"]][0], case["signedAt"], case["notAfter"]
        ),
        "Withdrawal": lambda: Withdrawal(subject, unhex(case["termsHash"])),
        "Stop": lambda: Stop(subject, case["issuedAt"]),
        "Enrolment": lambda: Enrolment(subject, unhex(case["custodian"]), signer),
        "KeyAddition": lambda: KeyAddition(subject, signer, case["role"], case["until"]),
        "KeyRemoval": lambda: KeyRemoval(subject, signer),
        "RecoveryVeto": lambda: RecoveryVeto(subject, signer),
    }
    message: Message = made[case["type"]]()
    return message


def test_the_domain_and_every_type_hash_are_the_contracts() -> None:
    domain = load("domain")
    assert typed_data.separator(DOMAIN) == unhex(domain["separator"])
    for case in domain["types"]:
        assert typed_data.encode_type(case["name"]) == case["encodeType"]
        assert typed_data.type_hash(case["name"]) == unhex(case["typeHash"])


@pytest.mark.parametrize("name", TERMS)
def test_terms_have_the_contracts_commitment(name: str) -> None:
    terms, expected = TERMS[name]
    assert typed_data.terms_hash(terms) == unhex(expected)


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: case["name"])
def test_a_message_has_the_contracts_digest(case: dict[str, Any]) -> None:
    message = as_message(case)
    assert typed_data.struct_hash(message) == unhex(case["structHash"])
    assert typed_data.digest(DOMAIN, message) == unhex(case["digest"])
    if "consentId" in case:
        got = typed_data.consent_id(unhex(case["subject"]), unhex(case["termsHash"]))
        assert got == unhex(case["consentId"])


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: case["name"])
def test_a_wallet_that_is_shown_the_typed_message_signs_the_same_digest(
    case: dict[str, Any],
) -> None:
    displayed = json.loads(json.dumps(typed_data.typed_message(DOMAIN, as_message(case))))
    key = EthAccount.create()
    signed = EthAccount.sign_typed_data(key.key, full_message=displayed)
    assert bytes(signed.message_hash) == unhex(case["digest"])
    encoded = encode_typed_data(full_message=displayed)
    assert eth_keccak(b"\x19\x01" + encoded.header + encoded.body) == unhex(case["digest"])


def test_the_head_rolls_as_the_contracts_through_a_whole_history() -> None:
    head, count = typed_data.GENESIS_HEAD, 0
    for call in load("history")["calls"]:
        for change in call["changes"]:
            head = typed_data.next_head(head, change["op"], [unhex(w) for w in change["words"]])
            count += 1
            assert (head, count) == (unhex(change["head"]), change["count"])
        assert (head, count) == (unhex(call["head"]), call["count"])


def test_addresses_and_numbers_are_padded_to_words_of_the_head() -> None:
    head, account = bytes(27), bytes(range(20))
    padded = typed_data.next_head(head, Op.PAUSED, [account.rjust(32, b"\0"), bytes(31) + b"\7"])
    assert typed_data.next_head(head, Op.PAUSED, [account, 7]) == padded


def test_an_operation_of_the_history_is_named_as_in_the_contract() -> None:
    source = (Path(__file__).parents[2] / "consent" / "contract" / "LedgerHead.sol").read_text(
        encoding="utf-8"
    )
    for op in Op:
        assert f"{op.name} = {op.value};" in source


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
arrays = st.lists(texts, max_size=4).map(tuple)
hashes = st.binary(min_size=32, max_size=32)
any_terms = st.builds(
    Terms, texts, texts, arrays, arrays, arrays, texts, texts, arrays, texts, texts, hashes, hashes
)
times = st.integers(0, 2**40 - 1)


@given(st.builds(Grant, hashes, any_terms, times, times), st.integers(1, 2**53))
def test_any_grant_has_the_digest_that_another_library_computes(grant: Grant, chain: int) -> None:
    domain = Domain(chain, DOMAIN.contract)
    encoded = encode_typed_data(full_message=typed_data.typed_message(domain, grant))
    expected = eth_keccak(b"\x19\x01" + encoded.header + encoded.body)
    assert typed_data.digest(domain, grant) == expected


@given(any_terms, any_terms)
def test_different_terms_have_different_commitments(single: Terms, other: Terms) -> None:
    assert (typed_data.terms_hash(single) == typed_data.terms_hash(other)) == (single == other)


@pytest.mark.parametrize(
    "message",
    [
        Withdrawal(bytes(31), bytes(32)),
        Withdrawal(bytes(32), bytes(33)),
        Stop(bytes(32), 2**40),
        Stop(bytes(32), -1),
        Enrolment(bytes(32), bytes(21), bytes(20)),
        KeyAddition(bytes(32), bytes(20), 256, 0),
        KeyRemoval(b"", bytes(20)),
        Grant(bytes(32), replace(EMPTY, salt=b""), 1, 2),
        Grant(bytes(32), replace(EMPTY, policy_hash=bytes(31)), 1, 2),
        Grant(bytes(32), replace(EMPTY, statement="\ud800"), 1, 2),
        Grant(bytes(32), replace(EMPTY, records=("\udfff",)), 1, 2),
    ],
)
def test_what_the_contract_could_not_hold_is_refused_and_never_shown(message: Message) -> None:
    with pytest.raises(TermsInvalid):
        typed_data.digest(DOMAIN, message)
    with pytest.raises(TermsInvalid):
        typed_data.typed_message(DOMAIN, message)


@pytest.mark.parametrize("contract", ["0x12", "nobody", ""])
def test_a_domain_without_a_contracts_address_signs_nothing(contract: str) -> None:
    with pytest.raises(TermsInvalid):
        typed_data.digest(Domain(1, contract), Stop(bytes(32), 1))


def test_a_head_of_another_length_or_a_word_too_long_is_refused() -> None:
    for head, word in ((bytes(32), 1), (bytes(27), 2**256), (bytes(27), bytes(33))):
        with pytest.raises(TermsInvalid):
            typed_data.next_head(head, Op.STOPPED, [word])
