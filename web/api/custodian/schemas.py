"""What the custodian's API takes and answers."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from services.custodian.approvals import MOST_REASON
from services.custodian.overview import CHECKS
from services.custodian.uploads import LEAVE, MOST_BYTES, NONE
from services.schemas import Strict, Text
from web.api.schemas import Answer, JobSchema, anything, many, number, one, text, truth

MOST_MAPPING: Final = 256 * 2**10
MOST_BASE64: Final = MOST_BYTES * 4 // 3 + 8
_OPEN: Final = {"type": "object", "additionalProperties": True}


class UploadSchema(Strict):
    """A file in base64, and how it is to be read.

    `mapping` names one that is installed, `own_mapping` is the TOML text of another; a FHIR bundle
    needs neither. `on_bad` says whether the good rows go in without the bad ones.
    """

    name = Text(255, required=True)
    file = fields.String(required=True, validate=validate.Length(0, MOST_BASE64))
    mapping = Text(128, 0, load_default="")
    own_mapping = fields.String(load_default="", validate=validate.Length(0, MOST_MAPPING))
    on_bad = fields.String(required=True, validate=validate.OneOf((LEAVE, NONE)))


class ProposalAnswerSchema(Strict):
    """A yes, or a no with its reason."""

    answer = fields.String(required=True, validate=validate.OneOf(("approve", "refuse")))
    why = fields.String(load_default="", validate=validate.Length(0, MOST_REASON))


class RecoverySchema(Strict):
    """Whose key, how the identity was checked, and the new key's own proof (of an enrolment)."""

    number = Text(64, required=True)
    identity = fields.String(required=True, validate=validate.OneOf(CHECKS))
    proof = fields.Dict(keys=fields.String(), required=True, metadata=_OPEN)


class HealthAnswer(Answer):
    """Which parts answer."""

    chain = truth()
    ipfs = truth()
    worker = truth()


class HeldAnswer(Answer):
    """How much is held, and what waits; times in seconds UTC."""

    patients = number()
    subjects = number()
    records = number()
    copies = number()
    anchor = number(allow_none=True)
    is_anchored = truth()
    jobs = number()
    studies = number()


class OverviewAnswer(Answer):
    """Whether all is well."""

    health = one(HealthAnswer)
    held = one(HeldAnswer)


class MappingsAnswer(Answer):
    """Names of mappings."""

    mappings = fields.List(fields.String(), required=True)


class UploadAnswer(Answer):
    """One file."""

    id = text()
    name = text()
    kind = text()
    on_bad = text()
    bytes = number()
    state = text()
    sent_at_s = number()
    ended_at_s = number(allow_none=True)


class UploadsAnswer(Answer):
    """Files, the newest first."""

    uploads = many(UploadAnswer)


class BadAnswer(Answer):
    """One bad row: never a cell of it."""

    row = anything(["integer", "string"])
    column = text()
    problem = text()
    cure = text()


class UploadToldAnswer(UploadAnswer):
    """One file, what is in it, and what became of it."""

    may_store = truth()
    report = anything()
    bad = many(BadAnswer)
    job = one(JobSchema, allow_none=True)


class ProposalsAnswer(Answer):
    """Studies that were proposed."""

    studies = fields.List(fields.Raw(metadata={"type": "object"}), required=True)


class ProposalToldAnswer(Answer):
    """One study, how many it reaches, what patients would read."""

    study = anything()
    reaches = number()
    patients_read = fields.List(fields.String(), required=True)


class WaitingAnswer(Answer):
    """One new key that was proposed."""

    hospital_number = text()
    subject = text()
    signer = text()
    state = text()
    ready_at_s = number(allow_none=True)


class RecoveriesAnswer(Answer):
    """New keys that were proposed and wait."""

    recoveries = many(WaitingAnswer)
