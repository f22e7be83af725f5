"""Files of a watched folder are stored once each, and moved away with their report; no nodes."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import orjson
import pytest
from memory_store import NOW_S, OBSERVATION, PATIENT, Custodian, bundle
from sqlalchemy.exc import OperationalError

from services.custodian import watched_folder
from services.custodian.watched_folder import LOCK, SETTLED_S, FolderUnsafe, WatchedFolder
from services.custodian.watched_tables import WatchedTables
from storage import StoreUnavailable


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


@pytest.fixture
def watched(custodian: Custodian, tmp_path: Path) -> WatchedFolder:
    return WatchedFolder(
        folder=tmp_path / "inbox",
        home=tmp_path,
        intake=custodian.intake,
        tables=WatchedTables(records=custodian.records, installation=custodian.installation),
        clock=lambda: custodian.now_s,
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


def test_a_file_of_answers_alone_is_done_and_not_refused(
    watched: WatchedFolder, tmp_path: Path
) -> None:
    answer: dict[str, Any] = {"response": {"status": "201"}}
    leave(tmp_path / "inbox", "answers.json", bundle(answer, kind="batch-response"))
    leave(tmp_path / "inbox", "both.json", bundle(answer, {}, kind="batch-response"))
    done, refused = watched.take()
    assert (done, outcomes(done)) == (tmp_path / "inbox/done/answers.json", ["response-only"])
    assert refused == tmp_path / "inbox" / "refused" / "both.json"


def test_a_file_that_was_stored_before_a_crash_is_the_same_the_next_time(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(tmp_path / "inbox", "a.json", bundle(PATIENT, OBSERVATION))
    with monkeypatch.context() as killed:
        killed.setattr(WatchedFolder, "_file_away", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watched.take()
    assert (tmp_path / "inbox" / "working" / "a.json").exists()
    before = [(record.record_id, record.version) for record in custodian.stored()]
    [done] = watched.take()
    assert outcomes(done) == ["same", "same"]
    assert [(record.record_id, record.version) for record in custodian.stored()] == before


def test_files_wait_while_the_record_store_is_unavailable(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(tmp_path / "inbox", "a.json", bundle(PATIENT))

    def unavailable(*_: object) -> None:
        raise StoreUnavailable("the IPFS node is down")

    with monkeypatch.context() as down:
        down.setattr(custodian.intake, "store", unavailable)
        assert watched.take() == [tmp_path / "inbox" / "working" / "a.json"]
    assert watched.take() == [tmp_path / "inbox" / "done" / "a.json"]


@pytest.mark.parametrize(
    "link", [".vouchsafe.lock", "refused/a.json.report.ndjson.part", "working/report.part"]
)
def test_no_link_in_the_folder_leads_the_worker_to_another_file(
    watched: WatchedFolder, tmp_path: Path, link: str
) -> None:
    inbox, key = tmp_path / "inbox", tmp_path / "root.key"
    key.write_bytes(b"a key")
    leave(inbox, "a.json", b"{")
    (inbox / link).parent.mkdir(exist_ok=True)
    (inbox / link).symlink_to(key)
    (inbox / "b.json").symlink_to(key)
    assert watched.take() == [inbox / "refused" / "a.json"]
    assert key.read_bytes() == b"a key"
    assert (inbox / "b.json").is_symlink()


def test_the_lock_is_in_the_home_of_the_install_and_is_not_followed(
    watched: WatchedFolder, tmp_path: Path
) -> None:
    key = tmp_path / "root.key"
    key.write_bytes(b"a key")
    (tmp_path / LOCK).symlink_to(key)
    with pytest.raises(OSError, match="symbolic links"):
        watched.take()
    assert key.read_bytes() == b"a key"


@pytest.mark.parametrize("name", ["working", "done", "refused"])
def test_a_folder_that_leads_elsewhere_or_that_others_may_write_to_is_not_read(
    watched: WatchedFolder, tmp_path: Path, name: str
) -> None:
    inbox, other = tmp_path / "inbox", tmp_path / "other"
    path = leave(inbox, "a.json", b"{")
    other.mkdir()
    (inbox / name).symlink_to(other)
    with pytest.raises(FolderUnsafe, match="a link"):
        watched.take()
    (inbox / name).unlink()
    inbox.chmod(0o777)
    with pytest.raises(FolderUnsafe, match="every account"):
        watched.take()
    inbox.chmod(0o755)
    (inbox / name).mkdir(exist_ok=True)
    (inbox / name).chmod(0o775)
    with pytest.raises(FolderUnsafe, match="other accounts"):
        watched.take()
    assert path.exists()
    assert list(other.iterdir()) == []


def test_a_file_of_the_same_name_that_arrives_meanwhile_is_read_too(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, store = tmp_path / "inbox", custodian.intake.store
    leave(inbox, "a.json", bundle(PATIENT))

    def replace_then_store(*arguments: Any) -> Any:
        leave(inbox, "a.json", bundle(PATIENT, OBSERVATION))
        return store(*arguments)

    with monkeypatch.context() as during:
        during.setattr(custodian.intake, "store", replace_then_store)
        assert watched.take() == [inbox / "done" / "a.json"]
    assert (inbox / "done" / "a.json").read_bytes() == bundle(PATIENT)
    assert watched.take() == [inbox / "done" / "2-a.json"]
    assert len(custodian.stored("V-100")) == 2


@pytest.mark.parametrize("name", [b"n" * 250 + b".json", b"caf\xe9.json", b"a\n\x1b[2J.json"])
def test_a_file_of_any_name_is_filed_away_with_its_report(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, name: bytes
) -> None:
    leave(tmp_path / "inbox", os.fsdecode(name), bundle(PATIENT, OBSERVATION), 3 * SETTLED_S)
    leave(tmp_path / "inbox", "next.json", bundle(PATIENT))
    done, following = watched.take()
    assert done.parent == following.parent == tmp_path / "inbox" / "done"
    assert os.fsencode(done.name)[-8:] == name[-8:]
    assert outcomes(done) == ["stored", "stored"]
    assert watched.take() == []


def test_a_file_that_fails_unexpectedly_holds_up_no_other(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(tmp_path / "inbox", "bad.json", bundle(PATIENT), age_s=3 * SETTLED_S)
    leave(tmp_path / "inbox", "good.json", bundle(PATIENT, OBSERVATION))
    store = type(custodian.intake).store

    def fail_for_bad(intake: Any, files: Any, *rest: Any) -> Any:
        return 1 / 0 if files[0].name == "bad.json" else store(intake, files, *rest)

    monkeypatch.setattr(type(custodian.intake), "store", fail_for_bad)
    bad, good = watched.take()
    assert bad == tmp_path / "inbox" / "refused" / "bad.json"
    report = bad.with_name(bad.name + ".report.ndjson").read_bytes()
    assert "unexpected error" in orjson.loads(report)["issue"][0]["diagnostics"]
    assert good.parent == tmp_path / "inbox" / "done"


def test_a_file_waits_while_the_database_is_unavailable(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(tmp_path / "inbox", "a.json", bundle(PATIENT))

    def unavailable(*_: Any) -> None:
        raise OperationalError("", {}, Exception())

    with monkeypatch.context() as away:
        away.setattr(type(custodian.intake), "store", unavailable)
        assert watched.take() == [tmp_path / "inbox" / "working" / "a.json"]
    assert watched.take() == [tmp_path / "inbox" / "done" / "a.json"]


def test_a_file_that_is_written_while_it_is_read_is_read_again(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, inbox = orjson.dumps(PATIENT) + b"\n", tmp_path / "inbox"
    leave(inbox, "slow.ndjson", line + line)
    working, store = inbox / "working" / "slow.ndjson", custodian.intake.store

    def store_and_append(*arguments: Any) -> Any:
        report = store(*arguments)
        with working.open("ab") as file:  # its system has it open, and goes on
            file.write(orjson.dumps(OBSERVATION) + b"\n")
        os.utime(working, (NOW_S, NOW_S))
        return report

    with monkeypatch.context() as still_written:
        still_written.setattr(custodian.intake, "store", store_and_append)
        assert watched.take() == [working]
    assert watched.take() == []  # nobody has stopped writing for long enough
    custodian.now_s += SETTLED_S
    assert watched.take() == [inbox / "done" / "slow.ndjson"]
    assert len(custodian.stored("V-100")) == 2


def test_a_file_that_vanishes_or_becomes_a_folder_holds_up_no_other(
    custodian: Custodian, watched: WatchedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = tmp_path / "inbox"
    for name in ("a.json", "b.json"):
        leave(inbox, name, bundle(PATIENT), age_s=3 * SETTLED_S)
    leave(inbox, "c.json", bundle(PATIENT, OBSERVATION))
    listed = watched_folder._list_files

    def list_and_swap(folder: int) -> list[tuple[float, str]]:
        files = listed(folder)
        if (inbox / "a.json").is_file():
            (inbox / "a.json").unlink()
            (inbox / "b.json").unlink()
            (inbox / "b.json").mkdir()
        return files

    monkeypatch.setattr(watched_folder, "_list_files", list_and_swap)
    assert watched.take() == [inbox / "done" / "c.json"]
    leave(inbox, "b.json", bundle(PATIENT))
    leave(inbox, "d.json", bundle(PATIENT))
    assert watched.take() == [inbox / "done" / "d.json"]


def test_a_file_of_a_system_whose_clock_is_days_ahead_is_taken(
    watched: WatchedFolder, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    leave(inbox, "ahead.json", bundle(PATIENT), age_s=-2 * 86_400)
    leave(inbox, "soon.json", bundle(PATIENT), age_s=-60)
    assert watched.take() == [inbox / "done" / "ahead.json"]
