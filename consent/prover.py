"""Proves each change of the ledger by the signatures behind it, not by the chain node's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from consent.abi import Change
from consent.account_roles import ADMIN, ANCHOR, CUSTODIAN, ROLE_OPS, AccountRoles
from consent.calldata import Claim, Message
from consent.causes import Cause, Causes, message_of
from consent.chain import Chain
from consent.deployment import Deployment
from consent.errors import SignatureInvalid
from consent.freshness import MAX_AHEAD_S
from consent.key_ring import KeyRing
from consent.outbox import Outbox
from consent.passkeys import is_passkey_signature
from consent.recoveries import VETOED, Recoveries, name_new_key
from consent.signatures import recover
from consent.state import LedgerState
from consent.transactions import ACCOUNT_BYTES, PASSKEY_BYTES
from consent.typed_data import Domain, Op, digest_of_words, keccak

UNPROVED: Final = 0
PROVED: Final = 1
"""A proposed recovery that is proved has the time instead from which its delay counts."""
SIGNED_HERE: Final = 2
"""Proved by a message that was signed here; the transaction that brought it shows no signature."""
BY_NODE: Final = -1
"""The sign of a proved new key of which only the node said that it signed."""

_WORD: Final = 32
_TYPE_NAMES: Final = {
    Op.ENROLLED: "Enrolment",
    Op.KEY_ADDED: "KeyAddition",
    Op.KEY_REMOVED: "KeyRemoval",
    Op.GRANTED: "Grant",
    Op.WITHDRAWN: "Withdrawal",
    Op.STOPPED: "Stop",
    Op.RECOVERY_PROPOSED: "Enrolment",
    Op.RECOVERY_VETOED: "RecoveryVeto",
}
PROVED_OPS: Final = frozenset({*_TYPE_NAMES, *ROLE_OPS, Op.ANCHORED, Op.RECOVERED})
"""The others (pauses) change no decision."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is proved so far, on which the next changes rest."""

    state: LedgerState
    recoveries: Recoveries
    roles: AccountRoles


@dataclass(frozen=True, slots=True)
class _Proposal:
    key_hash: bytes
    since_s: int


