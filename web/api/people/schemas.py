"""The requests and results of the API about the caller, sessions and invitations."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from services.accounts.accounts import PATIENT
from services.custodian.invitations import IDENTITY_CHECKS
from services.schemas import Strict
from services.tokens import ROLES
from web.api.schemas import Answer, HexString, Text, many, number, text

MOST_PARTY: Final = 128


class InvitationBody(Strict):
    """Who is to be invited: a patient by `number`, others by `name` and `party`.

    `identity` says how the person's identity was checked.
    """

    role = fields.String(required=True, validate=validate.OneOf((PATIENT, *ROLES)))
    party = Text(MOST_PARTY, load_default="")
    name = Text(MOST_PARTY, load_default="")
    number = Text(MOST_PARTY, load_default="")
    identity = fields.String(load_default=None, validate=validate.OneOf(IDENTITY_CHECKS))


class InvitationSchema(Answer):
    """The link, which cannot be shown again, and for how many days it works."""

    link = text()
    days = number()


class CallerSchema(Answer):
    """Who is asking: by a session of the pages, or by a token."""

    id = text()
    role = text()
    party = text()
    name = text(attribute="account.name", dump_default="")
    subject = HexString(attribute="account.subject", dump_default=None, allow_none=True)
    language = text(attribute="account.language", dump_default="")


class SessionSchema(Answer):
    """One device that is signed in."""

    id = text()
    device = text()
    began_at_s = number()
    used_at_s = number()
    ends_at_s = number()
    is_this = fields.Boolean(required=True, attribute="is_current")


class SessionsSchema(Answer):
    """Where somebody is signed in, the newest first."""

    sessions = many(SessionSchema)
