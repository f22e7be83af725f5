"""Define a request for records, and what the vault releases on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consent import View
from storage.record import Record


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A request for records.

    Attributes:
        party: who requests: an organisation, a study, a clinician's organisation.
        purpose: an HL7 v3-PurposeOfUse code.
        categories: only these; None for all. `custodian` and `subjects` likewise.
        why: the reason in words, for the journal.
        actor: the person or run behind the party.
        detail: hashes for the journal, such as that of a model; never values.
    """

    party: str
    purpose: str
    categories: Sequence[str] | None
    custodian: str | None
    subjects: Sequence[bytes] | None
    why: str
    actor: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class AccessResult:
    """What the ledger permitted at one view.

    Attributes:
        view: the view of the ledger that decided.
        records: the released records, in catalogue order.
        consents: the id of the consent that permits each of them.
        refused: the number of records that were not released, by reason.
        refused_subjects: one reason for each subject of whom no record was released.
        duties: what is owed with the released records (codes of OBLIGATIONS): every duty that a
            patient set in the consent to one of them. A copy of the records has them too.
    """

    view: View
    records: list[Record]
    consents: list[bytes]
    refused: dict[str, int]
    refused_subjects: dict[bytes, str]
    duties: tuple[str, ...] = ()
