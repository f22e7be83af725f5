"""Several chain nodes of which some hide, fork, are down or lie: two must agree."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from liar import (
    CONTRACT,
    DEPLOYMENT,
    DOMAIN,
    ENGINE,
    NOW_S,
    OURS,
    RELAY,
    LyingChain,
    MemoryEvents,
    NoOutbox,
    enrolled_body,
    enrolment,
)
from township import Clock, Patient

from consent import node_answers
from consent.abi import Change
from consent.chain import Block, Finality, Look, Tip
from consent.chain_nodes import ChainNodes
from consent.consent_ledger import ConsentLedger
from consent.errors import LedgerBroken, LedgerUnavailable, ViewRefused
from consent.events import roll
from consent.evidence import LedgerParts, compare_nodes
from consent.findings import LedgerFinding
from consent.freshness import MAX_AGE_S, FreshnessRules, require_fresh
from consent.mirror import Mirror
from consent.own_accounts import OwnAccounts
from consent.prover import Prover
from consent.terms import View
from consent.typed_data import GENESIS_HEAD, Op, keccak

PEOPLE = [Patient(DOMAIN, OURS) for _ in range(4)]


class Node(LyingChain):
    """One of several nodes: each block holds one enrolment and was made ten seconds after the last.

    `hidden` blocks are not shown; from block `forked` on, every hash is another.
    """

    def __init__(self, name: str, people: Sequence[Patient] = PEOPLE) -> None:
        super().__init__()
        self.name = name
        self.hidden, self.forked, self.is_down = 0, 1_000, False
        self.sent: list[bytes] = []
        for patient in people:
            self.tell(Op.ENROLLED, enrolled_body(patient), enrolment(patient), patient.key.address)

    def block(self, number: int) -> Block:
        self._require_up()
        if number > self.height():
            raise LedgerUnavailable("no such block")
        fork = self.name if number >= self.forked else ""
        made_s = NOW_S - 10 * (2 + len(self.history) - number)
        return Block(number, keccak(f"{number}{fork}".encode()), made_s, 0)

    def height(self) -> int:
        return 1 + len(self.history) - self.hidden

    def look(self, *_: object) -> Look:
        block = self.block(self.height())
        code, genesis = DEPLOYMENT.code_hash, DEPLOYMENT.genesis_hash
        return Look(DEPLOYMENT.chain_id, genesis, code, block, block, None)

    def tips(self, _contract: str, hashes: Sequence[bytes]) -> list[Tip]:
        heights = {self.block(at).hash: at for at in range(1, self.height() + 1)}
        return [self._tip(heights[name]) for name in hashes]

    def _tip(self, height: int) -> Tip:
        present = [change for change in self.history if change.block_number <= height]
        return Tip([GENESIS_HEAD, *roll(GENESIS_HEAD, present)][-1], len(present))

    def changes(self, contract: str, first: int, last: int) -> list[Change]:
        self._require_up()
        return super().changes(contract, first, last)

    def raw_transactions(self, hashes: Sequence[bytes]) -> list[bytes]:
        self._require_up()
        return super().raw_transactions(hashes)

    def send(self, raws: Sequence[bytes]) -> list[None]:
        self._require_up()
        self.sent += raws
        return [None for _ in raws]

    def _require_up(self) -> None:
        if self.is_down:
            raise LedgerUnavailable("no answer")


class FinalNode(Node):
    """A node of a chain with finality: blocks after `final` are shown and not final yet."""

    final, now_s, silent_after = 1 + len(PEOPLE), float(NOW_S), 1_000

    def changes(self, contract: str, first: int, last: int) -> list[Change]:
        if last > self.silent_after:
            raise LedgerUnavailable("no answer")
        return super().changes(contract, first, last)

    def block(self, number: int) -> Block:
        return replace(super().block(number), time_s=NOW_S - 1_000 + 10 * number)

    def look(self, _contract: str, _finality: Finality, accepted: int) -> Look:
        latest = replace(self.block(self.height()), time_s=int(self.now_s))
        final, known = self.block(self.final), self.block(max(accepted, 1))
        return replace(super().look(), latest=latest, final=final, accepted=known)


class MemoryRevocations:
    """The revocations seen before their block was final, without a database."""

    def __init__(self) -> None:
        self.seen: set[tuple[int, bytes]] = set()

    def all(self) -> list[tuple[int, bytes]]:
        return list(self.seen)

    def add(self, changes: Sequence[Change], _known: object) -> None:
        self.seen |= {(each.op, each.body) for each in changes if each.op == Op.WITHDRAWN}

    def remove_final(self, _changes: object) -> None:
        pass


def joined(*nodes: Node, finality: Finality = "single") -> tuple[ChainNodes, Mirror, Clock]:
    clock, outbox = Clock(NOW_S), NoOutbox()
    deployment = replace(DEPLOYMENT, finality=finality)
    chain = ChainNodes(nodes, clock)
    ours = frozenset({OURS})
    prover = Prover(chain, outbox, deployment, ours, clock)  # type: ignore[arg-type]
    mirror = Mirror(ENGINE, chain, deployment, prover, clock)
    mirror.events = MemoryEvents()  # type: ignore[assignment]
    mirror.revocations = MemoryRevocations()  # type: ignore[assignment]
    return chain, mirror, clock


def states(chain: ChainNodes) -> dict[str, int]:
    return {state: count for state, count in chain.states().items() if count}


def is_fresh(view: View, now_s: float, finality: Finality = "single") -> bool:
    try:
        require_fresh(view, Tip(view.head, view.count), now_s, FreshnessRules.of(finality))
    except ViewRefused:
        return False
    return True


def test_nodes_that_agree_give_the_ledger_as_one_node_does() -> None:
    chain, mirror, clock = joined(Node("a"), Node("b"), Node("c"))
    view, state = mirror.sync()
    assert view.count == len(PEOPLE)
    assert all(state.is_enrolled(patient.subject) for patient in PEOPLE)
    assert is_fresh(view, clock())
    assert states(chain) == {"agrees": 3}


def test_a_node_that_hides_the_newest_events_is_outvoted_by_two() -> None:
    hiding = Node("hiding")
    hiding.hidden = 2
    chain, mirror, clock = joined(hiding, Node("b"), Node("c"))
    view = mirror.sync()[0]
    assert view.count == len(PEOPLE)
    assert is_fresh(view, clock())
    assert states(chain) == {"agrees": 2, "behind": 1}


def test_of_two_nodes_one_cannot_hide_events_for_longer_than_a_view_stays_fresh() -> None:
    hiding = Node("hiding")
    hiding.hidden = 1
    chain, mirror, clock = joined(hiding, Node("honest"))
    view = mirror.sync()[0]
    assert view.count == len(PEOPLE) - 1, "only what both show has happened"
    assert states(chain) == {"agrees": 1, "ahead": 1}
    assert is_fresh(view, clock())
    clock.now_s += MAX_AGE_S
    assert not is_fresh(mirror.sync()[0], clock())
    hiding.hidden = 0
    assert is_fresh(mirror.sync()[0], clock())
    assert mirror.sync()[0].count == len(PEOPLE)


def test_a_new_process_knows_from_the_blocks_how_long_events_have_been_hidden() -> None:
    hiding = Node("hiding")
    hiding.hidden = 1
    _, mirror, clock = joined(hiding, Node("honest"))
    clock.now_s += MAX_AGE_S
    assert not is_fresh(mirror.sync()[0], clock())


def test_a_forked_node_is_outvoted_and_named() -> None:
    forked = Node("forked", [PEOPLE[0], Patient(DOMAIN, OURS), *PEOPLE[2:], PEOPLE[1]])
    forked.forked = 3
    chain, mirror, _ = joined(forked, Node("b"), Node("c"))
    assert mirror.sync()[0].count == len(PEOPLE)
    assert states(chain)["agrees"] == 2
    reports = {report.node: report.state for report in chain.examine(CONTRACT, "single")}
    assert reports["b"] == reports["c"] == "agrees"
    assert reports["forked"] == "disagrees"


def test_two_nodes_that_contradict_each_other_permit_nothing() -> None:
    forked = Node("forked")
    forked.forked = 3
    chain, mirror, _ = joined(forked, Node("b"))
    with pytest.raises(ViewRefused, match="disagree"):
        mirror.sync()
    assert states(chain) == {"disagrees": 2}


def test_the_same_blocks_with_another_ledger_in_them_are_no_agreement() -> None:
    inventive = Node("inventive")
    inventive.history[-1] = inventive.history[-1]._replace(body=bytes(96))
    with pytest.raises(ViewRefused, match="disagree"):
        joined(inventive, Node("b"))[1].sync()


def test_two_groups_of_two_are_no_agreement_either() -> None:
    nodes = [Node("x"), Node("x"), Node("b"), Node("b")]
    for node in nodes:
        node.forked = 3
    with pytest.raises(ViewRefused, match="two groups"):
        joined(*nodes)[1].sync()


@pytest.mark.parametrize("down", [0, 1, 2])
def test_a_node_that_is_down_stops_nothing_while_two_agree(down: int) -> None:
    nodes = [Node("a"), Node("b"), Node("c")]
    nodes[down].is_down = True
    chain, mirror, clock = joined(*nodes)
    assert is_fresh(mirror.sync()[0], clock())
    assert states(chain) == {"agrees": 2, "unavailable": 1}
    chain.send([b"raw"])
    assert [len(node.sent) for node in nodes] == [int(not node.is_down) for node in nodes]


def test_of_two_nodes_both_must_answer() -> None:
    down = Node("down")
    chain, mirror, clock = joined(Node("a"), down)
    assert is_fresh(mirror.sync()[0], clock())
    down.is_down = True
    with pytest.raises(LedgerUnavailable, match="1 of 2 chain nodes answer, and 2 must agree"):
        mirror.sync()
    assert chain.send([b"raw"]) == [None], "a withdrawal still reaches the chain"


def test_a_node_that_agrees_and_then_gives_other_events_is_not_read_again() -> None:
    liar = Node("liar")
    liar.changes = lambda *_: []  # type: ignore[method-assign]
    _, mirror, _ = joined(liar, Node("b"))
    assert mirror.sync()[0].count == len(PEOPLE)
    with pytest.raises(LedgerBroken, match="do not lead to its head"):
        joined(liar, liar)[1].sync()


def test_the_newest_time_counts_only_when_two_nodes_show_it() -> None:
    ahead = Node("ahead")
    chain, _, _ = joined(ahead, Node("b"))
    late = replace(ahead.block(ahead.height()), time_s=NOW_S + 5_000)
    look = ahead.look()
    ahead.look = lambda *_: replace(look, latest=late)  # type: ignore[method-assign]
    ahead.tips = lambda *_: Node("b").tips(CONTRACT, [look.final.hash] * 2)  # type: ignore[method-assign]
    assert chain.look(CONTRACT, "bft", 0).latest.time_s == look.final.time_s


def test_verify_names_a_node_that_hides_and_metrics_count_it() -> None:
    hiding = Node("http://hiding:8545")
    hiding.hidden = 2
    chain, mirror, clock = joined(hiding, Node("b"), Node("c"))
    parts = LedgerParts(chain, DEPLOYMENT, NoOutbox(), mirror, None)  # type: ignore[arg-type]
    findings = list(compare_nodes(parts))
    assert [(each.where, each.facts["blocks"]) for each in findings] == [("http://hiding:8545", 2)]
    assert findings[0].code == LedgerFinding.CHAIN_NODE_BEHIND
    assert "hides the newest events" in findings[0].message
    ledger = ConsentLedger(ENGINE, chain, OwnAccounts.single(RELAY), DEPLOYMENT, clock)
    assert ledger.chain_nodes()["behind"] == 1


WITHDRAWAL = PEOPLE[0].subject + b"W" * 32


def with_withdrawal(name: str) -> FinalNode:
    """Return an honest node with a patient's withdrawal in a block that is not final."""
    node = FinalNode(name)
    node.tell(Op.WITHDRAWN, WITHDRAWAL)
    return node


