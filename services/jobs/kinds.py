"""Runs each kind of job: one call of a service, with its progress reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from models import Diagnostics, Model, RunCancelled, TrainingRun
from services.auditor.service import AuditorService
from services.jobs.progress import Progress
from services.jobs.queue import UNIQUE_ARGUMENTS, Job, JobCancelled
from storage import RecordStore

Runner = Callable[[Job, Progress], dict[str, Any]]
IdRunner = Callable[[str, Progress], dict[str, Any]]
RUNNING: Final = "running"
DONE: Final = "done"

REKEY: Final = "rekey"
ERASE: Final = "erase"
PROMPT: Final = frozenset({REKEY, ERASE})
"""Kinds that carry out a patient's decision: they wait for no other job, and for each part that is
unavailable until it is back."""


def make_runners(  # noqa: PLR0913 - six ports, by keyword
    *,
    diagnostics: Diagnostics,
    store: RecordStore,
    auditor: AuditorService,
    by_id: Mapping[str, IdRunner],
    erase_answers: Callable[[bytes], object],
    export: Runner,
) -> Mapping[str, Runner]:
    """Return what runs each kind of job; `by_id` has the kinds whose one argument is an id."""
    return {
        "train": partial(_train, diagnostics),
        "retrain": partial(_retrain, diagnostics),
        "evaluate": partial(_evaluate, diagnostics),
        "verify": lambda _, progress: auditor.run_verification(progress),
        "evidence": lambda job, progress: auditor.write_bundle(job.id, progress),
        REKEY: partial(_rekey, store, erase_answers),
        **{kind: partial(_run_by_id, run) for kind, run in by_id.items()},
        "export": export,
    }


def _run_by_id(run: IdRunner, job: Job, progress: Progress) -> dict[str, Any]:
    return run(job.arguments[UNIQUE_ARGUMENTS[job.kind][0]], progress)


def _train(diagnostics: Diagnostics, job: Job, progress: Progress) -> dict[str, Any]:
    study, question = job.arguments["study"], job.arguments["question"]
    runs = [
        run
        for run in diagnostics.training_runs()
        if (run.study, run.question, run.predecessor) == (study, question, None)
    ]
    for run in runs:
        # A worker that died leaves a run behind; it is continued, not started again.
        if run.state == RUNNING:
            return model_facts(_resume(diagnostics, run, progress))
    for run in reversed(runs):
        # This job's worker died after the model was stored and before the job had ended.
        if job.attempts > 1 and run.state == DONE and run.started_at_s >= job.requested_at_s:
            return model_facts(diagnostics.model(run.model_id))
    return model_facts(
        _cancellable(lambda report: diagnostics.train(study, question, report), progress)
    )


def _retrain(diagnostics: Diagnostics, job: Job, progress: Progress) -> dict[str, Any]:
    model_id = job.arguments["model"]
    for run in diagnostics.training_runs():
        if run.state == RUNNING and run.predecessor == model_id:
            return model_facts(_resume(diagnostics, run, progress))
    successor = diagnostics.model(model_id).successor
    if successor is not None:  # retrained before the worker died
        return model_facts(diagnostics.model(successor))
    return model_facts(_cancellable(lambda report: diagnostics.retrain(model_id, report), progress))


def _evaluate(diagnostics: Diagnostics, job: Job, _: Progress) -> dict[str, Any]:
    return diagnostics.evaluate(job.arguments["model"], job.arguments["study"]).content


def _resume(diagnostics: Diagnostics, run: TrainingRun, progress: Progress) -> Model:
    return _cancellable(lambda report: diagnostics.resume(run.id, report), progress)


def _cancellable(train: Callable[[Progress], Model], progress: Progress) -> Model:
    """Return the model; cancelling the job also ends its run, so that no worker continues it."""

    def report(step: str, done: int, of: int) -> None:
        try:
            progress(step, done, of)
        except JobCancelled as exc:
            raise RunCancelled("cancelled by the requester") from exc

    try:
        return train(report)
    except RunCancelled as exc:
        raise JobCancelled from exc


def _rekey(
    store: RecordStore, erase_answers: Callable[[bytes], object], job: Job, progress: Progress
) -> dict[str, Any]:
    """Re-encrypt what former recipients could open, after what was made of it is erased."""
    subjects = [bytes.fromhex(subject) for subject in job.arguments["subjects"]]
    for subject in subjects:
        erase_answers(subject)
    receipt = store.erasure.rekey(subjects, job.arguments["why"], progress)
    return {"receipt": receipt.body.decode() if receipt else ""}


def model_facts(model: Model) -> dict[str, Any]:
    """Return what the result of a training job states about its model."""
    return {
        "model": model.id,
        "study": model.study,
        "question": model.question,
        "sha256": model.sha256,
        "manifest_root": model.manifest_root,
        "state": model.state,
    }
