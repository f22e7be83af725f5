"""The clinician's service: patients, their records, predictions about them, and model cards."""

from __future__ import annotations

from dataclasses import dataclass

from services.cards import ModelCards
from services.clinician.names import NamesInCare
from services.clinician.patients import ClinicianPatients
from services.clinician.predictions import ClinicianPredictions
from services.clinician.records import ClinicianRecords
from services.parts import Parts
from services.record_views import RecordViews


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicianService:
    """What clinicians can do, by subject."""

    patients: ClinicianPatients
    predictions: ClinicianPredictions
    records: ClinicianRecords
    cards: ModelCards


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
        care=requests.care,
        directory=requests.directory,
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
