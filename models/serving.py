"""Says which model answers, lists at once those that lost consent, and ends them in time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from models.errors import ModelRetired
from models.files import Files
from models.ports import Clock, ConsentLedger
from models.registry import ACTIVE, AFFECTED, RETIRED, Model, Registry

_RECHECK_S: Final = 60


@dataclass(frozen=True, slots=True)
class AffectedModel:
    """A model that lost consent: how many of its consents, and when it stops answering."""

    model: Model
    lost: int
    stops_at_s: int


class Serving:
    """The models that answer, held against the ledger."""

    def __init__(
        self, ledger: ConsentLedger, registry: Registry, files: Files, clock: Clock
    ) -> None:
        """Ask nothing yet; `grace_s` and `on_end` may be set before use."""
        self._ledger = ledger
        self._registry = registry
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._checked: tuple[int, float] = (-1, 0.0)
        self.grace_s = 30 * 86_400
        self.on_end: Callable[[], None] = lambda: None

    def apply_withdrawals(self) -> list[AffectedModel]:
        """Return every model in service that lost consent, checking all of them on the ledger.

        Models found so are marked; those past their grace period are retired and destroyed.
        """
        found = []
        for model in self._registry.all(ACTIVE, AFFECTED):
            lost = self._ledger.find_ended(self._registry.consents(model.id))
            if not lost and model.state == ACTIVE:
                continue
            if model.state == ACTIVE:
                self._registry.move(model.id, AFFECTED, int(self._clock()))
            marked = self._registry.get(model.id)
            stops_at_s = (marked.affected_at_s or 0) + self.grace_s
            if self._clock() >= stops_at_s:
                self.end(model.id)
            else:
                found.append(AffectedModel(marked, len(lost), stops_at_s))
        return found

    def refresh(self, count: int) -> None:
        """Look for lost consents, unless this state of the ledger was looked at just now.

        Args:
            count: how many changes the ledger holds; consents also end by time alone.
        """
        with self._lock:
            seen, at_s = self._checked
            if count != seen or not 0 <= self._clock() - at_s < _RECHECK_S:
                self.apply_withdrawals()
                self._checked = (count, self._clock())

    def require(self, model_id: str) -> Model:
        """Return the model if it may answer now.

        Raises:
            NotFound: no such model.
            ModelRetired: it lost consent and its grace period is over, or it is not in service.
        """
        model = self._registry.get(model_id)
        if model.state == AFFECTED and self._clock() >= (model.affected_at_s or 0) + self.grace_s:
            self.end(model.id)
            model = self._registry.get(model_id)
        if model.state not in (ACTIVE, AFFECTED):
            raise ModelRetired(f"model {model_id} is {model.state}")
        return model

    def end(self, model_id: str) -> None:
        """Retire a model and destroy its file and every copy in memory."""
        self._registry.move(model_id, RETIRED, int(self._clock()))
        self._files.destroy_model(model_id)
        self.on_end()
