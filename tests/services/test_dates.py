"""Days begin and end in UTC."""

from __future__ import annotations

import datetime

from consent import DAY_S
from services.dates import end_of_day_s, iso_day


def test_the_last_second_of_a_day_is_still_that_day() -> None:
    end_s = end_of_day_s(datetime.date(2027, 3, 3))
    assert (iso_day(end_s), iso_day(end_s + 1)) == ("2027-03-03", "2027-03-04")
    assert iso_day(end_s - DAY_S + 1) == "2027-03-03"
