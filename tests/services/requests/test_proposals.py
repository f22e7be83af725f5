"""A proposal is a study once it is approved; a study's name belongs to one proposal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from models import ModelsInvalid, Study
from services.errors import NotFound
from services.requests import Proposal, StudyProposals
from services.requests.proposals import MAX_PROPOSED, ProposalChanged, TooManyProposals

NOW_S = 1_800_000_000.0
CALLERS = 8
REST = ("A protocol.", "diabetes", "small", "MLTRAINING", ("condition",), "", "", 365)
PROPOSAL = Proposal("study:new", "organisation:a", "New", "Board 12/34", *REST, 1_900_000_000)


class Studies:
    """The part of the diagnostics that registers studies."""

    def __init__(self) -> None:
        self.registered = [Study("study:small", "Small", "", 1_900_000_000)]

    def studies(self) -> list[Study]:
        return self.registered

    def add_study(self, study: Study) -> None:
        self.registered.append(study)


@pytest.fixture
def studies() -> Studies:
    return Studies()


@pytest.fixture
def proposals(engine, studies) -> StudyProposals:
    return StudyProposals(engine, studies, lambda: NOW_S)


def is_study(studies: Studies) -> bool:
    return PROPOSAL.study in {study.id for study in studies.registered}


def test_only_an_approved_proposal_is_a_study(proposals, studies) -> None:
    proposals.register(PROPOSAL)
    assert not is_study(studies)
    approved = proposals.approve(PROPOSAL.study, "a custodian")
    assert approved.state == "approved"
    assert is_study(studies)
    assert (
        proposals.reject(PROPOSAL.study, "refused", "a custodian", "too late").state == "approved"
    )
    assert proposals.approve(PROPOSAL.study, "another") == approved


def test_a_refused_proposal_is_no_study_and_has_the_reason(proposals, studies) -> None:
    proposals.register(PROPOSAL)
    refused = proposals.reject(
        PROPOSAL.study, "refused", "a custodian", "The protocol names no end."
    )
    assert (refused.state, refused.why) == ("refused", "The protocol names no end.")
    assert not is_study(studies)


def test_a_decision_counts_for_the_version_that_was_read_alone(
    proposals, studies, monkeypatch
) -> None:
    first = proposals.register(PROPOSAL)
    proposals.reject(first.study, "returned", "a custodian", "why?", first.version)
    wider = proposals.amend(replace(PROPOSAL, protocol="Everything, for everybody."))
    with pytest.raises(ProposalChanged):
        proposals.approve(first.study, "another custodian", first.version)
    with pytest.raises(ProposalChanged):
        proposals.reject(first.study, "refused", "another custodian", "no", first.version)
    assert not is_study(studies)
    monkeypatch.setattr(type(proposals), "get", lambda *_: replace(wider, protocol="We look."))
    with pytest.raises(ProposalChanged):  # it was changed between reading and deciding
        proposals.approve(first.study, "another custodian", wider.version)
    monkeypatch.undo()
    assert proposals.get(first.study) == wider
    assert proposals.approve(first.study, "a custodian", wider.version).state == "approved"


def test_a_studys_name_is_given_once(proposals) -> None:
    first = proposals.register(PROPOSAL)
    assert proposals.register(PROPOSAL) == first
    with pytest.raises(ModelsInvalid):
        proposals.register(replace(PROPOSAL, title="Another"))
    with pytest.raises(ModelsInvalid):
        proposals.register(replace(PROPOSAL, study="study:small"))
    with pytest.raises(NotFound):
        proposals.get("study:nobody")


def test_the_request_of_a_study_has_the_proposals_terms(proposals) -> None:
    details = proposals.register(PROPOSAL).request_details()
    assert (details.party, details.kind, details.purposes) == (
        "study:new",
        "study",
        ("MLTRAINING",),
    )
    assert (details.categories, details.days) == (("condition",), 365)


def test_of_two_owners_at_the_same_moment_one_gets_the_name(proposals) -> None:
    together = Barrier(CALLERS)

    def propose(owner: str) -> str:
        together.wait()
        try:
            return proposals.register(replace(PROPOSAL, owner=owner)).owner
        except ModelsInvalid:
            return ""

    with ThreadPoolExecutor(CALLERS) as pool:
        results = list(pool.map(propose, [f"organisation:{n % 2}" for n in range(CALLERS)]))
    owner = proposals.get(PROPOSAL.study).owner
    assert sorted(results) == [""] * (CALLERS // 2) + [owner] * (CALLERS // 2)


def test_no_organisation_fills_the_disk_with_studies_that_wait(proposals) -> None:
    for number in range(MAX_PROPOSED):
        proposals.register(replace(PROPOSAL, study=f"study:s{number}"))
    with pytest.raises(TooManyProposals, match="50 studies of your organisation wait"):
        proposals.register(PROPOSAL)
    proposals.register(replace(PROPOSAL, study="study:s0"))  # the same again changes nothing
    proposals.register(replace(PROPOSAL, study="study:other", owner="organisation:b"))
    proposals.reject("study:s0", "refused", "keeper", "no")
    proposals.register(PROPOSAL)


def test_a_changed_study_counts_against_the_limit_as_a_new_one_does(proposals) -> None:
    proposals.register(PROPOSAL)
    proposals.reject(PROPOSAL.study, "returned", "keeper", "Name the end.")
    for number in range(MAX_PROPOSED):
        proposals.register(replace(PROPOSAL, study=f"study:s{number}"))
    changed = replace(PROPOSAL, protocol="It ends in 2030.")
    with pytest.raises(TooManyProposals, match="50 studies of your organisation wait"):
        proposals.amend(changed)
    assert proposals.get(PROPOSAL.study).state == "returned"
    proposals.reject("study:s0", "refused", "keeper", "no")
    assert proposals.amend(changed).state == "proposed"
