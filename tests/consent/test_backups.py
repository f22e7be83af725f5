"""Any backup of a long history, restored: nothing withdrawn since is permitted; BACKUPS=20."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from liar import CONTRACT, DEPLOYMENT, DOMAIN, NOW_S, OURS
from scripted import MadeBlock, ScriptedChain, enrols, grants, open_ledger, revokes
from township import Clock, Patient, ask, make_terms

from consent import ConsentLedger, StateMark, ViewRefused
from consent.outbox import Intent
from consent.raw_transactions import Payload
from consent.terms import Grant, Signed
from consent.typed_data import terms_hash

BACKUPS = int(os.environ.get("BACKUPS", "2"))
PATIENTS = 8


@dataclass
class Backup:
    """A copy of the database, and the chain as it was then."""

    database: Path
    blocks: list[MadeBlock]


@dataclass
class Life:
    """An installation that was backed up again and again while patients withdrew."""

    folder: Path
    dice: random.Random
    has_pending: bool
    chain: ScriptedChain = field(default_factory=ScriptedChain)
    granted: dict[bytes, Signed] = field(default_factory=dict)
    refused: dict[bytes, Signed] = field(default_factory=dict)
    ended: set[bytes] = field(default_factory=set)
    backups: list[Backup] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.patients = [Patient(DOMAIN, OURS) for _ in range(PATIENTS)]
        self.ledger = self.open("live.db", "mark")
        for number in range(BACKUPS):
            self.day(number)
            self.backups.append(self.back_up())
        self.day(BACKUPS)
        if self.has_pending:
            # Acknowledged and in force, though no chain has it yet; most backups have the grant.
            active = [each for each in self.patients if each.subject not in self.ended]
            self.end(min(active, key=self.signed_at), is_mined=False)
        self.ledger.view()

    def open(self, database: str, mark: str) -> ConsentLedger:
        ledger = open_ledger(self.folder / database, self.chain, Clock(NOW_S))
        ledger.protect(StateMark(self.folder / mark, DEPLOYMENT.contract))
        return ledger

    def day(self, number: int) -> None:
        for patient in self.patients:
            if number == 0:
                self.chain.mine(NOW_S, enrols(patient))
            if patient.subject not in self.granted or patient.subject in self.ended:
                self.give(patient, number)
        leaver, refuser = self.dice.sample(self.patients, 2)
        self.end(leaver)
        self.refuse(refuser, number)
        self.ledger.view()

    def give(self, patient: Patient, number: int) -> None:
        self.ended.discard(patient.subject)
        if patient.subject in self.refused:  # then the permission before it counts again
            refusal = self.refused.pop(patient.subject)
            return self.chain.mine(NOW_S, revokes(patient.withdraws(refusal)))
        self.granted[patient.subject] = self.sign(patient, number)
        return None

    def refuse(self, patient: Patient, number: int) -> None:
        """Sign a refusal, which forbids although the permission stays on the ledger."""
        self.refused[patient.subject] = self.sign(patient, number, decision="deny")
        self.ended.add(patient.subject)

    def sign(self, patient: Patient, number: int, **changed: str) -> Signed:
        terms = make_terms(**changed)
        signed = patient.grants(NOW_S - 1_000 + number, terms)
        self.ledger.consent_terms.put(patient.subject, terms)
        self.chain.mine(NOW_S, grants(signed))
        return signed

    def end(self, patient: Patient, *, is_mined: bool = True) -> None:
        signed = self.granted[patient.subject]
        assert isinstance(signed.message, Grant)
        self.ended.add(patient.subject)
        if is_mined:
            return self.chain.mine(NOW_S, revokes(patient.withdraws(signed)))
        entry = patient.subject + terms_hash(signed.message.terms)
        payload = Payload(to=CONTRACT, data=b"", gas=1)
        self.ledger._outbox.write([Intent("withdraw", payload, entry)])  # noqa: SLF001
        return None

    def signed_at(self, patient: Patient) -> int:
        message = self.granted[patient.subject].message
        assert isinstance(message, Grant)
        return message.signed_at_s

    def back_up(self) -> Backup:
        path = self.folder / f"backup-{len(self.backups)}.db"
        with closing(sqlite3.connect(self.folder / "live.db")) as live:
            live.execute("VACUUM INTO ?", (str(path),))
        return Backup(path, list(self.chain.blocks))

    def restore(self, backup: Backup, *, with_chain: bool) -> ConsentLedger:
        """Return a process on the backup; the mark is what this machine had at the end."""
        name = f"restored-{self.dice.getrandbits(64):x}"
        shutil.copy(backup.database, self.folder / f"{name}.db")
        shutil.copy(self.folder / "mark", self.folder / f"{name}.mark")
        if with_chain:
            self.chain.blocks = list(backup.blocks)
        return self.open(f"{name}.db", f"{name}.mark")

    def released(self, ledger: ConsentLedger) -> set[bytes]:
        requests = [ask(patient) for patient in self.patients]
        answers = zip(self.patients, ledger.decide_each(requests), strict=True)
        return {patient.subject for patient, answer in answers if answer.permitted}


@pytest.fixture(scope="module", params=["all on the chain", "a withdrawal pending"])
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder, has_pending = tmp_path_factory.mktemp("life"), request.param != "all on the chain"
    return Life(folder, random.Random(17), has_pending)


def restored(life: Life) -> Iterator[tuple[ConsentLedger, bool]]:
    """Yield a process on each backup, with and without its chain, and whether it lacks a "no"."""
    whole = list(life.chain.blocks)
    for backup in life.backups:
        for with_chain in (False, True):
            yield life.restore(backup, with_chain=with_chain), with_chain or life.has_pending
            life.chain.blocks = list(whole)


def older(life: Life) -> Iterator[ConsentLedger]:
    return (ledger for ledger, is_older in restored(life) if is_older)


def test_a_restored_backup_permits_what_the_chain_shows_or_nothing_before_it_is_confirmed(
    life: Life,
) -> None:
    in_force = set(life.granted) - life.ended
    assert life.released(life.ledger) == in_force != set()
    for ledger, is_older in restored(life):
        if is_older:
            with pytest.raises(ViewRefused, match="restore --confirm"):
                life.released(ledger)
        else:
            assert life.released(ledger) <= in_force


def test_without_evidence_a_confirmed_backup_permits_only_what_is_signed_again(life: Life) -> None:
    for ledger in older(life):
        assert ledger.confirm_restore(None).suspended > 0
        assert life.released(ledger) == set()


def test_with_evidence_a_confirmed_backup_permits_nothing_that_was_withdrawn_or_refused_since(
    life: Life,
) -> None:
    evidence, permits = list(life.ledger.evidence()), list[int]()
    for ledger in older(life):
        result = ledger.confirm_restore(evidence)
        released = life.released(ledger)
        assert released & life.ended == set()
        assert result.suspended > 0  # who signed anything since, and with a lost "no" everybody
        permits.append(len(released))
    assert bool(sum(permits)) != life.has_pending
    print(f"{len(permits)} restored copies, {sum(permits)} permits, none withdrawn since")  # noqa: T201


def test_a_lost_refusal_ends_what_its_person_permitted_under_another_number(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path, random.Random(18), has_pending=False)
    evidence, backup = list(life.ledger.evidence()), life.backups[-1]
    refuser = next(reversed(life.refused))
    alone = life.restore(backup, with_chain=True)
    alone.confirm_restore(evidence)
    other = min(life.released(alone))  # who signed nothing since the backup
    ledger = life.restore(backup, with_chain=True)
    ledger.confirm_restore(evidence, lambda them: them | {other} if refuser in them else them)
    assert life.released(ledger) == life.released(alone) - {other}
