"""The texts about a training name its real steps."""

from __future__ import annotations

from models.training import STEPS
from services.words import Words


def test_every_step_of_a_training_has_a_text() -> None:
    words = Words("en")
    assert [step for step in (*STEPS, "waiting") if not words.has(f"training-{step}")] == []
    former = ("gate", "again", "write", "restarted", "step")
    assert [step for step in former if words.has(f"training-{step}")] == []
