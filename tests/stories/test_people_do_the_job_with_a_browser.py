"""Five people with a browser and nothing else do the main job, from the invitation to the audit."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from browser import Person, chromium, person, served
from playwright.sync_api import Browser
from rig import CACHE, Town, settings_of

from deploy.demo.people import STUDY
from deploy.nodes.supervisor import Supervisor
from deploy.processes import WorkerProgram
from services.accounts import Invitee

pytestmark = [pytest.mark.node, pytest.mark.slow]
STUDY_PAGE = f"/researcher/studies/{STUDY.removeprefix('study:')}"
TRAINING_MS = 400_000


@dataclass
class Stage:
    """The town, served, with a worker, and a browser for whoever comes."""

    town: Town
    origin: str
    browser: Browser
    stack: ExitStack

    def comes(self, link: str) -> Person:
        """Let somebody with a fresh browser and device follow an invitation."""
        made = self.stack.enter_context(person(self.browser, self.origin))
        made.join(link)
        return made

    def colleague(self, role: str) -> Person:
        """Let a colleague of the hospital come."""
        platform = self.town.platform
        return self.comes(
            platform.identity.invite(Invitee(role, platform.installation.organisation, "Dr A"))
        )


@pytest.fixture(scope="module")
def stage(town: Town) -> Iterator[Stage]:
    environment = {"VOUCHSAFE_HOME": str(town.demo.home), "VOUCHSAFE_CACHE": CACHE}
    settings = settings_of(town.demo.home)
    worker = Supervisor(WorkerProgram(settings, {**os.environ, **environment}))
    with ExitStack() as stack:
        origin = stack.enter_context(served(town.platform))
        browser = stack.enter_context(chromium())
        worker.start()
        stack.callback(worker.stop)
        yield Stage(town, origin, browser, stack)


def waiting_number(town: Town) -> str:
    """Return the hospital number of somebody whose record is here and who has no key yet."""
    waiting = json.loads((town.demo.wallet / "waiting.json").read_text())
    return sorted(waiting)[0]


def invite_a_patient(custodian: Person, number: str) -> str:
    """Have the custodian invite the patient of a number, and return the link that is shown."""
    custodian.go("/custodian/patients/new")
    custodian.page.check("input[name=role][value=patient]")
    custodian.page.check("input[name=identity][value=card]")
    custodian.page.fill("input[name=number]", number)
    custodian.page.click("main button.primary")
    custodian.says("/join/")
    return next(word for word in custodian.text().split() if "/join/" in word)


def grant_everything(patient: Person) -> None:
    """Say yes to each request that waits, each with a signature of its own."""
    patient.go("/patient")
    while patient.page.locator("text=Read the request").count():
        patient.page.locator("text=Read the request").first.click()
        patient.page.check("input[value=yes]")
        patient.page.click("button:text('Continue')")
        patient.page.click("main a:text('Skip')")
        patient.page.click("button:text('Sign with your passkey')")
        patient.says("Your permission is active.")
        patient.go("/patient")


def predict(clinician: Person, number: str) -> str:
    """Ask the model about a patient, and return where its answer stands."""
    clinician.go(f"/clinician?search={number}")
    clinician.page.click(f"main a:text('{number}')")
    clinician.page.click("main a:text('Get an estimate')")
    clinician.says("Values for the model")
    clinician.page.click("button:text('Get the estimate')")
    clinician.says("Of 100 people with values like these")
    clinician.page.check("input[value=agree]")
    clinician.page.click("button:text('Save my decision')")
    clinician.says("“I agree”, on")
    return clinician.page.url.split("#")[0].removeprefix(clinician.origin)


def train(researcher: Person) -> str:
    """Train on the cohort, reload half-way, and return where the new model's card stands."""
    researcher.go(f"{STUDY_PAGE}/cohort")
    researcher.page.click("button:text('Train a model')")
    researcher.reload_at("**/jobs/*")
    return until_model(researcher)


def until_model(researcher: Person) -> str:
    """Wait until the worker has made a model, and return where its card stands."""
    researcher.page.wait_for_url("**/researcher/models/*", timeout=TRAINING_MS)
    researcher.says("AUROC")
    return researcher.page.url.removeprefix(researcher.origin)


def withdraw_everything(patient: Person) -> None:
    """Take back each permission that is active, one touch each."""
    patient.go("/patient/consents")
    links = patient.page.locator("main a:has-text('Withdraw permission')")
    assert links.count()
    while links.count():
        links.first.click()
        patient.page.click("button:text-is('Withdraw')")
        patient.says("You have withdrawn.")
        patient.go("/patient/consents")


def prove_the_newest_line(town: Town, patient: Person) -> None:
    """Have the browser check the newest line of the history."""
    town.platform.store.journal.anchor()
    patient.go("/patient/journal")
    patient.page.locator("main a:text('Proof')").first.click()
    patient.says("This line is in the journal, as it was written.")


def test_grant_diagnosis_training_use_withdrawal_refusal_and_a_retrained_model(
    stage: Stage,
) -> None:
    number = waiting_number(stage.town)
    patient = stage.comes(invite_a_patient(stage.colleague("custodian"), number))
    grant_everything(patient)
    clinician, researcher = stage.colleague("clinician"), stage.colleague("researcher")
    answer = predict(clinician, number)
    model = train(researcher)
    patient.go("/patient/journal")
    patient.says("asked a model about")
    patient.says("trained a model with your")
    prove_the_newest_line(stage.town, patient)
    patient.go("/patient/models")
    patient.says("In use")

    withdraw_everything(patient)
    patient.go("/patient")
    patient.says("Nobody may use your records right now.")
    clinician.go(answer)
    clinician.says("We cannot show this page.")
    clinician.go(f"/clinician?search={number}")
    clinician.says("No patient in your list has this number.")
    researcher.go(model)
    researcher.says("People it was trained on who no longer permit it:")
    researcher.page.click("button:text('Train its successor')")
    assert until_model(researcher) != model
    patient.go("/patient/models")
    patient.says("The new one never saw your records.")


def test_an_auditor_checks_everything_with_a_browser(stage: Stage) -> None:
    auditor = stage.colleague("auditor")
    auditor.go("/auditor")
    auditor.page.click("button:text('Run verification')")
    auditor.page.wait_for_selector("text=All seven checks agree.", timeout=TRAINING_MS)
