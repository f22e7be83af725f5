"""Create, wrap, unwrap and delete keys: the root key wraps patient keys, these wrap record keys."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final, NoReturn

import sqlalchemy as sa

from storage.database import chunks, read_few, reading, writing
from storage.errors import ConcurrentChange, SealBroken, SubjectErased, VaultSealed
from storage.seal import decrypt_bytes, derive_key, encrypt_bytes, new_key, unwrap_key, wrap_key
from storage.tables import METADATA

WRAP_SUITE: Final = 1
_PATIENT_LABEL: Final = b"vouchsafe/v1/patient-key"
_RECORD_LABEL: Final = b"vouchsafe/v1/record-key"
_WRAPPING_LABEL: Final = b"vouchsafe/v1/root-wrapping"
_PSEUDONYM_LABEL: Final = b"vouchsafe/v1/pseudonym/"
_CONTENT_LABEL: Final = b"vouchsafe/v1/text/"
_ERASED_LABEL: Final = "erased-subject"

_PATIENT_KEYS = sa.Table(
    "storage_patient_keys",
    METADATA,
    sa.Column("subject", sa.LargeBinary(32), primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("suite", sa.SmallInteger, nullable=False),
)
_KEYS_OF: Final = sa.select(_PATIENT_KEYS).where(
    _PATIENT_KEYS.c.subject.in_(sa.bindparam("subjects", expanding=True))
)
_KEY_OF: Final = sa.select(_PATIENT_KEYS).where(
    _PATIENT_KEYS.c.subject == sa.bindparam("of_subject")
)
_ERASED = sa.Table(
    "storage_erased_subjects",
    METADATA,
    # A keyed hash: the table alone does not reveal who was erased.
    sa.Column("mark", sa.LargeBinary(32), primary_key=True),
)


class SecretKey:
    """A key in memory: its repr hides it, and it cannot be pickled."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "SecretKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("secret keys cannot be serialised")

    def reveal(self) -> bytes:
        """Return the key's bytes for immediate use."""
        return self._key


