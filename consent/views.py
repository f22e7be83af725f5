"""Gives verified views of the ledger, and for each view the state that it showed."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from consent.chain import Tip
from consent.errors import LedgerBroken, LedgerUnavailable, ViewRefused
from consent.freshness import FreshnessRules, require_fresh
from consent.limits import LedgerLimits
from consent.mirror import Mirror
from consent.outbox import Outbox
from consent.pending_refusals import parse_refusals
from consent.restore_guard import RestoreGuard
from consent.revocations import parse_revocations
from consent.state import LedgerState
from consent.terms import View
from consent.typed_data import Op

_FLUSH_INTERVAL_S: Final = 1.0


class Views:
    """The newest view, and the states behind the views that were given out most recently."""

    def __init__(
        self,
        mirror: Mirror,
        outbox: Outbox,
        rules: FreshnessRules,
        clock: Callable[[], float],
        limits: LedgerLimits,
    ) -> None:
        self._limits = limits
        self._mirror = mirror
        self._outbox = outbox
        self._rules = rules
        self._clock = clock
        self.guard: RestoreGuard | None = None
        self._states: OrderedDict[View, LedgerState] = OrderedDict()
        self._states_lock = threading.Lock()
        self._flush_lock = threading.Lock()
        self._flushed_at_s = 0.0

    def newest(self) -> tuple[View, LedgerState]:
        """Return the ledger as the chain shows it now.

        Raises:
            ViewRefused: what the chain shows is stale, foreign, behind its mark or doubtful.
            LedgerUnavailable: the chain or the database is unavailable.
        """
        try:
            view, state = self._mirror.sync()
            require_fresh(view, Tip(view.head, view.count), self._clock(), self._rules)
            if self.guard is not None:
                self.guard.require(Tip(view.head, view.count))
        except LedgerBroken as exc:
            self._send_again()
            raise ViewRefused(str(exc)) from exc
        except ViewRefused:
            self._send_again()
            raise
        with self._states_lock:
            self._states[view] = state
            while len(self._states) > self._limits.max_views:
                self._states.popitem(last=False)
        return view, state

    def for_decision(self, view: View | None) -> tuple[View, LedgerState]:
        """Return the view (None: the newest) and its state, with every later "no" applied.

        Raises:
            ViewRefused, LedgerUnavailable: as `newest`; also a view that is too old or not from
                here.
        """
        # Read before the chain: what is confirmed in between is then in the newer state.
        entries = self._outbox.pending()
        pending = [(Op.WITHDRAWN, entry) for entry in entries.withdrawals]
        pending += [(Op.STOPPED, entry) for entry in entries.stops]
        refusals = parse_refusals(entries.refusals)
        newest, state = self.newest()
        if view is not None and view != newest:
            state, newer = self._state_of(view), state
            if newer.log is not state.log:
                raise ViewRefused("the mirror was rebuilt after this view: request a new view")
            state = state.with_refusals_since(newer)
        if pending:
            state = state.with_pending(*parse_revocations(pending))
        if refusals:
            state = replace(state, pending_refusals=tuple(refusals))
        return view or newest, state

    def basis(self) -> tuple[object, ...]:
        """Return what decisions rest on besides the time, as last seen here.

        Each "no" of which the outbox or an unfinished block says that it counts is part of it.

        Raises:
            LedgerUnavailable: the database is unavailable.
        """
        acknowledged = self._outbox.pending()
        try:
            seen = frozenset(self._mirror.revocations.all())
        except sa.exc.DBAPIError as exc:
            raise LedgerUnavailable("the mirror cannot be used: database error") from exc
        return (*self._mirror.state().basis, seen, acknowledged)

    def _state_of(self, view: View) -> LedgerState:
        require_fresh(view, Tip(view.head, view.count), self._clock(), self._rules)
        with self._states_lock:
            state = self._states.get(view)
        if state is None:
            raise ViewRefused("the ledger view has expired: request a new view")
        return state

    def _send_again(self) -> None:
        """Send again what the chain lost, at most once a second; later views show the result."""
        now_s = time.monotonic()
        is_recent = now_s - self._flushed_at_s < _FLUSH_INTERVAL_S
        if is_recent or not self._flush_lock.acquire(blocking=False):
            return
        try:
            self._flushed_at_s = now_s
            self._outbox.flush()
        except LedgerUnavailable:
            return  # the caller is refused in any case
        finally:
            self._flush_lock.release()
