"""A patient's waiting messages are limited, and the custodian reads the oldest first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from services.errors import Invalid
from services.patient.messages import PatientMessages
from services.requests.messages import ANSWERED, MAX_OPEN, QUESTION, Messages
from services.tables import METADATA
from services.words import LANGUAGES, Words

ANNA, BERT = b"a" * 32, b"b" * 32


def test_a_patient_sends_nothing_while_twenty_messages_wait(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/test.db")
    METADATA.create_all(engine)
    store: Any = SimpleNamespace(
        seal_text=lambda _, text, __: text.encode(), open_text=lambda _, body, __: body.decode()
    )
    times = iter(range(1_000))
    messages = Messages(engine, store, lambda: next(times))
    acts: Any = SimpleNamespace(add=lambda *_, **__: None)
    history: Any = None
    patients = PatientMessages(
        messages=messages, history=history, store=store, acts=acts, organisation="here"
    )
    words = Words("en")
    for number in range(MAX_OPEN):
        patients.send(ANNA, words, QUESTION, "", f"number {number}")
    for language in LANGUAGES:
        with pytest.raises(Invalid, match="20"):
            patients.send(ANNA, Words(language), QUESTION, "", "one more")
    assert messages.count_open(ANNA) == MAX_OPEN
    patients.send(BERT, words, QUESTION, "", "mine")
    oldest = messages.list_open()[0]
    assert oldest.text == "number 0"
    messages.answer(oldest.id, ANSWERED, "so", by="c")
    patients.send(ANNA, words, QUESTION, "", "one more")
