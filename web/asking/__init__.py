"""What people ask of each other: patients' directory, studies proposed, requests, answers."""

from web.asking.asking import Asking
from web.asking.proposals import APPROVED, PROPOSED, REFUSED, Proposal
from web.asking.requests import ACCEPTED, DECLINED, LAPSED, WAITING, Request, Wanted

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
    "Request",
    "Wanted",
]
