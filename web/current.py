"""What the current request may use: the services, who is asking, and the texts to answer in."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g

from services.accounts import Account
from services.errors import NotFound
from services.wiring import Services
from services.words import Words

EXTENSION = "vouchsafe"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: the id of a token or an account, its role, and the party it speaks for.

    `account` and `session_id` belong to a person; a token has neither.
    """

    id: str
    role: str
    party: str
    account: Account | None = None
    session_id: str = ""


def services() -> Services:
    """Return the services of this application."""
    installed: Services = current_app.extensions[EXTENSION]
    return installed


def find_caller() -> Caller | None:
    """Return who is asking, or None for a stranger."""
    caller: Caller | None = g.get("caller")
    return caller


def current_caller() -> Caller:
    """Return who is asking.

    Raises:
        NotFound: nobody is signed in and no token was sent.
    """
    caller = find_caller()
    if caller is None:
        raise NotFound
    return caller


def find_account() -> Account | None:
    """Return the person who is signed in, or None for strangers and tokens."""
    caller = find_caller()
    return caller.account if caller else None


def current_account() -> Account:
    """Return the person who is signed in.

    Raises:
        NotFound: nobody is.
    """
    account = find_account()
    if account is None:
        raise NotFound
    return account


def current_subject() -> bytes:
    """Return the subject of the patient who is signed in, 32 bytes.

    Raises:
        NotFound: no patient is signed in.
    """
    subject = current_account().subject
    if subject is None:
        raise NotFound
    return subject


def words() -> Words:
    """Return the texts in the language of the current request."""
    texts: Words = g.words
    return texts
