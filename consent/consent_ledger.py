"""The ledger: every decision and every change of a consent goes through here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from consent.account_nonces import own_accounts
from consent.account_roles import CUSTODIAN
from consent.accounts import Accounts
from consent.admission import Admission
from consent.anchors import Anchor, list_anchors
from consent.batch import DecisionRequestBatch, Decisions, decide_many
from consent.chain import Chain, Tip
from consent.chain_nodes import ChainNodes
from consent.consent_terms import ConsentTermsStore
from consent.consents import (
    Consent,
    end_times,
    find_ended_consents,
    list_consents,
    subjects_of,
)
from consent.decision import decide, decide_each
from consent.deployment import Deployment, require_p256
from consent.errors import (
    ConsentInvalid,
    ConsentNotFound,
    LedgerBroken,
    NotPermitted,
)
from consent.evidence import Erasures, LedgerParts, check, evidence, nobody_was_erased
from consent.findings import Finding
from consent.freshness import FreshnessRules
from consent.grant_status import Clocks
from consent.limits import LedgerLimits
from consent.mirror import Mirror
from consent.outbox import Outbox
from consent.outbox_restore import restore_outbox
from consent.outbox_rows import REFUSED
from consent.own_accounts import OwnAccounts
from consent.past_permits import PastPermits
from consent.pending_refusals import deny_pending, list_pending
from consent.prover import Prover
from consent.register import Register
from consent.relayer import Progress, Relayer
from consent.restore_guard import Linked, RestoreGuard, RestoreResult
from consent.state_mark import StateMark
from consent.subject_keys import SubjectKeys
from consent.terms import (
    Decision,
    DecisionRequest,
    Enrolment,
    Grant,
    Signed,
    Stop,
    View,
    Withdrawal,
)
from consent.transactions import Outcome
from consent.typed_data import Domain
from consent.views import Views


class ConsentLedger:
    """Who may use which record, for what, until when; safe to use from many threads.

    What cannot be proved now is refused with `LedgerUnavailable` (`ViewRefused` is one of these).
    No answer is cached from one view to the next.

    Attributes:
        deployment: which contract on which chain this is.
        accounts: the accounts of this installation, and their roles.
        keys: the keys of subjects.
        consent_terms: the stored terms behind the commitments on the chain.
        limits: how long it waits, and how many views it keeps.
        mark: shows restored copies; None if none is noticed.
    """

    def __init__(
        self,
        engine: sa.Engine,
        chain: Chain,
        own: OwnAccounts,
        deployment: Deployment,
        clock: Callable[[], float],
    ) -> None:
        """Join the parts; nothing is sent yet, so the chain may still be unavailable."""
        self.deployment = deployment
        self.limits = LedgerLimits()
        self.mark: StateMark | None = None
        self.consent_terms = ConsentTermsStore(engine)
        self._clock = clock
        self._chain = chain
        self._outboxes = own.outboxes(engine, chain)
        self._outbox = self._outboxes.custodian
        names = [each.address for each in (*self._outboxes, *own.former)]
        addresses = filter(None, [*names, deployment.founder])
        accounts = frozenset(bytes.fromhex(address[2:]) for address in addresses)
        prover = Prover(chain, self._outbox, deployment, accounts, clock)
        prover.find_accounts = lambda: own_accounts(engine)
        self._mirror = Mirror(engine, chain, deployment, prover, clock)
        rules = FreshnessRules.of(deployment.finality)
        self._views = Views(self._mirror, self._outbox, rules, clock, self.limits)
        self._relayer = self._join_senders([Outbox(engine, chain, each) for each in own.former])
        self._domain = self._relayer.domain
        self.accounts = Accounts(
            engine, chain, self._mirror, self._outboxes, deployment, self.limits
        )
        self.keys = SubjectKeys(self._relayer, self._mirror, self._views, chain, clock)
        self._register = Register(self.consent_terms)
        self._parts = LedgerParts(
            chain, deployment, self._outboxes, self._mirror, self.consent_terms
        )

    def _join_senders(self, former: Sequence[Outbox]) -> Relayer:
        """Return what sends from our accounts, each message from the account that it needs."""
        senders = {each.address: self._sender_of(each) for each in self._outboxes}
        relayer = senders[self._outboxes.relayer.address]
        relayer.enroller = senders[self._outboxes.custodian.address]
        relayer.anchorer = senders[self._outboxes.anchor.address]
        relayer.former = {bytes.fromhex(each.address[2:]): self._sender_of(each) for each in former}
        return relayer

    def _sender_of(self, outbox: Outbox) -> Relayer:
        """Return what sends from the account of an outbox."""
        admission = Admission(
            self._chain, self._mirror, self.deployment, outbox.address, self._clock
        )
        return Relayer(outbox, self._mirror, self.consent_terms, admission, self.limits)

    def protect(self, mark: StateMark) -> None:
        """Refuse every state older than the mark from now on, and keep the mark up to date."""
        self.mark = mark
        guard = RestoreGuard(mark, self._mirror, self._outbox)
        for outbox in self._outboxes:
            outbox.note_revocations = guard.note_revocations
        self._views.guard = guard

    def find_restore(self) -> str | None:
        """Return why the state is older than the mark; None if it is not, or there is no mark.

        Raises:
            LedgerUnavailable, LedgerBroken: the chain cannot be read.
        """
        view, guard = self._mirror.sync()[0], self._views.guard
        return guard.find_fault(Tip(view.head, view.count)) if guard else None

    def confirm_restore(
        self, evidence: Iterable[Mapping[str, Any]] | None, linked: Linked = frozenset
    ) -> RestoreResult:
        """Accept a state older than the mark; see `RestoreGuard.confirm`."""
        if self._views.guard is None:
            raise ConsentInvalid("no mark is configured, so no restore is noticed or confirmed")
        return self._views.guard.confirm(evidence, linked)

    def domain(self) -> Domain:
        """Return which ledger a signature must be for."""
        return self._domain

    def custodian(self) -> bytes:
        """Return the account (20 bytes) that enrols subjects here."""
        return bytes.fromhex(self._outbox.address[2:])

    def custodian_of(self, subject: bytes) -> bytes:
        """Return the account (20 bytes) that enrolled the subject; only it can propose a new key.

        Raises:
            ConsentNotFound: nobody enrolled the subject.
            LedgerUnavailable: this process has not read the ledger yet, and it cannot be read.
        """
        state, roles = self._mirror.state(), self._mirror.roles
        if state.index.find_one(subject) < 0:  # this process has not read it yet
            state, roles = self._mirror.sync()[1], self._mirror.roles
        rows = np.flatnonzero(state.of.enrolments == state.index.find_one(subject))
        if not len(rows):
            raise ConsentNotFound(f"the subject {subject.hex()} is not enrolled")
        return roles.enroller(int(rows[0]))

    def can_recover(self, subject: bytes) -> bool:
        """Return whether a new key can be proposed for the subject.

        False where the account that enrolled it lost its role, or its key is not here.

        Raises:
            ConsentNotFound: nobody enrolled the subject.
        """
        custodian = self.custodian_of(subject)
        is_here = custodian == self.custodian() or custodian in self._relayer.former
        return is_here and self._mirror.roles.has(CUSTODIAN, custodian)

    def passkey_verifier(self) -> bytes:
        """Return the contract (20 bytes) that checks the signatures of passkeys for this ledger."""
        return bytes.fromhex(self.deployment.verifiers[0][2:])

    def view(self) -> View:
        """Return the ledger as the chain shows it now.

        Raises:
            ViewRefused: what the chain shows is stale, foreign, behind its mark or doubtful.
            LedgerUnavailable: the chain or the database is unavailable.
        """
        return self._views.newest()[0]

    def decide(self, request: DecisionRequest, view: View | None = None) -> Decision:
        """Permit or deny one request; a denial is a value, not an exception.

        With a `view` from here, the decision rests on it, and on every later "no" since.

        Raises:
            ViewRefused, LedgerUnavailable: as `view`; also a view that is too old or not from here.
        """
        view, state = self._views.for_decision(view)
        return decide(request, state, self.consent_terms, view, self._clock())

    def decide_each(
        self, requests: Sequence[DecisionRequest], view: View | None = None
    ) -> list[Decision]:
        """Decide on a few requests with one look at the chain; each as `decide` would."""
        view, state = self._views.for_decision(view)
        return decide_each(requests, state, self.consent_terms, view, self._clock())

    def require(self, request: DecisionRequest, view: View | None = None) -> Decision:
        """Return the permit, or refuse.

        Raises:
            NotPermitted: no consent permits it.
            ViewRefused, LedgerUnavailable: as `decide`.
        """
        decision = self.decide(request, view)
        if not decision.permitted:
            raise NotPermitted(decision.reason)
        return decision

    def decide_many(self, batch: DecisionRequestBatch, view: View | None = None) -> Decisions:
        """Decide on many records of one party and purpose; each as `decide` would."""
        view, state = self._views.for_decision(view)
        now_s = self._clock()
        decisions = decide_many(batch, self._register.at(state), view, now_s)
        deny_pending(decisions, batch, state, self.consent_terms, Clocks.of(view, now_s))
        return decisions

    def enrol(self, signed: Sequence[Signed], progress: Progress | None = None) -> list[Outcome]:
        """Enrol subjects by their first keys; see `grant`."""
        return self._relayer.submit(Enrolment, signed, progress)

    def grant(self, signed: Sequence[Signed], progress: Progress | None = None) -> list[Outcome]:
        """Send signed grants to the ledger; each is then in force, or its outcome has the reason.

        ``pending`` means stored and sent but not confirmed: then a refusal is in force, and a
        permission is not.

        Raises:
            LedgerUnavailable: the chain is unavailable; nothing was stored.
        """
        return self._relayer.submit(Grant, signed, progress)

    def withdraw(self, signed: Sequence[Signed], progress: Progress | None = None) -> list[Outcome]:
        """Withdraw consents; each is in force once stored, even if the chain is unavailable."""
        return self._relayer.submit(Withdrawal, signed, progress)

    def stop(self, signed: Sequence[Signed], progress: Progress | None = None) -> list[Outcome]:
        """Stop all consents of subjects up to a time; in force as withdrawals are."""
        return self._relayer.submit(Stop, signed, progress)

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        """Put a root of 32 bytes on the chain and return the transaction's hash once mined.

        Raises:
            ConsentInvalid: an unknown kind, or not a root.
            LedgerUnavailable: not confirmed; it is stored and will be sent again.
        """
        return self._relayer.anchor(kind, root, count)

    def anchors(self, kind: str, last: int | None = None) -> list[Anchor]:
        """Return the mirrored roots of a kind, oldest first: all, or the last ones."""
        return list_anchors(self._mirror.events, kind, last)

    def block_times(self, numbers: Sequence[int]) -> list[int | None]:
        """Return when these blocks were made (seconds UTC), as the chain says; None: not known.

        Raises:
            LedgerUnavailable: the chain is unavailable.
        """
        return self._chain.block_times(numbers)

    def decision_basis(self) -> tuple[object, ...]:
        """Return what differs after each change that a decision can depend on, as last seen here.

        That is also each "no" that is acknowledged, by any process, and not final on the chain yet.
        Time alone changes decisions too. An anchor changes none.

        Raises:
            LedgerUnavailable: the database is unavailable.
        """
        return self._views.basis()

    def consents_of(self, subject: bytes) -> list[Consent]:
        """Return every grant of a subject, oldest first, with what is pending applied."""
        view, state = self._views.for_decision(None)
        parts = state, self.consent_terms, subject, Clocks.of(view, self._clock())
        return list_consents(*parts) + list_pending(*parts)

    def end_times(self, consent_ids: Sequence[bytes]) -> dict[bytes, int]:
        """Return the last second of each of these consents, as far as they are mirrored here."""
        return end_times(self._mirror.events, consent_ids)

    def subjects_of(self, consent_ids: Sequence[bytes]) -> list[bytes]:
        """Return the subjects of these consents, as far as they are mirrored here; each once."""
        return subjects_of(self._mirror.events, consent_ids)

    def find_ended(self, consent_ids: Sequence[bytes]) -> list[bytes]:
        """Return those of these consents that are not in force, in the order given.

        A consent that is not on the ledger is among them.
        """
        view, state = self._views.for_decision(None)
        clocks = Clocks.of(view, self._clock())
        return find_ended_consents(consent_ids, self._mirror.events, state, clocks)

    def subjects(self) -> int:
        """Return how many subjects are enrolled."""
        return len(self._views.for_decision(None)[1].enrolments.subject)

    def is_enrolled(self, subject: bytes) -> bool:
        """Return whether a custodian has enrolled the subject."""
        return self._views.for_decision(None)[1].is_enrolled(subject)

    def find_enrolled(self, subjects: Sequence[bytes]) -> set[bytes]:
        """Return those of these subjects that a custodian has enrolled, by one view."""
        return self._views.for_decision(None)[1].find_enrolled(subjects)

    def recover(self) -> None:
        """Send again what the chain lost and wait until it is mined; cheap when nothing is lost.

        What it never had holds up nothing else, such as that of an account without money.

        Call it at start and once a minute: it also records the result of transactions whose
        sender died. A mirror with altered or missing rows is rebuilt from the chain, and
        transactions that a restored database does not know are read back from it.

        Raises:
            LedgerUnavailable: the chain is unavailable, or did not mine all of them in time.
            LedgerBroken: the chain does not verify passkeys or shows another history; an operator
                must look.
        """
        require_p256(self._chain)
        self._outbox.resender.send_missing(self.limits.recovery_s)
        try:
            self._mirror.sync()
        except LedgerBroken:
            self._mirror.rebuild()
        if sum(restore_outbox(each, self._chain, self._mirror) for each in self._outboxes):
            self._outbox.flush()
        self._outboxes.relayer.take_over()
        self._outbox.settle_open(lambda: self._mirror.sync()[0].block_number)

    def chain_nodes(self) -> dict[str, int]:
        """Return how many chain nodes agreed, lagged, … at the last look; empty with one node."""
        return self._chain.states() if isinstance(self._chain, ChainNodes) else {}

    def refused_revocations(self) -> int:
        """Return how many transactions hold a "no" that the contract refused after it counted here.

        They stay in force here; the patients must sign again, so that the chain shows them too.
        """
        return len(self._outbox.find(state=REFUSED))

    def past_permits(self) -> PastPermits:
        """Return what judges earlier uses by the mirrored ledger; reads all of it once.

        Raises:
            LedgerUnavailable, LedgerBroken: the ledger cannot be read.
        """
        self._mirror.sync()
        return PastPermits(self._mirror.events, self.consent_terms)

    def check(
        self,
        progress: Callable[[str], None] | None = None,
        was_erased: Erasures = nobody_was_erased,
    ) -> list[Finding]:
        """Return the findings on this package's part; an empty list means no problems.

        `was_erased` says of a subject whose consent has no terms whether a receipt explains it.
        """
        return check(self._parts, progress, was_erased)

    def evidence(self) -> Iterator[dict[str, Any]]:
        """Yield all that is needed to recompute the ledger, one JSON object at a time."""
        return evidence(self._parts)
