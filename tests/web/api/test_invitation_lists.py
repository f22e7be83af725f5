"""Lists of patients who are invited at once, by the API and the command line."""

from __future__ import annotations

import csv
import io
import json
import secrets
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from cli import make_cli

pytestmark = pytest.mark.node
LISTS = "/custodian/invitation-lists"


@pytest.fixture(autouse=True)
def no_lists(hospital) -> None:
    """Other tests of the API may have left as many lists as may be stored."""
    lists = hospital.services.custodian.lists
    for each in lists.list_all():
        lists.delete(each.id, by="test")


def number_of_nobody() -> str:
    return f"A{secrets.token_hex(5)}"


def test_a_list_is_checked_then_invited_once_then_deleted(hospital, custodian) -> None:
    number = number_of_nobody()
    body = {"list": f"number,email\n{number},a@example.org", "language": "de"}
    checked = custodian.post(LISTS, body)
    assert checked.status_code == 201
    reply = checked.get_json()
    (person,) = reply["people"]
    assert (person["state"], person["link"], person["language"]) == ("new", "", "de")
    assert (reply["is_issued"], reply["problems"], reply["until_s"]) == (False, [], 0)
    path = f"{LISTS}/{reply['id']}"
    refused = custodian.post(f"{path}/invite", {"identity": "card"})
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["new_patients"])
    confirmed = {"identity": "card", "new_patients": True}
    first, second = (custodian.post(f"{path}/invite", confirmed).get_json() for _ in range(2))
    link = first["people"][0]["link"]
    assert hospital.platform.identity.registrations.find_invitation(link.rsplit("/", 1)[1])
    assert second["people"][0]["link"] == link
    listed = {each["id"] for each in custodian.get(LISTS).get_json()["lists"]}
    assert reply["id"] in listed
    left = custodian.ask("DELETE", path).get_json()["lists"]
    assert reply["id"] not in {each["id"] for each in left}
    assert custodian.get(path).status_code == 404


def test_an_earlier_link_is_a_state_and_is_replaced_only_on_request(hospital, custodian) -> None:
    body = {"list": number_of_nobody()}
    path = f"{LISTS}/{custodian.post(LISTS, body).get_json()['id']}/invite"
    new = {"identity": "card", "new_patients": True}
    link = custodian.post(path, new).get_json()["people"][0]["link"]
    again = custodian.post(LISTS, body).get_json()
    assert [person["state"] for person in again["people"]] == ["linked"]
    path = f"{LISTS}/{again['id']}/invite"
    refused = custodian.post(path, new)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["replace_links"])
    find = hospital.platform.identity.registrations.find_invitation
    assert find(link.rsplit("/", 1)[1]) is not None
    replaced = custodian.post(path, new | {"replace_links": True}).get_json()
    assert find(replaced["people"][0]["link"].rsplit("/", 1)[1]) is not None
    assert find(link.rsplit("/", 1)[1]) is None


def test_a_wrong_line_is_a_code_and_a_list_that_cannot_be_read_is_invalid(custodian) -> None:
    reply = custodian.post(LISTS, {"list": f"{number_of_nobody()},x"}).get_json()
    assert reply["problems"] == [{"line": 1, "problem": "email"}]
    custodian.ask("DELETE", f"{LISTS}/{reply['id']}")
    problem = custodian.post(LISTS, {"list": "number,ward\n1,2"})
    assert (problem.status_code, list(problem.get_json()["errors"])) == (422, ["list"])


def test_another_organisations_custodian_sees_no_lists(hospital) -> None:
    other = hospital.client("custodian", "organisation:elsewhere")
    assert other.get(LISTS).status_code == 404
    assert other.post(LISTS, {"list": "1"}).status_code == 404


def test_the_operator_invites_a_list_by_command(hospital, tmp_path) -> None:
    @contextmanager
    def opener(settings=None, tell=None):
        yield hospital.platform

    def run(*words: str):
        return CliRunner().invoke(make_cli(opener), ["invite-list", *words])

    number, path = number_of_nobody(), tmp_path / "people.csv"
    path.write_text(f"number;name;language\n{number};Anna Bee;de\n")
    directory, lists = hospital.platform.requests.directory, hospital.services.custodian.lists
    before = {each.id for each in lists.list_all()}
    looked = json.loads(run(str(path), "--json").stdout)
    assert looked == {"people": [{"line": 2, "state": "new"}], "problems": []}
    unconfirmed = run(str(path), "--identity", "card")
    assert unconfirmed.exit_code == 2
    assert "Tick that they are new patients" not in unconfirmed.stdout
    assert directory.find_subject(number) is None
    assert {each.id for each in lists.list_all()} == before
    done = run(str(path), "--identity", "card", "--new-patients")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["Hospital number"], row["Language"]) == (number, "de")
    code = row["Link"].rsplit("/", 1)[1]
    assert hospital.platform.identity.registrations.find_invitation(code) is not None
    for each in lists.list_all():
        if each.id not in before:
            lists.delete(each.id, by="test")
