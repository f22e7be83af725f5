"""The guides say what the pages are: their pictures, their paths, the words on the buttons.

With VOUCHSAFE_SHOTS=1 the new pictures of the running platform replace those of the guides.
"""

from __future__ import annotations

import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import Person, chromium, person, served
from PIL import Image
from playwright.sync_api import Browser
from rig import ROOT, Town, running
from views import page_operations

import app as application
from deploy.demo.people import MAPPING, TABLE
from records import Mapping, read_table
from services.accounts import Invitee
from services.requests import Proposal, RequestDetails
from services.wiring import Services

GUIDES = ROOT / "docs" / "guide"
SHOTS = GUIDES / "shots"
ROLES = ("patient", "clinician", "researcher", "custodian", "auditor")
MOST_BYTES = 120_000
PICTURES = {f"docs/guide/{role}.md": GUIDES / f"{role}.md" for role in ROLES}
PICTURES["README.md"] = ROOT / "README.md"
PORT = "8017"
HOSPITAL, STUDY = "organisation:this-hospital", "study:early-diabetes"
CATEGORIES = ("demographics", "vital-signs", "laboratory", "condition")
DAY_S = 86_400


def _pictures(path: Path) -> list[tuple[str, Path]]:
    """Return (what it shows, file) of each picture of a page of text."""
    text = path.read_text(encoding="utf-8")
    result = re.findall(r'<img src="([^"]+)" width="\d+" alt="([^"]*)">', text)
    result += [(name, words) for words, name in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text)]
    return [(words, (path.parent / name).resolve()) for name, words in result]


@pytest.mark.parametrize("name", PICTURES)
def test_each_guide_has_pictures_that_are_there_and_small(name: str) -> None:
    pictures = _pictures(PICTURES[name])
    assert 1 <= len(pictures) <= 3
    for words, path in pictures:
        assert words.strip(), f"{path.name} has no words for people who cannot see it"
        assert path.parent == SHOTS
        assert path.stat().st_size < MOST_BYTES, path.name


def test_no_picture_is_left_over() -> None:
    used = {path for picture in PICTURES.values() for _, path in _pictures(picture)}
    assert set(SHOTS.glob("*")) == used


@pytest.mark.parametrize("role", ROLES)
def test_each_path_that_a_guide_names_is_a_page_of_that_role_or_of_everybody(role: str) -> None:
    paths = {
        page.path
        for page in page_operations()
        if page.path.startswith(f"/{role}") or not page.roles
    }
    named = re.findall(r"`(/[a-z][^`]*)`", (GUIDES / f"{role}.md").read_text(encoding="utf-8"))
    assert f"/{role}" in named
    assert [item for item in named if not any(_is(path, item) for path in paths)] == []


def _is(path: str, named: str) -> bool:
    return re.fullmatch(re.sub(r"{[a-z]+}", "[^/]+", path), named) is not None


@pytest.mark.parametrize("role", ROLES)
def test_each_word_in_bold_is_on_a_page(role: str) -> None:
    words = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "services/words/en").glob("*.ftl")
    )
    bold = re.findall(r"\*\*([^*]+)\*\*", (GUIDES / f"{role}.md").read_text(encoding="utf-8"))
    assert bold
    assert [item for item in bold if item not in words] == []


def test_the_readme_names_each_story_and_no_other() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    here = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    assert named == here - {Path(__file__).name}


# What follows takes the pictures.


@pytest.mark.node
@pytest.mark.slow
def test_the_pictures_are_of_the_running_platform(town: Town, tmp_path: Path) -> None:
    folder = SHOTS if "VOUCHSAFE_SHOTS" in os.environ else tmp_path / "shots"
    take_pictures(town.demo.home, folder)
    used = {path.name for picture in PICTURES.values() for _, path in _pictures(picture)}
    assert {path.name for path in folder.iterdir()} == used


