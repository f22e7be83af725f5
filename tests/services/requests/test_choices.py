"""A choice never permits more than was requested or chosen, and every date of it is a date."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.requests import RequestDetails
from services.requests.choices import (
    COPY,
    PSEUDONYMISED_COPY,
    WHOLE_COPY,
    Choice,
    ChoiceInvalid,
    latest_end,
    restrict,
)

NOW_S = 1_800_000_000
PURPOSES = ("MLTRAINING", "TREATDS", "TREAT")
CATEGORIES = ("condition", "laboratory", "medication", "vital-signs")
days = st.sampled_from(("", "2020-01-01", "2022-06-30", "2024-12-31"))
ends = st.sampled_from(("2027-01-16", "2027-06-01", "2028-01-15", "2029-01-01"))


def some(codes):
    return st.lists(st.sampled_from(codes), unique=True).map(tuple)


requested_terms = st.builds(
    RequestDetails,
    st.just("study:a"),
    st.just("study"),
    some(PURPOSES),
    some(CATEGORIES),
    days,
    days,
    st.integers(1, 400),
    st.just("it"),
    st.booleans(),
    agreement=st.sampled_from(("", "Agreement 12")),
    whole_records=st.booleans(),
)
choices = st.builds(
    Choice,
    some(PURPOSES),
    some(CATEGORIES),
    days,
    days,
    ends,
    st.booleans(),
    st.just(()),
    st.booleans(),
    st.booleans(),
)


@given(requested_terms, choices)
def test_a_restricted_choice_permits_no_more_than_was_requested_or_chosen(details, choice) -> None:
    try:
        made = restrict(details, choice, NOW_S)
    except ChoiceInvalid as exc:
        assert exc.errors
        return
    terms = made.to_terms(details.party, {})
    copy = COPY
    if details.agreement:
        copy = WHOLE_COPY if details.whole_records else PSEUDONYMISED_COPY
    assert set(terms.purposes) - {copy} <= set(details.purposes) & set(choice.purposes)
    assert set(terms.categories) <= set(details.categories) & set(choice.categories)
    assert (copy in terms.purposes) <= (details.wants_copy and choice.may_copy)
    assert not ({COPY, PSEUDONYMISED_COPY, WHOLE_COPY} - {copy}) & set(terms.purposes)
    for bound in filter(None, (details.data_from, choice.data_from)):
        assert terms.data_from >= bound
    for bound in filter(None, (details.data_to, choice.data_to)):
        assert terms.data_to
        assert terms.data_to <= bound
    assert made.ends_on <= min(choice.ends_on, latest_end(details, NOW_S))


def test_a_permission_of_five_years_ends_with_its_study() -> None:
    query = ("study:a", "study", PURPOSES, CATEGORIES, "", "", 1_825, "it")
    assert latest_end(RequestDetails(*query, until_s=NOW_S + 86_400), NOW_S) == "2027-01-16"
    assert latest_end(RequestDetails(*query), NOW_S) == "2032-01-14"


@pytest.mark.parametrize("text", ["2027-13-01", "2027-W01-01", "20270101", "x", "2027-02-30"])
def test_an_invalid_date_is_reported_by_its_field(text) -> None:
    details = RequestDetails("study:a", "study", PURPOSES, CATEGORIES, "", "", 365, "it")
    choice = Choice(PURPOSES, CATEGORIES, text, "", text)
    with pytest.raises(ChoiceInvalid) as raised:
        restrict(details, choice, NOW_S)
    assert raised.value.errors == {"data_from": "error-day", "ends_on": "error-day"}


def test_errors_are_in_the_order_of_the_form() -> None:
    details = RequestDetails("study:a", "study", PURPOSES, CATEGORIES, "", "", 365, "it")
    for text in ("x", ""):  # each field is wrong; the days are out of order
        days = (text or "2027-02-02", text or "2027-02-01", text or "2020-01-01")
        with pytest.raises(ChoiceInvalid) as raised:
            restrict(details, Choice((), (), *days), NOW_S)
        fields = ["purposes", "categories", "data_from", "data_to", "ends_on"]
        assert list(raised.value.errors) == [name for name in fields if text or name != "data_to"]
