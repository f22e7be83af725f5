"""What a patient does on the pages, for programs: joins this package's routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from services.schemas import NothingSchema
from web.api.patient import consents, keys, records, requests, signings
from web.api.patient import schemas as _S
from web.api.people import schemas as _P
from web.api.route import PATIENTS, BodySchema, Route, View
from web.api.schemas import ObjectAnswer

Body = Callable[[], BodySchema]
_REQUEST: Final = "/patient/requests/{request}"
_CONSENT: Final = "/patient/consents/{consent}"


def _get(path: str, view: View, gives: Any, schema: Body | None = None) -> Route:
    return Route("GET", path, view, PATIENTS, schema, gives=gives)


def _post(path: str, view: View, gives: Any, schema: Body = NothingSchema) -> Route:
    return Route("POST", path, view, PATIENTS, schema, gives=gives)


_SIGNED: Final = _S.PreparedAnswer

ROUTES: Final[tuple[Route, ...]] = (
    _get("/patient/requests", requests.get_requests, _S.RequestsAnswer),
    _get(_REQUEST, requests.get_request, _S.RequestToldAnswer),
    _post(f"{_REQUEST}/answer", requests.post_answer, _S.RequestToldAnswer, _S.AnswerSchema),
    _post(f"{_REQUEST}/signing", requests.post_signing_of_request, _SIGNED),
    _post(
        "/patient/signings/{signing}", signings.post_signing, _S.BroughtAnswer, _S.SignatureSchema
    ),
    _get("/patient/consents", consents.get_own_consents, _S.OwnConsentsAnswer),
    _get(_CONSENT, consents.get_own_consent, _S.OwnConsentToldAnswer),
    _get(f"{_CONSENT}/receipt", consents.get_receipt, ObjectAnswer),
    _post(f"{_CONSENT}/withdrawal", consents.post_withdrawal, _SIGNED),
    _post("/patient/stop", signings.post_stop, _SIGNED),
    _get("/patient/opt-out", signings.get_opt_out, _S.OptOutAnswer),
    _post("/patient/opt-out", signings.post_opt_out, _S.ToSignAnswer, _S.ResearchSchema),
    _get("/patient/records", records.get_own_records, _S.OwnRecordsAnswer),
    _get("/patient/records/{record}", records.get_own_record, _S.OwnRecordOpenedAnswer),
    _post("/patient/copy", records.post_copy, ObjectAnswer),
    _get("/patient/journal", records.get_own_journal, _S.OwnJournalAnswer, _S.BeforeSchema),
    _get("/patient/journal/{seq}/proof", records.get_own_proof, ObjectAnswer),
    _get("/patient/models", records.get_own_models, _S.OwnModelsAnswer),
    _get("/patient/keys", keys.get_own_keys, _P.OwnKeysAnswer),
    _post("/patient/keys", keys.post_key, _P.ToMakeAnswer),
    _post("/patient/keys/passkey", keys.post_key_made, _P.ToProveAnswer, _P.MadeSchema),
    _post("/patient/keys/proof", keys.post_key_proof, _SIGNED, _P.ProofSchema),
    _post("/patient/keys/{key}/removal", keys.post_key_removal, _SIGNED),
    _post("/patient/keys/{signer}/veto", keys.post_key_veto, _SIGNED),
)
