"""Registers a study that a researcher proposes, or says of each field what is wrong with it."""

from __future__ import annotations

import datetime
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from consent import CATEGORIES
from models import ModelsInvalid, Question
from services.errors import Forbidden
from services.requests import Proposal
from services.researcher.own import PREFIX, Researcher

PURPOSE = "MLTRAINING"
DAY_S = 86_400
DAYS = (365, 730, 1825)
MOST_TEXT = 4_000
TEXTS = ("title", "condition", "board", "protocol", "contact")


class ProposalInvalid(Exception):
    """A study that cannot be kept; `errors` says of each field, in words, what is wrong."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Keep what is wrong, by field: texts, `question`, `days`, `end`."""
        super().__init__("the study cannot be registered")
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Said:
    """A study as it was typed: `texts` by field, the last day (None if no day), the rest."""

    texts: Mapping[str, str]
    question: str
    days: int
    ends_on: datetime.date | None
    wants_copy: bool


def register(researcher: Researcher, said: Said) -> Proposal:
    """Keep a study that waits for the custodian; the same again changes nothing.

    Raises:
        ProposalInvalid: a field is missing or wrong, or another study has the title.
        Forbidden: whoever asks speaks for one study alone; studies are an organisation's.
    """
    if researcher.party.startswith(PREFIX):
        raise Forbidden("a study is proposed by an organisation, not by a study")
    texts = {name: said.texts.get(name, "").strip()[:MOST_TEXT] for name in TEXTS}
    known = {one.id: one for one in researcher.platform.diagnostics.questions()}
    found, until_s = known.get(said.question), _end_of(said.ends_on)
    wrong = _missing(researcher, texts) | _wrong(researcher, said, found, until_s)
    if wrong or found is None:
        raise ProposalInvalid(wrong)
    proposal = Proposal(
        study=PREFIX + _slug(texts["title"]),
        owner=researcher.party,
        question=found.id,
        purpose=PURPOSE,
        categories=_categories(found),
        data_from="",
        data_to="",
        days=said.days,
        until_s=until_s,
        wants_copy=said.wants_copy,
        title=texts["title"],
        condition=texts["condition"],
        board=texts["board"],
        protocol=texts["protocol"],
        contact=texts["contact"],
    )
    try:
        return researcher.platform.asking.proposals.register(proposal)
    except ModelsInvalid as exc:
        raise ProposalInvalid({"title": researcher.words("study-title-taken")}) from exc


def _missing(researcher: Researcher, texts: Mapping[str, str]) -> dict[str, str]:
    say = researcher.words
    return {
        name: say("error-needed", what=say(f"study-{name}-what"))
        for name, text in texts.items()
        if not text or (name != "protocol" and not text.isprintable())
    }


def _wrong(
    researcher: Researcher, said: Said, question: Question | None, until_s: int
) -> dict[str, str]:
    say, wrong = researcher.words, {}
    if question is None:
        wrong["question"] = say("error-choose", what=say("study-question-what"))
    if said.days not in DAYS:
        wrong["days"] = say("error-choose", what=say("ask-end-what"))
    if until_s <= researcher.platform.clock():
        wrong["end"] = say("error-day-past")
    return wrong


def _categories(question: Question) -> tuple[str, ...]:
    used = {one.category for one in question.features} | {question.label.category}
    return tuple(code for code in CATEGORIES if code in used)


def _slug(title: str) -> str:
    """Return a title as it stands in addresses; one in other letters than ours gets a number."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    found = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return found[:60] or f"study-{hashlib.sha256(title.encode()).hexdigest()[:8]}"


def _end_of(day: datetime.date | None) -> int:
    """Return the last second of a day; 0, which is over, if there is none."""
    if day is None:
        return 0
    start = datetime.datetime.combine(day, datetime.time.min, datetime.UTC)
    return int(start.timestamp()) + DAY_S - 1
