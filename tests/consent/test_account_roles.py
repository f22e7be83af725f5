"""What an account of ours may do at each time: the truth table of the prover and of the script."""

from __future__ import annotations

import importlib.util
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest
from liar import DEPLOYMENT, DOMAIN, LIAR, OURS, LyingChain, batch_call, mirror_of, raw_call
from township import RELAYER, Patient

from consent import abi
from consent.abi import Entry, word
from consent.account_roles import ADMIN, ANCHOR, CUSTODIAN, AccountRoles
from consent.mirror import Mirror
from consent.signatures import SigningKey
from consent.terms import Enrolment
from consent.typed_data import Op, keccak

OLD, NEW, BOSS = SigningKey(RELAYER), SigningKey(b"\x21" * 32), SigningKey(b"\x22" * 32)
TIMES = ("before", "both", "retired", "revoked")
ROLE_CALLS = {Op.ROLE_GRANTED: abi.GRANT_ROLE, Op.ROLE_REVOKED: abi.REVOKE_ROLE}


def change_role(
    chain: LyingChain, op: Op, role: bytes, account: SigningKey, by: SigningKey = OLD
) -> None:
    call = abi.encode_call(ROLE_CALLS[op], role, "0x" + account.address.hex())
    chain.tell(op, role + account.address.rjust(32, b"\0"), raw_call(by, call))


def enrol(chain: LyingChain, by: SigningKey) -> Patient:
    patient = Patient(DOMAIN, by.address)
    signed = patient.enrols()
    entry = Entry(patient.subject, signed.signer, signed.signature)
    body = patient.subject + by.address.rjust(32, b"\0") + keccak(signed.signer)
    chain.tell(Op.ENROLLED, body, raw_call(by, batch_call(abi.ENROL, entry)), signed.signer)
    return patient


def anchor(chain: LyingChain, by: SigningKey) -> None:
    words = b"journal".ljust(32, b"\0"), b"\1" * 32, 7
    body = words[0] + words[1] + word(words[2])
    chain.tell(Op.ANCHORED, body, raw_call(by, abi.encode_call(abi.ANCHOR, *words)))


def propose(chain: LyingChain, by: SigningKey, patient: Patient) -> None:
    key = SigningKey(keccak(patient.subject + by.address))
    new = Patient(DOMAIN, by.address, patient.subject, key)
    signed = new.sign(Enrolment(patient.subject, by.address, key.address))
    values = patient.subject, key.address, signed.signature
    call = abi.encode_call(abi.PROPOSE_RECOVERY, *values)
    body = patient.subject + keccak(key.address)
    chain.tell(Op.RECOVERY_PROPOSED, body, raw_call(by, call), key.address)


def rotate(chain: LyingChain, time: str) -> None:
    """Tell what an exchange of OLD for NEW had done by this time."""
    at = TIMES.index(time)
    for role in (CUSTODIAN, ANCHOR) if at >= 1 else ():
        change_role(chain, Op.ROLE_GRANTED, role, NEW)
    if at >= 2:
        change_role(chain, Op.ROLE_REVOKED, ANCHOR, OLD)
    if at >= 3:
        change_role(chain, Op.ROLE_REVOKED, CUSTODIAN, OLD)


def read(chain: LyingChain) -> Mirror:
    mirror = mirror_of(chain)
    ours = frozenset({OURS, NEW.address})
    mirror.prover.find_accounts = lambda: ours
    mirror.sync()
    return mirror


def is_last_proved(chain: LyingChain) -> bool:
    proofs = read(chain).events.run.proofs  # type: ignore[attr-defined]
    assert all(proofs[:-1])
    return bool(proofs[-1])


TABLE = {  # account: at which times its enrolments, anchors and proposals for its own count
    OLD: {"enrol": "before both", "anchor": "before both", "propose": "before both retired"},
    NEW: {"enrol": "both retired revoked", "anchor": "both retired revoked"},
    LIAR: {},
}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("account", TABLE)
def test_what_an_account_sends_counts_only_while_it_has_the_roles(
    account: SigningKey, time: str
) -> None:
    for act in ("enrol", "anchor", "propose"):
        chain = LyingChain()
        theirs = enrol(chain, OLD)
        rotate(chain, time)
        if act == "enrol":
            enrol(chain, account)
        elif act == "anchor":
            anchor(chain, account)
        else:
            propose(chain, account, theirs)
        assert is_last_proved(chain) == (time in TABLE[account].get(act, "").split()), act


@pytest.mark.parametrize("time", ["both", "retired", "revoked"])
def test_a_proposal_counts_only_from_the_account_that_enrolled_the_patient(time: str) -> None:
    for account in (OLD, NEW):
        chain = LyingChain()
        rotate(chain, time)
        theirs = enrol(chain, NEW)
        propose(chain, account, theirs)
        assert is_last_proved(chain) == (account is NEW)