def inventor() -> FinalNode:
    """Return a node that agrees on the final block and invents more changes after it."""
    node = FinalNode("inventor")
    for at in range(3):
        node.tell(Op.WITHDRAWN, bytes([at]) * 64)
    node.forked = node.final + 1
    return node


def withdrawals(mirror: Mirror) -> set[bytes]:
    pending = mirror.sync()[1].pending_withdrawals
    rows = zip(pending.subject, pending.terms_hash, strict=True)
    return {subject.tobytes() + terms.tobytes() for subject, terms in rows}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_a_withdrawal_not_yet_final_counts_though_a_liar_shows_more(order: tuple[int, ...]) -> None:
    nodes = [with_withdrawal("early"), FinalNode("late"), inventor()]
    chain, mirror, _ = joined(*(nodes[at] for at in order), finality="pos")
    assert WITHDRAWAL in withdrawals(mirror)
    assert mirror.sync()[0].count == len(PEOPLE), "only what is final counts else"
    assert states(chain) == {"agrees": 3}


@pytest.mark.parametrize("others", [1, 2])
def test_two_nodes_must_prove_the_events_after_the_final_block(others: int) -> None:
    liar = inventor()
    events = liar.changes
    liar.changes = lambda name, first, last: events(name, first, min(last, liar.final))  # type: ignore[method-assign]
    honest = [with_withdrawal(str(at)) for at in range(others)]
    mirror = joined(liar, *honest, finality="pos")[1]
    if others == 1:
        with pytest.raises(ViewRefused, match="newest events do not lead"):
            mirror.sync()
    else:
        assert withdrawals(mirror) == {WITHDRAWAL}


