"""Define what became of an entry of a FHIR file, and why, as codes with their sentences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from records.coded import RemedyCode


class Outcome(StrEnum):
    """What became of an entry."""

    STORED = "stored"
    SAME = "same"
    CORRECTED = "corrected"
    DELETED = "deleted"
    OLDER = "older"
    PARKED = "parked"
    SHARED = "shared"
    REFUSED = "refused"
    RESPONSE_ONLY = "response-only"
    NOTE = "note"


COUNTED: Final = tuple(outcome for outcome in Outcome if outcome is not Outcome.NOTE)
"""The outcomes in the order of a report; a note is about the whole file, not an entry."""


class EntryCode(RemedyCode):
    """Why an entry was not stored, or gives no value, with what to do about it."""

    NOTHING = ("", "", "")
    # Refused: nothing of the entry is stored.
    NOT_JSON = ("not-json", "the line is not JSON with one meaning", "Correct the line")
    NUMBER = (
        "number-out-of-range",
        "a number is longer than 256 characters, or beyond what can be computed with (1e308)",
        "Correct the number and send the entry again",
    )
    NOT_FINITE = (
        "not-finite",
        "NaN or Infinity is in the place of a number",
        "Leave the element out, say why as dataAbsentReason, and send the entry again",
    )
    DUPLICATE_ELEMENT = (
        "duplicate-element",
        "an element occurs twice in one object, so that it has two meanings",
        "Write it once, as a list if it repeats, and send the entry again",
    )
    NOT_UNICODE = (
        "not-unicode",
        "a text of it is not Unicode in UTF-8",
        "Export it as UTF-8 and send it again",
    )
    TOO_DEEP = ("too-deep", "it is nested deeper than 64 levels", "Send it with less nesting")
    NOT_A_RESOURCE = (
        "not-a-resource",
        "the entry is not a FHIR resource",
        "Give resourceType the name of a FHIR R4 resource",
    )
    NO_RESOURCE = (
        "no-resource",
        "the entry has no resource",
        "Add the resource and send the entry again",
    )
    RESPONSE_ONLY = (
        "response-only",
        "the entry is only the answer of a server to a request, with nothing to store",
        "Nothing",
    )
    SEARCH_OUTCOME = ("search-outcome", "a message about a search", "Nothing")
    METHOD = (
        "unsupported-method",
        "only whole resources and deletions by id can be stored",
        "Send the whole resource with PUT",
    )
    TOO_LARGE = (
        "too-large",
        "the resource is too large for one record",
        "Send the attachment by reference instead of inside the resource",
    )
    ERASED = (
        "erased",
        "the records of this patient and day were erased",
        "Nothing: erased records are not stored again",
    )
    UNDATED = (
        "undated-version",
        "a version with a date is stored, and the entry does not say when it was changed",
        "Set meta.lastUpdated and send it again",
    )
    AMBIGUOUS_RESOURCE = (
        "ambiguous-resource",
        "resources of two servers of this sender have this address",
        "Send the deletion with the fullUrl of the resource",
    )
    # The class of the other resource may be protected, and a Binary has no codes of its own.
    CONTEXT_NOT_PATIENT = (
        "context-not-patient",
        "its securityContext is a resource, not a patient, so that neither patient nor class is"
        " certain",
        "Send it with the Patient as securityContext, and its class as meta.security",
    )
    # Parked: stored sealed, until its patient is known.
    NO_SUBJECT = ("no-subject", "the entry names no patient", "Add the patient and send it again")
    UNKNOWN_SUBJECT = (
        "unknown-subject",
        "the patient is not known yet",
        "Send the Patient with an identifier of a configured system; the entry is then stored",
    )
    AMBIGUOUS_SUBJECT = (
        "ambiguous-subject",
        "the reference fits more than one patient",
        "Give each entry its fullUrl, or send each system's file under its own sender name",
    )
    CONTRADICTING_SUBJECT = (
        "contradicting-subject",
        "it names two patients, by its references or by an identifier",
        "Correct the one that is wrong, or send an entry for each patient",
    )
    SUBJECT_NOT_PERSON = (
        "subject-not-a-person",
        "the subject is not a single patient",
        "Nothing: records of groups and devices are kept for the custodian alone",
    )
    NO_IDENTIFIER = (
        "no-identifier",
        "no identifier of the patient is in a configured system",
        "Add the system to VOUCHSAFE_PERSON_SYSTEMS, then send the file again",
    )
    AMBIGUOUS_IDENTIFIER = (
        "ambiguous-identifier",
        "more than one identifier is in the same configured system",
        "Mark the outdated one with use = old",
    )
    # Stored, but gives no value for questions and pages.
    STATUS = (
        "status",
        "its status is missing, or its status or intent means that it is not used",
        "Nothing; if it is to be used, add or correct the status and send it again",
    )
    UNCONFIRMED = ("unconfirmed", "the diagnosis is not confirmed", "Nothing")
    MODIFIER = (
        "modifier-extension",
        "an extension or implicitRules may turn its meaning",
        "Nothing",
    )
    FOCUS = (
        "focus",
        "it is, or may be, about another person than its patient",
        "Nothing; if it is about the patient, such as a tumour, state the type of each focus",
    )
    MEDICATION = (
        "medication-apart",
        "its medicine is a resource of its own that has not arrived, was deleted or entered in"
        " error, or has neither a code nor a coded active ingredient",
        "Send the Medication with its code; this entry gets it then",
    )
    NO_CODE = (
        "no-code",
        "it, or a component of it, has no coding with system and code",
        "Add a coding",
    )
    NUMBER_AS_TEXT = (
        "number-as-text",
        "a number is written as text, so no question reads it as a number",
        "Send it as valueQuantity, with its unit",
    )
    NO_VALUE = (
        "no-value",
        "it has no value that can be read",
        "Nothing, if it has none, such as a panel; else send the value in a form of FHIR R4",
    )
    NO_DETAILS = (
        "no-details",
        "it has no details that the platform reads: no date of birth, gender or death",
        "Nothing, or send the Patient with birthDate, gender or deceasedDateTime",
    )
    SEVERAL_VALUES = (
        "several-values",
        "it has more than one value, and FHIR allows one, so no question reads any of them",
        "Send the one that counts; others as components or as Observations of their own",
    )
    VALUE_TYPE = (
        "value-type",
        "a value of it is a range, a ratio, a period, a series, a file or a long text",
        "Nothing: it is shown as written; questions only see that it was measured",
    )
    VALUE_ABSENT = (
        "value-absent",
        "its sender says that there is no value, and why",
        "Nothing",
    )
    NEGATED = ("negated", "it says that something was not done or is not to be done", "Nothing")
    NO_DATE = (
        "no-date",
        "it has no date that can be read",
        "Add the clinical date, such as 2024-05-31, and send it again",
    )
    AGE_ONLY = (
        "age-only",
        "an age is all that says when it began: questions date it by the patient's date of birth"
        " where that is stored and permitted, and otherwise not at all",
        "Send the Patient with birthDate, or add the clinical date",
    )
    TEXT_ONLY = (
        "text-only",
        "a text is all that says when it was, so that no question can date it",
        "Add the clinical date or an age, and send it again",
    )
    FUTURE_DATE = (
        "future-date",
        "its date is in the future",
        "Correct the date and send it again, if it is an error",
    )
    KIND = ("kind", "no question reads this kind of resource; it is shown as written", "Nothing")
    OLD_KIND = (
        "old-kind",
        "FHIR R4 has another name for this kind, so no question reads it; it is shown as written",
        "Send a MedicationOrder as a MedicationRequest; a DiagnosticOrder, ProcedureRequest or "
        "ReferralRequest as a ServiceRequest",
    )
    DELETION = ("deletion", "it was deleted by its sender", "Nothing")
    UNKNOWN_RESOURCE = (
        "unknown-resource",
        "no resource of this sender with this address is stored",
        "Nothing, if it was never sent; else name the sender of the resource, or its fullUrl",
    )
    NEWER_STORED = ("newer-stored", "a newer version is stored", "Nothing")
    REPLACED_PATIENT = (
        "replaced-patient",
        "its sender replaced this patient by another one",
        "Confirm or dismiss the proposed link under Duplicate patients",
    )
    OTHER_PATIENT = (
        "other-patient",
        "it was filed under another patient before, and is no longer",
        "If two systems use the same ids, send the files of each under its own sender name",
    )
    DECEASED = (
        "deceased",
        "its sender says that the patient has died",
        "Nothing: no new request reaches the patient; see Deceased patients",
    )
    # About the file.
    NO_BUNDLE_TYPE = ("no-bundle-type", "the Bundle has no type", "Nothing: its entries are read")
    NO_ENTRY = (
        "no-entry",
        "the file or Bundle has no entry",
        "Nothing, if none was meant; else export it again",
    )
    MORE_PAGES = (
        "more-pages",
        "the Bundle is one page of a longer answer, as its link to the next page says",
        "Send the other pages too",
    )


NOTES: Final = frozenset({EntryCode.NO_BUNDLE_TYPE, EntryCode.NO_ENTRY, EntryCode.MORE_PAGES})
"""What is said of a file as a whole."""
HARMLESS: Final = frozenset({EntryCode.SEARCH_OUTCOME})
"""Why an entry is refused that had nothing to store."""
CODES: Final = {str(code): code for code in EntryCode}


def outcome_of(code: EntryCode) -> Outcome:
    """Return what becomes of an entry that has this code when it is read."""
    if code in NOTES:
        return Outcome.NOTE
    return Outcome.RESPONSE_ONLY if code is EntryCode.RESPONSE_ONLY else Outcome.REFUSED


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """What became of one entry; never its content.

    Attributes:
        number: of the entry or line, from 1; 0 for the whole file.
        outcome: what became of it.
        kind: its resourceType, if that is a FHIR name.
        code: why, or EntryCode.NOTHING.
        element: the path of the element that the code is about.
        place: the entry's path in the file, "" where the number says it; see `FhirEntry`.
    """

    number: int
    outcome: Outcome
    kind: str = ""
    code: EntryCode = EntryCode.NOTHING
    element: str = ""
    place: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something before the entry counts for its patient."""
        if self.outcome is Outcome.REFUSED:
            return self.code not in HARMLESS
        return self.outcome is Outcome.PARKED or self.code is EntryCode.NO_SUBJECT

    def to_stored(self) -> list[Any]:
        """Return the outcome as JSON for a report."""
        code, place = self.code.value, [self.place] if self.place else []
        return [self.number, self.outcome.value, self.kind, code, self.element, *place]

    @classmethod
    def from_stored(cls, stored: list[Any]) -> EntryOutcome:
        """Return the outcome that `to_stored` wrote."""
        number, outcome, kind, code, element, *place = stored
        return cls(number, Outcome(outcome), kind, CODES[code], element, *place)

    def to_issue(self) -> dict[str, Any]:
        """Return the outcome as a FHIR OperationOutcome."""
        severity, code = _ISSUES[self.outcome]
        details = {"coding": [{"system": "urn:vouchsafe:outcome", "code": self.outcome.value}]}
        if self.code:
            details["coding"].append({"system": "urn:vouchsafe:reason", "code": self.code.value})
        sentences = [self.code.problem, self.code.remedy] if self.code else []
        issue = {"severity": severity, "code": code, "details": details}
        place = self.place or (f"entry[{self.number}]" if self.number else "file")
        where = ".".join(part for part in (place, self.element) if part)
        diagnostics = "; ".join([f"{where}: {self.outcome.value}", *filter(None, sentences)])
        return {
            "resourceType": "OperationOutcome",
            "issue": [issue | {"diagnostics": diagnostics, "expression": [where]}],
        }


def operation_outcome(severity: str, code: str, text: str) -> dict[str, Any]:
    """Return a FHIR OperationOutcome with one issue."""
    issue = {"severity": severity, "code": code, "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


_ISSUES: Final = {
    Outcome.STORED: ("information", "informational"),
    Outcome.SAME: ("information", "informational"),
    Outcome.CORRECTED: ("information", "informational"),
    Outcome.DELETED: ("information", "informational"),
    Outcome.OLDER: ("information", "conflict"),
    Outcome.PARKED: ("warning", "incomplete"),
    Outcome.SHARED: ("information", "informational"),
    Outcome.REFUSED: ("error", "invalid"),
    Outcome.RESPONSE_ONLY: ("information", "informational"),
    Outcome.NOTE: ("warning", "informational"),
}
