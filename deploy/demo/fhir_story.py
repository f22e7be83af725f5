"""The FHIR demo's steps: the NAFLD study is deposited as FHIR, permitted, and learned from."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from cli.trial_wallet import TrialWallet, tally
from consent import YEAR_S, Wallet
from deploy.demo.nafld_fhir import nafld_resources, person_number, write_ndjson
from deploy.demo.patient_files import PatientFiles
from deploy.demo.proof import require
from models import Question, Study
from services.custodian.uploads import NewUpload
from services.jobs.heartbeats import Workers
from services.jobs.queue import Job
from services.statement import RequestedTerms
from services.words import Words

if TYPE_CHECKING:
    from services.wiring import Services

Progress = Callable[[str, int, int], None]
EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples" / "nafld"
QUESTIONS: Final = {
    "nafld-diabetes-now": ("diabetes-now.toml", 0.851, 0.01),
    "nafld-diabetes-5y": ("diabetes-5y.toml", 0.757, 0.02),
    "nafld-death-5y": ("death-5y.toml", 0.875, 0.01),
}
"""Each question's file, and the AUROC that is expected of all people, and how far from it."""
STUDY: Final = "study:nafld"
KINDS: Final = ("Patient", "Encounter", "Condition", "Observation")
JOB_POLL_S: Final = 0.2
WORKER_WITHIN_S: Final = 90
TOO_FEW: Final = ("GateClosed", "CohortTooSmall")


@dataclass
class FhirStory:
    """One run of the FHIR demo; its report is made from `facts`."""

    services: Services
    tables: Path
    wallet_folder: Path
    folder: Path
    count: int | None
    facts: dict[str, Any] = field(default_factory=dict)

    def enrol(self, progress: Progress) -> None:
        """1. Enrol the people of the study with their own keys."""
        numbers = self._numbers()
        wallet = self._wallet()
        counted = TrialWallet(wallet, self.services.ledger).enrol(numbers, progress)
        require(not counted.refused, f"enrolments were refused: {counted.refused}")
        subjects = [(number, wallet.get_subject(number)) for number in numbers]
        self.services.requests.directory.add(subjects)
        self.facts["people"] = len(numbers)

    def deposit(self, progress: Progress) -> None:
        """2. Deposit the study through $import: one file of NDJSON for each kind of resource."""
        files = self.folder / "fhir"
        progress("writing FHIR", 0, 1)
        counts = write_ndjson(self.tables, files, self.count)
        progress("writing FHIR", 1, 1)
        started_s = time.monotonic()
        outcomes: dict[str, int] = {}
        for kind in KINDS:
            if kind in counts:
                for name, number in self._import(files / f"{kind}.ndjson.gz", progress).items():
                    outcomes[name] = outcomes.get(name, 0) + number
        took_s = time.monotonic() - started_s
        shutil.rmtree(files)
        resources = sum(counts.values())
        stored = outcomes.get("stored", 0) + outcomes.get("same", 0)
        require(
            stored == resources, f"{resources} resources were sent; the outcomes are {outcomes}"
        )
        totals = self.services.store.totals()
        self.facts["deposit"] = {
            "resources": resources,
            "outcomes": outcomes,
            "documents": totals["records"],
            "took_s": round(took_s),
            "per_second": round(resources / took_s),
        }

    def _import(self, path: Path, progress: Progress) -> dict[str, int]:
        uploads, party = self.services.custodian.uploads, self.services.installation.organisation
        with path.open("rb") as file:
            new = NewUpload(name=path.name, file=file, mapping="", own_mapping=None, on_bad="leave")
            report = uploads.import_fhir(Words("en"), party, new, sender="", by="demo")
        require(report.job is not None, f"{path.name} is not being stored")
        if report.job is not None:
            job = self._wait(report.job, f"storing {path.stem}", progress)
            require(job.state == "done", f"{path.name}: {job.error}")
        counts = uploads.get(Words("en"), party, report.upload.id).counts
        return dict(counts["outcomes"])

    def sign(self, progress: Progress) -> None:
        """3. Everybody permits the study to train models on all their records, for a year."""
        services, files = self.services, PatientFiles(self.wallet_folder)
        wallet, now_s = self._wallet(), int(self.services.installation.clock())
        if not files.signed():
            terms = RequestedTerms("permit", STUDY, ("MLTRAINING",), ("*",))
            numbers = self._numbers()
            grants = [
                (wallet.get_subject(number), terms, now_s - 60, now_s + YEAR_S)
                for number in numbers
            ]
            signed = TrialWallet(wallet, services.ledger).sign_grants(grants)
            files.add_grants(zip(numbers, signed, strict=True))
        sent = [grant for _, grant in files.signed()]
        outcomes = services.ledger.grant(sent, lambda done, of: progress("signing", done, of))
        counted = tally(outcomes)
        require(not counted.refused, f"grants were refused: {counted.refused}")
        self.facts["grants"] = len(sent)

    def train(self, progress: Progress) -> None:
        """4. The worker trains and evaluates a model for each of the three questions."""
        services = self.services
        ends_at_s = int(services.installation.clock()) + YEAR_S
        if STUDY not in {study.id for study in services.diagnostics.studies()}:
            study = Study(STUDY, "The NAFLD study", "Three questions about one cohort", ends_at_s)
            services.diagnostics.add_study(study)
        self.facts["questions"] = {
            name: self._train(name, EXAMPLES / file, progress)
            for name, (file, _, _) in QUESTIONS.items()
        }

    def _train(self, name: str, file: Path, progress: Progress) -> dict[str, Any]:
        services, started_s = self.services, time.monotonic()
        services.researcher.questions.add(file)
        card = self._find_card(name)
        refused = ""
        if card is None:
            arguments = {"study": STUDY, "question": name}
            job = self._wait(services.jobs.enqueue("train", arguments, STUDY), name, progress)
            refused = job.error if job.state != "done" else ""
            code = (job.result or {}).get("code")
            require(not refused or code in TOO_FEW, f"{name}: {refused}")
            card = self._find_card(name) or self._refused_card(name)
        evaluation = card.get("evaluation", {})
        return {
            "title": Question.load(file).title,
            "auroc": evaluation.get("auroc"),
            "people": card.get("data", {}).get("patients"),
            "refused": refused,
            "took_s": round(time.monotonic() - started_s),
        }

    def _find_card(self, question: str) -> dict[str, Any] | None:
        models = [each for each in self.services.diagnostics.models() if each.question == question]
        return dict(self.services.diagnostics.card(models[-1].id).content) if models else None

    def _refused_card(self, question: str) -> dict[str, Any]:
        """Return what was measured of a model that was not published."""
        runs = self.services.diagnostics.runs_of([STUDY])
        reports = [run.report for run in runs if run.question == question and run.report]
        return dict(orjson.loads(reports[-1])["card"]) if reports else {}

    def _wait(self, job: Job, what: str, progress: Progress) -> Job:
        """Return a job when it has ended, and show how far it is meanwhile."""
        workers = Workers(self.services.engine, self.services.installation.clock)
        last_alive_s = time.monotonic()
        while job.is_active:
            time.sleep(JOB_POLL_S)
            job = self.services.jobs.get(job.id)
            progress(what, job.done, job.of)
            if workers.is_any_alive():
                last_alive_s = time.monotonic()
            is_recent = time.monotonic() - last_alive_s < WORKER_WITHIN_S
            require(is_recent, f"{what}: no worker is running. Read its log")
        return job

    def _numbers(self) -> Sequence[str]:
        people = (
            each.person
            for each in nafld_resources(self.tables, self.count)
            if each.content["resourceType"] == "Patient"
        )
        return [person_number(person) for person in people]

    def _wallet(self) -> Wallet:
        folder = self.wallet_folder
        is_new = not (folder / "seed.json").exists()
        return Wallet.create(folder) if is_new else Wallet.open(folder)


