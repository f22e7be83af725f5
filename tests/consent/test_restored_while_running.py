"""An older copy of chain and database put back under a running process is noticed too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from liar import CONTRACT, NOW_S, new_patient
from scripted import ScriptedChain, enrols, grants, open_ledger, revokes
from township import Clock, Patient, ask, make_terms

from consent.consent_ledger import ConsentLedger
from consent.errors import LedgerBroken, ViewRefused
from consent.state_mark import StateMark
from consent.terms import Grant


class Place:
    """A protected ledger with a permission, a copy of its database, and a later withdrawal."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.chain, self.patient = folder, ScriptedChain(), new_patient()
        granted = self.patient.grants(NOW_S - 5)
        assert isinstance(granted.message, Grant)
        self.ledger = self.open()
        self.ledger.consent_terms.put_many([(self.patient.subject, granted.message.terms)])
        self.chain.mine(NOW_S, enrols(self.patient), grants(granted))
        assert self.reason() == "permitted"
        self.close()
        shutil.copy(folder / "l.db", folder / "copy.db")
        self.chain.mine(NOW_S, revokes(self.patient.withdraws(granted)))
        assert self.reason() == "withdrawn"

    def open(self) -> ConsentLedger:
        ledger = open_ledger(self.folder / "l.db", self.chain, Clock(NOW_S))
        ledger.protect(StateMark(self.folder / "mark", CONTRACT))
        ledger.limits.confirm_s = 0.01  # the script's chain mines nothing by itself
        return ledger

    def close(self) -> None:
        """Close the database's connections, so that its one file holds everything."""
        self.ledger.consent_terms._engine.dispose()  # noqa: SLF001

    def reason(self) -> str:
        return self.ledger.decide(ask(self.patient)).reason

    def put_back(self, *, with_chain: bool = True) -> None:
        if with_chain:
            self.chain.lose(1)
        self.close()
        for path in self.folder.glob("l.db*"):
            path.unlink()
        shutil.copy(self.folder / "copy.db", self.folder / "l.db")

    def rebuild(self) -> None:
        """What the worker does once a minute with a mirror that is broken."""
        try:
            self.ledger._mirror.sync()  # noqa: SLF001
        except LedgerBroken:
            self.ledger._mirror.rebuild()  # noqa: SLF001


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_running_process_refuses_an_older_copy_until_it_is_confirmed(place: Place) -> None:
    place.put_back()
    for _ in range(2):
        with pytest.raises(ViewRefused):
            place.reason()
        place.rebuild()
    with pytest.raises(ViewRefused, match="restore --confirm"):
        place.reason()
    assert place.ledger.confirm_restore(None).suspended == 1
    assert place.reason() != "permitted"


def test_other_changes_up_to_the_marked_count_do_not_hide_an_older_copy(place: Place) -> None:
    place.put_back()
    other: Patient = new_patient()
    place.chain.mine(NOW_S, enrols(other))
    place.rebuild()
    with pytest.raises(ViewRefused):
        place.reason()
    place.chain.mine(NOW_S, enrols(new_patient()))
    place.rebuild()
    with pytest.raises(ViewRefused, match="restore --confirm"):
        place.reason()


def test_a_database_that_catches_up_with_its_chain_goes_on(place: Place) -> None:
    place.put_back(with_chain=False)
    place.rebuild()
    assert place.reason() == "withdrawn"


def test_a_no_that_another_process_acknowledged_is_missed_in_an_older_database(
    place: Place,
) -> None:
    patient = place.patient
    again = patient.grants(NOW_S - 4)
    place.ledger.grant([again])
    place.chain.mine(NOW_S, grants(again))
    assert place.reason() == "permitted"
    place.close()
    shutil.copy(place.folder / "l.db", place.folder / "copy.db")
    other = place.open()
    assert other.withdraw([patient.withdraws(again)])[0].reason == "pending"  # not mined
    assert place.reason() == "withdrawn"
    other.consent_terms._engine.dispose()  # noqa: SLF001
    place.put_back(with_chain=False)
    with pytest.raises(ViewRefused, match="missing from the outbox"):
        place.reason()


@pytest.mark.parametrize("kind", ["withdrawal", "stop", "refusal"])
def test_a_later_no_does_not_hide_that_an_acknowledged_one_is_missing(
    place: Place, kind: str
) -> None:
    lost, other = place.patient, new_patient()
    again, granted = lost.grants(NOW_S - 4), other.grants(NOW_S - 4)
    place.chain.mine(NOW_S, enrols(other))
    for each in (again, granted):
        place.ledger.grant([each])
        place.chain.mine(NOW_S, grants(each))
    assert place.reason() == "permitted"
    place.close()
    shutil.copy(place.folder / "l.db", place.folder / "copy.db")
    assert place.ledger.withdraw([lost.withdraws(again)])[0].reason == "pending"  # not mined
    assert place.reason() == "withdrawn"
    place.put_back(with_chain=False)
    for ledger in (place.ledger, place.open()):
        match kind:
            case "withdrawal":
                assert ledger.withdraw([other.withdraws(granted)])[0].ok
            case "stop":
                assert ledger.stop([other.stops(NOW_S - 3)])[0].ok
            case _:
                refusal = other.grants(NOW_S - 3, make_terms(decision="deny"))
                assert ledger.grant([refusal])[0].ok
        for _ in range(2):
            with pytest.raises(ViewRefused, match="missing from the outbox"):
                ledger.decide(ask(lost))


def test_a_process_behind_another_one_is_not_refused(place: Place) -> None:
    slow = place.open()
    assert slow.view().count == 3
    for _ in range(2):
        place.chain.mine(NOW_S, enrols(new_patient()))
        assert place.ledger.view().count == place.ledger.view().count
    assert slow.view().count == 5
