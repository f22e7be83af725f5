"""The second opinion: the rules of DESIGN section 5 written down again, naively, to disagree."""

from __future__ import annotations

from dataclasses import dataclass, field

from consent.terms import DecisionRequest, Terms

PARENT = {
    **dict.fromkeys(["CLINTRL", "COC", "ETREAT", "POPHLTH"], "TREAT"),
    "ERTREAT": "ETREAT",
    **dict.fromkeys(["CAREMGT", "HQUALIMP", "PATSFTY", "SYSDEV", "TRAIN"], "HOPERAT"),
    "HTEST": "SYSDEV",
    **dict.fromkeys(["BIORCH", "CLINTRCH", "DSRCH", "POARCH", "TRANSRCH"], "HRESCH"),
    **dict.fromkeys(["CLINTRCHNPC", "CLINTRCHPC", "PRECLINTRCH"], "CLINTRCH"),
    **dict.fromkeys(["FAMRQT", "PWATRNY", "SUPNWK"], "PATRQT"),
    **dict.fromkeys(["DISASTER", "THREAT"], "PUBHLTH"),
}
ALONE = {"TREAT", "HPAYMT", "HOPERAT", "HRESCH", "PATRQT", "PUBHLTH"}
EXACTLY = {"MLTRAINING", "TREATDS", "BTG", "HMARKT", "PSEUDRESCH", "RECRESCH"}
KNOWN = {*PARENT, *ALONE, *EXACTLY}
ORDER = ["denied", "opted-out", "opening-missing", "unknown-word", "permitted"]
ORDER += ["other-record", "outside-period", "other-category", "other-purpose", "other-recipient"]
ORDER += ["withdrawn", "stopped", "expired", "not-yet", "bad-key", "not-enrolled", "no-consent"]


@dataclass
class Given:
    """A grant as the ledger has it, and whether its opening can be read."""

    subject: bytes
    key: bytes
    terms: Terms
    signed_s: int
    ends_s: int
    opening: bool = True


@dataclass
class History:
    """What happened; `seen_*` is not final yet."""

    enrolled: list[bytes] = field(default_factory=list)
    keys: list[tuple[bytes, bytes, int, int]] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    withdrawn: list[Given] = field(default_factory=list)
    stops: list[tuple[bytes, int]] = field(default_factory=list)
    seen_withdrawn: list[Given] = field(default_factory=list)
    seen_stops: list[tuple[bytes, int]] = field(default_factory=list)


def is_under(requested: str | None, granted: str) -> bool:
    while requested is not None and requested != granted:
        requested = PARENT.get(requested)
    return requested is not None


def wrong_words(terms: Terms, request: DecisionRequest, purpose_fits: bool) -> list[str]:
    recipient = terms.recipient in ("*", request.party)
    purpose = purpose_fits or any(is_under(request.purpose, p) for p in terms.purposes)
    category = "*" in terms.categories or request.category in terms.categories
    early = terms.data_from != "" and request.recorded_on < terms.data_from
    late = terms.data_to != "" and request.recorded_on > terms.data_to
    record = "*" in terms.records or request.record_id in terms.records
    fits = [record, not early and not late, category, purpose, recipient]
    return [reason for reason, fit in zip(ORDER[5:10], fits, strict=True) if not fit]


def answer(
    history: History, request: DecisionRequest, now_s: int, block_s: int
) -> tuple[str, set[str]]:
    """Return the reason (``permitted`` or why not) and what is owed."""
    if request.purpose not in KNOWN:
        return "unknown-word", set()
    reason = "no-consent" if request.subject in history.enrolled else "not-enrolled"
    owed: set[str] = set()
    for given in history.given:
        if given.subject == request.subject:
            text = bar(history, given, request, now_s, block_s)
            text = text or miss(history, given, request, now_s, block_s)
            owed |= set(given.terms.obligations) if text == "permitted" else set()
            reason = reason if text == "silent" else min(reason, text, key=ORDER.index)
    return reason, owed if reason == "permitted" else set()


def bar(history: History, given: Given, request: DecisionRequest, now_s: int, block_s: int) -> str:
    """A deny, or what may be one: silent, or a reason to refuse; nothing if it is a permit."""
    over = now_s > given.ends_s and block_s > given.ends_s
    if given in history.withdrawn or over:  # a stop ends no deny, nor what may be one
        return ""
    if not given.opening:
        return "opening-missing"
    if any(purpose not in KNOWN for purpose in given.terms.purposes):
        return "unknown-word"
    if given.terms.decision == "permit":
        return ""
    research = request.purpose in ("MLTRAINING", "PSEUDRESCH", "RECRESCH") or is_under(
        request.purpose, "HRESCH"
    )
    opts_out = given.terms.recipient == "*" and "HRESCH" in given.terms.purposes and research
    if wrong_words(given.terms, request, opts_out):
        return "silent"
    return "opted-out" if opts_out else "denied"


def miss(history: History, given: Given, request: DecisionRequest, now_s: int, block_s: int) -> str:
    """The last of all that keeps it from permitting, or ``permitted``."""
    removed = [*history.withdrawn, *history.seen_withdrawn]
    stops = [*history.stops, *history.seen_stops]
    wrong = wrong_words(given.terms, request, False) if given.opening else []
    wrong += ["withdrawn"] * (given in removed)
    wrong += ["stopped" for s, t in stops if s == given.subject and given.signed_s <= t]
    wrong += ["expired"] * (now_s > given.ends_s or block_s > given.ends_s)
    wrong += ["not-yet"] * (given.signed_s > now_s or given.signed_s > block_s)
    wrong += ["bad-key"] * (not key_is_good(history, given))
    wrong += ["not-enrolled"] * (given.subject not in history.enrolled)
    return max(wrong, key=ORDER.index, default="permitted")


def key_is_good(history: History, given: Given) -> bool:
    for subject, key, role, until_s in history.keys:
        if (subject, key) == (given.subject, given.key):
            return role in (0, 1) and (until_s == 0 or given.signed_s <= until_s)
    return False