class Prover:
    """Decides which changes are proved; what it cannot prove permits nothing.

    A message counts if the signature over its typed data is in the transaction's calldata and is
    that of a key which an unbroken chain of such signatures gives to the subject, from an enrolment
    that one of our accounts sent while it had the roles for it (docs/spec/ledger.md, section 10).
    Accounts with code of their own (ERC-1271) answer only through the node; their messages count
    where this ledger relayed them. No key that ever signed by itself is such an account: what the
    node alone says of its signatures counts for nothing.
    """

    def __init__(
        self,
        chain: Chain,
        outbox: Outbox,
        deployment: Deployment,
        accounts: frozenset[bytes],
        clock: Callable[[], float],
    ) -> None:
        self._chain = chain
        self._deployment = deployment
        self._domain = Domain(deployment.chain_id, deployment.contract)
        self._causes = Causes(chain, outbox, self._domain)
        self._verifiers = {bytes.fromhex(verifier[2:]) for verifier in deployment.verifiers}
        self._accounts = accounts
        self.find_accounts: Callable[[], frozenset[bytes]] = frozenset
        self._clock = clock

    def first_roles(self) -> AccountRoles:
        """Return the roles that the constructor of the contract gave to our accounts."""
        founder, admin = self._deployment.founder, self._deployment.admin
        return AccountRoles(
            {bytes.fromhex(admin[2:])} if admin else self._accounts,
            {bytes.fromhex(founder[2:])} if founder else self._accounts,
        )

    def prove(
        self,
        changes: Sequence[Change],
        ground: Ground,
        known_until_s: Sequence[int] = (),
        *,
        is_whole: bool = True,
    ) -> list[int]:
        """Return the proof of each change, one of the above or the time of a proposal.

        Args:
            changes: in the order of the ledger, from `ground` on.
            ground: what is proved so far.
            known_until_s: each change was not on the chain at its time, by our own clock; empty
                where nothing is known.
            is_whole: the whole ledger is read, and not only what is new.

        Raises:
            LedgerUnavailable: a transaction cannot be read, so nothing can be said of its changes.
        """
        # Another process may have changed our accounts, so they are read each time.
        self._accounts |= self.find_accounts()
        proof = _Proof(self, ground, changes)
        proof.find_own = lambda: self._causes.with_messages(
            changes, self._accounts, is_whole=is_whole
        )
        return [
            proof.of(change, cause, until_s)
            for change, cause, until_s in zip(
                changes,
                self._find_causes(changes),
                known_until_s or [0] * len(changes),
                strict=True,
            )
        ]

    def _find_causes(self, changes: Sequence[Change]) -> Iterator[Cause | None]:
        names = {
            change.transaction: None
            for change in changes
            if change.op in PROVED_OPS and len(change.transaction) == _WORD
        }
        causes = self._causes.read(list(names), self._accounts)
        return (causes.get(change.transaction) for change in changes)

    def is_account(self, sender: bytes) -> bool:
        """Return whether this is, or was, an account of this installation that enrols."""
        return sender in self._accounts

    def is_signed(self, op: int, words: bytes, signer: bytes, signature: bytes | None) -> bool:
        """Return whether the key signed these words as the message of this operation."""
        hashed = digest_of_words(self._domain, _TYPE_NAMES[Op(op)], words)
        if signature is None:
            return False
        if len(signer) == ACCOUNT_BYTES:
            try:
                return recover(hashed, signature) == signer
            except SignatureInvalid:
                return False
        is_known = len(signer) == PASSKEY_BYTES and signer[:ACCOUNT_BYTES] in self._verifiers
        return is_known and is_passkey_signature(signer, hashed, signature)

    def proposal_time(self, change: Change, known_until_s: int) -> int:
        """Return from when a proposal's delay counts: never earlier than we know it was not there.

        Raises:
            LedgerUnavailable: the chain is unavailable.
        """
        block_time_s = self._chain.block_times([change.block_number])[0] or 0
        return max(2, min(int(self._clock()), max(block_time_s, known_until_s)))

    def is_ready(self, since_s: int) -> bool:
        """Return whether a recovery's delay has passed, by our clock; the chain's may be ahead."""
        return self._clock() >= since_s + self._deployment.recovery_delay_s - MAX_AHEAD_S

    def has_ended(self, until_s: int) -> bool:
        """Return whether a delegate's key has reached its end; the chain's clock may be ahead."""
        return 0 < until_s < self._clock() + MAX_AHEAD_S


