"""The pages that invite many patients at once: form, check, result, letters, links."""

from __future__ import annotations

import csv
import io
import re
import secrets
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import person
from qr_codes import drawn_modules, modules_of
from visitors import Visitor, signed_in

from services.accounts import Invitee

pytestmark = pytest.mark.node
LISTS = "/custodian/patients/lists"


@pytest.fixture
def keeper(hospital: Any) -> Visitor:
    lists = hospital.services.custodian.lists
    for each in lists.list_all():  # other tests may have left as many as may be stored
        lists.delete(each.id, by="test")
    return signed_in(hospital, "custodian")


def sent(keeper: Visitor, text: str, **fields: Any) -> str:
    """Send a list, and return the path of its page."""
    done = keeper.post(LISTS, **({"list": text, "language": "en"} | fields))
    assert done.status_code == 303, done.text
    return str(done.location)


def test_a_list_invites_nobody_before_it_is_confirmed_and_is_deleted_on_demand(
    keeper: Visitor,
) -> None:
    path = sent(keeper, f"P{secrets.token_hex(5)}")
    page = keeper.get(path).text
    assert "Nobody is invited yet." in page
    assert "No records are stored for these numbers" in page
    refused = keeper.post(path, wish="invite", identity="card")
    assert refused.status_code == 422
    assert "Tick that they are new patients" in refused.text
    assert keeper.get(f"{path}/letters").status_code == 404
    assert keeper.post(path, wish="delete").location == LISTS
    assert keeper.get(path).status_code == 404


def test_a_list_that_is_sent_again_says_before_that_it_would_end_earlier_links(
    hospital: Any, keeper: Visitor
) -> None:
    number = f"P{secrets.token_hex(5)}"
    path = sent(keeper, number)
    keeper.post(path, wish="invite", identity="card", new_patients="yes")
    (earlier,) = hospital.services.custodian.lists.get(path.rsplit("/", 1)[1]).people
    again = sent(keeper, number)
    page = keeper.get(again).text
    assert "Not to be invited again: an earlier link works" in page
    assert "A new link ends the earlier one" in page
    refused = keeper.post(again, wish="invite", identity="card")
    assert refused.status_code == 422
    assert "Tick that the earlier links are replaced" in refused.text
    find = hospital.platform.identity.registrations.find_invitation
    assert find(earlier.link.rsplit("/", 1)[1]) is not None
    done = keeper.post(again, wish="invite", identity="card", replace_links="yes")
    assert done.status_code == 303
    assert find(earlier.link.rsplit("/", 1)[1]) is None


def test_who_keeps_an_earlier_link_is_named_in_the_result(keeper: Visitor) -> None:
    number, other = (f"P{secrets.token_hex(5)}" for _ in range(2))
    keeper.post(sent(keeper, number), wish="invite", identity="card", new_patients="yes")
    path = sent(keeper, f"{number}\n{other}")
    keeper.post(path, wish="invite", identity="card", new_patients="yes")
    page = keeper.get(path).text
    assert "One patient is invited" in page
    assert "Not to be invited again: an earlier link works" in page


def test_a_confirmed_list_gives_letters_in_each_persons_language_and_the_same_links(
    hospital: Any, keeper: Visitor
) -> None:
    first, second = (f"P{secrets.token_hex(5)}" for _ in range(2))
    path = sent(keeper, f"{first},a@example.org,Anna <b>Bee</b>,de\n{second}", language="es")
    done = keeper.post(path, wish="invite", identity="card", new_patients="yes")
    assert (done.status_code, done.location) == (303, path)
    assert "2 patients are invited" in keeper.get(path).text
    german, spanish = re.findall(r"<article.*?</article>", keeper.get(f"{path}/letters").text, re.S)
    assert 'lang="de"' in german
    assert "Ihre Einladung" in german
    assert "Anna &lt;b&gt;Bee&lt;/b&gt;" in german
    assert f"Krankenhausnummer {first}" in german
    assert "Su invitación" in spanish
    links = [re.findall(r"http://\S+/join/[\w-]{43}", letter) for letter in (german, spanish)]
    rows = list(csv.DictReader(io.StringIO(keeper.get(f"{path}/links").text)))
    assert [[row["Link"]] for row in rows] == links
    assert [(row["Hospital number"], row["E-mail"], row["Language"]) for row in rows] == [
        (first, "a@example.org", "de"),
        (second, "", "es"),
    ]
    for letter, (link,) in zip((german, spanish), links, strict=True):
        assert drawn_modules(letter) == modules_of(link)
        code = link.rsplit("/", 1)[1]
        assert hospital.platform.identity.registrations.find_invitation(code) is not None
    keeper.post(path, wish="delete")


def test_wrong_lines_are_named_and_offer_no_invitation(keeper: Visitor) -> None:
    path = sent(keeper, "number,email\nP1,a@example\nP2,")
    page = keeper.get(path).text
    assert "The e-mail address is not complete" in page
    assert "Invite these patients" not in page
    refused = keeper.post(path, wish="invite", identity="card", new_patients="yes")
    assert refused.status_code == 422
    assert "One line is wrong" in refused.text
    keeper.post(path, wish="delete")


def test_a_file_is_taken_in_place_of_what_is_pasted_and_a_bad_one_says_why(
    hospital: Any, keeper: Visitor
) -> None:
    upload = (io.BytesIO(b"Hospital number\nP-of-a-file\n"), "people.csv")
    path = sent(keeper, "P-pasted", file=upload)
    page = keeper.get(path).text
    assert "P-of-a-file" in page
    assert "P-pasted" not in page
    keeper.post(path, wish="delete")
    for content, words in ((b"\xff\xfe1", "not UTF-8"), (b"number,ward\n1,2", "first line names")):
        refused = keeper.post(LISTS, language="en", file=(io.BytesIO(content), "people.csv"))
        assert refused.status_code == 422
        assert words in refused.text
    assert keeper.post(LISTS, list="", language="en").status_code == 422


@pytest.mark.slow
def test_the_pages_of_a_list_fit_a_phone_and_have_no_barrier_that_axe_finds(
    hospital: Any, browser: Any, origin: str
) -> None:
    link = hospital.platform.identity.invite(
        Invitee("custodian", hospital.platform.installation.organisation, "Records office")
    )
    with person(browser, origin, viewport={"width": 390, "height": 844}) as keeper:
        keeper.join(link)
        keeper.go("/custodian/patients/new")
        keeper.page.click("text=Invite many patients")
        keeper.says("Paste or upload")
        looked_at(keeper)
        number = f"P{secrets.token_hex(5)}"
        keeper.page.fill("#list", f"{number},a@example.org,Anna Bee,de\n{number}-2")
        keeper.page.click("text=Check the list")
        keeper.says("Nobody is invited yet.")
        looked_at(keeper)
        keeper.page.check("input[name=identity][value=card]")
        keeper.page.check("#new_patients")
        keeper.page.click("text=Invite these patients")
        keeper.says("2 patients are invited")
        looked_at(keeper)
        keeper.page.click("main a:text('Letters')")
        keeper.says("Ihre Einladung")
        looked_at(keeper)
        drawing = keeper.page.locator(".qr svg").first.bounding_box()
        assert drawing["width"] > 100  # the policy of the page lets it be drawn
        keeper.page.click("a.back")
        keeper.page.click("text=Delete the list")
        keeper.says("Paste or upload")


def looked_at(keeper: Any) -> None:
    assert Axe().run(keeper.page).violations_count == 0, keeper.page.url
    wide = keeper.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, keeper.page.url
