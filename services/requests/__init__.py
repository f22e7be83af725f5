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
from services.requests.descriptions import RequestDescriptions, RequestText, Section
from services.requests.directory import PatientDirectory
from services.requests.feasibility import FeasibilityCount, FeasibilityCounts
from services.requests.history import AccessHistory, HistoryEntry
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
    "AccessHistory",
    "ConsentRequest",
    "ConsentRequests",
    "FeasibilityCount",
    "FeasibilityCounts",
    "HistoryEntry",
    "NewCopy",
    "PatientDirectory",
    "PatientInCare",
    "PatientsInCare",
    "Proposal",
    "ReleasedCopies",
    "ReleasedCopy",
    "RequestDescriptions",
    "RequestDetails",
    "RequestText",
    "Section",
    "SentRequest",
    "StoredPrediction",
    "StoredPredictions",
    "StudyProposals",
]