class _Proof:
    """The proof of one run of changes; what is proved is the ground for the next."""

    def __init__(
        self,
        prover: Prover,
        ground: Ground,
        changes: Sequence[Change],
    ) -> None:
        self._prover = prover
        self._roles = ground.roles.copy()
        recoveries = ground.recoveries
        about = {change.body[:_WORD] for change in changes if change.op in _TYPE_NAMES}
        about |= {change.body[:_WORD] for change in changes if change.op == Op.RECOVERED}
        self._ring = KeyRing(ground.state, about)
        self._enrollers = {
            subject: self._roles.enroller(row) for subject, row in self._ring.enrolled.items()
        }
        for recovery in (each for subject in about for each in recoveries.of_subject(subject)):
            if recovery.state == VETOED:
                self._bar(recovery.subject, keccak(recovery.signer))
        self._by_node = recoveries.by_node
        self._new_by_node: set[bytes] = set()
        self.find_own: Callable[[], Mapping[Message, Sequence[Cause]]] = dict
        self._own_by_message: Mapping[Message, Sequence[Cause]] | None = None
        self._proposals = {
            recovery.subject: _Proposal(keccak(recovery.signer), recovery.since_s)
            for recovery in recoveries.waiting()
        }
        self._rules: Mapping[int, Callable[[Change, Claim, Cause], bool]] = {
            Op.ENROLLED: self._enrolled,
            Op.KEY_ADDED: self._key_added,
            Op.KEY_REMOVED: self._key_removed,
            Op.GRANTED: self._granted,
            Op.WITHDRAWN: self._revoked,
            Op.STOPPED: self._revoked,
            Op.RECOVERY_PROPOSED: self._proposed,
            Op.RECOVERY_VETOED: self._vetoed,
            Op.ANCHORED: self._anchored,
        }

    def of(self, change: Change, cause: Cause | None, known_until_s: int) -> int:
        """Return the proof of the next change."""
        if change.op not in PROVED_OPS:
            return PROVED
        if change.op in ROLE_OPS:
            is_proved = self._role_changed(change, cause)
            self._roles.add(change, is_proved=is_proved)
            return PROVED if is_proved else UNPROVED
        if change.op == Op.RECOVERED:
            return PROVED if self._recovered(change) else UNPROVED
        proof = PROVED
        if not self._follows(change, cause) and not self._key_ended(change):
            proof = SIGNED_HERE
            if not any(self._follows(change, own) for own in self._own_causes(change)):
                return UNPROVED
        sign = BY_NODE if name_new_key(change) in self._new_by_node else 1
        if change.op != Op.RECOVERY_PROPOSED:
            return sign * proof
        since_s = self._prover.proposal_time(change, known_until_s)
        self._proposals[change.body[:_WORD]] = _Proposal(change.body[_WORD:], since_s)
        return sign * since_s

    def _follows(self, change: Change, cause: Cause | None) -> bool:
        rule, claims = self._rules[change.op], cause.claims_for(change) if cause else []
        return cause is not None and any(rule(change, claim, cause) for claim in claims)

    def _own_causes(self, change: Change) -> Sequence[Cause]:
        """Return our own transactions with the message of a change, of a subject enrolled by us.

        They are looked for once, and only where they are needed: others' subjects may be many.
        """
        if change.body[:_WORD] not in self._enrollers:
            return ()
        if self._own_by_message is None:
            self._own_by_message = self.find_own()
        return self._own_by_message.get(message_of(change), ())

    def _enrolled(self, change: Change, claim: Claim, cause: Cause) -> bool:
        subject, custodian, key_hash = _words(change.body)
        if (
            not self._prover.is_account(cause.call.sender)
            or not self._roles.may_enrol(cause.call.sender)
            or custodian[-ACCOUNT_BYTES:] != cause.call.sender
            or subject in self._enrollers
            or not self._is_new_signed(change, change.body, claim, cause)
        ):
            return False
        self._enrollers[subject] = cause.call.sender
        self._ring.add(subject, key_hash)
        return True

    def _key_added(self, change: Change, claim: Claim, cause: Cause) -> bool:
        subject, key_hash, role, until = _words(change.body)
        new = Claim(claim.new_signer, claim.proof)
        if (
            not self._ring.is_own(subject, keccak(claim.signer))
            or self._ring.find(subject, key_hash) is not None
            or not self._is_signed(change.op, change.body, claim, cause)
            or not self._is_new_signed(change, change.body, new, cause)
        ):
            return False
        self._ring.add(subject, key_hash, int.from_bytes(role, "big"), int.from_bytes(until, "big"))
        self._drop_proposal(subject, key_hash)
        return True

    def _key_removed(self, change: Change, claim: Claim, cause: Cause) -> bool:
        return self._is_by_own_key(change, claim, cause) and self._remove_key(change)

    def _key_ended(self, change: Change) -> bool:
        """Return whether a delegate's key is past its end: then anybody may remove it, unsigned."""
        key = self._ring.find(change.body[:_WORD], change.body[_WORD:])
        is_past = key is not None and self._prover.has_ended(key.until_s)
        return change.op == Op.KEY_REMOVED and is_past and self._remove_key(change)

    def _remove_key(self, change: Change) -> bool:
        subject, key_hash = _words(change.body)
        self._ring.remove(subject, key_hash)
        self._drop_proposal(subject, key_hash)
        return True

    def _granted(self, change: Change, claim: Claim, cause: Cause) -> bool:
        subject, terms_hash, key_hash, signed_at, not_after = _words(change.body)
        return (
            keccak(claim.signer) == key_hash
            and self._ring.is_active(subject, key_hash)
            and self._is_signed(
                change.op, subject + terms_hash + signed_at + not_after, claim, cause
            )
        )

    def _revoked(self, change: Change, claim: Claim, cause: Cause) -> bool:
        if not self._ring.is_active(change.body[:_WORD], keccak(claim.signer)):
            return False
        by_own_account = claim.signature is None and claim.signer == cause.call.sender
        return by_own_account or self._is_signed(change.op, change.body, claim, cause)

    def _proposed(self, change: Change, claim: Claim, cause: Cause) -> bool:
        subject, key_hash = _words(change.body)
        custodian = cause.call.sender.rjust(_WORD, b"\0")
        return (
            self._prover.is_account(cause.call.sender)
            and self._roles.has(CUSTODIAN, cause.call.sender)
            and self._enrollers.get(subject) == cause.call.sender
            and self._ring.find(subject, key_hash) is None
            and keccak(claim.signer) == key_hash
            and self._is_new_signed(change, subject + custodian + key_hash, claim, cause)
        )

    def _vetoed(self, change: Change, claim: Claim, cause: Cause) -> bool:
        if not self._is_by_own_key(change, claim, cause):
            return False
        subject, key_hash = _words(change.body)
        self._drop_proposal(subject, key_hash)
        self._bar(subject, key_hash)
        return True

    def _bar(self, subject: bytes, key_hash: bytes) -> None:
        """Let a vetoed key never be proposed again; one that was in use stays as it is."""
        if self._ring.find(subject, key_hash) is None:
            self._ring.remove(subject, key_hash)

    def _recovered(self, change: Change) -> bool:
        subject, key_hash = _words(change.body)
        proposal = self._proposals.get(subject)
        if (
            proposal is None
            or proposal.key_hash != key_hash
            or self._ring.find(subject, key_hash) is not None
            or not self._prover.is_ready(proposal.since_s)
        ):
            return False
        self._ring.add(subject, key_hash)
        self._drop_proposal(subject, key_hash)
        return True

    def _anchored(self, _change: Change, _claim: Claim, cause: Cause) -> bool:
        sender = cause.call.sender
        return self._prover.is_account(sender) and self._roles.has(ANCHOR, sender)

    def _role_changed(self, change: Change, cause: Cause | None) -> bool:
        """Return whether an admin gave or took a role, or an account gave up its own."""
        role, account = change.body[:_WORD], change.body[-ACCOUNT_BYTES:]
        if change.op == Op.ROLE_GRANTED and self._roles.has(role, account):
            return True  # by the constructor; the contract reports no role that is held already
        is_admin = cause is not None and self._roles.has(ADMIN, cause.call.sender)
        return any(
            is_admin or claim.signer == account
            for claim in (cause.claims_for(change) if cause else [])
        )

    def _is_by_own_key(self, change: Change, claim: Claim, cause: Cause) -> bool:
        subject = change.body[:_WORD]
        return self._ring.is_own(subject, keccak(claim.signer)) and self._is_signed(
            change.op, change.body, claim, cause
        )

    def _is_signed(self, op: int, words: bytes, claim: Claim, cause: Cause) -> bool:
        if self._prover.is_signed(op, words, claim.signer, claim.signature):
            return True
        name = words[:_WORD] + keccak(claim.signer)
        return cause.is_ours and (name in self._by_node or name in self._new_by_node)

    def _is_new_signed(self, change: Change, words: bytes, claim: Claim, cause: Cause) -> bool:
        """Return whether the key that a change brings in signed; the last condition of its rule."""
        if self._prover.is_signed(change.op, words, claim.signer, claim.signature):
            return True
        name = name_new_key(change)
        if not cause.is_ours or len(claim.signer) != ACCOUNT_BYTES or name is None:
            return False
        self._new_by_node.add(name)
        return True

    def _drop_proposal(self, subject: bytes, key_hash: bytes) -> None:
        proposal = self._proposals.get(subject)
        if proposal is not None and proposal.key_hash == key_hash:
            del self._proposals[subject]


def _words(body: bytes) -> list[bytes]:
    return [body[at : at + _WORD] for at in range(0, len(body), _WORD)]
