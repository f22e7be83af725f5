"""Checks the ledger's parts against each other, and yields the evidence for outside checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import sqlalchemy as sa

from consent.abi import Change
from consent.causes import message_of
from consent.chain import MAX_TRANSACTION_GAS, Chain
from consent.chain_nodes import ChainNodes
from consent.consent_terms import ConsentTermsStore
from consent.deployment import Deployment, require_p256
from consent.errors import ConsentError, LedgerBroken
from consent.events import Events, roll
from consent.findings import Finding, LedgerFinding, collect
from consent.mirror import Mirror
from consent.outbox import Outbox
from consent.outbox_rows import FAILED, REFUSED, RESTORED, WRITTEN
from consent.own_accounts import GAS_RESERVES, Outboxes
from consent.own_messages import KIND_OF
from consent.prover import PROVED, SIGNED_HERE
from consent.raw_transactions import read_payload
from consent.typed_data import GENESIS_HEAD, Op, keccak

LEDGER: Final = "ledger"
MIRROR: Final = "mirror"
_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class LedgerParts:
    """The parts that are checked."""

    chain: Chain
    deployment: Deployment
    outboxes: Outboxes
    mirror: Mirror
    consent_terms: ConsentTermsStore

    @property
    def outbox(self) -> Outbox:
        """What wrote from any account."""
        return self.outboxes.custodian


Erasures = Callable[[bytes], bool]
"""Whether a signed receipt shows that this subject was erased."""


def nobody_was_erased(_subject: bytes) -> bool:
    """Return False: every consent must have its terms."""
    return False


def check(
    parts: LedgerParts,
    progress: Callable[[str], None] | None = None,
    was_erased: Erasures = nobody_was_erased,
) -> list[Finding]:
    """Return the findings in the order of the checks; an empty list means no problems.

    `progress` receives the part before each check. Terms may be missing only of subjects who
    `was_erased`.
    """
    findings: list[Finding] = []
    checks: dict[str, tuple[str, Callable[[LedgerParts], Iterator[Finding]]]] = {
        "the chain holds the deployed contract": (LEDGER, _chain),
        "the chain verifies passkeys": (LEDGER, _passkeys),
        "the chain nodes agree": (LEDGER, compare_nodes),
        "the outbox is empty and the accounts can pay": (LEDGER, _outbox),
        "the rows of the mirror are complete": (MIRROR, _mirror),
        "the mirror agrees with the chain": (MIRROR, _chain_again),
        "every change is proved by signatures": (MIRROR, _proofs),
        "every consent has its terms": (MIRROR, lambda parts: _terms(parts, was_erased)),
    }
    for name, (part, run) in checks.items():
        if progress is not None:
            progress(part)
        try:
            findings += collect(part, name, lambda: run(parts))  # noqa: B023 - called at once
        except (ConsentError, sa.exc.DBAPIError) as exc:
            # The database's own message repeats parameters and values.
            error = str(exc) if isinstance(exc, ConsentError) else "the database cannot be read"
            facts = {"check": name, "error": error}
            findings.append(
                Finding(part=part, code=LedgerFinding.UNCHECKED, facts=facts, is_unchecked=True)
            )
    return findings


def _chain(parts: LedgerParts) -> Iterator[Finding]:
    parts.deployment.require_same(parts.chain)
    for outbox in parts.outboxes:
        coming = outbox.nonces.find_next()
        if coming is not None and parts.chain.transaction_count(outbox.address) > coming:
            code = LedgerFinding.RELAYER_TRANSACTIONS_UNKNOWN
            yield Finding(part=LEDGER, code=code, where=outbox.address)
    ours = parts.deployment.contract
    for sent in parts.outbox.find(RESTORED):
        if read_payload(sent.raw).to not in ("", ours):
            yield Finding(
                part=LEDGER,
                code=LedgerFinding.RELAYER_USED_ELSEWHERE,
                where=f"0x{sent.hash.hex()}",
            )


def compare_nodes(parts: LedgerParts) -> Iterator[Finding]:
    """Yield a finding for each of several chain nodes that differs from two others."""
    chain, deployment = parts.chain, parts.deployment
    if not isinstance(chain, ChainNodes):
        return
    codes = {
        "unavailable": LedgerFinding.CHAIN_NODE_UNAVAILABLE,
        "ahead": LedgerFinding.CHAIN_NODE_AHEAD,
        "behind": LedgerFinding.CHAIN_NODE_BEHIND,
        "disagrees": LedgerFinding.CHAIN_NODE_DISAGREES,
    }
    for report in chain.examine(deployment.contract, deployment.finality):
        if report.state in codes:
            yield Finding(
                part=LEDGER,
                code=codes[report.state],
                where=report.node,
                facts={"blocks": report.blocks},
            )


def _passkeys(parts: LedgerParts) -> Iterator[Finding]:
    require_p256(parts.chain)
    yield from ()


def _outbox(parts: LedgerParts) -> Iterator[Finding]:
    codes = {
        WRITTEN: LedgerFinding.TRANSACTION_WAITING,
        FAILED: LedgerFinding.TRANSACTION_FAILED,
        REFUSED: LedgerFinding.REVOCATION_REFUSED,
    }
    for state, code in codes.items():
        for sent in parts.outbox.find(state=state):
            where = f"0x{sent.hash.hex()}"
            yield Finding(part=LEDGER, code=code, where=where, facts={"kind": sent.kind})
    max_fee = parts.chain.fees().max_fee
    for outbox in parts.outboxes:
        gas = max(GAS_RESERVES[purpose] for purpose in parts.outboxes.purposes_of(outbox))
        if parts.chain.balance(outbox.address) < gas * max_fee:
            yield Finding(
                part=LEDGER,
                code=LedgerFinding.RELAYER_BALANCE_LOW,
                where=outbox.address,
                facts={"transactions": gas // MAX_TRANSACTION_GAS},
            )


def _mirror(parts: LedgerParts) -> Iterator[Finding]:
    events = parts.mirror.events
    for position in sorted({*prove(events), *events.misnamed()}):
        where = f"position {position}"
        yield Finding(part=MIRROR, code=LedgerFinding.CHANGE_NOT_CHAINED, where=where)


def _proofs(parts: LedgerParts) -> Iterator[Finding]:
    unproved, differing = parts.mirror.find_misproved()
    codes = (
        (LedgerFinding.CHANGE_NOT_PROVED, unproved),
        (LedgerFinding.PROOF_DIFFERS, differing),
    )
    for code, changes in codes:
        for position, change in changes:
            facts = {"op": Op(change.op).name.lower()}
            yield Finding(part=MIRROR, code=code, where=f"position {position}", facts=facts)


def _chain_again(parts: LedgerParts) -> Iterator[Finding]:
    parts.mirror.sync()
    yield from ()


def _terms(parts: LedgerParts, was_erased: Erasures) -> Iterator[Finding]:
    state = parts.mirror.sync()[1]
    known = {
        stored.consent_id
        for _, stored in parts.consent_terms.load_since(0)
        if stored.terms is not None
    }
    withdrawn = _pairs(state.withdrawals)
    for subject, terms_hash in _pairs(state.grants):
        consent_id = keccak(subject + terms_hash)
        is_accounted_for = consent_id in known or (subject, terms_hash) in withdrawn
        if not is_accounted_for and not was_erased(subject):
            where = f"consent {consent_id.hex()}"
            yield Finding(part=MIRROR, code=LedgerFinding.TERMS_MISSING, where=where)


def _pairs(rows: Any) -> dict[tuple[bytes, bytes], None]:
    joined = zip(rows.subject, rows.terms_hash, strict=True)
    return dict.fromkeys(
        (subject.tobytes(), terms_hash.tobytes()) for subject, terms_hash in joined
    )


def prove(events: Events) -> Iterator[int]:
    """Yield the positions of rows that do not follow from those before them."""
    head, last = GENESIS_HEAD, 0
    for position, change, stored_head in events.in_order():
        if position != last + 1 or not _follows(head, change, stored_head):
            yield position
        head, last = stored_head, position
    mark = events.mark().tip
    if (head, last) != (mark.head, mark.count):
        yield mark.count


def _follows(head: bytes, change: Change, stored_head: bytes) -> bool:
    try:
        return roll(head, [change])[0] == stored_head
    except LedgerBroken:
        return False


def evidence(parts: LedgerParts) -> Iterator[dict[str, Any]]:
    """Yield the deployment, every operation in order, then every opening (stored terms).

    The operations are those up to one block, the newest one that counts; what comes later is not
    in them. Without the chain it is the block of the last look. Rolling the operations yields
    `head`, which the contract returned there too; hashing the terms of an opening yields the
    commitment of a grant (docs/spec/ledger.md).
    """
    point = _find_point(parts)
    yield {"kind": "deployment", **_as_hex(asdict(parts.deployment)), **point}
    own = _find_own(parts)
    for position, change, head in parts.mirror.events.in_order(point["count"]):
        proof = {"own_transaction": _hex(own[position])} if position in own else {}
        fields = {**_operation(change), "head": _hex(head), **proof}
        yield {"kind": "operation", "position": position, **fields}
    for _, stored in parts.consent_terms.load_since(0):
        terms = None if stored.terms is None else _as_hex(asdict(stored.terms))
        names = {"consent_id": _hex(stored.consent_id), "subject": _hex(stored.subject)}
        yield {"kind": "opening", **names, "terms": terms}


def _find_point(parts: LedgerParts) -> dict[str, Any]:
    try:
        view = parts.mirror.sync()[0]
        count, head, block, name = view.count, view.head, view.block_number, view.block_hash
    except ConsentError:
        mark = parts.mirror.events.mark()
        count, head, block = mark.tip.count, mark.tip.head, mark.block_number
        name = mark.block_hash
    return {"count": count, "head": _hex(head), "block": block, "block_hash": _hex(name)}


def _find_own(parts: LedgerParts) -> dict[int, bytes]:
    """Return, by position, our transaction that proves a change which another one brought."""
    events = parts.mirror.events
    proofs = events.unusual_proofs()
    changes = {
        position: change
        for position, change, _ in (events.in_order() if proofs else ())
        if abs(proofs.get(position, PROVED)) == SIGNED_HERE and change.op in KIND_OF
    }
    messages = {message_of(change) for change in changes.values()}
    raws = parts.outbox.messages.find(messages, is_whole=True)
    return {
        position: max(raws[message], key=lambda each: each[1])[0]  # written here, if any was
        for position, change in changes.items()
        if (message := message_of(change)) in raws
    }


def _operation(change: Change) -> dict[str, Any]:
    body = change.body
    words = [_hex(body[at : at + _WORD]) for at in range(0, len(body), _WORD)]
    fields = {"op": Op(change.op).name.lower(), "words": words, "block": change.block_number}
    return {**fields, "signer": _hex(change.signer)} if change.signer else fields


def _as_hex(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _hex(v) if isinstance(v, bytes) else v for name, v in values.items()}


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
