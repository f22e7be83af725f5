"""Schemas derived from dataclasses: types, nulls, paths, and what is not named is not sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from web.api.schemas import HexString, listing, schema_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was agreed."""

    purposes: tuple[str, ...]
    recipient: str
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One permission of a test.

    Attributes:
        ended_at_s: seconds UTC.
    """

    id: bytes
    state: Literal["active", "withdrawn"]
    ended_at_s: int | None
    terms: Terms | None
    earlier: Sequence[Terms]
    notes: Mapping[str, Any]

    @property
    def is_current(self) -> bool:
        """True while it is active."""
        return self.state == "active"


TERMS = Terms(purposes=("care",), recipient="organisation:a", salt=b"secret")
TermsSchema = schema_of("TermsSchema", Terms, "purposes recipient")


def permission(**changes: Any) -> Permission:
    """Return an active permission with these changes."""
    values = {
        "id": b"\x01",
        "state": "active",
        "ended_at_s": None,
        "terms": TERMS,
        "earlier": (TERMS,),
        "notes": {"a": 1},
    }
    return Permission(**(values | changes))


def test_only_the_keys_that_are_named_are_sent() -> None:
    assert TermsSchema().dump(TERMS) == {"purposes": ["care"], "recipient": "organisation:a"}


def test_fields_properties_and_renamed_paths_are_dumped_by_their_types() -> None:
    schema = schema_of(
        "PermissionSchema",
        Permission,
        "state ended_at_s is_current notes terms.recipient",
        consent="id",
        salt=HexString(prefix="", attribute="terms.salt"),
    )
    assert schema().dump(permission()) == {
        "state": "active",
        "ended_at_s": None,
        "is_current": True,
        "notes": {"a": 1},
        "recipient": "organisation:a",
        "consent": "0x01",
        "salt": "736563726574",
    }


def test_a_path_through_none_gives_an_empty_value() -> None:
    schema = schema_of("PathSchema", Permission, "terms.recipient terms.purposes terms.salt")
    dumped = schema().dump(permission(terms=None))
    assert dumped == {"recipient": "", "purposes": [], "salt": None}


def test_nested_dataclasses_are_dumped_by_the_schema_given_alone_or_in_a_list() -> None:
    schema = schema_of(
        "NestedSchema", Permission, terms=TermsSchema, before=("earlier", TermsSchema)
    )
    terms = {"purposes": ["care"], "recipient": "organisation:a"}
    assert schema().dump(permission()) == {"terms": terms, "before": [terms]}
    assert schema().dump(permission(terms=None, earlier=()))["terms"] is None


def test_nulls_and_enums_follow_the_annotations() -> None:
    fields = schema_of("NullSchema", Permission, "state ended_at_s notes")().fields
    assert (fields["ended_at_s"].allow_none, fields["notes"].allow_none) == (True, False)
    assert fields["state"].metadata == {"enum": ["active", "withdrawn"]}


def test_an_attribute_that_does_not_exist_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="Permission has no attribute status"):
        schema_of("BadSchema", Permission, "status")


def test_a_dataclass_without_its_schema_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="give the schema or the field"):
        schema_of("BadSchema", Permission, "terms")


def test_a_list_is_an_object_with_one_key() -> None:
    dumped = listing("ListSchema", "terms", TermsSchema)().dump([TERMS])
    assert dumped == {"terms": [{"purposes": ["care"], "recipient": "organisation:a"}]}
