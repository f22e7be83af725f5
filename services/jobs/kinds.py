"""Says what each kind of job does: one call of a front door, with its progress noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from models import Model, RunCancelled, TrainingRun
from services.auditor.bundle import make_bundle
from services.auditor.verification import shown as verified
from services.auditor.verification import verify_parts
from services.custodian.deposits import check_upload, store_upload
from services.jobs.queue import Job, JobCancelled
from services.platform import Platform

Progress = Callable[[str, int, int], None]
Runner = Callable[[Platform, Job, Progress], dict[str, Any]]
RUNNING: Final = "running"
DONE: Final = "done"


def _train(platform: Platform, job: Job, progress: Progress) -> dict[str, Any]:
    study, question = job.arguments["study"], job.arguments["question"]
    diagnostics = platform.diagnostics
    alike = [
        run
        for run in diagnostics.training_runs()
        if (run.study, run.question, run.predecessor) == (study, question, None)
    ]
    for run in alike:
        # Whoever died left a run behind: it goes on, rather than beginning again.
        if run.state == RUNNING:
            return shown(_resumed(platform, run, progress))
    for run in reversed(alike):
        # This job's worker died after the model was there, and before it could say so.
        if job.attempts > 1 and run.state == DONE and run.started_at_s >= job.asked_at_s:
            return shown(diagnostics.model(run.model_id))
    return shown(_stoppable(lambda hear: diagnostics.train(study, question, hear), progress))


def _retrain(platform: Platform, job: Job, progress: Progress) -> dict[str, Any]:
    model, diagnostics = job.arguments["model"], platform.diagnostics
    for run in diagnostics.training_runs():
        if run.state == RUNNING and run.predecessor == model:
            return shown(_resumed(platform, run, progress))
    known = diagnostics.model(model)
    if known.successor is not None:  # done before its worker died
        return shown(diagnostics.model(known.successor))
    return shown(_stoppable(lambda hear: diagnostics.retrain(model, hear), progress))


def _resumed(platform: Platform, run: TrainingRun, progress: Progress) -> Model:
    return _stoppable(lambda hear: platform.diagnostics.resume(run.id, hear), progress)


def _stoppable(act: Callable[[Progress], Model], progress: Progress) -> Model:
    """Do it; a job that is cancelled ends its run too, so that none later goes on with that."""

    def hear(step: str, done: int, of: int) -> None:
        try:
            progress(step, done, of)
        except JobCancelled as exc:
            raise RunCancelled("whoever asked for it does not want it any more") from exc

    try:
        return act(hear)
    except RunCancelled as exc:
        raise JobCancelled from exc


def _verify(platform: Platform, _: Job, progress: Progress) -> dict[str, Any]:
    return verified(verify_parts(platform, progress))


def _evidence(platform: Platform, job: Job, progress: Progress) -> dict[str, Any]:
    return make_bundle(platform, job.id, progress)


def _check_upload(platform: Platform, job: Job, progress: Progress) -> dict[str, Any]:
    return check_upload(platform, job.arguments["upload"], progress)


def _store_upload(platform: Platform, job: Job, progress: Progress) -> dict[str, Any]:
    return store_upload(platform, job.arguments["upload"], progress)


def _rekey(platform: Platform, job: Job, progress: Progress) -> dict[str, Any]:
    subjects = [bytes.fromhex(subject) for subject in job.arguments["subjects"]]
    receipt = platform.store.erasure.rekey(subjects, job.arguments["why"], progress)
    return {"receipt": receipt.body.decode() if receipt else ""}


RUNNERS: Final[Mapping[str, Runner]] = MappingProxyType(
    {
        "train": _train,
        "retrain": _retrain,
        "verify": _verify,
        "rekey": _rekey,
        "evidence": _evidence,
        "check-upload": _check_upload,
        "store-upload": _store_upload,
    }
)
PATIENT: Final = frozenset({"rekey"})
"""What is owed to a patient: while a part is away it waits, and is never given up for that."""


def shown(model: Model) -> dict[str, Any]:
    """Return what a job's result says of a model."""
    return {
        "model": model.id,
        "study": model.study,
        "question": model.question,
        "sha256": model.sha256,
        "manifest_root": model.manifest_root,
        "state": model.state,
    }
