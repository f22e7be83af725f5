"""A withdrawal against decisions that run at the same time; RACES=10000 for docs/assurance.md."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from liar import (
    CONTRACT,
    DEPLOYMENT,
    DOMAIN,
    NOW_S,
    OURS,
    RELAY,
    KnownTerms,
    LyingChain,
    enrolled_body,
    enrolment,
    grant_call,
    mirror_of,
    tell_grant,
)
from sqlalchemy import text
from township import Clock, Patient, ask, make_terms

from consent.chain import Fees
from consent.decision import decide
from consent.freshness import FreshnessRules
from consent.limits import LedgerLimits
from consent.outbox import Intent, Outbox
from consent.raw_transactions import Payload
from consent.tables import METADATA
from consent.terms import Grant
from consent.typed_data import Op
from consent.views import Views
from deploy.database import make_engine

RACES = int(os.environ.get("RACES", "100"))


class QuietChain(LyingChain):
    """A chain that shows what it was told and never mines what is sent."""

    def fees(self) -> Fees:
        return Fees(1, 1)

    def transaction_count(self, _address: str) -> int:
        return 0

    def chain_id(self) -> int:
        return DEPLOYMENT.chain_id


class Race:
    """A permitted use, and a withdrawal that is acknowledged once it is in the outbox."""

    def __init__(self, folder: Path) -> None:
        self.patient, self.chain = Patient(DOMAIN, OURS), QuietChain()
        signed, self.known = self.patient.grants(NOW_S - 5, make_terms()), KnownTerms()
        assert isinstance(signed.message, Grant)
        body = enrolled_body(self.patient)
        self.chain.tell(Op.ENROLLED, body, enrolment(self.patient), self.patient.key.address)
        tell_grant(self.chain, signed, grant_call(signed))
        hashed = self.known.know(self.patient.subject, signed.message.terms)
        self.intent = Intent(
            "withdraw", Payload(to=CONTRACT, data=b"", gas=1), self.patient.subject + hashed
        )
        self.engine = make_engine(f"sqlite:///{folder / 'race.db'}")
        METADATA.create_all(self.engine)
        self.outbox = Outbox(self.engine, self.chain, RELAY)  # type: ignore[arg-type]
        rules, limits = FreshnessRules.of("single"), LedgerLimits()
        mirror = mirror_of(self.chain)
        self.views = Views(mirror, self.outbox, rules, Clock(NOW_S), limits)

    def is_permitted(self) -> bool:
        view, state = self.views.for_decision(None)
        return decide(ask(self.patient), state, self.known, view, NOW_S).permitted  # type: ignore[arg-type]

    def run(self) -> tuple[bool, float]:
        """Return whether a decision after the acknowledgement permitted, and seconds to effect."""
        acknowledged, started_s, is_late = threading.Event(), time.monotonic(), False

        def withdraw() -> None:
            self.outbox.write([self.intent])
            acknowledged.set()

        writer = threading.Thread(target=withdraw)
        writer.start()
        while True:
            is_after, permitted = acknowledged.is_set(), self.is_permitted()
            if is_after or not permitted:
                is_late = is_after and permitted
                break
        took_s = time.monotonic() - started_s
        writer.join()
        is_late = is_late or self.is_permitted()
        with self.engine.begin() as connection:
            connection.execute(text("delete from consent_outbox"))
        return is_late, took_s


def test_no_decision_that_starts_after_an_acknowledged_withdrawal_permits(
    tmp_path: Path,
) -> None:
    race = Race(tmp_path)
    assert race.is_permitted()
    results = [race.run() for _ in range(RACES)]
    assert sum(is_late for is_late, _ in results) == 0
    times_s = sorted(took_s for _, took_s in results)
    print(f"{RACES} races, p99 {1_000 * times_s[len(times_s) * 99 // 100]:.1f} ms")  # noqa: T201
