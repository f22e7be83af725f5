"""Turns FHIR Consents of a custodian's systems into requests that their patients may sign."""

from __future__ import annotations

import datetime
import io
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from attrs import define

from consent import CATEGORIES, DAY_S, TREAT, TREATDS
from records.categories import read_rules
from records.consent_resource import ConsentNote, ConsentOffer, read_consent
from records.errors import JsonInvalid
from records.fhir_entries import DAMAGED, FhirEntry
from records.fhir_file import read_entries
from records.persons import find_person
from records.references import Patients, patient_names
from services.custodian.patient_names import PatientNames
from services.custodian.subject_search import SubjectSearch
from services.installation import Installation
from services.parties import is_study
from services.requests import ConsentRequests, PatientDirectory, RequestDetails
from services.requests.proposals import APPROVED, StudyProposals
from services.words import Words
from storage import RecordStore

LOG: Final = logging.getLogger("vouchsafe.consents")
CONSENT: Final = "Consent"
PATIENT: Final = "Patient"
MAX_CARE_DAYS: Final = 365
_CARE: Final = (TREATDS, TREAT)


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One finding about a Consent.

    Attributes:
        number: of its entry in the file, from 1.
        code: `sent`, or why something is not in a request.
        element: its place in the resource.
        is_refusal: whether it is the reason that no request was sent.
    """

    number: int
    code: str
    element: str
    is_refusal: bool

    def text(self, words: Words) -> str:
        """Return it as a sentence."""
        return words(f"consent-import-{self.code}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentImport:
    """What became of the Consents of a file; `requests` were sent to patients."""

    consents: int
    requests: int
    lines: Sequence[ConsentLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """A request that is sent unless its patient refuses one of its purposes."""

    number: int
    details: RequestDetails
    subject: bytes


Refusals = Mapping[tuple[str, str], Set[bytes]]
"""The subjects who refuse, by party and purpose."""


@define(eq=False, repr=False, kw_only=True)
class ConsentImports:
    """Proposes to patients what another system's Consents say; it permits nothing by itself."""

    _requests: ConsentRequests
    _proposals: StudyProposals
    _directory: PatientDirectory
    _names: PatientNames
    _store: RecordStore
    _installation: Installation

    def propose(self, body: bytes, *, sender: str, recipient: str, by: str) -> ConsentImport:
        """Send a request to the patient of each Consent that can be expressed in our terms.

        Sending a file again sends nothing again while a request waits, or within half a year
        after a no.

        Args:
            body: a Consent, or a Bundle, Parameters or NDJSON with some.
            sender: the system whose ids the file uses, or "" for the custodian's only one.
            recipient: a party id, for Consents that name none that this platform knows; or "".
            by: the account or token that sent it.

        Raises:
            FhirInvalid, JsonInvalid (records): an entry of the file cannot be read.
            LedgerUnavailable (consent): refusals cannot be checked now; nothing was sent.
        """
        sender = sender or self._installation.organisation
        entries = [entry for entry in _undamaged(body) if entry.resource is not None]
        patients = self._patients(entries, sender)
        consents = [entry for entry in entries if entry.kind == CONSENT]
        planned: list[ConsentLine | _Planned] = []
        if not consents:
            planned.append(ConsentLine(1, "no-consent", "", is_refusal=True))
        subjects = self._find_subjects(consents, sender, patients)
        for index, entry in enumerate(consents):
            planned += self._plan(entry, subjects.get(index), recipient)
        # All are read before the first request leaves, and once for the whole file.
        refusals = self._find_refusals(each for each in planned if isinstance(each, _Planned))
        lines = [
            self._send(each, refusals, by) if isinstance(each, _Planned) else each
            for each in planned
        ]
        sent = sum(line.code == "sent" for line in lines)
        LOG.info("%d consents, %d requests, sent by %s", len(consents), sent, by)
        return ConsentImport(consents=len(consents), requests=sent, lines=lines)

    def _patients(self, entries: Iterable[FhirEntry], sender: str) -> Patients:
        patients = Patients()
        for entry in entries:
            if entry.kind == PATIENT:
                person, _ = find_person(entry.resource or {}, self._installation.person_systems)
                if person is not None:
                    patients.add(patient_names(entry, sender), person)
        return patients

    def _find_subjects(
        self, consents: Sequence[FhirEntry], sender: str, patients: Patients
    ) -> dict[int, bytes]:
        """Return whose each Consent is, by its index; nobody is added to the directory."""
        search = SubjectSearch(
            names=self._names,
            directory=self._directory,
            to_subjects=self._directory.find_subjects,
            systems=self._installation.person_systems,
            sender=sender,
            patients=patients,
        )
        return search.resolve(consents).subjects

    def _plan(
        self, entry: FhirEntry, subject: bytes | None, recipient: str
    ) -> list[ConsentLine | _Planned]:
        """Return what there is to say about a Consent, and the requests that it leads to."""
        reading = read_consent(entry.resource or {}, now_s=self._installation.clock())
        planned: list[ConsentLine | _Planned] = [_line(entry, note) for note in reading.notes]
        for offer in reading.offers:
            named = replace(offer, recipient=offer.recipient or recipient)
            planned.append(self._plan_offer(entry.number, named, subject))
        return planned

    def _plan_offer(
        self, number: int, offer: ConsentOffer, subject: bytes | None
    ) -> ConsentLine | _Planned:
        """Return the request that an offer leads to, or why there is none."""
        if subject is None or self._store.find_erased([subject]):
            return _offer_line(number, "unknown-patient")
        requested = self._details(offer)
        if requested is None:
            return _offer_line(number, "unknown-recipient")
        details = _restrict(requested, offer, int(self._installation.clock()))
        if details is None:
            return _offer_line(number, "nothing-left")
        return _Planned(number=number, details=details, subject=subject)

    def _find_refusals(self, planned: Iterable[_Planned]) -> Refusals:
        """Return who refuses what is planned, by party and purpose."""
        pairs = {
            (each.details.party, purpose) for each in planned for purpose in each.details.purposes
        }
        return {pair: self._store.refusing_subjects(*pair) for pair in sorted(pairs)}

    def _send(self, planned: _Planned, refusals: Refusals, by: str) -> ConsentLine:
        details, subject = planned.details, planned.subject
        is_refused = any(
            subject in refusals[details.party, purpose] for purpose in details.purposes
        )
        # The same word for a refusal and for a request that waits: a no is the patient's affair.
        if is_refused or not self._requests.send(details, [subject], by):
            return _offer_line(planned.number, "not-sent")
        return _offer_line(planned.number, "sent")

    def _details(self, offer: ConsentOffer) -> RequestDetails | None:
        """Return the most that a recipient may request; None if it may request nothing."""
        if offer.recipient == self._installation.organisation:
            ordinary = set(CATEGORIES) - {rule.category for rule in read_rules().sensitive}
            named = ordinary if offer.categories is None else offer.categories
            return RequestDetails(
                party=offer.recipient,
                kind="care",
                purposes=_CARE,
                categories=tuple(code for code in CATEGORIES if code in named),
                data_from="",
                data_to="",
                days=MAX_CARE_DAYS,
                condition=Words("en")("ask-condition"),
            )
        study = self._proposals.find(offer.recipient) if is_study(offer.recipient) else None
        if study is None or study.state != APPROVED or study.until_s <= self._installation.clock():
            return None
        return study.request_details()


