"""Load a record from JSON and dump it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import (
    RAISE,
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_dump,
    pre_load,
    validate,
)

from storage.errors import RecordInvalid
from storage.record import MAX_OBSERVATIONS, SUBJECT_BYTES, Record, Value, require_record

MAX_FAULTS: Final = 20
"""How many wrong items of a list an error names."""


class Strict(Schema):
    """An object of JSON; an unknown field is an error."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE

    @pre_load
    def _require_few(self, data: Any, **_: Any) -> Any:
        """Refuse an object of thousands of unknown fields, which would each be an error."""
        if isinstance(data, dict) and len(data) > len(self.fields) + MAX_FAULTS:
            raise ValidationError(
                f"An object of {len(data):,} fields; expected {len(self.fields)}."
            )
        return data


class Items(fields.List[Any]):
    """A list of at most `most` items, which is read up to its first MAX_FAULTS wrong ones.

    Marshmallow would read any number of them, and keep each error: minutes, and a gigabyte.
    """

    def __init__(self, inner: fields.Field[Any], *, most: int, least: int = 0, **options: Any):
        super().__init__(inner, validate=validate.Length(least, most), **options)
        self._most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **how: Any) -> list[Any]:
        if not isinstance(value, list):
            return super()._deserialize(value, attr, data, **how)
        if len(value) > self._most:
            raise ValidationError(f"At most {self._most:,} items; there are {len(value):,}.")
        items, faults = list[Any](), dict[int, Any]()
        for place, item in enumerate(value):
            try:
                items.append(self.inner.deserialize(item, **how))
            except ValidationError as fault:
                faults[place] = fault.messages
            if len(faults) == MAX_FAULTS:
                break
        if faults:
            raise ValidationError(faults, valid_data=items)
        return items


class SubjectField(fields.Field[bytes]):
    """A subject: 32 bytes in lower-case hex."""

    def _serialize(self, value: bytes | None, *_: Any, **__: Any) -> str:
        return value.hex() if value else ""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bytes:
        try:
            subject = bytes.fromhex(value)
        except (TypeError, ValueError):
            subject = b""
        if len(subject) != SUBJECT_BYTES or subject.hex() != value:
            raise ValidationError(f"Must be {2 * SUBJECT_BYTES} lower-case hex characters.")
        return subject


class ValueField(fields.Field[Value]):
    """A number, a text, or a boolean, without conversion: "12" is a text, and 1 a number."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Value:
        if type(value) not in (float, int, str, bool):
            raise ValidationError("Must be a number, a text, or true or false.")
        return value  # type: ignore[no-any-return]  # just checked


class ObservationSchema(Strict):
    """One observation: `system|code`, its value and its unit."""

    code = fields.String(required=True)
    value = ValueField(required=True)
    unit = fields.String(load_default="")


class RecordSchema(Strict):
    """A record; its id and version are set by the deposit, never by a caller.

    `load` returns a Record that passed `require_record`, or raises marshmallow's ValidationError.
    """

    subject = SubjectField(required=True)
    category = fields.String(required=True)
    custodian = fields.String(required=True)
    recorded_on = fields.String(required=True)
    observations = Items(fields.Nested(ObservationSchema), most=MAX_OBSERVATIONS, required=True)
    record_id = fields.String(dump_only=True)
    version = fields.Integer(dump_only=True)

    @post_load
    def _to_record(self, data: Mapping[str, Any], **_: Any) -> Record:
        rows = data["observations"]
        observations = {row["code"]: (row["value"], row["unit"]) for row in rows}
        if len(observations) != len(rows):
            raise ValidationError("Duplicate code.", "observations")
        record = Record(**{**data, "observations": observations})
        try:
            require_record(record)
        except RecordInvalid as exc:
            message = str(exc)
            named = message.split(":")[0]
            raise ValidationError(
                message, named if named in self.fields else "observations"
            ) from None
        return record

    @pre_dump
    def _from_record(self, record: Record, **_: Any) -> dict[str, Any]:
        return {
            "subject": record.subject,
            "category": record.category,
            "custodian": record.custodian,
            "recorded_on": record.recorded_on,
            "observations": [
                {"code": code, "value": value, "unit": unit}
                for code, (value, unit) in record.observations.items()
            ],
            "record_id": record.record_id,
            "version": record.version,
        }
