"""Says what can go wrong in the safe, grouped by what the reader can do about it."""

from __future__ import annotations


class StorageError(Exception):
    """Every error of this package."""


class NotFound(StorageError):
    """Nothing of that name is here, or not for you: a stranger cannot tell which (404)."""


class BadlyAsked(StorageError):
    """The input is wrong; the message says what to change (422)."""


class RecordInvalid(BadlyAsked):
    """A record that cannot be deposited: malformed, oversize, or in unknown words."""


class Broken(StorageError):
    """What is stored is not what was stored; nothing is handed out (502)."""


class SealBroken(Broken):
    """An envelope does not open as itself; one error for every cause."""


class NameMismatch(Broken):
    """Bytes from the store do not have the name (CID, length) that was asked for."""


class RecordLost(Broken):
    """A block that the catalogue knows is not kept any more."""


class JournalBroken(Broken):
    """The journal's chain does not hold together."""


class Away(StorageError):
    """A part is away; ask again later (503)."""


class StoreUnavailable(Away):
    """The IPFS node cannot be reached or does not answer in time."""


class VaultSealed(Away):
    """The root key is not unsealed: nothing can be opened until an operator unseals it."""


class DatabaseUnavailable(Away):
    """The database cannot be reached, is locked, or broke off; nothing was written."""


class Overtaken(Away):
    """Another process did the same first; look again, then ask again."""


class JournalUnavailable(Away):
    """The journal cannot be written, so nothing may leave."""


class DiskFull(Away):
    """There is no room to write; free some and try again."""
