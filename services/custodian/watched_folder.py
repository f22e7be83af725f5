"""Stores FHIR files that appear in a folder, and moves each away with its report beside it."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from records.errors import RecordsInvalid
from records.outcomes import EntryOutcome, Outcome
from services.custodian.fhir_files import FhirFile
from services.custodian.fhir_uploads import to_ndjson
from services.custodian.intake import FhirIntake, Progress
from storage import StorageError, sync_folder

LOG: Final = logging.getLogger("vouchsafe.custodian")
SUFFIXES: Final = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
DONE: Final = "done"
REFUSED: Final = "refused"
REPORT: Final = ".report.ndjson"
SETTLED_S: Final = 10
"""A file that was not written to for so long is complete."""
LOOK_EVERY_S: Final = 10
_LOCK: Final = ".vouchsafe.lock"


class WatchedFolder:
    """A folder where a hospital's system leaves FHIR files.

    Give a file its name when it is complete (write it under another ending, then rename it); one
    that is written in place is taken once nobody wrote to it for ten seconds. A file that was
    stored is in ``done/``, one of which nothing could be stored in ``refused/``; its outcomes are
    beside it as OperationOutcome NDJSON.
    """

    def __init__(
        self, *, folder: Path, intake: FhirIntake, clock: Callable[[], float], sender: str = ""
    ) -> None:
        self._folder = folder
        self._intake = intake
        self._clock = clock
        self._sender = sender

    def take(self, progress: Progress = lambda *_: None) -> list[Path]:
        """Store the files that are complete, and return where each is now.

        After a crash the next call takes the same file again, which changes nothing that is stored.
        While record store or database are unavailable, files stay where they are.

        Raises:
            OSError: the folder cannot be read or written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock() as is_ours:
            return [self._take(path, progress) for path in self._complete()] if is_ours else []

    def _complete(self) -> Sequence[Path]:
        """Return the files that nobody writes to any more, the oldest first."""
        files = [
            (path.stat().st_mtime, path)
            for path in self._folder.iterdir()
            if path.name.endswith(SUFFIXES) and not path.name.startswith(".") and path.is_file()
        ]
        return [path for at_s, path in sorted(files) if self._clock() - at_s >= SETTLED_S]

    def _take(self, path: Path, progress: Progress) -> Path:
        file = FhirFile(path.name, partial(_open, path))
        try:
            report = self._intake.store([file], self._sender, progress)
        except RecordsInvalid as exc:
            LOG.warning("a watched file was refused: %s", type(exc).__name__)
            return self._file_away(path, REFUSED, _unreadable(str(exc)))
        except StorageError:
            LOG.warning("watched files wait: the record store is unavailable")
            return path
        outcomes = list(report.outcomes)
        place = REFUSED if _is_refused(outcomes) else DONE
        LOG.info("a watched file was taken: %s", report.counts())
        return self._file_away(path, place, to_ndjson(outcomes))

    def _file_away(self, path: Path, place: str, report: bytes) -> Path:
        folder = self._folder / place
        folder.mkdir(exist_ok=True)
        target = next(name for name in _names(folder, path.name) if not name.exists())
        beside = target.with_name(target.name + REPORT)
        draft = beside.with_name(beside.name + ".part")
        with draft.open("wb") as file:
            file.write(report)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(beside)
        path.rename(target)
        sync_folder(folder)
        sync_folder(self._folder)
        return target

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        """Yield whether no other worker takes files of this folder now."""
        with (self._folder / _LOCK).open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _is_refused(outcomes: Sequence[EntryOutcome]) -> bool:
    """Return whether nothing of a file was stored."""
    entries = [each for each in outcomes if each.outcome is not Outcome.NOTE]
    return bool(entries) and all(each.outcome is Outcome.REFUSED for each in entries)


def _names(folder: Path, name: str) -> Iterator[Path]:
    """Yield names for a file that is filed away: its own, then with a number in front."""
    yield folder / name
    number = 2
    while True:
        yield folder / f"{number}-{name}"
        number += 1


def _unreadable(problem: str) -> bytes:
    """Return the report of a file that cannot be read at all."""
    issue = {"severity": "error", "code": "structure", "diagnostics": problem}
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]}) + b"\n"
