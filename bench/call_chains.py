"""Measures the longest chain of our own calls in each main journey, while its test runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = Path.cwd()
PACKAGES = ("consent", "storage", "records", "models", "services", "web", "cli")
JOURNEYS = {
    "a record in": "tests/web/api/test_custodian.py",
    "a grant": "tests/web/api/test_patient.py::test_the_shown_statement_is_signed_and_in_force",
    "a withdrawal": "tests/web/api/test_patient.py::test_a_withdrawal_is_in_force_at_once",
    "a question to a model": "tests/web/api/test_clinician.py",
}
"""Each journey and the tests that walk it through the API."""


class Recorder:
    """Counts our own frames on the stack at each call, and keeps the longest chain."""

    def __init__(self) -> None:
        self.longest: list[str] = []
        self._chain: list[str] = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Record while a test's body runs."""
        self._chain.clear()
        sys.setprofile(self._profile)
        yield
        sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        name = _own(frame)
        if name is None:
            return
        if event == "call":
            self._chain.append(name)
            if len(self._chain) > len(self.longest):
                self.longest = list(self._chain)
        elif event == "return" and self._chain:
            self._chain.pop()


def _own(frame: FrameType) -> str | None:
    """Return module and function of a frame of our packages; None for any other frame."""
    module = str(frame.f_globals.get("__name__", ""))
    if module.partition(".")[0] not in PACKAGES:
        return None
    return f"{module}.{frame.f_code.co_qualname}"


def main() -> int:
    """Print each journey's longest chain as Markdown; `--journey NAME=TEST` takes other tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journey", action="append", default=[], metavar="NAME=TEST")
    chosen = dict(pair.split("=", 1) for pair in parser.parse_args().journey) or JOURNEYS
    print("| journey | our frames on the stack | chain |\n|---|---|---|")
    for name, test in chosen.items():
        recorder = Recorder()
        options = ["-q", "-p", "no:cacheprovider", "--no-header", "--capture=sys", test]
        if pytest.main(options, plugins=[recorder]) != 0:
            return 1
        print(f"| {name} | {len(recorder.longest)} | {' → '.join(recorder.longest)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
