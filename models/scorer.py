"""Runs models in a process of its own, so that a hostile model file can end only that process."""

from __future__ import annotations

import json
import math
import select
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from models.booster import Booster
from models.errors import ModelsBroken, ScorerUnavailable

if TYPE_CHECKING:
    from models.features import Values

_LENGTH: Final = struct.Struct(">I")
_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_KEPT: Final = 8
_ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model says of n rows: probabilities (n,), and log-odds (n, predictors + 1)."""

    probabilities: list[float]
    contributions: list[list[float]]


class Scorer:
    """Asks the process; starts it when needed, and again when it was killed."""

    def __init__(self, timeout_s: float = 10.0) -> None:
        """Start nothing yet; `timeout_s` bounds the wait for an answer, loading included."""
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, so that the first question need not wait for it."""
        with self._lock:
            if self._process is None:
                self._start()

    def score(self, path: Path, sha256: str, values: Values) -> Scores:
        """Return what the model of that file says of the rows, shape (n, predictors).

        Raises:
            Broken: the file is not the one of that hash.
            ScorerUnavailable: the process does not answer, or died twice.
        """
        rows = [[None if math.isnan(one) else one for one in row] for row in values.tolist()]
        asked = json.dumps({"path": str(path), "sha256": sha256, "rows": rows}).encode()
        with self._lock:
            try:
                answer = self._ask(asked)
            except (OSError, EOFError):
                self._end()
                answer = self._ask_anew(asked)
        if "broken" in answer:
            raise ModelsBroken(answer["broken"])
        return Scores(answer["probabilities"], answer["contributions"])

    def close(self) -> None:
        """End the process and with it every model in its memory; the next question starts one."""
        with self._lock:
            self._end()

    def _ask_anew(self, asked: bytes) -> dict[str, Any]:
        try:
            return self._ask(asked)
        except (OSError, EOFError) as exc:
            self._end()
            raise ScorerUnavailable("the process that runs models died twice") from exc

    def _ask(self, asked: bytes) -> dict[str, Any]:
        process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise EOFError
        _send(process.stdin, asked)
        if not select.select([process.stdout], [], [], self._timeout_s)[0]:
            self._end()
            raise ScorerUnavailable(f"no answer from a model within {self._timeout_s:g} s")
        answer: dict[str, Any] = json.loads(_receive(process.stdout))
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        # An environment of its own: no secret of the platform's reaches this process.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "models.scorer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env={"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _send(stream: BinaryIO | Any, message: bytes) -> None:
    stream.write(_LENGTH.pack(len(message)) + message)
    stream.flush()


def _receive(stream: BinaryIO | Any) -> bytes:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    if length > _MAX_MESSAGE_BYTES:
        raise EOFError
    message = bytes(stream.read(length))
    if len(message) < length:
        raise EOFError
    return message


Kept = dict[str, tuple[Path, Booster]]
"""The models in memory by hash, each with the file that it came from."""


def answer(message: bytes, kept: Kept) -> dict[str, Any]:
    """Return the answer to one message; `kept` holds the models that were loaded before."""
    asked = json.loads(message)
    # A model whose file was destroyed is forgotten here too.
    for sha256 in [name for name, (path, _) in kept.items() if not path.exists()]:
        del kept[sha256]
    try:
        model = _model(Path(asked["path"]), asked["sha256"], kept)
        rows = np.array(asked["rows"], np.float32)
        return {
            "probabilities": model.predict(rows).tolist(),
            "contributions": model.contributions(rows).tolist(),
        }
    except ModelsBroken as exc:
        return {"broken": str(exc)}


def _model(path: Path, sha256: str, kept: Kept) -> Booster:
    if sha256 not in kept:
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)))
        kept[sha256] = (path, Booster.load(path, sha256))
    return kept[sha256][1]


def main() -> None:
    """Answer messages on standard input until it ends."""
    # xgboost imports scikit-learn when it can, which takes longer than all the rest and is not
    # used here; None says that it cannot.
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    import_module("xgboost")
    kept: Kept = {}
    while True:
        try:
            message = _receive(sys.stdin.buffer)
        except EOFError:
            return
        _send(sys.stdout.buffer, json.dumps(answer(message, kept)).encode())


if __name__ == "__main__":
    main()
