"""Says what each answer of the API looks like, so that callers and tests can hold us to it."""

from __future__ import annotations

from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, fields

from consent import ANCHOR_KINDS
from services.dates import iso_time


class Answer(Schema):
    """Nothing but the named fields, and all of them."""

    class Meta:
        """No field but ours."""

        unknown = RAISE


class HexString(fields.Field[bytes]):
    """Bytes as lower-case hex after 0x."""

    def __init__(self, *, prefix: str = "0x", **options: Any) -> None:
        metadata = {"type": "string", "pattern": f"^{prefix}[0-9a-f]*$"}
        super().__init__(required=True, metadata=metadata, **options)
        self._prefix = prefix

    def _serialize(self, value: bytes | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else self._prefix + value.hex()


def text(**how: Any) -> fields.String:
    """Return the field of a text that is always there, though perhaps null."""
    return fields.String(required=True, **how)


def number(**how: Any) -> fields.Integer:
    """Return the field of a whole number that is always there, though perhaps null."""
    return fields.Integer(required=True, **how)


def truth() -> fields.Boolean:
    """Return the field of a yes or no."""
    return fields.Boolean(required=True)


def real() -> fields.Float:
    """Return the field of a number."""
    return fields.Float(required=True)


def anything(kind: str | list[str] = "object", **how: Any) -> fields.Raw:
    """Return the field of a JSON value whose inside is described elsewhere."""
    return fields.Raw(required=True, metadata={"type": kind}, **how)


def one(schema: type[Schema], **how: Any) -> fields.Nested:
    """Return the field of one nested answer."""
    return fields.Nested(schema, required=True, **how)


def many(schema: type[Schema], **how: Any) -> fields.List[Any]:
    """Return the field of a list of nested answers."""
    return fields.List(fields.Nested(schema), required=True, **how)


class ViewSchema(Answer):
    """The ledger as seen at one block, dumped from a View."""

    chain_id = number()
    contract = text()
    code_hash = HexString(prefix="")
    block_number = number()
    block_hash = HexString(prefix="")
    block_time_s = number()
    count = number()
    head = HexString(prefix="")
    seen_at_s = number()


class DomainSchema(Answer):
    """The ledger that a signature is for."""

    chain_id = number()
    contract = text()


class RootSchema(Answer):
    """A Merkle root on the chain."""

    root = HexString(prefix="")
    count = number()
    block = number(attribute="block_number")


class LedgerSchema(Answer):
    """The state of the ledger."""

    domain = one(DomainSchema)
    custodian = HexString()
    finality = text()
    view = one(ViewSchema)
    anchors = fields.Dict(
        keys=fields.String(metadata={"enum": list(ANCHOR_KINDS)}),
        values=fields.List(fields.Nested(RootSchema)),
        required=True,
    )
    development = fields.Boolean(required=True, attribute="is_development")


class SubjectTermsSchema(Answer):
    """What a patient agreed to."""

    decision = text()
    recipient = text()
    purposes = fields.List(fields.String(), required=True)
    categories = fields.List(fields.String(), required=True)
    records = fields.List(fields.String(), required=True)
    data_from = text()
    data_to = text()
    obligations = fields.List(fields.String(), required=True)
    statement = text()


class SubjectConsentSchema(Answer):
    """One consent and its state; `terms` is null where they were erased."""

    consent_id = HexString()
    terms_hash = HexString()
    state = text()
    signed_at_s = number()
    not_after_s = number()
    terms = fields.Nested(SubjectTermsSchema, required=True, allow_none=True)


class SubjectConsentsSchema(Answer):
    """A subject's consents at one view."""

    view = one(ViewSchema)
    consents = many(SubjectConsentSchema)


class SubjectUseSchema(Answer):
    """One row of the journal about a subject, with its proof once it is anchored."""

    seq = number()
    at = fields.Function(lambda use: iso_time(use.at_s), required=True)
    party = text()
    actor = text()
    purpose = text()
    why = text()
    outcome = text()
    hash = HexString(prefix="")
    proof = anything(["object", "null"])


class SubjectUsesSchema(Answer):
    """Rows, newest first; `before` asks for the next page."""

    uses = many(SubjectUseSchema)
    before = number(allow_none=True)


class QuestionLinkSchema(Answer):
    """A question: its id and its title."""

    id = text()
    title = text()


class JobSchema(Answer):
    """How far long work is."""

    id = text()
    kind = text()
    state = text()
    step = text()
    done = number()
    of = number()
    is_cancelling = truth()
    asked_at_s = number(attribute="requested_at_s")
    result = anything(["object", "null"])
    error = text()


class ObjectAnswer(Schema):
    """An object that is described in docs/spec/: a card, for one."""

    class Meta:
        """Whatever is in it."""

        unknown = INCLUDE
