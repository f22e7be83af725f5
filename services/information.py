"""What anybody may know about this installation: its operator and the state of the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from consent import ConsentError, ConsentLedger, View
from services.installation import Installation
from services.parties import PartyNames


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """The ledger as strangers see it; `view` is None while it cannot be verified."""

    view: View | None
    finality: str


class InformationService:
    """Public facts; nothing here is about a person."""

    def __init__(
        self, *, ledger: ConsentLedger, parties: PartyNames, installation: Installation
    ) -> None:
        self._ledger = ledger
        self._parties = parties
        self._installation = installation

    def operator_name(self) -> str:
        """Return the name of the organisation that operates this installation."""
        return self._parties.name_of(self._installation.organisation)

    def party_name(self, party: str) -> str:
        """Return the name of a party."""
        return self._parties.name_of(party)

    def ledger_summary(self) -> LedgerSummary:
        """Return the newest verified view, if there is one now."""
        try:
            view = self._ledger.view()
        except ConsentError:
            view = None
        return LedgerSummary(view, self._ledger.deployment.finality)
