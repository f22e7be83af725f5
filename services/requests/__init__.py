"""Requests for consent: the patients' directory, proposed studies, requests and their answers."""

from services.requests.consent_requests import (
    ACCEPTED,
    COOLING_OFF_DAYS,
    DECLINED,
    LAPSED,
    WAITING,
    ConsentRequest,
    ConsentRequests,
    RequestDetails,
    SentRequest,
)
from services.requests.copies import NewCopy, ReleasedCopies, ReleasedCopy
from services.requests.descriptions import Section
from services.requests.directory import PatientDirectory
from services.requests.feasibility import FeasibilityCounts
from services.requests.patients_in_care import PatientInCare, PatientsInCare
from services.requests.predictions import StoredPrediction, StoredPredictions
from services.requests.proposals import (
    APPROVED,
    PROPOSED,
    REFUSED,
    RETURNED,
    Proposal,
    StudyProposals,
)

__all__ = [
    "COOLING_OFF_DAYS",
    "ACCEPTED",
    "APPROVED",
    "DECLINED",
    "LAPSED",
    "PROPOSED",
    "REFUSED",
    "RETURNED",
    "WAITING",
    "ConsentRequest",
    "ConsentRequests",
    "FeasibilityCounts",
    "NewCopy",
    "PatientDirectory",
    "PatientInCare",
    "PatientsInCare",
    "Proposal",
    "ReleasedCopies",
    "ReleasedCopy",
    "RequestDetails",
    "Section",
    "SentRequest",
    "StoredPrediction",
    "StoredPredictions",
    "StudyProposals",
]
