"""The requests and results of the patient's API."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from services.schemas import Strict
from web.api.schemas import (
    MAX_CODES,
    Answer,
    HexString,
    Text,
    anything,
    many,
    nested,
    number,
    text,
    truth,
)

MAX_LEFT_OUT: Final = 10_000
MAX_HEX: Final = 4_096


def _texts(max_count: int = MAX_CODES) -> fields.List[Any]:
    return fields.List(Text(), validate=[validate.Length(0, max_count)], load_default=list)


def _credential(**options: Any) -> fields.Dict:
    """Return the field of a credential: WebAuthn's JSON, checked elsewhere."""
    return fields.Dict(
        keys=fields.String(),
        metadata={"type": "object", "additionalProperties": True},
        **options,
    )


def _codes(**options: Any) -> fields.List[Any]:
    return fields.List(fields.String(), required=True, dump_default=list, **options)


class AnswerBody(Strict):
    """A yes, a no, or less; of a less, only what is named is allowed."""

    answer = fields.String(required=True, validate=validate.OneOf(("yes", "less", "no")))
    purposes = _texts()
    categories = _texts()
    data_from = fields.Date(load_default=None, allow_none=True)
    data_to = fields.Date(load_default=None, allow_none=True)
    ends_on = fields.Date(load_default=None, allow_none=True)
    may_copy = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    left_out = _texts(MAX_LEFT_OUT)


class SignatureBody(Strict):
    """WebAuthn's credential as JSON, or a wallet's address and signature in hex."""

    id = fields.String()
    rawId = fields.String()  # noqa: N815 - WebAuthn's names
    type = fields.String()
    authenticatorAttachment = fields.String(allow_none=True)  # noqa: N815
    response = _credential()
    clientExtensionResults = _credential()  # noqa: N815
    wallet = Text(MAX_HEX)
    signature = Text(MAX_HEX)

    @validates_schema
    def _require_one(self, data: dict[str, Any], **_: Any) -> None:
        if "response" not in data and not {"wallet", "signature"} <= data.keys():
            raise ValidationError("Send a passkey's credential, or wallet and signature.")


class ResearchBody(Strict):
    """Research on or off."""

    research = fields.String(required=True, validate=validate.OneOf(("on", "off")))


class BeforeBody(Strict):
    """The row before which older lines begin."""

    before = fields.Integer(load_default=None, validate=validate.Range(0, 2**62))


class PasskeyBody(Strict):
    """The passkey that a device created for a challenge."""

    challenge = Text(required=True)
    credential = _credential(required=True)


class PasskeyProofBody(Strict):
    """What the new passkey signed."""

    signing = Text(required=True)
    credential = _credential(required=True)


class RequestSchema(Answer):
    """One request to the patient and its state."""

    id = text(attribute="request.id")
    state = text(attribute="request.state")
    party = text(attribute="request.details.party")
    name = text(attribute="party_name")
    kind = text(attribute="request.details.kind")
    condition = text(attribute="request.details.condition")
    asked_at_s = number(attribute="request.sent_at_s")
    lapses_at_s = number(attribute="request.lapses_at_s")
    answered_at_s = number(attribute="request.answered_at_s", allow_none=True)
    consent = HexString(attribute="request.consent_id", allow_none=True)


class RequestsSchema(Answer):
    """Requests, the newest first."""

    requests = many(RequestSchema)


class SectionSchema(Answer):
    """A heading and its sentences."""

    heading = text()
    text = text()


class ChoiceSchema(Answer):
    """The part of a request that the patient allows, not signed yet."""

    purposes = _codes()
    categories = _codes()
    data_from = text()
    data_to = text()
    ends_on = text()
    may_copy = truth()
    left_out = _codes()


class RequestDetailSchema(RequestSchema):
    """One request in full: in sentences, and with the choice so far."""

    purposes = _codes(attribute="request.details.purposes")
    categories = _codes(attribute="request.details.categories")
    data_from = text(attribute="request.details.data_from")
    data_to = text(attribute="request.details.data_to")
    latest_end = text()
    wants_copy = fields.Boolean(required=True, attribute="request.details.wants_copy")
    says = many(SectionSchema, attribute="text.sections")
    chosen = nested(ChoiceSchema, attribute="choice", allow_none=True)


class ReviewSchema(Answer):
    """A message to sign: by a device (`options`, for WebAuthn) or a wallet (`typed_data`)."""

    signing = text(attribute="signature.id")
    kind = text(attribute="signature.kind")
    statement = text()
    typed_data = anything(attribute="signature.typed_data")
    digest = HexString(attribute="signature.digest")
    options = anything(attribute="signature.options")


