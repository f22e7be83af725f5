"""A MEDS data set has the columns, order and files of the standard, and no person's dates."""

from __future__ import annotations

import datetime
import hashlib
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from records.meds import MIN_PEOPLE, SPLITS, MedsSet, write_meds
from storage import Arrival, Record

LAB = "http://loinc.org|2160-0"
DAY = datetime.date(2020, 3, 1)
MEDS = MedsSet(
    name="study:heart",
    question="creatinine 1",
    codes={LAB: "creatinine", "icd|E11*": "", "BIRTH": "birth"},
)


def pseudonym(subject: bytes) -> bytes:
    return hashlib.sha256(subject).digest()


def observation(code: str, value: float, at: str) -> bytes:
    system, _, name = code.rpartition("|")
    return json.dumps(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": system, "code": name}]},
            "effectiveDateTime": at,
            "valueQuantity": {"value": value, "comparator": "<", "unit": "mg/dL"},
        }
    ).encode()


def person(number: int) -> tuple[bytes, list[Record]]:
    """Return a subject with a birth date, two values of days apart, and a code of few people."""
    subject = bytes([number]) * 32
    birth = json.dumps({"resourceType": "Patient", "birthDate": "1960-05-17"}).encode()
    rare = f"x|rare-{number % 2}" if number < 4 else "x|unlisted"
    resources = (
        observation(LAB, 1.1, "2020-03-11T08:00:00Z"),
        observation(LAB, 0.9, "2020-03-01T08:00:00Z"),
        observation(rare, 3, "2020-03-01"),
        birth,
    )
    arrivals = tuple(Arrival(f"r{place}", 1, 1_700_000_000) for place in range(len(resources)))
    where = (subject, "laboratory", "organisation:x", "2020-03-11")
    record = Record(*where, {}, f"{number:032x}", 1, resources, arrivals)
    return subject, [record]


PEOPLE = dict(person(number) for number in range(60))


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return write_meds(MEDS, PEOPLE, pseudonym)


def table(files: dict[str, bytes], path: str) -> pa.Table:
    return pq.read_table(io.BytesIO(files[path]))


def data(files: dict[str, bytes]) -> list[dict[str, object]]:
    paths = [path for path in files if path.startswith("data/")]
    return [row for path in paths for row in table(files, path).to_pylist()]


def test_the_files_are_those_of_the_standard(files) -> None:
    assert set(files) == {
        "data/train/0.parquet",
        "data/tuning/0.parquet",
        "data/held_out/0.parquet",
        "metadata/dataset.json",
        "metadata/codes.parquet",
        "metadata/subject_splits.parquet",
    }
    assert json.loads(files["metadata/dataset.json"])["meds_version"] == "0.4.1"


def test_the_columns_have_the_types_of_the_standard(files) -> None:
    schema = table(files, "data/train/0.parquet").schema
    types = {
        "subject_id": pa.int64(),
        "time": pa.timestamp("us"),
        "code": pa.string(),
        "numeric_value": pa.float32(),
        "text_value": pa.large_string(),
    }
    assert {name: schema.field(name).type for name in types} == types
    assert not schema.field("subject_id").nullable
    assert not schema.field("code").nullable
    assert table(files, "metadata/codes.parquet").schema.names[:3] == [
        "code",
        "description",
        "parent_codes",
    ]


def test_each_person_is_in_one_split_together_and_in_the_order_of_time(files) -> None:
    seen: set[object] = set()
    splits = {
        row["subject_id"]: row["split"]
        for row in table(files, "metadata/subject_splits.parquet").to_pylist()
    }
    assert len(splits) == len(PEOPLE)
    assert set(splits.values()) == {"train", "tuning", "held_out"}
    for split in ("train", "tuning", "held_out"):
        rows = table(files, f"data/{split}/0.parquet").to_pylist()
        ids = [row["subject_id"] for row in rows]
        assert all(splits[each] == split for each in ids)
        for each in set(ids):
            places = [place for place, row in enumerate(rows) if row["subject_id"] == each]
            assert places == list(range(places[0], places[-1] + 1))
            times = [rows[place]["time"] for place in places]
            assert times == sorted(times)
        assert not seen & set(ids)
        seen |= set(ids)


