"""Describes the API's JSON: results derived from the dataclasses they dump, shared bodies."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from marshmallow import INCLUDE, Schema, fields, pre_dump, validate

from consent import ANCHOR_KINDS, Anchor, Consent, Domain, Terms, View
from models import MIN_COUNT, Question, suppress
from services.dates import iso_time
from services.information import LedgerFacts
from services.jobs.queue import Job
from services.model_monitoring import ModelMonth
from services.requests.erasures import ErasureRequest
from services.schemas import SignedEnrolmentSchema, Strict, ValidationError
from services.subjects import SubjectConsents, SubjectUse, SubjectUses
from storage.schemas import Items

MAX_SIGNED: Final = 1_000
MAX_CODES: Final = 64
MAX_NAME: Final = 128
COUNT: Final = {"type": ["integer", "string"]}


class HexString(fields.Field[bytes]):
    """Bytes as lower-case hex after 0x."""

    def __init__(self, *, prefix: str = "0x", **options: Any) -> None:
        metadata = {"type": "string", "pattern": f"^{prefix}[0-9a-f]*$"}
        super().__init__(metadata=metadata, **{"required": True, **options})
        self._prefix = prefix

    def _serialize(self, value: bytes | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else self._prefix + value.hex()


BARE_HEX: Final = HexString(prefix="")
Member = str | type[Schema] | tuple[str, type[Schema]] | fields.Field[Any]
_FIELDS: Final[Mapping[Any, type[fields.Field[Any]]]] = {
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    bool: fields.Boolean,
    bytes: HexString,
    dict: fields.Dict,
    Mapping: fields.Dict,
}
_LISTS: Final = (list, tuple, Sequence)
_EMPTY: Final[Mapping[Any, Any]] = {str: "", **dict.fromkeys(_LISTS, ())}


class Count(fields.Field[int]):
    """A count of people, of which 1 to 10 is hidden: it becomes the text "1 to 10"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=True, metadata=COUNT, **options)

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> int | str:
        return suppress(value or 0)


class SteadyCount(Count):
    """A count that moves only with eleven people: below 11, it becomes the text "0 to 10".

    Its 0 is the number that was stated last, and up to ten people may have come since.
    """

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> int | str:
        return say_steady(value or 0)


class PartCount(fields.Field[int]):
    """As `SteadyCount`, but for "at least 47" where the exact number would tell a small one.

    `bound` names the attribute with how many people it is at least, or 0.
    """

    def __init__(self, bound: str, **options: Any) -> None:
        super().__init__(required=True, metadata=COUNT, **options)
        self._bound = bound

    def _serialize(self, value: int | None, attr: Any, obj: Any, **_: Any) -> int | str:
        bound, count = getattr(obj, self._bound), value or 0
        return f"at least {bound}" if bound and count >= MIN_COUNT else say_steady(count)


def say_steady(count: int) -> int | str:
    """Return a count of 11 or more, or the text "0 to 10"."""
    return count if count >= MIN_COUNT else f"0 to {MIN_COUNT - 1}"


