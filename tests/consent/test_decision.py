from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from decisions import decision_at
from world import (
    ALICE,
    BOB,
    CAROL,
    OPT_OUT,
    OTHER_RECORD,
    RECORD,
    REQUEST,
    STUDY,
    World,
    alices_world,
)

from consent.decision import decide_each
from consent.terms import ANY
from consent.typed_data import consent_id, terms_hash
from consent.vocabulary import PURPOSES


@pytest.fixture
def world() -> World:
    return alices_world()


def test_a_grant_permits_what_it_says_and_what_is_owed_comes_with_it(world: World) -> None:
    made = world.grant(obligations=("AUDIT", "PSEUD"))
    assert world.reason() == "permitted"
    decision = world.decide(REQUEST)
    assert decision.consent_ids == (consent_id(ALICE, terms_hash(made.terms)),)
    assert decision.obligations == ("PSEUD", "AUDIT")
    assert decision.view == world.view()


def test_what_every_permitting_consent_asks_is_owed_and_nothing_else(world: World) -> None:
    world.grant(obligations=("AUDIT",), ends_s=500)
    world.grant(obligations=("DELAU",), categories=("imaging",))
    world.grant(obligations=("PSEUD",))
    world.grant(obligations=("PSEUD", "DEID"))
    assert world.reason() == "permitted"
    assert world.decide(REQUEST).obligations == ("DEID", "PSEUD")
    assert decision_at(world.decide_many([REQUEST]), 0).obligations == ("DEID", "PSEUD")


