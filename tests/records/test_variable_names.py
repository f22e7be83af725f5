"""Every common variable that a draft of a mapping proposes has a name that people can read."""

from __future__ import annotations

import pytest

from records.variable_names import NAMES
from records.variables import AGE, SEX, find_variable
from services.requests.wording import slug
from services.words import LANGUAGES, Words

COLUMNS = ("crp", "glucose", "hba1c", "ldl", "creatinine", "tsh", "hgb", "wbc", "egfr", "spo2")


def test_a_variable_that_a_draft_proposes_has_a_name() -> None:
    codes = {AGE.code, SEX.code}
    for column in COLUMNS:
        variable = find_variable(column)
        assert variable is not None
        codes.add(variable.code)
    assert codes <= set(NAMES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_said_in_every_language(language: str) -> None:
    words = Words(language)
    assert [name for name in NAMES.values() if not words.has(f"measure-{slug(name)}")] == []
