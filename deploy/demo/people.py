"""The demo's people: each a row of the table, with documents, a subject and a drawn kind."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.trial_wallet import TrialWallet
from consent import Signed, Wallet
from deploy.demo.draw import Kind, choices, draw
from deploy.demo.patient_files import PatientFiles
from deploy.nodes.private_file import find_json, write_private_json
from records import Mapping, ParsedRow, read_table, to_records
from services.statement import RequestedTerms
from storage import Record

if TYPE_CHECKING:
    from services.wiring import Services

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = ROOT / "deploy" / "examples" / "nhanes" / "table.csv"
MAPPING = TABLE.with_name("mapping.toml")
STUDY = "study:diabetes-risk"
OTHER_STUDY = "study:sleep"
KEYLESS = 5
FIRST_KEYLESS = 2


@dataclass(frozen=True, slots=True)
class People:
    """All people of the demo, in the order of the table."""

    rows: list[ParsedRow]
    kinds: list[Kind]
    wallet: Wallet
    files: PatientFiles
    waiting: dict[str, bytes]
    """Label and subject of those who have records but no key; they are invited at the end."""

    def subject_of(self, label: str) -> bytes:
        """Return the subject of a person, with a key or without."""
        return self.waiting.get(label) or self.wallet.get_subject(label)

    def with_keys(self) -> list[str]:
        """Return the labels of those whose keys are in the wallet."""
        return [label for label in self.labels() if label not in self.waiting]

    def labels(self) -> list[str]:
        """Return each person's label."""
        return [row.person for row in self.rows]

    def subjects(self) -> list[bytes]:
        """Return each person's subject."""
        return [self.subject_of(label) for label in self.labels()]

    def of_kind(self, *names: str) -> list[str]:
        """Return the labels of the people of these kinds."""
        return [
            r.person for r, kind in zip(self.rows, self.kinds, strict=True) if kind.name in names
        ]

    def records(self, custodian: str) -> tuple[list[Record], list[str]]:
        """Return every record, and the source of each."""
        subjects = {row.person: self.subject_of(row.person) for row in self.rows}
        return to_records(self.rows, subjects, custodian)

    def grants(self, services: Services) -> list[tuple[str, Signed]]:
        """Return every signed grant: those stored by an earlier run, or signed and stored now."""
        stored = self.files.signed()
        if stored:
            return stored
        now_s, labels, grants = int(services.installation.clock()), [], []
        for row, kind in zip(self.rows, self.kinds, strict=True):
            for choice in choices(kind, STUDY, OTHER_STUDY, services.installation.organisation):
                terms = RequestedTerms(
                    choice.decision, choice.recipient, choice.purposes, choice.categories
                )
                subject = self.wallet.get_subject(row.person)
                grants.append((subject, terms, now_s + choice.signed_s, now_s + choice.ends_s))
                labels.append(row.person)
        signed_grants = TrialWallet(self.wallet, services.ledger).sign_grants(grants)
        signed = list(zip(labels, signed_grants, strict=True))
        self.files.add_grants(signed)
        return signed


def gather_people(folder: Path, count: int | None, seed: int) -> People:
    """Return the first `count` people of the table with a wallet of their own in `folder`."""
    rows = list(read_table(TABLE, Mapping.load(MAPPING)))[:count]
    is_new = not (folder / "seed.json").exists()
    wallet = Wallet.create(folder) if is_new else Wallet.open(folder)
    drawn = draw(len(rows), seed)
    waiting = _waiting(folder, rows, drawn)
    wallet.new_subjects(row.person for row in rows if row.person not in waiting)
    return People(rows, drawn, wallet, PatientFiles(folder), waiting)


def _waiting(folder: Path, rows: list[ParsedRow], drawn: list[Kind]) -> dict[str, bytes]:
    """Return who waits for a key: some with complete records who have signed nothing."""
    path = folder / "waiting.json"
    known = find_json(path)
    if known is None:
        complete = max(len(row.documents) for row in rows)
        signed_nothing = [
            row.person
            for row, kind in zip(rows, drawn, strict=True)
            if kind.name == "nothing" and len(row.documents) == complete
        ]
        # The first ones keep their keys: the story requests predictions for them.
        chosen = signed_nothing[FIRST_KEYLESS:][-KEYLESS:]
        known = {label: secrets.token_hex(32) for label in chosen}
        write_private_json(path, known)
    return {label: bytes.fromhex(str(subject)) for label, subject in known.items()}
