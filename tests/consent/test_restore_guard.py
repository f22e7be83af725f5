from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from geth import Geth
from township import Patient, Town, ask, make_ledger

from consent import (
    ConsentInvalid,
    ConsentLedger,
    Grant,
    LedgerBroken,
    LedgerUnavailable,
    Signed,
    StateMark,
    ViewRefused,
    consent_id,
    terms_hash,
)

pytestmark = pytest.mark.node


def protected(town: Town, mark: Path) -> ConsentLedger:
    ledger = make_ledger(town)
    ledger.protect(StateMark(mark, town.deployment.contract))
    return ledger


@dataclass
class Restored:
    """A ledger whose database and chain are a copy from before a withdrawal."""

    town: Town
    mark: Path
    patient: Patient
    granted: list[Signed]
    evidence: list[dict[str, object]]

    def open(self) -> ConsentLedger:
        return protected(self.town.process(), self.mark)


@pytest.fixture
def restored(own_town: Town, own_geth: Geth, tmp_path: Path) -> Restored:
    town, mark = own_town, tmp_path / "elsewhere" / "mark"
    ledger, patient = protected(town, mark), own_town.patient()
    granted = [patient.grants(town.now_s()) for _ in range(2)]
    assert all(outcome.ok for outcome in ledger.grant(granted))
    assert ledger.decide(ask(patient)).permitted
    database = Path(town.url.removeprefix("sqlite:///"))
    town.engine.dispose()
    own_geth.kill(signal.SIGTERM)
    shutil.copytree(own_geth.folder / "geth", tmp_path / "chain")
    copies = {path: path.read_bytes() for path in database.parent.glob(database.name + "*")}
    own_geth.start()
    assert ledger.withdraw([patient.withdraws(item) for item in granted[:1]])[0].ok
    ledger.view()
    evidence = list(ledger.evidence())
    town.engine.dispose()
    own_geth.kill(signal.SIGTERM)
    shutil.rmtree(own_geth.folder / "geth")
    shutil.copytree(tmp_path / "chain", own_geth.folder / "geth")
    for path in database.parent.glob(database.name + "*"):
        path.unlink()
    for path, content in copies.items():
        path.write_bytes(content)
    own_geth.start()
    return Restored(town, mark, patient, granted, evidence)


def name_of(signed: Signed) -> bytes:
    assert isinstance(signed.message, Grant)
    return consent_id(signed.message.subject, terms_hash(signed.message.terms))


def test_a_restored_copy_permits_nothing_until_confirmed_and_signed_again(
    restored: Restored,
) -> None:
    ledger, patient = restored.open(), restored.patient
    ledger.recover()
    for again in (ledger, restored.open()):
        with pytest.raises(ViewRefused, match="restore --confirm"):
            again.decide(ask(patient))
    assert ledger.find_restore() is not None
    town = restored.town
    assert ledger.confirm_restore(None).suspended == 2
    assert ledger.find_restore() is None
    assert not ledger.decide(ask(patient)).permitted
    names = [name_of(item) for item in restored.granted]
    assert ledger.find_ended(names) == names
    with pytest.raises(ConsentInvalid, match="nothing to confirm"):
        ledger.confirm_restore(None)
    fresh = patient.grants(town.now_s())
    assert ledger.grant([fresh])[0].ok
    decision = ledger.decide(ask(patient))
    assert decision.consent_ids == (name_of(fresh),)
    elsewhere = restored.open()
    elsewhere.recover()
    assert elsewhere.decide(ask(patient)).consent_ids == (name_of(fresh),)
    elsewhere._mirror.rebuild()  # noqa: SLF001 - what recover does to damaged rows
    assert elsewhere.decide(ask(patient)).consent_ids == (name_of(fresh),)


def test_a_later_bundle_shows_which_consents_are_still_valid(restored: Restored) -> None:
    ledger, patient = restored.open(), restored.patient
    with pytest.raises(ConsentInvalid, match="does not lead"):
        ledger.confirm_restore(restored.evidence[:-3][:4])
    result = ledger.confirm_restore(restored.evidence)
    assert (result.suspended, result.revocations) == (0, 1)
    for again in (ledger, restored.open()):
        decision = again.decide(ask(patient))
        assert decision.consent_ids == (name_of(restored.granted[1]),)
        assert again.find_ended([name_of(restored.granted[0])])


def test_a_lost_mark_and_a_lost_pending_withdrawal_are_noticed(
    own_town: Town, own_geth: Geth, tmp_path: Path
) -> None:
    town, mark = own_town, tmp_path / "mark"
    ledger, patient = protected(town, mark), town.patient()
    granted = patient.grants(town.now_s())
    ledger.grant([granted])
    ledger.view()
    database = Path(town.url.removeprefix("sqlite:///"))
    town.engine.dispose()
    copies = {path: path.read_bytes() for path in database.parent.glob(database.name + "*")}
    own_geth.kill(signal.SIGTERM)
    ledger.limits.confirm_s = 0.2
    assert ledger.withdraw([patient.withdraws(granted)])[0].reason == "pending"
    town.engine.dispose()
    for path, content in copies.items():
        path.write_bytes(content)
    own_geth.start()
    with pytest.raises(ViewRefused, match="missing from the outbox"):
        protected(town.process(), mark).decide(ask(patient))
    mark.unlink()
    with pytest.raises(ViewRefused, match="is missing"):
        protected(town.process(), mark).decide(ask(patient))
    mark.write_text("{}")
    with pytest.raises((LedgerBroken, LedgerUnavailable)):
        protected(town.process(), mark).decide(ask(patient))


def test_a_mark_only_rises(tmp_path: Path) -> None:
    mark = StateMark(tmp_path / "mark", "0xab")
    assert mark.read() is None
    rise: Callable[[int], None] = mark.raise_journal
    for last in (5, 3, 9):
        rise(last)
    marked = mark.read()
    assert marked is not None
    assert marked.journal == 9
    assert StateMark(tmp_path / "mark", "0xcd").read() is None  # of a deleted installation
