"""The manifest of a cohort: which record in which version, by which consent, in a fixed order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import orjson

from models.errors import ModelsBroken
from storage.merkle import root as merkle_root

TRAINING_PART: Final = "training"
HELD_OUT_PART: Final = "held-out"
_FORMAT: Final = "vouchsafe-manifest-1"
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


class ManifestLine(NamedTuple):
    """One record of the cohort; a manifest identifies nobody. Lines sort by their fields in order.

    Attributes:
        patient, record: keyed hashes (64 hex characters) that only this installation can compute.
        version: the version of the record.
        consent: id of the consent that permits it, in hex.
        decision: always ``permitted``.
        part: whether the patient's records train the model or test it.
    """

    patient: str
    record: str
    version: int
    consent: str
    decision: str
    part: str


@dataclass(frozen=True)
class Manifest:
    """Lines in ascending order of patient and record; the order of the matrix follows from it."""

    question: str
    lines: tuple[ManifestLine, ...]

    @classmethod
    def of(cls, question: str, lines: Iterable[ManifestLine]) -> Manifest:
        """Return the manifest of these lines; `question` is the sha-256 of the question's file."""
        return cls(question, tuple(sorted(lines)))

    @cached_property
    def root(self) -> bytes:
        """The Merkle root (32 bytes) over the question and every line, as RFC 6962 hashes."""
        first = _packed({"format": _FORMAT, "question": self.question})
        return merkle_root([first, *(_packed(line._asdict()) for line in self.lines)])

    @property
    def seed(self) -> int:
        """The random seed of the training, from the root."""
        return int.from_bytes(self.root[:4], "big") & 0x7FFFFFFF

    def patients(self, part: str) -> list[str]:
        """Return the patients of a part, in the order of the matrix."""
        return list(dict.fromkeys(line.patient for line in self.lines if line.part == part))

    def to_json(self) -> bytes:
        """Return the canonical JSON of this manifest."""
        lines = [line._asdict() for line in self.lines]
        return _packed({"format": _FORMAT, "question": self.question, "lines": lines})

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Return the manifest of a text that `to_json` wrote.

        Raises:
            ModelsBroken: the text is not a manifest, or not canonical.
        """
        try:
            content = orjson.loads(text)
            lines = (ManifestLine(**line) for line in content["lines"])
            manifest = cls.of(content["question"], lines)
        except (ValueError, KeyError, TypeError) as exc:
            raise ModelsBroken("the manifest cannot be read") from exc
        if manifest.to_json() != text:
            raise ModelsBroken("the manifest is not canonical JSON")
        return manifest


def _packed(content: Any) -> bytes:
    """Return the same bytes as `canonical_json` for texts and whole numbers, ten times as fast."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def canonical_json(content: Any) -> bytes:
    """Return the canonical JSON of a content: sorted keys, no whitespace, UTF-8, no NaN."""
    return _ENCODER.encode(content).encode()
