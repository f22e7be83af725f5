from __future__ import annotations

import json
import secrets
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from decisions import decision_at
from geth import Geth
from township import RECORD, RELAYER, STUDY, Clock, Patient, Town, ask, make_ledger, make_terms

from consent import (
    CATEGORY_CODES,
    ConsentInvalid,
    ConsentLedger,
    DecisionRequestBatch,
    Grant,
    LedgerBroken,
    LedgerFinding,
    LedgerSettings,
    LedgerUnavailable,
    NotPermitted,
    Signed,
    ViewRefused,
    open_ledger,
    terms_hash,
)
from consent.signatures import SigningKey
from consent.terms import KeyAddition, KeyRemoval
from consent.typed_data import GENESIS_HEAD, Op, digest, keccak, next_head

pytestmark = pytest.mark.node


@pytest.fixture
def ledger(town: Town) -> ConsentLedger:
    return make_ledger(town)


def batch_of(*patients: Patient) -> DecisionRequestBatch:
    return DecisionRequestBatch(
        STUDY,
        "HRESCH",
        np.frombuffer(b"".join(p.subject for p in patients), np.uint8).reshape(-1, 32),
        np.array([RECORD.encode()] * len(patients), "S32"),
        np.array([CATEGORY_CODES.index("laboratory")] * len(patients), np.int16),
        np.array([20_000] * len(patients), np.int32),
    )


def name_of(granted: Signed) -> bytes:
    assert isinstance(granted.message, Grant)
    return keccak(granted.message.subject + terms_hash(granted.message.terms))


def test_what_is_granted_is_permitted_until_it_is_withdrawn(
    town: Town, ledger: ConsentLedger
) -> None:
    patient = town.patient()
    assert ledger.decide(ask(patient)).reason == "no-consent"
    granted = patient.grants(town.now_s())
    assert ledger.grant([granted])[0].ok
    decision = ledger.require(ask(patient))
    assert decision.permitted
    assert decision.consent_ids == (name_of(granted),)
    assert decision.view == ledger.view()
    assert ledger.withdraw([patient.withdraws(granted)])[0].ok
    with pytest.raises(NotPermitted, match="withdrawn"):
        ledger.require(ask(patient))


def test_one_by_one_and_all_at_once_agree(town: Town, ledger: ConsentLedger) -> None:
    patients = [town.patient() for _ in range(3)] + [town.patient(enrolled=False)]
    ledger.grant([patients[0].grants(town.now_s()), patients[1].grants(town.now_s())])
    ledger.stop([patients[1].stops(town.now_s())])
    view = ledger.view()
    decisions = ledger.decide_many(batch_of(*patients), view)
    expected = [ledger.decide(ask(patient), view) for patient in patients]
    assert [decision_at(decisions, i) for i in range(4)] == expected
    assert [d.reason for d in expected] == ["permitted", "stopped", "no-consent", "not-enrolled"]


def test_a_given_view_decides_without_what_was_revoked_since(
    town: Town, ledger: ConsentLedger
) -> None:
    early, late = town.patient(), town.patient()
    granted = early.grants(town.now_s())
    ledger.grant([granted])
    view = ledger.view()
    later = late.grants(town.now_s())
    ledger.grant([later])
    assert ledger.decide(ask(early), view).permitted
    assert not ledger.decide(ask(late), view).permitted
    ledger.withdraw([early.withdraws(granted)])
    ledger.stop([late.stops(town.now_s())])
    assert ledger.decide(ask(early), view).reason == "withdrawn"
    assert ledger.decide_many(batch_of(early), view).counts() == {"withdrawn": 1}


def test_a_view_from_elsewhere_or_too_old_is_refused(town: Town, ledger: ConsentLedger) -> None:
    patient = town.patient()
    view = ledger.view()
    with pytest.raises(ViewRefused, match="expired"):
        ledger.decide(ask(patient), replace(view, block_number=7))
    town.clock.now_s += 61
    assert ledger.view().count == view.count
    with pytest.raises(ViewRefused, match="older"):
        ledger.decide(ask(patient), view)


def test_consents_are_listed_with_their_states(town: Town, ledger: ConsentLedger) -> None:
    patient = town.patient()
    now_s = town.now_s()
    stopped, withdrawn = patient.grants(now_s - 10), patient.grants(now_s - 1)
    short, active = patient.grants(now_s - 2, until_s=now_s), patient.grants(now_s)
    ledger.grant([stopped, withdrawn, short, active])
    ledger.stop([patient.stops(now_s - 5)])
    ledger.withdraw([patient.withdraws(withdrawn)])
    town.clock.now_s += 1
    result = ledger.consents_of(patient.subject)
    assert [c.state for c in result] == ["stopped", "withdrawn", "expired", "active"]
    assert isinstance(active.message, Grant)
    assert result[3].terms == active.message.terms
    assert result[3].consent_id == name_of(active)
    assert ledger.consents_of(b"\0" * 32) == []
    names = [name_of(g) for g in (stopped, withdrawn, short, active)]
    assert ledger.find_ended([*names, b"\1" * 32]) == [*names[:3], b"\1" * 32]


