"""An install on a real Kubo and a real chain, with patients who sign, for storage tests."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from township import Clock, Patient, make_terms

from consent import ConsentLedger, LedgerSettings, Signed, open_ledger
from deploy.database import make_engine
from storage import AccessRequest, BlockStore, Record, RecordStore
from storage.database import writing
from storage.keys import Keys, purge_deleted

STUDY = "study:diabetes-risk"
TRAINING = "MLTRAINING"
HERE = "organisation:here"


@dataclass
class Install:
    """An install: its parts, its clock, and patients whose keys it does not have."""

    engine: sa.Engine
    kubo: BlockStore
    home: Path
    clock: Clock
    ledger_settings: LedgerSettings
    ledger: ConsentLedger = field(init=False)
    store: RecordStore = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = open_ledger(self.engine, self.clock, self.ledger_settings)
        self.store = self.another()

    def process(self) -> Install:
        """Return what another process would hold: the same stores, nothing else in common."""
        url = self.engine.url.render_as_string(hide_password=False)
        return replace(self, engine=make_engine(url))

    def dies(self, work: Callable[[Install], object]) -> bool:
        """Do `work` in another process; return whether that was killed."""
        child = os.fork()
        if not child:
            code = 1
            try:
                work(self.process())
                code = 0
            finally:
                if code:
                    traceback.print_exc()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
        return os.WIFSIGNALED(status)

    def another(self, **other: Any) -> RecordStore:
        """Return what another process of the install would hold."""
        ports = {"engine": self.engine, "blocks": self.kubo, "ledger": self.ledger, **other}
        store = RecordStore(**ports, home=self.home, clock=self.clock)
        store.unseal("passphrase")
        return store

    def patient(self) -> Patient:
        return self.patients(1)[0]

    def patients(self, count: int) -> list[Patient]:
        """Enrol patients, all at once."""
        domain, custodian = self.ledger.domain(), self.ledger.custodian()
        patients = [Patient(domain, custodian) for _ in range(count)]
        outcomes = self.ledger.enrol([patient.enrols() for patient in patients])
        assert all(outcome.ok for outcome in outcomes)
        return patients

    def grant(self, patient: Patient, **changed: Any) -> Signed:
        return self.grants([patient], **changed)[0]

    def grants(self, patients: Sequence[Patient], **changed: Any) -> list[Signed]:
        """Let each patient permit the study, all at once."""
        terms = {"recipient": STUDY, "purposes": (TRAINING,), "categories": ("*",), **changed}
        at_s = int(self.clock()) - 5
        signed = [patient.grants(at_s, make_terms(**terms)) for patient in patients]
        assert all(outcome.ok for outcome in self.ledger.grant(signed))
        return signed

    def withdraw(self, patient: Patient, granted: Signed) -> None:
        assert self.ledger.withdraw([patient.withdraws(granted)])[0].ok

    def gathered(self, **narrowed: Any) -> list[Record]:
        return self.store.vault.gather(access_request(**narrowed)).records


def shred_key(engine: sa.Engine, subject: bytes) -> bool:
    """Delete a patient's key alone, as the first part of an erasure does."""
    with writing(engine) as connection:
        existed = Keys(engine).delete_patient(subject, connection)
    purge_deleted(engine)
    return existed


def access_request(**narrowed: Any) -> AccessRequest:
    fields: dict[str, Any] = {
        "party": STUDY,
        "purpose": TRAINING,
        "categories": None,
        "custodian": None,
        "subjects": None,
        "why": "a test",
    }
    return AccessRequest(**{**fields, **narrowed})


def record_of(subject: bytes, number: int = 0, **changed: Any) -> Record:
    fields: dict[str, Any] = {
        "subject": subject,
        "category": "laboratory",
        "custodian": HERE,
        "recorded_on": "2018-01-31",
        "observations": {"http://loinc.org|2345-7": (90.0 + number, "mg/dL")},
    }
    return Record(**{**fields, **changed})


def die_at(number: int, steps: Sequence[tuple[type, str]]) -> None:
    """Kill this process at the start (even) or end (odd) of one of these calls, in order."""
    calls = 0

    def step() -> None:
        nonlocal calls
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        calls += 1

    def around(does: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            step()
            answer = does(*args, **named)
            step()
            return answer

        return wrapped

    for owner, name in steps:
        setattr(owner, name, around(getattr(owner, name)))
