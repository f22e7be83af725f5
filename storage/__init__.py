"""The front door of the record store: what the other packages may use of it."""

from storage.blobs import Blobs, Blocks
from storage.deposit import DepositReport
from storage.entry import Entry
from storage.erasure import Receipt
from storage.errors import (
    DatabaseUnavailable,
    DiskFull,
    JournalBroken,
    JournalUnavailable,
    NameMismatch,
    Overtaken,
    RecordInvalid,
    RecordLost,
    SealBroken,
    StorageBroken,
    StorageError,
    StorageInvalid,
    StorageNotFound,
    StorageUnavailable,
    StoreUnavailable,
    VaultSealed,
)
from storage.folder import BlockFolder
from storage.ipfs import Kubo
from storage.journal_row import Answer, Row, Use
from storage.record import MAX_RECORD_BYTES, Record, Value, require_record
from storage.record_store import RecordStore, proves_row
from storage.vault import AccessRequest, Gathered, Vault

__all__ = [
    "MAX_RECORD_BYTES",
    "Answer",
    "StorageUnavailable",
    "StorageInvalid",
    "Blobs",
    "BlockFolder",
    "Blocks",
    "StorageBroken",
    "DatabaseUnavailable",
    "DepositReport",
    "DiskFull",
    "Entry",
    "Gathered",
    "JournalBroken",
    "JournalUnavailable",
    "Kubo",
    "NameMismatch",
    "StorageNotFound",
    "Overtaken",
    "Receipt",
    "Record",
    "RecordInvalid",
    "RecordLost",
    "Row",
    "RecordStore",
    "SealBroken",
    "StorageError",
    "StoreUnavailable",
    "Use",
    "Value",
    "Vault",
    "VaultSealed",
    "AccessRequest",
    "proves_row",
    "require_record",
]
