"""The record store: the names that the other packages may use of it."""

from storage.access import AccessRequest, AccessResult
from storage.block_folder import BlockFolder
from storage.block_store import BlockReader, BlockStore
from storage.deposit import DepositReport
from storage.document import Arrival
from storage.duties import ACCEPTED_DUTIES
from storage.entry import Entry
from storage.erasure import Receipt
from storage.errors import (
    ConcurrentChange,
    DatabaseUnavailable,
    DiskFull,
    JournalBroken,
    JournalUnavailable,
    NameMismatch,
    RecordInvalid,
    RecordLost,
    SealBroken,
    StorageBroken,
    StorageError,
    StorageInvalid,
    StorageNotFound,
    StorageUnavailable,
    StoreUnavailable,
    SubjectErased,
    VaultSealed,
)
from storage.extracts import Extractor
from storage.files import sync_folder
from storage.history_rule import RuleChange
from storage.integrity import OWN, OWN_PURPOSE
from storage.ipfs import Kubo
from storage.journal import LOST, MOVED_AWAY, NO_RECORD, NOBODY, AccessOutcome, JournalRow, Use
from storage.permissions import SubjectRecords
from storage.record import MAX_RECORD_BYTES, Record, Value, require_record
from storage.record_store import RecordStore
from storage.vault import COUNTED, Vault
from storage.versions import Arriving, Merged, MergeReport

__all__ = [
    "ACCEPTED_DUTIES",
    "COUNTED",
    "LOST",
    "MAX_RECORD_BYTES",
    "MOVED_AWAY",
    "NO_RECORD",
    "OWN",
    "OWN_PURPOSE",
    "NOBODY",
    "AccessOutcome",
    "Arrival",
    "Arriving",
    "Merged",
    "MergeReport",
    "StorageUnavailable",
    "StorageInvalid",
    "SubjectErased",
    "SubjectRecords",
    "BlockStore",
    "BlockFolder",
    "BlockReader",
    "StorageBroken",
    "DatabaseUnavailable",
    "DepositReport",
    "DiskFull",
    "Entry",
    "Extractor",
    "AccessResult",
    "JournalBroken",
    "JournalUnavailable",
    "Kubo",
    "NameMismatch",
    "StorageNotFound",
    "ConcurrentChange",
    "Receipt",
    "Record",
    "RecordInvalid",
    "RecordLost",
    "JournalRow",
    "RecordStore",
    "RuleChange",
    "SealBroken",
    "StorageError",
    "StoreUnavailable",
    "Use",
    "Value",
    "Vault",
    "VaultSealed",
    "AccessRequest",
    "require_record",
    "sync_folder",
]
