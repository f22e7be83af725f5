"""The codes of what a check of models, manifests and cards can find."""

from __future__ import annotations

from consent import FindingCode


class ModelFinding(FindingCode):
    """What a check of the models can find."""

    UNCHECKED = ("unchecked", "not checked against the ledger: {error}")
    FILE_LEFT = ("file-left", "the file of a retired model still exists")
    FILE_DIFFERS = ("file-differs", "the model file is missing or differs from what was written")
    CARD_DIFFERS = ("card-differs", "the model card is missing or differs from what was written")
    ROW_DIFFERS = ("row-differs", "the model's row names another study or question than its card")
    CARD_NOT_ANCHORED = ("card-not-anchored", "the model card is not anchored on the ledger")
    MANIFEST_UNREADABLE = ("manifest-unreadable", "the manifest is missing or cannot be read")
    MANIFEST_ROOT_DIFFERS = (
        "manifest-root-differs",
        "the manifest root differs from the root of the model",
    )
    MANIFEST_CONSENTS_DIFFER = (
        "manifest-consents-differ",
        "the manifest names other consents than the registry",
    )
    MANIFEST_NOT_ANCHORED = ("manifest-not-anchored", "the manifest is not anchored on the ledger")
    CONSENTS_LOST = (
        "consents-lost",
        "the model is active although {count} of its consents have ended",
    )
