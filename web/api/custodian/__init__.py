"""What a custodian does on the pages, for programs: joins this package's routes."""

from __future__ import annotations

from typing import Any, Final

from services.schemas import NothingSchema
from web.api.custodian import keeping, uploads
from web.api.custodian import schemas as _S
from web.api.route import CUSTODIANS, Route, View

_UPLOAD: Final = "/custodian/uploads/{upload}"
_STUDY: Final = "/custodian/studies/{study}"
_FILE_BYTES: Final = _S.MOST_BASE64 + _S.MOST_MAPPING + 4_096


def _get(path: str, view: View, gives: Any) -> Route:
    return Route("GET", path, view, CUSTODIANS, gives=gives)


ROUTES: Final[tuple[Route, ...]] = (
    _get("/custodian/overview", keeping.get_overview, _S.OverviewAnswer),
    _get("/custodian/mappings", uploads.get_mappings, _S.MappingsAnswer),
    _get("/custodian/uploads", uploads.get_uploads, _S.UploadsAnswer),
    Route(
        "POST",
        "/custodian/uploads",
        uploads.post_upload,
        CUSTODIANS,
        _S.UploadSchema,
        202,
        _FILE_BYTES,
        True,
        _S.UploadToldAnswer,
    ),
    _get(_UPLOAD, uploads.get_upload, _S.UploadToldAnswer),
    Route(
        "POST",
        f"{_UPLOAD}/storing",
        uploads.post_storing,
        CUSTODIANS,
        NothingSchema,
        202,
        keeps=True,
        gives=_S.UploadToldAnswer,
    ),
    Route("DELETE", _UPLOAD, uploads.delete_upload, CUSTODIANS, gives=_S.UploadToldAnswer),
    _get("/custodian/studies", keeping.get_proposals, _S.ProposalsAnswer),
    _get(_STUDY, keeping.get_proposal, _S.ProposalToldAnswer),
    Route(
        "POST",
        f"{_STUDY}/answer",
        keeping.post_proposal_answer,
        CUSTODIANS,
        _S.ProposalAnswerSchema,
        keeps=True,
        gives=_S.ProposalToldAnswer,
    ),
    _get("/custodian/recoveries", keeping.get_recoveries, _S.RecoveriesAnswer),
    Route(
        "POST",
        "/custodian/recoveries",
        keeping.post_recovery,
        CUSTODIANS,
        _S.RecoverySchema,
        gives=_S.RecoveriesAnswer,
    ),
)
