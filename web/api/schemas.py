"""Says what each answer of the API looks like, so that callers and tests can hold us to it."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import INCLUDE, RAISE, Schema, fields

from consent import ANCHOR_KINDS


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


class ViewAnswer(Answer):
    """The ledger as seen at one block."""

    chain_id = number()
    contract = text()
    code_hash = text()
    block_number = number()
    block_hash = text()
    block_time_s = number()
    count = number()
    head = text()
    seen_at_s = number()


class DomainAnswer(Answer):
    """Which ledger a signature is for."""

    chain_id = number()
    contract = text()


class AnchorAnswer(Answer):
    """A root on the chain."""

    root = text()
    count = number()
    block = number()


class LedgerAnswer(Answer):
    """Where the ledger stands."""

    domain = one(DomainAnswer)
    custodian = text()
    finality = text()
    view = one(ViewAnswer)
    anchors = fields.Dict(
        keys=fields.String(metadata={"enum": list(ANCHOR_KINDS)}),
        values=fields.List(fields.Nested(AnchorAnswer)),
        required=True,
    )
    development = truth()


class TypedAnswer(Answer):
    """What to sign: EIP-712 typed data and its digest."""

    typed_data = anything()
    digest = text()


class GrantTypedAnswer(TypedAnswer):
    """A grant to sign, with the statement in words."""

    statement = text()
    terms_hash = text()


class OutcomeAnswer(Answer):
    """What became of one signed message."""

    ok = truth()
    reason = text()
    consent_id = text(allow_none=True)
    transaction_hash = text(allow_none=True)


class OutcomesAnswer(Answer):
    """What became of each, in the order sent."""

    outcomes = many(OutcomeAnswer)


class DepositAnswer(Answer):
    """What was stored."""

    record_ids = fields.List(fields.String(), required=True)
    new = number()
    batches = fields.List(fields.String(), required=True)


class TermsAnswer(Answer):
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


class ConsentAnswer(Answer):
    """One grant and how it stands."""

    consent_id = text()
    terms_hash = text()
    state = text()
    signed_at_s = number()
    not_after_s = number()
    terms = fields.Nested(TermsAnswer, required=True, allow_none=True)


class ConsentsAnswer(Answer):
    """A subject's grants at one view."""

    view = one(ViewAnswer)
    consents = many(ConsentAnswer)


class UseAnswer(Answer):
    """One line of the journal."""

    seq = number()
    at = text()
    party = text()
    actor = text()
    purpose = text()
    why = text()
    outcome = text()
    hash = text()
    proof = anything(["object", "null"])


class UsesAnswer(Answer):
    """Lines of the journal, newest first; `before` asks for the next page."""

    uses = many(UseAnswer)
    before = number(allow_none=True)


class QuestionAnswer(Answer):
    """One question."""

    id = text()
    title = text()


class QuestionsAnswer(Answer):
    """Every question."""

    questions = many(QuestionAnswer)


class StudyAnswer(Answer):
    """One study."""

    id = text()
    title = text()
    protocol = text()
    until_s = number()


class StudiesAnswer(Answer):
    """Every study."""

    studies = many(StudyAnswer)


COUNTS: Final = {"additionalProperties": {"type": ["integer", "string"]}, "type": "object"}


class CohortAnswer(Answer):
    """How many; 1 to 10 is said as that, in words."""

    patients = anything(["integer", "string"])
    records = anything(["integer", "string"])
    refused_records = fields.Raw(required=True, metadata=COUNTS)
    left_out_patients = fields.Raw(required=True, metadata=COUNTS)
    view = one(ViewAnswer)


class ModelAnswer(Answer):
    """One model and how it stands."""

    model = text()
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


class ModelsAnswer(Answer):
    """Models, oldest first."""

    models = many(ModelAnswer)


class ContributionAnswer(Answer):
    """How far one value moved the estimate."""

    code = text()
    words = text()
    value = anything(["string", "number", "boolean", "null"])
    log_odds = real()


class DiagnosisAnswer(Answer):
    """One answer of a model."""

    model = text()
    outcome = text()
    probability = real()
    interval = fields.List(fields.Float(), required=True)
    prevalence = real()
    contributions = many(ContributionAnswer)
    input_commitment = text()
    affected = truth()
    view = one(ViewAnswer)
    note = text()


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
