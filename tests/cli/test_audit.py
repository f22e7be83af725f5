"""An operator accepts lost journal rows with --yes, and restored copies with --confirm."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from rig import running

from cli import make_cli
from cli.output import Output
from consent import RestoreResult
from services.jobs.progress import Progress as ReportProgress
from storage import AccessOutcome, Use

pytestmark = pytest.mark.node


def run(platform: Any, *options: str, command: str = "accept-loss") -> tuple[int, dict[str, Any]]:
    @contextmanager
    def opener(settings: None = None, tell: Any = None) -> Any:
        yield platform

    done = CliRunner().invoke(make_cli(opener), [command, "--json", *options])
    return done.exit_code, orjson.loads(done.stdout)


def test_lost_rows_are_accepted_only_with_yes(tmp_path: Path) -> None:
    with running(tmp_path / "home") as platform:
        lose_rows_and_accept(platform)


def lose_rows_and_accept(platform: Any) -> None:
    journal, ledger = platform.store.journal, platform.ledger
    assert run(platform) == (0, {"gone": 0, "done": False})
    use = Use(1, "organisation:x", "", "TREAT", "a test", ledger.view())
    row = AccessOutcome(b"s" * 32, b"r" * 16, 1, "no-consent", b"\0" * 32)
    last = journal.write(use, [row, row, row, row])
    journal.anchor()
    rows, head = (
        sa.table(name, sa.column("seq"), sa.column("hash"))
        for name in ("storage_journal", "storage_journal_head")
    )
    newest = next(journal.rows(last - 3, last - 3))
    with platform.engine.begin() as connection:
        connection.execute(sa.delete(rows).where(rows.c.seq > last - 3))
        connection.execute(sa.update(head).values(seq=last - 3, hash=newest.hash))
    assert run(platform) == (1, {"gone": 3, "done": False})
    code, result = run(platform, "--yes")
    assert (code, result["gone"], result["row"]) == (0, 3, last + 1)
    assert run(platform) == (0, {"gone": 0, "done": False})


class RestoredOperator:
    """The operator of an installation whose copy is older than its mark."""

    def __init__(self) -> None:
        self.fault: str | None = "the ledger has 3 changes, and had 5 before"
        self.evidence: list[Any] = []

    def find_restore(self) -> str | None:
        return self.fault

    def confirm_restore(self, evidence: Any) -> RestoreResult:
        self.evidence = list(evidence or ())
        self.fault = None
        return RestoreResult(suspended=2, revocations=len(self.evidence))


def test_a_restored_copy_is_accepted_only_with_confirm(tmp_path: Path) -> None:
    operator = RestoredOperator()
    platform = SimpleNamespace(operator=operator)
    assert run(platform, command="restore") == (1, {"restored": True, "done": False})
    bundle = tmp_path / "evidence.ndjson"
    bundle.write_text('{"kind": "operation"}\n')
    facts = {"restored": True, "done": True, "suspended": 2, "revocations": 1}
    options = ("--confirm", "--evidence", str(bundle))
    assert run(platform, *options, command="restore") == (0, facts)
    assert operator.evidence == [{"kind": "operation"}]
    assert run(platform, command="restore") == (0, {"restored": False, "done": False})


class ExportingAuditor:
    """An auditor whose evidence is one line; his store has two documents, and then a third."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def evidence(self) -> list[dict[str, str]]:
        self.steps.append("evidence")
        return [{"kind": "deployment"}]

    def copy_blocks(self, folder: Path, progress: Any, *, only_missing: bool = False) -> int:
        self.steps.append("copy what is missing" if only_missing else "copy")
        progress("copying documents", 1, 1)
        folder.mkdir(exist_ok=True)
        return 1 if only_missing else 2


def test_sealed_documents_are_copied_beside_the_evidence_on_request(tmp_path: Path) -> None:
    platform = SimpleNamespace(auditor=ExportingAuditor())
    folder = tmp_path / "out"
    assert run(platform, str(folder), command="export") == (0, {"lines": 1})
    assert not (folder / "blocks").exists()
    platform.auditor.steps.clear()
    facts = {"lines": 1, "blocks": 3}
    assert run(platform, str(folder), "--blocks", command="export") == (0, facts)
    # What a withdrawal deletes meanwhile is copied before, and what arrives meanwhile afterwards.
    assert platform.auditor.steps == ["copy", "evidence", "copy what is missing"]
    assert (folder / "blocks").is_dir()


class InterruptedAuditor(ExportingAuditor):
    """An auditor whose evidence ends early, as where the disk is full."""

    def evidence(self) -> Iterator[dict[str, str]]:  # type: ignore[override]
        yield from super().evidence()
        raise OSError(errno.ENOSPC, "No space left on device")


def test_an_export_that_fails_leaves_the_earlier_evidence_whole_and_says_what_to_do(
    tmp_path: Path,
) -> None:
    @contextmanager
    def opener(settings: None = None, tell: Any = None) -> Any:
        yield SimpleNamespace(auditor=InterruptedAuditor())

    for earlier in ("", "the evidence of yesterday\n"):
        if earlier:
            (tmp_path / "evidence.ndjson").write_text(earlier)
        done = CliRunner().invoke(make_cli(opener), ["export", str(tmp_path)])
        assert done.exit_code == 1
        assert done.stderr.endswith("No space left on device; free some space, then try again\n")
        contents = [file.read_text() for file in tmp_path.iterdir()]
        assert contents == ([earlier] if earlier else [])


class LongAuditor(ExportingAuditor):
    """An auditor with more lines than one report of progress."""

    def evidence(self) -> list[dict[str, str]]:
        return super().evidence() * 5_001


def test_a_long_export_shows_how_many_lines_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[tuple[str, int, int]] = []

    @contextmanager
    def progress(_: Output) -> Iterator[ReportProgress]:
        yield lambda *fields: reports.append(fields)

    monkeypatch.setattr(Output, "progress", progress)
    platform = SimpleNamespace(auditor=LongAuditor())
    assert run(platform, str(tmp_path), command="export") == (0, {"lines": 5_001})
    assert reports == [("writing lines", 5_000, 0), ("writing lines", 5_001, 5_001)]
