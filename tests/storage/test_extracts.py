from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from storage_install import Install, access_request, record_of
from township import Patient

from consent import Signed
from storage import Extractor, Record, RecordInvalid, StorageBroken
from storage.car_folder import CarFolder
from storage.database import writing
from storage.entry import Entry
from storage.envelope import MAX_CONTENT_BYTES
from storage.errors import NameMismatch
from storage.extracts import ExtractFolder, bind_group, find_extracts, seal_extracts
from storage.keys import SecretKey
from storage.reader import Reader
from storage.record import require_record

BATCH = "ab" * 16
NAME = "values-1"


def entry(**changed: object) -> Entry:
    fields = {
        "record_id": b"r" * 16,
        "version": 1,
        "subject": b"s" * 32,
        "category": "laboratory",
        "custodian": "organisation:here",
        "recorded_on": "2020-01-01",
        "cid": b"c" * 36,
        "size": 1,
        "offset": 0,
        "commitment": b"",
        "wrapped": b"w",
    }
    return Entry(**{**fields, **changed})


class Values:
    """An extractor of the values of a record, which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.extractor = Extractor(NAME, self.extract)

    def extract(self, record: Record) -> bytes:
        self.asked.append(record.record_id)
        return orjson.dumps(sorted(record.observations.items()))


def gather(install: Install, values: Values) -> list[Record]:
    return install.store.vault.gather(access_request(), extractor=values.extractor).records


def files(install: Install) -> list[Path]:
    return sorted((install.home / "extracts").glob("*/*"))


def deposited(install: Install, count: int = 3) -> tuple[Patient, Signed]:
    patient = install.patient()
    granted = install.grant(patient)
    install.store.deposits.deposit([record_of(patient.subject, n) for n in range(count)])
    return patient, granted


def test_extracts_open_with_their_keys_for_their_records_and_extractor_alone() -> None:
    patient = SecretKey(secrets.token_bytes(32))
    entries = [entry(), entry(record_id=b"q" * 16)]
    sealed = seal_extracts([b"events", b"more"], bind_group(entries, patient, NAME))

    def find(entries: Sequence[Entry], key: SecretKey = patient, name: str = NAME) -> list[bytes]:
        return find_extracts(sealed, bind_group(entries, key, name))

    assert find(entries) == [b"events", b"more"]
    assert find(entries, SecretKey(secrets.token_bytes(32))) == []
    assert find(entries, name="values-2") == []
    assert find(entries[::-1]) == find(entries[:1]) == find([*entries, entry(version=2)]) == []
    group = bind_group(entries, patient, NAME)
    assert find_extracts(sealed[:-1] + b"\0\0", group) == find_extracts(b"", group) == []
    for changed in (
        {"record_id": b"R" * 16},
        {"version": 2},
        {"subject": b"S" * 32},
        {"category": "condition"},
        {"custodian": "organisation:there"},
        {"recorded_on": "2020-01-02"},
        {"cid": b"C" * 36},
        {"wrapped": b"W"},
    ):
        assert find([entry(**changed), entries[1]]) == []


@pytest.mark.parametrize("deleted", [0, 1])
def test_extracts_do_not_open_once_the_wrapped_key_of_one_of_their_records_is_deleted(
    deleted: int,
) -> None:
    entries = [entry(), entry(record_id=b"q" * 16)]
    entries[deleted] = entries[deleted]._replace(wrapped=None)
    with pytest.raises(NameMismatch, match="was deleted; run verify"):
        bind_group(entries, SecretKey(b"k" * 32), NAME)


def test_the_name_of_a_group_says_nothing_of_its_key() -> None:
    # The name stays in the file; who has it and the patient's key lacks what was deleted.
    patient = SecretKey(b"k" * 32)
    before = bind_group([entry()], patient, NAME)
    after = bind_group([entry(wrapped=b"W")], patient, NAME)
    assert before.name == after.name
    assert before.key != after.key
    assert before.key.hex() not in repr(before)


def test_extracts_that_are_too_large_together_are_not_stored() -> None:
    group = bind_group([entry()], SecretKey(b"k" * 32), NAME)
    assert seal_extracts([bytes(MAX_CONTENT_BYTES - 4)], group)
    assert seal_extracts([bytes(MAX_CONTENT_BYTES - 3)], group) == b""


def test_a_file_is_read_back_and_replaces_those_of_other_versions(tmp_path: Path) -> None:
    folder = ExtractFolder(tmp_path)
    stored = {b"n" * 32: b"one", b"m" * 32: b"two"}
    folder.write({BATCH: stored}, NAME)
    assert folder.read(BATCH, NAME) == stored
    assert folder.read(BATCH, "values-2") == folder.read("cd" * 16, NAME) == {}
    folder.write({BATCH: stored}, "values-2")
    assert [path.name for path in (tmp_path / BATCH).iterdir()] == ["values-2"]
    folder.delete(BATCH)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["cut short", "zeros", "longer", "empty"])
def test_a_file_with_a_damaged_layout_is_as_if_it_did_not_exist(
    tmp_path: Path, damage: str
) -> None:
    folder = ExtractFolder(tmp_path)
    folder.write({BATCH: {b"n" * 32: b"one"}}, NAME)
    path = folder.path(BATCH, NAME)
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut short": content[:-1],
            "zeros": bytes(len(content)),
            "longer": content + b"\0",
            "empty": b"",
        }[damage]
    )
    assert folder.read(BATCH, NAME) == {}


def test_above_the_limit_the_oldest_files_are_deleted(tmp_path: Path) -> None:
    folder = ExtractFolder(tmp_path, max_bytes=270)
    for number in range(3):
        folder.write({f"{number:032x}": {b"n" * 32: bytes(80)}}, NAME)
        folder.trim()
    assert [path.parent.name[-1] for path in sorted(tmp_path.glob("*/*"))] == ["1", "2"]


def test_a_folder_that_cannot_be_written_keeps_nothing_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "extracts").write_text("a file where the folder should be")
    folder = ExtractFolder(tmp_path / "extracts")
    folder.write({BATCH: {b"n" * 32: b"one"}}, NAME)
    assert folder.read(BATCH, NAME) == {}


def test_what_was_extracted_is_never_deposited_as_a_record() -> None:
    with pytest.raises(RecordInvalid, match="extract"):
        require_record(replace(record_of(b"s" * 32), extract=b"events"))


@pytest.mark.node
def test_a_second_gathering_extracts_nothing_and_releases_the_same(install: Install) -> None:
    deposited(install)
    whole = install.gathered()
    first, second = Values(), Values()
    released = gather(install, first)
    assert gather(install, second) == released
    assert (len(first.asked), second.asked) == (3, [])
    for record, content in zip(released, whole, strict=True):
        assert (record.observations, record.resources) == ({}, ())
        assert record.extract == first.extract(content)
        assert replace(record, extract=b"", observations=content.observations) == content


@pytest.mark.node
def test_a_gathering_of_other_categories_or_people_finds_the_extracts_of_an_earlier_one(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.reader._GROUP_RECORDS", 2)
    anna, ben = install.patient(), install.patient()
    records = [
        record_of(patient.subject, number, category=category)
        for number in range(3)
        for patient in (anna, ben)
        for category in ("laboratory", "condition")
    ]
    for patient in (anna, ben):
        install.grant(patient)
    install.store.deposits.deposit(records)
    whole = gather(install, Values())
    assert len(whole) == 12
    for narrowed in ({"categories": ["condition"]}, {"subjects": [ben.subject]}):
        values = Values()
        request = access_request(**narrowed)
        part = install.store.vault.gather(request, extractor=values.extractor).records
        assert values.asked == []
        assert len(part) == 6
        assert part == [
            record
            for record in whole
            if record.category in narrowed.get("categories", [record.category])
            and record.subject in narrowed.get("subjects", [record.subject])
        ]


@pytest.mark.node
def test_extracts_are_read_after_the_permit_was_journalled_and_never_without_a_permit(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, granted = deposited(install)
    gather(install, Values())
    rows: list[int] = []
    reads = ExtractFolder.read

    def read(folder: ExtractFolder, batch: str, extractor: str) -> dict[bytes, bytes]:
        rows.append(install.store.journal.size())
        return reads(folder, batch, extractor)

    monkeypatch.setattr(ExtractFolder, "read", read)
    assert len(gather(install, Values())) == 3
    assert rows == [6]
    install.withdraw(patient, granted)
    assert gather(install, Values()) == []
    assert rows == [6]


@pytest.mark.node
def test_a_consent_withdrawn_while_extracts_are_read_releases_none_of_them(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, granted = deposited(install)
    gather(install, Values())
    reads = Reader.read

    def read(reader: Reader, entries: Sequence[Entry], *others: object) -> list[Record | None]:
        records = reads(reader, entries, *others)
        install.withdraw(patient, granted)
        return records

    monkeypatch.setattr(Reader, "read", read)
    assert gather(install, Values()) == []


@pytest.mark.node
def test_erasure_destroys_extracts_and_no_copy_of_their_file_opens(
    install: Install, tmp_path: Path
) -> None:
    patient, _ = deposited(install)
    stays, _ = deposited(install)
    gather(install, Values())
    copy = shutil.copytree(install.home / "extracts", tmp_path / "copy")
    install.store.erasure.shred(patient.subject, "a test")
    left = {path.parent.name for path in files(install)}
    assert len(left) == 1
    shutil.copytree(copy, install.home / "extracts", dirs_exist_ok=True)
    values = Values()
    assert {record.subject for record in gather(install, values)} == {stays.subject}
    assert values.asked == []


@pytest.mark.node
def test_re_keying_after_a_withdrawal_destroys_extracts(install: Install) -> None:
    patient, _ = deposited(install)
    gather(install, Values())
    install.store.erasure.rekey([patient.subject], "a test")
    assert files(install) == []
    values = Values()
    assert [record.version for record in gather(install, values)] == [2, 2, 2]
    assert len(values.asked) == 3


@pytest.mark.node
def test_a_damaged_extract_is_made_again(install: Install) -> None:
    deposited(install)
    released = gather(install, Values())
    [path] = files(install)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    values = Values()
    assert gather(install, values) == released
    assert len(values.asked) == 3  # all that were sealed together
    again = Values()
    assert gather(install, again) == released
    assert again.asked == []


@pytest.mark.node
def test_an_extract_is_of_no_use_to_who_files_its_record_under_another_category(
    install: Install,
) -> None:
    deposited(install)
    gather(install, Values())
    with writing(install.engine) as connection:
        connection.execute(sa.text("UPDATE storage_records SET category = category + 1"))
    with pytest.raises(StorageBroken):
        gather(install, Values())


@pytest.mark.node
def test_contents_are_in_memory_by_parts_and_the_result_is_the_same(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposited(install, 5)
    whole = gather(install, Values())
    shutil.rmtree(install.home / "extracts")
    sizes: list[int] = []
    reads = CarFolder.read

    def read(folder: CarFolder, name: str, entries: Sequence[Entry]) -> list[bytes]:
        sizes.append(len(entries))
        return reads(folder, name, entries)

    monkeypatch.setattr(CarFolder, "read", read)
    monkeypatch.setattr("storage.reader.CHUNK_RECORDS", 2)
    assert gather(install, Values()) == whole
    assert sizes == [2, 2, 1]
    values = Values()
    assert gather(install, values) == whole
    assert values.asked == []
