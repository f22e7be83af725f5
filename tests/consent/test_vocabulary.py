from __future__ import annotations

import pytest
from policy import EXACTLY, KNOWN, is_under

from consent.errors import UnknownCode
from consent.vocabulary import (
    CATEGORIES,
    CATEGORY_CODES,
    COVERS,
    EXACT_ONLY,
    OBLIGATIONS,
    PURPOSES,
    RESEARCH,
    covers,
    is_known,
    require_code,
)


@pytest.mark.parametrize("granted", PURPOSES)
def test_every_pair_of_purposes_is_as_the_second_opinion_has_it(granted: str) -> None:
    for purpose in PURPOSES:
        assert covers(granted, purpose) == is_under(purpose, granted)


def test_the_second_opinion_knows_the_same_purposes() -> None:
    assert set(PURPOSES) == KNOWN
    assert EXACT_ONLY == EXACTLY


def test_what_matches_exactly_is_covered_by_nothing_else_and_covers_nothing_else() -> None:
    for exact in EXACT_ONLY:
        assert {granted for granted in PURPOSES if covers(granted, exact)} == {exact}
        assert COVERS[exact] == {exact}


def test_covering_is_reflexive_and_transitive() -> None:
    for purpose in PURPOSES:
        assert covers(purpose, purpose)
        for two in COVERS[purpose]:
            assert COVERS[two] <= COVERS[purpose]


def test_an_opt_out_from_research_forbids_training_and_every_copy() -> None:
    assert COVERS["HRESCH"] | {"MLTRAINING", "PSEUDRESCH", "RECRESCH"} == RESEARCH
    assert "TREATDS" not in RESEARCH


def test_an_unknown_code_covers_nothing_and_is_never_covered() -> None:
    assert not covers("CURIOSITY", "TREAT")
    assert not covers("TREAT", "CURIOSITY")
    assert not covers("*", "TREAT")
    assert not covers("CURIOSITY", "CURIOSITY")


@pytest.mark.parametrize("kind", ["purpose", "category", "obligation"])
def test_an_unknown_code_is_refused_with_a_list_of_known_ones(kind: str) -> None:
    with pytest.raises(UnknownCode, match="known: "):
        require_code(kind, "CURIOSITY")
    with pytest.raises(UnknownCode):
        require_code(kind, "*")
    assert not is_known(kind, "CURIOSITY")


def test_a_known_code_has_a_system_and_a_label() -> None:
    every = {"purpose": PURPOSES, "category": CATEGORIES, "obligation": OBLIGATIONS}
    for kind, words in every.items():
        for code, word in words.items():
            assert require_code(kind, code) is word
            assert word.code == code and word.system and word.label
            assert is_known(kind, code)


def test_the_wildcard_is_known_only_as_a_category() -> None:
    assert is_known("category", "*")
    assert not is_known("purpose", "*")
    assert not is_known("obligation", "*")


def test_codes_fit_the_bits_of_their_columns() -> None:
    assert max(len(PURPOSES), len(CATEGORY_CODES)) <= 63
    assert len(OBLIGATIONS) <= 32
