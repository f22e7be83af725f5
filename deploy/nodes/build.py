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
ANSWER_WITHIN_S = 20.0
TELL_EVERY_S = 5.0
LOCK_POLL_S = 0.5
SHOWN_LINES = 15

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A program: which versions will do, and how to build the one that is pinned."""

    name: str
    version: str
    below: tuple[int, int, int]
    module: str
    package: str
    ask_version: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def at_least(self) -> tuple[int, ...]:
        """The oldest version that will do: the one pinned."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def accepted(self) -> str:
        """Which versions will do, in words."""
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
        # Left to Go: with a C compiler geth recovers signers several times faster.
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
    name: str, cache: Path, environment: Mapping[str, str], progress: Progress | None = None
) -> Path:
    """Return the path of a suitable `ipfs` or `geth`; the first time, this takes two minutes.

    `environment` is the caller's (PATH, HOME and what Go needs); `progress` is told in words.

    Raises:
        NodeMissing: there is no suitable program, and no Go to build one.
        BuildFailed: Go could not build it.
        DiskFull: there was no room to build it.
    """
    tell = progress or (lambda line: None)
    recipe = RECIPES[name]
    found = _find_on_path(recipe, environment, tell)
    if found is not None:
        return found
    built = built_path(name, cache)
    if built.is_file():
        return built
    try:
        go = find_go(HERE / recipe.module, cache, environment, tell)
    except NodeMissing as exc:
        raise NodeMissing(f"{exc}, or put {name} {recipe.accepted} on PATH") from exc
    built.parent.mkdir(parents=True, exist_ok=True)
    with _only_builder(built.with_suffix(".lock"), name, tell):
        if not built.is_file():
            _build(recipe, str(go), built, environment, tell)
    return built


def built_path(name: str, cache: Path) -> Path:
    """Return where the program is kept once built: one place for each version, system and pin."""
    recipe = RECIPES[name]
    pins = hashlib.sha256((HERE / recipe.module / "go.sum").read_bytes()).hexdigest()[:12]
    system = f"{platform.system()}-{platform.machine()}".lower()
    return cache / "nodes" / f"{name}-{recipe.version}-{system}-{pins}" / name


def _find_on_path(recipe: Recipe, environment: Mapping[str, str], tell: Progress) -> Path | None:
    found = shutil.which(recipe.name, path=environment.get("PATH", ""))
    if found is None:
        return None
    version = find_version(Path(found), recipe)
    if version is not None and recipe.at_least <= version < recipe.below:
        return Path(found).absolute()
    shown = ".".join(map(str, version)) if version else "of an unknown version"
    tell(f"{found} is {shown} and is not used: {recipe.name} must be {recipe.accepted}")
    return None


def find_version(binary: Path, recipe: Recipe) -> tuple[int, int, int] | None:
    """Return the version that `binary` says it is; None if it says none, or a trial version."""
    try:
        said = subprocess.run(  # noqa: S603 - asked for its version, nothing else
            [str(binary), *recipe.ask_version],
            env={"IPFS_TELEMETRY": "off", "HOME": str(binary.parent)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_WITHIN_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    parts = VERSION.search(said)
    if parts is None or parts[4] not in (None, "-stable"):
        return None
    return int(parts[1]), int(parts[2]), int(parts[3])


@contextmanager
def _only_builder(lock: Path, name: str, tell: Progress) -> Iterator[None]:
    with lock.open("w", encoding="utf-8") as file:
        waiting = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    tell(f"{name} is being built by another process; waiting for it")
                waiting = True
                time.sleep(LOCK_POLL_S)
        yield


def _build(
    recipe: Recipe, go: str, built: Path, environment: Mapping[str, str], tell: Progress
) -> None:
    """Build beside the place and move it there, so that a half-built program is never run."""
    draft = built.with_name(f".{built.name}.draft")
    began_s = time.monotonic()
    tell(f"building {recipe.name} {recipe.version} with Go, once: about two minutes")
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
        lambda count: tell(
            f"building {recipe.name}: {count} steps, {time.monotonic() - began_s:.0f} s"
        ),
    )
    version = find_version(draft, recipe) if lines is None else None
    if lines is not None:
        draft.unlink(missing_ok=True)
        raise _build_failure(recipe, lines)
    if version is None or version != recipe.at_least:
        raise BuildFailed(f"the {recipe.name} that was built is not {recipe.version}")
    os.replace(draft, built)
    tell(f"built {recipe.name} {recipe.version} in {time.monotonic() - began_s:.0f} s: {built}")


def _run_go(
    argv: list[str], folder: Path, environment: Mapping[str, str], tell: Callable[[int], None]
) -> list[str] | None:
    """Run Go; return None if it succeeded, otherwise the end of what it said."""
    said: list[str] = []
    count, tell_at_s = 0, time.monotonic() + TELL_EVERY_S
    with subprocess.Popen(  # noqa: S603 - Go, on a module of ours
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
                said = [*said[-SHOWN_LINES:], line.rstrip()]
                if time.monotonic() >= tell_at_s:
                    tell(count)
                    tell_at_s = time.monotonic() + TELL_EVERY_S
        except KeyboardInterrupt:  # Go is not left behind
            running.terminate()
            raise
    return None if running.returncode == 0 else said


def _build_failure(recipe: Recipe, lines: list[str]) -> BuildFailed | DiskFull:
    said = "\n".join(lines)
    if "no space left on device" in said:
        return DiskFull(f"the disk is full, so {recipe.name} was not built; it needs 3 GB", lines)
    advice = "look at what Go says below"
    if "dial tcp" in said or "lookup " in said or "proxyconnect" in said:
        advice = "Go could not download its modules: connect to the network or set GOPROXY"
    shown = "".join(f"\n    {line}" for line in lines)
    return BuildFailed(f"{recipe.name} {recipe.version} could not be built; {advice}{shown}")
