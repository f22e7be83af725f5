"""Runs the unit tests of a module in forked processes, unchanged or with one mutant each."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from inspect import CO_NEWLOCALS
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import hypothesis
import pytest
from _pytest.main import pytest_runtestloop

from bench.mutations import Mutant

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ["-x", "-s", "-p", "no:terminal", "-p", "no:cacheprovider"]
OPTIONS += ["-o", "addopts=--import-mode=importlib"]  # the usual ones are for the terminal


@dataclass(frozen=True)
class Baseline:
    """What the tests need when nothing is changed: how long in all, and each."""

    tests: list[str]
    took_s: float
    durations_s: dict[str, float]


@dataclass
class Order:
    """A plugin of pytest: the quickest tests first, and no search for small examples.

    `instead` is called with all tests imported and none run, if they are not to be run here.
    """

    durations_s: dict[str, float] = field(default_factory=dict)
    measured_s: dict[str, float] = field(default_factory=dict)
    instead: Callable[[pytest.Session], None] | None = None

    def pytest_configure(self) -> None:
        """Draw the same examples for every mutant; one that fails is enough."""
        hypothesis.settings.register_profile(
            "mutants",
            deadline=None,
            database=None,
            derandomize=True,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )
        hypothesis.settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the quickest first: most mutants are found by one of them."""
        items.sort(key=lambda item: self.durations_s.get(item.nodeid, 0.0))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Let pytest run the tests, or do something else."""
        if self.instead is None:
            return None
        self.instead(session)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how long a test and what it asked for took."""
        self.measured_s[report.nodeid] = self.measured_s.get(report.nodeid, 0.0) + report.duration


def run_unchanged(tests: list[str]) -> Baseline:
    """Run the tests on the unchanged code, and import the libraries that they needed."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = open_folder(Path(name))
        result = folder / "result.json"
        began_s = time.monotonic()
        if (pid := os.fork()) == 0:
            order, code = Order(), 1
            sys.dont_write_bytecode = False  # each mutant would compile every module again
            try:
                be_quiet(folder)
                code = int(pytest.main([*OPTIONS, *tests], plugins=[order]))
                libraries = [name for name, module in sys.modules.items() if _is_library(module)]
                result.write_text(json.dumps([order.measured_s, libraries]), encoding="utf-8")
            finally:
                os._exit(code)
        if os.waitpid(pid, 0)[1]:
            sys.exit(f"the tests fail without any mutant: pytest {' '.join(tests)}")
        durations_s, libraries = json.loads(result.read_text(encoding="utf-8"))
        took_s = time.monotonic() - began_s
    for library in libraries:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    return Baseline(tests, took_s, durations_s)


def load_mutant(path: Path, mutant: Mutant, baseline: Baseline, folder: Path) -> int:
    """Import everything with one mutant and run the tests; 0 if all pass."""
    code, original = mutant.code(str(path)), SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> Any:
        return code if Path(self.path) == path else original(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore
    be_quiet(folder)
    return int(pytest.main([*OPTIONS, *baseline.tests], plugins=[Order(baseline.durations_s)]))


def with_tests_imported(baseline: Baseline, instead: Callable[[pytest.Session], None]) -> None:
    """Import the tests of a baseline, and what they test, and call `instead` of running them."""
    order = Order(baseline.durations_s, instead=instead)
    pytest.main([*OPTIONS, *baseline.tests], plugins=[order])


def swap_function(path: Path, mutant: Mutant, session: pytest.Session, folder: Path) -> int:
    """Put one mutant into the imported function that it is in and run the tests; 0 if all pass."""
    code = find_code(mutant.code(str(path)), mutant.function)
    gc.unfreeze()  # the tests freeze what was imported, and only what is not frozen is listed
    functions = [
        each
        for each in gc.get_objects()
        if isinstance(each, FunctionType)
        and (each.__code__.co_filename, each.__code__.co_firstlineno)
        == (str(path), code.co_firstlineno)
        and each.__code__.co_name == code.co_name
    ]
    if not functions:
        raise LookupError(f"{path}:{mutant.function} is no function that the tests import")
    for function in functions:
        function.__code__ = code
    be_quiet(folder)
    with contextlib.suppress(pytest.Session.Failed, pytest.Session.Interrupted):
        pytest_runtestloop(session)
    return int(session.testsfailed > 0)


def open_folder(folder: Path) -> Path:
    """Let a server that runs as another user pass through a folder."""
    folder.chmod(0o711)
    return folder


def be_quiet(folder: Path) -> None:
    """Show nothing of what the tests print, and let them write in `folder`."""
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(quiet, stream)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    os.chdir(ROOT)


def find_code(code: CodeType, line: int) -> CodeType:
    """Return the code of the function that begins at a line of a module."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_firstlineno == line and inner.co_flags & CO_NEWLOCALS:
                return inner
            with contextlib.suppress(LookupError):
                return find_code(inner, line)
    raise LookupError(line)


def _is_library(module: object) -> bool:
    file = getattr(module, "__file__", None) or ""
    return "site-packages" in file and "_pytest" not in file
