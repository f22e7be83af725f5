"""The people who use the pages: accounts, invitations, passkeys, sessions, signatures."""

from services.accounts.account import PATIENT, Account
from services.accounts.errors import (
    AlreadyDone,
    BadlyProven,
    InvitationOver,
    NotSignedIn,
    SigningOver,
)
from services.accounts.invitations import Invited
from services.accounts.people import IdentityService
from services.accounts.signing import Prepared, Signings
from services.accounts.site import Site

__all__ = [
    "PATIENT",
    "Account",
    "AlreadyDone",
    "BadlyProven",
    "InvitationOver",
    "Invited",
    "NotSignedIn",
    "IdentityService",
    "Prepared",
    "Signings",
    "SigningOver",
    "Site",
]
