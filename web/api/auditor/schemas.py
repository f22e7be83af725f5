"""The requests and results of the auditor's API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.auditor.journal import PERMIT, REFUSAL
from services.schemas import Strict
from web.api.schemas import Answer, HexString, Text, many, number, text

MAX_SEQ = 10**15


class JournalSearchBody(Strict):
    """What rows must match, and the row below which to search."""

    kind = fields.String(load_default="", validate=validate.OneOf(("", PERMIT, REFUSAL)))
    party = Text(128, 0, load_default="")
    purpose = Text(128, 0, load_default="")
    outcome = Text(128, 0, load_default="")
    before = fields.Integer(load_default=None, validate=validate.Range(0, MAX_SEQ))


class AuditedModelSchema(Answer):
    """One model and its state."""

    model = text(attribute="id")
    study = text()
    question = text()
    sha256 = text()
    manifest_root = text()
    state = text()
    trained_at_s = number()
    affected_at_s = number(allow_none=True)
    ended_at_s = number(allow_none=True)
    predecessor = text(allow_none=True)
    successor = text(allow_none=True)


class AuditedModelsSchema(Answer):
    """Models, oldest first."""

    models = many(AuditedModelSchema)


class PartStatusSchema(Answer):
    """One part: its number of entries, the newest one's time, and its state."""

    part = text()
    count = number(allow_none=True)
    at_s = number(allow_none=True)
    state = text()


class LedgerStatusSchema(Answer):
    """The state of each part, and which contract on which kind of chain."""

    parts = many(PartStatusSchema)
    contract = text()
    finality = text()


class AnchorSchema(Answer):
    """One Merkle root on the chain."""

    kind = text()
    root = HexString(prefix="")
    count = number()
    block = number(attribute="block_number")
    at_s = number(allow_none=True)


class AnchorsSchema(Answer):
    """Anchors, newest first."""

    anchors = many(AnchorSchema)


class AuditRowSchema(Answer):
    """One row of the journal without subject and record."""

    seq = number()
    at_s = number()
    kind = text()
    party = text()
    purpose = text()
    outcome = text()
    hash = HexString(prefix="")


class AuditJournalSchema(Answer):
    """Rows, newest first, and where older ones begin."""

    lines = many(AuditRowSchema, attribute="rows")
    older_before = number(allow_none=True)
