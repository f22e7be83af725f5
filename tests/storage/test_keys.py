import copy
import hmac
import json
import pickle
import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from storage_install import shred_key

from storage.errors import SealBroken, SubjectErased, VaultSealed
from storage.keys import (
    Keys,
    SecretKey,
    purge_deleted,
    unwrap_record_key,
    wrap_record_key,
)
from storage.seal import derive_key
from storage.tables import METADATA

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "envelope" / "wrap").glob("*.json"))
ANNA, BERT = b"a" * 32, b"b" * 32
ROOT = SecretKey(bytes(range(32)))
KEY = bytes(range(32, 64))
TABLE = METADATA.tables["storage_patient_keys"]

secrets_ = st.binary(min_size=32, max_size=32)
record_ids = st.binary(min_size=16, max_size=16)
versions = st.integers(1, 2**32 - 1)


def unsealed(engine: sa.Engine) -> Keys:
    keys = Keys(engine)
    keys.unseal(ROOT)
    return keys


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_record_key_unwraps_exactly_when_its_vector_says_so(path: Path) -> None:
    case = json.loads(path.read_text())
    patient = SecretKey(bytes.fromhex(case["patient_key"]))
    arguments = (bytes.fromhex(case["wrapped"]), bytes.fromhex(case["record"]), case["version"])
    if case["expect"] == "opens":
        assert unwrap_record_key(patient, *arguments).hex() == case["record_key"]
    else:
        with pytest.raises(SealBroken):
            unwrap_record_key(patient, *arguments)


@given(secrets_, secrets_, record_ids, versions)
def test_a_wrapped_record_key_unwraps_to_itself(
    patient: bytes, key: bytes, record_id: bytes, version: int
) -> None:
    wrapped = wrap_record_key(SecretKey(patient), key, record_id, version)
    assert key not in wrapped
    assert unwrap_record_key(SecretKey(patient), wrapped, record_id, version) == key


@given(st.tuples(secrets_, record_ids, versions), st.tuples(secrets_, record_ids, versions))
def test_a_record_key_unwraps_for_nothing_else(
    bound: tuple[bytes, bytes, int], other: tuple[bytes, bytes, int]
) -> None:
    wrapped = wrap_record_key(SecretKey(bound[0]), KEY, *bound[1:])
    for index in range(3):
        mixed = [other[n] if n == index else bound[n] for n in range(3)]
        if mixed[index] != bound[index]:
            patient, record_id, version = mixed
            with pytest.raises(SealBroken):
                unwrap_record_key(SecretKey(patient), wrapped, record_id, version)  # type: ignore[arg-type]


