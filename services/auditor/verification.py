"""Checks the whole store: ledger, mirror, journal, catalogue, blocks, manifests and cards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from consent import ConsentError, Finding
from models import ModelsError
from services import database
from services.platform import Platform
from storage import BlockReader, StorageError

Progress = Callable[[str, int, int], None]
PARTS: Final = ("ledger", "mirror", "journal", "catalogue", "blocks", "manifests", "cards")
AGREES: Final = "agrees"
DIFFERS: Final = "differs"
UNCHECKED: Final = "unchecked"
OURS: Final = (ConsentError, StorageError, ModelsError, *database.AWAY)
_MILLI: Final = 1000
_LAW: Final = ("ledger", "mirror")
_SAFE: Final = ("journal", "catalogue", "blocks")
_MODELS: Final = ("manifests", "cards")


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one of the seven checks.

    Attributes:
        part: one of `PARTS`.
        state: ``agrees``, ``differs`` or ``unchecked``.
        many: how many things were compared.
        took_ms: how long it took; catalogue and blocks are read together and share theirs.
        wrong: how many things differ.
        what, where: the first of them, or why nothing was checked.
    """

    part: str
    state: str
    many: int = 0
    took_ms: int = 0
    wrong: int = 0
    what: str = ""
    where: str = ""


def verify(
    platform: Platform, progress: Progress, blocks: BlockReader | None = None
) -> list[Finding]:
    """Return everything that does not agree with everything else; nothing is good.

    Each package checks its own part. With `blocks`, those are checked in place of the IPFS node's.

    Raises:
        LedgerUnavailable, StoreUnavailable, VaultSealed: what is away cannot be checked.
    """
    watch = _Watch(progress)
    findings = _ledger(platform, watch)
    findings += platform.store.check(watch.store, blocks)
    findings += _models(platform, watch)
    return findings


def verify_parts(platform: Platform, progress: Progress) -> list[Checked]:
    """Return what came of each of the seven checks; what is away leaves its parts unchecked."""
    watch = _Watch(progress)
    sections: tuple[tuple[Sequence[str], Callable[[], list[Finding]]], ...] = (
        (_LAW, lambda: _ledger(platform, watch)),
        (_SAFE, lambda: platform.store.check(watch.store)),
        (_MODELS, lambda: _models(platform, watch)),
    )
    found: dict[str, Checked] = {}
    for parts, run in sections:
        watch.turn(parts[0])
        try:
            findings = run()
            many = _many(platform, parts)
        except OURS as exc:
            found |= {part: Checked(part, UNCHECKED, what=str(exc)) for part in parts}
            continue
        finally:
            watch.turn("")
        for part in parts:
            found[part] = _checked(part, findings, many[part], watch)
    return [found[part] for part in PARTS]


def shown(checked: Sequence[Checked]) -> dict[str, Any]:
    """Return the seven as a job's result; `agrees` needs seven of seven."""
    return {
        "agrees": all(one.state == AGREES for one in checked),
        "findings": [
            {"part": one.part, "what": one.what, "where": one.where}
            for one in checked
            if one.state != AGREES
        ],
        "parts": [asdict(one) for one in checked],
    }


def evidence(platform: Platform) -> Iterator[dict[str, Any]]:
    """Yield everything that a stranger needs to check all of it: docs/spec/evidence.md."""
    yield from platform.ledger.evidence()
    yield from platform.store.evidence()
    yield from platform.diagnostics.evidence()


class _Watch:
    """Hears the packages' progress, and which part took how long."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._part, self._since_s = "", time.monotonic()
        self.spent_s: Counter[str] = Counter()

    def turn(self, part: str) -> None:
        """Another part is checked from now on."""
        now_s = time.monotonic()
        self.spent_s[self._part] += now_s - self._since_s  # type: ignore[assignment]
        self._part, self._since_s = part, now_s

    def ledger(self, step: str) -> None:
        """Hear of a step of the ledger's check."""
        self.turn(step)
        self._progress(step, 0, 1)

    def store(self, step: str, done: int, of: int) -> None:
        """Hear of a step of the record store's check."""
        self.turn(step)
        self._progress(step, done, of)

    def models(self, _: str) -> None:
        """Hear of the next model."""
        self.turn("cards")
        self._progress("cards", 0, 1)


def _ledger(platform: Platform, watch: _Watch) -> list[Finding]:
    return platform.ledger.check(watch.ledger)


def _models(platform: Platform, watch: _Watch) -> list[Finding]:
    return platform.diagnostics.check(watch.models)


def _many(platform: Platform, parts: Sequence[str]) -> dict[str, int]:
    if parts is _LAW:
        count = platform.ledger.view().count
        return dict.fromkeys(_LAW, count)
    if parts is _SAFE:
        totals = platform.store.totals()
        records = totals["records"]
        return {"journal": totals["journal"], "catalogue": records, "blocks": records}
    return dict.fromkeys(_MODELS, len(platform.diagnostics.models()))


def _checked(part: str, findings: Sequence[Finding], many: int, watch: _Watch) -> Checked:
    took = {"catalogue": "blocks", "manifests": "cards"}.get(part, part)
    took_ms = round(_MILLI * watch.spent_s[took])
    mine = [one for one in findings if part in _parts_of(one)]
    if not mine:
        return Checked(part, AGREES, many, took_ms)
    first = mine[0]
    is_open = all(one.is_unchecked for one in mine)
    state = UNCHECKED if is_open else DIFFERS
    return Checked(
        part, state, many, took_ms, 0 if is_open else len(mine), first.message, first.where
    )


def _parts_of(finding: Finding) -> tuple[str, ...]:
    """Return which of the seven a finding belongs to; one that nothing claims differs in all."""
    if finding.part in PARTS:
        return (finding.part,)
    if finding.part in ("keys", "pins"):
        return ("catalogue",) if finding.part == "keys" else ("blocks",)
    return _MODELS if finding.part == "models" else PARTS
