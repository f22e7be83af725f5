"""Checks models, files, manifests, cards and anchors against each other, and exports them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from consent import ConsentError, Finding, collect
from models.consent_check import ConsentCheck
from models.errors import ModelsError
from models.findings import ModelFinding
from models.manifest import Manifest
from models.model_files import CARD, MANIFEST, MODEL, ModelFiles
from models.ports import ConsentLedger
from models.registry import ACTIVE, ENDED, TRAINED, Model, ModelRegistry

MODELS: Final = "models"
MANIFESTS: Final = "manifests"
CARDS: Final = "cards"


@dataclass(frozen=True, slots=True)
class IntegrityCheck:
    """Compares the registry with the files and the ledger."""

    ledger: ConsentLedger
    consents: ConsentCheck
    registry: ModelRegistry
    files: ModelFiles

    def run(self, progress: Callable[[str], None] | None = None) -> list[Finding]:
        """Return the findings; an empty list means no problems.

        `progress` receives the id of each model before it is checked.
        """
        return collect(MODELS, "models", lambda: self._check_all(progress))

    def _check_all(self, progress: Callable[[str], None] | None) -> Iterator[Finding]:
        for model in self.registry.all():
            if progress is not None:
                progress(model.id)
            for check in (self._check_files, self._check_manifest, self._check_against_ledger):
                yield from collect(MODELS, model.id, partial(check, model))

    def _check_against_ledger(self, model: Model) -> Iterator[Finding]:
        try:
            yield from self._check_ledger(model)
        except ConsentError as exc:
            facts, code = {"error": str(exc)}, ModelFinding.UNCHECKED
            yield Finding(part=MODELS, code=code, where=model.id, facts=facts, is_unchecked=True)

    def _check_files(self, model: Model) -> Iterator[Finding]:
        path = self.files.path(model.id, MODEL)
        if model.state in ENDED:
            if path.exists():
                yield Finding(part=CARDS, code=ModelFinding.FILE_LEFT, where=model.id)
        elif self._sha256(model.id, MODEL) != model.sha256:
            yield Finding(part=CARDS, code=ModelFinding.FILE_DIFFERS, where=model.id)
        if self._sha256(model.id, CARD) != model.card_sha256:
            yield Finding(part=CARDS, code=ModelFinding.CARD_DIFFERS, where=model.id)
        elif not self._fits_card(model):
            yield Finding(part=CARDS, code=ModelFinding.ROW_DIFFERS, where=model.id)

    def _fits_card(self, model: Model) -> bool:
        """Return whether the row has the study and the question of the anchored card."""
        card = json.loads(self.files.read(model.id, CARD))
        question_sha256 = hashlib.sha256(model.question_text.encode()).hexdigest()
        return (card["study"], card["question"]["sha256"]) == (model.study, question_sha256)

    def _sha256(self, model_id: str, name: str) -> str:
        try:
            return hashlib.sha256(self.files.read(model_id, name)).hexdigest()
        except ModelsError:
            return ""

    def _check_manifest(self, model: Model) -> Iterator[Finding]:
        consents = {consent.hex() for consent in self.registry.consents(model.id)}
        try:
            manifest = Manifest.from_json(self.files.read(model.id, MANIFEST))
        except ModelsError:
            yield Finding(part=MANIFESTS, code=ModelFinding.MANIFEST_UNREADABLE, where=model.id)
            return
        if manifest.root.hex() != model.manifest_root:
            code = ModelFinding.MANIFEST_ROOT_DIFFERS
            yield Finding(part=MANIFESTS, code=code, where=model.id)
        if {line.consent for line in manifest.lines} != consents:
            code = ModelFinding.MANIFEST_CONSENTS_DIFFER
            yield Finding(part=MANIFESTS, code=code, where=model.id)

    def _check_ledger(self, model: Model) -> Iterator[Finding]:
        if model.state == ACTIVE:
            consents = self._find_lost_consents(model)
            if consents:
                code, facts = ModelFinding.CONSENTS_LOST, {"count": len(consents)}
                yield Finding(part=MANIFESTS, code=code, where=model.id, facts=facts)
        if model.state == TRAINED:
            return
        for part, kind, root, code in (
            (MANIFESTS, "manifest", model.manifest_root, ModelFinding.MANIFEST_NOT_ANCHORED),
            (CARDS, "card", model.card_sha256, ModelFinding.CARD_NOT_ANCHORED),
        ):
            anchored = {bytes(anchor.root) for anchor in self.ledger.anchors(kind)}
            if bytes.fromhex(root) not in anchored:
                yield Finding(part=part, code=code, where=model.id)

    def _find_lost_consents(self, model: Model) -> set[str]:
        try:
            manifest = Manifest.from_json(self.files.read(model.id, MANIFEST))
        except ModelsError:
            return set()  # reported as unreadable
        return {line.consent for line in self.consents.find_lost(model.study, manifest)}


def export_evidence(
    registry: ModelRegistry, files: ModelFiles, model_ids: Container[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield each model's row, card and manifest as stored, so that anyone can hash them.

    With `model_ids`, only those of these models.
    """
    for model in registry.all():
        if model_ids is not None and model.id not in model_ids:
            continue
        for kind, name in (("card", CARD), ("manifest", MANIFEST)):
            try:
                text = files.read(model.id, name).decode()
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
