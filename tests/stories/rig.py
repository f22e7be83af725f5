"""What stories share: a home of their own, the demo in a process, and its parts' processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import app
from cli.trial_wallet import TrialWallet
from consent import Wallet
from deploy.demo.people import MAPPING, TABLE
from deploy.settings import read_settings
from records import Mapping, read_table, to_records
from services.statement import RequestedTerms
from services.wiring import Services

ROOT = Path(__file__).resolve().parent.parent.parent
YEAR_S = 365 * 86_400
CACHE = os.environ.get("VOUCHSAFE_CACHE", "~/.cache/vouchsafe")


SEED = 2018


def settings_of(home: Path, **more: str) -> Any:
    """Return the settings of an install in `home`."""
    return read_settings({"VOUCHSAFE_HOME": str(home), "VOUCHSAFE_CACHE": CACHE, **more})


@contextmanager
def running(home: Path, *, recovers: bool = True, **more: str) -> Iterator[Services]:
    """Yield the platform of `home` on nodes of its own."""
    settings = settings_of(home, **more)
    if recovers:
        with app.open_services(settings) as platform:
            yield platform
        return
    with app.nodes_of(settings, app.silent) as _, joined(settings) as platform:
        yield platform


@contextmanager
def joined(settings: Any) -> Iterator[Services]:
    """Yield the platform on nodes that run already, without sending anything again."""
    platform = app.join(settings, app.nodes_of(settings, app.silent))
    try:
        yield platform
    finally:
        platform.diagnostics.close()
        platform.engine.dispose()


def enrolled_people(
    platform: Services, folder: Path, count: int, recipient: str, purpose: str
) -> dict[str, bytes]:
    """Enrol people of the demo's table, deposit their records, and let them permit one purpose.

    Returns each person's subject; doing it again with more people adds only those.
    """
    is_new = not (folder / "seed.json").exists()
    wallet = Wallet.create(folder) if is_new else Wallet.open(folder)
    rows = list(read_table(TABLE, Mapping.load(MAPPING)))[:count]
    TrialWallet(wallet, platform.ledger).enrol([row.person for row in rows])
    records, sources = to_records(rows, wallet.subjects(), platform.installation.organisation)
    platform.store.deposits.deposit(records, sources)
    now_s = int(platform.installation.clock()) - 60
    requested_terms = RequestedTerms("permit", recipient, (purpose,))
    fresh = [
        subject
        for subject in wallet.subjects().values()
        if not platform.ledger.consents_of(subject)
    ]
    expected = [(subject, requested_terms, now_s, now_s + YEAR_S) for subject in fresh]
    outcomes = platform.ledger.grant(TrialWallet(wallet, platform.ledger).sign_grants(expected))
    assert all(outcome.ok for outcome in outcomes)
    return dict(wallet.subjects())


def hear_nothing(step: str, done: int, of: int) -> None:
    """Hear nothing."""


class Demo:
    """The demo of a few people, in a process that may be killed and started again."""

    def __init__(self, folder: Path, people: int | None, seed: int, **more: str) -> None:
        self._more = more
        self.home, self.wallet = folder / "home", folder / "wallet"
        self._asked = ["--no-serve", "--seed", str(seed), "--wallet", str(self.wallet)]
        self._asked += ["--people", str(people)] if people is not None else []
        self.log = folder / "log"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the demo, or let it go on."""
        environment = {"VOUCHSAFE_HOME": str(self.home), "VOUCHSAFE_CACHE": CACHE, **self._more}
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
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError, KeyError):
            return False
        return state not in "ZX"  # killed before, and not waited for yet

    def receipts(self) -> list[dict[str, Any]]:
        """Return what was acknowledged to the patients and the custodian."""
        path = self.wallet / "receipts.ndjson"
        if not path.exists():
            return []
        return [
            json.loads(line) for line in path.read_text().splitlines(keepends=True) if "\n" in line
        ]

    def subjects(self) -> list[str]:
        """Return every subject, in hex: those with a key in the wallet, and those who wait."""
        result: list[str] = []
        for name in ("subjects.json", "waiting.json"):
            path = self.wallet / name
            result += json.loads(path.read_text()).values() if path.exists() else []
        return result


@dataclass(frozen=True)
class Town:
    """The demo when it is over: its platform runs, and everybody's part in it is known."""

    demo: Demo
    platform: Services
    subjects: dict[str, bytes]
    kinds: dict[str, str]
    leaving: list[str]

    def of_kind(self, *names: str) -> list[str]:
        """Return who is of these kinds, has a key in the wallet, and did not withdraw."""
        here = [person for person in self.kinds if person in self.subjects]
        return [p for p in here if self.kinds[p] in names and p not in self.leaving]
