"""Finds Kubo and geth on PATH or in the cache, or builds them from their pinned Go modules."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.nodes.errors import BuildFailed, DiskFull, NodeMissing
from deploy.nodes.go import find_go

HERE = Path(__file__).parent
VERSION = re.compile(r"\b(\d+)\.(\d+)\.(\d+)(-[a-z0-9.]+)?")
VERSION_TIMEOUT_S = 20.0
REPORT_EVERY_S = 5.0
LOCK_POLL_S = 0.5
SHOWN_LINES = 15

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A program: which versions are accepted, and how to build the pinned one."""

    name: str
    version: str
    below: tuple[int, int, int]
    module: str
    package: str
    ask_version: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def at_least(self) -> tuple[int, ...]:
        """The oldest accepted version: the pinned one."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def accepted(self) -> str:
        """The accepted versions, in words."""
        return f"{self.version} or later, below {'.'.join(map(str, self.below))}"


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="ipfs",
            version="0.43.0",
            below=(0, 50, 0),
            module="kubo",
            package="github.com/ipfs/kubo/cmd/ipfs",
            ask_version=("version", "--number"),
            environment={"CGO_ENABLED": "0"},
        ),
        # CGO_ENABLED is not set: with a C compiler geth recovers signers several times faster.
        Recipe(
            name="geth",
            version="1.17.8",
            below=(1, 18, 0),
            module="geth",
            package="github.com/ethereum/go-ethereum/cmd/geth",
            ask_version=("--version",),
            environment={},
        ),
    )
}


def find_or_build(
    name: str, cache: Path, environment: Mapping[str, str], report: Report | None = None
) -> Path:
    """Return the path of a suitable `ipfs` or `geth`; the first time, this takes two minutes.

    `environment` is the caller's (PATH, HOME and what Go needs); `report` receives lines of
    progress.

    Raises:
        NodeMissing: there is no suitable program, and no Go to build one.
        BuildFailed: Go could not build it.
        DiskFull: there was no room to build it.
    """
    report = report or (lambda line: None)
    recipe = RECIPES[name]
    on_path = find_on_path(recipe, environment, report)
    if on_path is not None:
        return on_path
    built = built_path(name, cache)
    if built.is_file():
        return built
    try:
        go = find_go(HERE / recipe.module, cache, environment, report)
    except NodeMissing as exc:
        raise NodeMissing(f"{exc}, or put {name} {recipe.accepted} on PATH") from exc
    built.parent.mkdir(parents=True, exist_ok=True)
    with _only_builder(built.with_suffix(".lock"), name, report):
        if not built.is_file():
            _build(recipe, str(go), built, environment, report)
    return built


def built_path(name: str, cache: Path) -> Path:
    """Return the path of the built program: one for each version, system and set of pins."""
    recipe = RECIPES[name]
    pins = hashlib.sha256((HERE / recipe.module / "go.sum").read_bytes()).hexdigest()[:12]
    system = f"{platform.system()}-{platform.machine()}".lower()
    return cache / "nodes" / f"{name}-{recipe.version}-{system}-{pins}" / name


def find_on_path(recipe: Recipe, environment: Mapping[str, str], report: Report) -> Path | None:
    """Return the program on PATH if its version is accepted; report why it is not."""
    path = shutil.which(recipe.name, path=environment.get("PATH", ""))
    if path is None:
        return None
    version = find_version(Path(path), recipe)
    if version is not None and recipe.at_least <= version < recipe.below:
        return Path(path).absolute()
    version_text = ".".join(map(str, version)) if version else "of an unknown version"
    report(f"{path} is {version_text} and is not used: {recipe.name} must be {recipe.accepted}")
    return None


def find_version(binary: Path, recipe: Recipe) -> tuple[int, int, int] | None:
    """Return the version that `binary` reports; None if it reports none, or a pre-release."""
    try:
        output = subprocess.run(  # noqa: S603 - only its version is requested
            [str(binary), *recipe.ask_version],
            env={"IPFS_TELEMETRY": "off", "HOME": str(binary.parent)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    parts = VERSION.search(output)
    if parts is None or parts[4] not in (None, "-stable"):
        return None
    return int(parts[1]), int(parts[2]), int(parts[3])


@contextmanager
def _only_builder(lock: Path, name: str, report: Report) -> Iterator[None]:
    with lock.open("w", encoding="utf-8") as file:
        waiting = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    report(f"{name} is being built by another process; waiting for it")
                waiting = True
                time.sleep(LOCK_POLL_S)
        yield


def _build(
    recipe: Recipe, go: str, built: Path, environment: Mapping[str, str], report: Report
) -> None:
    """Build under another name and rename, so that an incomplete program is never run."""
    draft = built.with_name(f".{built.name}.draft")
    started_s = time.monotonic()
    report(f"building {recipe.name} {recipe.version} with Go, once; it takes about two minutes")
    lines = _run_go(
        [
            *(go, "build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false"),
            *("-ldflags=-s -w", "-o", str(draft), recipe.package),
        ],
        HERE / recipe.module,
        {
            **environment,
            "GOFLAGS": "",
            "GOWORK": "off",
            "GOTOOLCHAIN": "local",
            **recipe.environment,
        },
        lambda count: report(
            f"building {recipe.name}: {count} steps, {time.monotonic() - started_s:.0f} s"
        ),
    )
    version = find_version(draft, recipe) if lines is None else None
    if lines is not None:
        draft.unlink(missing_ok=True)
        raise _build_failure(recipe, lines)
    if version is None or version != recipe.at_least:
        raise BuildFailed(
            f"the {recipe.name} that was built is not version {recipe.version}. Restore "
            f"deploy/nodes/{recipe.module} from git"
        )
    os.replace(draft, built)
    report(f"built {recipe.name} {recipe.version} in {time.monotonic() - started_s:.0f} s: {built}")


def _run_go(
    argv: list[str], folder: Path, environment: Mapping[str, str], report: Callable[[int], None]
) -> list[str] | None:
    """Run Go; return None if it succeeded, otherwise the end of its output."""
    output: list[str] = []
    count, report_at_s = 0, time.monotonic() + REPORT_EVERY_S
    with subprocess.Popen(  # noqa: S603 - Go, on our own module
        argv,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as running:
        try:
            for line in running.stdout or ():
                count += 1
                output = [*output[-SHOWN_LINES:], line.rstrip()]
                if time.monotonic() >= report_at_s:
                    report(count)
                    report_at_s = time.monotonic() + REPORT_EVERY_S
        except KeyboardInterrupt:  # Go is not left behind
            running.terminate()
            raise
    return None if running.returncode == 0 else output


def _build_failure(recipe: Recipe, lines: list[str]) -> BuildFailed | DiskFull:
    output = "\n".join(lines)
    if "no space left on device" in output:
        message = f"{recipe.name} was not built: the disk is full. Make 3 GB of room and try again"
        return DiskFull(message, lines)
    advice = "see the output of Go below"
    if "dial tcp" in output or "lookup " in output or "proxyconnect" in output:
        advice = "Go could not download modules: connect to the network or set GOPROXY"
    output_end = "".join(f"\n    {line}" for line in lines)
    return BuildFailed(f"{recipe.name} {recipe.version} could not be built; {advice}{output_end}")
