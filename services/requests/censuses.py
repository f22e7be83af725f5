"""Takes a census of everybody who may be counted, once a week, and keeps it sealed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from consent import MLTRAINING
from models.census import Census, take_census
from models.count_noise import CountNoise
from models.counting import CodeSummary, count_everybody, summarise_codes
from models.errors import ModelsBroken
from models.persons import group_by_person
from services.dates import quarter_of
from services.errors import Conflict
from services.installation import Installation
from services.jobs.progress import Progress
from storage import AccessRequest, RecordStore, SealBroken

LIFE_S: Final = 7 * 86_400
LABEL: Final = "census"
NOISE_LABEL: Final = "census noise"
WHY: Final = "count people for researchers"
_DELETION: Final = "deletion"


class CensusOutdated(Conflict):
    """The census was deleted while another was being taken, so that one is not kept either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """The codes of everybody who was counted, and when; `people` has noise, None if few."""

    taken_at_s: int
    people: int | None
    codes: Sequence[CodeSummary]


class Censuses:
    """The census of an installation: two files, of which only the list of codes is in clear.

    It is fixed for a week, so that two counts do not show what changed in between. It is deleted
    when a patient is erased, when links change, when a record is moved and when counting is turned
    off: each deletion has a random name, and a census counts only under the name it began with.
    """

    def __init__(self, store: RecordStore, installation: Installation) -> None:
        self._store = store
        self._organisation = installation.organisation
        self._clock = installation.clock
        self._folder = installation.home / "census"
        self.noise = CountNoise(lambda name: store.pseudonyms(NOISE_LABEL)(name))

    def get(self, progress: Progress) -> Census:
        """Return the census of this week; it is taken now if there is none.

        Raises:
            CensusOutdated: the census was deleted while this one was taken; nothing is kept.
            LedgerUnavailable (consent), StorageUnavailable (storage): refusals or records cannot be
                read now; nothing was opened.
        """
        return self._find() or self._take(progress)

    def find_codes(self) -> CodeList | None:
        """Return the codes of the last census, or None if there is none."""
        try:
            content = orjson.loads((self._folder / "codes.json").read_bytes())
        except FileNotFoundError:
            return None
        if content.get("deletion", "") != self._read_deletion().decode():
            return None
        codes = [
            CodeSummary(**{**code, "values": tuple(code["values"])}) for code in content["codes"]
        ]
        return CodeList(taken_at_s=content["taken_at_s"], people=content["people"], codes=codes)

    def is_current(self, taken_at_s: int) -> bool:
        """Return whether the census of this moment (seconds UTC) is that of this week."""
        codes = self.find_codes()
        return codes is not None and codes.taken_at_s == taken_at_s and self._is_fresh(taken_at_s)

    def _is_fresh(self, taken_at_s: int) -> bool:
        return self._clock() < taken_at_s + LIFE_S

    def delete(self) -> None:
        """Delete the census, also one that is being taken now; the next count takes another."""
        # First the name, so that a job that writes its census after this is too late.
        self._write(_DELETION, secrets.token_hex(16).encode())
        self._unlink()

    def _unlink(self) -> None:
        for name in ("events.sealed", "codes.json"):
            (self._folder / name).unlink(missing_ok=True)

    def _read_deletion(self) -> bytes:
        """Return the name of the last deletion; empty before the first."""
        try:
            return (self._folder / _DELETION).read_bytes()
        except FileNotFoundError:
            return b""

    def _find(self) -> Census | None:
        try:
            sealed = (self._folder / "events.sealed").read_bytes()
        except FileNotFoundError:
            return None
        try:
            census = Census.from_bytes(self._store.open_bytes(LABEL, sealed, self._read_deletion()))
        except (SealBroken, ModelsBroken):  # also one of an earlier version
            return None
        return census if self._is_fresh(census.taken_at_s) else None

    def _take(self, progress: Progress) -> Census:
        request = AccessRequest(self._organisation, MLTRAINING, None, None, None, WHY)
        taken_at_s, deletion = int(self._clock()), self._read_deletion()
        by_subject = self._store.vault.open_for_counts(request, progress)
        records = [record for each in by_subject.values() for record in each]
        census = take_census(group_by_person(self._store, records), taken_at_s)
        progress("counting", 0, 1)
        # The noise of a number stays for a quarter: many censuses do not average it away.
        quarter = quarter_of(taken_at_s)
        codes = summarise_codes(census, self.noise, quarter)
        content = {
            "deletion": deletion.decode(),
            "taken_at_s": taken_at_s,
            "people": count_everybody(census, self.noise, quarter),
            "codes": [asdict(code) for code in codes],
        }
        self._write("codes.json", orjson.dumps(content))
        sealed = self._store.seal_bytes(LABEL, census.to_bytes(), deletion)
        self._write("events.sealed", sealed)
        if self._read_deletion() != deletion:
            self._unlink()
            raise CensusOutdated(
                "The records, links or rules changed while people were counted. Count again."
            )
        return census

    def _write(self, name: str, content: bytes) -> None:
        """Replace a file as a whole; its owner alone can read it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f"{name}.{secrets.token_hex(8)}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / name)
