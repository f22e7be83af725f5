"""Who somebody is here: a role at an organisation, and a patient's own subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PATIENT: Final = "patient"
"""The role that no token has: a patient comes with a passkey or a wallet of their own."""


@dataclass(frozen=True, slots=True)
class Account:
    """One person who can sign in.

    Attributes:
        id: 16 random bytes in hex; also the WebAuthn user handle's text.
        role: patient, clinician, researcher, custodian or auditor.
        party: who this person speaks for: ``organisation:…``, ``study:…`` never (a researcher
            speaks for an organisation and owns studies); ``""`` for a patient.
        name: what the pages call the person; patients choose none, theirs is ``""``.
        subject: a patient's 32 bytes; None for others.
        language: en, de or es.
        created_at_s: when the account was made.
        is_disabled: True when it can sign in no more.
    """

    id: str
    role: str
    party: str
    name: str
    subject: bytes | None
    language: str
    created_at_s: int
    is_disabled: bool = False
