"""The requests and results of the auditor's API."""

from __future__ import annotations

from marshmallow import fields, validate

from models import Model
from services.auditor.journal import (
    OTHER,
    PERMIT,
    REFUSAL,
    JournalPage,
    JournalPeriod,
    JournalRow,
    JournalTotal,
)
from services.auditor.service import AnchorRow, LedgerStatus, PartStatus
from services.schemas import Strict
from web.api.schemas import BARE_HEX, Text, listing, schema_of

MAX_SEQ = 10**15


class JournalPeriodBody(Strict):
    """What rows must match; `since` and `until` are the first and the last day, UTC."""

    kind = fields.String(load_default="", validate=validate.OneOf(("", PERMIT, REFUSAL, OTHER)))
    party = Text(128, 0, load_default="")
    purpose = Text(128, 0, load_default="")
    outcome = Text(128, 0, load_default="")
    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)


class JournalSearchBody(JournalPeriodBody):
    """What rows must match, and the row below which to search."""

    before = fields.Integer(load_default=None, validate=validate.Range(0, MAX_SEQ))


AuditedModelSchema = schema_of(
    "AuditedModelSchema",
    Model,
    "study question sha256 manifest_root state trained_at_s affected_at_s ended_at_s predecessor "
    "successor",
    model="id",
)
AuditedModelsSchema = listing("AuditedModelsSchema", "models", AuditedModelSchema)
PartStatusSchema = schema_of("PartStatusSchema", PartStatus, "part count at_s state")
LedgerStatusSchema = schema_of(
    "LedgerStatusSchema", LedgerStatus, "contract finality", parts=PartStatusSchema
)
AnchorSchema = schema_of(
    "AnchorSchema", AnchorRow, "kind count at_s", root=BARE_HEX, block="block_number"
)
AnchorsSchema = listing("AnchorsSchema", "anchors", AnchorSchema)
AuditRowSchema = schema_of(
    "AuditRowSchema", JournalRow, "seq at_s kind party purpose outcome", hash=BARE_HEX
)
AuditJournalSchema = schema_of(
    "AuditJournalSchema",
    JournalPage,
    "older_before",
    lines=("rows", AuditRowSchema),
)
JournalTotalSchema = schema_of(
    "JournalTotalSchema", JournalTotal, "party purpose permits refusals others"
)
JournalPeriodSchema = schema_of(
    "JournalPeriodSchema",
    JournalPeriod,
    "",
    lines=("rows", AuditRowSchema),
    totals=JournalTotalSchema,
)
