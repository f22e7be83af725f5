"""The front door of the ledger: every decision and every change of a consent goes through here."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from consent.admission import Admission
from consent.anchors import Anchor, list_anchors
from consent.batch import DecisionRequestBatch, Decisions, decide_many
from consent.chain import Account, Chain, Tip
from consent.consents import Consent, ends_of, find_lost, list_consents, taken_back_since
from consent.decision import decide
from consent.deployment import Deployment, require_p256
from consent.errors import LedgerBroken, LedgerUnavailable, NotPermitted, ViewRefused
from consent.evidence import Parts, check, evidence
from consent.findings import Finding
from consent.key_law import KeyLedger
from consent.keys import block_times
from consent.mirror import Mirror
from consent.openings import Openings
from consent.outbox import Outbox
from consent.regain import regain
from consent.register import Register
from consent.relayer import Progress, Relayer
from consent.sightings import taken_back
from consent.standing import Clocks
from consent.state import LedgerState
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
from consent.typed_data import Domain, Op
from consent.view import Rules, require_fresh

_VIEWS_HELD: Final = 512
_MEND_EVERY_S: Final = 1.0
_RECOVER_WITHIN_S: Final = 60.0


class ConsentLedger(KeyLedger):
    """Who may use which record, for what, until when; safe to use from many threads.

    Whatever it cannot prove at this moment it refuses with `LedgerUnavailable`; `ViewRefused` is
    one of these. No answer is remembered from one view to the next.
    """

    def __init__(
        self,
        engine: sa.Engine,
        chain: Chain,
        deployment: Deployment,
        account: Account,
        clock: Callable[[], float],
    ) -> None:
        """Join the parts; nothing is asked yet, so a law may be built while its chain is away."""
        self.deployment = deployment
        self.openings = Openings(engine)
        self._rules = Rules.of(deployment.finality)
        self._outbox = Outbox(engine, chain, account)
        mirror = Mirror(engine, chain, deployment, clock)
        admission = Admission(chain, mirror, deployment, account.address)
        self._domain = admission.domain
        relayer = Relayer(self._outbox, mirror, self.openings, admission)
        super().__init__(relayer, mirror, chain, deployment.contract, clock)
        self._parts = Parts(chain, deployment, self._outbox, self._mirror, self.openings)
        self._register = Register(self.openings)
        self._held: OrderedDict[View, LedgerState] = OrderedDict()
        self._held_lock = threading.Lock()
        self._mend_lock = threading.Lock()
        self._mended_at_s = 0.0

    def domain(self) -> Domain:
        """Return which ledger a signature must be for."""
        return self._domain

    def custodian(self) -> bytes:
        """Return the account (20 bytes) that enrols subjects here."""
        return bytes.fromhex(self._outbox.address[2:])

    def passkey_verifier(self) -> bytes:
        """Return the contract (20 bytes) that checks passkeys' signatures for this ledger."""
        return bytes.fromhex(self.deployment.verifiers[0][2:])

    def view(self) -> View:
        """Return the ledger as the chain shows it now.

        Raises:
            ViewRefused: what the chain shows is stale, foreign, behind its mark or doubtful.
            LedgerUnavailable: the chain or the database is away.
        """
        return self._newest()[0]

    def decide(self, request: DecisionRequest, view: View | None = None) -> Decision:
        """Permit or deny one request; a refusal is an answer.

        With a `view` from here, what it showed decides, less what was taken back since.

        Raises:
            ViewRefused, LedgerUnavailable: as `view`; also a view too old, or not from here.
        """
        view, state = self._decided_on(view)
        return decide(request, state, self.openings, view, self._clock())

    def decide_each(
        self, requests: Sequence[DecisionRequest], view: View | None = None
    ) -> list[Decision]:
        """Decide on a few requests at once, on one look at the chain; each as `decide` would."""
        view, state = self._decided_on(view)
        now_s = self._clock()
        return [decide(request, state, self.openings, view, now_s) for request in requests]

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
        view, state = self._decided_on(view)
        return decide_many(batch, self._register.at(state), view, self._clock())

    def enrol(self, signed: Sequence[Signed], progress: Progress | None = None) -> list[Outcome]:
        """Enrol subjects by their first keys; see `grant`."""
        return self._relayer.submit(Enrolment, signed, progress)

    def grant(self, signed: Sequence[Signed], progress: Progress | None = None) -> list[Outcome]:
        """Bring signed grants to the ledger; afterwards each counts, or its outcome says why not.

        ``pending`` means kept and sent, but not confirmed: it does not count yet.

        Raises:
            LedgerUnavailable: the chain is away; nothing was kept.
        """
        return self._relayer.submit(Grant, signed, progress)

    def withdraw(self, signed: Sequence[Signed], progress: Progress | None = None) -> list[Outcome]:
        """Withdraw consents; each is in force as soon as it is kept, chain or no chain."""
        return self._relayer.submit(Withdrawal, signed, progress)

    def stop(self, signed: Sequence[Signed], progress: Progress | None = None) -> list[Outcome]:
        """Stop all consents of subjects up to a time; in force as withdrawals are."""
        return self._relayer.submit(Stop, signed, progress)

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        """Put a root of 32 bytes on the chain and return the transaction's hash once mined.

        Raises:
            BadlyAsked: an unknown kind, or not a root.
            LedgerUnavailable: not confirmed; it is kept and sent again.
        """
        return self._relayer.anchor(kind, root, count)

    def anchors(self, kind: str, last: int | None = None) -> list[Anchor]:
        """Return the roots of a kind, oldest first, as far as mirrored here: all, or the last."""
        return list_anchors(self._mirror.events, kind, last)

    def times_of(self, numbers: Sequence[int]) -> list[int | None]:
        """Return when these blocks were made (seconds UTC), as the chain says; None: not known.

        Raises:
            LedgerUnavailable: the chain is away.
        """
        return block_times(self._chain, numbers) if numbers else []

    def consents_of(self, subject: bytes) -> list[Consent]:
        """Return every grant of a subject, oldest first, with what pending withdrawals did."""
        view, state = self._decided_on(None)
        return list_consents(state, self.openings, subject, Clocks.of(view, self._clock()))

    def ends_of(self, consent_ids: Sequence[bytes]) -> dict[bytes, int]:
        """Return the last second of each of these consents, as far as they are mirrored here."""
        return ends_of(self._mirror.events, consent_ids)

    def subjects(self) -> int:
        """Return how many subjects are enrolled."""
        return len(self._decided_on(None)[1].enrolments.subject)

    def is_enrolled(self, subject: bytes) -> bool:
        """Tell whether a custodian has enrolled the subject."""
        return self._decided_on(None)[1].is_enrolled(subject)

    def lost(self, consent_ids: Sequence[bytes]) -> list[bytes]:
        """Return those of these consents that no longer stand, in the order given.

        What is not on the ledger has been lost too.
        """
        view, state = self._decided_on(None)
        clocks = Clocks.of(view, self._clock())
        return find_lost(consent_ids, self._mirror.events, state, clocks)

    def recover(self) -> None:
        """Send again what the chain lost and wait until it is there; cheap when nothing is.

        Call it at start, and once a minute: it also notes what became of transactions whose
        sender died. A mirror whose rows were altered or lost is read anew from the chain, and
        what an older copy of the database does not know of is taken back (consent/regain.py).

        Raises:
            LedgerUnavailable: the chain is away, or did not take all in time.
            LedgerBroken: the chain checks no passkeys or shows another history; an operator must
                look.
        """
        require_p256(self._parts.chain)
        until_s = time.monotonic() + _RECOVER_WITHIN_S
        while self._outbox.flush():
            if time.monotonic() > until_s:
                raise LedgerUnavailable("the chain has not taken all transactions yet")
            time.sleep(0.1)
        try:
            self._mirror.sync()
        except LedgerBroken:
            self._mirror.rebuild()
        if regain(self._outbox, self._parts.chain, self._mirror):
            self._outbox.flush()
        self._outbox.settle_open(lambda: self._mirror.sync()[0].block_number)

    def check(self, progress: Callable[[str], None] | None = None) -> list[Finding]:
        """Return what is wrong with this package's part; an empty list means no problems."""
        return check(self._parts, progress)

    def evidence(self) -> Iterator[dict[str, Any]]:
        """Yield all that a stranger needs to recompute the ledger, one JSON object at a time."""
        return evidence(self._parts)

    def _newest(self) -> tuple[View, LedgerState]:
        try:
            view, state = self._mirror.sync()
            require_fresh(view, Tip(view.head, view.count), self._clock(), self._rules)
        except LedgerBroken as exc:
            self._mend()
            raise ViewRefused(str(exc)) from exc
        except ViewRefused:
            self._mend()
            raise
        with self._held_lock:
            self._held[view] = state
            while len(self._held) > _VIEWS_HELD:
                self._held.popitem(last=False)
        return view, state

    def _decided_on(self, view: View | None) -> tuple[View, LedgerState]:
        """Return the view and its state, less what was taken back and is pending or newer."""
        # Read before the chain: what is confirmed in between is then in the newer state.
        pending = [
            (op, entry)
            for op, kind in ((Op.WITHDRAWN, "withdraw"), (Op.STOPPED, "stop"))
            for entry in self._outbox.pending(kind)
        ]
        newest, state = self._newest()
        if view is not None and view != newest:
            state, newer = self._held_state(view), state
            if newer.log is not state.log:
                raise ViewRefused("the mirror was read anew since this view: ask for a new one")
            state = taken_back_since(state, newer)
        if pending:
            state = state.with_pending(*taken_back(pending))
        return view or newest, state

    def _held_state(self, view: View) -> LedgerState:
        require_fresh(view, Tip(view.head, view.count), self._clock(), self._rules)
        with self._held_lock:
            state = self._held.get(view)
        if state is None:
            raise ViewRefused("this view is not held here any more: ask for a new one")
        return state

    def _mend(self) -> None:
        """Send again what the chain lost, at most once a second; whether it helped shows later."""
        now_s = time.monotonic()
        if now_s - self._mended_at_s < _MEND_EVERY_S or not self._mend_lock.acquire(blocking=False):
            return
        try:
            self._mended_at_s = now_s
            self._outbox.flush()
        except LedgerUnavailable:
            return  # the caller's refusal stands either way
        finally:
            self._mend_lock.release()