def test_a_node_that_agrees_and_gives_no_events_after_the_final_block_leaves_too_few() -> None:
    silent, honest = with_withdrawal("silent"), with_withdrawal("honest")
    silent.silent_after = silent.final
    with pytest.raises(LedgerUnavailable, match="too few chain nodes"):
        joined(silent, honest, finality="pos")[1].sync()
    mirror = joined(silent, honest, with_withdrawal("b"), finality="pos")[1]
    assert withdrawals(mirror) == {WITHDRAWAL}


def test_the_time_of_a_node_that_does_not_prove_its_newest_events_does_not_count() -> None:
    liar, late = inventor(), with_withdrawal("late")
    liar.changes = lambda *_: []  # type: ignore[method-assign]
    late.now_s = NOW_S - 2 * MAX_AGE_S
    _, mirror, clock = joined(with_withdrawal("a"), late, liar, finality="pos")
    assert not is_fresh(mirror.sync()[0], clock(), "pos")


def with_final(*heights: int) -> list[FinalNode]:
    """Return nodes of one chain of twelve people whose final blocks differ."""
    people = [Patient(DOMAIN, OURS) for _ in range(12)]
    nodes = [FinalNode(str(height), people) for height in heights]
    for node in nodes:
        node.final = int(node.name)
    return nodes


