"""Fields, request bodies and results that several parts of the API share."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import INCLUDE, RAISE, Schema, fields, validate

from consent import ANCHOR_KINDS
from services.dates import iso_time
from services.schemas import SignedEnrolmentSchema, Strict, ValidationError

MAX_SIGNED: Final = 1_000
MAX_CODES: Final = 64
MAX_NAME: Final = 128


class Text(fields.String):
    """A printable text of limited length; nothing is stripped or guessed."""

    def __init__(self, max_length: int = MAX_NAME, min_length: int = 1, **options: Any) -> None:
        length = validate.Length(min_length, max_length)
        super().__init__(validate=[length, _require_printable], **options)


def _require_printable(text: str) -> None:
    if not text.isprintable():
        raise ValidationError("Must be printable.")


class NothingSchema(Strict):
    """An empty object."""


class PageSchema(Strict):
    """A part of a long list: query parameters, so numbers come as text."""

    limit = fields.Integer(load_default=50, validate=[validate.Range(1, 1_000)])
    before = fields.Integer(load_default=None, validate=[validate.Range(1, 2**53)])


class SignedEnrolments(Strict):
    """Many signed enrolments."""

    signed = fields.List(
        fields.Nested(SignedEnrolmentSchema),
        required=True,
        validate=[validate.Length(1, MAX_SIGNED)],
    )


class Answer(Schema):
    """A result: the named fields, all of them, and no others."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE


class HexString(fields.Field[bytes]):
    """Bytes as lower-case hex after 0x."""

    def __init__(self, *, prefix: str = "0x", **options: Any) -> None:
        metadata = {"type": "string", "pattern": f"^{prefix}[0-9a-f]*$"}
        super().__init__(required=True, metadata=metadata, **options)
        self._prefix = prefix

    def _serialize(self, value: bytes | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else self._prefix + value.hex()


def text(**options: Any) -> fields.String:
    """Return the field of a text that is always present, though perhaps null."""
    return fields.String(required=True, **options)


def number(**options: Any) -> fields.Integer:
    """Return the field of a whole number that is always present, though perhaps null."""
    return fields.Integer(required=True, **options)


def truth() -> fields.Boolean:
    """Return the field of a boolean."""
    return fields.Boolean(required=True)


def real() -> fields.Float:
    """Return the field of a number."""
    return fields.Float(required=True)


def anything(kind: str | list[str] = "object", **options: Any) -> fields.Raw:
    """Return the field of a JSON value whose inside is described elsewhere."""
    return fields.Raw(required=True, metadata={"type": kind}, **options)


def nested(schema: type[Schema], **options: Any) -> fields.Nested:
    """Return the field of a nested result."""
    return fields.Nested(schema, required=True, **options)


def many(schema: type[Schema], **options: Any) -> fields.List[Any]:
    """Return the field of a list of nested results."""
    return fields.List(fields.Nested(schema), required=True, **options)


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

    domain = nested(DomainSchema)
    custodian = HexString()
    finality = text()
    view = nested(ViewSchema)
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

    view = nested(ViewSchema)
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
