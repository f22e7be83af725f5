"""Ctrl-C is answered at once, whatever the platform is doing, and starts nothing more."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import app
from deploy.nodes import NodesError, served_alone
from deploy.settings import read_settings


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Give back the handlers of the tests' own process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Recorder:
    """A supervisor that records each call."""

    steps: list[str]

    def __init__(self, program: Any) -> None:
        self._name = program.name

    def start(self) -> None:
        self.steps.append(f"start {self._name}")
        if self._name == "web":
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        self.steps.append(f"stop {self._name}")


def serve(
    monkeypatch: pytest.MonkeyPatch, folder: Path, number: int | None
) -> tuple[list[str], list[str]]:
    """Serve, with a signal while the nodes start or, without one, when all is ready."""

    @contextmanager
    def opened(*_: object) -> Iterator[None]:
        if number is not None:
            os.kill(os.getpid(), number)
        yield

    Recorder.steps = []
    monkeypatch.setattr(app, "open_services", opened)
    monkeypatch.setattr(app, "Supervisor", Recorder)
    lines: list[str] = []
    app.serve(read_settings({"VOUCHSAFE_HOME": str(folder)}), lines.append)
    return Recorder.steps, lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_nodes_start_is_answered_and_nothing_else_is_started(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert serve(monkeypatch, tmp_path, number) == (["stop web", "stop worker"], [])
    assert capfd.readouterr().err == "\nstopping\n"


def test_a_signal_while_the_pages_are_started_does_not_say_that_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = ["start worker", "start web", "stop web", "stop worker"]
    assert serve(monkeypatch, tmp_path, None) == (steps, [])
    assert capfd.readouterr().err == "\nstopping\n"


def test_a_second_platform_of_one_home_starts_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served_alone(tmp_path), pytest.raises(NodesError, match="is running already. Use it"):
        serve(monkeypatch, tmp_path, None)
    assert Recorder.steps == []
    assert serve(monkeypatch, tmp_path, None)[0][0] == "start worker"  # it was given back


def test_a_command_says_that_it_is_interrupted_before_it_has_stopped_its_nodes(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lines: list[str] = []

    @contextmanager
    def opened(*_: object) -> Iterator[None]:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            yield
        finally:
            lines.append(capfd.readouterr().err)

    monkeypatch.setattr(app, "open_services", opened)
    monkeypatch.setattr(app.sys, "argv", ["vouchsafe", "status"])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert (ended.value.code, lines) == (1, ["\nstopping\n"])
    assert "Aborted!" in capfd.readouterr().err
