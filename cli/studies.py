"""The commands of researchers and clinicians: questions, studies, models, predictions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import Output, counted, with_services
from cli.questions import print_limits, print_question_check
from cli.records import FILE, FOLDER, TARGET
from consent import DAY_S, ConsentNotFound, Wallet
from models import Card, ModelsNotFound
from services.cards import CardFiles, ModelCard
from services.clinician.predictions import SubjectQuestion
from services.clinician.reports import InputWarnings, Likeness
from services.dates import iso_day
from services.errors import NotFound
from services.jobs.kinds import model_facts
from services.operator import OPERATOR
from services.parties import is_study, study_name
from services.researcher.proposing import PERMISSION_DAYS, AgreementDraft, StudyDraft
from services.words import Words

if TYPE_CHECKING:
    from services.wiring import Services

STUDY = click.option("--study", required=True, help="The study's id: study:NAME.")
QUESTION = click.option("--question", "question_id", required=True, help="The question's id.")


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--against", "study", help="Do not install: compare with the records of this study.")
@with_services
def question(services: Services, output: Output, file: Path | None, study: str | None) -> None:
    """List the questions, or install the one in FILE.

    With --against study:NAME, say which codes of FILE the records have that the study may use for
    training now, how often, in which units, and the nearest codes where there are none.
    """
    questions = services.researcher.questions
    if file is not None and study is not None:
        print_question_check(output, questions.check(file, study))
        return
    if file is not None:
        print_limits(output, questions.add(file))
    installed = [{"id": question.id, "title": question.title} for question in questions.list()]
    output.result(
        {"questions": installed},
        *[f"{question['id']}: {question['title']}" for question in installed],
    )


@click.command()
@click.argument("study")
@QUESTION
@click.option("--title", default="", help="What patients read as the study's name.")
@click.option("--condition", default="an illness", help="What it is about, in patients' words.")
@click.option("--protocol", default="No protocol was entered.", help="What will be done.")
@click.option("--board", default="No approval was entered.", help="Who approved its ethics.")
@click.option("--contact", default="the operator", help="The contact for patients.")
@click.option("--days", type=click.IntRange(1, 36_500), default=365, help="How long it lasts.")
@click.option(
    "--permission-days",
    type=click.Choice([str(days) for days in PERMISSION_DAYS]),
    default=str(PERMISSION_DAYS[0]),
    help="How long a permission lasts.",
)
@click.option("--copy", "wants_copy", is_flag=True, help="It also asks to download a copy.")
@click.option("--agreement", type=FILE, help="The text of the agreement on a pseudonymised copy.")
@click.option("--agreement-title", default="", help="The title of that agreement.")
@click.option("--whole-records", is_flag=True, help="That copy has whole records as FHIR too.")
@click.option("--copy-key", default="", help="The public key of make-copy-key, for that copy.")
@with_services
def study(services: Services, output: Output, study: str, **options: Any) -> None:
    """Propose STUDY (study:NAME) for this organisation, and approve it as the custodian.

    A study that was proposed before stays as it is.
    """
    if not is_study(study) or not study_name(study):
        raise click.UsageError(f"STUDY is {study}: name study:NAME")
    words = Words("en")
    researcher, party = services.researcher, services.installation.organisation
    try:
        researcher.studies.get(party, study)
    except NotFound:
        researcher.proposing.propose(party, _draft(services, study, options), words)
    services.custodian.approvals.approve(study, by=OPERATOR)
    proposal = researcher.studies.get(party, study).study
    state = words(f"study-state-{proposal.state}")
    output.result({"study": study, "state": proposal.state}, f"{study}: {state}")


def _draft(services: Services, study: str, options: Mapping[str, Any]) -> StudyDraft:
    last_day = iso_day(services.installation.clock() + options["days"] * DAY_S)
    texts = {name: options[name] for name in ("condition", "protocol", "board", "contact")}
    return StudyDraft(
        texts=texts | {"title": options["title"] or study},
        question=options["question_id"],
        days=int(options["permission_days"]),
        ends_on=datetime.date.fromisoformat(last_day),
        wants_copy=options["wants_copy"] or options["agreement"] is not None,
        name=study,
        agreement=_agreement(options, last_day),
    )


def _agreement(options: Mapping[str, Any], last_day: str) -> AgreementDraft | None:
    """Return the agreement on a pseudonymised copy, which ends with the study."""
    if options["agreement"] is None:
        return None
    return AgreementDraft(
        title=options["agreement_title"],
        text=options["agreement"].read_text(),
        ends_on=datetime.date.fromisoformat(last_day),
        public_key=options["copy_key"],
        whole_records=options["whole_records"],
    )


@click.command()
@STUDY
@QUESTION
@with_services
def gather(services: Services, output: Output, study: str, question_id: str) -> None:
    """Count the records that a study may use for training now, and those refused, by reason."""
    cohort = services.researcher.runs.gather(study, question_id)
    view = {"block": cohort.view.block_number, "count": cohort.view.count}
    output.result(
        asdict(cohort) | {"view": view},
        f"{counted(cohort.patients, 'patient permits', 'patients permit')} "
        f"{counted(cohort.records, 'record')}.",
        *[
            f"refused: {counted(n, 'record')}: {reason}"
            for reason, n in cohort.refused_records.items()
        ],
        *[
            f"left out: {counted(n, 'patient')}: {reason}"
            for reason, n in cohort.left_out_patients.items()
        ],
        *[f"not read: {counted(n, 'value')}: {value}" for value, n in cohort.unread_values.items()],
    )


@click.command()
@STUDY
@QUESTION
@with_services
def train(services: Services, output: Output, study: str, question_id: str) -> None:
    """Train a model, and publish it if it meets the quality thresholds."""
    with output.progress() as progress:
        card = services.researcher.runs.train(study, question_id, progress)
    _print_trained(output, card)


@click.command()
@click.argument("model")
@with_services
def retrain(services: Services, output: Output, model: str) -> None:
    """Replace MODEL by one trained from scratch on what is permitted now."""
    with output.progress() as progress:
        card = services.researcher.runs.retrain(model, progress)
    _print_trained(output, card)


@click.command()
@with_services
def models(services: Services, output: Output) -> None:
    """List every model, and those affected by withdrawals."""
    known = services.researcher.runs.list()
    output.result(
        {"models": [model_facts(model) for model in known.models], "affected": known.affected}
    )
    output.table(
        ("model", "question", "state"),
        [(model.id, model.question, model.state) for model in known.models],
    )


@click.command()
@click.argument("model")
@click.option("--to", "folder", type=FOLDER, help="Write the card and its plots here.")
@click.option("--pdf", "document", type=TARGET, help="Write the card as PDF to this file.")
@with_services
def card(
    services: Services, output: Output, model: str, folder: Path | None, document: Path | None
) -> None:
    """Show how well MODEL performs, what it was trained on, and what it is not for.

    MODEL can also be the name of a run that the quality thresholds refused: what was measured, and
    what would help.
    """
    cards = services.cards
    try:
        model_card = cards.get(model)
    except ModelsNotFound:
        report = services.researcher.runs.report(model)
        _write(cards.report_files(model, report), report.plots, folder, document)
        output.result(dict(report.content), *report.lines)
        return
    _write(cards.files(model), model_card.plots, folder, document)
    output.result(dict(model_card.content), *Card(model_card.content).to_lines())


def _write(
    files: CardFiles, plots: Sequence[str], folder: Path | None, document: Path | None
) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "card.json").write_bytes(files.to_json())
        for name in plots:
            (folder / f"{name}.svg").write_bytes(files.plot(name))
    if document is not None:
        document.write_bytes(files.to_pdf())


@click.command()
@click.argument("model")
@STUDY
@click.option("--to", "folder", type=FOLDER, help="Write its card and the plots here.")
@click.option("--pdf", "document", type=TARGET, help="Write its card as PDF to this file.")
@with_services
def evaluate(
    services: Services, output: Output, model: str, study: str, **targets: Path | None
) -> None:
    """Evaluate MODEL on the patients who permit another study to train, without those it knows."""
    party = services.installation.organisation
    validation = services.researcher.models.evaluate_now(party, model, study)
    report = validation.document()
    _write(services.cards.report_files(model, report), report.plots, **targets)
    output.result(validation.content, *validation.to_lines())


@click.command()
@click.option("--person", required=True, help="The patient's hospital number.")
@click.option("--wallet", type=FOLDER, default=Path("wallet"), help="Folder of patients' keys.")
@QUESTION
@click.option("--why", default="at the command line", help="The reason, for the journal.")
@with_services
def predict(services: Services, output: Output, person: str, wallet: Path, **options: str) -> None:
    """Predict for one patient who permits it, and show what moved the estimate."""
    keys = Wallet.open(wallet)
    try:
        subject = keys.get_subject(person)
    except ConsentNotFound as exc:
        raise NotFound("Patient not found, or you do not have access.") from exc
    query = SubjectQuestion(
        subject=subject, question_id=options["question_id"], reason=options["why"]
    )
    party = services.installation.organisation
    report = services.clinician.predictions.predict_about(party, OPERATOR, query, Words("en"))
    contributions = [asdict(line) for line in report.contributions]
    output.result(
        {
            "model": report.model,
            "outcome": report.outcome,
            "probability": report.probability,
            "interval": list(report.interval),
            "prevalence": report.prevalence,
            "start": report.start,
            "contributions": contributions,
            "affected": report.is_affected,
            "warnings": asdict(report.warnings) if report.warnings else None,
            "likeness": asdict(report.likeness) if report.likeness else None,
        },
        f"{report.outcome}: {report.probability:z.2f} ({report.low:z.2f} to {report.high:z.2f}); "
        f"{report.prevalence:z.2f} of the people it was tested on",
        *[
            f"  {line.words} {line.value}: {line.points:+} of 100"
            for line in report.contributions[:3]
        ],
        *(describe_warnings(report.warnings) if report.warnings else []),
        *_likeness_lines(report.likeness),
        "An estimate from a statistical model, not a diagnosis.",
    )


def describe_warnings(warnings: InputWarnings) -> list[str]:
    """Return what to know of the values, in the words of the page: old and missing ones."""
    words, lines = Words("en"), []
    if warnings.is_all_old:
        lines.append(words("prediction-all-old", newest=words.iso_day(warnings.newest_on)))
    elif warnings.old:
        total, oldest = warnings.total - warnings.missing, words.iso_day(warnings.oldest_on)
        lines.append(words("prediction-old", count=warnings.old, total=total, oldest=oldest))
    if warnings.missing:
        lines.append(words("prediction-missing", count=warnings.missing, total=warnings.total))
    return lines


def _likeness_lines(likeness: Likeness | None) -> list[str]:
    if likeness is None:
        return []
    words = Words("en")
    lines = [words(f"prediction-site-{likeness.site}")] if likeness.site else []
    lines.append(
        f"Of about {likeness.similar} tested people with an estimate like this,"
        f" about {likeness.events} had it."
    )
    for line in likeness.unusual:
        key = "prediction-unusual" if line.low else "prediction-rare"
        lines.append(
            words(key, value=line.words, recorded=line.value, low=line.low, high=line.high)
        )
    return lines + ([words("prediction-unlike")] if likeness.is_unlike else [])


def _print_trained(output: Output, model_card: ModelCard) -> None:
    evaluation = {"evaluation": model_card.content["evaluation"]}
    model = model_card.model
    output.result(
        model_facts(model) | evaluation, f"{model.id} of {model.study}", _performance(model_card)
    )


def _performance(model_card: ModelCard) -> str:
    evaluation = model_card.content["evaluation"]
    auroc = evaluation["auroc"]
    return (
        f"AUROC {auroc['value']:z.3f} ({auroc['low']:z.3f} to {auroc['high']:z.3f}), "
        f"Brier {evaluation['brier']['value']:z.3f}, calibration slope {evaluation['slope']:z.2f}, "
        f"intercept {evaluation['intercept']:z.2f}"
    )
