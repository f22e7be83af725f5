"""A whole platform on real nodes, with people who permit, and a client for each role."""

from __future__ import annotations

import math
import random
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app as application
from consent import Enrolment, Message, Signed, Wallet, typed_message
from deploy.settings import read_settings
from models import Budget, Study
from services.tables import METADATA
from services.tokens import AUDITOR, CLINICIAN, CUSTODIAN, RESEARCHER, Tokens
from services.wiring import Services
from storage import Record
from web import create_app
from web.current import EXTENSION

HOSPITAL = "organisation:this-hospital"
STUDY = "study:small"
PEOPLE = 1_200
DAY_S = 86_400
# With fewer shadow models the bound of the attack is so wide that some draws of people fail.
SMALL_BUDGET = Budget(repeats=1, folds=3, inner_folds=2, shadows=16)

QUESTION = """
id = "small"
title = "Is it there?"
intended_use = "A test."
limits = ["Not for people."]
held_out = 0.5
required = ["vital-signs"]
leaking = ["x|leak"]

[label]
code = "x|label"
category = "condition"
positive = "yes"
words = "it is there"
definition = "It is there."

[parameters]
rounds = 60
max_depth = 1

[[features]]
code = "x|number"
words = "number"
kind = "number"
category = "vital-signs"
unit = "kg"
minimum = 0
maximum = 100
reviewed = "The number is measured before the outcome."
"""


@dataclass
class Client:
    """A caller of the API with one token, or none."""

    http: FlaskClient
    secret: str = ""

    def ask(self, method: str, path: str, body: Any = None, **how: Any) -> Any:
        headers = dict(how.pop("headers", {}))
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        if body is not None:
            how["json"] = body
        how.setdefault("buffered", True)  # an answer that is not read stays under way
        return self.http.open("/api/v1" + path, method=method, headers=headers, **how)

    def get(self, path: str, **how: Any) -> Any:
        return self.ask("GET", path, **how)

    def post(self, path: str, body: Any, **how: Any) -> Any:
        return self.ask("POST", path, body, **how)


@dataclass
class Hospital:
    """The platform, its application, and the wallet of the patients."""

    platform: Services
    app: Flask
    wallet: Wallet
    subjects: list[bytes] = field(default_factory=list)

    @property
    def services(self) -> Services:
        """The services that pages and API call."""
        services: Services = self.app.extensions[EXTENSION]
        return services

    def client(self, role: str = "", party: str = HOSPITAL) -> Client:
        """Return a caller of this role, or a stranger."""
        http = self.app.test_client()
        if not role:
            # Each stranger has an address of its own, so that one test does not tire another's.
            address = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.1"
            http.environ_base["REMOTE_ADDR"] = address
            return Client(http)
        tokens = Tokens(self.platform.engine, self.platform.installation.clock)
        return Client(http, tokens.create(role, party, 1)[1])

    def sign(self, message: Message) -> dict[str, Any]:
        """Return a patient's signed message as the API takes it."""
        domain = self.platform.ledger.domain()
        signed: Signed = self.wallet.sign(domain, message)
        return {
            "message": typed_message(domain, message)["message"],
            "signer": "0x" + signed.signer.hex(),
            "signature": "0x" + signed.signature.hex(),
        }

    def work(self, *kinds: str) -> None:
        """Run the queued jobs of these kinds, as the worker would."""
        worker = application.make_worker(self.platform)
        for job in self.platform.jobs.newest(states=("queued",), limit=1_000)[::-1]:
            if job.kind in kinds:
                worker.run(job.id)

    def new_patient(self) -> bytes:
        """Return a new subject of the wallet, enrolled."""
        subject = self.wallet.new_subjects([f"p{secrets.token_hex(8)}"]).popitem()[1]
        ledger = self.platform.ledger
        message = Enrolment(subject, ledger.custodian(), self.wallet.address(subject))
        assert ledger.enrol([self.wallet.sign(ledger.domain(), message)])[0].ok
        return subject


def free_port() -> str:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def records_of(subject: bytes, drawn: random.Random) -> list[Record]:
    """Return a person's two records; the greater the number, the likelier is the outcome.

    The number has few distinct values: a model cannot remember one person, so its membership test
    passes however the people are split.
    """
    number = 5.0 * drawn.randint(0, 20)
    has_outcome = drawn.random() < 1 / (1 + math.exp((50 - number) / 15))
    label = {"x|label": ("yes" if has_outcome else "no", "")}
    return [
        Record(subject, "vital-signs", HOSPITAL, "2024-01-02", {"x|number": (number, "kg")}),
        Record(subject, "condition", HOSPITAL, "2024-01-02", label),
    ]


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A platform with 1,200 people who permit training and answers."""
    home = tmp_path_factory.mktemp("home")
    # Tests ask this process alone, so its part of each limit is the whole.
    given = {"VOUCHSAFE_PORT": free_port(), "VOUCHSAFE_WEB_PROCESSES": "1"}
    settings = read_settings({"VOUCHSAFE_HOME": str(home), **given})
    nodes = application.nodes_of(settings, application.silent)
    with nodes:
        platform = application.join(settings, nodes, SMALL_BUDGET)
        METADATA.create_all(platform.engine)
        (home / "questions").mkdir(exist_ok=True)
        (home / "questions" / "small.toml").write_text(QUESTION)
        wallet = Wallet.create(tmp_path_factory.mktemp("patients") / "wallet")
        made = Hospital(platform, create_app(platform), wallet)
        _settle(made)
        yield made
        platform.diagnostics.close()
        platform.engine.dispose()


def _settle(hospital: Hospital) -> None:
    from cli.trial_wallet import TrialWallet
    from services.statement import RequestedTerms

    platform, wallet = hospital.platform, hospital.wallet
    labels = [f"person-{place}" for place in range(PEOPLE)]
    assert TrialWallet(wallet, platform.ledger).enrol(labels).done == PEOPLE
    hospital.subjects = [wallet.get_subject(label) for label in labels]
    drawn = random.Random(7)
    records = [r for s in hospital.subjects for r in records_of(s, drawn)]
    platform.store.deposits.deposit(records)
    now_s = int(platform.installation.clock())
    query = (
        RequestedTerms("permit", STUDY, ("MLTRAINING",)),
        RequestedTerms("permit", HOSPITAL, ("TREATDS",)),
    )
    expected = [(s, item, now_s, now_s + DAY_S) for s in hospital.subjects for item in query]
    done = platform.ledger.grant(TrialWallet(wallet, platform.ledger).sign_grants(expected))
    assert all(item.ok for item in done)
    platform.diagnostics.add_study(Study(STUDY, "Small", "", now_s + DAY_S))


@pytest.fixture
def custodian(hospital: Hospital) -> Client:
    return hospital.client(CUSTODIAN)


@pytest.fixture
def researcher(hospital: Hospital) -> Client:
    return hospital.client(RESEARCHER, STUDY)


@pytest.fixture
def clinician(hospital: Hospital) -> Client:
    return hospital.client(CLINICIAN)


@pytest.fixture
def auditor(hospital: Hospital) -> Client:
    return hospital.client(AUDITOR, "organisation:auditors")


@pytest.fixture
def stranger(hospital: Hospital) -> Client:
    return hospital.client()
