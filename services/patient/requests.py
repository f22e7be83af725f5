"""Requests to a patient: reading them, answering them, and the permission to sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from attrs import define

from consent import Grant
from services.accounts import Account, SignatureRequest
from services.accounts.accounts import Accounts, new_id
from services.errors import Invalid, NotFound
from services.patient import acts
from services.patient.acts import PatientActs
from services.patient.signatures import PatientSignatures, subject_of
from services.requests import DECLINED, LAPSED, WAITING, ConsentRequest, ConsentRequests
from services.requests.choices import Choice, ChoiceInvalid, full_choice, latest_end, restrict
from services.requests.descriptions import RequestDescriptions, RequestText
from services.requests.wording import format_day, format_record, make_statement
from services.statement import terms_for
from services.words import Words
from storage import RecordStore

YES: Final = "yes"
LESS: Final = "less"
NO: Final = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """A request and the name of the party that sent it."""

    request: ConsentRequest
    party_name: str

    @property
    def is_waiting(self) -> bool:
        """True while it can be answered."""
        return self.request.state == WAITING

    @property
    def is_closed(self) -> bool:
        """True if it was declined, or expired without an answer."""
        return self.request.state in (DECLINED, LAPSED)

    @property
    def path(self) -> str:
        """The path of its page."""
        return f"/patient/requests/{self.request.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDetail(RequestSummary):
    """A request in full.

    Attributes:
        text: the sentences that explain it.
        latest_end: ISO date of the latest last day of the permission.
        answer: chosen so far: yes, less or "".
        choice: allowed so far, not signed yet; None before a yes.
    """

    text: RequestText
    latest_end: str
    answer: str
    choice: Choice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantReview:
    """The permission as it will be signed."""

    request: ConsentRequest
    party_name: str
    choice: Choice
    statement: str
    signature: SignatureRequest


@define(eq=False, repr=False, kw_only=True)
class PatientRequests:
    """What a patient can do with the requests they received; others' are not found."""

    _requests: ConsentRequests
    _descriptions: RequestDescriptions
    _store: RecordStore
    _signatures: PatientSignatures
    _accounts: Accounts
    _acts: PatientActs
    _clock: Callable[[], float]

    def list_all(self, subject: bytes, words: Words) -> list[RequestSummary]:
        """Return every request to the patient, the newest first."""
        return [
            RequestSummary(
                request=request,
                party_name=self._descriptions.party_name(request.details, words.language),
            )
            for request in self._requests.list_by_subject(subject)
        ]

    def get(self, subject: bytes, words: Words, request_id: str) -> RequestDetail:
        """Return a request in full."""
        return self._detail(words, self._requests.get(subject, request_id))

    def requested_records(
        self, subject: bytes, words: Words, detail: RequestDetail
    ) -> list[tuple[str, str]]:
        """Return the stored records that are requested: id, and category and day in words."""
        return [
            (
                record.record_id.hex(),
                format_record(words, record.category, record.recorded_on),
            )
            for record in self._store.records_of(subject)
            if record.category in detail.request.details.categories
        ]

    def answer(
        self,
        subject: bytes,
        words: Words,
        request_id: str,
        answer: str,
        choice: Choice | None = None,
    ) -> RequestDetail:
        """Store the answer to a request. A yes is in force only when it is signed.

        Without a `choice` of what a "less" allows, only the answer is stored.

        Raises:
            NotFound: the request does not exist or is not waiting.
            Invalid: the choice cannot be signed; nothing was stored.
        """
        request = self._require_waiting(subject, request_id)
        if answer == NO:
            if self._requests.record_answer(request, DECLINED):
                party = request.details.party
                self._acts.add(subject, new_id(), acts.DECLINED, party=party)
        elif answer == YES:
            self._save(request, YES, full_choice(request.details, self._clock()))
        elif choice is not None:
            self._save(request, LESS, self._restrict(words, request, choice))
        else:
            draft = self._requests.load_draft(request) | {"answer": LESS}
            self._requests.save_draft(request, draft)
        return self.get(subject, words, request_id)

    def choose_copy(
        self, subject: bytes, words: Words, request_id: str, *, may_copy: bool
    ) -> RequestDetail:
        """Store whether a copy is allowed too; it is asked after a yes, and never implied by it.

        Raises:
            NotFound: the request does not exist, is not waiting, or has no yes so far.
        """
        request = self._require_waiting(subject, request_id)
        choice = self._choice(request)
        if choice is None:
            raise NotFound
        choice = replace(
            choice,
            may_copy=may_copy and request.details.wants_copy,
            is_pseudonymised=bool(request.details.agreement),
            whole_records=request.details.whole_records,
        )
        self._save(request, str(self._requests.load_draft(request)["answer"]), choice)
        return self.get(subject, words, request_id)

    def reconsider(self, subject: bytes, words: Words, request_id: str) -> RequestDetail:
        """Let the patient answer a declined request again, for 30 days; else nothing changes."""
        request = self._requests.get(subject, request_id)
        if self._requests.reopen(request):
            party = request.details.party
            self._acts.add(subject, new_id(), acts.RECONSIDERED, party=party)
        return self.get(subject, words, request_id)

    def prepare_grant(self, account: Account, words: Words, request_id: str) -> GrantReview:
        """Return the permission for the patient's device to sign; it expires after ten minutes.

        Raises:
            NotFound: the request does not exist, is not waiting, or has no yes so far.
        """
        subject = subject_of(account)
        request = self._require_waiting(subject, request_id)
        choice = self._choice(request)
        if choice is None:
            raise NotFound
        party_name = self._descriptions.party_name(request.details, words.language)
        categories = {r.record_id.hex(): r.category for r in self._store.records_of(subject)}
        requested = choice.to_terms(request.details.party, categories)
        statement = make_statement(words, party_name, requested, choice.ends_on)
        terms = terms_for(requested, statement)
        grant = Grant(subject, terms, int(self._clock()), choice.not_after_s())
        return GrantReview(
            request=request,
            party_name=party_name,
            choice=choice,
            statement=statement,
            signature=self._signatures.prepare(account, grant, request=request.id),
        )

    def _require_waiting(self, subject: bytes, request_id: str) -> ConsentRequest:
        request = self._requests.get(subject, request_id)
        if request.state != WAITING:
            raise NotFound
        return request

    def _restrict(self, words: Words, request: ConsentRequest, choice: Choice) -> Choice:
        try:
            return restrict(request.details, choice, self._clock())
        except ChoiceInvalid as exc:
            day = format_day(words, latest_end(request.details, self._clock()))
            fields = {name: [words(key, date=day)] for name, key in exc.errors.items()}
            raise Invalid(fields=fields) from exc

    def _save(self, request: ConsentRequest, answer: str, choice: Choice) -> None:
        self._requests.save_draft(request, {"answer": answer, "choice": choice.to_json()})

    def _choice(self, request: ConsentRequest) -> Choice | None:
        stored = self._requests.load_draft(request).get("choice")
        return None if stored is None else Choice.from_json(stored)

    def _sender(self, request: ConsentRequest) -> str:
        """Return the name of the clinician who sent a request; studies speak for themselves."""
        is_care = request.details.kind == "care"
        sender = self._accounts.find(request.sent_by) if is_care else None
        return sender.name if sender else ""

    def _detail(self, words: Words, request: ConsentRequest) -> RequestDetail:
        draft = self._requests.load_draft(request)
        stored = draft.get("choice")
        return RequestDetail(
            request=request,
            party_name=self._descriptions.party_name(request.details, words.language),
            text=self._descriptions.describe(words, request.details, self._sender(request)),
            latest_end=latest_end(request.details, self._clock()),
            answer=draft.get("answer", ""),
            choice=None if stored is None else Choice.from_json(stored),
        )
