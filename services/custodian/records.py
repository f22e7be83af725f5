"""Stores records for a custodian, and shows the consents and uses of one of its subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consent import Consent, ConsentLedger, ConsentRefused, View
from records import ParsedRow
from services.errors import NotFound
from services.installation import Installation
from services.requests import PatientDirectory
from storage import DepositReport, Record, RecordStore

Progress = Callable[[str, int, int], None]
BATCH_SIZE: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSummary:
    """How many records were deposited, and how many of them were new."""

    records: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectConsents:
    """A subject's consents at one view of the ledger, oldest first."""

    view: View
    consents: Sequence[Consent]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectUse:
    """One row of the journal about a subject; `proof` is None until the row is anchored."""

    seq: int
    at_s: int
    party: str
    actor: str
    purpose: str
    why: str
    outcome: str
    hash: bytes
    proof: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectUses:
    """Rows of the journal, newest first; `before` asks for the next page, None on the last."""

    uses: Sequence[SubjectUse]
    before: int | None


class CustodianRecords:
    """Deposits are idempotent: a record whose source is stored already does not change."""

    def __init__(
        self,
        *,
        store: RecordStore,
        ledger: ConsentLedger,
        directory: PatientDirectory,
        installation: Installation,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._directory = directory
        self._organisation = installation.organisation

    def deposit(
        self, party: str, records: Sequence[Record], sources: Sequence[str] | None
    ) -> DepositReport:
        """Seal and store records of the caller's own party: all of them or none.

        Raises:
            ConsentRefused (consent): a record names another custodian than `party`.
        """
        for record in records:
            if record.custodian != party:
                raise ConsentRefused(
                    f"custodian {record.custodian} is not {party}; deposit your own records only"
                )
        return self._store.deposits.deposit(records, sources)

    def deposit_rows(
        self, rows: Sequence[ParsedRow], progress: Progress, *, source: str = ""
    ) -> DepositSummary:
        """Seal and store the records of parsed rows; a person who is new gets a subject.

        The same rows give the same people and sources whichever way they come in, so nothing is
        stored twice. `source` sets kinds of files apart that could name the same person and day.
        """
        subjects = self._directory.get_or_add(row.person for row in rows)
        records, sources = list[Record](), list[str]()
        for row in rows:
            documents = row.records(subjects[row.person], self._organisation)
            records += documents
            sources += [
                f"{source}{row.person}\0{index}\0{document.category}\0{row.recorded_on}"
                for index, document in enumerate(documents)
            ]
        new = 0
        for start in range(0, len(records), BATCH_SIZE):
            progress("storing", start, len(records))
            part = slice(start, start + BATCH_SIZE)
            new += self._store.deposits.deposit(records[part], sources[part]).new
        progress("storing", len(records), len(records))
        return DepositSummary(records=len(records), new=new)

    def consents_of(self, party: str, subject: bytes) -> SubjectConsents:
        """Return every consent of a subject with its state now.

        Raises:
            NotFound: the subject is unknown, or not the party's.
        """
        self._require_own(party, subject)
        return SubjectConsents(
            view=self._ledger.view(), consents=list(self._ledger.consents_of(subject))
        )

    def uses_of(self, party: str, subject: bytes, limit: int, before: int | None) -> SubjectUses:
        """Return at most `limit` uses and refusals before journal row `before`, newest first.

        Raises:
            NotFound: the subject is unknown, or not the party's.
        """
        self._require_own(party, subject)
        journal = self._store.journal
        uses = []
        for row in journal.of_subject(subject, limit, before):
            use = journal.use(row.use)
            uses.append(
                SubjectUse(
                    seq=row.seq,
                    at_s=use["at_s"],
                    party=use["party"],
                    actor=use["actor"],
                    purpose=use["purpose"],
                    why=use["why"],
                    outcome=row.answer.outcome,
                    hash=row.hash,
                    proof=self._store.prove(row.seq),
                )
            )
        return SubjectUses(uses=uses, before=uses[-1].seq if len(uses) == limit else None)

    def _require_own(self, party: str, subject: bytes) -> None:
        custodians = {entry.custodian for entry in self._store.records_of(subject)}
        is_enrolled_here = party == self._organisation and self._ledger.is_enrolled(subject)
        if party not in custodians and not is_enrolled_here:
            raise NotFound
