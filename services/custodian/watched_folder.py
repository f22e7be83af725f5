"""Stores files that appear in a folder, and moves each away with its report beside it."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from consent import DAY_S, ConsentError
from records.errors import RecordsInvalid
from records.outcomes import EntryOutcome, Outcome, operation_outcome
from services.custodian.fhir_files import FhirFile
from services.custodian.fhir_uploads import to_ndjson
from services.custodian.intake import FhirIntake
from services.custodian.watched_tables import WatchedTables
from services.database import UNAVAILABLE_ERRORS
from services.jobs.progress import Progress
from services.logs import trace_of
from storage import StorageError

LOG: Final = logging.getLogger("vouchsafe.custodian")
FHIR_SUFFIXES: Final = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
TABLE_SUFFIXES: Final = (".csv", ".tsv", ".xlsx")
WORKING: Final = "working"
DONE: Final = "done"
REFUSED: Final = "refused"
REPORT: Final = ".report.ndjson"
TABLE_REPORT: Final = ".report.json"
SETTLED_S: Final = 10
"""A file that was not written to for so long is complete."""
LOOK_EVERY_S: Final = 10
LOCK: Final = "watched-folder.lock"
_DRAFT: Final = "report.part"
_MAX_NAME_BYTES: Final = 200
"""Of a file that is filed away; a file system allows 255 with number and ending."""
_OTHERS: Final = stat.S_IWOTH
_GROUP_AND_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


class FolderUnsafe(OSError):
    """A folder that other accounts could turn against the worker; nothing in it was touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folders:
    """Descriptors of the open folders.

    Files are reached through them and never through a path, so that nobody who may write to the
    watched folder can lead the worker to a file elsewhere by a link.
    """

    inbox: int
    working: int
    done: int
    refused: int


