"""Measures the pages as people meet them: 20 clicking at once on 5,014 patients' platform."""

from __future__ import annotations

import argparse
import datetime
import html
import json
import os
import random
import re
import secrets
import socket
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

import app
from cli.trial_wallet import TrialWallet
from consent import YEAR_S, Grant, Terms, Wallet, Withdrawal
from deploy.demo.people import MAPPING, TABLE
from deploy.nodes.supervisor import Supervisor
from deploy.processes import WebProgram
from deploy.settings import Settings, read_settings
from records import Mapping, read_table, to_records
from services.accounts.accounts import Account
from services.dates import iso_day
from services.requests import RequestDetails
from services.researcher.proposing import StudyDraft
from services.statement import RequestedTerms
from services.wiring import Services
from services.words import Words
from web.cookies import cookie_name, csrf_of

PEOPLE_CLICKING = 20
GOAL_PAGE_P95_MS = 150
GOAL_ACTIVE_S = 2
GOAL_REFUSED_S = 1
ORGANISATION = "organisation:this-hospital"
STUDY = "study:bench-of-pages"
PATHS = {
    "patient": ("/patient", "/patient/consents", "/patient/journal", "/patient/records"),
    "clinician": ("/clinician", "/clinician/requests/new"),
    "researcher": ("/researcher", "/researcher/studies/bench-of-pages/cohort"),
    "custodian": ("/custodian", "/custodian/deposits/new"),
    "auditor": ("/auditor", "/auditor/anchors"),
}
ROLES = ("patient",) * 12 + ("clinician",) * 4 + ("researcher",) * 2 + ("custodian", "auditor")
"""Who the 20 people are."""


@dataclass
class Person:
    """Somebody who is signed in, with an HTTP connection of their own."""

    account: Account
    session: requests.Session
    origin: str
    csrf: str

    def get(self, path: str) -> float:
        """Return the milliseconds that a page took."""
        began_s = time.perf_counter()
        answer = self.session.get(self.origin + path, timeout=30)
        answer.raise_for_status()
        return 1000 * (time.perf_counter() - began_s)

    def post(self, path: str, **fields: str) -> requests.Response:
        """Send a form."""
        sent = {"csrf": self.csrf, **fields}
        headers = {"Origin": self.origin}
        return self.session.post(self.origin + path, data=sent, headers=headers, timeout=30)


def settle(services: Services, folder: Path, count: int | None) -> Wallet:
    """Enrol and deposit everybody; all permit the study, most of them care as well."""
    rows = list(read_table(TABLE, Mapping.load(MAPPING)))[:count]
    wallet = Wallet.create(folder / "wallet")
    labels = [row.person for row in rows]
    trial_wallet = TrialWallet(wallet, services.ledger)
    trial_wallet.enrol(labels)
    records, sources = to_records(rows, wallet.subjects(), ORGANISATION)
    services.store.deposits.deposit(records, sources)
    services.requests.directory.add((label, wallet.get_subject(label)) for label in labels)
    now_s = int(services.installation.clock()) - 60
    grants = [
        (
            wallet.get_subject(label),
            RequestedTerms("permit", party, (purpose,)),
            now_s,
            now_s + YEAR_S,
        )
        for label in labels
        for party, purpose in ((STUDY, "MLTRAINING"), (ORGANISATION, "TREATDS"))
    ]
    services.ledger.grant(trial_wallet.sign_grants(grants))
    draft = StudyDraft(
        texts=dict.fromkeys(("title", "board", "protocol", "condition", "contact"), "bench"),
        question="nhanes-diabetes",
        days=365,
        ends_on=datetime.date.fromisoformat(iso_day(now_s + YEAR_S)),
        wants_copy=False,
        name=STUDY,
    )
    services.researcher.proposing.propose(ORGANISATION, draft, Words("en"))
    services.custodian.approvals.approve(STUDY, by="bench")
    return wallet


def sign_in(services: Services, role: str, subject: bytes | None) -> Person:
    """Return somebody of this role who is signed in."""
    party = "" if subject else ORGANISATION
    account = Account(secrets.token_hex(16), role, party, "", subject, "en", 0)
    with services.engine.begin() as connection:
        services.identity.accounts.add(connection, account)
    secret, session = services.identity.sessions.begin(account.id), requests.Session()
    session.trust_env = False
    session.cookies.set(cookie_name(services.installation.site), secret)
    return Person(account, session, services.installation.site.origin, csrf_of(secret))


