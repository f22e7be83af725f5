"""Keeps the studies that researchers propose, and what the custodian said of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
import sqlalchemy as sa

from models import Diagnostics, ModelsInvalid, Study
from services.errors import NotFound
from services.tables import METADATA

PROPOSED: Final = "proposed"
APPROVED: Final = "approved"
REFUSED: Final = "refused"

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


@dataclass(frozen=True, slots=True)
class Proposal:
    """A study as patients and the custodian read it.

    Attributes:
        study: its party id, ``study:NAME``.
        owner: the organisation whose researchers run it.
        title: what everybody calls it.
        board: who has checked its ethics, and under which number.
        protocol: what is to be done, in words.
        condition: what it is about, in patients' words: "diabetes".
        question: the question's id.
        purpose: what for, a code of the vocabulary: MLTRAINING.
        categories: which classes of records are asked for.
        data_from, data_to: ISO dates, or "".
        days: how long a permission lasts.
        until_s: when the study ends.
        wants_copy: True if it also asks to download a copy.
        contact: whom people may ask.
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
]


class Proposals:
    """The rows of proposals; an approved one is a study that may ask and train."""

    def __init__(
        self, engine: sa.Engine, diagnostics: Diagnostics, clock: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._diagnostics = diagnostics
        self._clock = clock

    def register(self, wanted: Proposal) -> Proposal:
        """Write down a proposal that waits for the custodian; the same again changes nothing.

        Raises:
            BadlyAsked (models): the name is another study's, or no name of a study.
        """
        known = self.find(wanted.study)
        if known is not None:
            if replace(known, **_answer_of(wanted)) != wanted:
                raise ModelsInvalid("another study has this name")
            return known
        if not wanted.study.startswith("study:") or len(wanted.study) < len("study:x"):
            raise ModelsInvalid("a study's id is study:NAME")
        if wanted.study in {study.id for study in self._diagnostics.studies()}:
            raise ModelsInvalid("another study has this name")
        row = {
            "study": wanted.study,
            "owner": wanted.owner,
            "body": orjson.dumps({name: getattr(wanted, name) for name in _BODY}),
            "state": PROPOSED,
            "at_s": int(self._clock()),
            "answered_by": "",
            "why": "",
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_PROPOSALS), row)
        except sa.exc.IntegrityError:  # another was first: it is the same study, or another's
            return self.register(wanted)
        return self.get(wanted.study)

    def find(self, study: str) -> Proposal | None:
        """Return a proposal by its study's id."""
        found = self._where(_PROPOSALS.c.study == study)
        return found[0] if found else None

    def get(self, study: str) -> Proposal:
        """Return a proposal.

        Raises:
            NotFound: there is none.
        """
        found = self.find(study)
        if found is None:
            raise NotFound
        return found

    def of_owner(self, owner: str) -> list[Proposal]:
        """Return what an organisation has proposed, the newest first."""
        return self._where(_PROPOSALS.c.owner == owner)

    def all(self) -> list[Proposal]:
        """Return every proposal, the newest first."""
        return self._where(sa.true())

    def approve(self, study: str, by: str) -> Proposal:
        """Let a study ask patients and train; pressed twice, nothing more happens.

        The study is written down before the approval, so that a crash leaves no approval without.
        """
        wanted = self.get(study)
        if wanted.state == PROPOSED:
            known = Study(study, wanted.title, wanted.protocol, wanted.until_s)
            self._diagnostics.add_study(known)
            self._answer(study, APPROVED, by, "")
        return self.get(study)

    def refuse(self, study: str, by: str, why: str) -> Proposal:
        """Say no to a study that waits; an approved one stays approved."""
        self._answer(study, REFUSED, by, why)
        return self.get(study)

    def _answer(self, study: str, state: str, by: str, why: str) -> None:
        mine = sa.update(_PROPOSALS).where(
            _PROPOSALS.c.study == study, _PROPOSALS.c.state == PROPOSED
        )
        now_s = int(self._clock())
        values = {"state": state, "answered_by": by, "answered_at_s": now_s, "why": why}
        with self._engine.begin() as connection:
            connection.execute(mine.values(**values))

    def _where(self, which: Any) -> list[Proposal]:
        asked = sa.select(_PROPOSALS).where(which).order_by(_PROPOSALS.c.at_s.desc())
        with self._engine.connect() as connection:
            return [_proposal(row) for row in connection.execute(asked)]


def _answer_of(wanted: Proposal) -> dict[str, Any]:
    names: Sequence[str] = ("state", "proposed_at_s", "answered_at_s", "why")
    return {name: getattr(wanted, name) for name in names}


def _proposal(row: Any) -> Proposal:
    body = orjson.loads(row.body)
    body["categories"] = tuple(body["categories"])
    return Proposal(
        study=row.study,
        owner=row.owner,
        state=row.state,
        proposed_at_s=row.at_s,
        answered_at_s=row.answered_at_s,
        why=row.why,
        **body,
    )
