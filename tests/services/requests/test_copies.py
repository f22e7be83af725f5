"""A patient sees which copies contain them, and what the study confirmed."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from consent import DAY_S
from models import CopyPlan
from models.anonymity import Recoding
from services.errors import Conflict, TooManyRequests
from services.requests.copies import (
    MAX_A_DAY,
    NAME_CHARACTERS,
    NewCopy,
    ReleasedCopies,
    ReleasedCopy,
)
from services.requests.copy_names import CopyNames, KnownCopies

NOW_S = 1_800_000_000
STUDY = "study:s"
PLAN = CopyPlan(Recoding((), (None,), {}), {}, ())
COPY = ReleasedCopy("c", STUDY, "r", NOW_S, NOW_S + 9, 2, (), None, None)


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


def test_a_copy_is_opened_once_for_the_pages_of_all_patients(engine, store, monkeypatch) -> None:
    copies, study = ReleasedCopies(engine, store, lambda: NOW_S), f"{STUDY}-{secrets.token_hex(4)}"
    new = NewCopy(study, "r", "a", NOW_S + 9, None, is_first=False, whole_records=True)
    name = copies.name_in(replace(COPY, study=study, is_pseudonymised=True))(b"i" * 32)
    identity, opened = copies.add(new, [name, "0" * NAME_CHARACTERS]), list[str]()
    open_text = store.open_text

    def count(label: str, sealed: bytes, about: bytes) -> str:
        opened.append(label)
        return open_text(label, sealed, about)

    monkeypatch.setattr(store, "open_text", count)
    for patient in (b"i" * 32, b"o" * 32, b"i" * 32):
        listed = copies.list_with(patient, [study])
        facts = [(c.id, c.pseudonyms, c.is_pseudonymised, c.whole_records) for c in listed]
        assert facts == ([(identity, (name,), True, True)] if patient == b"i" * 32 else [])
        assert [c.id for c in copies.list_summaries(study)] == [identity]
    assert len(opened) == 1
    assert copies.list_releases(study) == {"r"}


def test_the_names_that_are_kept_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr("services.requests.copy_names.MAX_BYTES", 40)
    read = list[str]()

    def open_copy(copy_id: str) -> CopyNames:
        read.append(copy_id)
        return CopyNames.of([copy_id, "x"], is_pseudonymised=False, whole_records=False)

    known = KnownCopies(open_copy)
    for copy_id in ("a", "b", "a", "c", "a", "b"):
        assert known.get(copy_id).has(copy_id)
        assert not known.get(copy_id).has("y")
    assert read == ["a", "b", "c", "b"]


def test_a_study_makes_so_many_copies_a_day(engine, store) -> None:
    now = [NOW_S]
    copies = ReleasedCopies(engine, store, lambda: now[0])
    study, other = (f"{STUDY}-{secrets.token_hex(4)}" for _ in range(2))
    for number in range(MAX_A_DAY):
        copies.require_room(study)
        new = NewCopy(study, f"r{number}", "a", NOW_S + 9, PLAN, is_first=False)
        copies.add(new, [])
        now[0] += 60
    with pytest.raises(TooManyRequests) as refused:
        copies.require_room(study)
    assert refused.value.wait_s == DAY_S - MAX_A_DAY * 60
    copies.require_room(other)
    now[0] = NOW_S + DAY_S
    copies.require_room(study)
