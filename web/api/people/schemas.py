"""The requests and results of the API about the caller, sessions and invitations."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from services.accounts.accounts import PATIENT
from services.accounts.sessions import SessionSummary
from services.custodian.identity_checks import IDENTITY_CHECKS
from services.custodian.invitations import IssuedInvitation
from services.schemas import Strict
from services.tokens import ROLES
from web.api.schemas import Flag, Text, listing, schema_of
from web.current import Caller

MAX_LENGTH: Final = 128


class InvitationBody(Strict):
    """Who is to be invited: a patient by `number`, others by `name` and `party`.

    `identity` says how the person's identity was checked; a patient's has to be. `new_patient`
    confirms that no records are stored for the number yet.
    """

    role = fields.String(required=True, validate=validate.OneOf((PATIENT, *ROLES)))
    party = Text(MAX_LENGTH, load_default="")
    name = Text(MAX_LENGTH, load_default="")
    number = Text(MAX_LENGTH, load_default="")
    identity = fields.String(load_default=None, validate=validate.OneOf(IDENTITY_CHECKS))
    new_patient = Flag()


InvitationSchema = schema_of("InvitationSchema", IssuedInvitation, "link days has_key")
CallerSchema = schema_of(
    "CallerSchema", Caller, "id role party account.name account.subject account.language"
)
SessionSchema = schema_of(
    "SessionSchema",
    SessionSummary,
    "session.id session.device session.began_at_s session.used_at_s session.ends_at_s",
    is_this="is_current",
)
SessionsSchema = listing("SessionsSchema", "sessions", SessionSchema)
