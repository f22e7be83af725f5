"""Lets a custodian decide whether researchers may have people counted before they are asked."""

from __future__ import annotations

from services.requests.censuses import Censuses
from services.requests.counting_rules import CountingRule, CountingRules


class CustodianCounting:
    """The decision on counting; without one, nobody is counted."""

    def __init__(self, *, rules: CountingRules, censuses: Censuses) -> None:
        self._rules = rules
        self._censuses = censuses

    def get(self) -> CountingRule:
        """Return the decision in force."""
        return self._rules.get()

    def allow(self, by: str) -> CountingRule:
        """Let people be counted; the same again changes nothing."""
        self._rules.set(is_allowed=True, by=by)
        return self._rules.get()

    def forbid(self, by: str) -> CountingRule:
        """Let nobody be counted any longer, and delete the census; repeating it is harmless."""
        self._rules.set(is_allowed=False, by=by)
        self._censuses.delete()
        return self._rules.get()