def test_who_enrolled_whom_is_known_also_from_one_reading_to_the_next() -> None:
    chain = LyingChain()
    first = enrol(chain, OLD)
    rotate(chain, "retired")
    second = enrol(chain, NEW)
    mirror = read(chain)
    assert [mirror.roles.enroller(row) for row in (0, 1)] == [OLD.address, NEW.address]
    for by, patient in ((OLD, first), (NEW, second), (NEW, first)):
        propose(chain, by, patient)
    mirror.sync()
    assert [bool(proof) for proof in mirror.events.run.proofs[-3:]] == [True, True, False]  # type: ignore[attr-defined]


def test_a_role_that_no_admin_gave_is_no_role() -> None:
    chain = LyingChain()
    for role in (CUSTODIAN, ANCHOR):
        change_role(chain, Op.ROLE_GRANTED, role, NEW, by=LIAR)
    enrol(chain, NEW)
    proofs = read(chain).events.run.proofs  # type: ignore[attr-defined]
    assert proofs == [0, 0, 0]


def test_a_role_that_was_taken_without_proof_is_lost_all_the_same() -> None:
    chain = LyingChain()
    change_role(chain, Op.ROLE_REVOKED, CUSTODIAN, OLD, by=LIAR)
    enrol(chain, OLD)
    assert read(chain).events.run.proofs == [0, 0]  # type: ignore[attr-defined]


def test_the_admins_role_can_be_handed_on_and_the_former_admin_gives_nothing() -> None:
    chain = LyingChain()
    change_role(chain, Op.ROLE_GRANTED, ADMIN, BOSS)
    change_role(chain, Op.ROLE_REVOKED, ADMIN, OLD, by=BOSS)
    change_role(chain, Op.ROLE_GRANTED, CUSTODIAN, NEW, by=BOSS)
    change_role(chain, Op.ROLE_GRANTED, ANCHOR, NEW)
    assert read(chain).events.run.proofs == [1, 1, 1, 0]  # type: ignore[attr-defined]


def test_an_account_may_give_up_its_own_role_and_nobody_elses() -> None:
    for by, account in ((OLD, OLD), (LIAR, OLD)):
        chain = LyingChain()
        call = abi.encode_call("renounceRole(bytes32,address)", ANCHOR, "0x" + OLD.address.hex())
        body = ANCHOR + account.address.rjust(32, b"\0")
        chain.tell(Op.ROLE_REVOKED, body, raw_call(by, call))
        assert is_last_proved(chain) == (by is account)


def test_a_copy_of_the_roles_changes_by_itself() -> None:
    roles = AccountRoles({OURS}, {OURS})
    other = roles.copy()
    other.add(abi.Change(Op.ROLE_REVOKED, ANCHOR + OURS.rjust(32, b"\0"), b"", 1), is_proved=True)
    assert roles.may_enrol(OURS)
    assert not other.may_enrol(OURS)
    assert other.names_of(OURS) == ("admin", "pauser", "custodian")
    assert other.accounts() == {OURS}


def test_the_strangers_script_agrees_with_the_prover_at_every_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = LyingChain()
    made = raw_call(OLD, b"\x60\x00", to="")
    for role in (ADMIN, keccak(b"PAUSER_ROLE"), CUSTODIAN, ANCHOR):
        chain.tell(Op.ROLE_GRANTED, role + OURS.rjust(32, b"\0"), made)
    change_role(chain, Op.ROLE_GRANTED, ANCHOR, LIAR, by=LIAR)
    theirs = enrol(chain, OLD)
    steps = [
        (Op.ROLE_GRANTED, CUSTODIAN, NEW),
        (Op.ROLE_GRANTED, ANCHOR, NEW),
        (Op.ROLE_REVOKED, ANCHOR, OLD),
        (Op.ROLE_REVOKED, CUSTODIAN, OLD),
    ]
    for op, role, account in steps:
        for by in (OLD, NEW):
            enrol(chain, by)
            anchor(chain, by)
            propose(chain, by, theirs)
        change_role(chain, op, role, account)
    enrol(chain, OLD)
    anchor(chain, NEW)
    script = load_script()
    monkeypatch.setattr(
        script, "ask", lambda _where, _method, name: "0x" + chain.raws[bytes.fromhex(name)].hex()
    )
    proofs = script.Proofs("node", asdict(DEPLOYMENT))
    by_script = [
        bool(proofs.proved(change.op, words_of(change.body), change.transaction.hex()))
        for change in chain.history
    ]
    expected = [bool(proof) for proof in read(chain).events.run.proofs]  # type: ignore[attr-defined]
    assert by_script == expected
    assert by_script.count(False) > len(steps)


def words_of(body: bytes) -> list[bytes]:
    return [body[at : at + 32] for at in range(0, len(body), 32)]


def load_script() -> ModuleType:
    path = Path(__file__).parents[2] / "docs" / "spec" / "check.py"
    spec = importlib.util.spec_from_file_location("strangers_script", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
