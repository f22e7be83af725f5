"""Remembers which records were corrected while a training run may have read them before."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Final

from models.cohort import RECORD_LABEL
from models.manifest import Manifest
from models.model_files import ModelFiles
from models.ports import RecordStore
from models.training_runs import RUNNING, TrainingRuns

_PREFIX: Final = "corrected-"


def note_corrections(
    files: ModelFiles, runs: TrainingRuns, store: RecordStore, record_ids: Sequence[str]
) -> set[str]:
    """Store for each run under way which records were corrected; return their keyed hashes.

    Call it before models are marked: a run looks for it after its model became active, so that
    one of the two finds the model. Each call writes a file of its own, as other processes do.
    """
    hash_record = store.pseudonyms(RECORD_LABEL)
    corrected = {hash_record(bytes.fromhex(record_id)).hex() for record_id in record_ids}
    content = json.dumps(sorted(corrected)).encode()
    for run in runs.all():
        if run.state == RUNNING:
            files.write(run.model_id, f"{_PREFIX}{secrets.token_hex(8)}.json", content)
    return corrected


def was_corrected(files: ModelFiles, model_id: str, manifest: Manifest) -> bool:
    """Return whether a record that a model learned from was corrected during its run."""
    corrected = {name for raw in files.read_all(model_id, _PREFIX) for name in json.loads(raw)}
    return any(line.record in corrected for line in manifest.lines)
