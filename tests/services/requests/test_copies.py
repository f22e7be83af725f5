"""A patient sees which copies contain them, and what the study confirmed."""

from __future__ import annotations

import secrets
from dataclasses import replace

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


def test_of_two_later_copies_at_once_one_is_stored(engine, store) -> None:
    """Neither was compared with the other: their difference could be the row of one person."""
    copies = ReleasedCopies(engine, store, lambda: NOW_S)
    study = f"{STUDY}-{secrets.token_hex(4)}"
    copies.add(NewCopy(study, "r1", "a", NOW_S + 9, PLAN, is_first=True), [])
    later = NewCopy(study, "r2", "a", NOW_S + 9, PLAN, is_first=False, earlier=1)
    copies.add(later, [])
    with pytest.raises(Conflict):
        copies.add(replace(later, release="r3"), [])
    copies.add(replace(later, release="r4", earlier=2), [])
    assert {copy.release for copy in copies.list_by_study(study)} == {"r1", "r2", "r4"}


def test_a_copy_keeps_whom_it_left_out_and_shows_it_to_none_of_them(engine, store) -> None:
    copies = ReleasedCopies(engine, store, lambda: NOW_S)
    study, outside, release = f"{STUDY}-{secrets.token_hex(4)}", b"o" * 32, secrets.token_hex(16)
    name = store.pseudonyms(f"release {study} {release}")(outside).hex()[:NAME_CHARACTERS]
    copies.add(
        NewCopy(study, release, "a", NOW_S + 9, PLAN, is_first=True, left_out=(name,)), ["1" * 32]
    )
    assert [copy.left_out for copy in copies.list_by_study(study)] == [(name,)]
    assert copies.list_with(outside, [study]) == []
