"""What the API takes and answers about people: invitations, sessions, passkeys, who one is."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields, validate

from services.accounts.accounts import PATIENT
from services.custodian.invitations import IDENTITY_CHECKS
from services.schemas import Strict, Text
from services.tokens import ROLES
from web.api.schemas import Answer, HexString, anything, many, number, text, truth

MOST_PARTY: Final = 128
_OPEN: Final = {"type": "object", "additionalProperties": True}


def credential(**how: Any) -> fields.Dict:
    """Return the field of a credential as a device made it: WebAuthn's JSON, checked elsewhere."""
    return fields.Dict(keys=fields.String(), metadata=_OPEN, **how)


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


class MadeSchema(Strict):
    """The passkey that a device made for a challenge."""

    challenge = Text(required=True)
    credential = credential(required=True)


class ProofSchema(Strict):
    """What the new passkey signed."""

    signing = Text(required=True)
    credential = credential(required=True)


class PasskeyAnswer(Answer):
    """One passkey."""

    key = text()
    label = text()
    made_at_s = number()
    used_at_s = number()


class RecoveryAnswer(Answer):
    """A new key that was asked for."""

    signer = text()
    state = text()
    ready_at_s = number(allow_none=True)


class OwnKeysAnswer(Answer):
    """Who can sign for a patient."""

    passkeys = many(PasskeyAnswer)
    delegates_until_s = fields.List(fields.Integer(), required=True)
    has_others = truth()
    recoveries = many(RecoveryAnswer)
    is_checked = truth()


class ToMakeAnswer(Answer):
    """What a new device is asked: to make a passkey."""

    challenge = text()
    options = anything()


class ToProveAnswer(Answer):
    """What a new passkey is to sign, and the signing that waits for it."""

    signing = text()
    options = anything()
