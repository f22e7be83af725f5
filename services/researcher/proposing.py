"""Proposals of new studies: every field checked, then stored until the custodian decides."""

from __future__ import annotations

import datetime
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from consent import CATEGORIES, MLTRAINING
from models import Diagnostics, ModelsInvalid, Question
from models.sealed_copy import require_public_key
from services.dates import end_of_day_s
from services.errors import Forbidden, Invalid, NotFound
from services.parties import is_study, study_id
from services.requests import RETURNED, Proposal, StudyProposals
from services.requests.agreements import CopyAgreement
from services.text_lengths import too_long
from services.words import Words

PERMISSION_DAYS: Final = (365, 730, 1825)
"""How long a permission for a study may last."""
MAX_TEXT: Final = 4_000
MAX_AGREEMENT: Final = 40_000
MAX_NAME: Final = 60
TEXTS: Final = ("title", "condition", "board", "protocol", "contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementDraft:
    """An agreement on a pseudonymised copy as a researcher entered it.

    `whole_records` is true if whole records leave, not only the variables of the question.
    """

    title: str
    text: str
    ends_on: datetime.date | None
    public_key: str
    whole_records: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDraft:
    """A study as a researcher entered it.

    Attributes:
        texts: title, condition, board, protocol, contact.
        question: the question's id.
        days: how long a permission lasts, one of `PERMISSION_DAYS`.
        ends_on: the last day of the study; None if none was entered.
        wants_copy: whether it also asks to download a copy; None if nobody chose.
        name: of the study in addresses; made of the title if empty.
        agreement: of a pseudonymised copy; None if the copy, if any, is an anonymised one.
    """

    texts: Mapping[str, str]
    question: str
    days: int
    ends_on: datetime.date | None
    wants_copy: bool | None
    name: str = ""
    agreement: AgreementDraft | None = None


class StudyProposing:
    """Takes proposals of studies."""

    def __init__(self, *, proposals: StudyProposals, diagnostics: Diagnostics) -> None:
        self._proposals = proposals
        self._diagnostics = diagnostics

    def propose(self, party: str, draft: StudyDraft, words: Words) -> Proposal:
        """Store a study that waits for the custodian; the same again changes nothing.

        Raises:
            Invalid: a field is missing or wrong, or another study has the title; `fields` has
                title, condition, board, protocol, contact, question, days, ends_on; of an
                agreement agreement_title, agreement_text, agreement_ends_on, public_key.
            Forbidden: the caller speaks for one study; only an organisation proposes studies.
        """
        proposal = self._checked(party, draft, words)
        try:
            return self._proposals.register(proposal)
        except ModelsInvalid as exc:
            raise Invalid(fields={"title": [words("study-title-taken")]}) from exc

    def amend(self, party: str, name: str, draft: StudyDraft, words: Words) -> Proposal:
        """Change a study that the custodian gave back; it waits for the custodian again.

        Raises:
            NotFound: there is no such study of this party, or it was not given back.
            Invalid, Forbidden: as `propose`.
        """
        known = self._proposals.get(study_id(name))
        if known.owner != party or known.state != RETURNED:
            raise NotFound
        proposal = self._checked(party, replace(draft, name=known.study), words)
        return self._proposals.amend(proposal)

    def _checked(self, party: str, draft: StudyDraft, words: Words) -> Proposal:
        if is_study(party):
            raise Forbidden("Only an organisation can propose a study; this caller is a study.")
        texts = {name: draft.texts.get(name, "").strip() for name in TEXTS}
        questions = {question.id: question for question in self._diagnostics.questions()}
        question = questions.get(draft.question)
        errors = _wrong_texts(texts, words) | self._wrong(draft, question, words)
        agreement, problems = self._agreement(draft, words)
        errors |= problems
        if errors or question is None or draft.ends_on is None or draft.wants_copy is None:
            raise Invalid(fields=errors)
        return Proposal(
            study=study_id(draft.name or _name_of(texts["title"])),
            owner=party,
            question=question.id,
            purpose=MLTRAINING,
            categories=_categories(question),
            data_from="",
            data_to="",
            days=draft.days,
            until_s=end_of_day_s(draft.ends_on),
            wants_copy=draft.wants_copy,
            title=texts["title"],
            condition=texts["condition"],
            board=texts["board"],
            protocol=texts["protocol"],
            contact=texts["contact"],
            agreement=agreement,
        )

    def _agreement(
        self, draft: StudyDraft, words: Words
    ) -> tuple[CopyAgreement | None, dict[str, list[str]]]:
        """Return the agreement of a draft, and what is wrong with it by field."""
        entered = draft.agreement
        if entered is None or not draft.wants_copy:
            return None, {}
        title, text = entered.title.strip(), entered.text.strip()
        key = _checked_key(entered.public_key)
        problems = {
            "agreement_title": "" if title.isprintable() and title else "agreement-title-error",
            "agreement_text": "" if text else "agreement-text-error",
            "agreement_ends_on": self._end_problem(entered.ends_on, draft.ends_on),
            "public_key": "" if key else "agreement-key-error",
        }
        errors = {name: [words(problem)] for name, problem in problems.items() if problem}
        errors |= too_long(words, "agreement_title", title, MAX_TEXT)
        errors |= too_long(words, "agreement_text", text, MAX_AGREEMENT)
        if errors or entered.ends_on is None:
            return None, errors
        whole, end = entered.whole_records, entered.ends_on.isoformat()
        return CopyAgreement(title, text, end, key, whole), {}

    def _end_problem(self, day: datetime.date | None, study_day: datetime.date | None) -> str:
        """Return the key of what is wrong with the last day of an agreement, or ""."""
        if day is None:
            return "error-day"
        if end_of_day_s(day) <= self._diagnostics.clock():
            return "error-day-past"
        return "agreement-end-error" if study_day is not None and day > study_day else ""

    def _wrong(
        self, draft: StudyDraft, question: Question | None, words: Words
    ) -> dict[str, list[str]]:
        errors = {}
        if question is None:
            errors["question"] = [words("error-choose", what=words("study-question-what"))]
        if draft.days not in PERMISSION_DAYS:
            errors["days"] = [words("error-choose", what=words("ask-end-what"))]
        if draft.ends_on is None:
            errors["ends_on"] = [words("error-day")]
        elif end_of_day_s(draft.ends_on) <= self._diagnostics.clock():
            errors["ends_on"] = [words("error-day-past")]
        if draft.wants_copy is None:
            errors["copy"] = [words("error-choose", what=words("study-copy-what"))]
        return errors


def _checked_key(text: str) -> str:
    """Return a public key, or "" if it is none."""
    try:
        return require_public_key(text)
    except ModelsInvalid:
        return ""


def _wrong_texts(texts: Mapping[str, str], words: Words) -> dict[str, list[str]]:
    errors = {
        name: [words("error-needed", what=words(f"study-{name}-what"))]
        for name, text in texts.items()
        if not text or (name != "protocol" and not text.isprintable())
    }
    for name, text in texts.items():
        errors |= too_long(words, name, text, MAX_TEXT)
    return errors


def _categories(question: Question) -> tuple[str, ...]:
    used = set(question.training_categories)
    return tuple(code for code in CATEGORIES if code in used)


def _name_of(title: str) -> str:
    """Return a title as it is written in addresses; without any ASCII letter it gets a number."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return name[:MAX_NAME] or f"study-{hashlib.sha256(title.encode()).hexdigest()[:8]}"
