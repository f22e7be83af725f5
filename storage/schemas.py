"""Load a record from JSON and dump it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, pre_dump, validate

from storage.errors import RecordInvalid
from storage.record import MAX_OBSERVATIONS, SUBJECT_BYTES, Record, Value, require_record


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


class ObservationSchema(Schema):
    """One observation: `system|code`, its value and its unit."""

    class Meta:
        """Refuse unknown fields."""

        unknown = RAISE

    code = fields.String(required=True)
    value = ValueField(required=True)
    unit = fields.String(load_default="")


class RecordSchema(Schema):
    """A record; its id and version are set by the deposit, never by a caller.

    `load` returns a Record that passed `require_record`, or raises marshmallow's ValidationError.
    """

    class Meta:
        """Refuse unknown fields."""

        unknown = RAISE

    subject = SubjectField(required=True)
    category = fields.String(required=True)
    custodian = fields.String(required=True)
    recorded_on = fields.String(required=True)
    observations = fields.List(
        fields.Nested(ObservationSchema),
        required=True,
        validate=validate.Length(max=MAX_OBSERVATIONS),
    )
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
