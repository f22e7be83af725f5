from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.booster import Booster, fit
from models.errors import ModelsBroken, ScorerUnavailable
from models.features import Matrix
from models.question import Question
from models.scorer import Scorer, answer

SMALL = (Path(__file__).parent / "small-question.toml").read_text()
ROWS = np.array([[5, 1], [np.nan, 0]], np.float32)


def made(folder: Path, turn: int = 0) -> tuple[Path, str]:
    """Write a small model; `turn` makes another one."""
    question = Question.parse(SMALL, "q.toml")
    chance = np.random.default_rng(turn)
    values = np.column_stack([chance.integers(1, 10, 400), chance.integers(0, 2, (400, 2)).T[0]])
    values = np.column_stack([values, np.zeros(400)]).astype(np.float32)
    raw = fit(Matrix(values, values[:, 0] + chance.normal(0, 2, 400) > 5), question, 1)
    path = folder / f"model-{turn}.ubj"
    path.write_bytes(raw)
    return path, hashlib.sha256(raw).hexdigest()


@pytest.fixture(scope="module")
def scorer() -> Iterator[Scorer]:
    found = Scorer(timeout_s=20)
    found.start()
    found.start()
    yield found
    found.close()


def test_the_process_says_what_the_model_says(scorer: Scorer, tmp_path: Path) -> None:
    path, sha256 = made(tmp_path)
    scores = scorer.score(path, sha256, ROWS)
    booster = Booster.load(path, sha256)
    assert scores.probabilities == booster.predict(ROWS).tolist()
    np.testing.assert_allclose(scores.contributions, booster.contributions(ROWS))


def test_a_killed_process_is_started_again(scorer: Scorer, tmp_path: Path) -> None:
    path, sha256 = made(tmp_path)
    before = scorer.score(path, sha256, ROWS)
    assert scorer._process is not None
    os.kill(scorer._process.pid, signal.SIGKILL)
    assert scorer.score(path, sha256, ROWS) == before


def test_a_file_of_another_hash_is_broken_and_the_process_lives_on(scorer, tmp_path) -> None:
    path, sha256 = made(tmp_path)
    with pytest.raises(ModelsBroken):
        scorer.score(path, "00" * 32, ROWS)
    assert len(scorer.score(path, sha256, ROWS).probabilities) == 2


def test_many_threads_get_their_own_answers(scorer: Scorer, tmp_path: Path) -> None:
    path, sha256 = made(tmp_path)
    booster = Booster.load(path, sha256)
    wrong: list[int] = []

    def ask(n: int) -> None:
        rows = np.array([[n, n % 2]], np.float32)
        if scorer.score(path, sha256, rows).probabilities != booster.predict(rows).tolist():
            wrong.append(n)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_prediction_takes_less_than_five_milliseconds(scorer: Scorer, tmp_path: Path) -> None:
    path, sha256 = made(tmp_path)
    scorer.score(path, sha256, ROWS)
    took = []
    for _ in range(50):
        start = time.perf_counter()
        scorer.score(path, sha256, ROWS[:1])
        took.append(time.perf_counter() - start)
    assert sorted(took)[25] < 0.005


def test_a_stopped_process_is_away_and_replaced(tmp_path: Path) -> None:
    scorer = Scorer(timeout_s=0.3)
    scorer.start()
    path, sha256 = made(tmp_path)
    assert scorer._process is not None
    os.kill(scorer._process.pid, signal.SIGSTOP)
    with pytest.raises(ScorerUnavailable, match=r"within 0\.3 s"):
        scorer.score(path, sha256, ROWS)
    assert scorer._process is None


def test_a_process_that_crashes_twice_is_unavailable(tmp_path: Path) -> None:
    scorer = Scorer(command=("/bin/false",))
    with pytest.raises(ScorerUnavailable, match="crashed twice"):
        scorer.score(tmp_path / "m", "00" * 32, ROWS)


def test_a_destroyed_model_is_forgotten_in_memory_too(tmp_path: Path) -> None:
    (first, one), (second, two) = made(tmp_path, 1), made(tmp_path, 2)
    kept: dict[str, tuple[Path, Booster]] = {}
    ask = b'{"path": "%s", "sha256": "%s", "rows": [[1, null]]}'
    assert "probabilities" in answer(ask % (bytes(first), one.encode()), kept)
    first.unlink()
    assert "probabilities" in answer(ask % (bytes(second), two.encode()), kept)
    assert list(kept) == [two]
    assert "broken" in answer(ask % (bytes(first), one.encode()), kept)


def test_only_the_last_models_are_kept(tmp_path: Path) -> None:
    kept: dict[str, tuple[Path, Booster]] = {}
    hashes = []
    for turn in range(10):
        path, sha256 = made(tmp_path, turn)
        hashes.append(sha256)
        answer(
            b'{"path": "%s", "sha256": "%s", "rows": [[1, 1]]}' % (bytes(path), sha256.encode()),
            kept,
        )
    assert list(kept) == hashes[-8:]
