from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from liar import (
    DEPLOYMENT,
    DOMAIN,
    LIAR,
    NOW_S,
    OURS,
    KnownTerms,
    LyingChain,
    NoOutbox,
    enrolled_body,
    enrolment,
    grant_call,
    new_patient,
    raw_call,
    tell_grant,
)
from township import RELAYER, Clock, ask

from consent import abi
from consent.abi import Change
from consent.decision import decide
from consent.mirror import Mirror
from consent.prover import Prover
from consent.signatures import SigningKey
from consent.tables import METADATA
from consent.terms import Enrolment, Grant, RecoveryVeto
from consent.typed_data import Op, digest, keccak


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


def propose(processes: Processes, new: SigningKey) -> bytes:
    patient = processes.patient
    proof = new.sign(digest(DOMAIN, Enrolment(patient.subject, OURS, new.address)))
    call = abi.encode_call(abi.PROPOSE_RECOVERY, patient.subject, new.address, proof)
    body = patient.subject + keccak(new.address)
    raw = raw_call(SigningKey(RELAYER), call)
    processes.chain.tell(Op.RECOVERY_PROPOSED, body, raw, new.address)
    return body


def test_a_new_process_lets_a_recovery_wait_from_when_it_saw_it(processes: Processes) -> None:
    processes.start().sync()
    new = SigningKey(b"\6" * 32)
    body = propose(processes, new)
    web = processes.start()
    web.sync()  # the node dates it long ago
    processes.chain.tell(Op.RECOVERED, body, raw_call(LIAR, b""), new.address)
    assert len(web.sync()[1].keys.subject) == 1


def test_a_vetoed_key_is_not_proposed_again_in_a_later_batch(processes: Processes) -> None:
    new, patient = SigningKey(b"\6" * 32), processes.patient
    body = propose(processes, new)
    veto = patient.sign(RecoveryVeto(patient.subject, new.address))
    values = (patient.subject, new.address, veto.signer, veto.signature)
    raw = raw_call(LIAR, abi.encode_call(abi.VETO_RECOVERY, *values))
    processes.chain.tell(Op.RECOVERY_VETOED, body, raw, new.address)
    web = processes.start()
    web.sync()
    propose(processes, new)
    web.sync()
    assert web.events.since(0)[1].proofs[-2:] == [1, 0]


def test_a_rebuilt_mirror_suspends_what_a_restore_suspended(processes: Processes) -> None:
    web, command = processes.start(), processes.start()
    command.sync()
    command.suspend(2)
    command.rebuild()
    assert command.events.since(0)[1].proofs == [1, 0]
    assert processes.reason(web) == "bad-key"