class WatchedFolder:
    """A folder where a hospital's system leaves FHIR files and tables.

    Give a file its name when it is complete (write it under another ending, then rename it); one
    that is written in place is taken once nobody wrote to it for ten seconds. A file is moved to
    ``working/``, to which only the worker may write, and read there. One that was stored is in
    ``done/``, one of which nothing could be stored in ``refused/``. Beside it are the outcomes of
    its entries as OperationOutcome NDJSON, or of a table a report as JSON.
    """

    def __init__(
        self,
        *,
        folder: Path,
        home: Path,
        intake: FhirIntake,
        tables: WatchedTables,
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._lock_path = home / LOCK
        self._intake = intake
        self._tables = tables
        self._clock = clock

    def take(self, progress: Progress = lambda *_: None) -> list[Path]:
        """Store the files that are complete, and return where each is now.

        After a crash the next call takes the same file again, which changes nothing that is stored.
        While record store, ledger or database are unavailable, files wait in ``working/``.

        Raises:
            FolderUnsafe: every account may write to the folder, or a folder in it is a link or
                belongs to another account.
            OSError: the folder cannot be read or written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock() as is_ours:
            if not is_ours:
                return []
            with ExitStack() as opened:
                folders = _open_folders(self._folder, opened)
                self._fetch(folders)
                files = _list_files(folders.working)
                names = [name for at_s, name in files if self._is_settled(at_s)]
                return [self._take(name, folders, progress) for name in names]

    def _is_settled(self, at_s: float) -> bool:
        age_s = self._clock() - at_s
        # Of a system whose clock is days ahead, a file would otherwise wait as long unseen.
        return age_s >= SETTLED_S or age_s <= -DAY_S

    def _fetch(self, folders: _Folders) -> None:
        """Move the files that nobody writes to any more to ``working/``.

        One whose name is there already waits: a system may give the next file the same name.
        """
        for at_s, name in _list_files(folders.inbox):
            if not self._is_settled(at_s) or _exists(name, folders.working):
                continue
            try:
                _move(name, folders.inbox, name, folders.working)
            except FileNotFoundError:  # its system took it back or renamed it
                LOG.warning("a watched file was gone before it was taken")

    def _take(self, name: str, folders: _Folders, progress: Progress) -> Path:
        take = self._take_table if _is_table(name) else self._take_fhir
        try:
            before = _written(name, folders.working)
            place, report = take(name, folders.working, progress)
            if _written(name, folders.working) != before:
                # Its system had it open: what it wrote last may not have been read.
                LOG.warning("a watched file was written while it was read; it is read again")
                return self._folder / WORKING / name
        except (StorageError, ConsentError, OSError, *UNAVAILABLE_ERRORS) as exc:
            LOG.warning("a watched file waits: %s", type(exc).__name__)
            return self._folder / WORKING / name
        except Exception as exc:  # noqa: BLE001 - one file must not hold up all others
            LOG.warning("a watched file was refused: %s", trace_of(exc))
            place, report = REFUSED, _unreadable("unexpected error; see the worker's log")
        return self._file_away(name, folders, place, report)

    def _take_table(self, name: str, working: int, progress: Progress) -> tuple[str, bytes]:
        with _open(name, working) as file:
            outcome = self._tables.store(file, progress)
        LOG.info("a watched table was taken: %s", outcome.refusal or "stored")
        return REFUSED if outcome.refusal else DONE, outcome.report

    def _take_fhir(self, name: str, working: int, progress: Progress) -> tuple[str, bytes]:
        file = FhirFile(_printable(name), partial(_open, name, working))
        try:
            report = self._intake.store([file], "", progress)
        except RecordsInvalid as exc:
            LOG.warning("a watched file was refused: %s", type(exc).__name__)
            return REFUSED, _unreadable(str(exc))
        outcomes = list(report.outcomes)
        LOG.info("a watched file was taken: %s", report.counts())
        return REFUSED if _is_refused(outcomes) else DONE, b"".join(to_ndjson(outcomes))

    def _file_away(self, name: str, folders: _Folders, place: str, report: bytes) -> Path:
        folder = folders.done if place == DONE else folders.refused
        target = next(each for each in _names(name) if not _exists(each, folder))
        _write_draft(report, folders.working)
        suffix = TABLE_REPORT if _is_table(name) else REPORT
        _move(_DRAFT, folders.working, target + suffix, folder)
        _move(name, folders.working, target, folder)
        return self._folder / place / target

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        """Yield whether no other worker takes files of this folder now."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        with os.fdopen(os.open(self._lock_path, flags, 0o600), "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


def _open_folders(folder: Path, opened: ExitStack) -> _Folders:
    """Open the watched folder and those in it, which are created if they are missing.

    Raises:
        FolderUnsafe: others could lead the worker elsewhere.
    """
    inbox = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    opened.callback(os.close, inbox)
    if os.fstat(inbox).st_mode & _OTHERS:
        raise FolderUnsafe(
            "the watched folder is not read: every account may write to it; "
            "allow only the account or group of the system that leaves files (chmod o-w)"
        )
    descriptors = {}
    for name in (WORKING, DONE, REFUSED):
        descriptors[name] = _open_own(name, inbox)
        opened.callback(os.close, descriptors[name])
    return _Folders(inbox=inbox, **descriptors)


def _open_own(name: str, inbox: int) -> int:
    """Open a folder of the worker's in the watched folder."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=inbox)
    problem = f"the watched folder is not read: {name} in it is a link or no folder; remove it"
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=inbox)
    except NotADirectoryError as exc:
        raise FolderUnsafe(problem) from exc
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or status.st_mode & _GROUP_AND_OTHERS:
        os.close(descriptor)
        raise FolderUnsafe(
            f"the watched folder is not read: other accounts may write to {name} in it; "
            "give it to the worker's account alone (chown, chmod go-w)"
        )
    return descriptor


def _list_files(folder: int) -> list[tuple[float, str]]:
    """Return when each file in a folder was last written, and its name, the oldest first."""
    files = []
    for name in os.listdir(folder):
        if name.lower().endswith((*FHIR_SUFFIXES, *TABLE_SUFFIXES)) and not name.startswith("."):
            with suppress(FileNotFoundError):  # renamed meanwhile
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    files.append((status.st_mtime, name))
    return sorted(files)


def _is_table(name: str) -> bool:
    return name.lower().endswith(TABLE_SUFFIXES)


def _open(name: str, folder: int) -> BinaryIO:
    return os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder), "rb")


def _written(name: str, folder: int) -> tuple[int, int]:
    """Return when a file was last written, and its size."""
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return status.st_mtime_ns, status.st_size


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _write_draft(report: bytes, working: int) -> None:
    with suppress(FileNotFoundError):  # of a call that was interrupted
        os.unlink(_DRAFT, dir_fd=working)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(_DRAFT, flags, 0o644, dir_fd=working), "wb") as file:
        file.write(report)
        file.flush()
        os.fsync(file.fileno())


def _move(name: str, folder: int, target: str, to: int) -> None:
    """Rename a file from one folder to the other; it survives a crash."""
    os.rename(name, target, src_dir_fd=folder, dst_dir_fd=to)
    os.fsync(to)
    os.fsync(folder)


def _is_refused(outcomes: Sequence[EntryOutcome]) -> bool:
    """Return whether nothing of what a file has to store was stored."""
    nothing = (Outcome.NOTE, Outcome.RESPONSE_ONLY)
    entries = [each for each in outcomes if each.outcome not in nothing]
    return bool(entries) and all(each.outcome is Outcome.REFUSED for each in entries)


def _names(name: str) -> Iterator[str]:
    """Yield names for a file that is filed away: its own, then with a number in front.

    A long name loses its beginning, so that there is room for the number and the report's ending.
    """
    name = os.fsdecode(os.fsencode(name)[-_MAX_NAME_BYTES:])
    yield name
    number = 2
    while True:
        yield f"{number}-{name}"
        number += 1


def _printable(name: str) -> str:
    """Return a file's name for reports; Linux allows bytes in it that are no text."""
    return os.fsencode(name).decode(errors="replace")


def _unreadable(problem: str) -> bytes:
    """Return the report of a file that cannot be read at all."""
    return orjson.dumps(operation_outcome("error", "structure", problem)) + b"\n"