class FeasibleCount(fields.Field[int | None]):
    """How many people may fit; that they are too few, or not counted, is a text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=True, metadata=COUNT, **options)

    def _serialize(self, value: int | None, attr: Any, obj: Any, **_: Any) -> int | str:
        is_hidden = obj.is_counted and not obj.is_used_up
        return ("too few to show" if is_hidden else "not counted") if value is None else value


def schema_of(name: str, source: type[Any], keys: str = "", /, **others: Member) -> type[Schema]:
    """Return the schema of a dataclass: these JSON keys and no others.

    Types and nulls are those of the annotations of its fields and properties; the first line of
    its docstring is the description.

    Args:
        name: the schema's, in OpenAPI.
        source: the dataclass.
        keys: attributes, each its own key. Of a path (`model.state`) the last part is the key;
            if a part before it is None, the value is empty.
        others: by key: the path of an attribute, the schema of a nested dataclass (or of each in
            a list), both as a pair, or a field.

    Raises:
        TypeError: there is no such attribute, or its type needs a field.
    """
    members = {path.rpartition(".")[2]: path for path in keys.split()} | others
    made = {
        key: member
        if isinstance(member, fields.Field)
        else _field(source, *_path_and_schema(key, member))
        for key, member in members.items()
    }
    return _new(name, source.__doc__, made)


def listing(name: str, key: str, item: type[Schema] | fields.Field[Any]) -> type[Schema]:
    """Return the schema of a sequence: an object with one key, which holds the list."""

    def wrap(_: Schema, rows: Sequence[Any], **__: Any) -> dict[str, Any]:
        return {key: rows}

    nested = item if isinstance(item, fields.Field) else fields.Nested(item)
    members = {key: fields.List(nested, required=True), "wrap": pre_dump(wrap)}
    return _new(name, f"The list `{key}`.", members)


def _new(name: str, doc: str | None, members: Mapping[str, Any]) -> type[Schema]:
    made: type[Schema] = type(name, (Strict,), {"__doc__": doc, **members})
    return made


def _path_and_schema(
    key: str, member: str | type[Schema] | tuple[str, type[Schema]]
) -> tuple[str, type[Schema] | None]:
    if isinstance(member, tuple):
        return member
    return (member, None) if isinstance(member, str) else (key, member)


def _field(source: type[Any], path: str, schema: type[Schema] | None) -> fields.Field[Any]:
    kind, is_nullable, may_lack_parent = source, False, False
    for part in path.split("."):
        may_lack_parent |= is_nullable
        kind, is_nullable = _attribute(kind, part)
    options: dict[str, Any] = {"required": True, "attribute": path}
    if may_lack_parent:
        options["dump_default"] = _EMPTY.get(get_origin(kind) or kind)
        is_nullable |= options["dump_default"] is None
    return _field_of(kind, schema, allow_none=is_nullable, **options)


def _attribute(owner: type[Any], name: str) -> tuple[Any, bool]:
    """Return the type of an attribute without None, and whether it may be None."""
    member = inspect.getattr_static(owner, name, None)
    is_property = isinstance(member, property)
    hints = get_type_hints(member.fget if is_property else owner)
    if (hint := hints.get("return" if is_property else name)) is None:
        raise TypeError(f"{owner.__name__} has no attribute {name}; correct the schema")
    types = [each for each in get_args(hint) if each is not NoneType]
    is_nullable = NoneType in get_args(hint)
    return (types[0] if is_nullable else hint), is_nullable


def _field_of(kind: Any, schema: type[Schema] | None, **options: Any) -> fields.Field[Any]:
    """Return the field of a type; `schema` is for the dataclass in it, if there is one."""
    origin = get_origin(kind) or kind
    if origin in _LISTS:
        return fields.List(_field_of(get_args(kind)[0], schema), **options)
    if schema is not None:
        return fields.Nested(schema, **options)
    if origin is Literal:
        return fields.String(metadata={"enum": list(get_args(kind))}, **options)
    if origin not in _FIELDS:
        raise TypeError(f"no field for the type {kind}; give the schema or the field")
    return _FIELDS[origin](**options)


ViewSchema = schema_of(
    "ViewSchema",
    View,
    "chain_id contract block_number block_time_s count seen_at_s",
    code_hash=BARE_HEX,
    block_hash=BARE_HEX,
    head=BARE_HEX,
)
DomainSchema = schema_of("DomainSchema", Domain, "chain_id contract")
RootSchema = schema_of("RootSchema", Anchor, "count", root=BARE_HEX, block="block_number")
LedgerSchema = schema_of(
    "LedgerSchema",
    LedgerFacts,
    "custodian finality",
    domain=DomainSchema,
    view=ViewSchema,
    anchors=fields.Dict(
        keys=fields.String(metadata={"enum": list(ANCHOR_KINDS)}),
        values=fields.List(fields.Nested(RootSchema)),
        required=True,
    ),
    development="is_development",
)
SubjectTermsSchema = schema_of(
    "SubjectTermsSchema",
    Terms,
    "decision recipient purposes categories records data_from data_to obligations statement",
)
SubjectConsentSchema = schema_of(
    "SubjectConsentSchema",
    Consent,
    "consent_id terms_hash state signed_at_s not_after_s",
    terms=SubjectTermsSchema,
)
SubjectConsentsSchema = schema_of(
    "SubjectConsentsSchema", SubjectConsents, view=ViewSchema, consents=SubjectConsentSchema
)
SubjectUseSchema = schema_of(
    "SubjectUseSchema",
    SubjectUse,
    "seq party actor purpose why outcome proof",
    at=fields.Function(lambda use: iso_time(use.at_s), required=True),
    hash=BARE_HEX,
)
SubjectUsesSchema = schema_of("SubjectUsesSchema", SubjectUses, "before", uses=SubjectUseSchema)
QuestionLinkSchema = schema_of("QuestionLinkSchema", Question, "id title")
JobSchema = schema_of(
    "JobSchema",
    Job,
    "id kind state step done of is_cancelling result error",
    asked_at_s="requested_at_s",
)


class SignedEnrolments(Strict):
    """Many signed enrolments."""

    signed = Items(fields.Nested(SignedEnrolmentSchema), least=1, most=MAX_SIGNED, required=True)


class ObjectAnswer(Schema):
    """An object that is described in docs/spec/: a card, for one."""

    class Meta:
        """Whatever is in it."""

        unknown = INCLUDE


class Text(fields.String):
    """A printable text of limited length; nothing is stripped or guessed."""

    def __init__(self, max_length: int = MAX_NAME, min_length: int = 1, **options: Any) -> None:
        length = validate.Length(min_length, max_length)
        super().__init__(validate=[length, _require_printable], **options)


def _require_printable(text: str) -> None:
    if not text.isprintable():
        raise ValidationError("Must be printable.")


class Flag(fields.Boolean):
    """True or false as JSON writes them, no text and no number; what is not sent is false."""

    def __init__(self, **options: Any) -> None:
        default = {} if options.get("required") else {"load_default": False}
        super().__init__(truthy={True}, falsy={False}, **{**default, **options})


class PageSchema(Strict):
    """A part of a long list: query parameters, so numbers come as text."""

    limit = fields.Integer(load_default=50, validate=[validate.Range(1, 1_000)])
    before = fields.Integer(load_default=None, validate=[validate.Range(1, 2**53)])


class NothingSchema(Strict):
    """An empty object."""


ErasureRequestSchema = schema_of(
    "ErasureRequestSchema",
    ErasureRequest,
    "id state requested_by requested_at_s decided_at_s reason is_open",
)
ModelMonthSchema = schema_of(
    "ModelMonthSchema",
    ModelMonth,
    "model month answers estimate_psi worst_input worst_psi is_alarm outcomes events "
    "observed_to_expected observed_to_expected_low observed_to_expected_high "
    "auroc auroc_low auroc_high",
)
ModelMonthsSchema = listing("ModelMonthsSchema", "months", ModelMonthSchema)
