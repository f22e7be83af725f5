"""Checks the ledger's parts against each other, and hands out all that a stranger needs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from consent.abi import Change
from consent.chain import MAX_TRANSACTION_GAS, Chain
from consent.deployment import Deployment, require_p256
from consent.errors import ConsentError, LedgerBroken
from consent.events import Events, roll
from consent.mirror import Mirror
from consent.openings import Openings
from consent.outbox import FAILED, REGAINED, WRITTEN, Outbox
from consent.raw import read_payload
from consent.typed_data import GENESIS_HEAD, Op, keccak

LEDGER: Final = "ledger"
MIRROR: Final = "mirror"
_WORD: Final = 32
_LOW_TRANSACTIONS: Final = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: in which part, what, and where."""

    part: str
    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What is checked."""

    chain: Chain
    deployment: Deployment
    outbox: Outbox
    mirror: Mirror
    openings: Openings


def check(parts: Parts, progress: Callable[[str], None] | None = None) -> list[Finding]:
    """Return what is wrong, in the order of the checks; nothing is good."""
    found: list[Finding] = []
    checks: dict[str, tuple[str, Callable[[Parts], Iterator[tuple[str, str]]]]] = {
        "the chain is the one that was deployed on": (LEDGER, _chain),
        "the chain checks passkeys": (LEDGER, _passkeys),
        "the outbox is empty and its account can pay": (LEDGER, _outbox),
        "the mirror's rows follow from each other": (MIRROR, _mirror),
        "the mirror is what the chain shows": (MIRROR, _chain_again),
        "every consent has its opening": (MIRROR, _openings),
    }
    for what, (part, run) in checks.items():
        if progress is not None:
            progress(what)
        try:
            found += [Finding(part, wrong, where) for wrong, where in run(parts)]
        except ConsentError as exc:
            found.append(Finding(part, f"not checked that {what}: {exc}", ""))
    return found


def _chain(parts: Parts) -> Iterator[tuple[str, str]]:
    parts.deployment.require_same(parts.chain)
    coming = parts.outbox.writer.find_next_nonce()
    if coming is not None and parts.chain.transaction_count(parts.outbox.address) > coming:
        yield "the chain has transactions of the relayer that are not kept here", "run recover"
    ours = parts.deployment.contract
    for sent in parts.outbox.find(REGAINED):
        if read_payload(sent.raw).to not in ("", ours):
            yield "the relayer's account is used elsewhere too", f"0x{sent.hash.hex()}"


def _passkeys(parts: Parts) -> Iterator[tuple[str, str]]:
    require_p256(parts.chain)
    yield from ()


def _outbox(parts: Parts) -> Iterator[tuple[str, str]]:
    for state, what in ((WRITTEN, "not on the chain yet"), (FAILED, "failed on the chain")):
        for sent in parts.outbox.find(state=state):
            yield f"transaction {sent.kind} {what}", f"0x{sent.hash.hex()}"
    address = parts.outbox.address
    price = _LOW_TRANSACTIONS * MAX_TRANSACTION_GAS * parts.chain.fees().most
    if parts.chain.balance(address) < price:
        yield f"the relayer can pay for fewer than {_LOW_TRANSACTIONS} transactions", address


def _mirror(parts: Parts) -> Iterator[tuple[str, str]]:
    for position in prove(parts.mirror.events):
        yield "a mirrored change does not follow from those before it", f"position {position}"


def _chain_again(parts: Parts) -> Iterator[tuple[str, str]]:
    parts.mirror.sync()
    yield from ()


def _openings(parts: Parts) -> Iterator[tuple[str, str]]:
    state = parts.mirror.sync()[1]
    known = {one.consent_id for _, one in parts.openings.load_since(0) if one.terms is not None}
    withdrawn = _pairs(state.withdrawals)
    for subject, terms_hash in _pairs(state.grants):
        name = keccak(subject + terms_hash)
        if name not in known and (subject, terms_hash) not in withdrawn:
            yield "the opening is missing or is not what was signed", f"consent {name.hex()}"


def _pairs(rows: Any) -> dict[tuple[bytes, bytes], None]:
    joined = zip(rows.subject, rows.terms_hash, strict=True)
    return dict.fromkeys(
        (subject.tobytes(), terms_hash.tobytes()) for subject, terms_hash in joined
    )


def prove(events: Events) -> Iterator[int]:
    """Yield the positions of rows that do not follow from those before them."""
    head, last = GENESIS_HEAD, 0
    for position, change, kept in events.in_order():
        if position != last + 1 or not _follows(head, change, kept):
            yield position
        head, last = kept, position
    mark = events.mark().tip
    if (head, last) != (mark.head, mark.count):
        yield mark.count


def _follows(head: bytes, change: Change, kept: bytes) -> bool:
    try:
        return roll(head, [change])[0] == kept
    except LedgerBroken:
        return False


def evidence(parts: Parts) -> Iterator[dict[str, Any]]:
    """Yield the deployment, every operation in order, then every opening.

    Whoever rolls the operations gets `head`, which the contract at that address says too, and
    whoever hashes an opening's terms gets the commitment in a grant (docs/spec/ledger.md).
    """
    mark = parts.mirror.events.mark()
    yield {
        "kind": "deployment",
        **_shown(asdict(parts.deployment)),
        "count": mark.tip.count,
        "head": _hex(mark.tip.head),
        "block": mark.block_number,
        "block_hash": _hex(mark.block_hash),
    }
    for position, change, head in parts.mirror.events.in_order():
        yield {"kind": "operation", "position": position, **_operation(change), "head": _hex(head)}
    for _, opening in parts.openings.load_since(0):
        terms = None if opening.terms is None else _shown(asdict(opening.terms))
        names = {"consent_id": _hex(opening.consent_id), "subject": _hex(opening.subject)}
        yield {"kind": "opening", **names, "terms": terms}


def _operation(change: Change) -> dict[str, Any]:
    body = change.body
    words = [_hex(body[at : at + _WORD]) for at in range(0, len(body), _WORD)]
    shown = {"op": Op(change.op).name.lower(), "words": words, "block": change.block_number}
    return {**shown, "signer": _hex(change.signer)} if change.signer else shown


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _hex(v) if isinstance(v, bytes) else v for name, v in values.items()}


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
