"""Which accounts may enrol, propose, anchor and administer, by the ledger's role changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from copy import deepcopy
from typing import Final

from consent.abi import Change
from consent.typed_data import Op, keccak

ADMIN: Final = bytes(32)
PAUSER: Final = keccak(b"PAUSER_ROLE")
CUSTODIAN: Final = keccak(b"CUSTODIAN_ROLE")
ANCHOR: Final = keccak(b"ANCHOR_ROLE")
ROLE_NAMES: Final = {ADMIN: "admin", PAUSER: "pauser", CUSTODIAN: "custodian", ANCHOR: "anchor"}
ROLE_OPS: Final = frozenset({Op.ROLE_GRANTED, Op.ROLE_REVOKED})

_WORD: Final = 32
_ADDRESS_AT: Final = 12


class AccountRoles:
    """The roles of accounts (20 bytes) at one position of the ledger, and who enrolled whom.

    An account that lost the anchor role and still has the custodian role is retired: it enrols
    nobody, and it proposes recoveries for the patients whom it enrolled.
    """

    def __init__(self, admins: Iterable[bytes] = (), everyday: Iterable[bytes] = ()) -> None:
        """Take the accounts to which the constructor gave roles; `everyday` deployed it."""
        self._held = {(role, account) for account in admins for role in (ADMIN, PAUSER)}
        self._held |= {(role, account) for account in everyday for role in (CUSTODIAN, ANCHOR)}
        self._enrolments = 0
        self._runs: list[tuple[int, bytes]] = []

    def copy(self) -> AccountRoles:
        """Return roles that change independently of these."""
        return deepcopy(self)

    def has(self, role: bytes, account: bytes) -> bool:
        """Return whether the account has the role (32 bytes)."""
        return (role, account) in self._held

    def may_enrol(self, account: bytes) -> bool:
        """Return whether the account's enrolments count."""
        return self.has(CUSTODIAN, account) and self.has(ANCHOR, account)

    def names_of(self, account: bytes) -> tuple[str, ...]:
        """Return the names of an account's roles."""
        return tuple(name for role, name in ROLE_NAMES.items() if self.has(role, account))

    def accounts(self) -> frozenset[bytes]:
        """Return every account with a role."""
        return frozenset(account for _, account in self._held)

    def enroller(self, row: int) -> bytes:
        """Return the account that sent the proved enrolment number `row`, from 0."""
        at = bisect_right(self._runs, row, key=lambda run: run[0]) - 1
        return self._runs[at][1] if at >= 0 else b""

    def extend(self, changes: Iterable[Change], proofs: Iterable[int]) -> None:
        """Add these changes, in the order of the ledger."""
        for change, proof in zip(changes, proofs, strict=True):
            self.add(change, is_proved=bool(proof))

    def add(self, change: Change, *, is_proved: bool) -> None:
        """Add the next change; a role that is taken away without proof is lost as well."""
        if change.op == Op.ENROLLED and is_proved:
            self._note_enroller(change.body[_WORD + _ADDRESS_AT : 2 * _WORD])
        elif change.op in ROLE_OPS:
            pair = change.body[:_WORD], change.body[_WORD + _ADDRESS_AT : 2 * _WORD]
            if change.op == Op.ROLE_REVOKED:
                self._held.discard(pair)
            elif is_proved:
                self._held.add(pair)

    def _note_enroller(self, account: bytes) -> None:
        if not self._runs or self._runs[-1][1] != account:
            self._runs.append((self._enrolments, account))
        self._enrolments += 1