def wait(clock: Clock, nodes: Sequence[FinalNode], passed_s: int) -> None:
    clock.now_s += passed_s
    for node in nodes:
        node.now_s = clock.now_s


def test_a_node_that_holds_finality_back_and_advances_slowly_is_noticed_in_a_minute() -> None:
    slow, honest = nodes = with_final(2, 13)
    _, mirror, clock = joined(*nodes, finality="pos")
    for _ in range(4):
        assert is_fresh(mirror.sync()[0], clock(), "pos") == (clock() - NOW_S <= MAX_AGE_S)
        wait(clock, nodes, MAX_AGE_S - 11)
        slow.final += 1
    slow.final = honest.final
    assert is_fresh(mirror.sync()[0], clock(), "pos")


@pytest.mark.parametrize("bound", [1_000, 1])
def test_two_honest_nodes_of_which_one_is_always_a_block_behind_are_not_refused(
    bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent.first_sights.MAX_HEIGHTS", bound)
    nodes = with_final(2, 3)
    _, mirror, clock = joined(*nodes, finality="pos")
    for _ in range(10):
        assert is_fresh(mirror.sync()[0], clock(), "pos")
        wait(clock, nodes, MAX_AGE_S - 11)
        for node in nodes:
            node.final += 1


def test_heights_that_no_node_shows_any_more_are_forgotten() -> None:
    _, other = nodes = with_final(2, 12)
    _, mirror, clock = joined(*nodes, finality="pos")
    assert is_fresh(mirror.sync()[0], clock(), "pos")
    wait(clock, nodes, MAX_AGE_S + 1)
    assert not is_fresh(mirror.sync()[0], clock(), "pos")
    for height in (2, 3):
        other.final = height
        assert is_fresh(mirror.sync()[0], clock(), "pos")


SLOW_S = 5.0


class SlowNode(Node):
    """A node whose answers are right, and come when it is let go."""

    def __init__(self, name: str) -> None:
        self.gate = threading.Event()
        super().__init__(name)

    def _require_up(self) -> None:
        self.gate.wait(SLOW_S)


@pytest.fixture(params=[0, 1, 2])
def nodes(request: pytest.FixtureRequest) -> Iterator[list[Node]]:
    slow = SlowNode("slow")
    others = [Node("a"), Node("b")]
    yield [*others[: request.param], slow, *others[request.param :]]
    slow.gate.set()


def test_a_node_that_answers_late_delays_a_view_once_and_is_named(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_answers, "LATE_S", 0.1)
    chain, mirror, _ = joined(*nodes)
    began_s = time.monotonic()
    for _ in range(20):
        assert mirror.sync()[0].count == len(PEOPLE)
    assert time.monotonic() - began_s < SLOW_S / 2
    assert states(chain) == {"agrees": 2, "unavailable": 1}
