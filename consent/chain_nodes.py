"""Reads one ledger through several chain nodes, of which at least two must agree."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal, TypeVar

from consent.abi import Change
from consent.chain import Block, Chain, Fees, Finality, Look, Newest, Receipt, Tip
from consent.errors import LedgerUnavailable, ViewRefused
from consent.first_sights import FirstSights
from consent.node_answers import ask_nodes
from consent.rpc import Call, NodeRefused, Rpc

QUORUM: Final = 2
NodeState = Literal["agrees", "ahead", "behind", "disagrees", "unavailable"]
NODE_STATES: Final[tuple[NodeState, ...]] = (
    "agrees",
    "ahead",
    "behind",
    "disagrees",
    "unavailable",
)

_REST_S: Final = 10.0
"""After no answer in time a node is left out for this long if two others remain."""
_DOUBT_S: Final = 60.0
_SECOND_LOOK_S: Final = 2.0
_LIKE_FEES: Final = 16

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What one node shows beside the others; `blocks` is how far it is ahead or behind."""

    node: str
    state: NodeState
    blocks: int = 0


@dataclass(frozen=True, slots=True)
class _Vote:
    """What one node shows at a height that several have: its block, and the ledger's tips."""

    index: int
    look: Look
    block: Block
    final: Tip
    latest: Tip

    def content(self) -> tuple[object, ...]:
        """Return what nodes must have in common to agree."""
        look, block = self.look, self.block
        identity = look.chain_id, look.genesis_hash, look.code_hash
        return (*identity, block.hash, block.time_s, self.final)


@dataclass(frozen=True, slots=True)
class _Agreement:
    """The last result: who agrees, best reader first, and what is said of each node."""

    readers: tuple[int, ...] = ()
    reports: tuple[NodeReport, ...] = ()


