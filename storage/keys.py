"""Makes, wraps, unwraps and shreds keys: root wraps patient, patient wraps record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NoReturn

import sqlalchemy as sa

from storage.database import reading, writing
from storage.errors import ConcurrentChange, SealBroken, StorageNotFound, VaultSealed
from storage.mac import mac_of
from storage.seal import decrypt_key, decrypt_text, derive, encrypt_key, encrypt_text, new_key
from storage.tables import METADATA

WRAP_SUITE: Final = 1
_PATIENT_LABEL: Final = b"vouchsafe/v1/patient-key"
_RECORD_LABEL: Final = b"vouchsafe/v1/record-key"
_WRAPPING_LABEL: Final = b"vouchsafe/v1/root-wrapping"
_PSEUDONYM_LABEL: Final = b"vouchsafe/v1/pseudonym/"
_TEXT_LABEL: Final = b"vouchsafe/v1/text/"
_AT_ONCE: Final = 500

_PATIENT_KEYS = sa.Table(
    "storage_patient_keys",
    METADATA,
    sa.Column("subject", sa.LargeBinary(32), primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("suite", sa.SmallInteger, nullable=False),
)


class SecretKey:
    """A key in memory: it never shows itself, and cannot be pickled."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "SecretKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written down")

    def reveal(self) -> bytes:
        """Return the key's bytes, to be used at once."""
        return self._key


class Keys:
    """Every key of an install; absent until `unseal` has handed over the root key.

    Deleting a wrapped key shreds what it wraps: a record, or a patient.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._root: SecretKey | None = None

    def unseal(self, root: SecretKey) -> None:
        """Hand over the root key; from now on records can be sealed and opened."""
        self._root = root

    @property
    def is_sealed(self) -> bool:
        """True while the root key is absent."""
        return self._root is None

    def root(self) -> SecretKey:
        """Return the root key.

        Raises:
            VaultSealed: it is absent.
        """
        if self._root is None:
            raise VaultSealed("the root key is not unsealed: give the passphrase")
        return self._root

    def _derived(self, label: bytes) -> bytes:
        return derive(self.root().reveal(), label)

    def pseudonym(self, label: str, data: bytes) -> bytes:
        """Return 32 bytes that stand for `data` under `label`, and that only this install can make.

        Raises:
            VaultSealed: the root key is absent.
        """
        return self.pseudonyms(label)(data)

    def pseudonyms(self, label: str) -> Callable[[bytes], bytes]:
        """Return `pseudonym` for one label, for use in a loop."""
        return mac_of(self._derived(_PSEUDONYM_LABEL + label.encode()))

    def seal_text(self, label: str, text: str, about: bytes = b"") -> bytes:
        """Return a text sealed under a key of its label, bound to what it is about.

        Raises:
            VaultSealed: the root key is absent.
        """
        key = self._derived(_TEXT_LABEL + label.encode())
        return encrypt_text(key, text.encode(), about)

    def open_text(self, label: str, sealed: bytes, about: bytes = b"") -> str:
        """Return what `seal_text` sealed under the same label, about the same.

        Raises:
            SealBroken: altered, or of another label, install or thing.
            VaultSealed: the root key is absent.
        """
        key = self._derived(_TEXT_LABEL + label.encode())
        return decrypt_text(key, sealed, about).decode()

    def patient_keys(self, subjects: Iterable[bytes]) -> dict[bytes, SecretKey]:
        """Return the key of each subject that has one; subjects that were shredded are left out.

        Raises:
            SealBroken: a row is not what was written for its subject.
        """
        wrapping = self._derived(_WRAPPING_LABEL)
        wanted = list(dict.fromkeys(subjects))
        found: dict[bytes, SecretKey] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                part = wanted[start : start + _AT_ONCE]
                asked = sa.select(_PATIENT_KEYS).where(_PATIENT_KEYS.c.subject.in_(part))
                for subject, wrapped, suite in connection.execute(asked):
                    if suite != WRAP_SUITE:
                        raise SealBroken("a patient's key is wrapped in an unknown way")
                    key = decrypt_key(wrapping, wrapped, _PATIENT_LABEL + subject)
                    found[subject] = SecretKey(key)
        return found

    def make_patient_keys(self, subjects: Iterable[bytes]) -> dict[bytes, SecretKey]:
        """Return the key of each subject, made durably for those that had none."""
        wrapping = self._derived(_WRAPPING_LABEL)
        wanted = sorted(set(subjects))  # all in one order: so no two processes wait in a circle
        known = self.patient_keys(wanted)
        fresh = {subject: new_key() for subject in wanted if subject not in known}
        if not fresh:
            return known
        rows = [
            {
                "subject": subject,
                "wrapped": encrypt_key(wrapping, key, _PATIENT_LABEL + subject),
                "suite": WRAP_SUITE,
            }
            for subject, key in fresh.items()
        ]
        try:
            with writing(self._engine) as connection:
                connection.execute(sa.insert(_PATIENT_KEYS), rows)
        except ConcurrentChange:  # another process was first for one of them: ask again
            return self.make_patient_keys(wanted)
        return known | {subject: SecretKey(key) for subject, key in fresh.items()}

    def shred_patient(self, subject: bytes) -> bool:
        """Delete the subject's key for good; what it wrapped opens no more. True if there was one.

        Backups keep it until they are rotated (docs/operations.md).
        """
        with writing(self._engine) as connection:
            was_there = self.delete_patient(subject, connection)
        purge_deleted(self._engine)
        return was_there

    def delete_patient(self, subject: bytes, connection: sa.Connection) -> bool:
        """Delete the subject's key in the caller's transaction, who calls `purge_deleted` then."""
        gone = sa.delete(_PATIENT_KEYS).where(_PATIENT_KEYS.c.subject == subject)
        return bool(connection.execute(gone).rowcount)


def purge_deleted(engine: sa.Engine) -> bool:
    """Overwrite deleted rows in SQLite's files; call it after deleting a key.

    `secure_delete` zeroes a page, but in the write-ahead log: until a checkpoint the main file
    keeps the old one. PostgreSQL drops dead rows at its own VACUUM, its log when that is rotated.

    True if nothing is left that this could overwrite. False while somebody reads what was before,
    for longer than the engine waits: what is left is still wrapped by the root key, and goes with
    the next checkpoint.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()  # not in a transaction: a checkpoint cannot be in one
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        answer = cursor.fetchone()
    finally:
        connection.close()
    return answer is not None and answer[0] == 0  # the first column: was somebody in the way?


def wrap_record_key(patient: SecretKey, key: bytes, record_id: bytes, version: int) -> bytes:
    """Return a record's key wrapped by its patient's, for this version of this record only.

    The subject is bound by the patient's key, which unwraps only under its own subject.
    """
    return encrypt_key(patient.reveal(), key, _bound_to(record_id, version))


def unwrap_record_key(patient: SecretKey, wrapped: bytes, record_id: bytes, version: int) -> bytes:
    """Return what `wrap_record_key` wrapped.

    Raises:
        SealBroken: another patient's key, or another record's or version's wrapping.
    """
    return decrypt_key(patient.reveal(), wrapped, _bound_to(record_id, version))


def _bound_to(record_id: bytes, version: int) -> bytes:
    return _RECORD_LABEL + record_id + version.to_bytes(4, "big")


def require_patient_key(keys: Keys, subject: bytes) -> SecretKey:
    """Return the subject's key.

    Raises:
        NotFound: there is none, or it was shredded.
    """
    found = keys.patient_keys([subject])
    if subject not in found:
        raise StorageNotFound("no such record")
    return found[subject]
