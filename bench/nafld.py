"""Measures three timed questions on the NAFLD study as FHIR, and the speed of their reading."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from deploy.demo.nafld_fhir import nafld_resources
from models.features import Matrix
from models.question import Question
from models.selection import select
from models.windows import EventReader
from records.events import EventBuilder, EventTable
from records.values import CATEGORY
from storage import Arrival, Record

QUESTIONS = Path(__file__).parent.parent / "deploy" / "examples" / "nafld"
NAMES = ("diabetes-now", "diabetes-5y", "death-5y")
ARRIVED_S = 1_780_000_000
FOLDS = 5


def read_records(tables: Path) -> tuple[list[list[Record]], int]:
    """Return the records of each person, one a category, and the number of resources."""
    documents: dict[int, dict[str, list[bytes]]] = {}
    count = 0
    for person, category, content in nafld_resources(tables):
        sealed = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        documents.setdefault(person, {}).setdefault(category, []).append(sealed)
        count += 1
    people = []
    for person, by_category in documents.items():
        records = []
        for number, (category, resources) in enumerate(by_category.items()):
            arrivals = tuple(Arrival(f"{person}-{n}", 1, ARRIVED_S) for n in range(len(resources)))
            record_id = f"{person:016x}{number:016x}"
            day = "2001-01-01"
            subject = person.to_bytes(32, "big")
            custodian = "organisation:bench"
            records.append(
                Record(
                    subject, category, custodian, day, {}, record_id, 1, tuple(resources), arrivals
                )
            )
        people.append(records)
    return people, count


def extract(people: list[list[Record]]) -> EventTable:
    builder = EventBuilder()
    for number, records in enumerate(people):
        for record in records:
            builder.add_record(number, record)
    return builder.build()


def measure(question: Question, events: EventTable, people: int) -> tuple[Matrix, dict[str, Any]]:
    """Return the matrix of a question, and how long selecting and reading took."""
    if question.timeline is None:
        raise ValueError(f"{question.id} has no timeline")
    reader = EventReader(events, question.timeline)
    selection, select_s = _timed(lambda: select(question, reader, people))
    values, read_s = _timed(
        lambda: reader.read(question.features, selection.indexes, question.categories)
    )
    labels = selection.labels
    excluded: dict[str, int] = {}
    for reason in selection.excluded.values():
        excluded[reason] = excluded.get(reason, 0) + 1
    figures = {
        "people": len(labels),
        "positive": round(float(labels.mean()), 4),
        "left_out": excluded,
        "select_cpu_s": round(select_s, 3),
        "read_cpu_s": round(read_s, 3),
        "people_a_second": round(len(labels) / read_s),
    }
    return Matrix(values, labels), figures


def load_nafld(tables: Path) -> tuple[Question, Matrix]:
    """Return the question about diabetes at the visit, with its rows."""
    question = Question.load(QUESTIONS / "diabetes-now.toml")
    people, _ = read_records(tables)
    matrix, _ = measure(question, extract(people), len(people))
    return question, matrix


def cross_validate(question: Question, matrix: Matrix, labels: np.ndarray) -> list[float]:
    """Return the AUROC of each fold with the plain XGBoost of the reference figures."""
    import xgboost
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    types = ["c" if feature.kind == CATEGORY else "q" for feature in question.features]
    chosen = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 4,
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "seed": 0,
        "nthread": 1,
    }
    areas = []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for training, held_out in folds.split(matrix.values, labels):
        rows = [
            xgboost.DMatrix(
                matrix.values[part], labels[part], feature_types=types, enable_categorical=True
            )
            for part in (training, held_out)
        ]
        booster = xgboost.train(chosen, rows[0], 300)
        areas.append(float(roc_auc_score(labels[held_out], booster.predict(rows[1]))))
    return areas


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def main(tables: Path) -> None:
    people, resources = read_records(tables)
    events, extract_s = _timed(lambda: extract(people))
    figures: dict[str, Any] = {
        "people": len(people),
        "resources": resources,
        "event_rows": len(events),
        "no_event": dict(events.no_event),
        "extract_cpu_s": round(extract_s, 2),
        "resources_a_second": round(resources / extract_s),
    }
    for name in NAMES:
        question = Question.load(QUESTIONS / f"{name}.toml")
        matrix, figures[name] = measure(question, events, len(people))
        areas = cross_validate(question, matrix, matrix.labels)
        figures[name]["auroc"] = round(statistics.mean(areas), 4)
        figures[name]["sd"] = round(statistics.stdev(areas), 4)
        shuffled = np.random.default_rng(0).permutation(matrix.labels)
        chance = statistics.mean(cross_validate(question, matrix, shuffled))
        figures[name]["auroc_of_shuffled_labels"] = round(chance, 4)
    print(json.dumps(figures))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path, help="the folder of the nafld_raw_*.csv.gz files")
    main(parser.parse_args().tables)
