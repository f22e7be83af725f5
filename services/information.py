"""What anybody may know about this installation: its operator and the state of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from attrs import define

from consent import ANCHOR_KINDS, Anchor, ConsentError, ConsentLedger, Domain, View
from services.installation import Installation
from services.parties import PartyNames

ANCHORS: Final = 10
"""The newest roots of each kind are public."""


SINGLE: Final = "single"


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """The ledger as strangers see it; `view` is None while it cannot be verified."""

    view: View | None
    finality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """What a program needs to verify signatures and roots of this ledger.

    Attributes:
        domain: the EIP-712 domain that signatures are for.
        custodian: the account that enrols, 20 bytes.
        finality: how the chain agrees on blocks.
        is_development: True for trials.
    """

    domain: Domain
    custodian: bytes
    finality: str
    view: View
    anchors: Mapping[str, Sequence[Anchor]]
    is_development: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How people reach the operator; what is not set is ""."""

    name: str
    telephone: str
    email: str
    hours: str


@define(eq=False, repr=False, kw_only=True)
class InformationService:
    """Public facts; nothing here is about a person."""

    _ledger: ConsentLedger
    _parties: PartyNames
    _installation: Installation

    def operator_name(self, language: str = "en") -> str:
        """Return the name of the organisation that operates this installation."""
        return self._parties.name_of(self._installation.organisation, language)

    def contact(self, language: str) -> Contact:
        """Return the name, telephone, e-mail and hours of the operator, in a language."""
        profile = self._installation.profile
        return Contact(
            name=self.operator_name(language),
            telephone=profile.telephone,
            email=profile.email,
            hours=profile.hours_in(language),
        )

    def party_name(self, party: str, language: str = "en") -> str:
        """Return the name of a party."""
        return self._parties.name_of(party, language)

    def has_single_operator(self) -> bool:
        """Return whether one organisation alone runs the ledger's chain."""
        return self._ledger.deployment.finality == SINGLE

    def ledger_summary(self) -> LedgerSummary:
        """Return the newest verified view, if there is one now."""
        try:
            view = self._ledger.view()
        except ConsentError:
            view = None
        return LedgerSummary(view, self._ledger.deployment.finality)

    def ledger_facts(self) -> LedgerFacts:
        """Return the public facts of the ledger.

        Raises:
            LedgerUnavailable (consent): no view can be verified now.
        """
        return LedgerFacts(
            domain=self._ledger.domain(),
            custodian=self._ledger.custodian(),
            finality=self._ledger.deployment.finality,
            view=self._ledger.view(),
            anchors={kind: self._ledger.anchors(kind, ANCHORS) for kind in ANCHOR_KINDS},
            is_development=self._installation.is_development,
        )
