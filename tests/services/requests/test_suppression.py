"""Counts of the people whom a study asked reveal no small number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models import is_small
from services.requests.suppression import find_bound, suppress_counts


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_no_small_number_follows_from_what_is_shown_of_people_asked(yes, silent, no) -> None:
    people = yes + silent + no
    counts = suppress_counts(people, yes, {"no-answer": silent, "said-no": no})
    permitted = None if counts.at_least or is_small(yes) else yes
    if is_small(yes):
        assert not counts.reasons
    if permitted is not None:
        assert not is_small(people - permitted)
        assert sum(counts.reasons.values()) == people - permitted
        assert not any(is_small(count) for count in counts.reasons.values())
    if counts.at_least:
        assert counts.at_least <= yes


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_part_is_not_shown_where_it_leaves_a_small_number(whole, part) -> None:
    bound = find_bound(whole, part)
    if whole - part in range(1, 11):
        assert bound == max(0, whole - 10) <= part
    else:
        assert bound == 0
