"""Stores resources without a known patient, sealed, until their patient arrives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from attrs import define

from records.fhir_entries import FhirEntry
from records.fhir_file import STORED_MAX_DEPTH
from records.json_strict import dumps_exact, loads_exact
from records.outcomes import EntryCode, EntryOutcome, Outcome
from records.placement import content_of, identity_of, updated_us
from records.references import OWNERLESS, Subject
from services.chunks import chunks
from services.custodian.patient_names import PatientNames
from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "parked"
BATCH_SIZE: Final = 200

_PARKED: Final = sa.Table(
    "custodian_parked",
    METADATA,
    sa.Column("id", sa.LargeBinary(32), primary_key=True),
    # True: it belongs to no patient, such as an Organization, and waits for nobody.
    sa.Column("is_shared", sa.Boolean, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
)
_WAITING: Final = sa.Table(
    "custodian_parked_names",
    METADATA,
    sa.Column("parked", sa.LargeBinary(32), primary_key=True),
    sa.Column("name", sa.LargeBinary(32), primary_key=True, index=True),
)
# Made once: each chunk of a delivery runs it many times.
_STORED: Final = sa.select(_PARKED.c.id).where(
    _PARKED.c.id.in_(sa.bindparam("keys", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Parked:
    """A resource without a known patient.

    Attributes:
        identity: the name that is the same in each of its versions.
        entry: as it arrived.
        sender: who sent it.
        names: what its patient may be called; empty if it belongs to no patient.
        is_doubtful: whether it names two patients, so that no Patient who arrives ends the doubt.
    """

    identity: str
    entry: FhirEntry
    sender: str
    names: Sequence[str] = ()
    is_doubtful: bool = False


@define(eq=False, repr=False)
class ParkedEntries:
    """Resources that wait for their patient, and those that belong to no patient."""

    _engine: sa.Engine
    _store: RecordStore
    _names: PatientNames
    _clock: Callable[[], float]

    def add(self, parked: Iterable[Parked]) -> list[Parked]:
        """Store resources; a newer version replaces the one that waits. Return the older ones.

        Raises:
            VaultSealed (storage): the root key is absent; nothing is stored.
        """
        newest, older = _newest_of_each(parked)
        known = self.find(newest)
        for name, each in known.items():
            if _is_before(newest[name].entry, each.entry):
                older.append(newest.pop(name))
        key_of = self._store.pseudonyms(LABEL)
        by_key = {key_of(name.encode()): each for name, each in newest.items()}
        for part in chunks(list(by_key), BATCH_SIZE):
            rows = [self._row(key, by_key[key]) for key in part]
            names = self._names.hash_names({n for key in part for n in by_key[key].names})
            waiting = [{"parked": k, "name": names[n]} for k in part for n in by_key[k].names]
            with self._engine.begin() as connection:
                self._delete(connection, part)
                connection.execute(sa.insert(_PARKED), rows)
                if waiting:
                    connection.execute(sa.insert(_WAITING), waiting)
        return older

    def waiting_for(self, names: Iterable[str]) -> dict[bytes, Parked]:
        """Return the resources that wait for a patient of one of these names, by their key.

        Not those that name two patients.
        """
        hashed = list(self._names.hash_names(names).values())
        parked: dict[bytes, Parked] = {}
        for part in chunks(hashed, BATCH_SIZE):
            query = sa.select(_PARKED.c.id, _PARKED.c.body).distinct()
            query = query.join(_WAITING, _WAITING.c.parked == _PARKED.c.id)
            query = query.where(_WAITING.c.name.in_(part))
            with self._engine.connect() as connection:
                for key, body in connection.execute(query):
                    parked[bytes(key)] = self._open(bytes(key), bytes(body))
        return {key: each for key, each in parked.items() if not each.is_doubtful}

    def find(self, identities: Iterable[str]) -> dict[str, Parked]:
        """Return those of these resources that are stored here, by their identity."""
        key_of = self._store.pseudonyms(LABEL)
        by_key = {key_of(identity.encode()): identity for identity in identities}
        parked: dict[str, Parked] = {}
        for part in chunks(list(by_key), BATCH_SIZE):
            query = sa.select(_PARKED.c.id, _PARKED.c.body)
            query = query.where(_PARKED.c.id.in_(part))
            with self._engine.connect() as connection:
                for key, body in connection.execute(query):
                    parked[by_key[bytes(key)]] = self._open(bytes(key), bytes(body))
        return parked

    def delete(self, keys: Sequence[bytes]) -> None:
        """Delete resources that were filed under their patient."""
        for part in chunks(keys, BATCH_SIZE):
            with self._engine.begin() as connection:
                self._delete(connection, part)

    def erase_subject(self, subject: bytes) -> None:
        """Delete what waits under a name of a subject; call it before the names are deleted."""
        names = self._names.hashes_of(subject)
        names += self._names.hash_names([subject_name(subject)]).values()
        for part in chunks(names, BATCH_SIZE):
            query = sa.select(_WAITING.c.parked).distinct()
            query = query.where(_WAITING.c.name.in_(part))
            with self._engine.connect() as connection:
                keys = [bytes(key) for key in connection.scalars(query)]
            self.delete(keys)

    def delete_identities(self, identities: Iterable[str]) -> int:
        """Delete resources by their identities, as their sender asked; return how many there were.

        Raises:
            VaultSealed (storage): the root key is absent.
        """
        key_of = self._store.pseudonyms(LABEL)
        keys = dict.fromkeys(key_of(identity.encode()) for identity in identities)
        stored: list[bytes] = []
        with self._engine.connect() as connection:
            for part in chunks(list(keys)):
                stored += map(bytes, connection.scalars(_STORED, {"keys": part}))
        self.delete(stored)
        return len(stored)

    def count(self, *, shared: bool | None = None) -> int:
        """Return how many resources wait, or are shared, or both."""
        query = sa.select(sa.func.count()).select_from(_PARKED)
        if shared is not None:
            query = query.where(_PARKED.c.is_shared == shared)
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def _row(self, key: bytes, parked: Parked) -> dict[str, Any]:
        entry = parked.entry
        head = {"identity": parked.identity, "sender": parked.sender, "url": entry.url}
        names = {"names": list(parked.names), "is_doubtful": parked.is_doubtful}
        body = dumps_exact({**head, **names, "resource": entry.resource})
        return {
            "id": key,
            "is_shared": not parked.names,
            "body": self._store.seal_bytes(LABEL, body, key),
            "at_s": int(self._clock()),
        }

    def _open(self, key: bytes, body: bytes) -> Parked:
        fields = loads_exact(self._store.open_bytes(LABEL, body, key), STORED_MAX_DEPTH)
        entry = FhirEntry(0, fields["resource"], fields["url"])
        is_doubtful = fields.get("is_doubtful", False)  # not in those of earlier releases
        return Parked(fields["identity"], entry, fields["sender"], fields["names"], is_doubtful)

    @staticmethod
    def _delete(connection: sa.Connection, keys: Sequence[bytes]) -> None:
        connection.execute(sa.delete(_WAITING).where(_WAITING.c.parked.in_(keys)))
        connection.execute(sa.delete(_PARKED).where(_PARKED.c.id.in_(keys)))


def _newest_of_each(parked: Iterable[Parked]) -> tuple[dict[str, Parked], list[Parked]]:
    """Return the newest version of each resource by its identity, and the others."""
    newest: dict[str, Parked] = {}
    older = []
    for each in parked:
        known = newest.get(each.identity)
        if known is None or each.entry.resource == known.entry.resource:
            newest[each.identity] = each
            continue
        is_undated = updated_us(each.entry) == updated_us(known.entry)
        if _is_before(each.entry, known.entry) or (is_undated and each.entry.newest_first):
            older.append(each)
        else:
            older.append(known)
            newest[each.identity] = each
    return newest, older


def _is_before(entry: FhirEntry, other: FhirEntry) -> bool:
    """Return whether its sender changed an entry before the other."""
    at_us, other_us = updated_us(entry), updated_us(other)
    return at_us is not None and other_us is not None and at_us < other_us


def park(entry: FhirEntry, subject: Subject, sender: str) -> tuple[Parked | None, EntryOutcome]:
    """Return how to store a resource without a known patient, None if refused; and its outcome."""
    is_shared = subject.code in (EntryCode.NO_SUBJECT, EntryCode.SUBJECT_NOT_PERSON)
    code = EntryCode.NOTHING if entry.kind in OWNERLESS and is_shared else subject.code
    is_refused = code is EntryCode.CONTEXT_NOT_PATIENT
    outcome = Outcome.SHARED if is_shared else Outcome.PARKED
    outcome = Outcome.REFUSED if is_refused else outcome
    identity = waiting_name(entry, sender)
    element = ".".join(part for part in (entry.kind, subject.element) if part)
    is_doubtful = code is EntryCode.CONTRADICTING_SUBJECT
    names = tuple(dict.fromkeys(subject.names))  # several references can be to one patient
    waiting = Parked(identity, entry, sender, names, is_doubtful)
    parked = None if is_refused else waiting
    return parked, EntryOutcome(entry.number, outcome, entry.kind, code, element if code else "")


def subject_name(subject: bytes) -> str:
    """Return the name under which an entry waits that also names another patient than this one."""
    return f"subject|{subject.hex()}"


def waiting_name(entry: FhirEntry, sender: str) -> str:
    """Return the name under which an entry waits; one without a name waits by its content."""
    name = identity_of(entry, sender)
    if name or entry.resource is None:
        return name
    digest = hashlib.sha256(content_of(entry.resource)).hexdigest()
    return f"{sender}|{entry.number}|{digest}"
