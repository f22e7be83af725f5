"""Findings: what a check reports, as codes with facts, and the sentence for each code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

UNREADABLE: Final = (
    *(ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError),
    *(TypeError, ValueError),
)
"""What the reading of a row raises whose cells have another type, size or range than written."""


class FindingCode(StrEnum):
    """A code with its sentence; each package lists its own codes in a subclass.

    The sentence is a format string whose fields are the finding's facts.
    """

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """Make a member: its value is the code."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A difference that a check found, or a check that could not be done.

    Attributes:
        part: which part of the store it concerns, e.g. ``mirror``.
        code: what is wrong; decisions depend on this and never on the message.
        where: the record, row or transaction; may be empty.
        facts: the values that the code's sentence needs.
        is_unchecked: True if nothing is known to be wrong but the check could not be done.
    """

    part: str
    code: FindingCode
    where: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    is_unchecked: bool = False

    @property
    def message(self) -> str:
        """One plain English sentence, without a full stop."""
        return self.code.sentence.format(**self.facts)


class RowFinding(FindingCode):
    """What every check of rows can find."""

    ROWS_UNREADABLE = (
        "rows-unreadable",
        "rows of the database have other values than the platform writes, so this was not checked "
        "to its end ({error}); compare the database with a backup",
    )


def collect(
    part: str,
    where: str,
    check: Callable[[], Iterable[Finding]],
    unreadable: tuple[type[Exception], ...] = UNREADABLE,
) -> list[Finding]:
    """Return what a check finds; that it cannot read its rows is a finding as well.

    `unreadable` are the errors that say so.
    """
    findings: list[Finding] = []
    try:
        for finding in check():
            findings.append(finding)  # noqa: PERF402 - what was found before an error stays
    except unreadable as exc:
        facts = {"error": type(exc).__name__}  # not its message, which may hold a value
        code = RowFinding.ROWS_UNREADABLE
        findings.append(Finding(part=part, code=code, where=where, facts=facts))
    return findings


class LedgerFinding(FindingCode):
    """What a check of the ledger and its mirror can find."""

    UNCHECKED = ("unchecked", "not checked that {check}: {error}")
    RELAYER_TRANSACTIONS_UNKNOWN = (
        "relayer-transactions-unknown",
        "the chain has transactions of our account that the outbox does not list; run recover",
    )
    RELAYER_USED_ELSEWHERE = (
        "relayer-used-elsewhere",
        "our account has sent transactions to other contracts",
    )
    TRANSACTION_WAITING = ("transaction-waiting", "transaction {kind} is not on the chain yet")
    TRANSACTION_FAILED = ("transaction-failed", "transaction {kind} failed on the chain")
    REVOCATION_REFUSED = (
        "revocation-refused",
        "the contract refused a withdrawal, stop or refusal that was acknowledged (kind of "
        "transaction: {kind}); it stays in force here: ask the patient to sign it again",
    )
    CHANGE_NOT_PROVED = (
        "change-not-proved",
        "no signature of the patient or of our account proves a change ({op}); it gives no right",
    )
    PROOF_DIFFERS = (
        "proof-differs",
        "what is stored of a change ({op}) is not what its transaction and its block show: who "
        "signed it, or from when the delay of a proposed key counts",
    )
    RELAYER_BALANCE_LOW = (
        "relayer-balance-low",
        "an account of this installation can pay for fewer than {transactions} of the largest "
        "transactions; add funds",
    )
    CHAIN_NODE_UNAVAILABLE = (
        "chain-node-unavailable",
        "a chain node does not answer; two nodes must agree",
    )
    CHAIN_NODE_AHEAD = (
        "chain-node-ahead",
        "a chain node shows {blocks} blocks that no second node confirms; one of the nodes hides "
        "or invents events: find out which, and remove it",
    )
    CHAIN_NODE_BEHIND = (
        "chain-node-behind",
        "a chain node is {blocks} blocks behind two others; it lags, or hides the newest events",
    )
    CHAIN_NODE_DISAGREES = (
        "chain-node-disagrees",
        "a chain node shows another history than two others, or no two nodes agree",
    )
    CHANGE_NOT_CHAINED = (
        "change-not-chained",
        "a mirrored change does not follow from the changes before it, or has another name or key",
    )
    TERMS_MISSING = (
        "terms-missing",
        "the terms of a consent are missing or differ from what was signed",
    )
