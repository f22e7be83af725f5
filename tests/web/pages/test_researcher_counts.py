"""Counts that move in steps of eleven people say no 0 that may be any number up to 10."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest
from research import permit
from visitors import signed_in

pytestmark = pytest.mark.node
NOTE = "“Hidden” is a number of 10 or fewer"


def _cells(page: str, title: str) -> list[str]:
    """Return the counts of a study's row in the list of studies."""
    row = page.partition(f">{title}</a>")[2].partition("</tr>")[0]
    return [re.sub(r"<[^>]++>", "", cell) for cell in re.findall(r"<td[^>]*+>.*?</td>", row)]


def test_a_count_in_steps_is_hidden_until_it_is_eleven(hospital: Any) -> None:
    """ "Agreed when asked: 0" stood there while two people had agreed."""
    researcher = signed_in(hospital, "researcher")
    title = f"Study {secrets.token_hex(4)}"
    fields = {"title": title, "question": "small", "condition": "it", "protocol": "We look."}
    fields |= {"board": "Board, 12/34", "contact": "Dr R", "days": "365", "copy": "no"}
    ends = {"end-day": "1", "end-month": "3", "end-year": "2090"}
    path = researcher.post("/researcher/studies/new", **fields, **ends).location
    study = "study:" + path.rsplit("/", 1)[1]
    hospital.platform.requests.proposals.approve(study, "c")
    assert _cells(researcher.get("/researcher").text, title)[-3:] == ["0", "0", "0"]
    researcher.post(f"{path}/request", confirm="yes")
    people, agreed, _ = _cells(researcher.get("/researcher").text, title)[-3:]
    assert int(people.replace(",", "")) > 10
    assert agreed == "hidden"
    for first, last in ((0, 0), (0, 5), (5, 10)):
        permit(hospital, study, ("MLTRAINING",), hospital.subjects[first:last])
        page = researcher.get(f"{path}/cohort").text
        assert "People who permit it now, asked or not: hidden." in page
        assert "Of these, permit it: hidden." in page
        assert NOTE in page
    permit(hospital, study, ("MLTRAINING",), hospital.subjects[10:80])
    assert "People who permit it now, asked or not: 80." in researcher.get(f"{path}/cohort").text
