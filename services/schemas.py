"""Says what each request of the API must look like, field by field, without guessing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import RAISE, Schema, fields, post_load, validate
from marshmallow import (
    ValidationError as ValidationError,  # re-exported: only schemas know marshmallow
)

from consent import ANY, Enrolment, Grant, Message, Signed, Stop, Terms, Withdrawal
from services.statement import RequestedTerms

MAX_SIGNED: Final = 1_000
MAX_RECORDS: Final = 5_000
MAX_CODES: Final = 64
MAX_NAME: Final = 128
MAX_TEXT: Final = 2_000
MAX_STATEMENT: Final = 20_000
MAX_DAYS: Final = 36_500
MAX_TIME_S: Final = 2**40 - 1
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")
_SUBJECT: Final = 32
_ADDRESS: Final = 20
_SIGNER: Final = (20, 84)
_MAX_SIGNATURE: Final = 4096

Field = fields.Field[Any]


class Strict(Schema):
    """What is not named is refused."""

    class Meta:
        """No field but ours."""

        unknown = RAISE


class Text(fields.String):
    """A printable text of at most so many letters; nothing is stripped or guessed."""

    def __init__(self, most: int = MAX_NAME, least: int = 1, **how: Any) -> None:
        length = validate.Length(least, most)
        super().__init__(validate=[length, _require_printable], **how)


class Hex(fields.Field[bytes]):
    """Bytes in lower-case hex; chain values begin with 0x."""

    def __init__(self, *sizes: int, most: int = 0, prefix: str = "0x", **how: Any) -> None:
        super().__init__(metadata={"type": "string", "pattern": f"^{prefix}[0-9a-f]*$"}, **how)
        self._sizes, self._most, self._prefix = sizes, most, prefix

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bytes:
        if not isinstance(value, str) or not value.startswith(self._prefix):
            raise ValidationError(f"Must be lower-case hex that begins with '{self._prefix}'.")
        digits = value[len(self._prefix) :]
        if _HEX.fullmatch(digits) is None:
            raise ValidationError("Must be lower-case hex.")
        size = len(digits) // 2
        if not (size in self._sizes or 0 < size <= self._most):
            known = " or ".join(map(str, self._sizes)) or f"1 to {self._most}"
            raise ValidationError(f"Must be {known} bytes.")
        return bytes.fromhex(digits)


class Time(fields.Integer):
    """Whole seconds, UTC; no text and no fraction."""

    def __init__(self, **how: Any) -> None:
        super().__init__(strict=True, validate=[validate.Range(0, MAX_TIME_S)], **how)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if type(value) is not int:
            raise ValidationError("Must be a whole number.")
        return super()._deserialize(value, attr, data, **kwargs)


class Whole(fields.Integer):
    """A whole number in a range."""

    def __init__(self, least: int, most: int, **how: Any) -> None:
        super().__init__(strict=True, validate=[validate.Range(least, most)], **how)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if type(value) is bool:
            raise ValidationError("Must be a whole number.")
        return super()._deserialize(value, attr, data, **kwargs)


def _require_printable(text: str) -> None:
    if not text.isprintable():
        raise ValidationError("Must be printable.")


def _codes(**how: Any) -> fields.List[Any]:
    return fields.List(Text(), validate=[validate.Length(0, MAX_CODES)], **how)


def subject(**how: Any) -> Field:
    """Return the field of a subject in plain hex, as everywhere outside the chain's messages."""
    return Hex(_SUBJECT, prefix="", required=True, **how)


