"""Names the items of TRIPOD+AI (2024) that each member of a model card answers."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

GUIDELINE: Final = "TRIPOD+AI (2024)"
ITEMS: Final = MappingProxyType(
    {
        "intended_use": "3",
        "limits": "26",
        "outcome": "8",
        "data": "5, 6, 17, 20",
        "evaluation": "12e, 23a",
        "evaluation.groups": "14, 23a",
        "before": "24",
        "predictors": "9, 11",
        "interval": "12g, 15",
        "patients_by_outcome": "20b",
        "thresholds": "15",
        "tuning": "12c, 12f",
        "sample_size": "10",
        "splits": "12d, 23b",
        "provenance": "18e, 18f",
    }
)
"""By member of the card's JSON; a point leads to a member of a member."""


def number_heading(title: str, *members: str) -> str:
    """Return a title with the items that these members of the card answer, such as "Limits (26)".

    A member that answers none adds nothing.
    """
    items = {item for member in members for item in ITEMS.get(member, "").split(", ") if item}
    ordered = sorted(items, key=lambda item: (int(item.rstrip("abcdefg")), item))
    return f"{title} ({', '.join(ordered)})" if ordered else title
