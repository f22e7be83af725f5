"""The requests and results of the patient's API."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from consent import Recovery
from services.accounts import DeviceRequest
from services.accounts.passkeys import Passkey
from services.patient.consents import ConsentDetail, ConsentList, ConsentSummary, OwnCopy
from services.patient.erasures import ErasureStatus
from services.patient.history import HistoryLine, HistoryPage
from services.patient.keys import KeyList
from services.patient.messages import MessageSummary
from services.patient.records import OpenedRecord, StoredRecord, TrainedModel
from services.patient.requests import RequestDetail, RequestSummary
from services.patient.signatures import SubmittedSignature
from services.patient.withdrawals import ResearchReview
from services.requests.choices import Choice
from services.requests.descriptions import Section
from services.requests.messages import KINDS, MAX_TEXT
from services.schemas import Strict
from web.api.lines import LineSchema
from web.api.schemas import (
    BARE_HEX,
    MAX_CODES,
    ErasureRequestSchema,
    Flag,
    HexString,
    Text,
    listing,
    schema_of,
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


class AnswerBody(Strict):
    """A yes, a no, or less; of a less, only what is named is allowed."""

    answer = fields.String(required=True, validate=validate.OneOf(("yes", "less", "no")))
    purposes = _texts()
    categories = _texts()
    data_from = fields.Date(load_default=None, allow_none=True)
    data_to = fields.Date(load_default=None, allow_none=True)
    ends_on = fields.Date(load_default=None, allow_none=True)
    may_copy = Flag()
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


class ValueBody(Strict):
    """A kind of records, and the code of a value as `system|code`."""

    kind = Text(64, required=True, attribute="category")
    code = Text(256, required=True)


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


_REQUEST: Final = (
    "request.id request.state request.details.party request.details.kind "
    "request.details.condition request.lapses_at_s request.answered_at_s"
)
_REQUEST_NAMES: Final = {
    "name": "party_name",
    "asked_at_s": "request.sent_at_s",
    "consent": "request.consent_id",
}
RequestSchema = schema_of("RequestSchema", RequestSummary, _REQUEST, **_REQUEST_NAMES)
RequestsSchema = listing("RequestsSchema", "requests", RequestSchema)
SectionSchema = schema_of("SectionSchema", Section, "heading text")
ChoiceSchema = schema_of(
    "ChoiceSchema", Choice, "purposes categories data_from data_to ends_on may_copy left_out"
)
RequestDetailSchema = schema_of(
    "RequestDetailSchema",
    RequestDetail,
    f"{_REQUEST} request.details.purposes request.details.categories request.details.data_from "
    "request.details.data_to latest_end request.details.wants_copy request.details.agreement "
    "request.details.agreement_ends_on request.details.whole_records",
    agreement_text="text.agreement",
    says=("text.sections", SectionSchema),
    chosen=("choice", ChoiceSchema),
    **_REQUEST_NAMES,
)
ReviewSchema = schema_of(
    "ReviewSchema",
    ResearchReview,
    "signature.kind statement signature.typed_data signature.digest signature.options",
    signing="signature.id",
)


class ResearchReviewSchema(Strict):
    """The message to sign; null if nothing is to be changed."""

    to_sign = fields.Nested(ReviewSchema, required=True, allow_none=True)


class ResearchSchema(Strict):
    """Whether research is on or off; null while the ledger cannot be asked."""

    research = fields.String(required=True, allow_none=True)


SubmittedSchema = schema_of(
    "SubmittedSchema",
    SubmittedSignature,
    "request.kind is_in_force outcome.reason transaction_hash",
    is_again="is_repeated",
    consent="outcome.consent_id",
)
_CONSENT: Final = (
    "state is_overridden terms.decision terms.recipient terms.purposes terms.categories "
    "signed_at_s not_after_s"
)
_CONSENT_NAMES: Final = {"consent": "consent_id", "name": "recipient_name", "says": "sentence"}
ConsentSchema = schema_of("ConsentSchema", ConsentSummary, _CONSENT, **_CONSENT_NAMES)
ConsentsSchema = schema_of("ConsentsSchema", ConsentList, "is_checked", consents=ConsentSchema)
HistoryLineSchema = schema_of(
    "HistoryLineSchema",
    HistoryLine,
    "entry.seq entry.at_s entry.party entry.purpose entry.categories entry.outcome "
    "entry.is_refusal",
    times="entry.count",
    consent="entry.consent_id",
    says="text",
)
OwnCopySchema = schema_of(
    "OwnCopySchema",
    OwnCopy,
    "at_s ends_at_s deleted_at_s is_pseudonymised whole_records is_permitted row_listed_at_s "
    "row_due_at_s row_deleted_at_s",
)
ConsentDetailSchema = schema_of(
    "ConsentDetailSchema",
    ConsentDetail,
    _CONSENT,
    uses=HistoryLineSchema,
    copies=OwnCopySchema,
    **_CONSENT_NAMES,
)
HistorySchema = schema_of("HistorySchema", HistoryPage, "older_before", lines=HistoryLineSchema)
PatientRecordSchema = schema_of(
    "PatientRecordSchema",
    StoredRecord,
    "entry.category entry.recorded_on entry.custodian",
    record=HexString(prefix="", attribute="entry.record_id"),
)
PatientRecordsSchema = listing("PatientRecordsSchema", "records", PatientRecordSchema)
OpenedRecordSchema = schema_of(
    "OpenedRecordSchema",
    OpenedRecord,
    "record.custodian",
    id="record.record_id",
    kind="record.category",
    date="record.recorded_on",
    values="observations",
    says=("values", LineSchema),
    earlier=LineSchema,
)
TrainedModelSchema = schema_of(
    "TrainedModelSchema",
    TrainedModel,
    "model.study model.state model.trained_at_s model.affected_at_s model.ended_at_s "
    "model.successor is_in_successor",
    model="model.id",
    name="study_name",
)
TrainedModelsSchema = listing("TrainedModelsSchema", "models", TrainedModelSchema)
PasskeySchema = schema_of(
    "PasskeySchema",
    Passkey,
    "label made_at_s used_at_s",
    key=HexString(prefix="", attribute="id"),
)
ProposedKeySchema = schema_of("ProposedKeySchema", Recovery, "state ready_at_s", signer=BARE_HEX)
KeysSchema = schema_of(
    "KeysSchema",
    KeyList,
    "delegates_until_s has_others is_checked is_waiting",
    passkeys=PasskeySchema,
    recoveries=ProposedKeySchema,
)
CreationSchema = schema_of("CreationSchema", DeviceRequest, "challenge options")
ProofRequestSchema = schema_of("ProofRequestSchema", DeviceRequest, "options", signing="challenge")


class MessageBody(Strict):
    """A question or a request for a correction; `about` is a journal row or a record's id."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    about = Text(64, load_default="")
    text = fields.String(required=True, validate=validate.Length(1, MAX_TEXT))


MessageSchema = schema_of(
    "MessageSchema",
    MessageSummary,
    "message.id message.kind message.text message.at_s message.outcome message.answer "
    "message.answered_at_s",
    about="message.about",
    says="about",
)
MessagesSchema = listing("MessagesSchema", "messages", MessageSchema)
ErasureStatusSchema = schema_of(
    "ErasureStatusSchema",
    ErasureStatus,
    "may_request is_receipt_valid",
    request=ErasureRequestSchema,
)
