"""Writes messages that wait for a signature as bytes, and reads them back as they were."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import orjson

from consent import (
    Enrolment,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    RecoveryVeto,
    Stop,
    Terms,
    Withdrawal,
)

KINDS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (Enrolment, Grant, Withdrawal, Stop, KeyAddition, KeyRemoval, RecoveryVeto)
}


def message_to(message: Message) -> tuple[str, bytes]:
    """Return a message's kind and its bytes."""
    return type(message).__name__, orjson.dumps(_plain(message))


def message_from(kind: str, body: bytes) -> Message:
    """Return the message of these bytes, equal to the one that was written."""
    held = _typed(orjson.loads(body))
    if "terms" in held:
        told: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in held["terms"].items()
        }
        held["terms"] = Terms(**told)
    message: Message = KINDS[kind](**held)
    return message


def _plain(value: Any) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for one in fields(value):
        held = getattr(value, one.name)
        if isinstance(held, bytes):
            told[one.name] = {"hex": held.hex()}
        else:
            told[one.name] = _plain(held) if isinstance(held, Terms) else held
    return told


def _typed(told: dict[str, Any]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, dict):
            held[name] = bytes.fromhex(value["hex"]) if set(value) == {"hex"} else _typed(value)
        else:
            held[name] = value
    return held
