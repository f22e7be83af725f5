"""The training sets that studies downloaded: under which terms, of whom, and if deleted."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Final

import orjson
import sqlalchemy as sa

from consent import DAY_S
from models import CopyPlan, row_key
from models.pseudonymised import pseudonym_label
from services.errors import Conflict, NotFound, TooManyRequests
from services.requests.copy_names import CopyNames, KnownCopies
from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "set"
MAX_A_DAY: Final = 10
"""Copies of one study: each makes the pages slower of everybody who is in it."""
_ID_CHARACTERS: Final = 32
NAME_CHARACTERS: Final = 32
"""Of a row's pseudonym in a copy."""
_MAX_OTHERS: Final = 8
"""A person with more linked subjects than this and one is found by the first of them."""

_COPIES: Final = sa.Table(
    "web_sets",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("study", sa.String(128), nullable=False, index=True),
    sa.Column("release", sa.String(32), nullable=False),
    sa.Column("account", sa.String(32), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("ends_at_s", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("names", sa.LargeBinary, nullable=False),
    sa.Column("deleted_at_s", sa.BigInteger),
)


@dataclass(frozen=True, slots=True)
class NewCopy:
    """A copy before it is released: of which study, its name, to whom, its end, its columns.

    `is_first` is true if its columns come from no earlier copy. A pseudonymised copy has no plan.
    `earlier` is how many copies an anonymised one was compared with. `parts` has of each row, by
    pseudonym, the ids of the records that it was made of, and `left_out` the pseudonyms of the rows
    that had to stay out; whole records leave with it if `whole_records` is true.
    """

    study: str
    release: str
    account: str
    ends_at_s: int
    plan: CopyPlan | None
    is_first: bool
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole_records: bool = False
    earlier: int | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleasedCopy:
    """One released copy.

    Attributes:
        release: the name that its pseudonyms are derived from.
        pseudonyms: of the people in it.
        plan: its columns and bands; None for a pseudonymised copy, or from before copies had one.
        parts: by pseudonym, the ids of the records that each row was made of; an anonymised copy
            of an earlier release has none. A pseudonymised one from before parts were ids has the
            place of each subject among the row's and a category (``0/laboratory``).
        is_pseudonymised: True if its values are exact and its pseudonyms those of the study.
        whole_records: True if it has whole records, not only rows.
        deleted_at_s: when the study confirmed that it deleted the copy.
        left_out: the pseudonyms of the rows that had to stay out.
    """

    id: str
    study: str
    release: str
    at_s: int
    ends_at_s: int
    rows: int
    pseudonyms: tuple[str, ...]
    plan: CopyPlan | None
    deleted_at_s: int | None
    is_pseudonymised: bool = False
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole_records: bool = False
    left_out: tuple[str, ...] = ()


class ReleasedCopies:
    """The rows of released copies."""

    def __init__(self, engine: sa.Engine, store: RecordStore, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._known = KnownCopies(self._read_names)

    def require_room(self, study: str) -> None:
        """Refuse another copy of a study that made many within a day.

        Raises:
            TooManyRequests: it made `MAX_A_DAY`; says when to try again.
        """
        now_s = int(self._clock())
        is_new = (_COPIES.c.study == study) & (_COPIES.c.at_s > now_s - DAY_S)
        query = sa.select(_COPIES.c.at_s).where(is_new).order_by(_COPIES.c.at_s.desc())
        with self._engine.connect() as connection:
            times = connection.scalars(query.limit(MAX_A_DAY)).all()
        if len(times) == MAX_A_DAY:
            problem = f"{MAX_A_DAY} copies of this study were made within a day"
            raise TooManyRequests(times[-1] + DAY_S - now_s, problem)

    def add(self, copy: NewCopy, pseudonyms: Iterable[str]) -> str:
        """Store a copy before it is released; return its id.

        Raises:
            Conflict: another copy of the study was stored meanwhile, with which this one was not
                compared.
        """
        identity, people = _identity(copy), tuple(pseudonyms)
        plan = copy.plan.to_json() if copy.plan is not None else None
        stored: dict[str, Any] = {"names": people, "plan": plan, "parts": copy.parts}
        stored |= {"is_pseudonymised": plan is None, "whole_records": copy.whole_records}
        stored["left_out"] = copy.left_out
        content = orjson.dumps(stored).decode()
        sealed = self._store.seal_text(LABEL, content, identity.encode())
        row = {
            "id": identity,
            "study": copy.study,
            "release": copy.release,
            "account": copy.account,
            "at_s": int(self._clock()),
            "ends_at_s": copy.ends_at_s,
            "rows": len(people),
            "names": sealed,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_COPIES), row)
        except sa.exc.IntegrityError as exc:
            problem = (
                "Another copy of the study was made at the same time. Start the download again."
            )
            raise Conflict(problem) from exc
        return identity

    def list_by_study(self, study: str) -> list[ReleasedCopy]:
        """Return the copies of a study, the newest first."""
        query = sa.select(_COPIES).where(_COPIES.c.study == study).order_by(_COPIES.c.at_s.desc())
        with self._engine.connect() as connection:
            return [self._copy(row) for row in connection.execute(query)]

    def name_in(self, copy: ReleasedCopy) -> Callable[[bytes], str]:
        """Return what gives the name of a row's key in a copy; of most rows that is a subject."""
        label = f"release {copy.study} {copy.release}"
        if copy.is_pseudonymised:
            label = pseudonym_label(copy.study)
        pseudonym = self._store.pseudonyms(label)
        return lambda key: pseudonym(key).hex()[:NAME_CHARACTERS]

    def get(self, copy_id: str) -> ReleasedCopy:
        """Return a copy with its names and parts: of many, open one after the other.

        Raises:
            NotFound: there is no copy of this id.
        """
        with self._engine.connect() as connection:
            row = connection.execute(_COPIES.select().where(_COPIES.c.id == copy_id)).first()
        if row is None:
            raise NotFound
        return self._copy(row)

    def list_summaries(self, study: str) -> list[ReleasedCopy]:
        """Return the copies of a study without names, plan and parts, the newest first."""
        columns = [column for column in _COPIES.c if column is not _COPIES.c.names]
        query = sa.select(*columns).where(_COPIES.c.study == study)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_COPIES.c.at_s.desc())).all()
        return [self._summary(row) for row in rows]

    def list_with(self, subject: bytes, studies: Iterable[str]) -> list[ReleasedCopy]:
        """Return the copies of these studies that have a row of this person, the newest first.

        Their `pseudonyms` are those of this person alone; plan and parts are left out.
        """
        keys = self._row_keys(subject)
        copies = [copy for study in studies for copy in self.list_summaries(study)]
        named = [(copy, self._names(copy, keys)) for copy in copies]
        return [replace(copy, pseudonyms=tuple(sorted(names))) for copy, names in named if names]

    def names_of(self, copy: ReleasedCopy, subject: bytes) -> set[str]:
        """Return the names of the rows of a copy that this subject's records are part of."""
        return self._names(copy, self._row_keys(subject))

    def list_releases(self, study: str) -> set[str]:
        """Return the names of the copies of a study."""
        query = sa.select(_COPIES.c.release).where(_COPIES.c.study == study)
        with self._engine.connect() as connection:
            return set(connection.scalars(query))

    def _names(self, copy: ReleasedCopy, keys: Iterable[bytes]) -> set[str]:
        known = self._known.get(copy.id)
        return {name for name in map(self.name_in(copy), keys) if known.has(name)}

    def _read_names(self, copy_id: str) -> CopyNames:
        copy = self.get(copy_id)
        return CopyNames.of(
            copy.pseudonyms,
            is_pseudonymised=copy.is_pseudonymised,
            whole_records=copy.whole_records,
        )

    def _summary(self, row: Any) -> ReleasedCopy:
        known = self._known.get(row.id)
        return ReleasedCopy(
            **_facts(row),
            pseudonyms=(),
            plan=None,
            is_pseudonymised=known.is_pseudonymised,
            whole_records=known.whole_records,
        )

    def _row_keys(self, subject: bytes) -> list[bytes]:
        """Return the keys of every row that a subject's records may be part of."""
        group = self._store.links.groups([subject], ever=True).get(subject, (subject,))
        others = [other for other in group if other != subject][:_MAX_OTHERS]
        return [
            row_key((subject, *part))
            for size in range(len(others) + 1)
            for part in combinations(others, size)
        ]

    def confirm_deletion(self, study: str, identity: str) -> bool:
        """Store that a study deleted a copy; False if it has no such copy that is not deleted."""
        update = sa.update(_COPIES).where(
            _COPIES.c.id == identity, _COPIES.c.study == study, _COPIES.c.deleted_at_s.is_(None)
        )
        with self._engine.begin() as connection:
            result = connection.execute(update.values(deleted_at_s=int(self._clock())))
        return bool(result.rowcount == 1)

    def _copy(self, row: Any) -> ReleasedCopy:
        opened = orjson.loads(self._store.open_text(LABEL, bytes(row.names), row.id.encode()))
        # A copy from before copies had plans is a list of names.
        content: dict[str, Any] = opened if isinstance(opened, dict) else {"names": opened}
        plan = content.get("plan")
        return ReleasedCopy(
            **_facts(row),
            pseudonyms=tuple(content["names"]),
            plan=CopyPlan.of_json(plan) if plan is not None else None,
            is_pseudonymised=content.get("is_pseudonymised", False),
            parts=content.get("parts", {}),
            whole_records=content.get("whole_records", False),
            left_out=tuple(content.get("left_out", ())),
        )


def _facts(row: Any) -> dict[str, Any]:
    """Return what of a copy is stored in clear."""
    names = ("id", "study", "release", "at_s", "ends_at_s", "rows", "deleted_at_s")
    return {name: getattr(row, name) for name in names}


def _identity(copy: NewCopy) -> str:
    """Return an id: one for every copy that was compared with the same ones.

    So the database takes one of two at once: their difference could be the row of one person.
    """
    if copy.is_first:
        place = f"first copy of {copy.study}"
    elif copy.earlier is not None:
        place = f"copy after {copy.earlier} of {copy.study}"
    else:
        return secrets.token_hex(16)
    return hashlib.sha256(place.encode()).hexdigest()[:_ID_CHARACTERS]
