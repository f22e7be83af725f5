from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import CATEGORIES, PURPOSES, TermsInvalid, UnknownCode, require_terms, terms_hash
from services.statement import RequestedTerms, statement_of, terms_for

ASKED = RequestedTerms("permit", "study:a", ("MLTRAINING",))


def test_a_permit_says_who_what_for_and_that_it_can_be_withdrawn() -> None:
    assert statement_of(ASKED) == (
        "I allow study:a to use my records for training of a computer model. "
        "I can withdraw this at any time, and no new use starts then."
    )


def test_a_deny_for_everybody_says_so() -> None:
    said = statement_of(RequestedTerms("deny", "*", ("HRESCH",)))
    assert said.startswith("I do not allow anybody to use my records for health research.")


def test_what_is_narrowed_is_said() -> None:
    asked = replace(
        ASKED,
        categories=("laboratory", "exam", "survey"),
        records=("ab" * 16, "cd" * 16),
        data_from="2020-01-01",
        data_to="2021-01-01",
    )
    said = statement_of(asked)
    assert "2 of my records of these kinds (" in said
    assert " and answers to questionnaires) from 2020-01-01 to 2021-01-01" in said


@given(
    st.sampled_from(("permit", "deny")),
    st.lists(st.sampled_from(sorted(PURPOSES)), min_size=1, unique=True),
    st.lists(st.sampled_from(sorted(CATEGORIES)), min_size=1, unique=True),
)
def test_every_code_that_is_signed_is_said_in_words(decision, purposes, categories) -> None:
    terms = terms_for(RequestedTerms(decision, "study:a", purposes, categories))
    assert require_terms(terms) == terms
    for code in purposes:
        assert PURPOSES[code].label in terms.statement
    for code in categories:
        assert CATEGORIES[code].label in terms.statement


def test_the_same_terms_twice_have_different_commitments() -> None:
    assert terms_hash(terms_for(ASKED)) != terms_hash(terms_for(ASKED))


@pytest.mark.parametrize(
    "changed",
    [{"purposes": ()}, {"recipient": "*"}, {"decision": "perhaps"}, {"data_from": "2020-13-01"}],
)
def test_what_nobody_could_sign_is_refused(changed) -> None:
    with pytest.raises(TermsInvalid):
        terms_for(replace(ASKED, **changed))


def test_a_word_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownCode):
        terms_for(replace(ASKED, purposes=("SPYING",)))
