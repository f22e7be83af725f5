"""A patient's permissions: each with its state, its receipt and the uses under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from attrs import define

from consent import (
    RESEARCH,
    Consent,
    ConsentError,
    ConsentLedger,
    Terms,
    is_opt_out,
    terms_hash,
)
from services.errors import NotFound
from services.parties import PartyNames
from services.patient.acts import PatientActs
from services.patient.history import HistoryLine, PatientHistory
from services.requests import ACCEPTED, ConsentRequests, ReleasedCopies, ReleasedCopy
from services.requests.choices import COPY_PURPOSES, PSEUDONYMISED_COPY, WHOLE_COPY
from services.requests.copy_deletions import CopyDeletions
from services.requests.wording import format_categories, format_purposes, summarise
from services.statement import is_for_care
from services.words import Words

ACTIVE: Final = "active"
RECORDING: Final = "recording"
ENDED: Final = "ended"
WITHDRAWN: Final = "withdrawn"
UNKNOWN: Final = "unknown"
CURRENT: Final = frozenset({ACTIVE, RECORDING, UNKNOWN})

_STATES: Final = {
    "active": ACTIVE,
    "withdrawn": WITHDRAWN,
    "stopped": WITHDRAWN,
    "expired": ENDED,
    "not-yet": RECORDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSummary:
    """One permission, or a refusal such as the research opt-out.

    Attributes:
        consent_id: 32 bytes.
        terms: as signed; None if they cannot be read.
        state: active, recording (waits for the ledger), ended (also if its terms cannot be read),
            withdrawn, or unknown while the ledger cannot be verified.
        signed_at_s, not_after_s: 0 if not known now.
        recipient_name: "" if the terms cannot be read.
        purposes, categories: in the patient's words.
        sentence: what it allows; "" for a refusal or if the terms cannot be read.
        past_sentence: what it allowed, once it has ended; "" as `sentence`.
        ended_at_s: when it was withdrawn or ended; 0 if it has not, or that is not known here.
        is_overridden: True while the patient has turned research off and it permits research alone.
    """

    consent_id: bytes
    terms: Terms | None
    state: str
    signed_at_s: int
    not_after_s: int
    recipient_name: str
    purposes: str
    categories: str
    sentence: str
    past_sentence: str
    ended_at_s: int
    is_overridden: bool = False

    @property
    def is_refusal(self) -> bool:
        """True if the terms forbid, as the research opt-out's do."""
        return self.terms is not None and self.terms.decision == "deny"

    @property
    def is_opt_out(self) -> bool:
        """True if it is a refusal of all research."""
        return self.terms is not None and is_opt_out(self.terms)

    @property
    def is_current(self) -> bool:
        """True unless it has ended."""
        return self.state in CURRENT

    @property
    def terms_hash(self) -> bytes | None:
        """The commitment that a withdrawal names; None if the terms cannot be read."""
        return terms_hash(self.terms) if self.terms is not None else None

    @property
    def may_copy(self) -> bool:
        """True if it includes the purpose of a copy of either kind."""
        purposes = self.terms.purposes if self.terms is not None else ()
        return any(code in purposes for code in COPY_PURPOSES)

    @property
    def may_copy_pseudonymised(self) -> bool:
        """True if it includes the purpose of a pseudonymised copy, of rows or whole records."""
        purposes = self.terms.purposes if self.terms is not None else ()
        return PSEUDONYMISED_COPY in purposes or WHOLE_COPY in purposes

    @property
    def is_for_care(self) -> bool:
        """True if it permits care alone, so that nothing of it is ever published."""
        return self.terms is not None and is_for_care(self.terms.purposes)

    @property
    def path(self) -> str:
        """The path of its page."""
        return f"/patient/consents/{self.consent_id.hex()}"


