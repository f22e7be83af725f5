"""Checks models, files, manifests, cards and anchors against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from consent import ConsentError, Finding
from models.errors import ModelsError
from models.files import CARD, MANIFEST, MODEL
from models.manifest import Manifest
from models.registry import ACTIVE, OVER, TRAINED, Model
from models.training import Workshop


def check(workshop: Workshop, progress: Callable[[str], None] | None = None) -> list[Finding]:
    """Return what does not fit together; nothing is good. `progress` hears each model's id."""
    found = []
    for model in workshop.registry.all():
        if progress is not None:
            progress(model.id)
        wrong = [*_of_files(workshop, model), *_of_manifest(workshop, model)]
        try:
            wrong += _of_ledger(workshop, model)
        except ConsentError as exc:
            wrong.append(f"not checked against the ledger: {exc}")
        found += [Finding("models", what, model.id) for what in wrong]
    return found


def _of_files(workshop: Workshop, model: Model) -> Iterator[str]:
    path = workshop.files.path(model.id, MODEL)
    if model.state in OVER:
        if path.exists():
            yield "the model is over, and its file is still there"
    elif _sha256(workshop, model.id, MODEL) != model.sha256:
        yield "the model's file is missing, or not the one that was written"
    if _sha256(workshop, model.id, CARD) != model.card_sha256:
        yield "the card is missing, or not the one that was written"


def _sha256(workshop: Workshop, model_id: str, name: str) -> str:
    try:
        return hashlib.sha256(workshop.files.read(model_id, name)).hexdigest()
    except ModelsError:
        return ""


def _of_manifest(workshop: Workshop, model: Model) -> Iterator[str]:
    consents = workshop.registry.consents(model.id)
    try:
        manifest = Manifest.from_json(workshop.files.read(model.id, MANIFEST))
    except ModelsError:
        yield "the manifest is missing, or cannot be read"
    else:
        if manifest.root.hex() != model.manifest_root:
            yield "the manifest has another root than the model's"
        if {line.consent for line in manifest.lines} != {one.hex() for one in consents}:
            yield "the manifest names other consents than the registry"


def _of_ledger(workshop: Workshop, model: Model) -> Iterator[str]:
    if model.state == ACTIVE:
        lost = len(workshop.ledger.lost(workshop.registry.consents(model.id)))
        if lost:
            yield f"the model answers, and {lost} of its consents are lost; it is not listed yet"
    if model.state == TRAINED:
        return
    for kind, root in (("manifest", model.manifest_root), ("card", model.card_sha256)):
        if bytes.fromhex(root) not in {bytes(one.root) for one in workshop.ledger.anchors(kind)}:
            yield f"the {kind} is not anchored on the ledger"


def evidence(workshop: Workshop) -> Iterator[dict[str, Any]]:
    """Yield each model's row, card and manifest as they are written; a stranger hashes them."""
    for model in workshop.registry.all():
        for kind, name in (("card", CARD), ("manifest", MANIFEST)):
            try:
                text = workshop.files.read(model.id, name).decode()
            except ModelsError:
                text = ""
            yield {
                "kind": kind,
                "model": model.id,
                "sha256": model.sha256,
                "state": model.state,
                "manifest_root": model.manifest_root,
                "card_sha256": model.card_sha256,
                "text": text,
            }
