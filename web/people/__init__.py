"""The people who use the pages: accounts, invitations, passkeys, sessions, signatures."""

from web.people.account import PATIENT, Account
from web.people.errors import AlreadyDone, BadlyProven, InvitationOver, NotSignedIn, SigningOver
from web.people.invitations import Invited
from web.people.people import People
from web.people.signing import Prepared, Signings
from web.people.site import Site

__all__ = [
    "PATIENT",
    "Account",
    "AlreadyDone",
    "BadlyProven",
    "InvitationOver",
    "Invited",
    "NotSignedIn",
    "People",
    "Prepared",
    "Signings",
    "SigningOver",
    "Site",
]
