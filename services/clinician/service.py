"""The clinician's service: patients, their records, predictions about them, and model cards."""

from __future__ import annotations

from dataclasses import dataclass

from services.cards import ModelCards
from services.clinician.patients import ClinicianPatients
from services.clinician.predictions import ClinicianPredictions
from services.clinician.records import ClinicianRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicianService:
    """What clinicians can do, by subject.

    Attributes:
        patients: who permits a prediction, and requests for access.
        predictions: made about these patients, and what was decided with them.
        records: that these patients let the organisation read.
        cards: of the models.
    """

    patients: ClinicianPatients
    predictions: ClinicianPredictions
    records: ClinicianRecords
    cards: ModelCards
