"""Asks again whether every record that a manifest lists may still train the study's models."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from consent import MLTRAINING
from models.cohort import RECORD_LABEL
from models.manifest import Manifest, ManifestLine
from models.ports import ConsentLedger, RecordStore
from storage import AccessRequest

_PERMITTED: Final = "permitted"
_WHY: Final = "whether a model may be kept"


@dataclass(frozen=True, slots=True)
class ConsentCheck:
    """Decides again on the lines of a manifest, as if they were requested for the first time."""

    ledger: ConsentLedger
    store: RecordStore

    def find_lost(self, study: str, manifest: Manifest) -> list[ManifestLine]:
        """Return the lines whose record the study may no longer train on.

        A line is lost if the consent that it names has ended, whatever else permits its record, or
        if the whole decision on its record is a refusal now: an opt-out or a refusal signed since,
        or a record that was erased.

        Raises:
            StorageError, ConsentError: the record store or the ledger is unavailable or in doubt.
        """
        consents = sorted({bytes.fromhex(line.consent) for line in manifest.lines})
        ended = {consent.hex() for consent in self.ledger.find_ended(consents)}
        permitted = self._permitted_records(study, consents)
        return [
            line for line in manifest.lines if line.consent in ended or line.record not in permitted
        ]

    def _permitted_records(self, study: str, consents: Collection[bytes]) -> set[str]:
        """Return the keyed hashes of the records that these consents' subjects permit now."""
        subjects = self.ledger.subjects_of(list(consents))
        request = AccessRequest(study, MLTRAINING, None, None, subjects, _WHY)
        hash_record = self.store.pseudonyms(RECORD_LABEL)
        return {
            hash_record(record_id).hex()
            for record_id, (outcome, _) in self.store.vault.decide_again(request).items()
            if outcome == _PERMITTED
        }
