"""Stores which subjects are one person: proposed, linked by a custodian, dismissed or undone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from storage.database import chunks, read_few, reading, writing
from storage.errors import ConcurrentChange
from storage.tables import METADATA

PROPOSED: Final = "proposed"
LINKED: Final = "linked"
DISMISSED: Final = "dismissed"
UNDONE: Final = "undone"
_NOW_LINKED: Final = (LINKED,)
_EVER_LINKED: Final = (LINKED, UNDONE)
_MAX_LOOKUPS: Final = 500
"""For more subjects than this, all links are read at once."""

_LINKS = sa.Table(
    "storage_person_links",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    # The smaller of the two subjects, so that a pair has one row.
    sa.Column("first", sa.LargeBinary(32), nullable=False),
    sa.Column("second", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("source", sa.String(32), nullable=False),
    sa.Column("proposed_by", sa.String(128), nullable=False),
    sa.Column("proposed_at_s", sa.BigInteger, nullable=False),
    sa.Column("decided_by", sa.String(128)),
    sa.Column("decided_at_s", sa.BigInteger),
    sa.UniqueConstraint("first", "second"),
)


# Made once: each release of records reads the links, and making a statement costs more than that.
# Parameters one by one where there are few: a list of them is made into SQL at each execution.
_OF_SUBJECTS: Final[sa.BindParameter[Any]] = sa.bindparam("subjects", expanding=True)
_OF_SUBJECT: Final[sa.BindParameter[Any]] = sa.bindparam("subject")
_Pairs = sa.Select[*tuple[Any, ...]]


def _pairs_in(states: Sequence[str]) -> _Pairs:
    in_state = _LINKS.c.state.in_([sa.literal(state) for state in states])
    return sa.select(_LINKS.c.first, _LINKS.c.second).where(in_state)


_PAIRS: Final[Mapping[tuple[str, ...], _Pairs]] = {
    states: _pairs_in(states) for states in (_NOW_LINKED, _EVER_LINKED)
}
_PAIRS_OF: Final[Mapping[tuple[str, ...], _Pairs]] = {
    states: pairs.where(_LINKS.c.first.in_(_OF_SUBJECTS) | _LINKS.c.second.in_(_OF_SUBJECTS))
    for states, pairs in _PAIRS.items()
}
_PAIRS_OF_SUBJECT: Final[Mapping[tuple[str, ...], _Pairs]] = {
    states: pairs.where((_LINKS.c.first == _OF_SUBJECT) | (_LINKS.c.second == _OF_SUBJECT))
    for states, pairs in _PAIRS.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLink:
    """Two subjects that are, or may be, one person; times are seconds UTC.

    Attributes:
        first, second: the subjects, the smaller one first.
        state: proposed, linked, dismissed, or undone after it was linked.
        source: what proposed it: ``custodian``, or the type of a FHIR Patient.link.
        proposed_by: an account, a token, or the sender of a file.
    """

    id: str
    first: bytes
    second: bytes
    state: str
    source: str
    proposed_by: str
    proposed_at_s: int
    decided_by: str | None
    decided_at_s: int | None

    @property
    def subjects(self) -> tuple[bytes, bytes]:
        """Both subjects."""
        return self.first, self.second


class PersonLinks:
    """The rows of links. Records stay under their own subject, whatever is linked."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def propose(self, subject: bytes, other: bytes, source: str, by: str) -> PersonLink:
        """Return the link of two different subjects; a new proposal if there is none in any state.

        What was dismissed or undone stays so when a file proposes it again.
        """
        first, second = sorted((subject, other))
        known = self._select((_LINKS.c.first == first) & (_LINKS.c.second == second), 1)
        if known:
            return known[0]
        row = {
            "id": secrets.token_hex(16),
            "first": first,
            "second": second,
            "state": PROPOSED,
            "source": source,
            "proposed_by": by,
            "proposed_at_s": int(self._clock()),
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(sa.insert(_LINKS), row)
        except ConcurrentChange:  # another caller proposed the same pair first
            return self.propose(subject, other, source, by)
        return self._select(_LINKS.c.id == row["id"], 1)[0]

    def find(self, identity: str) -> PersonLink | None:
        """Return a link, or None."""
        links = self._select(_LINKS.c.id == identity, 1)
        return links[0] if links else None

    def decide(self, identity: str, state: str, by: str, *, before: str | None = None) -> bool:
        """Store a link's new state, and who decided it; the same state again changes nothing.

        With `before`, a link that has another state by now does not change. Return whether it did.
        """
        is_other = (_LINKS.c.id == identity) & (_LINKS.c.state != state)
        if before is not None:
            is_other &= _LINKS.c.state == before
        values = {"state": state, "decided_by": by, "decided_at_s": int(self._clock())}
        with writing(self._engine) as connection:
            result = connection.execute(sa.update(_LINKS).where(is_other).values(values))
        return bool(result.rowcount == 1)

    def list_newest(self, limit: int) -> list[PersonLink]:
        """Return the newest links: the proposed ones first, then those in force, then the rest."""
        order = {PROPOSED: 0, LINKED: 1}
        rank = sa.case(order, value=_LINKS.c.state, else_=2)
        return self._select(sa.true(), limit, rank)

    def count_waiting(self) -> int:
        """Return how many proposals wait for the custodian's decision."""
        query = sa.select(sa.func.count()).where(_LINKS.c.state == PROPOSED)
        with reading(self._engine) as connection:
            return int(connection.scalar(query) or 0)

    def groups(
        self, subjects: Iterable[bytes], *, ever: bool = False
    ) -> dict[bytes, tuple[bytes, ...]]:
        """Return all subjects of the person, sorted, for each of these that is linked.

        A subject that is linked with nobody is left out. Links are followed from one to the next.

        Args:
            subjects: whose links are looked up.
            ever: count links that were undone, too.
        """
        subjects = set(subjects)
        pairs = self._pairs(subjects, _EVER_LINKED if ever else _NOW_LINKED)
        groups = _components(pairs)
        return {subject: groups[subject] for subject in subjects if subject in groups}

    def erase_subject(self, subject: bytes, *, refuses: bool = False) -> None:
        """Delete every link of a subject, but none in force through which a refusal counts.

        Such a link stays where the subject refuses something, or links others with one another.
        """
        is_of = (_LINKS.c.first == subject) | (_LINKS.c.second == subject)
        if refuses or len(self._pairs_of(subject, _NOW_LINKED)) > 1:
            is_of &= _LINKS.c.state != LINKED
        with writing(self._engine) as connection:
            connection.execute(sa.delete(_LINKS).where(is_of))

    def _pairs(self, subjects: set[bytes], states: tuple[str, ...]) -> set[tuple[bytes, bytes]]:
        """Return every link of these subjects, and of those that they are linked with."""
        if len(subjects) == 1:
            (subject,) = subjects
            pairs = self._pairs_of(subject, states)
            if not pairs:
                return pairs
        pairs = set()
        with reading(self._engine) as connection:
            if len(subjects) > _MAX_LOOKUPS:
                return {(bytes(a), bytes(b)) for a, b in connection.execute(_PAIRS[states])}
            known, new = set[bytes](), set(subjects)
            while new:
                known |= new
                for chunk in chunks(new):
                    rows = connection.execute(_PAIRS_OF[states], {"subjects": chunk})
                    pairs |= {(bytes(a), bytes(b)) for a, b in rows}
                new = {subject for pair in pairs for subject in pair} - known
        return pairs

    def _pairs_of(self, subject: bytes, states: tuple[str, ...]) -> set[tuple[bytes, bytes]]:
        rows = read_few(self._engine, _PAIRS_OF_SUBJECT[states], {"subject": subject})
        return {(bytes(first), bytes(second)) for first, second in rows}

    def _select(
        self,
        condition: sa.ColumnElement[bool],
        limit: int,
        rank: sa.ColumnElement[Any] | None = None,
    ) -> list[PersonLink]:
        query = sa.select(_LINKS).where(condition)
        if rank is not None:
            query = query.order_by(rank)
        query = query.order_by(_LINKS.c.proposed_at_s.desc(), _LINKS.c.id).limit(limit)
        with reading(self._engine) as connection:
            return [_link(row) for row in connection.execute(query).mappings()]


def _components(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, tuple[bytes, ...]]:
    """Return, for each subject of a pair, all that are connected with it, sorted."""
    members: dict[bytes, set[bytes]] = {}
    for first, second in pairs:
        group, joined = members.get(first, {first}), members.get(second, {second})
        if group is joined:
            continue
        small, large = sorted((group, joined), key=len)
        large |= small
        members |= dict.fromkeys((*small, first, second), large)
    return {subject: tuple(sorted(group)) for subject, group in members.items()}


def _link(row: sa.RowMapping) -> PersonLink:
    fields: dict[str, Any] = {str(name): value for name, value in row.items()}
    fields |= {name: bytes(fields[name]) for name in ("first", "second")}
    return PersonLink(**fields)
