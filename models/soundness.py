"""Checks models, files, manifests, cards and anchors against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from consent import ConsentError, Finding
from models.errors import ModelsError
from models.files import CARD, MANIFEST, MODEL
from models.findings import ModelFinding
from models.manifest import Manifest
from models.registry import ACTIVE, OVER, TRAINED, Model
from models.training import Workshop

MODELS: Final = "models"
MANIFESTS: Final = "manifests"
CARDS: Final = "cards"


def check(workshop: Workshop, progress: Callable[[str], None] | None = None) -> list[Finding]:
    """Return the findings; an empty list means no problems. `progress` receives each model's id."""
    findings: list[Finding] = []
    for model in workshop.registry.all():
        if progress is not None:
            progress(model.id)
        findings += _of_files(workshop, model)
        findings += _of_manifest(workshop, model)
        try:
            findings += _of_ledger(workshop, model)
        except ConsentError as exc:
            facts = {"error": str(exc)}
            code = ModelFinding.UNCHECKED
            findings.append(
                Finding(part=MODELS, code=code, where=model.id, facts=facts, is_unchecked=True)
            )
    return findings


def _of_files(workshop: Workshop, model: Model) -> Iterator[Finding]:
    path = workshop.files.path(model.id, MODEL)
    if model.state in OVER:
        if path.exists():
            yield Finding(part=CARDS, code=ModelFinding.FILE_LEFT, where=model.id)
    elif _sha256(workshop, model.id, MODEL) != model.sha256:
        yield Finding(part=CARDS, code=ModelFinding.FILE_DIFFERS, where=model.id)
    if _sha256(workshop, model.id, CARD) != model.card_sha256:
        yield Finding(part=CARDS, code=ModelFinding.CARD_DIFFERS, where=model.id)


def _sha256(workshop: Workshop, model_id: str, name: str) -> str:
    try:
        return hashlib.sha256(workshop.files.read(model_id, name)).hexdigest()
    except ModelsError:
        return ""


def _of_manifest(workshop: Workshop, model: Model) -> Iterator[Finding]:
    consents = workshop.registry.consents(model.id)
    try:
        manifest = Manifest.from_json(workshop.files.read(model.id, MANIFEST))
    except ModelsError:
        yield Finding(part=MANIFESTS, code=ModelFinding.MANIFEST_UNREADABLE, where=model.id)
    else:
        if manifest.root.hex() != model.manifest_root:
            yield Finding(part=MANIFESTS, code=ModelFinding.MANIFEST_ROOT_DIFFERS, where=model.id)
        if {line.consent for line in manifest.lines} != {consent.hex() for consent in consents}:
            code = ModelFinding.MANIFEST_CONSENTS_DIFFER
            yield Finding(part=MANIFESTS, code=code, where=model.id)


def _of_ledger(workshop: Workshop, model: Model) -> Iterator[Finding]:
    if model.state == ACTIVE:
        count = len(workshop.ledger.find_ended(workshop.registry.consents(model.id)))
        if count:
            code, facts = ModelFinding.CONSENTS_LOST, {"count": count}
            yield Finding(part=MANIFESTS, code=code, where=model.id, facts=facts)
    if model.state == TRAINED:
        return
    for part, kind, root, code in (
        (MANIFESTS, "manifest", model.manifest_root, ModelFinding.MANIFEST_NOT_ANCHORED),
        (CARDS, "card", model.card_sha256, ModelFinding.CARD_NOT_ANCHORED),
    ):
        anchored = {bytes(anchor.root) for anchor in workshop.ledger.anchors(kind)}
        if bytes.fromhex(root) not in anchored:
            yield Finding(part=part, code=code, where=model.id)


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
