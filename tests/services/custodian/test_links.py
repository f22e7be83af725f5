"""A custodian links two patients who are one person, or undoes it; no nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from memory_store import OBSERVATION, PATIENT, Custodian, DecidingLedger, bundle, send

from services.custodian.links import CustodianLinks
from services.errors import Conflict, Invalid, NotFound
from services.words import Words
from storage.person_links import DISMISSED, LINKED, PROPOSED, UNDONE

WORDS = Words("en")
OTHER: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p2",
    "identifier": [{"value": "V-200"}],
    "link": [{"type": "replaces", "other": {"reference": "Patient/p1"}}],
}


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path, ledger=DecidingLedger())


@pytest.fixture
def links(custodian: Custodian) -> CustodianLinks:
    return CustodianLinks(
        store=custodian.store,
        directory=custodian.directory,
        diagnostics=custodian.models,
        journal=custodian.journal,
        censuses=custodian.censuses,
    )


@pytest.mark.parametrize("kind", ["replaced-by", "replaces", "refer", "seealso"])
def test_a_link_of_a_patient_resource_is_only_proposed(
    custodian: Custodian, links: CustodianLinks, kind: str
) -> None:
    other = OTHER | {"link": [{"type": kind, "other": {"reference": "Patient/p1"}}]}
    send(custodian, bundle(other, PATIENT, OBSERVATION))
    [pair] = links.list_all()
    assert (pair.link.state, pair.link.source, sorted(pair.numbers)) == (
        PROPOSED,
        kind,
        ["V-100", "V-200"],
    )
    assert custodian.store.linked_subjects(pair.link.first) == (pair.link.first,)
    links.dismiss(pair.link.id, by="c")
    send(custodian, bundle(other, PATIENT, OBSERVATION))
    assert [each.link.state for each in links.list_all()] == [DISMISSED]


def test_a_link_by_identifier_across_files_is_proposed_and_an_unknown_one_is_not(
    custodian: Custodian, links: CustodianLinks
) -> None:
    unknown = {"type": "seealso", "other": {"reference": "Patient/nobody"}}
    by_number = {"type": "replaced-by", "other": {"identifier": {"value": "V-100"}}}
    related = {"type": "seealso", "other": {"reference": "RelatedPerson/p1"}}
    send(custodian, bundle(PATIENT))
    send(custodian, bundle(OTHER | {"link": [unknown, related]}))
    assert links.list_all() == []
    send(custodian, bundle(OTHER | {"link": [unknown, by_number]}))
    assert [pair.link.source for pair in links.list_all()] == ["replaced-by"]


def test_a_link_to_a_contained_patient_is_proposed_also_with_an_identifier_beside_it(
    custodian: Custodian, links: CustodianLinks
) -> None:
    contained = PATIENT | {"id": "inside"}
    other = {"reference": "#inside", "identifier": {"system": "urn:registry", "value": "S-1"}}
    patient = OTHER | {"contained": [contained], "link": [{"type": "refer", "other": other}]}
    send(custodian, bundle(PATIENT))
    send(custodian, bundle(patient))
    assert [pair.link.source for pair in links.list_all()] == ["refer"]


def test_confirming_and_undoing_are_journalled_for_both_and_list_the_models(
    custodian: Custodian, links: CustodianLinks
) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION, OTHER))
    pair = links.propose(WORDS, "V-100", " V-200 ", by="c")
    assert pair.is_waiting
    assert links.confirm(pair.link.id, by="c").is_linked
    entries = [entry for s in pair.link.subjects for entry in custodian.store.records_of(s)]
    assert set(custodian.models.records) == {entry.record_id.hex() for entry in entries}
    links.confirm(pair.link.id, by="c")
    with pytest.raises(Conflict):
        links.dismiss(pair.link.id, by="c")
    assert links.undo(pair.link.id, by="c").link.state == UNDONE
    for subject in pair.link.subjects:
        rows = custodian.store.journal.of_subject(subject, 10, None)
        assert [row.answer.outcome for row in rows] == ["person-unlinked", "person-linked"]
    assert links.confirm(pair.link.id, by="c").link.state == LINKED


def test_a_link_that_is_confirmed_or_undone_ends_the_census(
    custodian: Custodian, links: CustodianLinks
) -> None:
    send(custodian, bundle(PATIENT, OTHER))
    pair = links.propose(WORDS, "V-100", "V-200", by="c")
    for decide in (links.confirm, links.undo):
        custodian.censuses._write("events.sealed", b"a census")
        decide(pair.link.id, by="c")
        assert not (custodian.home / "census/events.sealed").exists()


def test_a_number_that_is_nobodys_or_the_same_is_refused(
    custodian: Custodian, links: CustodianLinks
) -> None:
    send(custodian, bundle(PATIENT, OTHER | {"link": []}))
    for number, other, name in (
        ("V-9", "V-100", "number"),
        ("V-100", "", "other"),
        ("V-100", "V-100", "other"),
    ):
        with pytest.raises(Invalid) as refused:
            links.propose(WORDS, number, other, by="c")
        assert list(refused.value.fields) == [name]
    with pytest.raises(NotFound):
        links.confirm("0" * 32, by="c")
    pair = links.propose(WORDS, "V-100", "V-200", by="c")
    with pytest.raises(Conflict):
        links.undo(pair.link.id, by="c")


def test_a_link_that_is_confirmed_at_this_moment_is_not_dismissed(
    custodian: Custodian, links: CustodianLinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(custodian, bundle(PATIENT, OTHER))
    pair = links.propose(WORDS, "V-100", "V-200", by="c")
    links.confirm(pair.link.id, by="c")
    monkeypatch.setattr(CustodianLinks, "get", lambda *_: pair)  # as it was read before
    with pytest.raises(Conflict):
        links.dismiss(pair.link.id, by="d")
    monkeypatch.undo()
    assert links.get(pair.link.id).link.state == LINKED
