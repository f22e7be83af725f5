"""The statement that a patient signs says every term in words, in each language."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import CATEGORIES, PURPOSES, TermsInvalid, UnknownCode, require_terms, terms_hash
from services.requests.choices import COPY, PSEUDONYMISED_COPY, WHOLE_COPY
from services.requests.wording import (
    find_language,
    format_condition,
    format_day,
    format_name,
    format_value,
    make_statement,
    summarise,
)
from services.statement import RequestedTerms, terms_for
from services.words import LANGUAGES, Words

PERMIT = RequestedTerms("permit", "study:a", ("MLTRAINING",))
SENTENCES = {
    COPY: "statement-copy",
    PSEUDONYMISED_COPY: "statement-copy-pseudonymised",
    WHOLE_COPY: "statement-copy-whole",
}


def statement(requested: RequestedTerms, language: str = "en") -> str:
    return make_statement(Words(language), "Study A", requested, "2027-03-03")


def test_a_permit_says_who_may_use_what_for_what_and_until_when() -> None:
    assert statement(PERMIT) == (
        "I allow Study A to use my records of every kind, to train a computer model. "
        "No copy may be downloaded. This ends on 3 March 2027. "
        "I can withdraw it at any time, and no new use starts then."
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("decision", ["permit", "deny"])
@pytest.mark.parametrize("recipient", ["study:a", "*"])
def test_the_language_of_a_signed_statement_is_found(language, decision, recipient) -> None:
    requested = RequestedTerms(decision, recipient, ("MLTRAINING",))
    assert find_language(statement(requested, language)) == language
    assert find_language(Words(language)("statement-opt-out")) == language


@pytest.mark.parametrize("text", ["", "Ja.", "Permit", "I AGREE.", "J'autorise l'étude"])
def test_a_statement_that_we_did_not_write_has_no_language(text) -> None:
    assert find_language(text) == ""


@pytest.mark.parametrize(
    ("purposes", "copies"),
    [
        (("MLTRAINING",), []),
        (("MLTRAINING", COPY), ["check-copies-yes"]),
        (("MLTRAINING", PSEUDONYMISED_COPY), ["check-copies-pseudonymised"]),
        (("MLTRAINING", WHOLE_COPY), ["check-copies-whole"]),
    ],
)
def test_the_summary_of_a_permission_names_the_copies_that_it_allows(purposes, copies) -> None:
    words = Words("en")
    terms = terms_for(RequestedTerms("permit", "study:a", purposes), "I allow it.")
    summary = summarise(words, "Study A", terms)
    assert summary.startswith("Study A may use your records of every kind, to train a computer")
    every = ("check-copies-yes", "check-copies-pseudonymised", "check-copies-whole")
    assert [key for key in every if f"{words(key)}." in summary] == copies


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_of_a_narrowed_permission_says_its_dates_and_records(language) -> None:
    words = Words(language)
    narrowed = replace(PERMIT, records=("a1" * 16,), data_from="2018-01-01", data_to="2019-12-31")
    summary = summarise(words, "Study A", terms_for(narrowed, "I allow it."))
    span = words(
        "check-dates-span",
        **{"from": words.iso_day("2018-01-01"), "to": words.iso_day("2019-12-31")},
    )
    assert words("statement-dates", span=span) in summary
    assert words("statement-records", n=1) in summary


@pytest.mark.parametrize(
    ("language", "permission"),
    [
        ("en", "under (this permission|it)"),
        ("de", "(dieser Einwilligung|damit)"),
        ("es", "con (este permiso|él)"),
    ],
)
def test_what_one_permission_ends_is_said_of_that_permission(language, permission) -> None:
    """Another permission may allow the same party the same records."""
    words, facts = Words(language), {"study": "Study A", "time": "12:00"}
    keys = ("withdraw-stops", "withdraw-done", "consent-over", "grant-withdraw-care")
    keys += ("grant-withdraw-care-read", "grant-withdraw-care-both")
    for key in keys:
        assert re.search(permission, words(key, **facts)), key


def test_a_refusal_for_everybody_says_so() -> None:
    refusal = statement(RequestedTerms("deny", "*", ("HRESCH",)))
    assert refusal.startswith("I do not allow anybody to use my records of every kind,")
    assert "copy" not in refusal


def test_a_refusal_for_one_party_names_it() -> None:
    refusal = statement(RequestedTerms("deny", "study:a", ("MLTRAINING",)))
    assert refusal.startswith("I do not allow Study A to use my records")


def test_every_restriction_is_in_the_statement() -> None:
    restricted = replace(
        PERMIT,
        categories=("laboratory", "exam", "survey"),
        records=("ab" * 16, "cd" * 16),
        data_from="2020-01-01",
        data_to="2021-01-01",
    )
    text = statement(restricted)
    assert "my blood tests, examinations and answers to questionnaires," in text
    assert "1 January 2020 to 1 January 2021" in text
    assert "Only 2 individual records are meant." in text


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None)
@given(
    decision=st.sampled_from(("permit", "deny")),
    purposes=st.lists(st.sampled_from(sorted(PURPOSES)), min_size=1, unique=True),
    categories=st.lists(st.sampled_from(sorted(CATEGORIES)), min_size=1, unique=True),
)
def test_every_code_that_is_signed_is_in_the_statement(
    language, decision, purposes, categories
) -> None:
    requested = RequestedTerms(decision, "study:a", tuple(purposes), tuple(categories))
    words, text = Words(language), statement(requested, language)
    for code in purposes:
        has_own_sentence = code in SENTENCES and decision == "permit"
        mine = f"purpose-mine-{code}"
        name = mine if words.has(mine) else f"purpose-{code}"
        assert words(SENTENCES[code] if has_own_sentence else name) in text
    for code in categories:
        assert words(f"category-{'any' if code == '*' else code}") in text
    assert require_terms(terms_for(requested, text)).statement == text


@pytest.mark.parametrize(
    ("language", "second_person"),
    [
        ("en", r"\byou|\byour"),
        ("de", r"\b(Sie|Ihnen|Ihre?[nmrs]?)\b"),
        ("es", r"\busted|\b\w+rle\b"),
    ],
)
def test_what_a_patient_signs_is_said_by_the_patient(language, second_person) -> None:
    requested = RequestedTerms("permit", "study:a", tuple(PURPOSES), ("condition",))
    assert re.findall(second_person, statement(requested, language)) == []


def test_the_same_terms_twice_have_different_commitments() -> None:
    first, second = (terms_for(PERMIT, "I allow it.") for _ in range(2))
    assert terms_hash(first) != terms_hash(second)


@pytest.mark.parametrize(
    "changed",
    [{"purposes": ()}, {"recipient": "*"}, {"decision": "perhaps"}, {"data_from": "2020-13-01"}],
)
def test_terms_that_nobody_could_sign_are_refused(changed) -> None:
    with pytest.raises(TermsInvalid):
        terms_for(replace(PERMIT, **changed), "I allow it.")


def test_a_code_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(UnknownCode):
        terms_for(replace(PERMIT, purposes=("SPYING",)), "I allow it.")


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ("lead in blood", "58 years", "27.4 kg/m²", "very good", "1.25 µg/dL", "128 mmHg")),
        ("de", ("Blei im Blut", "58 Jahre", "27,4 kg/m²", "sehr gut", "1,25 µg/dL", "128 mmHg")),
        (
            "es",
            ("plomo en la sangre", "58 años", "27,4 kg/m²", "muy buena", "1,25 µg/dL", "128 mmHg"),
        ),
    ],
)
def test_names_values_and_units_are_in_the_readers_language(
    language: str, texts: tuple[str, ...]
) -> None:
    words = Words(language)
    values = ((58.0, "a"), (27.4, "kg/m2"), ("very-good", ""), (1.25, "ug/dL"), (128.0, "mm[Hg]"))
    written = [format_value(words, value, unit) for value, unit in values]
    assert (format_name(words, "lead in blood"), *written) == texts
    assert format_name(words, "a name that nobody translated") == "a name that nobody translated"


def test_the_subject_of_a_request_is_in_the_readers_language() -> None:
    german = Words("de")
    assert format_condition(german, "diabetes") == "Diabetes"
    unnamed = format_condition(german, Words("en")("ask-condition"))
    assert unnamed == german("ask-condition")
    assert format_condition(german, "sleep in shifts") == "sleep in shifts"


def test_a_day_is_the_same_for_readers_in_every_time_zone() -> None:
    for zone in ("America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati"):
        words = Words("en", ZoneInfo(zone))
        assert format_day(words, "2027-03-03") == "3 March 2027"
        assert words.last_day(1804118399) == "3 March 2027"  # 23:59:59 UTC


def test_a_single_record_is_not_said_in_the_plural() -> None:
    assert "Only one individual record is meant." in statement(replace(PERMIT, records=("ab",)))
    assert "Only 2 individual records" in statement(replace(PERMIT, records=("ab", "cd")))
