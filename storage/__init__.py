"""The front door of the safe: what the other packages may use of it."""

from storage.blobs import Blobs, Blocks
from storage.deposit import DepositReport
from storage.entry import Entry
from storage.erasure import Receipt
from storage.errors import (
    Away,
    BadlyAsked,
    Broken,
    DatabaseUnavailable,
    DiskFull,
    JournalBroken,
    JournalUnavailable,
    NameMismatch,
    NotFound,
    Overtaken,
    RecordInvalid,
    RecordLost,
    SealBroken,
    StorageError,
    StoreUnavailable,
    VaultSealed,
)
from storage.folder import BlockFolder
from storage.ipfs import Kubo
from storage.journal_row import Answer, Row, Use
from storage.record import MAX_RECORD_BYTES, Record, Value, require_record
from storage.safe import Safe, proves_row
from storage.vault import Gathered, Vault, Wanted

__all__ = [
    "MAX_RECORD_BYTES",
    "Answer",
    "Away",
    "BadlyAsked",
    "Blobs",
    "BlockFolder",
    "Blocks",
    "Broken",
    "DatabaseUnavailable",
    "DepositReport",
    "DiskFull",
    "Entry",
    "Gathered",
    "JournalBroken",
    "JournalUnavailable",
    "Kubo",
    "NameMismatch",
    "NotFound",
    "Overtaken",
    "Receipt",
    "Record",
    "RecordInvalid",
    "RecordLost",
    "Row",
    "Safe",
    "SealBroken",
    "StorageError",
    "StoreUnavailable",
    "Use",
    "Value",
    "Vault",
    "VaultSealed",
    "Wanted",
    "proves_row",
    "require_record",
]
