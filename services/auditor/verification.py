"""Verifies the whole store: ledger, mirror, journal, catalogue, blocks, manifests and cards."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, Final

from consent import ConsentError, ConsentLedger, Finding
from models import Diagnostics, ModelsError
from services import database
from services.jobs.progress import Progress
from services.jobs.queue import DONE, Job
from storage import BlockReader, RecordStore, StorageError

PARTS: Final = ("ledger", "mirror", "journal", "catalogue", "blocks", "manifests", "cards")
RUN_ORDER: Final = ("ledger", "mirror", "catalogue", "blocks", "journal", "manifests", "cards")
"""The order in which progress is reported."""
AGREES: Final = "agrees"
DIFFERS: Final = "differs"
UNCHECKED: Final = "unchecked"
NOT_CHECKABLE: Final = (
    ConsentError,
    StorageError,
    ModelsError,
    *database.UNAVAILABLE_ERRORS,
)
_MILLI: Final = 1000
_TIMED_WITH: Final = {"catalogue": "blocks", "manifests": "cards"}
"""Parts that are read together with another share its time."""
_ALSO_NAMED: Final[dict[str, tuple[str, ...]]] = {
    "keys": ("catalogue",),
    "pins": ("blocks",),
    "models": ("manifests", "cards"),
}
"""What the packages' checks name more precisely or less precisely than the seven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """The result of one of the seven checks.

    Attributes:
        part: one of `PARTS`.
        state: ``agrees``, ``differs`` or ``unchecked``.
        many: how many entries were compared.
        took_ms: how long it took; catalogue and blocks share one time, as do manifests and cards.
        wrong: how many findings there are.
        code, what, where: the first finding's code, message and place; without a code, `what`
            is why nothing was checked.
    """

    part: str
    state: str
    many: int = 0
    took_ms: int = 0
    wrong: int = 0
    code: str = ""
    what: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification job and its seven results; all are unchecked until it has ended."""

    job: Job
    parts: list[PartResult]

    @classmethod
    def of(cls, job: Job) -> Verification:
        """Return the results that a job has stored."""
        if job.state == DONE and job.result and "parts" in job.result:
            return cls(job, [PartResult(**part) for part in job.result["parts"]])
        return cls(job, [PartResult(part=part, state=UNCHECKED, what=job.error) for part in PARTS])

    @property
    def agrees(self) -> bool:
        """True if all seven were checked and agree."""
        return all(part.state == AGREES for part in self.parts)

    def in_state(self, state: str) -> list[PartResult]:
        """Return the results with this state."""
        return [part for part in self.parts if part.state == state]


