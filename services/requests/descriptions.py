"""Explains a request in the patient's words; the custodian who approves it reads the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from attrs import define

from consent import DAY_S, TREAT, TREATDS
from models import Diagnostics
from services.parties import PartyNames
from services.requests.choices import latest_end
from services.requests.consent_requests import RequestDetails
from services.requests.proposals import StudyProposals
from services.requests.wording import format_categories, format_condition, format_day
from services.statement import duties_for
from services.words import Words, as_sentence

CARE_SECTIONS: Final = ("who", "what", "why", "duties", "free", "end", "withdraw", "limits")
STUDY_SECTIONS: Final = (
    *("who", "free", "what", "why", "access", "end", "means"),
    *("not", "duties", "risk", "withdraw", "limits"),
)
"""Key facts first (45 CFR 46.116(a)(5)(i))."""
_COPY_TEXTS: Final = {
    "anonymised": "copy-asked",
    "pseudonymised": "copy-asked-pseudonymised",
    "whole": "copy-asked-whole",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its sentences."""

    heading: str
    sentences: Sequence[str]

    @property
    def text(self) -> str:
        """The sentences, one after the other."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestText:
    """A request in words.

    Attributes:
        sections: in the order in which they are read.
        latest_end: the latest last day of the permission.
        protocol: the study's plan; "" for care.
        contact: for questions to the study; "" if it named none.
        agreement: the text of the agreement on a pseudonymised copy; "" if there is none.
    """

    sections: Sequence[Section]
    latest_end: str
    protocol: str
    contact: str
    agreement: str = ""


@define(eq=False, repr=False, kw_only=True)
class RequestDescriptions:
    """Makes the text of requests."""

    _proposals: StudyProposals
    _parties: PartyNames
    _diagnostics: Diagnostics
    _organisation: str
    _clock: Callable[[], float]

    def party_name(self, details: RequestDetails, language: str = "en") -> str:
        """Return the name of the party that sent a request."""
        return self._parties.name_of(details.party, language)

    def describe(self, words: Words, details: RequestDetails, sender: str = "") -> RequestText:
        """Return a request in words; `sender` is the name of the person who sent it, if known."""
        proposal = self._proposals.find(details.party)
        name = proposal.title if proposal else self.party_name(details, words.language)
        end = format_day(words, latest_end(details, self._clock()))
        facts: dict[str, str | int] = {
            "study": name,
            "clinic": name,
            "doctor": sender,
            "organisation": self._parties.name_of(
                proposal.owner if proposal else details.party, words.language
            ),
            "board": proposal.board if proposal else "",
            "operator": self._parties.name_of(self._organisation, words.language),
            "condition": format_condition(words, details.condition),
            "reason": details.reason,
            "categories": format_categories(words, details.categories),
            "date": end,
            "n": self._diagnostics.grace_s // DAY_S,
            "from": format_day(words, details.data_from) if details.data_from else "",
            "to": format_day(words, details.data_to) if details.data_to else "",
        }
        sections = [
            Section(words(heading), [as_sentence(words(key, **facts)) for key in keys])
            for heading, keys in _text_keys(details, bool(sender))
        ]
        contact = self._parties.contact_of(details.party, words.language)
        contact = proposal.contact if proposal else contact
        return RequestText(
            sections=sections,
            latest_end=end,
            protocol=proposal.protocol if proposal else "",
            contact=contact,
            agreement=proposal.agreement.text if proposal and proposal.agreement else "",
        )


def _text_keys(details: RequestDetails, has_sender: bool) -> list[tuple[str, list[str]]]:
    """Return for each section the keys of its heading and texts."""
    texts = _care_texts(details, has_sender)
    names = tuple(name for name in CARE_SECTIONS if name != "why" or details.reason)
    if details.kind != "care":
        period = "grant-what" if details.data_from and details.data_to else "grant-what-always"
        later = "grant-what-old" if details.data_to else "grant-what-new"
        names, texts = STUDY_SECTIONS, {"what": [period, later]}
    if details.wants_copy:
        key = _COPY_TEXTS[details.copy_kind]
        names = (*names, "copy")
        texts |= {"copy": [key], "limits": ["grant-limits", "grant-limits-copy"]}
    texts |= {"duties": [f"duty-{code}" for code in duties_for(details.purposes)]}
    return [(f"grant-title-{name}", texts.get(name, [f"grant-{name}"])) for name in names]


def _care_texts(details: RequestDetails, has_sender: bool) -> dict[str, list[str]]:
    """Return the keys of a request for care: an estimate, reading the records, or both."""
    use = "care" if TREATDS in details.purposes else "care-read"
    if {TREAT, TREATDS} <= set(details.purposes):
        use = "care-both"
    return {
        "who": [f"grant-{use}", "grant-care-doctor"] if has_sender else [f"grant-{use}"],
        "what": [f"grant-{use}-what", "grant-what-new"],
        "why": ["grant-care-reason"],
        "withdraw": [f"grant-withdraw-{use}"],
        "limits": ["grant-limits-care"],
    }