class ResearchReviewSchema(Answer):
    """The message to sign; null if nothing is to be changed."""

    to_sign = nested(ReviewSchema, allow_none=True)


class ResearchSchema(Answer):
    """Whether research is on or off."""

    research = text()


class SubmittedSchema(Answer):
    """The result of a signature."""

    kind = text(attribute="request.kind")
    is_in_force = truth()
    is_again = fields.Boolean(required=True, attribute="is_repeated")
    reason = text(attribute="outcome.reason")
    consent = HexString(attribute="outcome.consent_id", allow_none=True)
    transaction_hash = text(allow_none=True)


class ConsentSchema(Answer):
    """One permission and its state."""

    consent = HexString(attribute="consent_id")
    state = text()
    decision = text(attribute="terms.decision", dump_default="")
    recipient = text(attribute="terms.recipient", dump_default="")
    name = text(attribute="recipient_name")
    purposes = _codes(attribute="terms.purposes")
    categories = _codes(attribute="terms.categories")
    signed_at_s = number()
    not_after_s = number()
    says = text(attribute="sentence")


class ConsentsSchema(Answer):
    """Permissions, the newest first; `is_checked` is false while the ledger is unavailable."""

    consents = many(ConsentSchema)
    is_checked = truth()


class HistoryLineSchema(Answer):
    """One use or refusal, and its sentence."""

    seq = number(attribute="entry.seq")
    at_s = number(attribute="entry.at_s")
    party = text(attribute="entry.party")
    purpose = text(attribute="entry.purpose")
    categories = _codes(attribute="entry.categories")
    outcome = text(attribute="entry.outcome")
    is_refusal = fields.Boolean(required=True, attribute="entry.is_refusal")
    times = number(attribute="entry.count")
    consent = HexString(attribute="entry.consent_id", allow_none=True)
    says = text(attribute="text")


class ConsentDetailSchema(ConsentSchema):
    """One permission, and the uses under it."""

    uses = many(HistoryLineSchema)


class HistorySchema(Answer):
    """Lines, the newest first, and the row before which older ones begin."""

    lines = many(HistoryLineSchema)
    older_before = number(allow_none=True)


class PatientRecordSchema(Answer):
    """One stored record."""

    record = HexString(prefix="", attribute="entry.record_id")
    category = text(attribute="entry.category")
    recorded_on = text(attribute="entry.recorded_on")
    custodian = text(attribute="entry.custodian")


class PatientRecordsSchema(Answer):
    """Every stored record."""

    records = many(PatientRecordSchema)


class RecordValueSchema(Answer):
    """One value in words."""

    what = text(attribute="name")
    value = text()


class OpenedRecordSchema(Answer):
    """One record, opened."""

    id = text(attribute="record.record_id")
    kind = text(attribute="record.category")
    date = text(attribute="record.recorded_on")
    custodian = text(attribute="record.custodian")
    values = anything(attribute="observations")
    says = many(RecordValueSchema, attribute="values")


class TrainedModelSchema(Answer):
    """One model that was trained on the patient's records."""

    model = text(attribute="model.id")
    study = text(attribute="model.study")
    name = text(attribute="study_name")
    state = text(attribute="model.state")
    trained_at_s = number(attribute="model.trained_at_s")
    affected_at_s = number(attribute="model.affected_at_s", allow_none=True)
    ended_at_s = number(attribute="model.ended_at_s", allow_none=True)
    successor = text(attribute="model.successor", allow_none=True)


class TrainedModelsSchema(Answer):
    """Every published model that was trained on the patient's records."""

    models = many(TrainedModelSchema)


class PasskeySchema(Answer):
    """One passkey."""

    key = HexString(prefix="", attribute="id")
    label = text()
    made_at_s = number()
    used_at_s = number()


class ProposedKeySchema(Answer):
    """A proposed new key."""

    signer = HexString(prefix="")
    state = text()
    ready_at_s = number(allow_none=True)


class KeysSchema(Answer):
    """The keys that can sign for the patient."""

    passkeys = many(PasskeySchema)
    delegates_until_s = fields.List(fields.Integer(), required=True)
    has_others = truth()
    recoveries = many(ProposedKeySchema)
    is_checked = truth()


class CreationSchema(Answer):
    """The request to a new device: to create a passkey."""

    challenge = text()
    options = anything()


class ProofRequestSchema(Answer):
    """What a new passkey is to sign, and the id of its addition."""

    signing = text(attribute="challenge")
    options = anything()
