"""A pseudonymised copy has exact rows of exactly those who permit it, for one key alone."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest

from consent import HRESCH, MLTRAINING, PSEUDRESCH, RECRESCH
from models.cohort import exclusion_reasons, to_matrix
from models.earlier_copies import to_row_name
from models.errors import CohortTooSmall, ConsentsChanged
from models.persons import row_key
from models.pseudonymised import (
    RISK,
    PseudonymisedRequest,
    create_pseudonymised,
    direct_codes,
    meds_codes,
    permitted_parts,
    pseudonym_label,
)
from models.question_parts import DIRECT
from models.sealed_copy import make_key_pair, open_copy
from models.suppression import MIN_COUNT
from storage import SubjectRecords
from storage.record import Record

PRIVATE, PUBLIC = make_key_pair()
STUDY = "study:diabetes-risk"
REQUEST = PseudonymisedRequest(
    study=STUDY,
    release="r1",
    actor="researcher:r",
    title="Agreement 12",
    text="Keep it locked.",
    ends_on="2031-01-01",
    public_key=PUBLIC,
)


@pytest.fixture(scope="module")
def people(nhanes, nhanes_people) -> list[list[Record]]:
    """People of the example whose records make a row."""
    candidates = nhanes_people[:200]
    reasons = exclusion_reasons(nhanes, candidates, Counter())
    return [person for person, reason in zip(candidates, reasons, strict=True) if not reason][:30]


def read(content: bytes) -> tuple[dict[str, list[Any]], dict[str, Any], dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(open_copy(content, PRIVATE).content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    table = dict(pq.read_table(io.BytesIO(files["data.parquet"])).to_pydict())
    return table, json.loads(files["manifest.json"]), files


def test_the_rows_are_exact_and_named_by_the_studys_pseudonyms(store_of, nhanes, people) -> None:
    store = store_of(people)
    released = create_pseudonymised(store, nhanes, REQUEST)
    table, manifest, _ = read(released.content)
    pseudonym = store.pseudonyms(pseudonym_label(STUDY))
    by_name = {to_row_name(pseudonym(person[0].subject)): person for person in people}
    assert sorted(by_name) == table["name"] == sorted(released.parts)
    ids = {name: sorted(each.record_id for each in person) for name, person in by_name.items()}
    assert {name: list(parts) for name, parts in released.parts.items()} == ids
    matrix = to_matrix(nhanes, [by_name[name] for name in table["name"]])
    features = [feature for feature in nhanes.features if feature.disclosure != DIRECT]
    position = next(
        n for n, feature in enumerate(nhanes.features) if feature.code == features[0].code
    )
    column = list(table)[1]
    assert [float(value) for value in table[column]] == pytest.approx(
        matrix.values[:, position].tolist()
    )
    assert len(table) == len(features) + 2
    assert table["label"] == matrix.labels.tolist()
    assert manifest["level"] == "pseudonymised"


def test_the_manifest_says_agreement_end_and_risk_and_nothing_calls_it_anonymous(
    store_of, nhanes, people
) -> None:
    released = create_pseudonymised(store_of(people), nhanes, REQUEST)
    _, manifest, files = read(released.content)
    assert manifest["agreement"]["title"] == "Agreement 12"
    assert (manifest["ends_on"], manifest["risk"]) == ("2031-01-01", RISK)
    assert manifest["view"]["head"] == released.view.head.hex()
    assert files["agreement.txt"] == b"Agreement 12\n\nKeep it locked.\n"
    texts = released.content[: released.content.index(b"}")] + b"".join(
        content for name, content in files.items() if name != "data.parquet"
    )
    assert b"anonym" not in texts.replace(b"pseudonym", b"").lower()


def test_the_events_behind_the_rows_are_a_meds_data_set_of_the_same_people(
    store_of, nhanes, people
) -> None:
    released = create_pseudonymised(store_of(people), nhanes, REQUEST)
    table, manifest, files = read(released.content)
    splits = pq.read_table(io.BytesIO(files["meds/metadata/subject_splits.parquet"])).to_pydict()
    assert sorted(splits["subject_id"]) == sorted(int(n[:16], 16) >> 1 for n in table["name"])
    assert set(manifest["sha256"]) == set(files) - {"manifest.json"}
    codes = pq.read_table(io.BytesIO(files["meds/metadata/codes.parquet"])).to_pydict()
    assert set(codes["code"]) <= set(meds_codes(nhanes))
    assert min(codes["people"]) >= MIN_COUNT
    events = pq.read_table(io.BytesIO(files["meds/data/train/0.parquet"])).to_pydict()
    assert set(events["code"]) <= set(codes["code"])


def test_whole_records_leave_as_fhir_with_the_names_of_the_rows_only_where_they_were_asked_for(
    store_of, nhanes, people
) -> None:
    store = store_of(people)
    store.vault.ledger.withdraw(people[0][0].subject, RECRESCH)
    assert len(create_pseudonymised(store, nhanes, REQUEST).parts) == len(people)
    whole = create_pseudonymised(store, nhanes, replace(REQUEST, whole_records=True))
    assert store.vault.journal[-1].purpose == RECRESCH
    table, manifest, files = read(whole.content)
    patients = [json.loads(line) for line in files["fhir/Patient.ndjson"].splitlines()]
    assert [each["id"] for each in patients] == table["name"] == sorted(whole.parts)
    assert len(table["name"]) == len(people) - 1
    observations = files["fhir/Observation.ndjson"].splitlines()
    assert manifest["fhir"]["resources"] == {
        "Observation": len(observations),
        "Patient": len(patients),
    }
    subjects = {json.loads(line)["subject"]["reference"] for line in observations}
    assert subjects <= {f"Patient/{name}" for name in table["name"]}
    assert manifest["fhir"]["removed"]["identifiers"] == len(observations)
    assert set(manifest["sha256"]) == set(files) - {"manifest.json"}


def test_a_copy_without_whole_records_has_none(store_of, nhanes, people) -> None:
    _, manifest, files = read(create_pseudonymised(store_of(people), nhanes, REQUEST).content)
    assert "fhir" not in manifest
    assert not [name for name in files if name.startswith("fhir/")]


def test_direct_identifiers_are_no_codes_of_the_events(nhanes) -> None:
    first = replace(nhanes.features[0], disclosure=DIRECT)
    hidden = replace(nhanes, features=(first, *nhanes.features[1:]))
    assert set(meds_codes(nhanes)) - set(meds_codes(hidden)) == set(first.codes)
    assert set(direct_codes(hidden)) == set(first.codes)


def test_direct_identifiers_are_not_in_whole_records(store_of, nhanes, people) -> None:
    coded = [feature for feature in nhanes.features if feature.code.startswith("http://loinc.org|")]
    hidden = replace(
        nhanes,
        features=tuple(
            replace(each, disclosure=DIRECT) if each is coded[0] else each
            for each in nhanes.features
        ),
    )
    name = f'"code":"{coded[0].code.rpartition("|")[2]}"'.encode()
    for question, is_there in ((nhanes, True), (hidden, False)):
        request = replace(REQUEST, whole_records=True)
        _, _, files = read(create_pseudonymised(store_of(people), question, request).content)
        assert (name in files["fhir/Observation.ndjson"]) == is_there


def test_the_pseudonyms_of_a_study_stay_and_those_of_two_studies_differ(
    store_of, nhanes, people
) -> None:
    store = store_of(people)
    names = [set(create_pseudonymised(store, nhanes, REQUEST).parts) for _ in range(2)]
    label = pseudonym_label("study:other")
    others = {to_row_name(store.pseudonyms(label)(person[0].subject)) for person in people}
    assert names[0] == names[1]
    assert not names[0] & others


@pytest.mark.parametrize("missing", [PSEUDRESCH, "a refusal", "an opt-out"])
def test_people_who_do_not_permit_this_purpose_are_left_out(
    store_of, nhanes, people, missing
) -> None:
    store, left = store_of(people), people[0][0].subject
    if missing == PSEUDRESCH:
        store.vault.ledger.withdraw(left, PSEUDRESCH)
    elif missing == "a refusal":
        store.vault.ledger.refused.add(left)
    else:
        store.vault.ledger.opted_out.add(left)
    released = create_pseudonymised(store, nhanes, REQUEST)
    name = to_row_name(store.pseudonyms(pseudonym_label(STUDY))(left))
    assert len(released.parts) == len(people) - 1
    assert name not in released.parts


def test_the_copy_is_journalled_for_its_own_purpose_with_the_researcher(
    store_of, nhanes, people
) -> None:
    store = store_of(people)
    for person in people:  # what permits training or an anonymised copy plays no part
        store.vault.ledger.withdraw(person[0].subject, HRESCH)
        store.vault.ledger.withdraw(person[0].subject, MLTRAINING)
    create_pseudonymised(store, nhanes, REQUEST)
    (request,) = store.vault.journal
    assert (request.party, request.purpose) == (STUDY, PSEUDRESCH)
    assert (request.actor, request.why) == ("researcher:r", "pseudonymised copy r1")


def test_fewer_than_eleven_people_make_no_copy(store_of, nhanes, people) -> None:
    with pytest.raises(CohortTooSmall, match="fewer than 11"):
        create_pseudonymised(store_of(people[: MIN_COUNT - 1]), nhanes, REQUEST)


def test_a_withdrawal_while_the_copy_is_made_stops_it(
    store_of, nhanes, people, monkeypatch
) -> None:
    store = store_of(people)
    gather = store.vault.gather

    def gather_then_withdraw(request: Any) -> Any:
        result = gather(request)
        store.vault.ledger.withdraw(people[0][0].subject, PSEUDRESCH)
        return result

    monkeypatch.setattr(store.vault, "gather", gather_then_withdraw)
    with pytest.raises(ConsentsChanged):
        create_pseudonymised(store, nhanes, REQUEST)


def test_a_row_of_linked_subjects_may_stay_only_while_each_permits_what_it_gave(store_of) -> None:
    store, first, second = store_of([]), b"a" * 32, b"b" * 32
    store.linked = {first: first, second: first}
    both = {
        first: SubjectRecords({"a1": "condition"}),
        second: SubjectRecords({"b1": "condition", "b2": "laboratory"}),
    }
    used = ("condition", "laboratory")
    key, left = row_key(both), {"a1", "b2"}
    assert left <= permitted_parts(store, both, used)[key]
    narrowed = both | {second: SubjectRecords({"b1": "condition"}, {"b2": "laboratory"})}
    assert not left <= permitted_parts(store, narrowed, used)[key]
    assert key not in permitted_parts(store, {first: both[first]}, used)
    store.linked = {}
    assert key not in permitted_parts(store, both, used)


def test_parts_of_older_copies_may_stay_only_while_no_record_of_the_category_is_refused(
    store_of,
) -> None:
    store, person = store_of([]), b"a" * 32
    whole = {person: SubjectRecords({"a1": "condition", "a2": "laboratory"})}
    older = {"0/condition", "0/laboratory"}
    assert older <= permitted_parts(store, whole, ["condition"])[person]
    narrowed = {person: SubjectRecords(whole[person].permitted, {"a3": "laboratory"})}
    parts = permitted_parts(store, narrowed, ["condition"])[person]
    assert parts & older == {"0/condition"}
