"""The requests and results of the custodian's API."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import fields, post_load, validate

from services.custodian.approvals import MAX_REASON
from services.custodian.invitations import IDENTITY_CHECKS, MAX_NUMBER
from services.custodian.upload_store import LEAVE, MAX_BYTES, NONE
from services.custodian.uploads import MAX_MAPPING, NewUpload
from services.schemas import Strict, ValidationError
from storage.schemas import RecordSchema
from web.api.schemas import (
    Answer,
    HexString,
    JobSchema,
    Text,
    anything,
    many,
    nested,
    number,
    text,
    truth,
)

MAX_RECORDS: Final = 5_000
MAX_BASE64: Final = MAX_BYTES * 4 // 3 + 8
MAX_FILE_BYTES: Final = MAX_BASE64 + MAX_MAPPING + 4_096
_OBJECT: Final = {"type": "object", "additionalProperties": True}


class UploadBody(Strict):
    """A file in base64, and how it is read.

    `mapping` names one that is installed, `own_mapping` is the TOML text of another; a FHIR bundle
    needs neither. `on_bad` says whether the good rows are stored without the bad ones.
    """

    name = Text(255, required=True)
    file = fields.String(required=True, validate=validate.Length(0, MAX_BASE64))
    mapping = Text(128, 0, load_default="")
    own_mapping = fields.String(load_default="", validate=validate.Length(0, MAX_MAPPING))
    on_bad = fields.String(required=True, validate=validate.OneOf((LEAVE, NONE)))

    @post_load
    def _to_upload(self, data: Mapping[str, Any], **_: Any) -> NewUpload:
        try:
            body = base64.b64decode(data["file"], validate=True)
        except (binascii.Error, ValueError) as exc:
            raise ValidationError({"file": ["Must be base64."]}) from exc
        return NewUpload(
            name=data["name"],
            body=body,
            mapping=data["mapping"],
            own_mapping=data["own_mapping"].encode() or None,
            on_bad=data["on_bad"],
        )


class StudyDecisionBody(Strict):
    """An approval, or a refusal with its reason."""

    answer = fields.String(required=True, validate=validate.OneOf(("approve", "refuse")))
    why = fields.String(load_default="", validate=validate.Length(0, MAX_REASON))


class RecoveryBody(Strict):
    """Whose key, how their identity was checked, and the new key's signed enrolment."""

    number = Text(MAX_NUMBER, required=True)
    identity = fields.String(required=True, validate=validate.OneOf(IDENTITY_CHECKS))
    proof = fields.Dict(keys=fields.String(), required=True, metadata=_OBJECT)


class DepositBody(Strict):
    """Records, and for each, if given, the source that distinguishes it from all others."""

    records = fields.List(
        fields.Nested(RecordSchema), required=True, validate=[validate.Length(1, MAX_RECORDS)]
    )
    sources = fields.List(Text(512), validate=[validate.Length(1, MAX_RECORDS)])


class HealthSchema(Answer):
    """Which parts respond."""

    chain = truth()
    ipfs = truth()
    worker = truth()


class HoldingsSchema(Answer):
    """How much is stored, and what waits; times in seconds UTC."""

    patients = number()
    subjects = number()
    records = number()
    copies = number()
    anchor = number(attribute="anchored_at_s", allow_none=True)
    is_anchored = truth()
    jobs = number(attribute="active_jobs")
    studies = number(attribute="proposed_studies")


class OverviewSchema(Answer):
    """The health of the parts, and the holdings."""

    health = nested(HealthSchema)
    holdings = nested(HoldingsSchema, data_key="held")


class MappingsSchema(Answer):
    """Names of mappings."""

    mappings = fields.List(fields.String(), required=True)


class UploadSchema(Answer):
    """One file."""

    id = text()
    name = text(attribute="sent.name")
    kind = text(attribute="sent.kind")
    on_bad = text(attribute="sent.on_bad")
    bytes = number(attribute="size")
    state = text()
    sent_at_s = number(attribute="at_s")
    ended_at_s = number(allow_none=True)


class UploadsSchema(Answer):
    """Files, newest first."""

    uploads = many(UploadSchema)


class BadCellSchema(Answer):
    """One problem of a file; never the content of a cell."""

    row = number()
    column = text()
    problem = text()
    cure = text()


class UploadReportSchema(Answer):
    """One file, what is in it, and what became of it."""

    id = text(attribute="upload.id")
    name = text(attribute="upload.sent.name")
    kind = text(attribute="upload.sent.kind")
    on_bad = text(attribute="upload.sent.on_bad")
    bytes = number(attribute="upload.size")
    state = text(attribute="upload.state")
    sent_at_s = number(attribute="upload.at_s")
    ended_at_s = number(attribute="upload.ended_at_s", allow_none=True)
    may_store = fields.Boolean(required=True, attribute="can_store")
    report = anything(attribute="counts")
    bad = many(BadCellSchema, attribute="problems")
    job = nested(JobSchema, allow_none=True)


class ProposalSchema(Answer):
    """A proposed study and the decision on it."""

    study = text()
    owner = text()
    title = text()
    board = text()
    protocol = text()
    condition = text()
    question = text()
    purpose = text()
    categories = fields.List(fields.String(), required=True)
    data_from = text()
    data_to = text()
    days = number()
    until_s = number()
    wants_copy = truth()
    contact = text()
    state = text()
    proposed_at_s = number()
    answered_at_s = number(allow_none=True)
    why = text()


class ProposalsSchema(Answer):
    """Proposed studies, newest first."""

    studies = many(ProposalSchema)


class StudyReviewSchema(Answer):
    """One study, how many patients it reaches, and what patients would read."""

    study = nested(ProposalSchema, attribute="proposal")
    reaches = number(attribute="reach")
    patients_read = fields.List(fields.String(), required=True)


class PendingRecoverySchema(Answer):
    """A new key that was proposed and is not valid yet."""

    hospital_number = text(attribute="number")
    subject = HexString()
    signer = HexString(prefix="")
    state = text()
    ready_at_s = number(allow_none=True)


class RecoveriesSchema(Answer):
    """New keys that were proposed and are not valid yet."""

    recoveries = many(PendingRecoverySchema)


class OutcomeSchema(Answer):
    """The ledger's answer to one signed message; texts are null where there is nothing."""

    ok = truth()
    reason = text()
    consent_id = HexString(allow_none=True)
    transaction_hash = fields.Function(lambda outcome: outcome.transaction_hash or None)


class OutcomesSchema(Answer):
    """The ledger's answers, in the order sent."""

    outcomes = many(OutcomeSchema)


class DepositSchema(Answer):
    """Which records were stored, and how many of them are new."""

    record_ids = fields.List(fields.String(), required=True)
    new = number()
    batches = fields.List(fields.String(), required=True)