class Keys:
    """All keys of an install; unavailable until `unseal` supplies the root key.

    Deleting a wrapped key makes what it wraps unreadable: a record, or all records of a patient.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._root: SecretKey | None = None

    def unseal(self, root: SecretKey) -> None:
        """Supply the root key; records can be sealed and opened from then on."""
        self._root = root

    @property
    def is_sealed(self) -> bool:
        """True while there is no root key."""
        return self._root is None

    def root(self) -> SecretKey:
        """Return the root key.

        Raises:
            VaultSealed: it has not been supplied.
        """
        if self._root is None:
            raise VaultSealed(
                "the record store is locked: no passphrase was given. "
                "Set VOUCHSAFE_PASSPHRASE_FILE and restart."
            )
        return self._root

    def _derived(self, label: bytes) -> bytes:
        return derive_key(self.root().reveal(), label)

    def pseudonyms(self, label: str) -> Callable[[bytes], bytes]:
        """Return HMAC-SHA256 under a key of this label, which only this install can compute.

        Raises:
            VaultSealed: there is no root key.
        """
        # Copying a keyed object is three times as fast as keying one for each of a million records.
        keyed = hmac.new(self._derived(_PSEUDONYM_LABEL + label.encode()), digestmod="sha256")

        def pseudonym(data: bytes) -> bytes:
            mac = keyed.copy()
            mac.update(data)
            return mac.digest()

        return pseudonym

    def seal_bytes(self, label: str, content: bytes, about: bytes = b"") -> bytes:
        """Return `content` encrypted under a key of this label, bound to what it is `about`.

        Raises:
            VaultSealed: there is no root key.
        """
        return encrypt_bytes(self._derived(_CONTENT_LABEL + label.encode()), content, about)

    def open_bytes(self, label: str, sealed: bytes, about: bytes = b"") -> bytes:
        """Return what `seal_bytes` encrypted with the same label and `about`.

        Raises:
            SealBroken: altered, or encrypted with another label, subject matter or install.
            VaultSealed: there is no root key.
        """
        return decrypt_bytes(self._derived(_CONTENT_LABEL + label.encode()), sealed, about)

    def patient_keys(self, subjects: Iterable[bytes]) -> dict[bytes, SecretKey]:
        """Return the key of each subject that has one; subjects without a key are left out.

        Raises:
            SealBroken: a row is not the one that was written for its subject.
        """
        wrapping = self._derived(_WRAPPING_LABEL)
        keys: dict[bytes, SecretKey] = {}
        for subject, wrapped, suite in self._wrapped_keys(set(subjects)):
            if suite != WRAP_SUITE:
                raise SealBroken(f"unknown key-wrap suite {suite} of a patient's key")
            key = unwrap_key(wrapping, wrapped, _PATIENT_LABEL + subject)
            keys[subject] = SecretKey(key)
        return keys

    def _wrapped_keys(self, subjects: set[bytes]) -> Iterator[Any]:
        """Yield subject, wrapped key and suite of each subject that has a key."""
        if len(subjects) == 1:
            yield from read_few(self._engine, _KEY_OF, {"of_subject": next(iter(subjects))})
            return
        with reading(self._engine) as connection:
            for chunk in chunks(subjects):
                yield from connection.execute(_KEYS_OF, {"subjects": chunk})

    def make_patient_keys(self, subjects: Iterable[bytes]) -> dict[bytes, SecretKey]:
        """Return the key of each subject; missing ones are created and stored first.

        Raises:
            SubjectErased: one of them was erased; no key was created.
        """
        wrapping = self._derived(_WRAPPING_LABEL)
        # Every process inserts in the same order, so that no two wait for each other in a circle.
        ordered = sorted(set(subjects))
        known = self.patient_keys(ordered)
        fresh = {subject: new_key() for subject in ordered if subject not in known}
        if not fresh:
            return known
        rows = [
            {
                "subject": subject,
                "wrapped": wrap_key(wrapping, key, _PATIENT_LABEL + subject),
                "suite": WRAP_SUITE,
            }
            for subject, key in fresh.items()
        ]
        try:
            with writing(self._engine) as connection:
                if self._select_erased(connection, fresh):
                    raise SubjectErased(
                        "a patient of these records was erased; nothing was stored. "
                        "Send the file again: a person who joins again gets a new entry."
                    )
                connection.execute(sa.insert(_PATIENT_KEYS), rows)
        except ConcurrentChange:  # another process created a key for one of them first
            return self.make_patient_keys(ordered)
        return known | {subject: SecretKey(key) for subject, key in fresh.items()}

    def delete_patient(self, subject: bytes, connection: sa.Connection) -> bool:
        """Delete the subject's key in the caller's transaction; return whether there was one.

        What it wrapped cannot be opened again. Call `purge_deleted` after the transaction. Backups
        keep the wrapped key until they are rotated (docs/operations.md).
        """
        deletion = sa.delete(_PATIENT_KEYS).where(_PATIENT_KEYS.c.subject == subject)
        return bool(connection.execute(deletion).rowcount)

    def mark_erased(self, subject: bytes, connection: sa.Connection) -> None:
        """Record in the caller's transaction that no key is ever created for a subject again.

        Raises:
            VaultSealed: there is no root key.
        """
        mark = self.pseudonyms(_ERASED_LABEL)(subject)
        connection.execute(sa.delete(_ERASED).where(_ERASED.c.mark == mark))
        connection.execute(sa.insert(_ERASED), {"mark": mark})

    def find_erased(self, subjects: Iterable[bytes]) -> set[bytes]:
        """Return those of these subjects that were erased.

        Raises:
            VaultSealed: there is no root key.
        """
        with reading(self._engine) as connection:
            return self._select_erased(connection, subjects)

    def _select_erased(self, connection: sa.Connection, subjects: Iterable[bytes]) -> set[bytes]:
        mark_of = self.pseudonyms(_ERASED_LABEL)
        by_mark = {mark_of(subject): subject for subject in subjects}
        erased = set[bytes]()
        for chunk in chunks(by_mark):
            query = sa.select(_ERASED.c.mark).where(_ERASED.c.mark.in_(chunk))
            erased |= {by_mark[bytes(mark)] for mark in connection.scalars(query)}
        return erased


def require_patient_keys(connection: sa.Connection, subjects: Collection[bytes]) -> None:
    """Refuse subjects without a key, and keep those keys until the caller's transaction ends.

    Raises:
        ConcurrentChange: one was erased since its key was read.
    """
    query, count = sa.select(_PATIENT_KEYS.c.subject).with_for_update(read=True), 0
    for chunk in chunks(sorted(subjects)):
        rows = connection.execute(query.where(_PATIENT_KEYS.c.subject.in_(chunk)))
        count += len(rows.all())
    if count < len(subjects):
        raise ConcurrentChange("a patient of these records was erased meanwhile; try again")


def purge_deleted(engine: sa.Engine) -> bool:
    """Overwrite deleted rows in SQLite's files; call it after deleting a key.

    `secure_delete` zeroes the page only in the write-ahead log; the main file keeps the old page
    until a checkpoint. PostgreSQL removes dead rows at its own VACUUM and its log by rotation.

    Returns:
        True if nothing is left to overwrite. False if a reader of the older state blocked the
        checkpoint for longer than the engine waits: what is left is still wrapped by the root key
        and is overwritten at the next checkpoint.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()  # a checkpoint cannot run inside a transaction
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
    finally:
        connection.close()
    return row is not None and row[0] == 0  # first column: 1 if another connection blocked it


def wrap_record_key(patient: SecretKey, key: bytes, record_id: bytes, version: int) -> bytes:
    """Return a record key wrapped by its patient's key, for this version of this record only.

    The patient's key is itself bound to its subject.
    """
    return wrap_key(patient.reveal(), key, _record_context(record_id, version))


def unwrap_record_key(patient: SecretKey, wrapped: bytes, record_id: bytes, version: int) -> bytes:
    """Return the record key that `wrap_record_key` wrapped.

    Raises:
        SealBroken: another patient's key, or wrapped for another record or version.
    """
    return unwrap_key(patient.reveal(), wrapped, _record_context(record_id, version))


def _record_context(record_id: bytes, version: int) -> bytes:
    return _RECORD_LABEL + record_id + version.to_bytes(4, "big")
