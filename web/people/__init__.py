"""The people who use the pages: accounts, invitations, passkeys, sessions."""

from web.people.account import PATIENT, Account
from web.people.people import People
from web.people.site import Site

__all__ = ["PATIENT", "Account", "People", "Site"]
