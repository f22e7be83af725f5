"""Holds that what is promised to people is there: texts on pages, claims with their tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as fluent

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "services" / "words" / "en"
PACKAGES = ("consent", "storage", "records", "models", "services", "web", "cli", "deploy")

NAME_FIRST = {
    r".+-title": "web/templates/problem.html",
    r".+-undated": "services/patient/history.py",
    r"duty-.+": "web/pages/signing.py",
    r"(accessibility|privacy)-.+": "web/pages/public/about.py",
}
"""Texts whose name begins with a variable, and the file that composes it."""

SHOWN_BY = {
    "request-by": "test_a_request_says_in_sentences_who_asks_and_what_it_means",
    "grant-free": "test_a_no_is_confirmed_listed_and_can_be_changed",
    "grant-end": "test_a_permission_is_withdrawn_with_one_signature",
    "grant-withdraw": "test_a_withdrawal_affects_a_model_at_once_and_a_successor_replaces_it",
    "grant-withdraw-care": "test_a_patient_who_withdrew_is_not_found",
    "grant-withdraw-care-read": "test_who_permits_only_estimates_cannot_be_read",
    "grant-withdraw-care-both": "test_a_patient_who_withdrew_is_not_found",
    "signed": "test_a_yes_signed_with_a_passkey_is_active_on_the_ledger",
    "stop-later": "test_a_stop_leaves_research_off",
    "opt-out-lead": "test_research_is_turned_off_and_on_again",
    "keys-added": "test_another_passkey_is_added_by_an_existing_one_and_then_signs",
    "decline-then": "test_a_patient_who_declined_receives_no_request_for_half_a_year",
    "reconsider-what": "test_a_no_is_confirmed_listed_and_can_be_changed",
    "receipt-print": "test_the_pages_lead_from_the_request_to_the_receipt",
    "download-page-lead": "test_the_complete_copy_is_a_job_and_leaves_nothing_out",
    "erasure-lead": "test_a_patient_who_asks_is_erased_everywhere",
    "home": "test_the_pages_lead_from_the_request_to_the_receipt",
    "home-step-3": "test_every_use_is_a_line_that_the_browser_proves",
    "join-passkey": "test_a_device_that_does_not_verify_the_person_signs_nobody_in",
    "help-free": "test_everything_is_stopped_with_one_signature",
    "accessibility-how": "test_axe_finds_no_barrier_on_the_pages",
    "privacy-rights": "test_the_export_has_records_permissions_and_history",
    "privacy-forget": "test_what_the_privacy_notice_says_about_erasure_is_on_the_first_page",
    "privacy-complain": "the law gives this right, not the platform",
    "recover-waiting": "test_a_patient_with_a_lost_phone_signs_the_next_withdrawal_with_a_new_key",
    "recover-waiting-safe": "test_a_key_that_was_refused_by_the_patients_phone_never_signs_in",
    "recover-finished": "test_a_patient_with_a_lost_phone_signs_the_next_withdrawal_with_a_new_key",
    "training-leave": "test_a_training_in_progress_is_returned_again_and_can_be_cancelled",
}
"""The text of each page that says "you can", and the test that does it."""

NOT_OURS = {"privacy-complain"}


def _messages() -> dict[str, str]:
    """Return (name, text as written) of every English text."""
    result: dict[str, str] = {}
    for path in sorted(WORDS.glob("*.ftl")):
        source = path.read_text(encoding="utf-8")
        for entry in FluentParser().parse(source).body:
            if isinstance(entry, fluent.Message) and entry.span is not None:
                result[entry.id.name] = source[entry.span.start : entry.span.end]
    return result


def _python() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def _names_in_code() -> tuple[set[str], set[str]]:
    """Return the texts that code and templates name, and patterns of the names they compose."""
    names: set[str] = set()
    patterns = set(NAME_FIRST)
    for node in (node for tree in _python() for node in ast.walk(tree)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            patterns.add("".join(map(_pattern, node.values)))
    composed = re.compile(r"""["']([a-z0-9-]+-)["']\s*~[^~)},]+(?:~\s*["']([a-z0-9-]+)["'])?""")
    for path in sorted((ROOT / "web" / "templates").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r"""["']([A-Za-z0-9-]+)["']""", text))
        patterns |= {f"{first}.+{last}" for first, last in composed.findall(text)}
    return names, {pattern for pattern in patterns if re.match(r"[a-z.(]", pattern)}


def _pattern(part: ast.expr) -> str:
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"


def _tests() -> dict[str, Path]:
    return {
        name: path
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_every_text_is_said_by_some_page() -> None:
    names, patterns = _names_in_code()
    composed = re.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns)))
    unsaid = [name for name in _messages() if name not in names and not composed.fullmatch(name)]
    assert unsaid == []


def test_every_text_that_says_what_one_can_do_names_the_test_that_does_it() -> None:
    promising = {
        name
        for name, text in _messages().items()
        if re.search(r"\byou can\b", text.split("=", 1)[1], re.IGNORECASE)
    }
    assert promising == set(SHOWN_BY)
    tests = _tests()
    missing = {name: test for name, test in SHOWN_BY.items() if test not in tests}
    assert set(missing) == NOT_OURS


def _rows(page: str) -> list[list[str]]:
    """Return the cells of each row of a page's tables, without their headings."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        for line in lines
        if line.startswith("|")
    ]
    headings = {"threat", "promise"}
    return [row for row in rows if row[0] not in headings and not row[0].startswith("---")]


@pytest.mark.parametrize("page", ["README.md", "docs/threats.md"])
def test_every_row_of_promises_names_a_test_that_exists(page: str) -> None:
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    rows = _rows(page)
    assert rows
    without = []
    for row in rows:
        named = re.findall(r"`((?:[\w/]+/)?test_\w+\.py)`", row[-1])
        if not named or any(not _is_there(name, files) for name in named):
            without.append(row[0])
    assert without == []


def _is_there(name: str, files: set[str]) -> bool:
    """True if a test is named by a path that is there, or by a file name that is there once."""
    return name in files or ("/" not in name and any(f.endswith(f"/{name}") for f in files))
