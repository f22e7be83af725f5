"""The researchers' and clinicians' commands: questions, studies, models, answers."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

import consent
import storage
from cli.output import Say, platform_command
from cli.records import FILE, FOLDER
from consent import Wallet
from models import PredictionRequest, Question, Study
from services.jobs.kinds import model_facts
from services.platform import Platform

DAY_S = 86_400


@click.command()
@click.argument("file", type=FILE, required=False)
@platform_command
def question(platform: Platform, say: Say, file: Path | None) -> None:
    """List the questions, or add the one in FILE."""
    if file is not None:
        added = Question.load(file)
        folder = platform.home / "questions"
        folder.mkdir(exist_ok=True)
        shutil.copyfile(file, folder / f"{added.id}.toml")
    known = [{"id": one.id, "title": one.title} for one in platform.diagnostics.questions()]
    say.result({"questions": known}, *[f"{one['id']}: {one['title']}" for one in known])


@click.command()
@click.argument("party")
@click.option("--title", default="", help="What the study is called.")
@click.option("--protocol", default="", help="Where its protocol is.")
@click.option("--days", type=click.IntRange(1, 36_500), default=365, help="How long it lasts.")
@platform_command
def study(platform: Platform, say: Say, party: str, **how: Any) -> None:
    """Register the study PARTY (study:NAME), the party that patients name."""
    until_s = int(platform.clock()) + how["days"] * DAY_S
    if party not in {known.id for known in platform.diagnostics.studies()}:
        platform.diagnostics.add_study(
            Study(party, how["title"] or party, how["protocol"], until_s)
        )
    say.result({"study": party}, f"{party} is registered.")


@click.command()
@click.option("--study", "party", required=True, help="The study's party id.")
@click.option("--question", "asked", required=True, help="The question's id.")
@platform_command
def gather(platform: Platform, say: Say, party: str, asked: str) -> None:
    """Count what a study may learn from now, and what it was refused, by reason."""
    cohort = platform.diagnostics.gather(party, asked)
    patients = len({line.patient for line in cohort.manifest.lines})
    facts = {
        "patients": patients,
        "records": len(cohort.records),
        "refused_records": dict(cohort.refused),
        "left_out_patients": dict(cohort.excluded),
        "manifest_root": cohort.manifest.root.hex(),
        "view": {"block": cohort.view.block_number, "count": cohort.view.count},
    }
    say.result(
        facts,
        f"{patients} patients, {len(cohort.records)} records are permitted.",
        *[f"refused: {n} records, {why}" for why, n in cohort.refused.items()],
        *[f"left out: {n} patients, {why}" for why, n in cohort.excluded.items()],
    )


@click.command()
@click.option("--study", "party", required=True, help="The study's party id.")
@click.option("--question", "asked", required=True, help="The question's id.")
@platform_command
def train(platform: Platform, say: Say, party: str, asked: str) -> None:
    """Gather, fit, evaluate, ask again, and publish a model if the gate opens."""
    with say.progress() as progress:
        model = platform.diagnostics.train(party, asked, progress)
    told(platform, say, model.id)


@click.command()
@click.argument("model")
@platform_command
def retrain(platform: Platform, say: Say, model: str) -> None:
    """Replace MODEL by one trained from scratch on what is permitted now."""
    with say.progress() as progress:
        made = platform.diagnostics.retrain(model, progress)
    told(platform, say, made.id)


@click.command()
@platform_command
def models(platform: Platform, say: Say) -> None:
    """List every model, and those that lost consent."""
    lost = {one.model.id for one in platform.diagnostics.apply_withdrawals()}
    rows = [model_facts(model) for model in platform.diagnostics.models()]
    say.result({"models": rows, "affected": sorted(lost)})
    say.table(
        ("model", "question", "state"),
        [(row["model"], row["question"], row["state"]) for row in rows],
    )


@click.command()
@click.argument("model")
@click.option("--to", "folder", type=FOLDER, help="Write the card and its pictures here.")
@platform_command
def card(platform: Platform, say: Say, model: str, folder: Path | None) -> None:
    """Show how good MODEL is, what it learned from, and what it must not be used for."""
    found = platform.diagnostics.card(model)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "card.json").write_bytes(found.to_json())
        for name in ("calibration", "decision", "contributions", "distributions"):
            picture = platform.diagnostics.picture(model, f"{name}.svg")
            (folder / f"{name}.svg").write_bytes(picture)
    say.result(dict(found.content), *found.to_lines())


@click.command()
@click.option("--person", required=True, help="The patient's id in the wallet.")
@click.option("--wallet", type=FOLDER, default=Path("wallet"), help="Whose subjects they are.")
@click.option("--question", "asked", required=True, help="The question's id.")
@click.option("--why", default="asked at the command line", help="For the journal.")
@platform_command
def predict(platform: Platform, say: Say, person: str, wallet: Path, **how: Any) -> None:
    """Ask the newest model about one patient who permits it, with the reasons of its answer."""
    held = Wallet.open(wallet)
    model = platform.diagnostics.serving_model(how["asked"])
    try:
        subject = held.get_subject(person)
        answer = platform.diagnostics.predict(
            PredictionRequest(platform.organisation, subject, model.id, how["why"])
        )
    except (consent.ConsentNotFound, storage.StorageNotFound) as exc:
        raise storage.StorageNotFound("no such patient, or not for you") from exc
    reasons = [
        {"words": one.words, "value": one.value, "log_odds": one.log_odds}
        for one in answer.contributions
    ]
    say.result(
        {
            "model": answer.model_id,
            "outcome": answer.outcome,
            "probability": answer.probability,
            "interval": [answer.low, answer.high],
            "prevalence": answer.prevalence,
            "contributions": reasons,
            "affected": answer.is_affected,
        },
        f"{answer.outcome}: {answer.probability:.2f} ({answer.low:.2f} to {answer.high:.2f}); "
        f"{answer.prevalence:.2f} of those it was tested on",
        *[f"  {one.words} {one.value}: {one.log_odds:+.2f}" for one in answer.top],
        "An estimate from a statistical model, not a diagnosis.",
    )


def told(platform: Platform, say: Say, model_id: str) -> None:
    """Say what a run made."""
    model, found = platform.diagnostics.model(model_id), platform.diagnostics.card(model_id)
    facts = model_facts(model) | {"evaluation": found.content["evaluation"]}
    say.result(facts, f"{model.id} of {model.study}", *summary(found.content))


def summary(content: Mapping[str, Any]) -> list[str]:
    """Return the lines of a card that everybody asks for first."""
    found = content["evaluation"]
    auroc = found["auroc"]
    return [
        f"AUROC {auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f}), "
        f"Brier {found['brier']:.3f}, "
        f"calibration slope {found['slope']:.2f}, intercept {found['intercept']:.2f}",
    ]
