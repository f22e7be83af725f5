"""What the auditor's API takes and answers."""

from __future__ import annotations

from marshmallow import fields, validate

from services.auditor.journal import PERMIT, REFUSAL
from services.schemas import Strict, Text
from web.api.schemas import Answer, many, number, text

MOST_SEQ = 10**15


class JournalSchema(Strict):
    """Parts of what is looked for, and where older lines begin."""

    kind = fields.String(load_default="", validate=validate.OneOf(("", PERMIT, REFUSAL)))
    party = Text(128, 0, load_default="")
    purpose = Text(128, 0, load_default="")
    outcome = Text(128, 0, load_default="")
    before = fields.Integer(load_default=None, validate=validate.Range(0, MOST_SEQ))


class StandsAnswer(Answer):
    """One part: how much of it, of what time, and whether it agrees."""

    part = text()
    count = number(allow_none=True)
    at_s = number(allow_none=True)
    state = text()


class StandsAllAnswer(Answer):
    """Where each part stands."""

    parts = many(StandsAnswer)


class AnchoredAnswer(Answer):
    """One root on the chain."""

    kind = text()
    root = fields.Function(lambda anchor: anchor.root.hex(), required=True)
    count = number()
    block = number(attribute="block_number")
    at_s = number(allow_none=True)


class AnchorsAnswer(Answer):
    """Anchors, the newest first."""

    anchors = many(AnchoredAnswer)


class AuditLineAnswer(Answer):
    """One row of the journal without subject and record."""

    seq = number()
    at_s = number()
    kind = text()
    party = text()
    purpose = text()
    outcome = text()
    hash = fields.Function(lambda row: row.hash.hex(), required=True)


class AuditJournalAnswer(Answer):
    """Rows, the newest first, and where older ones begin."""

    lines = many(AuditLineAnswer, attribute="rows")
    older_before = number(allow_none=True)
