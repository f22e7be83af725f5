"""Reads what the form of a page had signed, and shows a signature that the ledger refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from flask import Response, request

from consent import ANY, Outcome, Terms
from services.accounts import ProofInvalid
from services.errors import Malformed
from services.requests.choices import COPY_PURPOSES
from services.requests.wording import COPY_TEXTS, format_period
from services.words import Words
from web.current import words
from web.devices import credential_of_form
from web.pages.guard import render

CONFLICT: Final = 409
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})

_REASONS: Final = {
    "stopped-since": "failed-stopped",
    "key-unknown": "failed-key",
    "key-ended": "failed-key",
    "time-in-future": "failed-clock",
    "paused": "failed-paused",
}


def signed_form() -> tuple[str, dict[str, Any]]:
    """Return the id of the message and the credential that the form sent.

    Raises:
        ProofInvalid: the form has no credential; the guard has a page that says so.
    """
    try:
        credential = credential_of_form()
    except Malformed:
        credential = None
    if not isinstance(credential, dict):
        raise ProofInvalid("the form has no credential", "cancel")
    return request.form.get("signing", ""), credential


@dataclass(frozen=True, slots=True)
class TermPart:
    """A piece of a row: its words, and the fields of the message with the codes that it shows."""

    text: str
    terms: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TermRow:
    """A row of the terms to sign; `change` is the path of the form that changes it, or ""."""

    name: str
    parts: Sequence[TermPart]
    change: str = ""


def signed_rows(
    say: Words,
    terms: Terms,
    not_after_s: int,
    recipient: str,
    record_names: Mapping[str, str] = _NO_NAMES,
) -> list[TermRow]:
    """Return every term of a permission that was signed, in words, for its receipt."""
    values = {
        "decision": terms.decision,
        "recipient": terms.recipient,
        "purposes": list(terms.purposes),
        "categories": list(terms.categories),
        "records": list(terms.records),
        "dataFrom": terms.data_from,
        "dataTo": terms.data_to,
        "obligations": list(terms.obligations),
    }
    message = {"terms": values, "notAfter": not_after_s}
    return terms_rows(say, message, recipient, record_names=record_names)


def terms_rows(  # noqa: PLR0913 - the last three have defaults
    say: Words,
    message: Mapping[str, Any],
    recipient: str,
    change: str = "",
    *,
    wants_copy: bool = True,
    record_names: Mapping[str, str] = _NO_NAMES,
) -> list[TermRow]:
    """Return every term of a grant that is to be signed, in words, each with its code.

    The page's script compares the codes with the message (web/static/sign.mjs).

    Args:
        say: the texts.
        message: a Grant as typed data.
        recipient: the name of the recipient.
        change: the path of the form that changes a choice; "" if there is none.
        wants_copy: whether a copy was asked for: otherwise there is no choice about it to change.
        record_names: of individual records, by id; one without a name is only counted.
    """
    terms = message["terms"]
    is_refusal = terms["decision"] == "deny"
    others = [code for code in terms["purposes"] if is_refusal or code not in COPY_PURPOSES]
    period = format_period(say, terms["dataFrom"], terms["dataTo"])
    days = [("dataFrom", terms["dataFrom"]), ("dataTo", terms["dataTo"])]
    end = TermPart(say.last_day(message["notAfter"]), [("notAfter", str(message["notAfter"]))])
    who = say("check-anybody") if terms["recipient"] == ANY else recipient
    decision = TermPart(
        say("check-decision-no" if is_refusal else "check-decision-yes"),
        [("decision", terms["decision"])],
    )
    rows = [
        TermRow(say("check-decision"), [decision]),
        TermRow(say("check-who"), [TermPart(who, [("recipient", terms["recipient"])])]),
        TermRow(say("check-purposes"), _parts(say, "purposes", "purpose", others), change),
        TermRow(
            say("check-categories"),
            _parts(say, "categories", "category", terms["categories"]),
            change,
        ),
        TermRow(say("check-records"), _records(say, terms, record_names), change),
        TermRow(say("check-dates"), [TermPart(period, days)], change),
        TermRow(say("check-end"), [end], change),
    ]
    if not is_refusal:
        duties = _parts(say, "obligations", "duty", terms["obligations"])
        copies = _copies(say, terms["purposes"])
        rows.append(TermRow(say("check-copies"), copies, change if wants_copy else ""))
        rows.append(TermRow(say("check-duties"), duties))
    return rows


def _parts(say: Words, field: str, prefix: str, codes: Sequence[str]) -> list[TermPart]:
    """Return a part for each code, or one that says that there is none."""
    parts = [
        TermPart(say(f"{prefix}-{'any' if code == ANY else code}"), [(field, code)])
        for code in codes
    ]
    return parts or [TermPart(say("frame-none"), [])]


def _copies(say: Words, purposes: Sequence[str]) -> list[TermPart]:
    """Return a part for each kind of copy that is allowed, or one that says that there is none."""
    parts = [
        TermPart(say(key), [("purposes", code)])
        for code, key in COPY_TEXTS.items()
        if code in purposes
    ]
    return parts or [TermPart(say("check-copies-no"), [])]


def _records(say: Words, terms: Mapping[str, Any], names: Mapping[str, str]) -> list[TermPart]:
    """Return whether all records are meant, or how many individual ones and which."""
    records = terms["records"]
    if records == [ANY]:
        return [TermPart(say("check-records-all"), [("records", ANY)])]
    named = sorted(records, key=lambda code: code not in names)  # those without a name last
    text = say("check-records-some", n=len(records)) + (":" if names else "")
    parts = [TermPart(names.get(code, ""), [("records", code)]) for code in named]
    return [TermPart(text, []), *parts]


def refused(outcome: Outcome) -> Response:
    """Show why the ledger refused the signature; nothing is in force."""
    reason = words()(_REASONS.get(outcome.reason, "failed-other"))
    message = words()("failed", reason=reason)
    title = words()("down-title")
    return render("patient/message.html", title=title, message=message, status=CONFLICT)
