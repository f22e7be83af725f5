"""What people ask of each other: patients' directory, studies proposed, requests, answers."""

from services.requests.asking import Asking
from services.requests.proposals import APPROVED, PROPOSED, REFUSED, Proposal
from services.requests.requests import (
    ACCEPTED,
    DECLINED,
    LAPSED,
    WAITING,
    ConsentRequest,
    RequestDetails,
)

__all__ = [
    "ACCEPTED",
    "APPROVED",
    "DECLINED",
    "LAPSED",
    "PROPOSED",
    "REFUSED",
    "WAITING",
    "Asking",
    "Proposal",
    "ConsentRequest",
    "RequestDetails",
]
