"""The eight steps of the demo, each of which may be repeated after a crash."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from cli.trial_wallet import TrialWallet, tally
from consent import ConsentError
from deploy.demo.draw import NARROWED
from deploy.demo.guests import approve_study, invite_guests
from deploy.demo.people import STUDY, People
from deploy.demo.proof import DemoFailed, flip_byte, require, train_as_stranger
from models import PredictionRequest
from services.jobs.heartbeats import Workers
from storage import BlockFolder, StorageNotFound

if TYPE_CHECKING:
    from services.wiring import Services

Progress = Callable[[str, int, int], None]

QUESTION = "nhanes-diabetes"
WITHDRAWING = 50
PREDICTIONS = 5
JOB_POLL_S = 0.1
WORKER_WITHIN_S = 90
TOO_FEW = ("GateClosed", "CohortTooSmall")
"""Failures that are expected of a demo with few people, by their codes."""
TRAINING_KINDS = ("training and care", "training only", "narrowed")


@dataclass
class Story:
    """One run of the demo; its report is made from `facts`."""

    services: Services
    people: People
    folder: Path
    seed: int
    is_part: bool = False
    """True with few people: their model may fail the gate."""
    used: frozenset[bytes] = frozenset()
    """Whose records the study's model may learn from."""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def _workers(self) -> Workers:
        return Workers(self.services.engine, self.services.installation.clock)

    def enrol_and_deposit(self, progress: Progress) -> None:
        """1. Enrol all but a few people with their own keys, and deposit every record."""
        services, people = self.services, self.people
        counted = TrialWallet(people.wallet, services.ledger).enrol(people.with_keys(), progress)
        require(not counted.refused, f"enrolments were refused: {counted.refused}")
        records, sources = people.records(services.installation.organisation)
        started_s = time.monotonic()
        report = services.store.deposits.deposit(records, sources, progress)
        took_s = time.monotonic() - started_s
        people.files.add_receipts(
            {"kind": "record", "id": record_id} for record_id in report.record_ids
        )
        self.facts["deposit"] = {
            "people": len(people.rows),
            "records": len(records),
            "new": report.new,
            "per_second": round(report.new / took_s) if report.new else None,
            "record_ids": report.record_ids,
        }

    def sign(self, progress: Progress) -> None:
        """2. Patients sign different consents, which are relayed in batches."""
        signed = self.people.grants(self.services)
        # Every grant of those who have withdrawn since was acknowledged. Sent again, a grant from
        # before a stop would be refused.
        withdrawn = set(self._withdrawn())
        sent = [grant for label, grant in signed if label not in withdrawn]
        started_s = time.monotonic()
        outcomes = self.services.ledger.grant(sent, lambda done, of: progress("signing", done, of))
        took_s = time.monotonic() - started_s
        counted = tally(outcomes)
        require(not counted.refused, f"grants were refused: {counted.refused}")
        self.people.files.add_receipts(
            {"kind": "grant", "id": outcome.consent_id.hex()}
            for outcome in outcomes
            if outcome.consent_id
        )
        self.facts["grants"] = {
            "signed": len(signed),
            "per_second": round(counted.done / took_s) if counted.done else None,
        }

    def gather(self, progress: Progress) -> None:
        """3. The study gathers exactly the permitted records, at one view of the ledger."""
        approve_study(self.services, QUESTION)
        progress("gathering", 0, 1)
        cohort = self.services.diagnostics.gather(STUDY, QUESTION)
        progress("gathering", 1, 1)
        self.used = frozenset(record.subject for record in cohort.records.values())
        permitted = sum(len(row) for row in self._permitted())
        gathered = len(cohort.records)
        total = gathered + sum(cohort.refused.values()) + self._unusable()
        self.facts["cohort"] = {
            "block": cohort.view.block_number,
            "count": cohort.view.count,
            "records": total,
            "permitted": total - sum(cohort.refused.values()),
            "patients": len({line.patient for line in cohort.manifest.lines}),
            "refused": dict(sorted(cohort.refused.items())),
            "excluded": dict(cohort.excluded),
        }
        require(
            self.facts["cohort"]["permitted"] == permitted or bool(self._withdrawn()),
            f"expected {permitted} permitted records, got {self.facts['cohort']['permitted']}",
        )

    def _unusable(self) -> int:
        """Return how many permitted records belong to people who are in no row of the matrix."""
        people = self.people
        return sum(
            len(categories)
            for label, categories in zip(people.labels(), self._permitted(), strict=True)
            if people.subject_of(label) not in self.used and label not in self._withdrawn()
        )

    def _permitted(self) -> list[list[str]]:
        """Return, from the draw alone, which documents of each person the study may learn from."""
        permitted = []
        for row, kind in zip(self.people.rows, self.people.kinds, strict=True):
            categories = [category for category, _ in row.documents]
            if kind.name == "narrowed":
                categories = [each for each in categories if each in NARROWED]
            permitted.append(categories if kind.name in TRAINING_KINDS else [])
        return permitted

    def train(self, progress: Progress) -> None:
        """4. The worker trains, evaluates and publishes a model with its card."""
        models = [model for model in self.services.diagnostics.models() if model.study == STUDY]
        if not models:
            refused = self._job("train", {"study": STUDY, "question": QUESTION}, progress)
            if refused:
                self.facts["gate"] = refused
                return
            models = [model for model in self.services.diagnostics.models() if model.study == STUDY]
        first = models[0]
        card = self.services.diagnostics.card(first.id)
        self.facts["model"] = {"id": first.id, "sha256": first.sha256, "card": dict(card.content)}
        self.facts["pictures"] = self._draw(first.id)

    def _draw(self, model_id: str) -> list[str]:
        names = ("calibration.png", "decision.png", "contributions.png")
        for name in names:
            picture = self.services.diagnostics.picture(model_id, name)
            (self.folder / name).write_bytes(picture)
        return [str(self.folder / name) for name in names]

    def predict(self, progress: Progress) -> None:
        """5. A clinician gets predictions for patients who permit it, and for no others."""
        if "gate" in self.facts:
            return
        services = self.services
        model = services.diagnostics.serving_model(QUESTION)
        withdrawn = set(self._withdrawn())
        allowed = [p for p in self.people.of_kind("training and care") if p not in withdrawn]
        answers: list[dict[str, Any]] = []
        for index, label in enumerate(allowed[: PREDICTIONS * 4]):
            if len(answers) == PREDICTIONS:
                break
            progress("predicting", min(index, PREDICTIONS), PREDICTIONS)
            answers += self._predict(model.id, label)
        progress("predicting", PREDICTIONS, PREDICTIONS)
        without_consent = self.people.of_kind("nothing", "training only")[0]
        try:
            self._predict(model.id, without_consent)
        except StorageNotFound as exc:
            self.facts["predictions"] = {"answers": answers, "refused": str(exc)}
        else:
            raise DemoFailed("a prediction was made for a patient who does not permit it")

    def _predict(self, model_id: str, label: str) -> list[dict[str, Any]]:
        subject = self.people.subject_of(label)
        request = PredictionRequest(
            self.services.installation.organisation, subject, model_id, "demo"
        )
        started_s = time.monotonic()
        answer = self.services.diagnostics.predict(request)
        return [
            {
                "probability": answer.probability,
                "low": answer.low,
                "high": answer.high,
                "reasons": [f"{reason.words} {reason.value}" for reason in answer.top],
                "milliseconds": round(1000 * (time.monotonic() - started_s), 1),
            }
        ]

    def withdraw(self, progress: Progress) -> None:
        """6. People withdraw: their records close, and a model without them replaces the first."""
        services, wallet = self.services, self.people.wallet
        leaving = self._leaving()
        subjects = [wallet.get_subject(label) for label in leaving]
        (self.folder / "leaving.json").write_bytes(orjson.dumps(leaving))
        trial_wallet = TrialWallet(wallet, services.ledger, services.installation.clock)
        trial_wallet.withdraw(subjects[:-1], progress)
        trial_wallet.stop(subjects[-1:], progress)
        self.people.files.add_receipts(
            {"kind": "withdrawal", "id": subject.hex()} for subject in subjects
        )
        services.store.erasure.rekey(subjects, "withdrawal", progress)
        services.diagnostics.apply_withdrawals()
        still_open = sum(self._opens(subject) for subject in subjects)
        require(not still_open, f"{still_open} records of people who withdrew can still be opened")
        self.facts["withdrawal"] = {"people": len(leaving)}
        if "gate" not in self.facts:
            self.facts["withdrawal"] |= self._replace(leaving, progress)

    def _replace(self, leaving: list[str], progress: Progress) -> dict[str, Any]:
        """Retrain the model, and train it again as a stranger who never had the records."""
        diagnostics = self.services.diagnostics
        first = diagnostics.model(self.facts["model"]["id"])
        listed = first.id in {affected.model.id for affected in diagnostics.apply_withdrawals()}
        require(listed or first.successor is not None, "the model is not listed as affected")
        if first.successor is None:
            refused = self._job("retrain", {"model": first.id}, progress)
            require(not refused, refused)
            first = diagnostics.model(first.id)
        newer = diagnostics.model(str(first.successor))
        stranger = train_as_stranger(self.services, self.people, newer, leaving, self.folder)
        require(stranger == newer.sha256, "the stranger trained another model than the platform")
        return {
            "model": newer.id,
            "sha256": newer.sha256,
            "stranger": stranger,
            "patients": len({line.patient for line in diagnostics.manifest(newer.id).lines}),
        }

    def _withdrawn(self) -> list[str]:
        path = self.folder / "leaving.json"
        return list(orjson.loads(path.read_bytes())) if path.exists() else []

    def _leaving(self) -> list[str]:
        """Draw who withdraws, among those the model learned from; the last one stops everything."""
        if self._withdrawn():
            return self._withdrawn()
        labels = self.people.of_kind("training and care")
        trained_on = [label for label in labels if self.people.subject_of(label) in self.used]
        chance = random.Random(self.seed)  # noqa: S311 - a draw to be repeated, not a secret
        count = min(WITHDRAWING + 1, max(2, len(trained_on) // 10))
        return chance.sample(trained_on, count)

    def _opens(self, subject: bytes) -> bool:
        record = self.services.store.records_of(subject)[0]
        try:
            self.services.store.vault.open(STUDY, "MLTRAINING", record.record_id.hex(), "demo")
        except (StorageNotFound, ConsentError):
            return False
        return True

    def check(self, progress: Progress) -> None:
        """7. `verify` has no findings, and then finds one changed byte in a copy."""
        findings = self.services.auditor.verify(progress)
        require(not findings, f"verify found: {findings[:3]}")
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        self.services.auditor.copy_blocks(copy, progress)
        entry = self.services.store.records_of(self.people.subjects()[0])[0]
        folder = BlockFolder(copy)
        flip_byte(folder.path(entry.cid))
        damaged = self.services.store.check(progress, folder)
        shutil.rmtree(copy)
        require(len(damaged) == 1, f"one byte was changed, and {len(damaged)} findings were made")
        self.facts["verify"] = {
            "findings": 0,
            "damaged": f"{damaged[0].message}: {damaged[0].where}",
        }

    def invite(self, progress: Progress) -> None:
        """8. Invite those without a key and one person of each role; requests wait for them."""
        progress("inviting", 0, 1)
        self.facts["invitations"] = invite_guests(self.services, self.people)
        progress("inviting", 1, 1)

    def _job(self, kind: str, arguments: dict[str, Any], progress: Progress) -> str:
        """Queue a job and wait for its end; return why the gate refused, or ""."""
        jobs = self.services.jobs
        job = jobs.enqueue(kind, arguments, "demo")
        last_alive_s = time.monotonic()
        while job.is_active:
            time.sleep(JOB_POLL_S)
            job = jobs.get(job.id)
            progress(job.step, job.done, job.of)
            if self._workers.is_any_alive():
                last_alive_s = time.monotonic()
            is_recent = time.monotonic() - last_alive_s < WORKER_WITHIN_S
            require(is_recent, f"{kind}: no worker is running. Read its log")
        if self.is_part and job.result and job.result.get("code") in TOO_FEW:
            return job.error
        require(job.state == "done", f"{kind}: {job.error}")
        return ""