@dataclass(frozen=True, slots=True)
class ConsentList:
    """A patient's permissions, the newest first; `is_checked` is False without the ledger."""

    consents: Sequence[ConsentSummary]
    is_checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCopy:
    """A copy that contains the patient, and what became of it; times are seconds UTC.

    Attributes:
        deleted_at_s: when the study said that it deleted the whole copy; None before.
        is_permitted: whether a permission of the patient still allows copies for the study.
        row_listed_at_s: when this patient's values were listed for deletion; None before.
        row_due_at_s: by when it must have done so.
        row_deleted_at_s: when it said that it did; None before.
    """

    at_s: int
    ends_at_s: int
    deleted_at_s: int | None
    is_pseudonymised: bool
    whole_records: bool = False
    is_permitted: bool = True
    row_listed_at_s: int | None = None
    row_due_at_s: int | None = None
    row_deleted_at_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDetail(ConsentSummary):
    """One permission, the uses under it and the copies that contain the patient, newest first."""

    uses: Sequence[HistoryLine]
    copies: Sequence[OwnCopy]


@define(eq=False, repr=False, kw_only=True)
class PatientConsents:
    """What a patient can read about their own permissions.

    NotFound is raised for one that does not exist or is another patient's.
    """

    _ledger: ConsentLedger
    _requests: ConsentRequests
    _parties: PartyNames
    _history: PatientHistory
    _acts: PatientActs
    _copies: ReleasedCopies
    _deletions: CopyDeletions

    def list_all(self, subject: bytes, words: Words) -> ConsentList:
        """Return every permission of the patient, the newest first.

        A signed permission that the ledger does not show yet is `recording`. Without the ledger,
        each is `unknown`.
        """
        known_terms = self._ledger.consent_terms.of_subject(subject)
        try:
            on_ledger = self._ledger.consents_of(subject)
        except ConsentError:
            withdrawn = self._acts.withdrawal_times(subject)
            consents = [
                self._summary(words, consent_id, terms, state, (0, 0, withdrawn.get(consent_id, 0)))
                for consent_id, terms in known_terms.items()
                for state in [WITHDRAWN if consent_id in withdrawn else UNKNOWN]
            ]
            return ConsentList(consents, False)
        accepted = {
            request.consent_id
            for request in self._requests.list_by_subject(subject)
            if request.state == ACCEPTED
        }
        recording = accepted & known_terms.keys() - {consent.consent_id for consent in on_ledger}
        ends = self._end_times(subject, on_ledger)
        consents = [self._of(words, consent, ends) for consent in on_ledger]
        consents += [
            self._summary(words, consent_id, known_terms[consent_id], RECORDING)
            for consent_id in known_terms
            if consent_id in recording
        ]
        if any(consent.is_opt_out and consent.state == ACTIVE for consent in consents):
            consents = [_overridden(consent) for consent in consents]
        return ConsentList(sorted(consents, key=lambda consent: -consent.signed_at_s), True)

    def find(self, subject: bytes, words: Words, consent_id: str) -> ConsentSummary:
        """Return one permission by its id in hex."""
        for consent in self.list_all(subject, words).consents:
            if consent.consent_id.hex() == consent_id.removeprefix("0x"):
                return consent
        raise NotFound

    def get(self, subject: bytes, words: Words, consent_id: str) -> ConsentDetail:
        """Return one permission by its id in hex, with the uses under it."""
        consent = self.find(subject, words, consent_id)
        uses = self._history.list_by_consent(subject, words, consent.consent_id)
        facts = {field.name: getattr(consent, field.name) for field in fields(consent)}
        party = consent.terms.recipient if consent.terms and consent.may_copy else ""
        copies = self._copies.list_with(subject, [party]) if party else []
        is_permitted = bool(copies) and self._permits_copies(subject, words, party)
        own = [replace(self._own_copy(subject, copy), is_permitted=is_permitted) for copy in copies]
        return ConsentDetail(**facts, uses=uses, copies=own)

    def _permits_copies(self, subject: bytes, words: Words, study: str) -> bool:
        return any(
            each.terms is not None
            and each.terms.recipient == study
            and each.may_copy
            and each.is_current
            and not each.is_refusal
            and not each.is_overridden
            for each in self.list_all(subject, words).consents
        )

    def _own_copy(self, subject: bytes, copy: ReleasedCopy) -> OwnCopy:
        deletion = self._deletions.find(copy, subject) if copy.is_pseudonymised else None
        return OwnCopy(
            at_s=copy.at_s,
            ends_at_s=copy.ends_at_s,
            deleted_at_s=copy.deleted_at_s,
            is_pseudonymised=copy.is_pseudonymised,
            whole_records=copy.whole_records,
            row_listed_at_s=deletion.listed_at_s if deletion else None,
            row_due_at_s=deletion.due_at_s if deletion else None,
            row_deleted_at_s=deletion.acknowledged_at_s if deletion else None,
        )

    def receipt(self, subject: bytes, words: Words, consent_id: str) -> dict[str, Any]:
        """Return the patient's own proof as a document: every term as signed, and the ledger.

        Raises:
            NotFound: it does not exist, belongs to another patient, or cannot be read.
        """
        consent = self.find(subject, words, consent_id)
        if consent.terms is None:
            raise NotFound
        domain = self._ledger.domain()
        return {
            "permission (consent)": "0x" + consent.consent_id.hex(),
            "person": "0x" + subject.hex(),
            "terms": terms_document(consent.terms),
            "signed_at_s": consent.signed_at_s,
            "not_after_s": consent.not_after_s,
            "state": consent.state,
            "register": {"chain_id": domain.chain_id, "contract": domain.contract},
        }

    def _end_times(self, subject: bytes, consents: Sequence[Consent]) -> dict[bytes, int]:
        """Return when each consent that has ended did so, as far as it is known here."""
        withdrawn, stops = self._acts.withdrawal_times(subject), self._acts.stop_times(subject)
        ends: dict[bytes, int] = {}
        for consent in consents:
            stop_s = next((at_s for at_s in stops if at_s >= consent.signed_at_s), 0)
            at_s = {
                "withdrawn": withdrawn.get(consent.consent_id, 0),
                "stopped": stop_s,
                "expired": consent.not_after_s,
            }.get(consent.state, 0)
            if at_s:
                ends[consent.consent_id] = at_s
        return ends

    def _of(self, words: Words, consent: Consent, ends: Mapping[bytes, int]) -> ConsentSummary:
        state = _STATES.get(consent.state, UNKNOWN)
        if consent.terms is None and state in (ACTIVE, RECORDING):
            state = ENDED  # what cannot be read permits nothing
        ended_at_s = ends.get(consent.consent_id, 0)
        times = consent.signed_at_s, consent.not_after_s, ended_at_s
        return self._summary(words, consent.consent_id, consent.terms, state, times)

    def _summary(
        self,
        words: Words,
        consent_id: bytes,
        terms: Terms | None,
        state: str,
        times: tuple[int, int, int] = (0, 0, 0),
    ) -> ConsentSummary:
        name = self._parties.name_of(terms.recipient, words.language) if terms else ""
        is_permission = terms is not None and terms.decision != "deny"
        allowed = terms if is_permission else None
        return ConsentSummary(
            consent_id=consent_id,
            terms=terms,
            state=state,
            signed_at_s=times[0],
            not_after_s=times[1],
            recipient_name=name,
            purposes=format_purposes(words, terms.purposes) if terms else "",
            categories=format_categories(words, terms.categories) if terms else "",
            sentence=summarise(words, name, allowed) if allowed else "",
            past_sentence=summarise(words, name, allowed, is_past=True) if allowed else "",
            ended_at_s=times[2],
        )


def _overridden(consent: ConsentSummary) -> ConsentSummary:
    """Return a consent as it is while research is off: what permits research alone, does not."""
    purposes = set(consent.terms.purposes) if consent.terms is not None else set()
    is_research = bool(purposes) and purposes <= RESEARCH and not consent.is_refusal
    return replace(consent, is_overridden=is_research and consent.is_current)


def terms_document(terms: Terms) -> dict[str, Any]:
    """Return terms as JSON; with the salt, since the receipt proves what was agreed."""
    values = {name: getattr(terms, name) for name in Terms.__slots__}
    return {n: value.hex() if isinstance(value, bytes) else value for n, value in values.items()}