class Verifier:
    """Compares each part with the others; every package checks its own part."""

    def __init__(
        self, *, ledger: ConsentLedger, store: RecordStore, diagnostics: Diagnostics
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._diagnostics = diagnostics

    def find_all(self, progress: Progress, blocks: BlockReader | None = None) -> list[Finding]:
        """Return every difference between the parts; an empty list means no problems.

        With `blocks`, those are checked instead of the IPFS node's.

        Raises:
            LedgerUnavailable, StoreUnavailable, VaultSealed: an unavailable part cannot be checked.
        """
        timer = _Timer(progress)
        findings = self._check_ledger(timer)
        findings += self._store.check(timer.store, blocks)
        findings += self._diagnostics.check(timer.models)
        return findings

    def check_parts(self, progress: Progress) -> list[PartResult]:
        """Return the results of the seven checks; the parts of an unavailable one are unchecked."""
        timer = _Timer(progress)
        store, diagnostics = self._store, self._diagnostics
        sections: tuple[_Section, ...] = (
            (lambda: self._check_ledger(timer), self._ledger_counts, ("ledger", "mirror")),
            (
                lambda: store.check(timer.store),
                self._store_counts,
                ("journal", "catalogue", "blocks"),
            ),
            (
                lambda: diagnostics.check(timer.models),
                self._model_counts,
                ("manifests", "cards"),
            ),
        )
        return [result for section in sections for result in _check_section(section, timer)]

    def _check_ledger(self, timer: _Timer) -> list[Finding]:
        erased = cache(lambda: self._store.erasure.erased_people())  # only if terms are missing
        return self._ledger.check(
            timer.ledger, lambda subject: hashlib.sha256(subject).hexdigest() in erased()
        )

    def _ledger_counts(self) -> dict[str, int]:
        return dict.fromkeys(("ledger", "mirror"), self._ledger.view().count)

    def _store_counts(self) -> dict[str, int]:
        totals = self._store.totals()
        return {
            "journal": totals["journal"],
            "catalogue": totals["records"],
            "blocks": totals["records"],
        }

    def _model_counts(self) -> dict[str, int]:
        return dict.fromkeys(("manifests", "cards"), len(self._diagnostics.models()))


_Section = tuple[Callable[[], list[Finding]], Callable[[], dict[str, int]], tuple[str, ...]]


def _check_section(section: _Section, timer: _Timer) -> list[PartResult]:
    check, count, parts = section
    # What comes before the first report belongs to the part that is read first.
    timer.start(_timed_as(min(parts, key=RUN_ORDER.index)))
    try:
        findings, counts = check(), count()
    except NOT_CHECKABLE as exc:
        return [PartResult(part=part, state=UNCHECKED, what=str(exc)) for part in parts]
    finally:
        timer.start("")
    results = [_result(part, findings) for part in parts]
    return [
        replace(result, many=counts[result.part], took_ms=timer.spent_ms(_timed_as(result.part)))
        for result in results
    ]


def _timed_as(part: str) -> str:
    return _TIMED_WITH.get(part, part)


def _result(part: str, findings: Sequence[Finding]) -> PartResult:
    mine = [finding for finding in findings if part in _parts_of(finding)]
    if not mine:
        return PartResult(part=part, state=AGREES)
    is_unchecked = all(finding.is_unchecked for finding in mine)
    return PartResult(
        part=part,
        state=UNCHECKED if is_unchecked else DIFFERS,
        wrong=0 if is_unchecked else len(mine),
        code=str(mine[0].code),
        what=mine[0].message,
        where=mine[0].where,
    )


def _parts_of(finding: Finding) -> tuple[str, ...]:
    """Return which of the seven a finding concerns; an unknown part concerns all."""
    return (finding.part,) if finding.part in PARTS else _ALSO_NAMED.get(finding.part, PARTS)


def results_as_json(results: Sequence[PartResult]) -> dict[str, Any]:
    """Return the seven as a job's result."""
    return {
        "agrees": all(result.state == AGREES for result in results),
        "findings": [
            {name: getattr(result, name) for name in ("part", "code", "what", "where")}
            for result in results
            if result.state != AGREES
        ],
        "parts": [asdict(result) for result in results],
    }


class _Timer:
    """Passes the packages' progress on, and measures how long each part takes."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._part, self._since_s = "", time.monotonic()
        self._spent_s: Counter[str] = Counter()

    def start(self, part: str) -> None:
        """Count the time from now on for this part."""
        now_s = time.monotonic()
        self._spent_s[self._part] += now_s - self._since_s  # type: ignore[assignment]
        self._part, self._since_s = part, now_s

    def spent_ms(self, part: str) -> int:
        """Return how long a part has taken."""
        return round(_MILLI * self._spent_s[part])

    def ledger(self, step: str) -> None:
        """Report a step of the ledger's check."""
        self.start(step)
        self._progress(step, 0, 1)

    def store(self, step: str, done: int, of: int) -> None:
        """Report a step of the record store's check."""
        self.start(step)
        self._progress(step, done, of)

    def models(self, _: str) -> None:
        """Report the next model."""
        self.start("cards")
        self._progress("cards", 0, 1)
