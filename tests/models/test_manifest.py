from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelsBroken
from models.manifest import HELD_OUT_PART, TRAINING_PART, Manifest, ManifestLine, canonical_json

HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
LINES = st.lists(
    st.builds(
        ManifestLine,
        HEX,
        HEX,
        st.integers(1, 9),
        HEX,
        st.just("permitted"),
        st.sampled_from([TRAINING_PART, HELD_OUT_PART]),
    ),
    max_size=8,
)


@given(LINES, st.randoms())
def test_the_order_of_gathering_does_not_matter(
    lines: list[ManifestLine], random_order: random.Random
) -> None:
    shuffled = list(lines)
    random_order.shuffle(shuffled)
    assert Manifest.of("q", lines).root == Manifest.of("q", shuffled).root


@given(LINES)
def test_a_manifest_is_read_from_its_json(lines: list[ManifestLine]) -> None:
    manifest = Manifest.of("q", lines)
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert 0 <= manifest.seed < 2**31


@given(LINES.filter(bool), st.data())
def test_every_field_of_every_line_is_in_the_root(
    lines: list[ManifestLine], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(lines) - 1))
    line = lines[index]
    for changed in (
        ManifestLine(
            line.patient, line.record, line.version + 1, line.consent, line.decision, line.part
        ),
        ManifestLine(line.patient, line.record, line.version, "00" * 32, line.decision, line.part),
        ManifestLine(line.patient, line.record, line.version, line.consent, line.decision, "other"),
    ):
        if changed != line:
            others = [*lines[:index], changed, *lines[index + 1 :]]
            assert Manifest.of("q", others).root != Manifest.of("q", lines).root


def test_the_question_is_in_the_root_too() -> None:
    assert Manifest.of("q", []).root != Manifest.of("p", []).root


def test_patients_are_listed_once_in_the_order_of_their_hashes() -> None:
    lines = [
        ManifestLine("b", "2", 1, "c", "permitted", TRAINING_PART),
        ManifestLine("b", "1", 1, "c", "permitted", TRAINING_PART),
        ManifestLine("a", "3", 1, "c", "permitted", TRAINING_PART),
        ManifestLine("0", "4", 1, "c", "permitted", HELD_OUT_PART),
    ]
    manifest = Manifest.of("q", lines)
    assert manifest.patients(TRAINING_PART) == ["a", "b"]
    assert manifest.patients(HELD_OUT_PART) == ["0"]


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'{"question":"q","lines":[{"patient":"a"}]}', b"\xff"],
)
def test_a_text_that_is_not_a_manifest_is_broken(text: bytes) -> None:
    with pytest.raises(ModelsBroken):
        Manifest.from_json(text)


def test_a_manifest_that_is_not_canonical_is_broken() -> None:
    text = Manifest.of("q", [ManifestLine("a", "b", 1, "c", "permitted", TRAINING_PART)]).to_json()
    with pytest.raises(ModelsBroken, match="not canonical"):
        Manifest.from_json(json.dumps(json.loads(text)).encode())


def test_canonical_json_rejects_not_a_number() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})