def take_pictures(home: Path, folder: Path) -> None:
    """Take every picture of the guides, of the platform that the demo left in `home`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        running(home, VOUCHSAFE_PORT=PORT) as platform,
        served(platform) as origin,
        chromium() as browser,
    ):
        set_ = Set(platform, browser, origin, folder)
        for role in (_custodian, _patient, _clinician, _researcher, _auditor):
            role(set_)


@dataclass(frozen=True)
class Set:
    """Where the pictures are taken: the platform, a browser, and a folder for them."""

    platform: Services
    browser: Browser
    origin: str
    folder: Path

    @contextmanager
    def somebody(self, invited: Invitee, width: int, height: int) -> Iterator[Person]:
        """Yield somebody who has joined, at a window of this size."""
        size = {"width": width, "height": height}
        scale = 2 if width < 500 else 1
        how = {"viewport": size, "device_scale_factor": scale, "color_scheme": "light"}
        with person(self.browser, self.origin, **how) as made:
            made.join(self.platform.identity.invite(invited))
            yield made

    def take(self, somebody: Person, name: str, top: str = "") -> None:
        """Save what the window shows, from `top` on, as a small PNG."""
        somebody.page.wait_for_load_state("networkidle")
        if top:
            somebody.page.locator(top).first.evaluate("element => element.scrollIntoView(true)")
        screenshot = io.BytesIO(somebody.page.screenshot())
        picture = Image.open(screenshot).convert("RGB").quantize(64, dither=Image.Dither.NONE)
        picture.save(self.folder / f"{name}.png", optimize=True)

    def work(self) -> None:
        """Do what a worker would."""
        application.make_worker(self.platform).run_claimable()


def _staff(role: str, name: str, party: str = HOSPITAL) -> Invitee:
    return Invitee(role, party, name)


def _custodian(at: Set) -> None:
    with at.somebody(_staff("custodian", "Records office"), 1280, 800) as visitor:
        visitor.go("/custodian/patients/new")
        at.take(visitor, "custodian-invite")
        visitor.go("/custodian/deposits/new")
        file = {"name": "visit.csv", "mimeType": "text/csv", "buffer": _table_with_a_slip()}
        visitor.page.set_input_files("#file", file)
        visitor.page.select_option("#mapping", "own")
        visitor.page.set_input_files("#own-mapping", str(MAPPING))
        visitor.page.check("input[name=bad][value=leave]")
        visitor.submit("text=Check the file")
        at.work()
        visitor.reload()
        at.take(visitor, "custodian-deposit")


def _table_with_a_slip() -> bytes:
    """Return ten people's rows, one of them with a weight nobody has."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[:11]
    names, cells = lines[0].split(","), lines[3].split(",")
    cells[names.index("WeightKg")] = "9999"
    return "\n".join([*lines[:3], ",".join(cells), *lines[4:], ""]).encode()


def _patient(at: Set) -> None:
    subject, platform = secrets.token_bytes(32), at.platform
    row = next(iter(read_table(TABLE, Mapping.load(MAPPING))))
    platform.store.deposits.deposit(row.records(subject, HOSPITAL))
    _ask(platform, subject)
    with at.somebody(Invitee("patient", "", "", subject), 390, 760) as visitor:
        visitor.go("/patient")
        visitor.page.click("text=Read the request")
        at.take(visitor, "patient-request")
        visitor.page.check("input[value=yes]")
        visitor.page.click("button:text('Continue')")
        visitor.page.click("main a:text('Skip')")
        at.take(visitor, "patient-sign", "h2:text('What you sign')")
        visitor.page.click("button:text('Sign with your passkey')")
        visitor.says("Your permission is active.")
        record = platform.store.records_of(subject)[0].record_id.hex()
        platform.store.vault.open(STUDY, "MLTRAINING", record, "early diabetes")
        platform.store.journal.anchor()
        visitor.go("/patient/journal")
        visitor.says("Proof")


def _ask(platform: Services, subject: bytes) -> None:
    until_s = int(platform.installation.clock()) + 365 * DAY_S
    proposals = platform.requests.proposals
    proposals.register(
        Proposal(
            study=STUDY,
            owner=HOSPITAL,
            title="The Early Diabetes Study",
            board="The ethics board of the hospital",
            protocol="Predict diabetes, known or not yet known, from an examination.",
            condition="diabetes",
            question="nhanes-diabetes",
            purpose="MLTRAINING",
            categories=CATEGORIES,
            data_from="",
            data_to="",
            days=365,
            until_s=until_s,
        )
    )
    proposals.approve(STUDY, "pictures")
    query = (STUDY, "study", ("MLTRAINING",), CATEGORIES, "", "", 365, "diabetes")
    platform.requests.requests.send(RequestDetails(*query), [subject], "pictures")


def _clinician(at: Set) -> None:
    asking = at.platform.requests
    model = [item for item in at.platform.diagnostics.models() if item.state == "active"][0]
    with at.somebody(_staff("clinician", "Dr Adeyemi"), 1280, 800) as visitor:
        known = asking.care.search(HOSPITAL, limit=40)[0]
        asking.directory.add((f"H-{20_481 + 7 * n}", who.subject) for n, who in enumerate(known))
        visitor.go("/clinician?search=H-2")
        at.take(visitor, "clinician-patients")
        for patient in known:  # stories before this one may have ended somebody's permission
            path = f"/clinician/diagnoses/new?patient={patient.key}&question={model.question}"
            visitor.go(path)
            with visitor.page.expect_navigation(wait_until="load"):
                visitor.page.click("text=Get the estimate")
            if visitor.page.locator("#decision-title").count():
                at.take(visitor, "clinician-answer", "h1")
                return
        raise AssertionError("no patient's records permit an estimate")


def _researcher(at: Set) -> None:
    model = [item for item in at.platform.diagnostics.models() if item.state == "active"][0]
    with at.somebody(_staff("researcher", "Dr Okafor"), 1280, 800) as visitor:
        visitor.go("/researcher/questions/nhanes-diabetes")
        at.take(visitor, "researcher-question")
        visitor.go(f"/researcher/models/{model.id}")
        at.take(visitor, "researcher-model")


def _auditor(at: Set) -> None:
    with at.somebody(_staff("auditor", "Audit", "organisation:auditors"), 1280, 800) as visitor:
        visitor.go("/auditor")
        visitor.page.click("text=Run verification >> nth=0")
        visitor.says("Stop this")
        at.work()
        visitor.says("All seven checks agree.")
        at.take(visitor, "auditor-verify", "h1")