class AskedSchema(Strict):
    """What a party asks a patient for; it becomes terms in words."""

    subject = subject()
    decision = fields.String(load_default="permit", validate=[validate.OneOf(("permit", "deny"))])
    recipient = Text(required=True)
    purposes = _codes(required=True)
    categories = _codes(load_default=lambda: [ANY])
    records = fields.List(
        Text(32), validate=[validate.Length(1, 10_000)], load_default=lambda: [ANY]
    )
    data_from = Text(10, 0, load_default="")
    data_to = Text(10, 0, load_default="")
    obligations = _codes(load_default=lambda: ["AUDIT", "NORELINK", "NORDSCLCD"])
    days = Whole(1, MAX_DAYS, load_default=365)

    @post_load
    def _to_asked(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        rest = {name: data[name] for name in data if name not in ("subject", "days")}
        return {"subject": data["subject"], "days": data["days"], "asked": RequestedTerms(**rest)}


class SubjectSchema(Strict):
    """One subject."""

    subject = subject()


class WithdrawalAskedSchema(Strict):
    """Which grant is to be taken back."""

    subject = subject()
    terms_hash = Hex(32, required=True)


class EnrolmentAskedSchema(Strict):
    """A new subject and its first key."""

    subject = subject()
    signer = Hex(_ADDRESS, 84, required=True)


class TermsSchema(Strict):
    """Terms as the wallet signed them: EIP-712's names."""

    decision = Text(required=True)
    recipient = Text(MAX_TEXT, required=True)
    purposes = _codes(required=True)
    categories = _codes(required=True)
    records = fields.List(Text(32), required=True, validate=[validate.Length(1, 10_000)])
    dataFrom = Text(10, 0, required=True)  # noqa: N815 - EIP-712's name
    dataTo = Text(10, 0, required=True)  # noqa: N815
    obligations = _codes(required=True)
    statement = fields.String(required=True, validate=[validate.Length(0, MAX_STATEMENT)])
    policyUri = Text(MAX_TEXT, 0, required=True)  # noqa: N815
    policyHash = Hex(32, required=True)  # noqa: N815
    salt = Hex(32, required=True)

    @post_load
    def _to_terms(self, data: Mapping[str, Any], **_: Any) -> Terms:
        held: dict[str, Any] = {
            _snake(name): tuple(value) if isinstance(value, list) else value
            for name, value in data.items()
        }
        return Terms(**held)


class EnrolmentSchema(Strict):
    """A subject's first key, as EIP-712 names its fields."""

    subject = Hex(32, required=True)
    custodian = Hex(_ADDRESS, required=True)
    signer = Hex(*_SIGNER, required=True)


class GrantSchema(Strict):
    """A grant, as EIP-712 names its fields."""

    subject = Hex(32, required=True)
    terms = fields.Nested(TermsSchema, required=True)
    signedAt = Time(required=True)  # noqa: N815
    notAfter = Time(required=True)  # noqa: N815


class WithdrawalSchema(Strict):
    """A withdrawal, as EIP-712 names its fields."""

    subject = Hex(32, required=True)
    termsHash = Hex(32, required=True)  # noqa: N815


class StopSchema(Strict):
    """A stop, as EIP-712 names its fields."""

    subject = Hex(32, required=True)
    issuedAt = Time(required=True)  # noqa: N815


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _signed(name: str, message: type[Schema], make: Callable[..., Message]) -> type[Schema]:
    """Return the schema of a signed message."""

    def to_signed(_: Schema, data: Mapping[str, Any], **__: Any) -> Signed:
        held = {_TIMES.get(key, _snake(key)): value for key, value in data["message"].items()}
        return Signed(make(**held), data["signer"], data["signature"])

    return type(
        f"Signed{name}",
        (Strict,),
        {
            "message": fields.Nested(message, required=True),
            "signer": Hex(*_SIGNER, required=True),
            "signature": Hex(most=_MAX_SIGNATURE, required=True),
            "to_signed": post_load(to_signed),
        },
    )


def _batch(name: str, signed: type[Schema]) -> type[Schema]:
    """Return the schema of many signed messages of one kind."""
    many = fields.List(
        fields.Nested(signed), required=True, validate=[validate.Length(1, MAX_SIGNED)]
    )
    return type(f"Signed{name}s", (Strict,), {"signed": many})


_TIMES: Final = {"signedAt": "signed_at_s", "notAfter": "not_after_s", "issuedAt": "issued_at_s"}
SignedEnrolmentSchema: Final = _signed("Enrolment", EnrolmentSchema, Enrolment)
SignedEnrolments: Final = _batch("Enrolment", SignedEnrolmentSchema)
SignedGrants: Final = _batch("Grant", _signed("Grant", GrantSchema, Grant))
SignedWithdrawals: Final = _batch("Withdrawal", _signed("Withdrawal", WithdrawalSchema, Withdrawal))
SignedStops: Final = _batch("Stop", _signed("Stop", StopSchema, Stop))


class PageSchema(Strict):
    """Which part of a long list: query parameters, so numbers come as text."""

    limit = fields.Integer(load_default=50, validate=[validate.Range(1, 1_000)])
    before = fields.Integer(load_default=None, validate=[validate.Range(1, 2**53)])


class NothingSchema(Strict):
    """An empty object."""
