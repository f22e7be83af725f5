"""Files of a watched folder are stored once each, and moved away with their report; no nodes."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import orjson
import pytest
from memory_store import NOW_S, OBSERVATION, PATIENT, Custodian, bundle

from services.custodian.watched_folder import SETTLED_S, WatchedFolder
from storage import StoreUnavailable


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


@pytest.fixture
def watched(custodian: Custodian, tmp_path: Path) -> WatchedFolder:
    return WatchedFolder(
        folder=tmp_path / "inbox", intake=custodian.intake, clock=lambda: custodian.now_s
    )


def leave(folder: Path, name: str, body: bytes, age_s: float = 2 * SETTLED_S) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(body)
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return path


def outcomes(path: Path) -> list[str]:
    lines = path.with_name(path.name + ".report.ndjson").read_bytes().splitlines()
    issues = [orjson.loads(line)["issue"][0] for line in lines]
    return [issue["details"]["coding"][0]["code"] for issue in issues]


def test_a_complete_file_is_stored_and_moved_with_its_report(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    leave(inbox, "a.json", bundle(PATIENT, OBSERVATION))
    lines = b"\n".join(orjson.dumps(each) for each in (PATIENT, OBSERVATION))
    leave(inbox, "b.ndjson.gz", gzip.compress(lines), age_s=SETTLED_S)
    leave(inbox, "c.json", b"{", age_s=1)
    leave(inbox, "d.json.part", b"{")
    assert watched.take() == [inbox / "done" / "a.json", inbox / "done" / "b.ndjson.gz"]
    assert outcomes(inbox / "done" / "a.json") == ["stored", "stored"]
    assert outcomes(inbox / "done" / "b.ndjson.gz") == ["same", "same"]
    assert sorted(path.name for path in inbox.iterdir() if path.is_file()) == [
        ".vouchsafe.lock",
        "c.json",
        "d.json.part",
    ]
    assert len(custodian.stored("V-100")) == 2
    leave(inbox, "a.json", bundle(PATIENT, OBSERVATION))
    assert watched.take() == [inbox / "done" / "2-a.json"]


def test_a_file_of_which_nothing_can_be_stored_is_refused_with_the_reason(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path
) -> None:
    leave(tmp_path / "inbox", "broken.json", b'{"resourceType": "Bundle", "entry": [')
    [refused] = watched.take()
    assert refused == tmp_path / "inbox" / "refused" / "broken.json"
    report = refused.with_name(refused.name + ".report.ndjson").read_bytes()
    assert orjson.loads(report)["issue"][0]["severity"] == "error"
    assert custodian.stored() == []


def test_a_file_that_was_stored_before_a_crash_is_the_same_the_next_time(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leave(tmp_path / "inbox", "a.json", bundle(PATIENT, OBSERVATION))
    with monkeypatch.context() as killed:
        killed.setattr(WatchedFolder, "_file_away", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watched.take()
    assert path.exists()
    before = [(record.record_id, record.version) for record in custodian.stored()]
    [done] = watched.take()
    assert outcomes(done) == ["same", "same"]
    assert [(record.record_id, record.version) for record in custodian.stored()] == before


def test_files_wait_while_the_record_store_is_unavailable(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leave(tmp_path / "inbox", "a.json", bundle(PATIENT))

    def unavailable(*_: object) -> None:
        raise StoreUnavailable("the IPFS node is down")

    with monkeypatch.context() as down:
        down.setattr(custodian.intake, "store", unavailable)
        assert watched.take() == [path]
    assert watched.take() == [tmp_path / "inbox" / "done" / "a.json"]
