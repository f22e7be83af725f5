"""Which duties that patients set in their terms can be met by a use; others refuse it."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from consent import HRESCH, MLTRAINING, OBLIGATIONS, PSEUDRESCH, REASONS, RECRESCH, Decisions

DUTY_UNMET: Final = "duty-unmet"
"""The outcome of a record whose consent sets a duty that this kind of use cannot meet."""

_BITS: Final = MappingProxyType({code: 1 << bit for bit, code in enumerate(OBLIGATIONS)})
_NAMELESS: Final = frozenset({"DEID", "PSEUD"})
"""Who reads a patient's records or values by hospital number does neither."""
_UNMET: Final = MappingProxyType(
    {
        # Nobody sees a record: models are trained here, and these copies are anonymised.
        MLTRAINING: frozenset[str](),
        HRESCH: frozenset[str](),
        # A code replaces the name; the exact values still show who somebody is.
        PSEUDRESCH: frozenset({"DEID"}),
        RECRESCH: frozenset({"DEID"}),
    }
)
"""By purpose: what the platform cannot do to what it releases."""
ACCEPTED_DUTIES: Final = tuple(code for code in OBLIGATIONS if code not in _NAMELESS)
"""What a party accepts by asking for records: the duties that it alone can meet."""


def to_mask(codes: Iterable[str]) -> int:
    """Return duties as bits, in the order of OBLIGATIONS."""
    return sum(_BITS[code] for code in codes)


def codes_of(mask: int) -> tuple[str, ...]:
    """Return the duties of a mask, in the order of OBLIGATIONS."""
    return tuple(code for code, bit in _BITS.items() if mask & bit)


def unmet_mask(purpose: str) -> int:
    """Return, as bits, the duties that a use for this purpose cannot meet."""
    return to_mask(_UNMET.get(purpose, _NAMELESS))


def refuse_unmet(decisions: Decisions, purpose: str) -> None:
    """Deny, in `decisions`, each record whose permits set a duty that the use cannot meet."""
    refused = (decisions.obligations & unmet_mask(purpose)) != 0
    decisions.reasons[refused] = REASONS.index("no-consent")
    decisions.consents[refused] = 0
