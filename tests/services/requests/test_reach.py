"""The people whom a custodian approves are the people who are asked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from consent import LedgerUnavailable
from services.custodian.approvals import CustodianApprovals
from services.requests.reach import StudyReach
from services.researcher.studies import Studies
from services.words import Words

HOLDERS = [b"a" * 32, b"b" * 32, b"c" * 32, b"d" * 32]
REFUSING, PERMITTING = HOLDERS[1], HOLDERS[2]
STUDY = SimpleNamespace(
    study="study:s",
    owner="organisation:o",
    purpose="MLTRAINING",
    question="q",
    categories=("vital-signs", "condition", "imaging"),
    until_s=9,
    request_details=lambda: "details",
)


class Store:
    """Four people hold what the question needs; one of them refuses and one permits already."""

    def list_subjects_with(self, categories):
        assert set(categories) == {"vital-signs", "condition"}
        return HOLDERS

    def find_deceased(self, subjects: list[bytes]) -> set[bytes]:
        return set()

    def refusing_subjects(self, party, purpose):
        assert (party, purpose) == ("study:s", "MLTRAINING")
        return {REFUSING}

    def permitted_subjects(self, party, purpose):
        return {PERMITTING: {}}


class Diagnostics:
    def question(self, question_id):
        label = SimpleNamespace(category="condition")
        return SimpleNamespace(timeline=None, required=("vital-signs",), label=label)

    def clock(self):
        return 1


@pytest.fixture
def reach() -> StudyReach:
    return StudyReach(store=Store(), diagnostics=Diagnostics())


def test_who_refuses_or_lacks_a_needed_record_is_not_reached(reach) -> None:
    assert reach.subjects(STUDY) == [HOLDERS[0], HOLDERS[2], HOLDERS[3]]


def test_the_number_that_the_custodian_approves_is_of_the_people_who_are_asked(
    reach, monkeypatch
) -> None:
    anything = SimpleNamespace(
        get=lambda _: STUDY,
        name_of=str,
        count=lambda *_: 9,
        list_by_study=lambda _: [],
        list_summaries=lambda _: [],
        describe=lambda *_: None,
        get_approved=lambda *_: STUDY,
    )
    stores = SimpleNamespace(
        proposals=anything,
        reach=reach,
        directory=anything,
        parties=anything,
        descriptions=anything,
        copies=anything,
        deletions=anything,
    )
    approvals = CustodianApprovals(requests=stores)
    sent = []
    studies = Studies(
        owned=anything,
        requests=SimpleNamespace(send=lambda details, subjects, by: sent.extend(subjects)),
        descriptions=anything,
        diagnostics=Diagnostics(),
        feasibility=None,
        reach=reach,
    )
    monkeypatch.setattr(Studies, "get", lambda *_: None)
    studies.send_requests("organisation:o", "account", "s")
    assert approvals.review(Words("en"), "s").reach == len(sent) == 2
    assert not {PERMITTING, REFUSING} & set(sent)


def test_nobody_is_asked_while_refusals_cannot_be_read(reach, monkeypatch) -> None:
    def refuse(*_):
        raise LedgerUnavailable("away")

    monkeypatch.setattr(Store, "refusing_subjects", refuse)
    with pytest.raises(LedgerUnavailable):
        reach.subjects(STUDY)
