"""What the API takes and answers about people: invitations, sessions, and who one is."""

from __future__ import annotations

from marshmallow import fields, validate

from web.api.schemas import Answer, many, number, text, truth
from web.people.account import PATIENT
from web.schemas import Strict, Text
from web.tokens import ROLES

MOST_PARTY = 128


class InvitationSchema(Strict):
    """Who is to be invited; a patient by `number`, the others by `party` and `name`."""

    role = fields.String(required=True, validate=validate.OneOf((PATIENT, *ROLES)))
    party = Text(MOST_PARTY, load_default="")
    name = Text(MOST_PARTY, load_default="")
    number = Text(MOST_PARTY, load_default="")


class InvitationAnswer(Answer):
    """The link, which nobody can be told again, and how long it works."""

    link = text()
    days = number()


class MeAnswer(Answer):
    """Who asks: by a session of the pages, or by a token."""

    id = text()
    role = text()
    party = text()
    name = text()
    subject = text(allow_none=True)
    language = text()


class SessionAnswer(Answer):
    """One device that is signed in."""

    id = text()
    device = text()
    began_at_s = number()
    used_at_s = number()
    ends_at_s = number()
    is_this = truth()


class SessionsAnswer(Answer):
    """Where somebody is signed in, the newest first."""

    sessions = many(SessionAnswer)