class ChainNodes(Chain):
    """Several nodes of one chain, used as one.

    A view of the ledger is the highest block that two nodes show alike: the same hash, and the same
    rolling head of the contract, so the same events. Events after that block are read from every
    node that agrees, all else from one of them; a transaction is sent to every node. With fewer
    than two in agreement nothing can be read.
    """

    def __init__(self, nodes: Sequence[Chain], clock: Callable[[], float]) -> None:
        """Take two or more nodes, the preferred one first, and the host's clock."""
        self._nodes = tuple(nodes)
        self._clock = clock
        self._agreement = _Agreement()
        self._rests_until: dict[int, float] = {}
        self._doubted_until: dict[int, float] = {}
        self._first_sights = FirstSights()
        self._lock = threading.Lock()
        self.name = ", ".join(node.name for node in nodes)
        self.rpc = _FirstAnswer(self._in_order)

    def each(self) -> tuple[Chain, ...]:
        """Return the nodes."""
        return self._nodes

    def look(self, contract: str, finality: Finality, accepted: int) -> Look:
        """Return the newest state that two nodes show alike, as `Chain.look` does.

        Raises:
            LedgerUnavailable: fewer than two nodes answer.
            ViewRefused: those that answer disagree.
        """
        with self._lock:
            looks = self._ask(
                self._awake(), lambda at: self._nodes[at].look(contract, finality, accepted)
            )
            self._agreement = _Agreement((), self._reports(looks, {}, ()))
            votes, agreed = self._agree(contract, looks)
            readers = self._by_preference(agreed)
            behind_s = self._behind_s(agreed, finality)
            self._agreement = _Agreement(
                tuple(vote.index for vote in readers), self._reports(looks, votes, agreed)
            )
        return _joined(readers[0], agreed, finality, behind_s)

    def change_reader(self) -> bool:
        """Read from another of the agreeing nodes from now on; False if there is no other.

        For a reader whose events do not lead to the head that it showed.
        """
        readers = self._agreement.readers
        if not readers:
            return False
        self._doubted_until[readers[0]] = time.monotonic() + _DOUBT_S
        return any(not self._is_doubted(index) for index in readers)

    def changes(self, contract: str, first: int, last: int) -> list[Change]:
        """Return the contract's events, as `Chain.changes` does, from an agreeing node."""
        return self._first(lambda node: node.changes(contract, first, last))

    def newest_changes(
        self, contract: str, after: int, newest: Sequence[Newest]
    ) -> Mapping[int, Sequence[Change]]:
        """Return each node's events after a block, as `Chain.newest_changes` does."""
        last = {each.node: each.block.number for each in newest}
        return self._ask(last, lambda at: self._nodes[at].changes(contract, after + 1, last[at]))

    def raw_transactions(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Return transactions as `Chain.raw_transactions` does, from the first node with them."""
        return self._first(lambda node: node.raw_transactions(hashes))

    def send(self, raws: Sequence[bytes]) -> list[NodeRefused | None]:
        """Send raw transactions to every node; an error counts only where all nodes have it.

        Raises:
            LedgerUnavailable: no node answers.
        """
        answers = self._ask(range(len(self._nodes)), lambda at: self._nodes[at].send(raws))
        if not answers:
            raise LedgerUnavailable("none of the chain nodes answers")
        return [
            None if None in of_raw else of_raw[0] for of_raw in zip(*answers.values(), strict=True)
        ]

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        """Return the receipts that two nodes show alike; None for each that they do not."""
        alike = self._agreed(lambda node: node.receipts(hashes))
        return [of_one[0] if of_one else None for of_one in alike]

    def answers(self, to: str, datas: Sequence[bytes]) -> list[bytes | None]:
        """Return a contract's answers that two nodes give alike, as `Chain.answers` does.

        Raises:
            LedgerUnavailable: no two nodes do.
        """
        alike = self._agreed(lambda node: node.answers(to, datas))
        if not all(alike):
            raise LedgerUnavailable("the chain nodes give different answers of a contract")
        return [of_one[0] for of_one in alike]

    def transaction_count(self, address: str) -> int:
        """Return the highest number of an account's transactions that two nodes have."""
        answers = self._ask_all(lambda node: node.transaction_count(address))
        return sorted(answers, reverse=True)[min(QUORUM, len(answers)) - 1]

    def fees(self) -> Fees:
        """Return the lowest fees that two nodes name about alike, with the middle tip.

        A transaction is stored with what it offers. With the fees of one node that lies, it might
        never be mined, and nothing that is written after it.

        Raises:
            LedgerUnavailable: no two nodes do.
        """
        answers = sorted(self._ask_all(lambda node: node.fees()), key=lambda each: each.max_fee)
        tip = sorted(each.tip for each in answers)[len(answers) // 2]
        for lower, higher in pairwise(answers):
            if higher.max_fee <= _LIKE_FEES * lower.max_fee:
                return Fees(higher.max_fee, min(tip, higher.max_fee))
        raise LedgerUnavailable(f"no {QUORUM} chain nodes name fees that are about alike")

    def states(self) -> dict[str, int]:
        """Return how many nodes were in each state at the last look; transient lag is normal."""
        reports = self._agreement.reports
        return {state: sum(each.state == state for each in reports) for state in NODE_STATES}

    def examine(self, contract: str, finality: Finality) -> list[NodeReport]:
        """Return what each node shows; one that differs is looked at twice, so lag must last."""
        first = self._examine_once(contract, finality)
        if all(report.state == "agrees" for report in first):
            return first
        time.sleep(_SECOND_LOOK_S)
        second = self._examine_once(contract, finality)
        return [
            after if after.state == before.state else replace(after, state="agrees", blocks=0)
            for before, after in zip(first, second, strict=True)
        ]

    def close(self) -> None:
        """Close the connections to all nodes."""
        for node in self._nodes:
            node.close()

    def _examine_once(self, contract: str, finality: Finality) -> list[NodeReport]:
        self._rests_until.clear()
        with suppress(LedgerUnavailable):  # the reports say of each node what is wrong
            self.look(contract, finality, 0)
        return list(self._agreement.reports)

    def _agreed(self, question: Callable[[Chain], Sequence[_T]]) -> list[list[_T]]:
        """Return, for each part of the answer, what two nodes have there alike; empty if none."""
        answers = self._ask_all(question)
        needed = min(QUORUM, len(answers))
        return [
            [part for part in parts if parts.count(part) >= needed][:1]
            for parts in zip(*answers, strict=True)
        ]

    def _ask_all(self, question: Callable[[Chain], _T]) -> list[_T]:
        """Return the answers of those nodes that give one, at least one."""
        answers = self._ask(self._awake(), lambda at: question(self._nodes[at]))
        if not answers:
            raise LedgerUnavailable("none of the chain nodes answers")
        return list(answers.values())

    def _awake(self) -> Sequence[int]:
        now_s, every = time.monotonic(), range(len(self._nodes))
        awake = [index for index in every if self._rests_until.get(index, 0) <= now_s]
        return awake if len(awake) >= QUORUM else every

    def _ask(self, indexes: Iterable[int], question: Callable[[int], _T]) -> dict[int, _T]:
        """Return the answers of those nodes that give one in time; see `ask_nodes`."""
        chosen = list(indexes)
        answers = ask_nodes(chosen, question, QUORUM)
        for index in chosen:
            if index not in answers:
                self._rests_until[index] = time.monotonic() + _REST_S
        return answers

    def _agree(
        self, contract: str, looks: Mapping[int, Look]
    ) -> tuple[dict[int, _Vote], list[_Vote]]:
        """Return all votes and the agreeing ones at the highest height where two nodes agree."""
        if len(looks) < QUORUM:
            raise LedgerUnavailable(
                f"{len(looks)} of {len(self._nodes)} chain nodes answer, and {QUORUM} must agree: "
                "start the others, or change LEDGER_RPC_URLS"
            )
        for height in sorted({look.final.number for look in looks.values()}, reverse=True):
            high = [index for index, look in looks.items() if look.final.number >= height]
            votes = {}
            if len(high) >= QUORUM:
                votes = self._ask(high, lambda at: self._vote(at, contract, looks[at], height))  # noqa: B023 - asked at once
            groups = _agreeing(votes.values())
            if len(groups) == 1:
                return votes, groups[0]
            if groups:
                break
        raise ViewRefused(
            f"the chain nodes disagree: no {QUORUM} of them, or two groups, show one history; "
            "run verify or doctor to see which"
        )

    def _vote(self, index: int, contract: str, look: Look, height: int) -> _Vote:
        node = self._nodes[index]
        block = look.final if look.final.number == height else node.block(height)
        final, latest = node.tips(contract, [block.hash, look.latest.hash])
        return _Vote(index, look, block, final, latest)

    def _behind_s(self, agreed: Sequence[_Vote], finality: Finality) -> float:
        """Return for how long a node has shown the block after the agreed one, in seconds."""
        height, now_s = agreed[0].block.number, self._clock()
        ahead = max(agreed, key=lambda vote: vote.look.final.number)
        highest = ahead.look.final.number
        since_s = self._first_sights.since_s(height, highest, now_s)
        if (
            highest > height and finality != "pos"
        ):  # there, a block is final minutes after it was made
            with suppress(LedgerUnavailable):  # else the time since this process noticed remains
                since_s = min(since_s, self._nodes[ahead.index].block(height + 1).time_s)
        return max(0.0, now_s - since_s)

    def _by_preference(self, agreed: Sequence[_Vote]) -> list[_Vote]:
        """Return the votes with the best reader first: not doubted, then with most blocks."""
        return sorted(
            agreed,
            key=lambda vote: (
                self._is_doubted(vote.index),
                -vote.look.latest.number,
                vote.index,
            ),
        )

    def _is_doubted(self, index: int) -> bool:
        return self._doubted_until.get(index, 0) > time.monotonic()

    def _in_order(self) -> list[Chain]:
        """Return the nodes to read from: those that agreed last; before the first look, all."""
        return [self._nodes[at] for at in self._agreement.readers] or list(self._nodes)

    def _first(self, read: Callable[[Chain], _T]) -> _T:
        nodes = self._in_order()
        for node in nodes[:-1]:
            try:
                return read(node)
            except LedgerUnavailable:
                continue
        return read(nodes[-1])

    def _reports(
        self, looks: Mapping[int, Look], votes: Mapping[int, _Vote], agreed: Sequence[_Vote]
    ) -> tuple[NodeReport, ...]:
        height = agreed[0].block.number if agreed else -1
        agreeing = {vote.index for vote in agreed}
        reports = []
        for index, node in enumerate(self._nodes):
            look = looks.get(index)
            beyond = look.final.number - height if look else 0
            state: NodeState = "disagrees"
            if look is None or (agreed and beyond >= 0 and index not in votes):
                state = "unavailable"
            elif index in agreeing:
                state = "ahead" if beyond else "agrees"
            elif agreed and beyond < 0:
                state = "behind"
            blocks = abs(beyond) if state in ("ahead", "behind") else 0
            reports.append(NodeReport(node.name, state, blocks))
        return tuple(reports)


class _FirstAnswer(Rpc):
    """Asks the first node that answers; what it answers, also an error, is the answer."""

    def __init__(self, in_order: Callable[[], list[Chain]]) -> None:
        self._in_order = in_order

    def ask(self, calls: Sequence[Call], timeout_s: float | None = None) -> list[object]:
        """Return the answers of one node to all calls."""
        nodes = self._in_order()
        for node in nodes[:-1]:
            try:
                return node.rpc.ask(calls, timeout_s)
            except LedgerUnavailable:
                continue
        return nodes[-1].rpc.ask(calls, timeout_s)


def _agreeing(votes: Iterable[_Vote]) -> list[list[_Vote]]:
    """Return the groups of votes that are large enough to count."""
    groups: defaultdict[tuple[object, ...], list[_Vote]] = defaultdict(list)
    for vote in votes:
        groups[vote.content()].append(vote)
    return [group for group in groups.values() if len(group) >= QUORUM]


def _joined(reader: _Vote, agreed: Sequence[_Vote], finality: Finality, behind_s: float) -> Look:
    """Return the look of the agreeing nodes: what they have in common, and the newest of each."""
    if finality == "single":
        latest = reader.block
        newest = [Newest(reader.index, reader.block, reader.final)]
    else:
        times_s = sorted((vote.look.latest.time_s for vote in agreed), reverse=True)
        latest = replace(reader.look.latest, time_s=times_s[QUORUM - 1])
        newest = [Newest(vote.index, vote.look.latest, vote.latest) for vote in agreed]
    return replace(
        reader.look,
        latest=latest,
        final=reader.block,
        tip=reader.final,
        newest=tuple(newest),
        behind_s=behind_s,
    )
