"""Lists the people whose rows a study must delete from its pseudonymised copies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from attrs import define

from consent import DAY_S, PSEUDRESCH
from models import Diagnostics, ModelsError
from models.pseudonymised import DELETION_DAYS, permitted_parts
from services.chunks import chunks
from services.requests.copies import NAME_CHARACTERS, ReleasedCopies, ReleasedCopy
from services.requests.proposals import Proposal, StudyProposals
from services.tables import METADATA
from storage import RecordStore

LOG: Final = logging.getLogger("vouchsafe.deletions")

_DELETIONS: Final = sa.Table(
    "web_copy_deletions",
    METADATA,
    sa.Column("copy", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(NAME_CHARACTERS), primary_key=True),
    sa.Column("study", sa.String(128), nullable=False, index=True),
    sa.Column("listed_at_s", sa.BigInteger, nullable=False),
    sa.Column("due_at_s", sa.BigInteger, nullable=False),
    sa.Column("acknowledged_at_s", sa.BigInteger),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyDeletion:
    """One person whose rows must go from the copies of a study; times are seconds UTC.

    Attributes:
        name: the pseudonym.
        listed_at_s: when they were listed for deletion, where the study sees them.
        due_at_s: by when it must have deleted the rows and said so.
        acknowledged_at_s: when it said so; None before.
    """

    name: str
    listed_at_s: int
    due_at_s: int
    acknowledged_at_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionCounts:
    """How many people's rows a study must still delete, how many of them are overdue or done."""

    waiting: int
    overdue: int
    acknowledged: int


@define(eq=False, repr=False, kw_only=True)
class CopyDeletions:
    """The rows of deletions: one for each copy and person, so that a later copy lists again."""

    _engine: sa.Engine
    _store: RecordStore
    _proposals: StudyProposals
    _copies: ReleasedCopies
    _diagnostics: Diagnostics

    @property
    def clock(self) -> Callable[[], float]:
        """Seconds UTC."""
        return self._diagnostics.clock

    def update_all(self) -> None:
        """List who no longer permits a copy, in every study; the worker repeats this.

        Raises:
            LedgerUnavailable (consent): permissions cannot be checked now.
        """
        for study in self._proposals.list_all():
            if study.agreement is not None:
                try:
                    self.update(study)
                except ModelsError as exc:
                    # A question that cannot be read keeps no other study's list from its people.
                    LOG.warning("deletions of %s: %s", study.study, exc)

    def update(self, study: Proposal) -> None:
        """List everybody in a study's copies who no longer permits every record in them.

        Raises:
            LedgerUnavailable (consent): permissions cannot be checked now.
        """
        copies = [
            copy
            for copy in self._copies.list_summaries(study.study)
            if copy.is_pseudonymised and copy.deleted_at_s is None
        ]
        if not copies:
            return
        permitted, now_s = self._permitted(study, copies[0]), int(self.clock())
        rows = [
            {
                "copy": copy.id,
                "name": name,
                "study": study.study,
                "listed_at_s": now_s,
                "due_at_s": now_s + DELETION_DAYS * DAY_S,
            }
            for copy in copies
            # One after the other: each has the records of everybody in it.
            for name in find_left(self._copies.get(copy.id), permitted)
            - self._names_listed(copy.id)
        ]
        if not rows:
            return
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_DELETIONS), rows)
        except sa.exc.IntegrityError:  # another process listed some of them meanwhile
            self.update(study)

    def list_by_study(self, study: str) -> list[CopyDeletion]:
        """Return the people listed so far, each once: those that wait first, by deadline."""
        query = sa.select(_DELETIONS).where(_DELETIONS.c.study == study)
        by_name: dict[str, list[Any]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                by_name.setdefault(row.name, []).append(row)
        deletions = [_deletion(rows) for rows in by_name.values()]
        return sorted(
            deletions, key=lambda each: (each.acknowledged_at_s or 0, each.due_at_s, each.name)
        )

    def find(self, copy: ReleasedCopy, subject: bytes) -> CopyDeletion | None:
        """Return the deletion of a person's rows from a copy; None if it is not listed."""
        names = self._copies.names_of(copy, subject)
        query = sa.select(_DELETIONS).where(
            _DELETIONS.c.copy == copy.id, _DELETIONS.c.name.in_(names)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return _deletion(rows) if rows else None

    def count(self, study: str) -> DeletionCounts:
        """Return how many people's rows wait, are overdue, or are deleted."""
        deletions, now_s = self.list_by_study(study), self.clock()
        waiting = [each for each in deletions if each.acknowledged_at_s is None]
        return DeletionCounts(
            waiting=len(waiting),
            overdue=sum(each.due_at_s < now_s for each in waiting),
            acknowledged=len(deletions) - len(waiting),
        )

    def acknowledge(self, study: str, names: Iterable[str]) -> None:
        """Store that a study deleted these people's rows from all its copies; once each."""
        for part in chunks(sorted(set(names))):
            self._acknowledge(_DELETIONS.c.study == study, _DELETIONS.c.name.in_(part))

    def acknowledge_copy(self, study: str, copy_id: str) -> None:
        """Store that every listed person's rows went with the whole copy."""
        self._acknowledge(_DELETIONS.c.study == study, _DELETIONS.c.copy == copy_id)

    def _acknowledge(self, *conditions: sa.ColumnElement[bool]) -> None:
        update = sa.update(_DELETIONS).where(*conditions, _DELETIONS.c.acknowledged_at_s.is_(None))
        with self._engine.begin() as connection:
            connection.execute(update.values(acknowledged_at_s=int(self.clock())))

    def _permitted(self, study: Proposal, copy: ReleasedCopy) -> dict[str, Set[str]]:
        """Return what every row may be made of now, by pseudonym."""
        purpose = study.agreement.purpose if study.agreement else PSEUDRESCH
        current = self._store.permitted_records(study.study, purpose)
        used = self._diagnostics.question(study.question).training_categories
        name_in = self._copies.name_in(copy)
        parts = permitted_parts(self._store, current, used)
        return {name_in(key): part for key, part in parts.items()}

    def _names_listed(self, copy_id: str) -> set[str]:
        query = sa.select(_DELETIONS.c.name).where(_DELETIONS.c.copy == copy_id)
        with self._engine.connect() as connection:
            return set(connection.scalars(query))


def find_left(copy: ReleasedCopy, permitted: Mapping[str, Set[str]]) -> set[str]:
    """Return the people in a copy who do not permit every record that their row was made of.

    `permitted` has what each row may be made of now, by pseudonym.
    """
    return {
        name
        for name in copy.pseudonyms
        if not set(copy.parts[name]) <= permitted.get(name, frozenset())
    }


def _deletion(rows: Sequence[Any]) -> CopyDeletion:
    """Return the deletion of one person: done only when it is done in every copy."""
    waiting = [row for row in rows if row.acknowledged_at_s is None]
    open_rows = waiting or rows
    return CopyDeletion(
        name=rows[0].name,
        listed_at_s=min(row.listed_at_s for row in open_rows),
        due_at_s=min(row.due_at_s for row in open_rows),
        acknowledged_at_s=None if waiting else max(row.acknowledged_at_s for row in rows),
    )