def test_the_terms_of_a_subject_are_read_once_for_all_its_requests(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.grant(categories=("laboratory",))
    requests = [replace(REQUEST, category=name) for name in ("laboratory", "imaging", "laboratory")]
    requests += [replace(REQUEST, purpose="no such purpose"), replace(REQUEST, subject=BOB)]
    expected = [world.decide(request) for request in requests]
    read: list[bytes] = []
    of_subject = world.consent_terms.of_subject

    def count(subject: bytes) -> Any:
        read.append(subject)
        return of_subject(subject)

    monkeypatch.setattr(world.consent_terms, "of_subject", count)
    state, view = world.state(), world.view()
    assert decide_each(requests, state, world.consent_terms, view, world.now_s) == expected
    assert read == [ALICE, BOB]


def test_nothing_is_permitted_without_a_consent(world: World) -> None:
    assert world.reason() == "no-consent"
    assert world.reason(subject=BOB) == "not-enrolled"
    world.grant(subject=BOB)
    assert world.reason(subject=BOB) == "not-enrolled"
    assert world.reason(subject=CAROL) == "not-enrolled"


@pytest.mark.parametrize("granted", PURPOSES)
def test_each_purpose_covers_its_descendants_and_nothing_else(world: World, granted: str) -> None:
    world.grant(purposes=(granted,))
    covered = {purpose for purpose in PURPOSES if world.reason(purpose=purpose) == "permitted"}
    assert granted in covered
    if granted not in {"TREAT", "ETREAT", "HOPERAT", "SYSDEV", "HRESCH", "CLINTRCH", "PATRQT"}:
        assert covered == {granted} or granted == "PUBHLTH"
    for exact in ("MLTRAINING", "TREATDS", "BTG", "HMARKT"):
        assert (exact in covered) == (exact == granted)


def test_a_grant_for_care_does_not_permit_training_nor_help_by_a_model(world: World) -> None:
    world.grant(purposes=("TREAT", "HOPERAT", "HRESCH", "BTG"))
    assert world.reason() == "other-purpose"
    assert world.reason(purpose="TREATDS") == "other-purpose"


def test_breaking_the_glass_never_serves_training_or_research(world: World) -> None:
    world.grant(purposes=("BTG",))
    assert world.reason(purpose="BTG") == "permitted"
    for purpose in ("MLTRAINING", "HRESCH", "TREAT", "ETREAT"):
        assert world.reason(purpose=purpose) == "other-purpose"


@pytest.mark.parametrize(
    ("change", "requested", "reason"),
    [
        ({"recipient": "study:other"}, {}, "other-recipient"),
        ({}, {"party": "study:other"}, "other-recipient"),
        ({"purposes": ("TREATDS",)}, {}, "other-purpose"),
        ({"categories": ("imaging", "exam")}, {}, "other-category"),
        ({"categories": ("imaging", "laboratory")}, {}, "permitted"),
        ({"categories": (ANY,)}, {"category": "substance-use"}, "permitted"),
        ({"data_from": "2020-06-02"}, {}, "outside-period"),
        ({"data_to": "2020-05-31"}, {}, "outside-period"),
        ({"data_from": "2020-06-01", "data_to": "2020-06-01"}, {}, "permitted"),
        ({"data_to": "2020-12-31"}, {"recorded_on": "1931-01-01"}, "permitted"),
        ({"records": (OTHER_RECORD,)}, {}, "other-record"),
        ({"records": (OTHER_RECORD, RECORD)}, {}, "permitted"),
    ],
)
def test_every_attribute_must_match(
    world: World, change: dict[str, Any], requested: dict[str, Any], reason: str
) -> None:
    world.grant(**change)
    assert world.reason(**requested) == reason


def test_the_reason_is_the_nearest_miss(world: World) -> None:
    world.grant(purposes=("TREAT",), records=(OTHER_RECORD,))
    assert world.reason() == "other-purpose"
    world.grant(records=(OTHER_RECORD,))
    assert world.reason() == "other-record"
    world.grant(ends_s=500)
    assert world.reason() == "other-record"


@pytest.mark.parametrize(
    "miss",
    [
        {"recipient": "study:other"},
        {"purposes": ("TREATDS",)},
        {"categories": ("imaging",)},
        {"data_to": "2020-05-31"},
        {"records": (OTHER_RECORD,)},
        {"ends_s": 500},
    ],
)
def test_a_permit_beats_every_miss(world: World, miss: dict[str, Any]) -> None:
    world.grant(**miss)
    world.grant()
    assert world.reason() == "permitted"


def test_any_deny_that_applies_to_the_request_beats_every_permit(world: World) -> None:
    world.grant()
    world.grant(decision="deny", categories=("imaging",))
    world.grant(decision="deny", recipient="study:other")
    world.grant(decision="deny", data_to="2020-05-31")
    assert world.reason() == "permitted"
    world.grant(decision="deny", records=(RECORD,))
    assert world.reason() == "denied"
    assert world.reason(record_id=OTHER_RECORD) == "permitted"


def test_a_research_opt_out_beats_every_permit_for_research_and_training(world: World) -> None:
    world.grant(purposes=("MLTRAINING", "HRESCH", "TREATDS", "HOPERAT"))
    world.grant(**OPT_OUT)
    for purpose in ("MLTRAINING", "HRESCH", "DSRCH", "CLINTRCHPC"):
        assert world.reason(purpose=purpose) == "opted-out"
    for purpose in ("TREATDS", "HOPERAT"):
        assert world.reason(purpose=purpose) == "permitted"


def test_an_opt_out_of_some_categories_bars_these(world: World) -> None:
    world.grant(categories=(ANY,))
    world.grant(**{**OPT_OUT, "categories": ("genetics",)})
    assert world.reason(category="genetics") == "opted-out"
    assert world.reason(category="laboratory") == "permitted"


def test_an_active_consent_without_its_terms_denies_everything(world: World) -> None:
    world.grant()
    lost = world.grant(opening=False, purposes=("HMARKT",))
    assert world.reason() == "opening-missing"
    world.withdraw(lost)
    assert world.reason() == "permitted"
    assert world.reason(subject=BOB) == "not-enrolled"


def test_erased_or_altered_terms_deny_everything_at_once(world: World) -> None:
    made = world.grant()
    assert world.reason() == "permitted"
    name = consent_id(ALICE, terms_hash(made.terms))
    world.consent_terms.erase(name)
    made.opening = False
    assert world.reason() == "opening-missing"


def test_a_single_decision_reads_the_terms_every_time(world: World) -> None:
    world.grant()
    assert world.reason() == "permitted"
    with world.engine.begin() as connection:
        connection.execute(sa.text("UPDATE consent_openings SET body = CAST('{}' AS BLOB)"))
    assert world.decide(REQUEST).reason == "opening-missing"


def test_a_code_that_this_version_does_not_know_denies_everything(world: World) -> None:
    world.grant()
    old = world.grant(purposes=("OLDWORD",))
    assert world.reason() == "unknown-word"
    world.withdraw(old)
    assert world.reason() == "permitted"


@pytest.mark.parametrize("reason", ["opening-missing", "withdrawn"])
def test_erasing_what_is_over_changes_no_answer(world: World, reason: str) -> None:
    made = world.grant(decision="deny" if reason == "withdrawn" else "permit")
    if reason == "withdrawn":
        world.withdraw(made)
        assert world.reason() == reason
    world.consent_terms.erase(consent_id(ALICE, terms_hash(made.terms)))
    made.opening = False
    assert world.reason() == reason


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "CURIOSITY"},
        {"purpose": ANY},
        {"purpose": ""},
        {"party": ""},
        {"party": ANY},
        {"category": ANY},
        {"category": "LAB"},
        {"record_id": ANY},
        {"record_id": ""},
        {"recorded_on": ""},
        {"recorded_on": "2020-6-1"},
        {"subject": b"short"},
    ],
)
def test_an_empty_wildcard_or_unknown_code_never_widens_a_request(
    world: World, change: dict[str, Any]
) -> None:
    world.grant(categories=(ANY,), recipient=STUDY)
    query = replace(REQUEST, **change)
    decision = world.decide(query)
    assert (decision.permitted, decision.reason) == (False, "unknown-word")
    assert decision.consent_ids == ()
