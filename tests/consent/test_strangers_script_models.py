"""The stranger's script finds a model that rests on what was not permitted to its study."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from liar import NOW_S, raw_call
from stranger_world import RELAY, World
from township import STUDY

from consent import abi
from consent.abi import word
from consent.typed_data import Op
from storage import merkle

QUESTION = "ab" * 32
FILE = "ef" * 32
MODEL = "model-1"
Judge = Callable[..., dict[str, Any]]


def canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def anchor(world: World, kind: str, root: bytes) -> None:
    fixed = kind.encode().ljust(32, b"\0")
    call = abi.encode_call(abi.ANCHOR, fixed, root, 1)
    world.chain.tell(Op.ANCHORED, fixed + root + word(1), raw_call(RELAY, call))


def publish(world: World, consent: bytes, **changed: Any) -> list[dict[str, Any]]:
    """Anchor a model that rests on a consent; return its two lines of evidence.

    `changed` has other values of the card: study, id, sha256 or question.
    """
    used = {"consent": consent.hex(), "decision": "permitted", "part": "training"}
    used |= {"patient": "11" * 32, "record": "22" * 32, "version": 1}  # type: ignore[dict-item]
    head = {"format": "vouchsafe-manifest-1", "question": QUESTION}
    manifest = canonical({**head, "lines": [used]})
    facts = {"study": STUDY, "id": MODEL, "question": QUESTION, "sha256": FILE} | changed
    card = canonical(
        {
            "study": facts["study"],
            "model": {"id": facts["id"], "sha256": facts["sha256"]},
            "question": {"sha256": facts["question"]},
        }
    )
    root = merkle.root([canonical(head).encode(), canonical(used).encode()])
    card_hash = hashlib.sha256(card.encode())
    anchor(world, "manifest", root)
    anchor(world, "card", card_hash.digest())
    model = {"model": MODEL, "sha256": FILE, "state": "active", "manifest_root": root.hex()}
    model["card_sha256"] = card_hash.hexdigest()
    return [
        {"kind": "card", "text": card, **model},
        {"kind": "manifest", "text": manifest, **model},
    ]


def test_a_model_of_the_study_that_was_permitted_agrees(judge: Judge) -> None:
    world = World()
    model = publish(world, world.granted)
    assert judge(world, [*world.lines(), *model])["wrong"] == []


def test_a_model_that_rests_on_a_consent_to_another_study_is_found(judge: Judge) -> None:
    for study in (STUDY, "study:another"):
        world = World()
        terms = replace(world.terms, recipient="study:another")
        consent = world.grant(world.patient.grants(NOW_S - 40, terms))
        model = publish(world, consent, study=study)
        named = f"{MODEL} rests on consent {consent.hex()}, "
        named += "which is not known to permit training for its study"
        assert judge(world, [*world.lines(), *model])["wrong"] == [named] * (study == STUDY)


@pytest.mark.parametrize(
    "changed",
    [{"id": "model-2"}, {"sha256": "01" * 32}, {"question": "cd" * 32}, {"study": ""}],
    ids=str,
)
def test_a_manifest_under_the_card_of_another_model_is_found(
    judge: Judge, changed: dict[str, str]
) -> None:
    world = World()
    model = publish(world, world.granted, **changed)
    no_card = f"no card of {MODEL} names its file, its study and its manifest's question"
    assert no_card in judge(world, [*world.lines(), *model])["wrong"]
    assert no_card in judge(world, [*world.lines(), model[1]])["wrong"]


def test_a_manifest_that_names_another_file_than_the_card_is_found(judge: Judge) -> None:
    world = World()
    card, manifest = publish(world, world.granted)
    manifest["sha256"] = "01" * 32
    no_card = f"no card of {MODEL} names its file, its study and its manifest's question"
    assert no_card in judge(world, [*world.lines(), card, manifest])["wrong"]


def test_a_manifest_that_can_be_read_in_two_ways_is_found(judge: Judge) -> None:
    world = World()
    card, manifest = publish(world, world.granted)
    manifest["text"] = manifest["text"].replace("{", '{"lines":[],', 1)
    wrong = judge(world, [*world.lines(), card, manifest])["wrong"]
    assert wrong == [f"manifest of {MODEL} is not what was anchored"]


def test_a_batch_that_does_not_say_of_each_record_whether_it_is_held_is_refused(
    judge: Judge,
) -> None:
    """Else the blocks of records that it does not mention would not be looked for."""
    world = World()
    leaf = b"\1" * 96
    anchor(world, "records", merkle.root([leaf]))
    batch = {"kind": "batch", "name": "b", "root": merkle.root([leaf]).hex()}
    batch |= {"leaves": [leaf.hex()], "held": []}  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="shorter"):
        judge(world, [*world.lines(), batch])