def report(story: FhirStory, took_s: float) -> str:
    """Return the report's text: one screen with what was done and the results."""
    facts, deposit = story.facts, story.facts["deposit"]
    lines = [
        f"1. people     {facts['people']:,} people of the Olmsted County NAFLD study, with keys",
        f"2. deposited  {deposit['resources']:,} FHIR resources in {deposit['documents']:,} "
        f"documents, {deposit['per_second']:,} resources a second",
        f"3. consents   {facts['grants']:,} signed by the people",
        "4. models     AUROC out of fold, and the figure expected of all 17,549 people:",
    ]
    for name, (_, expected, margin) in QUESTIONS.items():
        lines += _question(facts["questions"][name], expected, margin, is_all=story.count is None)
    return "\n".join([*lines, f"took          {took_s:z.0f} s"]) + "\n"


def _question(facts: dict[str, Any], expected: float, margin: float, *, is_all: bool) -> list[str]:
    auroc = facts["auroc"]
    wish = f"{expected:z.3f} ± {margin:g}"
    if auroc is None:
        return [f"              {facts['title']}: no figure; {facts['refused']}"]
    near = abs(auroc["value"] - expected) <= margin
    verdict = (
        ("as expected" if near else "NOT as expected") if is_all else "of a part of the people"
    )
    line = (
        f"              {facts['title']}: {auroc['value']:z.3f} ({auroc['low']:z.3f} to "
        f"{auroc['high']:z.3f}); {wish}: {verdict}; {facts['people']:,} people, {facts['took_s']} s"
    )
    return [line, *([f"              not published: {facts['refused']}"] * bool(facts["refused"]))]
