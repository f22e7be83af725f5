"""Stores questions that researchers are building, with the count of each."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from models.counting import QuestionCount
from models.question_choices import FeatureChoice, QuestionChoices
from services.errors import Conflict, NotFound
from services.tables import METADATA

MAX_DRAFTS: Final = 100
"""Of one party: all are listed, and no program of theirs fills the disk."""

_DRAFTS: Final = sa.Table(
    "web_question_drafts",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("party", sa.String(128), nullable=False, index=True),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("choices", sa.LargeBinary, nullable=False),
    sa.Column("changed_at_s", sa.BigInteger, nullable=False),
    sa.Column("job", sa.String(32), nullable=False),
    sa.Column("count", sa.LargeBinary, nullable=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCount:
    """A count of a question, which its hash names, and when its census was taken."""

    sha256: str
    taken_at_s: int
    count: QuestionCount


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft:
    """A question that is being built.

    Attributes:
        party: whose researchers build it.
        account: who changed it last.
        job: that counts its people; empty before the first.
        stored_count: the newest; the question may have changed since.
    """

    id: str
    party: str
    account: str
    choices: QuestionChoices
    changed_at_s: int
    job: str
    stored_count: StoredCount | None


class TooManyDrafts(Conflict):
    """A party has reached its limit of questions that are being built (409)."""


class QuestionDrafts:
    """The rows of questions that are being built.

    NotFound is raised for a question that does not exist or is another party's.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, party: str, account: str, choices: QuestionChoices) -> QuestionDraft:
        """Store a new question and return it.

        Raises:
            TooManyDrafts: the party has `MAX_DRAFTS` already.
        """
        mine = sa.select(sa.func.count()).where(_DRAFTS.c.party == party)
        identity = secrets.token_hex(8)
        row = {"id": identity, "party": party, "job": "", **self._values(account, choices)}
        with self._engine.begin() as connection:
            if (connection.scalar(mine) or 0) >= MAX_DRAFTS:
                raise TooManyDrafts(
                    f"Your organisation has {MAX_DRAFTS} questions under Build a question, "
                    "which is the limit. Delete one of them first."
                )
            connection.execute(sa.insert(_DRAFTS), row)
        return self.get(party, identity)

    def change(
        self, party: str, identity: str, account: str, choices: QuestionChoices
    ) -> QuestionDraft:
        """Replace the choices of a question and return it."""
        self._update(party, identity, self._values(account, choices))
        return self.get(party, identity)

    def get(self, party: str, identity: str) -> QuestionDraft:
        """Return a question of a party."""
        drafts = self._select((_DRAFTS.c.id == identity) & (_DRAFTS.c.party == party))
        if not drafts:
            raise NotFound
        return drafts[0]

    def get_any(self, identity: str) -> QuestionDraft:
        """Return a question of any party, for the worker."""
        drafts = self._select(_DRAFTS.c.id == identity)
        if not drafts:
            raise NotFound
        return drafts[0]

    def list(self, party: str) -> Sequence[QuestionDraft]:
        """Return the newest 100 questions of a party, the last changed first."""
        return self._select(_DRAFTS.c.party == party)

    def delete(self, party: str, identity: str) -> None:
        """Delete a question of a party; one that does not exist stays so."""
        mine = (_DRAFTS.c.id == identity) & (_DRAFTS.c.party == party)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_DRAFTS).where(mine))

    def set_job(self, party: str, identity: str, job: str) -> None:
        """Store which job counts the people of a question."""
        self._update(party, identity, {"job": job})

    def set_count(self, identity: str, stored: StoredCount) -> None:
        """Store the count of a question."""
        party = self.get_any(identity).party
        self._update(party, identity, {"count": orjson.dumps(asdict(stored))})

    def _values(self, account: str, choices: QuestionChoices) -> dict[str, Any]:
        return {
            "account": account,
            "choices": orjson.dumps(asdict(choices)),
            "changed_at_s": int(self._clock()),
        }

    def _update(self, party: str, identity: str, values: dict[str, Any]) -> None:
        mine = (_DRAFTS.c.id == identity) & (_DRAFTS.c.party == party)
        with self._engine.begin() as connection:
            if connection.execute(sa.update(_DRAFTS).where(mine).values(values)).rowcount != 1:
                raise NotFound

    def _select(self, condition: sa.ColumnElement[bool]) -> Sequence[QuestionDraft]:
        query = sa.select(_DRAFTS).where(condition)
        newest = query.order_by(_DRAFTS.c.changed_at_s.desc(), _DRAFTS.c.id).limit(MAX_DRAFTS)
        with self._engine.connect() as connection:
            return [_draft(row) for row in connection.execute(newest)]


def _draft(row: Any) -> QuestionDraft:
    return QuestionDraft(
        id=row.id,
        party=row.party,
        account=row.account,
        choices=_choices(orjson.loads(row.choices)),
        changed_at_s=row.changed_at_s,
        job=row.job,
        stored_count=_count(orjson.loads(row.count)) if row.count else None,
    )


def _choices(content: dict[str, Any]) -> QuestionChoices:
    content["features"] = tuple(
        FeatureChoice(**_with_tuples(feature, "codes", "values")) for feature in content["features"]
    )
    return QuestionChoices(**_with_tuples(content, "limits", "index_codes", "outcome_codes"))


def _with_tuples(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return content | {name: tuple(content[name]) for name in names}


def _count(content: dict[str, Any]) -> StoredCount:
    return StoredCount(**{**content, "count": QuestionCount(**content["count"])})
