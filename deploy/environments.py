"""Installs lock files unchanged into virtual environments, without resolving anything."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

TOOLS = Path(__file__).with_name("tools")
BUILD_LOCK = TOOLS / "build.lock"
RECORD_NAME = "installed-locks.json"
# --no-build-isolation: a source package is built with the setuptools of build.lock, where pip
# would look up the newest one.
PIP_OPTIONS = (
    "--no-deps",
    "--require-hashes",
    "--no-build-isolation",
    "--disable-pip-version-check",
    "--quiet",
)
SHOWN_LINES = 12


class InstallFailed(Exception):
    """An environment could not be made; the message ends with the last lines of the output."""


def install(folder: Path, lock: Path) -> Path:
    """Return the interpreter of the environment in `folder`, with all that `lock` pins installed.

    pip is given the lock with `--no-deps --require-hashes`: it downloads, compares and unpacks,
    whatever has been released since the lock was written, and `pip check` confirms that nothing
    is missing. A lock that is installed already is left alone; an environment whose interpreter
    no longer runs is made again.

    Raises:
        InstallFailed: pip could not install the lock, or its packages do not fit together.
    """
    python = folder / "bin" / "python"
    with _only_installer(folder):
        if not _has_pip(python):
            _run([sys.executable, "-m", "venv", "--clear", str(folder)], "make an environment")
        record = _read_record(folder)
        outdated = [each for each in (BUILD_LOCK, lock) if record.get(each.name) != _digest(each)]
        for each in outdated:
            pip = [str(python), "-m", "pip", "install", *PIP_OPTIONS, "-r", str(each)]
            _run(pip, f"install {each.name} in {folder}")
        if outdated:
            _run([str(python), "-m", "pip", "check"], f"verify the packages in {folder}")
            record |= {each.name: _digest(each) for each in outdated}
            (folder / RECORD_NAME).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return python


def install_tool(name: str, cache: Path) -> Path:
    """Return the folder of the programs of `deploy/tools/NAME.lock`, installed in `cache`.

    Each lock has an environment of its own, so that a tool's packages never meet the platform's.

    Raises:
        InstallFailed: there is no such lock, or it could not be installed.
    """
    lock = TOOLS / f"{name}.lock"
    if not lock.is_file():
        raise InstallFailed(f"{lock} does not exist. Write {name}.txt there and run: make lock")
    return install(cache / "tools" / f"{name}-{_digest(lock)[:12]}", lock).parent


def _has_pip(python: Path) -> bool:
    """Return whether `python` runs and finds its packages; it may have been upgraded since."""
    if not python.exists():
        return False
    check = [str(python), "-c", "import pip"]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0  # noqa: S603


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _read_record(folder: Path) -> dict[str, str]:
    try:
        record = json.loads((folder / RECORD_NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


@contextmanager
def _only_installer(folder: Path) -> Iterator[None]:
    """Hold the lock beside `folder`: `venv --clear` would delete one inside."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str], purpose: str) -> None:
    done = subprocess.run(  # noqa: S603 - Python itself, on files of the project
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = "\n    ".join(done.stdout.splitlines()[-SHOWN_LINES:])
        raise InstallFailed(f"could not {purpose}; {_remedy(lines)}\n    {lines}")


def _remedy(output: str) -> str:
    if "ensurepip" in output:
        return "install the venv module of this Python (Debian: apt-get install python3-venv)"
    if "No space left" in output:
        return "make room on the disk and try again"
    if "NewConnectionError" in output or "Could not find a version" in output:
        return "connect to the package index or set PIP_INDEX_URL, and try again"
    return "see the output below"


def main(arguments: Sequence[str]) -> int:
    """Install one lock, or one tool; the folder of its programs goes to standard output."""
    parser = argparse.ArgumentParser(prog="python -m deploy.environments")
    commands = parser.add_subparsers(dest="command", required=True)
    lock = commands.add_parser("install", help="install LOCK into the environment in FOLDER")
    lock.add_argument("folder", type=Path)
    lock.add_argument("lock", type=Path)
    tool = commands.add_parser("tool", help="install deploy/tools/NAME.lock into the cache")
    tool.add_argument("name")
    tool.add_argument("--cache", type=Path, default=Path("~/.cache/vouchsafe"))
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "install":
            programs = install(chosen.folder, chosen.lock).parent
        else:
            programs = install_tool(chosen.name, chosen.cache.expanduser().resolve())
    except InstallFailed as exc:
        sys.stderr.write(f"install: {exc}\n")
        return 1
    sys.stdout.write(f"{programs}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
