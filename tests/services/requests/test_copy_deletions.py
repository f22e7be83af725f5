"""Who no longer permits a record in a copy is listed until the study confirms the deletion."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from consent import DAY_S
from models.errors import ModelsNotFound
from models.pseudonymised import DELETION_DAYS, pseudonym_label
from services.requests.agreements import CopyAgreement
from services.requests.copies import NAME_CHARACTERS, NewCopy, ReleasedCopies
from services.requests.copy_deletions import CopyDeletions
from storage import SubjectRecords

STUDY = "study:s"
PEOPLE = [bytes([number]) * 32 for number in range(3)]
CATEGORIES = ("condition", "laboratory")
AGREEMENT = CopyAgreement("an agreement", "text", "2031-01-01", "00" * 32)
PROPOSAL: Any = SimpleNamespace(study=STUDY, agreement=AGREEMENT, question="q")


class Store:
    """A record store in which some people permit some categories."""

    def __init__(self, store: Any) -> None:
        self.pseudonyms = store.pseudonyms
        self.seal_text, self.open_text = store.seal_text, store.open_text
        self.links = SimpleNamespace(groups=lambda subjects, *, ever: {})
        self.linked: dict[bytes, bytes] = {}
        self.purpose = "PSEUDRESCH"
        self.permitted = {
            person: SubjectRecords({f"{number}{c[0]}": c for c in CATEGORIES})
            for number, person in enumerate(PEOPLE)
        }

    def persons(self, subjects: Any) -> dict[bytes, bytes]:
        return {subject: self.linked.get(subject, subject) for subject in subjects}

    def permitted_records(self, party: str, purpose: str) -> dict[bytes, SubjectRecords]:
        return self.permitted if (party, purpose) == (STUDY, self.purpose) else {}


class World:
    """One study, its copies, and the deletions from them."""

    def __init__(self, engine: Any, store: Any) -> None:
        self.now_s = 1_800_000_000
        self.store: Any = Store(store)
        self.copies = ReleasedCopies(engine, self.store, lambda: self.now_s)
        proposals: Any = SimpleNamespace(list_all=lambda: [PROPOSAL])
        question = SimpleNamespace(training_categories=CATEGORIES)
        diagnostics: Any = SimpleNamespace(clock=lambda: self.now_s, question=lambda _: question)
        self.deletions = CopyDeletions(
            engine=engine,
            store=self.store,
            proposals=proposals,
            copies=self.copies,
            diagnostics=diagnostics,
        )
        self.copy_id = self.release()

    def name(self, person: bytes) -> str:
        pseudonym: bytes = self.store.pseudonyms(pseudonym_label(STUDY))(person)
        return pseudonym.hex()[:NAME_CHARACTERS]

    def release(self, parts: tuple[str, ...] = ()) -> str:
        """Release a copy of everybody; without parts they are the ids of the records."""
        names = {
            self.name(person): parts or tuple(records.permitted)
            for person, records in self.store.permitted.items()
        }
        end_s = self.now_s + 99 * DAY_S
        return self.copies.add(NewCopy(STUDY, "r", "a", end_s, None, False, names), names)

    def waiting(self) -> list[str]:
        self.deletions.update_all()
        listed = self.deletions.list_by_study(STUDY)
        return [each.name for each in listed if each.acknowledged_at_s is None]


@pytest.fixture
def world(engine, store) -> World:
    return World(engine, store)


def test_nobody_is_listed_while_all_permit_what_left(world) -> None:
    assert world.waiting() == []


def test_who_withdrew_is_listed_with_a_deadline_until_the_study_acknowledges(world) -> None:
    del world.store.permitted[PEOPLE[0]]
    assert world.waiting() == [world.name(PEOPLE[0])]
    copy = world.copies.list_by_study(STUDY)[0]
    deletion = world.deletions.find(copy, PEOPLE[0])
    assert deletion.due_at_s == world.now_s + DELETION_DAYS * DAY_S
    assert world.deletions.find(copy, PEOPLE[1]) is None
    world.now_s += 5
    world.deletions.acknowledge(STUDY, [world.name(PEOPLE[0])])
    assert world.waiting() == []
    assert world.deletions.find(copy, PEOPLE[0]).acknowledged_at_s == world.now_s


def test_who_no_longer_permits_whole_records_is_listed_whatever_else_they_permit(
    world, monkeypatch
) -> None:
    monkeypatch.setattr(PROPOSAL, "agreement", replace(AGREEMENT, whole_records=True))
    world.store.purpose = "RECRESCH"
    assert world.waiting() == []
    world.store.purpose = "PSEUDRESCH"
    assert world.waiting() == sorted(map(world.name, PEOPLE))


def test_who_narrowed_the_permission_is_listed_too(world) -> None:
    world.store.permitted[PEOPLE[1]] = SubjectRecords({"1c": "condition"}, {"1l": "laboratory"})
    assert world.waiting() == [world.name(PEOPLE[1])]


@pytest.mark.parametrize("refused", [{"1l": "laboratory"}, {}])
def test_who_permits_the_class_without_a_record_that_left_is_listed(world, refused) -> None:
    """It was left out or is outside the dates now; or it was moved to another patient."""
    now = {"1c": "condition", "a later one": "laboratory"}
    world.store.permitted[PEOPLE[1]] = SubjectRecords(now, refused)
    assert world.waiting() == [world.name(PEOPLE[1])]


def test_a_record_that_never_left_may_be_refused(world) -> None:
    permitted = world.store.permitted[PEOPLE[1]].permitted
    world.store.permitted[PEOPLE[1]] = SubjectRecords(permitted, {"a later one": "laboratory"})
    assert world.waiting() == []


def test_of_an_older_copy_who_refuses_any_record_of_a_class_is_listed(world) -> None:
    world.deletions.acknowledge_copy(STUDY, world.copy_id)
    assert world.copies.confirm_deletion(STUDY, world.copy_id)
    world.release(tuple(f"0/{category}" for category in CATEGORIES))
    assert world.waiting() == []
    permitted = world.store.permitted[PEOPLE[1]].permitted
    world.store.permitted[PEOPLE[1]] = SubjectRecords(permitted, {"x": "laboratory"})
    assert world.waiting() == [world.name(PEOPLE[1])]


def test_a_deadline_counts_from_the_first_listing_and_is_overdue_after_it(world) -> None:
    del world.store.permitted[PEOPLE[0]]
    world.waiting()
    world.now_s += DELETION_DAYS * DAY_S
    world.waiting()
    assert world.deletions.count(STUDY).overdue == 0
    world.now_s += 1
    counts = world.deletions.count(STUDY)
    assert (counts.waiting, counts.overdue, counts.acknowledged) == (1, 1, 0)


def test_who_permits_again_stays_listed_and_a_later_copy_lists_them_again(world) -> None:
    left = world.store.permitted.pop(PEOPLE[0])
    assert world.waiting() == [world.name(PEOPLE[0])]
    world.store.permitted[PEOPLE[0]] = left
    assert world.waiting() == [world.name(PEOPLE[0])]
    world.deletions.acknowledge(STUDY, [world.name(PEOPLE[0])])
    world.release()
    assert world.waiting() == []
    del world.store.permitted[PEOPLE[0]]
    assert world.waiting() == [world.name(PEOPLE[0])]


def test_a_copy_that_is_deleted_whole_acknowledges_everybody_in_it(world) -> None:
    del world.store.permitted[PEOPLE[0]]
    world.waiting()
    assert world.copies.confirm_deletion(STUDY, world.copy_id)
    world.deletions.acknowledge_copy(STUDY, world.copy_id)
    assert world.waiting() == []
    world.store.permitted.clear()
    assert world.waiting() == []


def test_a_study_whose_question_cannot_be_read_keeps_no_other_list_from_its_people(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: Any = SimpleNamespace(study="study:broken", agreement=AGREEMENT)
    world.deletions._proposals.list_all = lambda: [broken, PROPOSAL]
    updated = []

    def update(_: Any, study: Any) -> None:
        if study is broken:
            raise ModelsNotFound("no question q")
        updated.append(study)

    monkeypatch.setattr(type(world.deletions), "update", update)
    world.deletions.update_all()
    assert updated == [PROPOSAL]
