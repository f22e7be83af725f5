"""A cohort written down: which record, which version, by which consent, in a fixed order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from models.errors import ModelsBroken
from storage.merkle import root as merkle_root

TRAINING_PART: Final = "training"
HELD_OUT_PART: Final = "held-out"
_FORMAT: Final = "vouchsafe-manifest-1"
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One record that was used; all but the consent id are keyed hashes or plain facts.

    `patient` and `record` are keyed hashes (64 hex characters) that only the vault can make, so a
    manifest names nobody; `part` says whether the patient trained the model or tried it.
    """

    patient: str
    record: str
    version: int
    consent: str
    decision: str
    part: str

    def content(self) -> dict[str, str | int]:
        """Return the line as it stands in the text."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True)
class Manifest:
    """Lines in rising order of patient and record; the order of the matrix follows from it."""

    question: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, question: str, lines: Iterable[Line]) -> Manifest:
        """Return the manifest of these lines; `question` is the sha-256 of the question's file."""
        return cls(question, tuple(sorted(lines)))

    @cached_property
    def root(self) -> bytes:
        """The Merkle root (32 bytes) over the question and every line, as RFC 6962 hashes."""
        leaves = [canonical({"format": _FORMAT, "question": self.question})]
        return merkle_root([*leaves, *(canonical(line.content()) for line in self.lines)])

    @property
    def seed(self) -> int:
        """The seed of every draw of the training, from the root."""
        return int.from_bytes(self.root[:4], "big") & 0x7FFFFFFF

    def patients(self, part: str) -> list[str]:
        """Return the patients of a part, in the order of the matrix."""
        return list(dict.fromkeys(line.patient for line in self.lines if line.part == part))

    def to_json(self) -> bytes:
        """Return the one text of this manifest."""
        lines = [line.content() for line in self.lines]
        return canonical({"format": _FORMAT, "question": self.question, "lines": lines})

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Return the manifest of a text that `to_json` wrote.

        Raises:
            Broken: it is no such text, or not in the one form.
        """
        try:
            held = json.loads(text)
            found = cls.of(held["question"], (Line(**line) for line in held["lines"]))
        except (ValueError, KeyError, TypeError) as exc:
            raise ModelsBroken("a manifest cannot be read") from exc
        if found.to_json() != text:
            raise ModelsBroken("a manifest is not in its one form")
        return found


def canonical(content: Any) -> bytes:
    """Return the one JSON text of a content: sorted keys, no blanks, UTF-8, no NaN."""
    return _ENCODER.encode(content).encode()
