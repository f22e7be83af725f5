"""Says a request in the patient's words, keeps what they choose, and makes what they sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent import Grant
from services.patient.asker import Asker
from services.requests import DECLINED, ConsentRequest
from services.requests.choices import Choice, ChoiceInvalid, full_choice, latest_end, restrict
from services.requests.wording import format_categories, format_day, make_statement
from services.statement import terms_for

DAY_S: Final = 86_400
CARE: Final = ("who", "free", "end", "withdraw", "limits")
STUDY: Final = (
    *("who", "free", "what", "why", "access", "end", "means"),
    *("not", "risk", "withdraw", "limits"),
)
"""The blocks of a request, key facts first (45 CFR 46.116(a)(5)(i))."""


def told(asker: Asker, one: ConsentRequest) -> dict[str, str]:
    """Return what the sentences of a request are filled in with."""
    asking, words, wanted = asker.platform.asking, asker.words, one.details
    proposal = asking.proposals.find(wanted.party)
    owner = proposal.owner if proposal else wanted.party
    party = asking.party_name(wanted.party)
    return {
        "study": party,
        "clinic": party,
        "organisation": asking.party_name(owner),
        "board": proposal.board if proposal else "",
        "protocol": proposal.protocol if proposal else "",
        "contact": proposal.contact if proposal else "",
        "operator": asking.party_name(asker.platform.organisation),
        "condition": wanted.condition,
        "categories": format_categories(words, wanted.categories),
        "date": format_day(words, latest_end(wanted, asker.platform.clock())),
        "n": words.number(asker.platform.diagnostics.grace_s // DAY_S),
        "from": format_day(words, wanted.data_from) if wanted.data_from else "",
        "to": format_day(words, wanted.data_to) if wanted.data_to else "",
        "lapses": words.day(one.lapses_at_s),
    }


def blocks(one: ConsentRequest) -> list[tuple[str, list[str]]]:
    """Return (heading, texts), as names of words, in the order of reference OHRP."""
    wanted = one.details
    texts: dict[str, list[str]] = {"who": ["grant-care"], "withdraw": ["grant-withdraw-care"]}
    names: tuple[str, ...] = CARE
    if wanted.kind != "care":
        spans = "grant-what" if wanted.data_from and wanted.data_to else "grant-what-always"
        later = "grant-what-old" if wanted.data_to else "grant-what-new"
        names, texts = STUDY, {"what": [spans, later]}
    return [(f"grant-title-{name}", texts.get(name, [f"grant-{name}"])) for name in names]


def allow_all(asker: Asker, one: ConsentRequest) -> Choice:
    """Keep that all that is asked for is allowed; nothing is signed yet."""
    choice = full_choice(one.details, asker.platform.clock())
    draft = {"answer": "yes", "choice": choice.to_json()}
    asker.platform.asking.requests.save_draft(one, draft)
    return choice


def allow_less(
    asker: Asker, one: ConsentRequest, chosen: Choice, wrong: Mapping[str, str] | None = None
) -> Choice:
    """Keep what is allowed of a request; nothing is signed yet.

    Raises:
        ChoiceInvalid: it cannot be signed, or `wrong` names more fields; nothing was kept.
    """
    errors = dict(wrong or {})
    try:
        choice = restrict(one.details, chosen, asker.platform.clock())
    except ChoiceInvalid as exc:
        raise ChoiceInvalid({**exc.errors, **errors}) from exc
    if errors:
        raise ChoiceInvalid(errors)
    draft = {"answer": "less", "choice": choice.to_json()}
    asker.platform.asking.requests.save_draft(one, draft)
    return choice


def refuse(asker: Asker, one: ConsentRequest) -> None:
    """Write down the no."""
    asker.platform.asking.requests.record_answer(one, DECLINED)


def chosen_of(asker: Asker, one: ConsentRequest) -> Choice | None:
    """Return what was chosen so far; None before a yes."""
    kept = asker.platform.asking.requests.load_draft(one).get("choice")
    return None if kept is None else Choice.from_json(kept)


def grant_of(asker: Asker, one: ConsentRequest, choice: Choice) -> Grant:
    """Return what is signed for this choice; its terms hold the sentences that are shown."""
    platform = asker.platform
    held = {e.record_id.hex(): e.category for e in platform.store.records_of(asker.subject)}
    asked = choice.to_terms(one.details.party, held)
    party = platform.asking.party_name(one.details.party)
    said = make_statement(asker.words, party, choice, asked.records)
    now_s = int(platform.clock())
    return Grant(asker.subject, terms_for(asked, said), now_s, choice.not_after_s())
