"""Says what can go wrong in the record store, grouped by what the reader can do about it."""

from __future__ import annotations


class StorageError(Exception):
    """Every error of this package."""


class StorageNotFound(StorageError):
    """Nothing of that name is here, or not for you: a stranger cannot tell which (404)."""


class StorageInvalid(StorageError):
    """The input is wrong; the message says what to change (422)."""


class RecordInvalid(StorageInvalid):
    """A record that cannot be deposited: malformed, oversize, or in unknown words."""


class StorageBroken(StorageError):
    """What is stored is not what was stored; nothing is handed out (502)."""


class SealBroken(StorageBroken):
    """An envelope does not open as itself; one error for every cause."""


class NameMismatch(StorageBroken):
    """Bytes from the store do not have the name (CID, length) that was asked for."""


class RecordLost(StorageBroken):
    """A block that the catalogue knows is not kept any more."""


class JournalBroken(StorageBroken):
    """The journal's chain does not hold together."""


class StorageUnavailable(StorageError):
    """A part is away; ask again later (503)."""


class StoreUnavailable(StorageUnavailable):
    """The IPFS node cannot be reached or does not answer in time."""


class VaultSealed(StorageUnavailable):
    """The root key is not unsealed: nothing can be opened until an operator unseals it."""


class DatabaseUnavailable(StorageUnavailable):
    """The database cannot be reached, is locked, or broke off; nothing was written."""


class ConcurrentChange(StorageUnavailable):
    """Another process did the same first; look again, then ask again."""


class JournalUnavailable(StorageUnavailable):
    """The journal cannot be written, so nothing may leave."""


class DiskFull(StorageUnavailable):
    """There is no room to write; free some and try again."""
