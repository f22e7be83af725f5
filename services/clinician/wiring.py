"""Builds the clinician's service from the parts of an installation."""

from __future__ import annotations

from services.clinician.names import NamesInCare
from services.clinician.patients import ClinicianPatients
from services.clinician.predictions import ClinicianPredictions
from services.clinician.records import ClinicianRecords
from services.clinician.service import ClinicianService
from services.parts import Parts
from services.record_views import RecordViews


def build_clinician(parts: Parts) -> ClinicianService:
    """Return the clinician's service; nothing is read or written yet."""
    requests, diagnostics = parts.requests, parts.diagnostics
    patients = ClinicianPatients(
        care=requests.care,
        directory=requests.directory,
        requests=requests.requests,
        diagnostics=diagnostics,
        predictions=requests.predictions,
        names=NamesInCare(parts.store),
        clock=parts.installation.clock,
    )
    predictions = ClinicianPredictions(
        patients=patients,
        diagnostics=diagnostics,
        store=parts.store,
        predictions=requests.predictions,
        clock=parts.installation.clock,
    )
    records = ClinicianRecords(
        care=requests.care,
        store=parts.store,
        views=RecordViews(diagnostics=diagnostics, parties=requests.parties),
    )
    return ClinicianService(
        patients=patients, predictions=predictions, records=records, cards=parts.cards
    )
