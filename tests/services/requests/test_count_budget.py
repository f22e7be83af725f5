"""How many different counts an organisation can take in a quarter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from services.dates import next_quarter, quarter_of
from services.requests.count_budget import MAX_COUNTS, CountBudget, CountsUsedUp
from services.tables import METADATA

DAY_S = 86_400


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def budget(tmp_path, now) -> CountBudget:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'counts.db'}", connect_args={"timeout": 30})
    METADATA.create_all(engine, tables=[METADATA.tables["web_counts"]])
    return CountBudget(engine, lambda: now[0])


def test_each_organisation_has_a_budget_that_begins_again_with_the_quarter(budget, now) -> None:
    for number in range(MAX_COUNTS):
        budget.spend("organisation:a", str(number))
    with pytest.raises(CountsUsedUp, match="used its 100 counts of this quarter"):
        budget.spend("organisation:a", "another")
    with pytest.raises(CountsUsedUp):
        budget.require("organisation:a")
    budget.spend("organisation:b", "another")
    assert budget.remaining("organisation:b").left == MAX_COUNTS - 1
    now[0] = 90 * DAY_S
    budget.spend("organisation:a", "another")
    assert budget.remaining("organisation:a").left == MAX_COUNTS - 1


def test_the_same_count_again_is_free_also_when_none_is_left(budget) -> None:
    for _ in range(2):
        for number in range(MAX_COUNTS):
            budget.spend("organisation:a", str(number))
    assert budget.remaining("organisation:a").left == 0


def test_counts_of_many_at_once_never_exceed_the_budget(budget) -> None:
    def spend(number: int) -> bool:
        try:
            budget.spend("organisation:a", str(number))
        except CountsUsedUp:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        spent = list(pool.map(spend, range(MAX_COUNTS + 20)))
    assert sum(spent) == MAX_COUNTS
    assert budget.remaining("organisation:a").left == 0


@pytest.mark.parametrize(
    ("day", "quarter", "following"),
    [
        (0, "1970-Q1", "1970-04-01"),
        (89, "1970-Q1", "1970-04-01"),
        (90, "1970-Q2", "1970-07-01"),
        (272, "1970-Q3", "1970-10-01"),
        (364, "1970-Q4", "1971-01-01"),
        (365, "1971-Q1", "1971-04-01"),
    ],
)
def test_a_quarter_begins_with_january_april_july_and_october(day, quarter, following) -> None:
    assert quarter_of(day * DAY_S) == quarter
    assert next_quarter(day * DAY_S).isoformat() == following
