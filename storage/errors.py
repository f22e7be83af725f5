"""Define the errors of the record store, grouped by what the caller can do about them."""

from __future__ import annotations


class StorageError(Exception):
    """Base of every error of this package."""


class StorageNotFound(StorageError):
    """The record or block does not exist, or access is not permitted; the two look alike (404)."""


class StorageInvalid(StorageError):
    """The input is invalid; the message says what to change (422)."""


class RecordInvalid(StorageInvalid):
    """A record that cannot be deposited: malformed, too large, or with unknown codes."""


class SubjectErased(StorageInvalid):
    """The subject was erased: nothing is stored under it again."""


class StorageBroken(StorageError):
    """Stored data failed an integrity check; nothing was returned (502)."""


class SealBroken(StorageBroken):
    """An envelope or wrapped key cannot be opened; the same error for every cause."""


class NameMismatch(StorageBroken):
    """Bytes from the store do not match the CID or length that was requested."""


class RecordLost(StorageBroken):
    """A block that the catalogue lists is missing from the store."""


class JournalBroken(StorageBroken):
    """The journal's hash chain is broken, or anchored rows are missing."""


class StorageUnavailable(StorageError):
    """A required part is unavailable; try again later (503)."""


class StoreUnavailable(StorageUnavailable):
    """The IPFS node cannot be reached or does not answer in time."""


class VaultSealed(StorageUnavailable):
    """The record store is locked: nothing can be opened until an operator gives the passphrase."""


class DatabaseUnavailable(StorageUnavailable):
    """The database is unreachable, locked, or closed the connection; nothing was written."""


class ConcurrentChange(StorageUnavailable):
    """Another process changed the same data first; read again, then retry."""


class JournalUnavailable(StorageUnavailable):
    """The journal cannot be written, so nothing may be released."""


class DiskFull(StorageUnavailable):
    """The disk is full; free some space and try again."""
