"""The codes of what a check of records, keys, blocks and journal can find."""

from __future__ import annotations

from consent import FindingCode


class StoreFinding(FindingCode):
    """What a check of the record store can find."""

    BATCH_UNFINISHED = ("batch-unfinished", "a batch is not finished yet")
    BATCH_NOT_ANCHORED = ("batch-not-anchored", "a batch is not anchored on the ledger")
    BATCH_MISSING = ("batch-missing", "a batch that the ledger has an anchor of is not here")
    BATCH_NOT_PINNED = ("batch-not-pinned", "a batch is not pinned")
    ENTRIES_DIFFER = ("entries-differ", "catalogue rows differ from those that were anchored")
    DESCRIPTION_DIFFERS = (
        "description-differs",
        "the description of a record differs from the one that was anchored",
    )
    BLOCK_MISSING = ("block-missing", "a block is missing or does not match its CID")
    ENVELOPE_DIFFERS = ("envelope-differs", "an envelope belongs to another record")
    PATIENT_KEY_MISSING = ("patient-key-missing", "the patient of a record has no key")
    RECORD_KEY_BROKEN = ("record-key-broken", "the key of a record cannot be unwrapped")
    RECORD_KEY_GONE = (
        "record-key-gone",
        "the key of a record is missing, and neither an erasure nor a move explains it",
    )
    OLDER_CURRENT = (
        "older-current",
        "an older version of a record is the current one in place of its newest version",
    )
    ROWS_LOST = ("rows-lost", "journal rows are permanently lost; the loss was accepted")
    ROW_DIFFERS = ("row-differs", "a journal row differs from the one that was written")
    USE_NOT_CONSENTED = (
        "use-not-consented",
        "a journal row says permitted, but its consent did not allow that use: {reason}",
    )
    NOT_OWN_READING = (
        "not-own-reading",
        "a journal row says own, but its use is not a patient's reading of their own record",
    )
    VIEW_OUTDATED = (
        "view-outdated",
        "a journal row says permitted by a view of the ledger that was outdated when it was "
        "written: it ends at change {view}, and change {anchored} was an anchor of earlier rows",
    )
    VIEW_LATER = (
        "view-later",
        "a journal row says permitted by a view of the ledger from after it was anchored: the view "
        "ends at change {view}, and change {anchored} was the anchor",
    )
    TIME_OUTDATED = (
        "time-outdated",
        "a journal row says permitted at a time before that of earlier rows",
    )
    TIME_LATER = (
        "time-later",
        "a journal row says permitted at a time {seconds} s after block {block}, which anchors it",
    )
    USE_DIFFERS = ("use-differs", "the use that a journal row names was altered")
    END_DIFFERS = ("end-differs", "the journal does not end with the last row that was written")
    ANCHORED_ROWS_MISSING = ("anchored-rows-missing", "anchored journal rows are missing")
    ANCHORED_ROWS_DIFFER = (
        "anchored-rows-differ",
        "journal rows differ from those that were anchored",
    )
