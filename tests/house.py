"""An install on a real Kubo and a real chain, with patients who sign: what the safe's tests use."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from township import Clock, Patient, make_terms

from consent import Law, Signed
from storage import Blobs, Record, Safe, Wanted

STUDY = "study:diabetes-risk"
TRAINING = "MLTRAINING"
HERE = "organisation:here"


@dataclass
class House:
    """An install: its parts, its clock, and patients whose keys it does not have."""

    engine: sa.Engine
    kubo: Blobs
    law: Law
    home: Path
    clock: Clock
    chain_url: str
    safe: Safe = field(init=False)

    def __post_init__(self) -> None:
        self.safe = self.another()

    def another(self, **other: Any) -> Safe:
        """Return what another process of the install would hold."""
        parts = {"engine": self.engine, "blobs": self.kubo, "law": self.law, **other}
        made = Safe(parts["engine"], parts["blobs"], parts["law"], self.home, self.clock)
        made.unseal("passphrase")
        return made

    def patient(self) -> Patient:
        made = Patient(self.law.domain(), self.law.custodian())
        assert self.law.enrol([made.enrols()])[0].ok
        return made

    def grant(self, patient: Patient, **changed: Any) -> Signed:
        terms = {"recipient": STUDY, "purposes": (TRAINING,), "categories": ("*",), **changed}
        signed = patient.grants(int(self.clock()) - 5, make_terms(**terms))
        assert self.law.grant([signed])[0].ok
        return signed

    def withdraw(self, patient: Patient, granted: Signed) -> None:
        assert self.law.withdraw([patient.withdraws(granted)])[0].ok

    def gathered(self, **narrowed: Any) -> list[Record]:
        return self.safe.vault.gather(wanted(**narrowed)).records


def wanted(**narrowed: Any) -> Wanted:
    told: dict[str, Any] = {
        "party": STUDY,
        "purpose": TRAINING,
        "categories": None,
        "custodian": None,
        "subjects": None,
        "why": "a test",
    }
    return Wanted(**{**told, **narrowed})


def record_of(subject: bytes, number: int = 0, **changed: Any) -> Record:
    told: dict[str, Any] = {
        "subject": subject,
        "category": "laboratory",
        "custodian": HERE,
        "recorded_on": "2018-01-31",
        "observations": {"http://loinc.org|2345-7": (90.0 + number, "mg/dL")},
    }
    return Record(**{**told, **changed})
