"""The signed enrolment that custodians bring, checked field by field; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import (
    ValidationError as ValidationError,  # re-exported: only schemas know marshmallow
)
from marshmallow import fields, post_load

from consent import Enrolment, Signed
from storage.schemas import Strict as Strict

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")
_ADDRESS: Final = 20
_SIGNER: Final = (20, 84)
_MAX_SIGNATURE: Final = 4096


class Hex(fields.Field[bytes]):
    """Bytes in lower-case hex after 0x."""

    def __init__(self, *sizes: int, max_size: int = 0, **options: Any) -> None:
        metadata = {"type": "string", "pattern": "^0x[0-9a-f]*$"}
        super().__init__(metadata=metadata, **options)
        self._sizes, self._max_size = sizes, max_size

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bytes:
        if not isinstance(value, str) or not value.startswith("0x"):
            raise ValidationError("Must be lower-case hex that begins with '0x'.")
        digits = value[2:]
        if _HEX.fullmatch(digits) is None:
            raise ValidationError("Must be lower-case hex.")
        size = len(digits) // 2
        if not (size in self._sizes or 0 < size <= self._max_size):
            allowed = " or ".join(map(str, self._sizes)) or f"1 to {self._max_size}"
            raise ValidationError(f"Has {size} bytes; must have {allowed}.")
        return bytes.fromhex(digits)


class EnrolmentSchema(Strict):
    """A subject's first key, as EIP-712 names its fields."""

    subject = Hex(32, required=True)
    custodian = Hex(_ADDRESS, required=True)
    signer = Hex(*_SIGNER, required=True)


class SignedEnrolmentSchema(Strict):
    """An enrolment and its signature."""

    message = fields.Nested(EnrolmentSchema, required=True)
    signer = Hex(*_SIGNER, required=True)
    signature = Hex(max_size=_MAX_SIGNATURE, required=True)

    @post_load
    def _to_signed(self, data: Mapping[str, Any], **_: Any) -> Signed:
        return Signed(Enrolment(**data["message"]), data["signer"], data["signature"])
