from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from liar import (
    DEPLOYMENT,
    NOW_S,
    OURS,
    KnownTerms,
    LyingChain,
    NoOutbox,
    enrolled_body,
    enrolment,
    grant_call,
    new_patient,
    tell_grant,
)
from township import Clock, ask

from consent.abi import Change
from consent.decision import decide
from consent.mirror import Mirror
from consent.prover import Prover
from consent.tables import METADATA
from consent.terms import Grant
from consent.typed_data import Op


class Processes:
    """Several mirrors of one database, and one patient's grant."""

    def __init__(self, folder: Path) -> None:
        self.engine = sa.create_engine(f"sqlite:///{folder}/database")
        METADATA.create_all(self.engine)
        self.chain, self.known, self.patient = LyingChain(), KnownTerms(), new_patient()
        raw = enrolment(self.patient)
        self.chain.tell(Op.ENROLLED, enrolled_body(self.patient), raw)
        signed = self.patient.grants(NOW_S - 5)
        assert isinstance(signed.message, Grant)
        self.hashed = self.known.know(self.patient.subject, signed.message.terms)
        tell_grant(self.chain, signed, grant_call(signed))

    def start(self, now_s: float = NOW_S) -> Mirror:
        clock, outbox = Clock(now_s), NoOutbox()
        prover = Prover(self.chain, outbox, DEPLOYMENT, frozenset({OURS}), clock)  # type: ignore[arg-type]
        return Mirror(self.engine, self.chain, DEPLOYMENT, prover, clock)  # type: ignore[arg-type]

    def reason(self, mirror: Mirror) -> str:
        view, state = mirror.sync()
        return decide(ask(self.patient), state, self.known, view, NOW_S).reason  # type: ignore[arg-type]


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    return Processes(tmp_path)


def test_a_confirmed_restore_reaches_processes_that_run(processes: Processes) -> None:
    web, command = processes.start(), processes.start()
    assert processes.reason(web) == "permitted"
    old = web.state()
    command.sync()
    assert command.suspend(2) == 1
    assert processes.reason(web) == "bad-key"
    assert web.state().log is not old.log  # so that no view from before is answered from it


def test_imported_revocations_reach_processes_that_run(processes: Processes) -> None:
    web, command = processes.start(), processes.start()
    assert processes.reason(web) == "permitted"
    body = processes.patient.subject + processes.hashed
    command.sync()
    assert command.import_revocations([Change(Op.WITHDRAWN, body, b"", 0)]) == 1
    assert processes.reason(web) == "withdrawn"


def test_a_rebuilt_mirror_suspends_what_a_restore_suspended(processes: Processes) -> None:
    web, command = processes.start(), processes.start()
    command.sync()
    command.suspend(2)
    command.rebuild()
    assert command.events.since(0)[1].proofs == [1, 0]
    assert processes.reason(web) == "bad-key"
