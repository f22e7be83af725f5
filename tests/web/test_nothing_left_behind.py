"""What real processes received, read and estimated is left nowhere; CANARIES=20 for assurance.md.

What is left in memory is printed, not asserted: Python does not overwrite what it frees.
"""

from __future__ import annotations

import os
import secrets
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import psutil
import pytest
import requests
from memory_of import find_in_files, find_in_memory
from research import add_numbers, key_of, permit, trained_model

from deploy.nodes.supervisor import Supervisor
from deploy.processes import WebProgram, WorkerProgram
from deploy.settings import read_settings
from models import ModelsError
from services.accounts.accounts import Account
from services.tokens import CUSTODIAN, Tokens
from storage.keys import unwrap_record_key
from web.cookies import cookie_name, csrf_of

pytestmark = pytest.mark.node
CANARIES = int(os.environ.get("CANARIES", "1"))
IDLE_S = 5
WAIT_S = 120
HERE = "organisation:this-hospital"


@pytest.fixture
def processes(hospital) -> Iterator[list[Supervisor]]:
    """The web and worker processes of the hospital, as the platform runs them."""
    installation = hospital.platform.installation
    given = {"VOUCHSAFE_HOME": str(installation.home), "VOUCHSAFE_WEB_PROCESSES": "1"}
    given["VOUCHSAFE_PORT"] = installation.site.origin.rpartition(":")[2]
    settings, environment = read_settings(given), {**os.environ, **given}
    supervisors = [
        Supervisor(program(settings, environment)) for program in (WebProgram, WorkerProgram)
    ]
    for supervisor in supervisors:
        supervisor.start()
    yield supervisors
    for supervisor in supervisors:
        supervisor.stop()


class Caller:
    """Somebody who is signed in, on a connection of their own."""

    def __init__(self, hospital, role: str, subject: bytes | None = None) -> None:
        platform = hospital.platform
        self.origin, party = platform.installation.site.origin, "" if subject else HERE
        account = Account(secrets.token_hex(16), role, party, "", subject, "en", 0)
        with platform.engine.begin() as connection:
            platform.identity.accounts.add(connection, account)
        secret = platform.identity.sessions.begin(account.id)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies.set(cookie_name(platform.installation.site), secret)
        self.session.headers.update({"Origin": self.origin, "X-CSRF-Token": csrf_of(secret)})

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        answer = self.session.request(method, self.origin + path, json=body, timeout=WAIT_S)
        assert answer.ok, (path, answer.text)
        assert answer.headers["Cache-Control"] == "no-store", path
        return answer


