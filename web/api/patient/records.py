"""A patient's records, the history of their uses with proofs, and the models they trained."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from services.accounts import PATIENT
from services.patient.history import HistoryPage
from services.patient.records import OpenedRecord, StoredRecord, TrainedModel
from services.record_views import ValueSeries
from web.api.lines import SeriesSchema
from web.api.patient.schemas import (
    BeforeBody,
    HistorySchema,
    OpenedRecordSchema,
    PatientRecordsSchema,
    TrainedModelsSchema,
    ValueBody,
)
from web.api.resources import accepts, accepts_nothing, returns, returns_file
from web.api.schemas import ObjectAnswer
from web.current import current_subject, services, words
from web.responses import NDJSON, download_response, json_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("patient_records", __name__)


@bp.get("/patient/records")
@requires_role(PATIENT)
@returns(PatientRecordsSchema)
def get_own_records() -> list[StoredRecord]:
    """Return every stored record of the patient; none is opened."""
    return services().patient.records.list_all(current_subject(), words())


@bp.get("/patient/records/<record>")
@requires_role(PATIENT)
@returns(OpenedRecordSchema)
def get_own_record(record: str) -> OpenedRecord:
    """Open one record; the history shows it."""
    return services().patient.records.open(current_subject(), words(), record)


@bp.get("/patient/values")
@requires_role(PATIENT)
@accepts(ValueBody)
@returns(SeriesSchema)
def get_own_value(body: dict[str, str]) -> ValueSeries:
    """Return one value over time; this opens the records of its kind, and the history shows it."""
    return services().patient.records.series(current_subject(), words(), **body)


@bp.post("/patient/copy")
@requires_role(PATIENT)
@one_at_a_time
@accepts_nothing
@returns(ObjectAnswer)
def post_copy() -> Response:
    """Return every record, permission, receipt, request, message and line of the history."""
    return json_response(services().patient.exports.document(current_subject(), words()))


@bp.get("/patient/journal")
@requires_role(PATIENT)
@accepts(BeforeBody)
@returns(HistorySchema)
def get_own_journal(body: dict[str, Any]) -> HistoryPage:
    """Return the uses and refusals of the patient's records, the newest first."""
    return services().patient.history.page(current_subject(), words(), body["before"])


@bp.get("/patient/journal/<seq>/proof")
@requires_role(PATIENT)
@returns(ObjectAnswer)
def get_own_proof(seq: str) -> Response:
    """Return the proof that a line is in the journal whose fingerprint is on the ledger."""
    proof = services().patient.history.prove(current_subject(), words(), seq)
    return json_response(proof.document())


@bp.get("/patient/models")
@requires_role(PATIENT)
@returns(TrainedModelsSchema)
def get_own_models() -> list[TrainedModel]:
    """Return the models that were trained on the patient's records, and the state of each."""
    return services().patient.records.list_models(current_subject(), words())


@bp.get("/patient/fhir/Consent")
@requires_role(PATIENT)
@returns(ObjectAnswer)
def get_consents_as_fhir() -> Response:
    """Return the patient's permissions and refusals as a Bundle of Consent (FHIR R4)."""
    return json_response(services().patient.fhir.list_consents(current_subject(), words()))


@bp.get("/patient/fhir/AuditEvent")
@requires_role(PATIENT)
@accepts(BeforeBody)
@returns(ObjectAnswer)
def get_uses_as_fhir(body: dict[str, Any]) -> Response:
    """Return decisions about the patient's records as a Bundle of AuditEvent (IHE BALP)."""
    before = body["before"]
    fhir = services().patient.fhir
    return json_response(fhir.list_audit_events(current_subject(), words(), before))


@bp.get("/patient/fhir/Provenance")
@requires_role(PATIENT)
@returns(ObjectAnswer)
def get_origins_as_fhir() -> Response:
    """Return who deposited each stored record, when, and its version (FHIR R4); none is opened."""
    return json_response(services().patient.fhir.list_provenance(current_subject()))


@bp.post("/patient/fhir/records")
@requires_role(PATIENT)
@one_at_a_time
@accepts_nothing
@returns_file(NDJSON)
def post_records_as_fhir() -> Response:
    """Return every record as FHIR R4 NDJSON, with its Provenance; the history shows the opening."""
    records = services().patient.fhir.export_records(current_subject())
    return download_response(records, "my-records.ndjson", NDJSON)
