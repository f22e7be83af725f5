from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.errors import Invalid
from services.text_lengths import require_length
from services.words import LANGUAGES, Words

ROOT = Path(__file__).resolve().parents[2]
CUT_TEXT = re.compile(r"(?:strip\(\)|(?:args|form)\.get\([^()]*+\))\[:")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_is_too_long_is_an_error_with_both_numbers(language: str) -> None:
    words = Words(language)
    assert require_length(words, "reason", "x" * 20, 20) == "x" * 20
    with pytest.raises(Invalid) as refused:
        require_length(words, "reason", "x" * 21, 20)
    message = refused.value.fields["reason"][0]
    assert str(refused.value) == message
    assert "21" in message
    assert "20" in message


def test_no_text_that_somebody_sent_is_cut() -> None:
    cut = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for package in ("services", "web")
        for path in sorted((ROOT / package).rglob("*.py"))
        for match in CUT_TEXT.finditer(path.read_text(encoding="utf-8"))
    ]
    assert cut == []
