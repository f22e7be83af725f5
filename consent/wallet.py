"""Keeps patients' keys for trials, on the patients' side, all derived from one seed."""

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
    """A folder of the patients' side: one seed, and which subject each patient's label is.

    It holds what the platform must never hold. A key is HMAC-SHA512(seed, label and subject)
    reduced to the curve's order, so the seed alone brings every key back.
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
        """Make a wallet with a fresh seed; the folder is made too, for this user alone.

        Raises:
            WalletUnusable: there is a wallet already, or the folder cannot be written.
        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = json.dumps({"version": 1, "seed": secrets.token_hex(_SEED_BYTES)})
            _write_new(path / SEED_FILE, content)
        except FileExistsError:
            raise WalletUnusable(f"{path} holds a wallet already") from None
        except OSError as error:
            raise WalletUnusable(f"{path} cannot be written: {error.strerror}") from error
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Wallet:
        """Open the wallet in this folder.

        Raises:
            WalletUnusable: there is none, it is damaged, or others may read it.
        """
        held = _read_private(path / SEED_FILE)
        try:
            seed = bytes.fromhex(held["seed"])
        except (KeyError, TypeError, ValueError):
            raise WalletUnusable(f"{path / SEED_FILE} is damaged") from None
        if len(seed) != _SEED_BYTES or held.get("version") != 1:
            raise WalletUnusable(f"{path / SEED_FILE} is damaged")
        return cls(path, seed)

    def new_subject(self, label: str) -> bytes:
        """Return the random pseudonym of one patient, made and kept if the label is new."""
        return self.new_subjects([label])[label]

    def new_subjects(
        self, labels: Iterable[str], assigned: Mapping[str, bytes] = MappingProxyType({})
    ) -> dict[str, bytes]:
        """Return a subject for each label; new ones are on the disk, in one write, by then.

        A new label gets the subject that a custodian `assigned` to it, or a random one.

        Raises:
            WalletUnusable: the folder cannot be written, or a label has another subject already.
        """
        wanted = list(dict.fromkeys(labels))
        try:
            with _locked(self._path):
                known = dict(_read_subjects(self._path))
                fresh = [label for label in wanted if label not in known]
                for label in fresh:
                    known[label] = assigned.get(label) or secrets.token_bytes(_SUBJECT_BYTES)
                if any(known[label] != assigned.get(label, known[label]) for label in wanted):
                    raise WalletUnusable(
                        f"{self._path} has other subjects than the custodian's directory; "
                        "create a new wallet"
                    )
                if fresh:
                    shown = {label: subject.hex() for label, subject in known.items()}
                    _replace(self._path / SUBJECTS_FILE, json.dumps(shown, indent=0))
        except OSError as error:
            raise WalletUnusable(f"{self._path} cannot be written: {error.strerror}") from error
        self._subjects = known
        return {label: known[label] for label in wanted}

    def subjects(self) -> Mapping[str, bytes]:
        """Return every label and its subject."""
        return MappingProxyType(self._subjects)

    def get_subject(self, label: str) -> bytes:
        """Return the subject of a label.

        Raises:
            NotFound: the wallet has no such label.
        """
        if label not in self._subjects:
            raise ConsentNotFound("the wallet has no subject of that label")
        return self._subjects[label]

    def address(self, subject: bytes) -> bytes:
        """Return the 20-byte account of the subject's key."""
        return self._key(subject).address

    def sign(self, domain: Domain, message: Message) -> Signed:
        """Sign with the key of the message's subject, as a wallet would; about 90 microseconds.

        Raises:
            TermsInvalid: the message has a field that the contract could not hold.
        """
        signed = digest(domain, message)
        key = self._key(message.subject)
        return Signed(message, key.address, key.sign(signed))

    def _key(self, subject: bytes) -> SigningKey:
        stretched = hmac.digest(self._seed, _LABEL + subject, hashlib.sha512)
        # 512 bits reduced to 256: no scalar is likelier than another by more than 2**-255.
        scalar = int.from_bytes(stretched, "big") % (ORDER - 1) + 1
        return SigningKey(scalar.to_bytes(32, "big"))


def _read_subjects(path: Path) -> dict[str, bytes]:
    if not (path / SUBJECTS_FILE).exists():
        return {}
    try:
        held = _read_private(path / SUBJECTS_FILE)
        found = {str(label): bytes.fromhex(subject) for label, subject in held.items()}
    except (AttributeError, TypeError, ValueError):
        raise WalletUnusable(f"{path / SUBJECTS_FILE} is damaged") from None
    if any(len(subject) != _SUBJECT_BYTES for subject in found.values()):
        raise WalletUnusable(f"{path / SUBJECTS_FILE} is damaged")
    return found


def _read_private(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & 0o077 or status.st_uid != os.geteuid():
                raise WalletUnusable(f"{path} is open to other users; make it yours alone (0600)")
            held = json.loads(file.read())
    except FileNotFoundError:
        raise WalletUnusable(f"there is no wallet at {path.parent}") from None
    except OSError as error:
        raise WalletUnusable(f"{path} cannot be read: {error.strerror}") from error
    except ValueError:
        raise WalletUnusable(f"{path} is damaged") from None
    if not isinstance(held, dict):
        raise WalletUnusable(f"{path} is damaged")
    return held


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time add subjects; a lock dies with its process."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_new(path: Path, content: str) -> None:
    written = _written(path.parent, content)
    try:
        # A link fails where a file stands; a rename would overwrite it.
        os.link(written, path)
    finally:
        os.unlink(written)
    _sync(path.parent)


def _replace(path: Path, content: str) -> None:
    _written(path.parent, content).rename(path)
    _sync(path.parent)


def _written(folder: Path, content: str) -> Path:
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
