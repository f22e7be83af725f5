"""What tests of clinicians and researchers share: a model, patients by number, permissions."""

from __future__ import annotations

import secrets
from typing import Any

from cli.trial_wallet import TrialWallet
from models import Model
from models.cohort import PATIENT_LABEL
from models.manifest import TRAINING_PART
from services.statement import RequestedTerms

HOSPITAL, STUDY = "organisation:this-hospital", "study:small"
DAY_S = 86_400


def trained_model(hospital: Any, study: str = STUDY) -> Model:
    """Return a model in service."""
    model: Model = hospital.platform.diagnostics.train(study, "small")
    return model


def add_numbers(hospital: Any, subjects: list[bytes]) -> dict[str, bytes]:
    """Give patients hospital numbers; return their subjects by number."""
    numbers = {f"MRN-{secrets.token_hex(4)}": subject for subject in subjects}
    hospital.platform.requests.directory.add(numbers.items())
    return numbers


def key_of(hospital: Any, number: str) -> str:
    """Return the key of the patient of this hospital number."""
    (patient,), total = hospital.platform.requests.care.search(HOSPITAL, number)
    assert total == 1
    return patient.key


def permit(
    hospital: Any, study: str, purposes: tuple[str, ...], people: list[bytes], days: int = 1
) -> None:
    """Let people permit a study these purposes."""
    now_s = int(hospital.platform.installation.clock())
    terms = RequestedTerms("permit", study, purposes)
    grants = [(subject, terms, now_s, now_s + days * DAY_S) for subject in people]
    signed = TrialWallet(hospital.wallet, hospital.platform.ledger).sign_grants(grants)
    assert all(outcome.ok for outcome in hospital.platform.ledger.grant(signed))


def routes_of(app: Any, prefix: str) -> list[tuple[str, str]]:
    """Return (method, path) of each API route under a prefix, names in braces."""
    routes = []
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        if path.startswith(f"/api/v1{prefix}"):
            method = next(iter(rule.methods - {"HEAD", "OPTIONS"}))
            routes.append((method, path.removeprefix("/api/v1")))
    return routes


def learned_from(hospital: Any, model_id: str) -> list[bytes]:
    """Return some people whom a model learned from; a few who permit it may be left out."""
    hash_patient = hospital.platform.store.pseudonyms(PATIENT_LABEL)
    people = hospital.platform.diagnostics.manifest(model_id).patients(TRAINING_PART)
    return [each for each in hospital.subjects[50:90] if hash_patient(each).hex() in people]