def test_dates_are_moved_by_person_and_births_are_years(files) -> None:
    rows = data(files)
    by_person: dict[object, list[datetime.datetime]] = {}
    for row in rows:
        if row["code"] == LAB:
            by_person.setdefault(row["subject_id"], []).append(row["time"])  # type: ignore[arg-type]
    assert all((last - first).days == 10 for first, last in by_person.values())
    shifts = {(first.date() - DAY).days for first, _ in by_person.values()}
    assert len(shifts) > 20
    assert max(map(abs, shifts)) <= 182
    births = [row["time"] for row in rows if row["code"] == "MEDS_BIRTH"]
    assert {(birth.month, birth.day) for birth in births} == {(1, 1)}  # type: ignore[attr-defined]


def test_only_the_codes_of_the_set_leave_and_none_of_fewer_than_eleven_people(files) -> None:
    codes = {row["code"] for row in data(files)}
    assert codes == {LAB, "MEDS_BIRTH"}
    listed = table(files, "metadata/codes.parquet").to_pylist()
    assert {row["code"] for row in listed} == codes
    (lab,) = [row for row in listed if row["code"] == LAB]
    assert (lab["description"], lab["unit"], lab["people"]) == ("creatinine", "mg/dL", 60)


def test_values_keep_unit_bound_and_every_digit(files) -> None:
    row = next(row for row in data(files) if row["code"] == LAB)
    assert (row["unit"], row["bound"]) == ("mg/dL", "<")
    assert row["exact_value"] in (1.1, 0.9)
    assert row["numeric_value"] == pytest.approx(row["exact_value"], rel=1e-6)


def test_the_same_people_give_the_same_bytes(files) -> None:
    again = write_meds(MEDS, dict(reversed(PEOPLE.items())), pseudonym)
    assert again == files


@pytest.mark.parametrize("never", ["local|MRN", "local|M*"])
def test_a_direct_identifier_under_a_prefix_is_not_in_the_set(never) -> None:
    meds = MedsSet(name="", question="", codes={"local|*": "values"}, never=(never,))
    assert meds.description("local|MRN") is None
    assert meds.description("local|weight") == "values"


@pytest.mark.parametrize("sharing", [1, MIN_PEOPLE - 1, MIN_PEOPLE])
@pytest.mark.parametrize(
    "value",
    [
        {"valueCodeableConcept": {"text": "said by Rosamund"}},
        {"valueCodeableConcept": {"text": "said|by|Rosamund"}},
        {"valueCodeableConcept": {"coding": [{"system": "urn:x", "code": "Rosamund says"}]}},
        {"valueQuantity": {"value": 7, "unit": "as Rosamund said"}},
    ],
    ids=str,
)
def test_a_text_in_place_of_a_code_or_unit_leaves_only_if_enough_people_share_it(
    value: dict[str, object], sharing: int
) -> None:
    """A coded value of few people stays: it is a value, and no text."""
    coded = {"valueCodeableConcept": {"coding": [{"system": "urn:local", "code": "rare"}]}}
    people = {}
    for number in range(60):
        subject = bytes([number]) * 32
        own = value if number < sharing else coded if number == sharing else {}
        usual = json.loads(observation(LAB, 1.1, "2020-03-01T08:00:00Z"))
        if own:
            del usual["valueQuantity"]
        where = (subject, "laboratory", "organisation:x", "2020-03-11")
        lines = (json.dumps(usual | own).encode(),)
        arrivals = (Arrival("r", 1, 1_700_000_000),)
        people[subject] = [Record(*where, {}, f"{number:032x}", 1, lines, arrivals)]
    files = write_meds(MEDS, people, pseudonym)
    rows = [row for split in SPLITS for row in table(files, f"data/{split}/0.parquet").to_pylist()]
    assert len(rows) == 60  # the events stay
    text = json.dumps([*rows, *table(files, "metadata/codes.parquet").to_pylist()], default=str)
    assert text.count("Rosamund") == (sharing if sharing >= MIN_PEOPLE else 0)
    assert text.count("urn:local|rare") == 1
    has_number = "valueQuantity" in value and sharing >= MIN_PEOPLE
    assert sum(row["numeric_value"] == 7 for row in rows) == (sharing if has_number else 0)
