"""Measures one prediction: consent checked, records opened, predicted, journalled."""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import time
from typing import Any

from bench.deposit import Bench, documents, install
from consent import Enrolment, Grant, Message, Signed, Terms, digest
from consent.signatures import SigningKey
from deploy.database import make_engine
from models import Diagnostics, PredictionRequest, Study
from storage import StorageNotFound

GOAL_P50_MS = 20
GOAL_P99_MS = 100
STUDY = "study:bench"
CLINIC = "organisation:bench"
YEAR_S = 365 * 86_400


def terms(recipient: str, purpose: str) -> Terms:
    """Return what a patient signs for one purpose of one party."""
    return Terms(
        decision="permit",
        recipient=recipient,
        purposes=(purpose,),
        categories=("*",),
        records=("*",),
        data_from="",
        data_to="",
        obligations=(),
        statement="I agree.",
        policy_uri="",
        policy_hash=bytes(32),
        salt=secrets.token_bytes(32),
    )


def permit(bench: Bench, subjects: list[bytes]) -> None:
    """Let every subject be enrolled and permit training by the study and care by the clinic."""
    ledger, now_s = bench.ledger, int(time.time())
    keys = {subject: SigningKey(secrets.token_bytes(32)) for subject in subjects}

    def signed(message: Message) -> Signed:
        key = keys[message.subject]
        return Signed(message, key.address, key.sign(digest(ledger.domain(), message)))

    ledger.enrol(
        [signed(Enrolment(one, ledger.custodian(), keys[one].address)) for one in subjects]
    )
    wanted = ((STUDY, "MLTRAINING"), (CLINIC, "TREATDS"))
    grants = [
        signed(Grant(one, terms(*party), now_s - 1, now_s + YEAR_S))
        for one in subjects
        for party in wanted
    ]
    if not all(outcome.ok for outcome in ledger.grant(grants)):
        raise SystemExit("not all were granted")


def took_ms(diagnostics: Diagnostics, asked: list[PredictionRequest]) -> list[float]:
    """Return how long each answer takes, in milliseconds, in rising order."""
    found = []
    for one in asked:
        started = time.perf_counter()
        diagnostics.predict(one)
        found.append((time.perf_counter() - started) * 1000)
    return sorted(found)


def refused_ms(diagnostics: Diagnostics, model_id: str, asked: int) -> float:
    """Return the median time of a refusal about somebody who is not there, in milliseconds."""
    found = []
    for _ in range(asked):
        started = time.perf_counter()
        try:
            diagnostics.predict(
                PredictionRequest(CLINIC, secrets.token_bytes(32), model_id, "a benchmark")
            )
        except StorageNotFound:
            found.append((time.perf_counter() - started) * 1000)
    return statistics.median(found)


def measure(asked: int) -> dict[str, Any]:
    """Train on everybody, then ask about one patient after the other."""
    subjects, records = documents()
    with install() as bench:
        bench.store.deposits.deposit(records)
        permit(bench, subjects)
        home = bench.home / "models"
        engine = make_engine(f"sqlite:///{bench.home / 'bench.db'}")
        diagnostics = Diagnostics(engine, bench.ledger, bench.store, home, time.time)
        diagnostics.add_study(Study(STUDY, "A benchmark", "", int(time.time()) + YEAR_S))
        try:
            started = time.perf_counter()
            model = diagnostics.train(STUDY, "nhanes-diabetes")
            train_s = time.perf_counter() - started
            diagnostics.scorer.start()
            known = {line.patient for line in diagnostics.manifest(model.id).lines}
            hashed = bench.store.pseudonyms("manifest patient")
            patients = [one for one in subjects if hashed(one).hex() in known][:asked]
            questions = [
                PredictionRequest(CLINIC, one, model.id, "a benchmark") for one in patients
            ]
            took_ms(diagnostics, questions[:5])
            found = took_ms(diagnostics, questions)
            refusal = refused_ms(diagnostics, model.id, asked // 4)
        finally:
            diagnostics.close()
            engine.dispose()
    return {
        "predictions": len(found),
        "p50_ms": round(statistics.median(found), 2),
        "p99_ms": round(found[int(len(found) * 0.99)], 2),
        "refusal_p50_ms": round(refusal, 2),
        "train_s": round(train_s, 2),
        "goal_p50_ms": GOAL_P50_MS,
        "goal_p99_ms": GOAL_P99_MS,
    }


def main() -> None:
    """Print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=400)
    print(json.dumps(measure(parser.parse_args().asked)))


if __name__ == "__main__":
    main()
