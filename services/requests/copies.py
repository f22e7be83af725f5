"""The training sets that studies downloaded: under which terms, of whom, and if deleted."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

import orjson
import sqlalchemy as sa

from models import CopyPlan, row_key
from models.pseudonymised import pseudonym_label
from services.errors import Conflict
from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "set"
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

    def list_with(self, subject: bytes, studies: Iterable[str]) -> list[ReleasedCopy]:
        """Return the copies of these studies that have a row of this person, the newest first."""
        copies = [copy for study in studies for copy in self.list_by_study(study)]
        return self.select_with(subject, copies)

    def select_with(self, subject: bytes, copies: Iterable[ReleasedCopy]) -> list[ReleasedCopy]:
        """Return those of these copies that have a row of this person."""
        keys = self._row_keys(subject)
        return [copy for copy in copies if self._names(copy, keys)]

    def names_of(self, copy: ReleasedCopy, subject: bytes) -> set[str]:
        """Return the names of the rows of a copy that this subject's records are part of."""
        return self._names(copy, self._row_keys(subject))

    def _names(self, copy: ReleasedCopy, keys: Iterable[bytes]) -> set[str]:
        return {*map(self.name_in(copy), keys)}.intersection(copy.pseudonyms)

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
            id=row.id,
            study=row.study,
            release=row.release,
            at_s=row.at_s,
            ends_at_s=row.ends_at_s,
            rows=row.rows,
            pseudonyms=tuple(content["names"]),
            plan=CopyPlan.of_json(plan) if plan is not None else None,
            deleted_at_s=row.deleted_at_s,
            is_pseudonymised=content.get("is_pseudonymised", False),
            parts=content.get("parts", {}),
            whole_records=content.get("whole_records", False),
            left_out=tuple(content.get("left_out", ())),
        )


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
