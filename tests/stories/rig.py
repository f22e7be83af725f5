"""What stories share: a home of their own, the demo in a process, and its parts' processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import app
from deploy.settings import read_settings
from web import Platform

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = os.environ.get("VOUCHSAFE_CACHE", "~/.cache/vouchsafe")


def settings_of(home: Path, **more: str) -> Any:
    """Return the settings of an install in `home`."""
    return read_settings({"VOUCHSAFE_HOME": str(home), "VOUCHSAFE_CACHE": CACHE, **more})


@contextmanager
def running(home: Path, **more: str) -> Iterator[Platform]:
    """Yield the platform of `home` on nodes of its own."""
    with app.open_platform(settings_of(home, **more)) as platform:
        yield platform


class Demo:
    """The demo of a few people, in a process that may be killed and started again."""

    def __init__(self, folder: Path, people: int, seed: int) -> None:
        self.home, self.wallet = folder / "home", folder / "wallet"
        self._asked = ["--people", str(people), "--seed", str(seed), "--wallet", str(self.wallet)]
        self.log = folder / "log"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the demo, or let it go on."""
        environment = {"VOUCHSAFE_HOME": str(self.home), "VOUCHSAFE_CACHE": CACHE}
        return subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), "demo", *self._asked],
            env={**os.environ, **environment},
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )

    def is_finished(self) -> bool:
        """True when the demo has reached its end."""
        mark = self.home / "demo" / "demo.json"
        return mark.exists() and bool(json.loads(mark.read_text())["finished"])

    def kill(self, part: str) -> bool:
        """Kill kubo, chain or worker as a power cut would; False if it does not run."""
        try:
            pid = json.loads((self.home / part / "pid.json").read_text())["pid"]
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError, KeyError):
            return False
        return True

    def receipts(self) -> list[dict[str, Any]]:
        """Return what was acknowledged to the patients and the custodian."""
        path = self.wallet / "receipts.ndjson"
        if not path.exists():
            return []
        return [
            json.loads(line) for line in path.read_text().splitlines(keepends=True) if "\n" in line
        ]

    def subjects(self) -> list[str]:
        """Return every subject of the wallet, in hex."""
        path = self.wallet / "subjects.json"
        return list(json.loads(path.read_text()).values()) if path.exists() else []
