"""Says what each kind of job does: one call of a front door, with its progress noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from models import Model
from web.platform import Platform
from web.verify import verify

Progress = Callable[[str, int, int], None]
Runner = Callable[[Platform, dict[str, Any], Progress], dict[str, Any]]


def _train(platform: Platform, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    study, question = arguments["study"], arguments["question"]
    diagnostics = platform.diagnostics
    for run in diagnostics.runs():
        # A worker that died left its run behind: it goes on, rather than beginning again.
        if run.state == "running" and (run.study, run.question) == (study, question):
            return shown(diagnostics.resume(run.id, progress))
    return shown(diagnostics.train(study, question, progress))


def _retrain(platform: Platform, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    model, diagnostics = arguments["model"], platform.diagnostics
    for run in diagnostics.runs():
        if run.state == "running" and run.predecessor == model:
            return shown(diagnostics.resume(run.id, progress))
    known = diagnostics.model(model)
    if known.successor is not None:  # done before its worker died
        return shown(diagnostics.model(known.successor))
    return shown(diagnostics.retrain(model, progress))


def _verify(platform: Platform, _: dict[str, Any], progress: Progress) -> dict[str, Any]:
    findings = verify(platform, progress)
    return {"agrees": not findings, "findings": [vars_of(finding) for finding in findings]}


def _rekey(platform: Platform, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    subjects = [bytes.fromhex(subject) for subject in arguments["subjects"]]
    receipt = platform.safe.erasure.rekey(subjects, arguments["why"], progress)
    return {"receipt": receipt.body.decode() if receipt else ""}


RUNNERS: Final[Mapping[str, Runner]] = MappingProxyType(
    {"train": _train, "retrain": _retrain, "verify": _verify, "rekey": _rekey}
)


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


def vars_of(finding: Any) -> dict[str, str]:
    """Return a finding as JSON."""
    return {"part": finding.part, "what": finding.what, "where": finding.where}
