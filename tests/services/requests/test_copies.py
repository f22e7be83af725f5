"""A patient sees which copies contain them, and what the study confirmed."""

from __future__ import annotations

import secrets

import pytest

from models import CopyPlan
from models.anonymity import Recoding
from services.errors import Conflict
from services.requests.copies import NAME_CHARACTERS, NewCopy, ReleasedCopies

NOW_S = 1_800_000_000
STUDY = "study:s"
PLAN = CopyPlan(Recoding((), (None,), {}), {}, ())


def test_the_copies_of_a_patient_are_those_with_their_row_and_show_the_confirmed_deletion(
    engine, store
) -> None:
    copies = ReleasedCopies(engine, store, lambda: NOW_S)
    study, inside, outside = f"{STUDY}-{secrets.token_hex(4)}", b"i" * 32, b"o" * 32
    release = secrets.token_hex(16)
    name = store.pseudonyms(f"release {study} {release}")(inside).hex()[:NAME_CHARACTERS]
    new = NewCopy(study, release, "a", NOW_S + 9, PLAN, is_first=True)
    identity = copies.add(new, [name, "0" * NAME_CHARACTERS])
    assert [copy.id for copy in copies.list_with(inside, [study])] == [identity]
    assert copies.list_with(outside, [study]) == []
    assert copies.list_with(inside, ["study:other"]) == []
    assert copies.list_with(inside, [study])[0].deleted_at_s is None
    assert copies.confirm_deletion(study, identity)
    assert copies.list_with(inside, [study])[0].deleted_at_s == NOW_S


def test_of_two_first_copies_at_once_one_is_stored(engine, store) -> None:
    """Two plans for the same people could be joined to less than eleven."""
    copies = ReleasedCopies(engine, store, lambda: NOW_S)
    study = f"{STUDY}-{secrets.token_hex(4)}"
    copies.add(NewCopy(study, "r1", "a", NOW_S + 9, PLAN, is_first=True), [])
    with pytest.raises(Conflict):
        copies.add(NewCopy(study, "r2", "a", NOW_S + 9, PLAN, is_first=True), [])
    copies.add(NewCopy(study, "r3", "a", NOW_S + 9, PLAN, is_first=False), [])
    assert {copy.release for copy in copies.list_by_study(study)} == {"r1", "r3"}
