"""Runs models in a separate process, so that a malicious model file can end only that process."""

from __future__ import annotations

import json
import math
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from models.errors import ModelsBroken, ScorerUnavailable
from models.served_model import ServedModel, load_model

if TYPE_CHECKING:
    from models.features import Values

_LENGTH: Final = struct.Struct(">I")
_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_MAX_LOADED: Final = 8
_ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = (sys.executable, "-m", "models.scorer")


@dataclass(frozen=True, slots=True)
class Scores:
    """The output of a model for n rows: probabilities (n,), and log-odds (n, predictors + 1)."""

    probabilities: list[float]
    contributions: list[list[float]]


class Scorer:
    """The client of the scorer process, which it starts when needed, and restarts if it died."""

    def __init__(self, timeout_s: float = 30.0, command: Sequence[str] = COMMAND) -> None:
        """Start nothing yet; `timeout_s` limits the wait for an answer, loading included."""
        self._timeout_s = timeout_s
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, so that the first prediction need not wait for it."""
        with self._lock:
            if self._process is None:
                self._start()

    def score(self, path: Path, sha256: str, values: Values, names: Sequence[str] = ()) -> Scores:
        """Return the output of the model in that file for the rows of one person.

        Args:
            path: of the model's file.
            sha256: of that file.
            values: shape (n, predictors).
            names: keyed hashes of the person's numbers, see `ServedModel.about`.

        Raises:
            ModelsBroken: the file is missing or has another hash.
            ScorerUnavailable: the process does not answer, or crashed twice.
        """
        rows = [[None if math.isnan(cell) else cell for cell in row] for row in values.tolist()]
        request = json.dumps(
            {"path": str(path), "sha256": sha256, "rows": rows, "names": list(names)}
        ).encode()
        with self._lock:
            try:
                response = self._send(request)
            except (OSError, EOFError):
                self._end()
                response = self._send_again(request)
        if "broken" in response:
            raise ModelsBroken(response["broken"])
        return Scores(response["probabilities"], response["contributions"])

    def close(self) -> None:
        """End the process and with it every model in its memory; the next request starts one."""
        with self._lock:
            self._end()

    def _send_again(self, request: bytes) -> dict[str, Any]:
        try:
            return self._send(request)
        except (OSError, EOFError) as exc:
            self._end()
            raise ScorerUnavailable("the scorer process crashed twice") from exc

    def _send(self, request: bytes) -> dict[str, Any]:
        process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise EOFError
        _write(process.stdin, request)
        if not select.select([process.stdout], [], [], self._timeout_s)[0]:
            self._end()
            limit = f"{self._timeout_s:g} s"
            raise ScorerUnavailable(f"the scorer process did not answer within {limit}")
        response: dict[str, Any] = json.loads(_read(process.stdout))
        return response

    def _start(self) -> subprocess.Popen[bytes]:
        # A clean environment: no secret of the platform reaches this process.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            self._command,
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


def _write(stream: BinaryIO | Any, message: bytes) -> None:
    stream.write(_LENGTH.pack(len(message)) + message)
    stream.flush()


def _read(stream: BinaryIO | Any) -> bytes:
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


LoadedModels = dict[str, tuple[Path, ServedModel]]
"""The models in memory by hash, each with its file."""


def answer(message: bytes, loaded: LoadedModels) -> dict[str, Any]:
    """Return the response to one request; `loaded` has the models that were loaded before."""
    request = json.loads(message)
    # A model whose file was destroyed is removed from memory too.
    for sha256 in [name for name, (path, _) in loaded.items() if not path.exists()]:
        del loaded[sha256]
    try:
        model = _load(Path(request["path"]), request["sha256"], loaded)
        rows = np.array(request["rows"], np.float32)
        probabilities, contributions = model.about(request["names"]).explain(rows)
        return {
            "probabilities": probabilities.tolist(),
            "contributions": contributions.tolist(),
        }
    except ModelsBroken as exc:
        return {"broken": str(exc)}


def _load(path: Path, sha256: str, loaded: LoadedModels) -> ServedModel:
    if sha256 not in loaded:
        while len(loaded) >= _MAX_LOADED:
            loaded.pop(next(iter(loaded)))
        loaded[sha256] = (path, load_model(path, sha256))
    return loaded[sha256][1]


def main() -> None:
    """Answer requests on standard input until it ends."""
    # xgboost imports scikit-learn if it can, which takes longer than everything else and is not
    # used here; None makes that import fail.
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    import_module("xgboost")
    loaded: LoadedModels = {}
    while True:
        try:
            message = _read(sys.stdin.buffer)
        except EOFError:
            return
        _write(sys.stdout.buffer, json.dumps(answer(message, loaded)).encode())


if __name__ == "__main__":
    main()
