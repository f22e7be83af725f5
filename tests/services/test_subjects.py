from __future__ import annotations

import pytest

from services.errors import NotFound
from services.subjects import parse_subject


def test_a_subject_is_64_lower_case_hexadecimal_digits() -> None:
    assert parse_subject("ab" * 32) == b"\xab" * 32


@pytest.mark.parametrize("text", ["", "x", "ab" * 31, "AB" * 32, "ab " * 21 + "a", "ab" * 33])
def test_any_other_text_names_no_subject(text: str) -> None:
    with pytest.raises(NotFound):
        parse_subject(text)
