"""A wallet for trials: patients' keys, on the patients' side, all derived from one seed."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from consent.errors import ConsentNotFound, WalletUnusable
from consent.signatures import ORDER, SigningKey
from consent.terms import Message, Signed
from consent.typed_data import Domain, digest

SEED_FILE: Final = "seed.json"
SUBJECTS_FILE: Final = "subjects.json"
_SEED_BYTES: Final = 32
_SUBJECT_BYTES: Final = 32
_LABEL: Final = b"vouchsafe patient key 1"


class Wallet:
    """A folder on the patients' side: one seed, and the subject of each patient's label.

    The platform must never have it. A key is HMAC-SHA512(seed, label and subject) reduced to the
    order of the curve, so the seed alone restores every key.
    """

    def __init__(self, path: Path, seed: bytes) -> None:
        """Use `create` or `open`; they refuse a seed that others could read."""
        self._path = path
        self._seed = seed
        self._subjects = _read_subjects(path)

    def __repr__(self) -> str:
        return f"Wallet({str(self._path)!r})"

    @classmethod
    def create(cls, path: Path) -> Wallet:
        """Make a wallet with a new seed; the folder is made too, for this user only.

        Raises:
            WalletUnusable: a wallet exists already, or the folder cannot be written.
        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = json.dumps({"version": 1, "seed": secrets.token_hex(_SEED_BYTES)})
            _write_new(path / SEED_FILE, content)
        except FileExistsError:
            raise WalletUnusable(f"{path} already has a wallet: choose another folder") from None
        except OSError as error:
            raise WalletUnusable(f"{path} cannot be written: {error.strerror}") from error
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Wallet:
        """Open the wallet in this folder.

        Raises:
            WalletUnusable: it is missing, damaged, or readable by other users.
        """
        content = _read_private(path / SEED_FILE)
        try:
            seed = bytes.fromhex(content["seed"])
        except (KeyError, TypeError, ValueError):
            raise WalletUnusable(f"{path / SEED_FILE} is damaged") from None
        if len(seed) != _SEED_BYTES or content.get("version") != 1:
            raise WalletUnusable(f"{path / SEED_FILE} is damaged")
        return cls(path, seed)

    def new_subjects(
        self, labels: Iterable[str], assigned: Mapping[str, bytes] = MappingProxyType({})
    ) -> dict[str, bytes]:
        """Return a subject for each label; new ones are stored durably, in one write.

        A new label gets the subject that a custodian `assigned` to it, or a random one.

        Raises:
            WalletUnusable: the folder cannot be written, or a label has another subject already.
        """
        requested = list(dict.fromkeys(labels))
        try:
            with _locked(self._path):
                known = dict(_read_subjects(self._path))
                new = [label for label in requested if label not in known]
                for label in new:
                    known[label] = assigned.get(label) or secrets.token_bytes(_SUBJECT_BYTES)
                if any(known[label] != assigned.get(label, known[label]) for label in requested):
                    raise WalletUnusable(
                        f"{self._path} has other subjects than the custodian's directory; "
                        "create a new wallet"
                    )
                if new:
                    by_label = {label: subject.hex() for label, subject in known.items()}
                    _replace(self._path / SUBJECTS_FILE, json.dumps(by_label, indent=0))
        except OSError as error:
            raise WalletUnusable(f"{self._path} cannot be written: {error.strerror}") from error
        self._subjects = known
        return {label: known[label] for label in requested}

    def subjects(self) -> Mapping[str, bytes]:
        """Return every label and its subject."""
        return MappingProxyType(self._subjects)

    def get_subject(self, label: str) -> bytes:
        """Return the subject of a label.

        Raises:
            ConsentNotFound: the wallet has no such label.
        """
        if label not in self._subjects:
            raise ConsentNotFound(
                f"the wallet has no person {label!r}: enrol them with this wallet, or give another"
            )
        return self._subjects[label]

    def address(self, subject: bytes) -> bytes:
        """Return the 20-byte account of the subject's key."""
        return self._key(subject).address

    def sign(self, domain: Domain, message: Message) -> Signed:
        """Sign with the key of the message's subject; about 90 microseconds.

        Raises:
            TermsInvalid: the message has a field that the contract could not hold.
        """
        signed = digest(domain, message)
        key = self._key(message.subject)
        return Signed(message, key.address, key.sign(signed))

    def _key(self, subject: bytes) -> SigningKey:
        expanded = hmac.digest(self._seed, _LABEL + subject, hashlib.sha512)
        # 512 bits reduced to 256: the bias between any two scalars is below 2**-255.
        scalar = int.from_bytes(expanded, "big") % (ORDER - 1) + 1
        return SigningKey(scalar.to_bytes(32, "big"))


def _read_subjects(path: Path) -> dict[str, bytes]:
    if not (path / SUBJECTS_FILE).exists():
        return {}
    try:
        content = _read_private(path / SUBJECTS_FILE)
        subjects = {str(label): bytes.fromhex(subject) for label, subject in content.items()}
    except (AttributeError, TypeError, ValueError):
        raise WalletUnusable(f"{path / SUBJECTS_FILE} is damaged") from None
    if any(len(subject) != _SUBJECT_BYTES for subject in subjects.values()):
        raise WalletUnusable(f"{path / SUBJECTS_FILE} is damaged")
    return subjects


def _read_private(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & 0o077 or status.st_uid != os.geteuid():
                raise WalletUnusable(f"{path} is readable by other users: run chmod 600")
            content = json.loads(file.read())
    except FileNotFoundError:
        raise WalletUnusable(f"no wallet in {path.parent}: make one first") from None
    except OSError as error:
        raise WalletUnusable(f"{path} cannot be read: {error.strerror}") from error
    except ValueError:
        raise WalletUnusable(f"{path} is damaged") from None
    if not isinstance(content, dict):
        raise WalletUnusable(f"{path} is damaged")
    return content


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time add subjects; the lock ends with the process."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_new(path: Path, content: str) -> None:
    temporary = _write_temporary(path.parent, content)
    try:
        # A link fails where a file exists; a rename would overwrite it.
        os.link(temporary, path)
    finally:
        os.unlink(temporary)
    _sync(path.parent)


def _replace(path: Path, content: str) -> None:
    _write_temporary(path.parent, content).rename(path)
    _sync(path.parent)


def _write_temporary(folder: Path, content: str) -> Path:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")  # 0600 from the start
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