def test_subjects_are_counted_and_known(town: Town, ledger: ConsentLedger) -> None:
    patient, stranger = town.patient(), town.patient(enrolled=False)
    assert ledger.subjects() == 1
    assert ledger.is_enrolled(patient.subject)
    assert not ledger.is_enrolled(stranger.subject)
    assert ledger.enrol([stranger.enrols()])[0].ok
    assert ledger.subjects() == 2
    assert ledger.custodian() == patient.custodian
    assert ledger.domain() == patient.domain


def test_anchors_are_read_back_by_kind(town: Town, ledger: ConsentLedger) -> None:
    ledger.anchor("journal", b"\1" * 32, 5)
    ledger.anchor("card", b"\2" * 32, 1)
    ledger.anchor("journal", b"\3" * 32, 9)
    assert [(a.root, a.count) for a in ledger.anchors("journal")] == [
        (b"\1" * 32, 5),
        (b"\3" * 32, 9),
    ]
    assert ledger.anchors("manifest") == ledger.anchors("manifest", 5) == []
    assert ledger.anchors("journal", 1) == ledger.anchors("journal")[1:]
    assert ledger.anchors("journal", 9) == ledger.anchors("journal")
    with pytest.raises(ConsentInvalid, match="gossip"):
        ledger.anchors("gossip", 1)


def test_the_basis_of_decisions_differs_after_each_change_but_an_anchor(
    town: Town, ledger: ConsentLedger
) -> None:
    patient, new = town.patient(), SigningKey(secrets.token_bytes(32))
    granted = patient.grants(town.now_s())
    added = KeyAddition(patient.subject, new.address, 0, 0)
    removed = KeyRemoval(patient.subject, new.address)
    steps: list[Callable[[], object]] = [
        lambda: ledger.grant([granted]),
        lambda: ledger.grant([patient.grants(town.now_s(), make_terms(decision="deny"))]),
        lambda: ledger.withdraw([patient.withdraws(granted)]),
        lambda: ledger.stop([patient.stops(town.now_s())]),
        lambda: town.bring(
            replace(patient.sign(added), proof=new.sign(digest(patient.domain, added)))
        ),
        lambda: town.bring(patient.sign(removed)),
        town.patient,
        ledger._mirror.rebuild,  # noqa: SLF001 - what an operator's recover() does
    ]
    seen = [ledger.decision_basis()]
    for step in steps:
        step()
        ledger.view()
        assert ledger.decision_basis() not in seen
        seen.append(ledger.decision_basis())
        count = ledger.view().count
        ledger.anchor("journal", secrets.token_bytes(32), 1)
        assert ledger.view().count == count + 1
        assert ledger.decision_basis() == seen[-1]


def test_a_stranger_recomputes_head_and_commitments_from_the_evidence(
    town: Town, ledger: ConsentLedger
) -> None:
    patient = town.patient()
    granted = patient.grants(town.now_s())
    ledger.grant([granted])
    ledger.anchor("card", b"\2" * 32, 1)
    lines = [json.loads(json.dumps(line)) for line in ledger.evidence()]
    head = GENESIS_HEAD
    for line in lines:
        if line["kind"] == "operation":
            words = [bytes.fromhex(word[2:]) for word in line["words"]]
            head = next_head(head, Op[line["op"].upper()], words)
            assert line["head"] == "0x" + head.hex()
            if line["op"] == "enrolled":
                assert keccak(bytes.fromhex(line["signer"][2:])) == words[2]
    assert lines[0]["kind"] == "deployment"
    assert lines[0]["head"] == "0x" + head.hex() == "0x" + ledger.view().head.hex()
    opening = lines[-1]
    displayed = {**opening["terms"], "salt": bytes.fromhex(opening["terms"]["salt"][2:])}
    displayed["policy_hash"] = bytes.fromhex(displayed["policy_hash"][2:])
    lists = ("purposes", "categories", "records", "obligations")
    terms = make_terms(**{**displayed, **{name: tuple(displayed[name]) for name in lists}})
    subject = bytes.fromhex(opening["subject"][2:])
    assert opening["consent_id"] == "0x" + keccak(subject + terms_hash(terms)).hex()


