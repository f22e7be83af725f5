"""The people who sign in: accounts, invitations, passkeys, sessions, signatures."""

from services.accounts.accounts import PATIENT, Account
from services.accounts.errors import (
    AccountExists,
    AlreadySigned,
    InvitationExpired,
    InvitationInvalid,
    ProofInvalid,
    SignatureExpired,
    SignInFailed,
)
from services.accounts.invitations import Invitee
from services.accounts.service import IdentityService
from services.accounts.signature_requests import SignatureRequest, SignatureRequests
from services.accounts.site import Site
from services.accounts.webauthn import DeviceRequest

__all__ = [
    "PATIENT",
    "Account",
    "AccountExists",
    "AlreadySigned",
    "DeviceRequest",
    "IdentityService",
    "InvitationExpired",
    "InvitationInvalid",
    "Invitee",
    "SignInFailed",
    "SignatureExpired",
    "ProofInvalid",
    "SignatureRequest",
    "SignatureRequests",
    "Site",
]
