from __future__ import annotations

import pytest

from records import DeclarationInvalid
from records.strict_toml import Section


def section(text: str) -> Section:
    return Section.of_text(text, "a.toml")


def test_text_that_is_not_toml_is_named_with_its_line() -> None:
    with pytest.raises(DeclarationInvalid, match=r"a\.toml: not TOML.*line 2"):
        section("a = 1\nb = = 2\n")


@pytest.mark.parametrize(
    ("ask", "wrong"),
    [
        (lambda s: s.text("k"), "k = 1"),
        (lambda s: s.text("k"), 'k = ""'),
        (lambda s: s.number("k"), "k = true"),
        (lambda s: s.number("k"), "k = inf"),
        (lambda s: s.number("k"), "k = nan"),
        (lambda s: s.number("k"), 'k = "1"'),
        (lambda s: s.integer("k"), "k = 1.0"),
        (lambda s: s.integer("k"), "k = true"),
        (lambda s: s.boolean("k", True), "k = 1"),
        (lambda s: s.truth_or_text("k"), "k = 1"),
        (lambda s: s.truth_or_text("k"), 'k = ""'),
        (lambda s: s.texts("k"), "k = [1]"),
        (lambda s: s.texts("k"), 'k = ["a", "a"]'),
        (lambda s: s.numbers("k"), 'k = ["1"]'),
        (lambda s: s.words("k"), "k = 1"),
        (lambda s: s.words("k"), "k = { a = 1 }"),
        (lambda s: s.section("k"), "k = 1"),
        (lambda s: s.sections("k"), "k = []"),
        (lambda s: s.sections("k"), "k = [1]"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_file_and_key(ask, wrong) -> None:
    with pytest.raises(DeclarationInvalid, match=r"a\.toml:k: "):
        ask(section(wrong))


@pytest.mark.parametrize("method", ["text", "number", "integer", "truth_or_text", "texts"])
def test_a_key_without_default_must_be_there(method: str) -> None:
    with pytest.raises(DeclarationInvalid, match=r"a\.toml:k: is missing"):
        getattr(section(""), method)("k")


def test_what_is_there_comes_back_as_it_is() -> None:
    read = section(
        'a = "x"\nb = 2\nc = 3.5\nd = true\ne = ["p"]\nf = [1, 2]\ng = "y"\n'
        '[h]\nk = "v"\n[[i]]\nm = 1\n[[i]]\nm = 2\n'
    )
    assert (read.text("a"), read.integer("b"), read.number("c")) == ("x", 2, 3.5)
    assert (read.boolean("d", False), read.texts("e"), read.numbers("f")) == (True, ("p",), (1, 2))
    assert (read.truth_or_text("d"), read.truth_or_text("g")) == (True, "y")
    assert read.words("h") == {"k": "v"}
    assert read.section("h").text("k") == "v"
    assert [one.integer("m") for one in read.sections("i")] == [1, 2]
    read.close()


def test_silence_gives_the_default() -> None:
    read = section("")
    assert (read.text("a", "z"), read.integer("b", 1), read.number("c", 2)) == ("z", 1, 2)
    assert (read.boolean("d", True), read.texts("e", ()), read.numbers("f")) == (True, (), ())
    assert (read.words("g"), read.sections("h", required=False)) == ({}, [])
    assert read.find_number("i") is None


def test_a_misspelt_key_is_refused_and_the_known_ones_are_told() -> None:
    read = section("minimun = 1\nminimum = 0")
    read.number("minimum")
    with pytest.raises(
        DeclarationInvalid, match=r"a\.toml:minimun: is not known here; known: minim"
    ):
        read.close()