def click(people: list[Person], rounds: int) -> list[float]:
    """Let everybody click through their pages at once; return the milliseconds of each page."""
    times: list[float] = []
    lock = threading.Lock()

    def through(person: Person, chance: random.Random) -> None:
        for _ in range(rounds):
            time.sleep(chance.uniform(0.2, 1.0))  # people read before they click
            took = person.get(chance.choice(PATHS[person.account.role]))
            with lock:
                times.append(took)

    threads = [
        threading.Thread(target=through, args=(person, random.Random(place)))  # noqa: S311 - a draw, no secret
        for place, person in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def touch_to_active(services: Services, wallet: Wallet, patient: Person) -> tuple[float, float]:
    """Return the seconds from the signature sent to the page that says active, and to refusal."""
    subject = patient.account.subject or b""
    care = RequestDetails(
        ORGANISATION, "care", ("TREATDS",), ("condition",), "", "", 90, "diabetes"
    )
    services.requests.requests.send(care, [subject], "bench")
    request = services.requests.requests.list_waiting(subject)[0]
    path = f"/patient/requests/{request.id}"
    patient.post(path, answer="yes")
    began_s, answer = _signed(services, wallet, patient, f"{path}/check")
    if "Your permission is active" not in answer.text:
        raise SystemExit("the permission did not become active")
    active_s = time.perf_counter() - began_s
    consent = answer.url.split("?")[0]
    began_s, answer = _signed(
        services, wallet, patient, consent.removeprefix(patient.origin) + "/withdrawal"
    )
    if "You have withdrawn" not in answer.text:
        raise SystemExit("the withdrawal was not taken")
    consents = services.ledger.consents_of(subject)
    states = {granted.consent_id.hex(): granted.state for granted in consents}
    if states[consent.rsplit("/", 1)[1]] != "withdrawn":
        raise SystemExit("the withdrawal is not in force")
    return active_s, time.perf_counter() - began_s


def message_of(typed: dict[str, Any]) -> Grant | Withdrawal:
    """Return the message that a page asks to be signed."""
    message = typed["message"]
    subject = _bytes(message["subject"])
    if typed["primaryType"] == "Withdrawal":
        return Withdrawal(subject, _bytes(message["termsHash"]))
    values: dict[str, Any] = {
        re.sub("([A-Z])", r"_\1", name).lower(): tuple(value) if isinstance(value, list) else value
        for name, value in message["terms"].items()
    }
    terms = Terms(**values | {name: _bytes(values[name]) for name in ("policy_hash", "salt")})
    return Grant(subject, terms, message["signedAt"], message["notAfter"])


def _bytes(digits: str) -> bytes:
    return bytes.fromhex(digits.removeprefix("0x"))


def _signed(
    services: Services, wallet: Wallet, patient: Person, path: str
) -> tuple[float, requests.Response]:
    """Have a patient's own key sign what a page prepared, and send it."""
    page = patient.session.get(patient.origin + path, timeout=30).text
    signing = page.split('name="signing" value="')[1].split('"')[0]
    typed = page.split("data-typed>")[1].split("</script>")[0]
    message = message_of(json.loads(html.unescape(typed))["typed_data"])
    signed = wallet.sign(services.ledger.domain(), message)
    began_s = time.perf_counter()
    credential = {"wallet": "0x" + signed.signer.hex(), "signature": "0x" + signed.signature.hex()}
    return began_s, patient.post(path, signing=signing, credential=json.dumps(credential))


def measure(count: int | None, rounds: int) -> dict[str, Any]:
    """Return the figures of pages, of a grant, and of a withdrawal."""
    with tempfile.TemporaryDirectory() as folder:
        settings = new_settings(Path(folder))
        with app.open_services(settings) as services:
            wallet = settle(services, Path(folder), count)
            subjects = list(wallet.subjects().values())[: ROLES.count("patient")]
            patients = iter(subjects)
            people = [
                sign_in(services, role, next(patients) if role == "patient" else None)
                for role in ROLES
            ]
            web = Supervisor(WebProgram(settings, {**os.environ, **environment_of(settings)}))
            web.start()
            try:
                for person in people:
                    person.get(PATHS[person.account.role][0])
                times = sorted(click(people, rounds))
                signed = [touch_to_active(services, wallet, patient) for patient in people[:10]]
            finally:
                web.stop()
    active, refused = ([times[index] for times in signed] for index in (0, 1))
    return {
        "patients": len(wallet.subjects()),
        "people_clicking": len(people),
        "pages": len(times),
        "page_p50_ms": round(statistics.median(times), 1),
        "page_p95_ms": round(times[int(0.95 * len(times))], 1),
        "goal_page_p95_ms": GOAL_PAGE_P95_MS,
        "touch_to_active_worst_s": round(max(active), 3),
        "goal_touch_to_active_s": GOAL_ACTIVE_S,
        "withdrawal_to_refusal_worst_s": round(max(refused), 3),
        "goal_withdrawal_to_refusal_s": GOAL_REFUSED_S,
    }


def new_settings(folder: Path) -> Settings:
    """Return the settings of an installation in a folder, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return read_settings({"VOUCHSAFE_HOME": str(folder / "home"), "VOUCHSAFE_PORT": str(port)})


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables by which the processes of the installation find it."""
    return {"VOUCHSAFE_HOME": str(settings.home), "VOUCHSAFE_PORT": str(settings.port)}


def main() -> None:
    """Print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=None)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    print(json.dumps(measure(options.people, options.rounds)))


if __name__ == "__main__":
    main()
