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
    "receipt-print": "test_a_receipt_is_a_page_that_prints_every_signed_term",
    "download-page-lead": "test_the_complete_copy_is_a_job_and_leaves_nothing_out",
    "erasure-lead": "test_a_patient_who_asks_is_erased_everywhere",
    "home": "test_everything_is_stopped_with_one_signature",
    "home-step-3": "test_every_use_is_a_line_that_the_browser_proves",
    "join-passkey": "test_a_device_that_does_not_verify_the_person_signs_nobody_in",
    "help-free": "test_everything_is_stopped_with_one_signature",
    "accessibility-how": "test_axe_finds_no_barrier_on_the_pages",
    "privacy-rights": "test_the_export_has_records_permissions_and_history",
    "privacy-forget": "test_what_the_privacy_notice_says_about_erasure_is_on_the_first_page",
    "privacy-complain": "the law gives this right, not the platform",
    "recover-waiting-safe": "test_a_key_that_was_refused_by_the_patients_phone_never_signs_in",
    "recover-finished": "test_a_patient_with_a_lost_phone_signs_the_next_withdrawal_with_a_new_key",
    "training-leave": "test_a_training_in_progress_is_returned_again_and_can_be_cancelled",
}
"""The text of each page that says "you can", and the test that does it."""

NOT_OURS = {"privacy-complain"}

CHAIN_DOWN = "test_every_fault_of_a_chain_refuses_and_service_returns_with_the_chain"
LEFT_OUT = "test_a_patient_who_withdrew_has_no_row_and_is_listed_for_deletion"
LISTED = "test_who_withdrew_is_listed_with_a_deadline_until_the_study_acknowledges"
CONFIRMED = "test_the_copies_of_a_patient_are_those_with_their_row_and_show_the_confirmed_deletion"
VETOED = "test_a_recovery_waits_is_vetoed_by_a_passkey_and_its_key_never_returns"
COUNTED = "test_people_who_do_not_refuse_are_opened_for_counts_and_journalled_once_each"

KEPT_BY = {
    "ask-2-told": LEFT_OUT,
    "consent-over-unread": "test_erased_or_altered_terms_deny_everything_at_once",
    "consent-unknown": CHAIN_DOWN,
    "copy-kept": CONFIRMED,
    "copy-kept-left": LISTED,
    "copy-leave": LISTED,
    "down": CHAIN_DOWN,
    "down-withdrawal": "test_a_withdrawal_is_in_force_while_the_ledger_hangs",
    "download-ready": "test_an_old_copy_is_deleted",
    "erasure-part-terms": "test_erased_or_altered_terms_deny_everything_at_once",
    "grant-limits-copy": LEFT_OUT,
    "grant-risk": "test_each_figure_of_the_attack_has_a_threshold",
    "home-doubt": "test_every_unavailable_part_refuses",
    "home-not-copies": LEFT_OUT,
    "home-register-away": CHAIN_DOWN,
    "keys-recovery-vetoed": VETOED,
    "keys-remove-lead": "test_a_second_passkey_is_added_signs_and_is_removed_permanently",
    "keys-removed": "test_a_removed_passkey_neither_signs_in_nor_signs",
    "keys-veto-done": VETOED,
    "keys-veto-lead": VETOED,
    "notice-away": CHAIN_DOWN,
    "privacy-cookies": "test_a_site_with_tls_has_the_strict_cookie_and_says_so",
    "privacy-counts": COUNTED,
    "privacy-what": "test_only_permitted_records_are_released_and_every_outcome_is_journalled",
    "privacy-why": "test_every_attribute_must_match",
    "proof-how": "test_each_anchored_line_is_proved_by_a_root_on_the_ledger",
    "proof-how-by-hand": "test_each_anchored_line_is_proved_by_a_root_on_the_ledger",
    "recover-refused": "test_a_key_that_was_refused_by_the_patients_phone_never_signs_in",
    "register-away": CHAIN_DOWN,
    "withdraw-done-copy": LEFT_OUT,
    "withdraw-done-copy-pseudonymised": LISTED,
    "withdraw-follows-title": "test_after_its_grace_a_model_is_retired_and_its_file_destroyed",
    "withdraw-stays-copies": LEFT_OUT,
}
"""The text of each page that says to a patient what we do, and the test that shows it."""

OUR_ACTS = re.compile(
    r"\b[Ww]e (tell|ask|keep|test|may count|set|write|use|can tell)\b"
    r"|\b[Ww]ithin \{|\bnever comes back|\bcan no longer sign|\bare told to\b|\bapplies from now\b"
    r"|\bwill not work\b"
    r"|(access|use|every request\b.*) is refused|must delete (it by|them within|your values)"
)
"""How a text says what we, or those whom we hold to it, do or refuse."""

GUIDES = {
    "You can get a model's estimate": "test_a_patient_who_permits_it_is_answered_with_reasons",
    "You can sort by the end of the permission": "test_the_list_has_pages_and_an_order",
    "you can no longer open earlier estimates": "test_a_patient_who_withdrew_is_not_found",
    "You can then invite everybody else": "test_a_patient_is_invited_only_after_an_identity_check",
    "you can propose one yourself": "test_a_pair_has_one_link_whatever_the_order",
    "you can change your answer later": "test_a_no_is_confirmed_listed_and_can_be_changed",
    "an agreement that you can read": "test_whole_records_leave_only_where_the_study_asked_and_the_"
    "patients_read_so",
    "You can press **Skip**": "test_a_reload_keeps_the_choices",
    "You can keep a receipt": "test_a_yes_signed_with_a_passkey_is_active_on_the_ledger",
    "It shows whom you can ask": "test_help_shows_how_to_reach_people_as_far_as_the_settings_say",
    "You can turn it on again": "test_research_is_turned_off_and_on_again",
    "You can leave the page": "test_a_training_in_progress_is_returned_again_and_can_be_cancelled",
    "Train on the platform if you can": "",
}
"""What each sentence of a guide with "you can" says, and the test that does it; "" is advice."""


def _messages(files: str = "*.ftl") -> dict[str, str]:
    """Return (name, text as written) of every English text in these files."""
    result: dict[str, str] = {}
    for path in sorted(WORDS.glob(files)):
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


def test_every_text_that_says_what_we_do_names_the_test_that_shows_it() -> None:
    promising = {
        name
        for file in ("patient", "public", "everywhere", "history")
        for name, text in _messages(f"{file}.ftl").items()
        if OUR_ACTS.search(text.split("=", 1)[1]) and name not in SHOWN_BY
    }
    assert promising == set(KEPT_BY)
    tests = _tests()
    assert [name for name, test in KEPT_BY.items() if test not in tests] == []


def test_every_sentence_of_a_guide_that_says_what_one_can_do_names_the_test_that_does_it() -> None:
    pages = [*sorted((ROOT / "docs" / "guide").glob("*.md")), ROOT / "README.md"]
    texts = [" ".join(path.read_text(encoding="utf-8").split()) for path in pages]
    sentences = [
        sentence
        for text in texts
        for sentence in re.split(r"(?<=[.!?])\s", text)
        if re.search(r"\byou (can|may)\b", sentence, re.IGNORECASE)
    ]
    named = [[part for part in GUIDES if part in sentence] for sentence in sentences]
    assert [s for s, parts in zip(sentences, named, strict=True) if len(parts) != 1] == []
    assert {part for parts in named for part in parts} == set(GUIDES)
    tests = _tests()
    assert [part for part, test in GUIDES.items() if test and test not in tests] == []


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