def _restrict(details: RequestDetails, offer: ConsentOffer, now_s: int) -> RequestDetails | None:
    """Return what both the recipient may request and the Consent says; None if that is nothing."""
    named = offer.categories
    purposes = tuple(code for code in details.purposes if code in offer.purposes)
    categories = tuple(c for c in details.categories if named is None or c in named)
    first = max(details.data_from, offer.data_from)
    last = min(filter(None, (details.data_to, offer.data_to)), default="")
    days = min(details.days, _days_until(offer.until, now_s)) if offer.until else details.days
    if not purposes or not categories or days < 1 or (first and last and first > last):
        return None
    return replace(
        details,
        purposes=purposes,
        categories=categories,
        data_from=first,
        data_to=last,
        days=days,
        wants_copy=False,
    )


def _days_until(day: str, now_s: int) -> int:
    """Return the whole days from now to the start of an ISO day."""
    end = datetime.datetime.fromisoformat(f"{day}T00:00:00+00:00")
    return int(end.timestamp() - now_s) // DAY_S


def _offer_line(number: int, code: str) -> ConsentLine:
    return ConsentLine(number, code, "Consent.provision", code != "sent")


def _line(entry: FhirEntry, note: ConsentNote) -> ConsentLine:
    return ConsentLine(entry.number, note.code.value, note.element, note.is_refusal)


def _undamaged(body: bytes) -> Iterator[FhirEntry]:
    """Yield the entries; one that cannot be read may be a Consent that narrows another one.

    Raises:
        FhirInvalid, JsonInvalid (records): one cannot be read.
    """
    for entry in read_entries(io.BytesIO(body)):
        if entry.code in DAMAGED:
            raise JsonInvalid(f"entry {entry.number}: {entry.code.problem}; {entry.code.remedy}")
        yield entry


def to_outcome(words: Words, imported: ConsentImport) -> Mapping[str, object]:
    """Return the report as a FHIR OperationOutcome."""
    issues = [
        {
            "severity": "error" if line.is_refusal else "information",
            "code": "not-supported" if line.is_refusal else "informational",
            "diagnostics": f"Consent {line.number}: {line.text(words)}",
            **({"expression": [line.element]} if line.element else {}),
        }
        for line in imported.lines
    ]
    summary = {
        "severity": "information",
        "code": "informational",
        "diagnostics": words(
            "consent-import-summary", consents=imported.consents, requests=imported.requests
        ),
    }
    return {"resourceType": "OperationOutcome", "issue": [summary, *issues]}
