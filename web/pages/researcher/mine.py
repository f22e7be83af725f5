"""Who visits a researcher's page, and how a count is told there."""

from __future__ import annotations

from models import is_small
from services.requests import Proposal
from services.researcher.own import Researcher
from web.pages.page import Visit


def researcher(visit: Visit) -> Researcher:
    """Return who visits, as what a researcher may see and do wants to know it."""
    return Researcher(visit.platform, visit.words, visit.me.party, visit.me.id)


def study(visit: Visit) -> Proposal:
    """Return the study that the path names.

    Raises:
        NotFound: there is none, or it is another organisation's.
    """
    return researcher(visit).study(visit.names["slug"])


def told(visit: Visit, count: int) -> str:
    """Return a count in words; 1 to 10 is never told."""
    return visit.words("few") if is_small(count) else visit.words.number(count)
