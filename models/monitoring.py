"""Watches a served model: drift of its inputs by month, and calibration once outcomes arrive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from consent import MLTRAINING
from models.card import Card
from models.cohort import PATIENT_LABEL
from models.drift import ALARM_PSI, list_bins, measure_psi
from models.earlier_groups import leave_out_of, list_people
from models.errors import CohortTooSmall, ModelsBroken
from models.evaluation import auroc, measure_observed
from models.features import find_label
from models.model_files import CARD, PEOPLE, ModelFiles
from models.persons import group_by_person
from models.ports import Clock, RecordStore
from models.question import Question, load_stored_question
from models.registry import Model
from models.selection import find_extractor, find_label_at
from models.shown_groups import add_group, is_close, read_groups
from models.studies import StudyRegistry
from models.suppression import MIN_COUNT, steady
from models.training_runs import TrainingRuns
from storage import AccessRequest, Record

FORMAT: Final = "vouchsafe-monitoring-1"
_PREFIX: Final = "monitoring-"


@dataclass(frozen=True, slots=True)
class ServedAnswer:
    """One prediction as it was served: about whom, when, the estimate, and the bins of its input.

    `places` is empty for predictions of earlier releases.
    """

    subject: bytes
    at_s: int
    probability: float
    places: tuple[int, ...]


_Outcomes = dict[str, tuple[ServedAnswer, bool]]
"""The last answer about each person, by keyed hash as in manifests, and what became of it."""


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """What a month's answers tell of a model.

    Attributes:
        content: JSON: model, month, number of answers in tens, the index of each input and of the
            estimate by the last answer about each person (None for fewer than 100 people), whether
            any exceeds the bound, and for the answers of the year that ends with the month, whose
            outcome is known and permitted: how many, in tens, observed to expected, and AUROC (None
            with fewer than 11 of either).
    """

    content: dict[str, Any]

    @property
    def is_alarm(self) -> bool:
        """Whether an index exceeds the bound."""
        alarm: bool = self.content["is_alarm"]
        return alarm


@dataclass(frozen=True, slots=True)
class ModelMonitor:
    """Measures and stores the monthly reports of models."""

    store: RecordStore
    files: ModelFiles
    runs: TrainingRuns
    studies: StudyRegistry
    clock: Clock

    def measure(
        self,
        model: Model,
        month: str,
        answers: Sequence[ServedAnswer],
        others: Sequence[Model] = (),
    ) -> MonthlyReport:
        """Return the report of a month; it is stored with the model, and made once.

        Outcomes are opened for the study that trained the model, so only those count whose
        patients permit it to train: the same decision, journalled as every access. After the end
        of the study none is opened, although permissions may last longer.

        Args:
            model: in service.
            month: such as 2026-11.
            answers: of the year that ends with the month (`year_until`), oldest first.
            others: all other models of any question: their reports may be of nearly the same
                people. Of those of the question, such as the one that it replaced, 11 must differ.

        Raises:
            StorageError, ConsentError: the record store or the ledger is unavailable.
        """
        card = Card.from_json(self.files.read(model.id, CARD)).content
        recent = [answer for answer in answers if _month_of(answer.at_s) == month]
        drift = _measure_drift(card, self._last_of_each(recent))
        indexes = [row["psi"] for row in drift if row["psi"] is not None]
        question = load_stored_question(model.question_text)
        may_open = self.studies.is_open(model.study, self.clock())
        known = self._find_outcomes(model.study, question, answers) if may_open else {}
        with self.files.comparing():  # until the people are stored: others would not see them
            reports = self.list_reports(model.id)
            made = [report for report in reports if report.content["month"] == month]
            if made:
                return made[0]
            content = {
                "format": FORMAT,
                "model": model.id,
                "month": month,
                "answers": steady(len(recent)),
                "drift": drift,
                "is_alarm": any(index > ALARM_PSI for index in indexes),
                "outcomes": self._measure_outcomes(model, month, known, others) if known else None,
            }
            raw = json.dumps(content, sort_keys=True).encode()
            self.files.write(model.id, f"{_PREFIX}{month}.json", raw)
        return MonthlyReport(content)

    def list_reports(self, model_id: str) -> list[MonthlyReport]:
        """Return the reports of a model, oldest first.

        Raises:
            ModelsBroken: a file is not JSON.
        """
        try:
            contents = [json.loads(raw) for raw in self.files.read_all(model_id, _PREFIX)]
        except ValueError as exc:
            raise ModelsBroken(f"a monthly report of model {model_id} is not JSON") from exc
        return [MonthlyReport(content) for content in contents]

    def _measure_outcomes(
        self, model: Model, month: str, known: _Outcomes, others: Sequence[Model]
    ) -> dict[str, Any] | None:
        people = set(known)
        earlier = [
            report for report in self.list_reports(model.id) if report.content["month"] < month
        ]
        # A figure that changes by one person would tell of that person's outcome.
        unchanged: dict[str, Any] | None = earlier[-1].content["outcomes"] if earlier else None
        alike = [each.id for each in others if each.question == model.question]
        own = [model.id] if earlier else []
        if is_close(people, self._read_people([*alike, *own])):
            return unchanged
        reported = self._read_people([*(each.id for each in others), *own])
        groups = [*reported, *list_people(self.files, self.runs, len(people))]
        try:
            left_out = leave_out_of(people, groups, 2 * MIN_COUNT)
        except CohortTooSmall:
            return unchanged
        people -= left_out
        counted = [known[name] for name in sorted(people)]
        labels = np.array([outcome for _, outcome in counted], np.bool_)
        estimates = np.array([answer.probability for answer, _ in counted], np.float64)
        add_group(self.files, model.id, PEOPLE, people)
        if min(int(labels.sum()), int((~labels).sum())) < MIN_COUNT:
            return None
        figures = {
            "observed_to_expected": asdict(measure_observed(labels, estimates)),
            "auroc": asdict(auroc(labels, estimates)),
        }
        counts = {"answers": steady(len(labels)), "events": steady(int(labels.sum()))}
        return counts | {
            name: {end: round(value, 2) for end, value in figure.items()}
            for name, figure in figures.items()
        }

    def _read_people(self, model_ids: Sequence[str]) -> list[set[str]]:
        return [group for each in model_ids for group in read_groups(self.files, each, PEOPLE)]

    def _last_of_each(self, answers: Sequence[ServedAnswer]) -> list[ServedAnswer]:
        """Return the last answer about each person: many about one would show their values."""
        persons = self.store.persons({answer.subject for answer in answers})
        return list({persons[answer.subject]: answer for answer in answers}.values())

    def _find_outcomes(
        self, study: str, question: Question, answers: Sequence[ServedAnswer]
    ) -> _Outcomes:
        """Return the last answer about each person whose outcome has arrived and is permitted."""
        subjects = {each for a in answers for each in self.store.linked_subjects(a.subject)}
        if not subjects:
            return {}
        categories, why = question.training_categories, f"monitoring of {question.id}"
        everybody = tuple(sorted(subjects))
        request = AccessRequest(study, MLTRAINING, categories, None, everybody, why)
        gathered = self.store.vault.gather(request, extractor=find_extractor(question))
        records = group_by_person(self.store, gathered.records)
        persons = self.store.persons(subjects)
        hash_patient, last = self.store.pseudonyms(PATIENT_LABEL), _Outcomes()
        for answer in answers:
            person = persons[answer.subject]
            outcome = _find_outcome(question, records.get(person, []), answer.at_s)
            if outcome is not None:
                last[hash_patient(person).hex()] = (answer, outcome)
        return last


def _measure_drift(card: Mapping[str, Any], recent: Sequence[ServedAnswer]) -> list[dict[str, Any]]:
    bins = list_bins(card)
    rows = [answer.places for answer in recent if len(answer.places) == len(bins)]
    words = [*(row["words"] for row in card["predictors"]), "estimate"]
    return [
        {"words": name, "psi": measure_psi(each["shares"], [row[column] for row in rows])}
        for column, (name, each) in enumerate(zip(words, bins, strict=False))
    ]


def _find_outcome(question: Question, records: Sequence[Record], at_s: int) -> bool | None:
    if question.timeline is not None:
        return find_label_at(question, records, at_s)
    label = find_label(question, records)
    # A day is known, not the hour: the outcome of the same day may have been known before.
    return label[0] if label is not None and label[1] > _day_of(at_s) else None


def _day_of(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).date().isoformat()


def _month_of(at_s: int) -> str:
    return _day_of(at_s)[:7]


def month_before(now_s: float) -> str:
    """Return the month that ended last, such as 2026-11."""
    now = datetime.fromtimestamp(now_s, UTC)
    year, month = (now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)
    return f"{year:04}-{month:02}"


def year_until(month: str) -> tuple[int, int]:
    """Return when the year that ends with this month begins and ends (UTC seconds, exclusive).

    Args:
        month: such as 2026-11.
    """
    last = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    december = last.month == 12
    end = last.replace(year=last.year + december, month=1 if december else last.month + 1)
    return int(end.replace(year=end.year - 1).timestamp()), int(end.timestamp())
