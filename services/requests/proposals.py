"""The studies that researchers propose, and what the custodian decided on each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
import sqlalchemy as sa
from attrs import define

from models import Diagnostics, ModelsInvalid, Study
from services.errors import Conflict, NotFound
from services.requests.agreements import CopyAgreement
from services.requests.consent_requests import RequestDetails
from services.tables import METADATA

PROPOSED: Final = "proposed"
MAX_PROPOSED: Final = 50
"""Studies of one organisation that wait, so that no program of theirs fills the disk."""
APPROVED: Final = "approved"
REFUSED: Final = "refused"
RETURNED: Final = "returned"

_PROPOSALS: Final = sa.Table(
    "web_proposals",
    METADATA,
    sa.Column("study", sa.String(128), primary_key=True),
    sa.Column("owner", sa.String(128), nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("answered_by", sa.String(32), nullable=False),
    sa.Column("answered_at_s", sa.BigInteger),
    sa.Column("why", sa.Text, nullable=False),
)


class TooManyProposals(Conflict):
    """An organisation has reached its limit of studies that wait for the custodian (409)."""


class ProposalChanged(Conflict):
    """The proposal is another than the one that was read before the decision (409)."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("The study was changed since you read it. Read it again, then decide.")


@dataclass(frozen=True, slots=True)
class ProposalEvent:
    """What happened to a proposal: the state that began at `at_s` (seconds UTC), and why."""

    state: str
    at_s: int
    why: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A study as patients and the custodian read it.

    Attributes:
        study: its party id, ``study:NAME``.
        owner: the organisation whose researchers run it.
        title: its name for people.
        board: the ethics board and the number of its approval.
        protocol: the plan, in words.
        condition: its subject in patients' words: "diabetes".
        question: the question's id.
        purpose: a code of the vocabulary: MLTRAINING.
        categories: the requested classes of records.
        data_from, data_to: ISO dates, or "".
        days: how long a permission lasts.
        until_s: when the study ends.
        agreement: of a pseudonymised copy; None if the copy is an anonymised one.
        contact: for patients' questions.
        state: proposed, returned (to be changed), approved or refused.
        why: the reason of a refusal, or what has to change.
        history: every decision and change so far, the oldest first.
    """

    study: str
    owner: str
    title: str
    board: str
    protocol: str
    condition: str
    question: str
    purpose: str
    categories: tuple[str, ...]
    data_from: str
    data_to: str
    days: int
    until_s: int
    wants_copy: bool = False
    contact: str = ""
    state: str = PROPOSED
    proposed_at_s: int = 0
    answered_at_s: int | None = None
    why: str = ""
    history: tuple[ProposalEvent, ...] = ()
    agreement: CopyAgreement | None = None

    @property
    def version(self) -> int:
        """A number that rises with every change of the text and every decision."""
        return len(self.history)

    @property
    def copy_kind(self) -> str:
        """Which kind of copy: ``none``, ``anonymised``, ``pseudonymised`` or ``whole``."""
        return self.request_details().copy_kind

    def request_details(self) -> RequestDetails:
        """Return the request that the study sends to patients."""
        return RequestDetails(
            party=self.study,
            kind="study",
            purposes=(self.purpose,),
            categories=self.categories,
            data_from=self.data_from,
            data_to=self.data_to,
            days=self.days,
            condition=self.condition,
            wants_copy=self.wants_copy,
            agreement=self.agreement.title if self.agreement else "",
            agreement_ends_on=self.agreement.ends_on if self.agreement else "",
            until_s=self.until_s,
            whole_records=self.agreement is not None and self.agreement.whole_records,
        )


_BODY: Final = [
    "title",
    "board",
    "protocol",
    "condition",
    "question",
    "purpose",
    "categories",
    "data_from",
    "data_to",
    "days",
    "until_s",
    "wants_copy",
    "contact",
    "agreement",
]


@define(eq=False, repr=False)
class StudyProposals:
    """The rows of proposals; an approved one is a study that may send requests and train.

    NotFound is raised for a study that nobody proposed.
    """

    _engine: sa.Engine
    _diagnostics: Diagnostics
    _clock: Callable[[], float]

    def register(self, proposal: Proposal) -> Proposal:
        """Store a proposal for the custodian to decide on; the same again changes nothing.

        Raises:
            ModelsInvalid: the name is another study's, or not the name of a study.
            TooManyProposals: `MAX_PROPOSED` of the owner wait already.
        """
        known = self.find(proposal.study)
        if known is not None:
            if replace(known, **_decision_of(proposal)) != proposal:
                raise ModelsInvalid(
                    f"{proposal.study} is the name of another study; choose another"
                )
            return known
        if not proposal.study.startswith("study:") or len(proposal.study) < len("study:x"):
            raise ModelsInvalid(f"{proposal.study!r} is not the id of a study (study:NAME)")
        if proposal.study in {study.id for study in self._diagnostics.studies()}:
            raise ModelsInvalid(f"{proposal.study} is another study: choose another name")
        now_s = int(self._clock())
        row = {
            "study": proposal.study,
            "owner": proposal.owner,
            "body": _body(proposal, [ProposalEvent(PROPOSED, now_s, "")]),
            "state": PROPOSED,
            "at_s": now_s,
            "answered_by": "",
            "why": "",
        }
        try:
            with self._engine.begin() as connection:
                _require_room(connection, proposal.owner)
                connection.execute(sa.insert(_PROPOSALS), row)
        except sa.exc.IntegrityError:  # another caller was first, with the same study or another
            return self.register(proposal)
        return self.get(proposal.study)

    def find(self, study: str) -> Proposal | None:
        """Return a proposal by its study's id."""
        proposals = self._select(_PROPOSALS.c.study == study)
        return proposals[0] if proposals else None

    def get(self, study: str) -> Proposal:
        """Return a proposal."""
        proposal = self.find(study)
        if proposal is None:
            raise NotFound
        return proposal

    def list_by_owner(self, owner: str) -> list[Proposal]:
        """Return the proposals of an organisation, the newest first."""
        return self._select(_PROPOSALS.c.owner == owner)

    def list_all(self) -> list[Proposal]:
        """Return every proposal, the newest first."""
        return self._select(sa.true())

    def approve(self, study: str, by: str, version: int | None = None) -> Proposal:
        """Let a study send requests and train; a decided proposal stays as it is.

        The study is registered before the approval is stored, so that a crash between the two
        leaves no approval without a study.

        `version` is that of the proposal that was read; None is the present one.

        Raises:
            ProposalChanged: it is another one by now.
        """
        proposal = self.get(study)
        if proposal.state == PROPOSED:
            _require_version(proposal, version)
            self._diagnostics.add_study(
                Study(study, proposal.title, proposal.protocol, proposal.until_s)
            )
            self._decide(proposal, APPROVED, by, "")
        return self.get(study)

    def amend(self, proposal: Proposal) -> Proposal:
        """Replace a returned proposal by a changed one, which waits for the custodian again.

        Raises:
            NotFound: there is none, or it was not returned.
            TooManyProposals: `MAX_PROPOSED` of the owner wait already.
        """
        known, now_s = self.get(proposal.study), int(self._clock())
        event = ProposalEvent(PROPOSED, now_s, "")
        values = {
            "body": _body(proposal, [*known.history, event]),
            "state": PROPOSED,
            "answered_at_s": None,
            "why": "",
        }
        is_returned = sa.and_(_PROPOSALS.c.study == proposal.study, _PROPOSALS.c.state == RETURNED)
        with self._engine.begin() as connection:
            _require_room(connection, known.owner)
            update = sa.update(_PROPOSALS).where(is_returned).values(**values)
            if connection.execute(update).rowcount != 1:
                raise NotFound
        return self.get(proposal.study)

    def reject(
        self, study: str, state: str, by: str, why: str, version: int | None = None
    ) -> Proposal:
        """Refuse a proposal, or return it to its owner to change; a decided one stays as it is.

        `state` is `REFUSED` or `RETURNED`.

        Raises:
            ProposalChanged: as `approve`.
        """
        proposal = self.get(study)
        if proposal.state == PROPOSED:
            _require_version(proposal, version)
            self._decide(proposal, state, by, why)
        return self.get(study)

    def _decide(self, read: Proposal, state: str, by: str, why: str) -> None:
        """Store a decision on a proposal as it was read."""
        query = sa.select(_PROPOSALS).where(_PROPOSALS.c.study == read.study)
        now_s = int(self._clock())
        with self._engine.begin() as connection:
            row = connection.execute(query).one()
            if _proposal(row) != read:
                raise ProposalChanged
            is_same = sa.and_(
                _PROPOSALS.c.study == read.study,
                _PROPOSALS.c.state == PROPOSED,
                _PROPOSALS.c.body == row.body,
            )
            values = {
                "state": state,
                "answered_by": by,
                "answered_at_s": now_s,
                "why": why,
                "body": _body(read, [*read.history, ProposalEvent(state, now_s, why)]),
            }
            update = sa.update(_PROPOSALS).where(is_same).values(values)
            if connection.execute(update).rowcount == 0:
                raise ProposalChanged

    def _select(self, condition: Any) -> list[Proposal]:
        query = sa.select(_PROPOSALS).where(condition).order_by(_PROPOSALS.c.at_s.desc())
        with self._engine.connect() as connection:
            return [_proposal(row) for row in connection.execute(query)]