@dataclass
class Canary:
    """A person with a name, a number, a note and a value that nobody else has."""

    mark: str
    value: float

    @property
    def number(self) -> str:
        return f"ZQ-{self.mark}"

    def resources(self) -> bytes:
        who = {"identifier": [{"value": self.number}], "name": [{"family": f"Kanari{self.mark}"}]}
        seen = {
            "resourceType": "Observation",
            "id": f"o-{self.mark}",
            "status": "final",
            "subject": {"reference": f"Patient/{self.number}"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "effectiveDateTime": "2024-01-02",
            "note": [{"text": f"a yellow bird, {self.mark}"}],
            "valueQuantity": {"value": self.value, "code": "kg"},
        }
        patient = {"resourceType": "Patient", "id": self.number, "gender": "female", **who}
        return b"\n".join(map(orjson.dumps, (patient, seen)))

    def needles(self) -> dict[str, bytes]:
        texts = {"name": f"Kanari{self.mark}", "note": f"a yellow bird, {self.mark}"}
        texts |= {"number": self.number, "value": str(self.value)}
        needles = {name: text.encode() for name, text in texts.items()}
        return needles | {"value as a double": struct.pack("<d", self.value)}


def send_fhir(hospital, canary: Canary) -> bytes:
    """Send a person's resources as a hospital's system does; return their subject."""
    secret = Tokens(hospital.platform.engine, hospital.platform.installation.clock).create(
        CUSTODIAN, HERE, 1
    )[1]
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/fhir+ndjson"}
    origin, until_s = hospital.platform.installation.site.origin, time.monotonic() + WAIT_S
    sent = requests.post(f"{origin}/fhir/$import", canary.resources(), headers=headers, timeout=60)
    where = sent.headers["Content-Location"]
    while (answer := requests.get(where, headers=headers, timeout=60)).status_code == 202:
        assert time.monotonic() < until_s
        time.sleep(0.1)
    assert answer.json()["outcomes"]["stored"] == 2
    subject: bytes = hospital.platform.requests.directory.find_subject(canary.number)
    return subject


def read_everything(hospital, subject: bytes, canary: Canary) -> None:
    """Let a patient read every record, and download all of them."""
    patient = Caller(hospital, "patient", subject)
    listed = patient.ask("GET", "/api/v1/patient/records").json()["records"]
    texts = [patient.ask("GET", f"/api/v1/patient/records/{r['record']}").text for r in listed]
    assert str(canary.value) in "".join(texts)
    for record in listed:
        patient.ask("GET", f"/patient/records/{record['record']}")
    assert str(canary.value) in patient.ask("POST", "/api/v1/patient/copy", {}).text


def estimate(hospital, model, subject: bytes, canary: Canary) -> None:
    """File a record by the API, and let a clinician see it and ask the model."""
    value = {"code": "x|number", "value": canary.value, "unit": "kg"}
    record = {"subject": subject.hex(), "category": "vital-signs", "custodian": HERE}
    record |= {"recorded_on": "2024-05-06", "observations": [value]}
    Caller(hospital, "custodian").ask("POST", "/api/v1/custodian/records", {"records": [record]})
    permit(hospital, HERE, ("TREATDS",), [subject])
    number = next(iter(add_numbers(hospital, [subject])))
    query = {"patient": key_of(hospital, number), "question": model.question}
    doctor = Caller(hospital, "clinician")
    doctor.ask("GET", f"/api/v1/clinician/patients/{query['patient']}/values/{model.question}")
    doctor.ask("POST", "/api/v1/clinician/diagnoses", query)


def keys_of(hospital, subject: bytes) -> dict[str, bytes]:
    store = hospital.platform.store
    patient = store._keys.patient_keys([subject])[subject]
    records = [
        unwrap_record_key(patient, entry.any_key, entry.record_id, entry.version)
        for entry in store.records_of(subject)
    ]
    assert records
    named = {f"record key {number}": key for number, key in enumerate(records)}
    return named | {"patient key": patient.reveal()}


def export_evidence(hospital) -> bytes:
    auditor, until_s = Caller(hospital, "auditor"), time.monotonic() + WAIT_S
    job = auditor.ask("POST", "/api/v1/auditor/evidence", {}).json()["id"]
    while auditor.ask("GET", f"/api/v1/jobs/{job}").json()["state"] != "done":
        assert time.monotonic() < until_s
        time.sleep(0.5)
    return auditor.ask("GET", f"/api/v1/auditor/evidence/{job}").content


def model_of(hospital):
    """Return a model in service; one of another test is as good."""
    try:
        return hospital.platform.diagnostics.serving_model("small")
    except ModelsError:
        return trained_model(hospital)


def report_memory(processes: list[Supervisor], canaries: list[dict[str, bytes]]) -> None:
    """Print how many canaries each process still has, by kind."""
    for supervisor in processes:
        status = supervisor.status()
        assert status.pid
        top = psutil.Process(status.pid)
        for process in (top, *top.children(recursive=True)):
            counts = Counter[str]()
            for needles in canaries:
                counts.update(find_in_memory(process.pid, needles).keys())
            last = process.cmdline()[-1]
            print(f"{status.name} ({last}): {dict(counts)} of {len(canaries)}")  # noqa: T201


def test_no_file_and_no_export_has_what_was_received_read_and_estimated_with(
    hospital, processes
) -> None:
    model, every = model_of(hospital), list[dict[str, bytes]]()
    for number in range(CANARIES):
        canary = Canary(
            secrets.token_hex(6), round(50 + number / 7 + secrets.randbits(20) / 1e8, 8)
        )
        subject = send_fhir(hospital, canary)
        read_everything(hospital, subject, canary)
        other = hospital.new_patient()
        estimate(hospital, model, other, canary)
        every.append(canary.needles() | keys_of(hospital, subject))
        every.append(canary.needles() | keys_of(hospital, other))
    evidence = export_evidence(hospital) if CANARIES > 1 else b""
    if CANARIES > 1:
        time.sleep(IDLE_S)
        report_memory(processes, every)
    home = hospital.platform.installation.home
    for needles in every:
        assert find_in_files(home, needles) == {}
        assert [name for name, needle in needles.items() if needle in evidence] == []
