"""What the patient's API takes and answers."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from services.schemas import MAX_CODES, Strict, Text
from web.api.people.schemas import credential
from web.api.schemas import Answer, anything, many, number, one, text, truth

MOST_LEFT_OUT: Final = 10_000
MOST_HEX: Final = 4_096


def _texts(most: int = MAX_CODES) -> fields.List[Any]:
    return fields.List(Text(), validate=[validate.Length(0, most)], load_default=list)


class AnswerSchema(Strict):
    """A yes, a no, or a yes to less: then what is allowed; what is not named is not allowed."""

    answer = fields.String(required=True, validate=validate.OneOf(("yes", "less", "no")))
    purposes = _texts()
    categories = _texts()
    data_from = fields.Date(load_default=None, allow_none=True)
    data_to = fields.Date(load_default=None, allow_none=True)
    ends_on = fields.Date(load_default=None, allow_none=True)
    may_copy = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    left_out = _texts(MOST_LEFT_OUT)


class SignatureSchema(Strict):
    """WebAuthn's credential as JSON, or a wallet's address and signature in hex."""

    id = fields.String()
    rawId = fields.String()  # noqa: N815 - WebAuthn's names
    type = fields.String()
    authenticatorAttachment = fields.String(allow_none=True)  # noqa: N815
    response = credential()
    clientExtensionResults = credential()  # noqa: N815
    wallet = Text(MOST_HEX)
    signature = Text(MOST_HEX)

    @validates_schema
    def _require_one(self, data: dict[str, Any], **_: Any) -> None:
        if "response" not in data and not {"wallet", "signature"} <= data.keys():
            raise ValidationError("Send a passkey's credential, or wallet and signature.")


class ResearchSchema(Strict):
    """Research on or off."""

    research = fields.String(required=True, validate=validate.OneOf(("on", "off")))


class BeforeSchema(Strict):
    """Where older lines begin."""

    before = fields.Integer(load_default=None, validate=validate.Range(0, 2**62))


class RequestAnswer(Answer):
    """One request to a patient and how it stands."""

    id = text()
    state = text()
    party = text()
    name = text()
    kind = text()
    condition = text()
    asked_at_s = number()
    lapses_at_s = number()
    answered_at_s = number(allow_none=True)
    consent = text(allow_none=True)


class RequestsAnswer(Answer):
    """Requests, the newest first."""

    requests = many(RequestAnswer)


class BlockAnswer(Answer):
    """One heading and what it says."""

    heading = text()
    text = text()


class ChosenAnswer(Answer):
    """What a patient allows, not signed yet."""

    purposes = fields.List(fields.String(), required=True)
    categories = fields.List(fields.String(), required=True)
    data_from = text()
    data_to = text()
    ends_on = text()
    may_copy = truth()
    left_out = fields.List(fields.String(), required=True)


class RequestToldAnswer(RequestAnswer):
    """One request in full, in sentences, and what was chosen so far."""

    purposes = fields.List(fields.String(), required=True)
    categories = fields.List(fields.String(), required=True)
    data_from = text()
    data_to = text()
    latest_end = text()
    wants_copy = truth()
    says = many(BlockAnswer)
    chosen = one(ChosenAnswer, allow_none=True)


class PreparedAnswer(Answer):
    """What a device (`options`, for WebAuthn) or a wallet (`typed_data`, EIP-712) signs."""

    signing = text()
    kind = text()
    statement = text()
    typed_data = anything()
    digest = text()
    options = anything()


class ToSignAnswer(Answer):
    """What is to be signed; null if nothing is to be changed."""

    to_sign = one(PreparedAnswer, allow_none=True)


class OptOutAnswer(Answer):
    """Whether research is on or off."""

    research = text()


class BroughtAnswer(Answer):
    """What became of a signature."""

    kind = text()
    is_in_force = truth()
    is_again = truth()
    reason = text()
    consent = text(allow_none=True)
    transaction_hash = text(allow_none=True)


class OwnConsentAnswer(Answer):
    """One permission and how it stands."""

    consent = text()
    state = text()
    decision = text()
    recipient = text()
    name = text()
    purposes = fields.List(fields.String(), required=True)
    categories = fields.List(fields.String(), required=True)
    signed_at_s = number()
    not_after_s = number()
    says = text()


class OwnConsentsAnswer(Answer):
    """Permissions, the newest first; `is_checked` is false while the ledger is away."""

    consents = many(OwnConsentAnswer)
    is_checked = truth()


class LineAnswer(Answer):
    """One use or refusal, and its sentence."""

    seq = number()
    at_s = number()
    party = text()
    purpose = text()
    categories = fields.List(fields.String(), required=True)
    outcome = text()
    is_refusal = truth()
    times = number()
    consent = text(allow_none=True)
    says = text()


class OwnConsentToldAnswer(OwnConsentAnswer):
    """One permission, and the uses under it."""

    uses = many(LineAnswer)


class OwnJournalAnswer(Answer):
    """Lines, the newest first, and where older ones begin."""

    lines = many(LineAnswer)
    older_before = number(allow_none=True)


class OwnRecordAnswer(Answer):
    """One record that is held."""

    record = text()
    category = text()
    recorded_on = text()
    custodian = text()


class OwnRecordsAnswer(Answer):
    """Every record that is held."""

    records = many(OwnRecordAnswer)


class SaidAnswer(Answer):
    """One value in words."""

    what = text()
    value = text()


class OwnRecordOpenedAnswer(Answer):
    """One record, opened."""

    id = text()
    kind = text()
    date = text()
    custodian = text()
    values = anything()
    says = many(SaidAnswer)


class LearnedAnswer(Answer):
    """One model that learned from a patient."""

    model = text()
    study = text()
    name = text()
    state = text()
    trained_at_s = number()
    affected_at_s = number(allow_none=True)
    ended_at_s = number(allow_none=True)
    successor = text(allow_none=True)


class OwnModelsAnswer(Answer):
    """Every published model that learned from a patient."""

    models = many(LearnedAnswer)
