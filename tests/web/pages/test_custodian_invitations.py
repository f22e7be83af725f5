"""The page of a new link: a reload makes no second link and does not show the first."""

from __future__ import annotations

import re
from typing import Any

import pytest
from visitors import signed_in

pytestmark = pytest.mark.node


def test_a_reload_makes_no_second_link_and_does_not_show_the_first_again(hospital: Any) -> None:
    keeper = signed_in(hospital, "custodian")
    sent = {"role": "auditor", "name": "Dr B", "party": "", "identity": "card"}
    done = keeper.post("/custodian/patients/new", **sent)
    assert done.status_code == 303
    page = keeper.get(done.location)
    (link,) = set(re.findall(r"http://\S+/join/[\w-]{43}", page.text))
    again = keeper.get(done.location).text
    assert link not in again
    assert "A link is shown only once" in again
    assert keeper.http.get_cookie("shown-once", path=done.location) is None


def test_facts_that_another_session_signed_are_not_shown(hospital: Any) -> None:
    keeper, other = (signed_in(hospital, "custodian") for _ in range(2))
    sent = {"role": "auditor", "name": "Dr B", "party": "", "identity": "card"}
    done = keeper.post("/custodian/patients/new", **sent)
    value = done.headers["Set-Cookie"].split("=", 1)[1].split(";")[0]
    other.http.set_cookie("shown-once", value, path=done.location)
    assert "/join/" not in other.get(done.location).text


def test_a_recovery_link_is_shown_once_and_a_reload_issues_no_other(hospital: Any) -> None:
    keeper, number = signed_in(hospital, "custodian"), "R-shown-once"
    hospital.platform.requests.directory.add([(number, hospital.new_patient())])
    done = keeper.post("/custodian/recoveries", number=number, identity="card")
    assert (done.status_code, done.location) == (303, "/custodian/recoveries/made")
    (link,) = set(re.findall(r"http://\S+/recover/[\w-]{43}", keeper.get(done.location).text))
    assert link not in keeper.get(done.location).text
    secret = link.rpartition("/")[2]
    assert hospital.platform.identity.key_recoveries.find(secret) is not None


def test_both_forms_say_before_that_a_new_link_ends_an_earlier_one(hospital: Any) -> None:
    keeper = signed_in(hospital, "custodian")
    sentence = "An earlier link for the same person then stops working."
    sent = {"role": "auditor", "name": "Dr Twice", "party": "", "identity": "card"}
    number, identity = "R-twice", hospital.platform.identity
    hospital.platform.requests.directory.add([(number, hospital.new_patient())])
    for path, fields, kind, find in (
        ("/custodian/patients/new", sent, "join", identity.registrations.find_invitation),
        (
            "/custodian/recoveries",
            {"number": number, "identity": "card"},
            "recover",
            identity.key_recoveries.find,
        ),
    ):
        assert sentence in keeper.get(path).text
        secrets = []
        for _ in range(2):
            page = keeper.get(keeper.post(path, **fields).location).text
            secrets.append(re.findall(rf"http://\S+/{kind}/([\w-]{{43}})", page)[0])
        assert [find(secret) is not None for secret in secrets] == [False, True]


def test_a_link_for_a_patient_whom_a_trial_wallet_enrolled_promises_no_passkey(
    hospital: Any,
) -> None:
    keeper, identity = signed_in(hospital, "custodian"), hospital.platform.identity
    sentence, button = "so this link cannot create a passkey", "Create a passkey"
    directory = hospital.platform.requests.directory
    for number, subject in (("R-trial", hospital.new_patient()), ("R-keyless", None)):
        if subject is not None:
            directory.add([(number, subject)])
        sent = {"role": "patient", "number": number, "identity": "card", "new_patient": number}
        page = keeper.get(keeper.post("/custodian/patients/new", **sent).location).text
        assert (sentence in page) == (subject is not None)
        (link,) = set(re.findall(r"http://\S+(/join/[\w-]{43})", page))
        joining = hospital.app.test_client().get(link).text
        assert (sentence in joining) == (subject is not None)
        assert (button in joining) == (subject is None)
        assert identity.registrations.find_invitation(link.rpartition("/")[2]) is not None