def test_an_intact_ledger_has_no_findings_and_each_damage_is_reported(
    town: Town, ledger: ConsentLedger
) -> None:
    patient = town.patient()
    granted = patient.grants(town.now_s())
    ledger.grant([granted])
    reply: list[str] = []
    assert ledger.check(reply.append) == []
    assert sorted(set(reply)) == ["ledger", "mirror"]
    assert len(reply) == 8, "one line for each check"
    ledger.consent_terms.erase(name_of(granted))
    assert [finding.code for finding in ledger.check()] == [LedgerFinding.TERMS_MISSING]
    with town.engine.begin() as connection:
        connection.execute(sa.text("update consent_events set block_number=0, body=x'00'"))
    assert ledger.check()[0].code == LedgerFinding.CHANGE_NOT_CHAINED
    with town.engine.begin() as connection:
        connection.execute(sa.text("update consent_outbox set state='failed' where nonce=0"))
        connection.execute(sa.text("update consent_outbox_writer set fee_most='1'"))
    town.chain.close()
    away = town.process(endpoint="/nowhere")
    assert any(finding.is_unchecked for finding in make_ledger(away).check())


def test_a_pending_withdrawal_counts_in_every_process_though_the_chain_never_saw_it(
    town: Town, ledger: ConsentLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, refusing = town.patient(), town.patient()
    granted, other = patient.grants(town.now_s()), patient.grants(town.now_s())
    ledger.grant([granted, other])
    monkeypatch.setattr("consent.outbox.Outbox.send", lambda *_: None)  # died before sending
    monkeypatch.setattr("consent.outbox.Outbox.flush", lambda *_: 0)
    ledger.limits.confirm_s = 0.05
    elsewhere = make_ledger(town.process())
    elsewhere.view()
    basis = [elsewhere.decision_basis()]
    assert ledger.withdraw([patient.withdraws(granted)])[0].reason == "pending"
    basis.append(elsewhere.decision_basis())
    assert elsewhere.consents_of(patient.subject)[0].state == "withdrawn"
    assert elsewhere.find_ended([name_of(granted), name_of(other)]) == [name_of(granted)]
    assert ledger.stop([patient.stops(town.now_s())])[0].reason == "pending"
    assert elsewhere.decide(ask(patient)).reason == "stopped"
    basis.append(elsewhere.decision_basis())
    refused = refusing.grants(town.now_s(), make_terms(decision="deny"))
    assert ledger.grant([refused])[0].reason == "pending"
    basis.append(elsewhere.decision_basis())
    assert not any(each in basis[:at] for at, each in enumerate(basis))
    monkeypatch.undo()
    elsewhere.recover()
    assert town.outbox.find(state="written") == []
    assert town.status(granted) == 2
    assert elsewhere.decide(ask(patient)).reason == "stopped"


def test_a_withdrawal_races_requests_and_none_starts_after_it_is_acknowledged(
    town: Town, ledger: ConsentLedger
) -> None:
    patient = town.patient()
    other = make_ledger(town.process())
    for _ in range(5):
        granted = patient.grants(town.now_s())
        ledger.grant([granted])
        acknowledged_at: list[float] = []
        permitted_from: list[float] = []

        def request(permitted_from: list[float] = permitted_from) -> None:
            for _ in range(25):
                started = time.monotonic()
                if other.decide(ask(patient)).permitted:
                    permitted_from.append(started)

        thread = threading.Thread(target=request)
        thread.start()
        ledger.withdraw([patient.withdraws(granted)])
        acknowledged_at.append(time.monotonic())
        thread.join()
        assert [at for at in permitted_from if at > acknowledged_at[0]] == []


def test_an_install_deploys_once_and_opens_the_same_ledger_again(
    own_geth: Geth, sqlite_engine: sa.Engine, tmp_path: Path
) -> None:
    install = LedgerSettings(own_geth.endpoint, "single", tmp_path / "ledger.json", RELAYER)
    clock = Clock(time.time())
    assert "relayer_key" not in repr(install) and repr(RELAYER) not in repr(install)
    first = open_ledger(sqlite_engine, clock, install)
    second = open_ledger(sqlite_engine, clock, install)
    assert first.deployment == second.deployment
    assert first.view().head == second.view().head
    with pytest.raises(LedgerBroken, match="finality"):
        open_ledger(sqlite_engine, clock, replace(install, finality="bft"))
    own_geth.kill(signal.SIGTERM)  # SIGKILL would take the newest blocks along
    away = open_ledger(sqlite_engine, clock, install)
    with pytest.raises(LedgerUnavailable):
        away.view()
    with pytest.raises(LedgerUnavailable):
        open_ledger(sqlite_engine, clock, replace(install, record=tmp_path / "none.json"))
    own_geth.start()
    assert away.view().head == first.view().head


def test_only_the_newest_views_are_kept_for_decisions(town: Town, ledger: ConsentLedger) -> None:
    ledger.limits.max_views = 2
    patient, views = town.patient(), []
    for _ in range(3):
        town.clock.now_s += 1
        views.append(ledger.view())
    with pytest.raises(ViewRefused, match="expired"):
        ledger.decide(ask(patient), views[0])