def _require_room(connection: sa.Connection, owner: str) -> None:
    is_waiting = (_PROPOSALS.c.owner == owner) & (_PROPOSALS.c.state == PROPOSED)
    waiting = sa.select(sa.func.count()).where(is_waiting)
    if (connection.scalar(waiting) or 0) >= MAX_PROPOSED:
        raise TooManyProposals(
            f"{MAX_PROPOSED} studies of your organisation wait for the custodian, "
            "which is the limit. Send this one after a decision on one of them."
        )


def _require_version(proposal: Proposal, version: int | None) -> None:
    if version not in (None, proposal.version):
        raise ProposalChanged


def _decision_of(proposal: Proposal) -> dict[str, Any]:
    names = ("state", "proposed_at_s", "answered_at_s", "why", "history")
    return {name: getattr(proposal, name) for name in names}


def _body(proposal: Proposal, history: Sequence[ProposalEvent]) -> bytes:
    body = {name: getattr(proposal, name) for name in _BODY}
    events = [[event.state, event.at_s, event.why] for event in history]
    return orjson.dumps(body | {"history": events})


def _proposal(row: Any) -> Proposal:
    body = orjson.loads(row.body)
    body["categories"] = tuple(body["categories"])
    if body.get("agreement"):
        body["agreement"] = CopyAgreement(**body["agreement"])
    # Bodies of earlier releases have no history.
    body["history"] = tuple(ProposalEvent(*event) for event in body.get("history", ()))
    return Proposal(
        study=row.study,
        owner=row.owner,
        state=row.state,
        proposed_at_s=row.at_s,
        answered_at_s=row.answered_at_s,
        why=row.why,
        **body,
    )
