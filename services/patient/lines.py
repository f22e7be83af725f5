"""Says a line of the history in the patient's words."""

from __future__ import annotations

from dataclasses import dataclass

from services.patient.asker import Asker
from services.requests.history import HistoryEntry
from services.requests.wording import format_categories


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as it is shown; times in words."""

    seq: int
    day: str
    time: str
    text: str
    count: int
    is_refusal: bool


def shown(asker: Asker, line: HistoryEntry) -> Shown:
    """Return the line's sentence; one without a date on which it was allowed says less."""
    words, asking = asker.words, asker.platform.asking
    name = asking.party_name(line.party)
    told = {
        "party": name,
        "study": name,
        "categories": format_categories(words, line.categories)
        if line.categories
        else words("records"),
        "condition": words("condition-asked"),
        "date": words.day(line.since_s) if line.since_s else "",
        "why": words(f"reason-{line.outcome}") if words.has(f"reason-{line.outcome}") else "",
    }
    word = line.text_key
    if not line.since_s and word in ("refused-withdrawn", "refused-ended"):
        word = "refused-other"  # when they ended it was not seen here
    if not line.since_s and word.startswith("used-") and word != "used-self":
        word += "-undated"
    text = words(word, **told)
    text = text[:1].upper() + text[1:]
    return Shown(
        line.seq, words.day(line.at_s), words.time(line.at_s), text, line.count, line.is_refusal
    )
