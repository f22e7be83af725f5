"""Takes a census of everybody who may be counted, once a week, and keeps it sealed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from consent import MLTRAINING
from models.census import Census, take_census
from models.counting import CodeSummary, Rounding, summarise_codes
from models.persons import group_by_person
from services.installation import Installation
from storage import AccessRequest, RecordStore, SealBroken

LIFE_S: Final = 7 * 86_400
LABEL: Final = "census"
ROUNDING_LABEL: Final = "census rounding"
WHY: Final = "count people for researchers"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """The codes of everybody who was counted, and when; `people` is rounded, None if few."""

    taken_at_s: int
    people: int | None
    codes: Sequence[CodeSummary]


class Censuses:
    """The census of an installation: two files, of which only the list of codes is in clear.

    It is fixed for a week, so that two counts do not show what changed in between, and deleted
    when a patient is erased.
    """

    def __init__(self, store: RecordStore, installation: Installation) -> None:
        self._store = store
        self._organisation = installation.organisation
        self._clock = installation.clock
        self._folder = installation.home / "census"
        self.rounding = Rounding(lambda name: store.pseudonyms(ROUNDING_LABEL)(name))

    def get(self, progress: Progress) -> Census:
        """Return the census of this week; it is taken now if there is none.

        Raises:
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
        codes = [
            CodeSummary(**{**code, "values": tuple(code["values"])}) for code in content["codes"]
        ]
        return CodeList(taken_at_s=content["taken_at_s"], people=content["people"], codes=codes)

    def delete(self) -> None:
        """Delete the census; the next count takes another."""
        for name in ("events.sealed", "codes.json"):
            (self._folder / name).unlink(missing_ok=True)

    def _find(self) -> Census | None:
        try:
            sealed = (self._folder / "events.sealed").read_bytes()
        except FileNotFoundError:
            return None
        try:
            census = Census.from_bytes(self._store.open_bytes(LABEL, sealed))
        except SealBroken:
            return None
        return census if self._clock() < census.taken_at_s + LIFE_S else None

    def _take(self, progress: Progress) -> Census:
        request = AccessRequest(self._organisation, MLTRAINING, None, None, None, WHY)
        taken_at_s = int(self._clock())
        by_subject = self._store.vault.open_for_counts(request, progress)
        records = [record for each in by_subject.values() for record in each]
        census = take_census(group_by_person(self._store, records), taken_at_s)
        progress("counting", 0, 1)
        codes = summarise_codes(census, self.rounding)
        people = self.rounding.count(census.subjects)
        content = {"taken_at_s": taken_at_s, "people": people, "codes": [asdict(c) for c in codes]}
        self._write("codes.json", orjson.dumps(content))
        self._write("events.sealed", self._store.seal_bytes(LABEL, census.to_bytes()))
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