def test_a_wrapped_key_with_any_bit_flipped_is_refused() -> None:
    wrapped = bytearray(wrap_record_key(ROOT, KEY, b"r" * 16, 1))
    for bit in range(8 * len(wrapped)):
        wrapped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            unwrap_record_key(ROOT, bytes(wrapped), b"r" * 16, 1)
        wrapped[bit // 8] ^= 1 << bit % 8


def test_a_patients_key_is_made_once_and_found_by_another_process(engine: sa.Engine) -> None:
    created = unsealed(engine).make_patient_keys([ANNA, BERT, ANNA])
    assert set(created) == {ANNA, BERT}
    assert created[ANNA].reveal() != created[BERT].reveal()
    again = unsealed(engine)
    assert again.make_patient_keys([BERT])[BERT].reveal() == created[BERT].reveal()
    assert again.patient_keys([ANNA])[ANNA].reveal() == created[ANNA].reveal()
    assert again.patient_keys([]) == {}
    assert again.make_patient_keys([]) == {}


def test_more_patients_than_fit_into_one_query_get_their_keys(sqlite_engine: sa.Engine) -> None:
    subjects = [number.to_bytes(32, "big") for number in range(1201)]
    keys = unsealed(sqlite_engine)
    created = keys.make_patient_keys(subjects)
    assert {s: key.reveal() for s, key in keys.patient_keys(subjects).items()} == {
        s: key.reveal() for s, key in created.items()
    }
    assert len({key.reveal() for key in created.values()}) == 1201


def test_a_key_that_another_process_made_meanwhile_is_used(
    sqlite_engine: sa.Engine,
) -> None:
    slow, quick = unsealed(sqlite_engine), unsealed(sqlite_engine)
    first: dict[bytes, SecretKey] = {}
    queries: list[str] = []

    def overtake(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            queries.append(statement)
            if len(queries) == 1:
                first.update(quick.make_patient_keys([ANNA]))

    # Between the query for existing keys and the insertion of new ones.
    sa.event.listen(sqlite_engine, "after_cursor_execute", overtake)
    created = slow.make_patient_keys([ANNA, BERT])
    assert created[ANNA].reveal() == first[ANNA].reveal()
    assert set(created) == {ANNA, BERT}


def test_sixteen_processes_at_once_make_one_key_for_each_patient(engine: sa.Engine) -> None:
    subjects = [bytes([number]) * 32 for number in range(12)]

    def make(turn: int) -> dict[bytes, bytes]:
        mine = random.Random(turn).sample(subjects, 8)  # noqa: S311
        created = unsealed(engine).make_patient_keys(mine)
        assert set(created) == set(mine)
        return {subject: key.reveal() for subject, key in created.items()}

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(make, range(48)))
    stored = {s: key.reveal() for s, key in unsealed(engine).patient_keys(subjects).items()}
    assert len(set(stored.values())) == len(subjects)
    for answer in answers:
        assert answer.items() <= stored.items()


def test_a_shredded_key_is_never_returned_again(engine: sa.Engine) -> None:
    keys = unsealed(engine)
    seen: set[bytes] = set()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            created = pool.map(lambda _: keys.make_patient_keys([ANNA])[ANNA].reveal(), range(4))
            both = set(created)
            assert len(both) == 1
            assert not both & seen
            seen |= both
            assert shred_key(keys._engine, ANNA)


def test_every_operation_is_refused_while_there_is_no_root_key(sqlite_engine: sa.Engine) -> None:
    keys = Keys(sqlite_engine)
    assert keys.is_sealed
    for act in (
        keys.root,
        lambda: keys.patient_keys([ANNA]),
        lambda: keys.make_patient_keys([ANNA]),
        lambda: keys.pseudonyms("label"),
        lambda: keys.seal_bytes("label", b"content"),
        lambda: keys.open_bytes("label", b"sealed"),
    ):
        with pytest.raises(VaultSealed):
            act()
    keys.unseal(ROOT)
    assert not keys.is_sealed
    assert keys.root().reveal() == ROOT.reveal()


def test_a_shredded_patient_has_no_key_and_a_new_key_opens_no_old_record(engine: sa.Engine) -> None:
    keys = unsealed(engine)
    old = keys.make_patient_keys([ANNA, BERT])
    wrapped = wrap_record_key(old[ANNA], KEY, b"r" * 16, 1)
    assert shred_key(keys._engine, ANNA)
    assert not shred_key(keys._engine, ANNA)
    assert set(keys.patient_keys([ANNA, BERT])) == {BERT}
    new = keys.make_patient_keys([ANNA])
    with pytest.raises(SealBroken):
        unwrap_record_key(new[ANNA], wrapped, b"r" * 16, 1)


def test_a_shredded_key_is_in_no_file_of_the_database(
    sqlite_engine: sa.Engine, tmp_path: Path
) -> None:
    keys = unsealed(sqlite_engine)
    keys.make_patient_keys([ANNA, BERT])
    with sqlite_engine.connect() as connection:
        rows = connection.execute(sa.select(TABLE.c.subject, TABLE.c.wrapped))
        wrapped = {subject: key for subject, key in rows}

    def is_on_disk(needle: bytes) -> bool:
        return any(needle in path.read_bytes() for path in tmp_path.iterdir())

    assert is_on_disk(wrapped[ANNA])
    shred_key(keys._engine, ANNA)
    assert not is_on_disk(wrapped[ANNA])
    assert is_on_disk(wrapped[BERT])


def test_a_shredded_key_stays_on_disk_while_an_older_state_is_being_read(
    sqlite_engine: sa.Engine, tmp_path: Path
) -> None:
    keys = unsealed(sqlite_engine)
    keys.make_patient_keys([ANNA])
    wrapped = (
        sqlite3.connect(tmp_path / "test.db")
        .execute(
            f"SELECT wrapped FROM {TABLE.name}"  # noqa: S608
        )
        .fetchone()[0]
    )

    def is_on_disk() -> bool:
        return any(wrapped in path.read_bytes() for path in tmp_path.iterdir())

    impatient = sa.create_engine(sqlite_engine.url, connect_args={"timeout": 0.1})
    with sqlite_engine.connect() as reader:
        reader.execute(sa.select(TABLE)).fetchone()
        with impatient.begin() as connection:
            assert keys.delete_patient(ANNA, connection)
        assert not purge_deleted(impatient)
        assert is_on_disk()
    assert purge_deleted(impatient)
    assert not is_on_disk()


def test_purging_reports_success_on_every_database(engine: sa.Engine) -> None:
    assert purge_deleted(engine)


@pytest.mark.parametrize(
    "change",
    [
        {"wrapped": b"short"},
        {"wrapped": bytes(60)},
        {"suite": 2},
    ],
    ids=["cut", "overwritten", "unknown suite"],
)
def test_an_altered_row_is_refused(sqlite_engine: sa.Engine, change: dict[str, object]) -> None:
    keys = unsealed(sqlite_engine)
    keys.make_patient_keys([ANNA])
    with sqlite_engine.begin() as connection:
        connection.execute(sa.update(TABLE).values(**change))
    with pytest.raises(SealBroken):
        keys.patient_keys([ANNA])


def test_swapped_patient_keys_are_refused(sqlite_engine: sa.Engine) -> None:
    keys = unsealed(sqlite_engine)
    keys.make_patient_keys([ANNA, BERT])
    with sqlite_engine.begin() as connection:
        of_bert = sa.select(TABLE.c.wrapped).where(TABLE.c.subject == BERT).scalar_subquery()
        swap = sa.update(TABLE).where(TABLE.c.subject == ANNA).values(wrapped=of_bert)
        connection.execute(swap)
    with pytest.raises(SealBroken):
        keys.patient_keys([ANNA])


def test_another_root_key_opens_no_patient_key(sqlite_engine: sa.Engine) -> None:
    unsealed(sqlite_engine).make_patient_keys([ANNA])
    other = Keys(sqlite_engine)
    other.unseal(SecretKey(bytes(32)))
    with pytest.raises(SealBroken):
        other.patient_keys([ANNA])


@given(st.text(max_size=20), st.text(max_size=20), st.binary(max_size=64), st.binary(max_size=64))
def test_a_pseudonym_depends_on_label_and_data(
    label: str, other_label: str, data: bytes, other_data: bytes
) -> None:
    keys = Keys(sa.create_engine("sqlite://"))
    keys.unseal(ROOT)
    pseudonym_of, other_of = keys.pseudonyms(label), keys.pseudonyms(other_label)
    pseudonym = pseudonym_of(data)
    assert len(pseudonym) == 32
    assert pseudonym == pseudonym_of(data) == keys.pseudonyms(label)(data)
    assert (pseudonym == pseudonym_of(other_data)) == (data == other_data)
    assert (pseudonym == other_of(data)) == (label == other_label)


@given(st.text(max_size=20), st.binary(max_size=64))
def test_a_pseudonym_is_hmac_sha256_under_a_derived_key(label: str, data: bytes) -> None:
    keys = Keys(sa.create_engine("sqlite://"))
    keys.unseal(ROOT)
    key = derive_key(ROOT.reveal(), b"vouchsafe/v1/pseudonym/" + label.encode())
    assert keys.pseudonyms(label)(data) == hmac.digest(key, data, "sha256")


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_sealed_bytes_open_only_with_the_same_label_and_subject_matter(
    content: bytes, about: bytes
) -> None:
    keys = Keys(sa.create_engine("sqlite://"))
    keys.unseal(ROOT)
    sealed = keys.seal_bytes("label", content, about)
    assert keys.open_bytes("label", sealed, about) == content
    for label, other in (("another", about), ("label", about + b"x")):
        with pytest.raises(SealBroken):
            keys.open_bytes(label, sealed, other)


def test_a_key_is_neither_shown_nor_serialised() -> None:
    secret = SecretKey(b"very secret key of 32 bytes !!!!")
    for displayed in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert "secret key of" not in displayed
    for write_down in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be serialised"):
            write_down(secret)


def test_an_erased_subject_never_gets_a_key_again(engine: sa.Engine) -> None:
    keys = unsealed(engine)
    keys.make_patient_keys([ANNA])
    for _ in range(2):  # an interrupted erasure is repeated
        with engine.begin() as connection:
            keys.delete_patient(ANNA, connection)
            keys.mark_erased(ANNA, connection)
    with pytest.raises(SubjectErased, match="was erased"):
        keys.make_patient_keys([ANNA, BERT])
    assert keys.patient_keys([ANNA, BERT]) == {}
    assert keys.find_erased([ANNA, BERT]) == {ANNA}
    assert set(keys.make_patient_keys([BERT])) == {BERT}
