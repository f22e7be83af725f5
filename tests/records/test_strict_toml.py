from __future__ import annotations

import pytest

from records import DeclarationInvalid
from records.strict_toml import Section


def section(text: str) -> Section:
    return Section.of_text(text, "a.toml")


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
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
        (lambda s: s.boolean_or_text("k"), "k = 1"),
        (lambda s: s.boolean_or_text("k"), 'k = ""'),
        (lambda s: s.texts("k"), "k = [1]"),
        (lambda s: s.texts("k"), 'k = ["a", "a"]'),
        (lambda s: s.numbers("k"), 'k = ["1"]'),
        (lambda s: s.text_table("k"), "k = 1"),
        (lambda s: s.text_table("k"), "k = { a = 1 }"),
        (lambda s: s.section("k"), "k = 1"),
        (lambda s: s.sections("k"), "k = []"),
        (lambda s: s.sections("k"), "k = [1]"),
    ],
)
def test_a_value_of_another_type_is_refused_with_file_and_key(ask, wrong) -> None:
    with pytest.raises(DeclarationInvalid, match=r"a\.toml:k: "):
        ask(section(wrong))


@pytest.mark.parametrize("method", ["text", "number", "integer", "boolean_or_text", "texts"])
def test_a_key_without_a_default_is_required(method: str) -> None:
    with pytest.raises(DeclarationInvalid, match=r"a\.toml:k: missing; expected"):
        getattr(section(""), method)("k")


def test_present_values_are_returned_unchanged() -> None:
    read = section(
        'a = "x"\nb = 2\nc = 3.5\nd = true\ne = ["p"]\nf = [1, 2]\ng = "y"\n'
        '[h]\nk = "v"\n[[i]]\nm = 1\n[[i]]\nm = 2\n'
    )
    assert (read.text("a"), read.integer("b"), read.number("c")) == ("x", 2, 3.5)
    assert (read.boolean("d", False), read.texts("e"), read.numbers("f")) == (True, ("p",), (1, 2))
    assert (read.boolean_or_text("d"), read.boolean_or_text("g")) == (True, "y")
    assert read.text_table("h") == {"k": "v"}
    assert read.section("h").text("k") == "v"
    assert [section.integer("m") for section in read.sections("i")] == [1, 2]
    read.close()


def test_an_absent_key_gives_the_default() -> None:
    read = section("")
    assert (read.text("a", "z"), read.integer("b", 1), read.number("c", 2)) == ("z", 1, 2)
    assert (read.boolean("d", True), read.texts("e", ()), read.numbers("f")) == (True, (), ())
    assert (read.text_table("g"), read.sections("h", required=False)) == ({}, [])
    assert read.find_number("i") is None


def test_a_misspelt_key_is_refused_and_the_known_ones_are_listed() -> None:
    read = section("minimun = 1\nminimum = 0")
    read.number("minimum")
    with pytest.raises(DeclarationInvalid, match=r"a\.toml:minimun: unknown key; known: minim"):
        read.close()
