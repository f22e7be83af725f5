"""A table that was checked can have its columns changed; a storing that failed says why."""

from __future__ import annotations

import re
from typing import Any

import pytest
from visitors import Visitor, described, signed_in

from services.custodian.records import CustodianRecords
from storage import StoreUnavailable

pytestmark = pytest.mark.node
TABLE = "pid,crp,smoker\n" + "".join(f"C{n},{n % 5},yes\n" for n in range(30))
FORM = {
    **{"what-0": "id", "what-1": "number", "code-1": "x|crp", "unit-1": "mg/L"},
    **{"category-1": "laboratory", "what-2": "ignore", "date": "2024-01-02"},
}


@pytest.fixture
def keeper(hospital: Any) -> Visitor:
    return signed_in(hospital, "custodian")


def _line(page: str) -> str:
    return re.sub(r"[\u2068\u2069]", "", " ".join(page.split()))


def test_the_columns_can_be_changed_after_the_check_and_show_what_was_chosen(
    hospital: Any, keeper: Visitor
) -> None:
    address = described(hospital, keeper, TABLE.encode(), "again.csv")
    form = FORM | {"name": "changed columns", "minimum-1": "3"}
    assert keeper.post(f"{address}/columns", **form).status_code == 303
    hospital.work("check-upload")
    page = keeper.get(address).text
    assert f'<a href="{address}/columns">Change the columns</a>' in page
    assert "12 are good, 18 are bad" in _line(page)
    page = keeper.get(f"{address}/columns").text
    for value in ("x|crp", "2024-01-02", "changed columns"):
        assert f'value="{value}"' in page
    form["minimum-1"] = "0"
    assert keeper.post(f"{address}/columns", **form).status_code == 303  # the name is its own
    hospital.work("check-upload")
    assert "30 are good, none is bad" in _line(keeper.get(address).text)
    keeper.post(f"{address}/columns", wish="read-again", skip="0", header_rows="1")
    hospital.work("check-upload")
    page = keeper.get(address).text
    assert "Say what its columns mean" in page
    assert "Columns of the table" not in page  # the summary of the check is no longer true
    assert 'value="x|crp"' not in keeper.get(f"{address}/columns").text


def test_a_storing_that_did_not_finish_says_why(
    hospital: Any, keeper: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = described(hospital, keeper, TABLE.encode(), "stored.csv")
    keeper.post(f"{path}/columns", **FORM, name="")
    hospital.work("check-upload")
    keeper.post(path, wish="store")

    def refuse(*_: object) -> None:
        raise StoreUnavailable("the IPFS node does not answer")

    with monkeypatch.context() as unavailable:
        unavailable.setattr(CustodianRecords, "deposit_rows", refuse)
        hospital.work("store-upload")
    page = _line(keeper.get(path).text)
    assert "Storing did not finish." in page
    assert "Reason: the IPFS node does not answer" in page
    listed = _line(keeper.get("/custodian/deposits/new").text)
    assert re.search(r"stored\.csv[^<]*+</a>: not finished<", listed)
    report = keeper.api("GET", f"/custodian/uploads/{path.rsplit('/', 1)[1]}").get_json()
    assert report["job"]["error"] == "the IPFS node does not answer"
    keeper.post(path, wish="store")
    hospital.work("store-upload")
    assert "Reason:" not in keeper.get(path).text


@pytest.mark.parametrize(("missing", "bad"), [("", 1), ("999", 0), ("n.d., 999", 0)])
def test_numbers_that_are_read_as_missing_are_shown_and_can_be_changed(
    hospital: Any, keeper: Visitor, missing: str, bad: int
) -> None:
    """A weight of 999 kg became a missing value, and no page said so."""
    rows = [f"C{n},{60 + n}" for n in range(29)] + ["C29,999"]
    table = "\n".join(["pid,weight", *rows]).encode()
    address = described(hospital, keeper, table, f"weights{bad}.csv")
    field = re.search(r'<input[^>]*name="missing-1"[^>]*>', keeper.get(f"{address}/columns").text)
    assert field is not None and 'value="999"' in field[0]
    form = {"what-0": "id", "what-1": "number", "code-1": "x|weight", "unit-1": "kg"}
    form |= {"category-1": "vital-signs", "date": "2024-01-02", "missing-1": missing}
    form |= {"minimum-1": "20", "maximum-1": "350"}
    assert keeper.post(f"{address}/columns", **form).status_code == 303
    hospital.work("check-upload")
    good = f"{30 - bad} are good, {'one is' if bad else 'none is'} bad"
    assert good in _line(keeper.get(address).text)


def test_codes_that_differ_in_capitals_alone_are_named_for_the_whole_table_before_it_is_stored(
    hospital: Any, keeper: Visitor
) -> None:
    body = b"pid,crp\nV-100,2\nv-100,3\nV-200,4\n"
    address = described(hospital, keeper, body, "capitals.csv")
    form = {key: FORM[key] for key in FORM if not key.endswith("-2")}
    assert keeper.post(f"{address}/columns", **form, name="capitals").status_code == 303
    hospital.work("check-upload")
    page = keeper.get(address).text
    assert "capitals, or kinds of dash or blank alone: 1" in page
    assert '<th scope="row" class="figure">Whole table</th>' in page
    assert "–" not in page.partition('id="notes"')[2].partition("</table>")[0]
