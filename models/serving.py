"""Which model may answer: marks models that lost consent, and retires them after their grace."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from consent import DAY_S
from models.errors import ModelRetired
from models.model_files import ModelFiles
from models.ports import Clock, ConsentLedger
from models.registry import ACTIVE, AFFECTED, RETIRED, SERVING, Model, ModelRegistry

_RECHECK_S: Final = 60
DEFAULT_GRACE_S: Final = 30 * DAY_S


@dataclass(frozen=True, slots=True)
class AffectedModel:
    """A model that lost consent: how many of its consents, and when it stops answering."""

    model: Model
    ended_consents: int
    stops_at_s: int


class ModelServing:
    """The models in service, compared with the ledger."""

    def __init__(
        self, ledger: ConsentLedger, registry: ModelRegistry, files: ModelFiles, clock: Clock
    ) -> None:
        """Compare nothing yet; set `grace_s` and `on_retired` before use if needed."""
        self._ledger = ledger
        self._registry = registry
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._checked: tuple[int, float] = (-1, 0.0)
        self.grace_s = DEFAULT_GRACE_S
        self.on_retired: Callable[[], None] = lambda: None

    def apply_withdrawals(self) -> list[AffectedModel]:
        """Compare every model in service with the ledger; return those that lost consent.

        On return those models are marked as affected, and those whose grace period has ended are
        retired, their files destroyed.
        """
        affected = []
        for model in self._registry.all(*SERVING):
            ended = self._ledger.find_ended(self._registry.consents(model.id))
            if not ended and model.state == ACTIVE:
                continue
            if model.state == ACTIVE:
                self._registry.change_state(model.id, AFFECTED, int(self._clock()))
            marked = self._registry.get(model.id)
            stops_at_s = self._stops_at_s(marked)
            if self._clock() >= stops_at_s:
                self.retire(model.id)
            else:
                affected.append(AffectedModel(marked, len(ended), stops_at_s))
        return affected

    def apply_corrections(self, trained_on: Callable[[str], bool]) -> list[AffectedModel]:
        """Mark the active models that `trained_on` names as affected, and return them.

        A value that they learned from was corrected or deleted by its sender since; their grace
        period begins.
        """
        affected = []
        for model in self._registry.all(ACTIVE):
            if trained_on(model.id):
                self._registry.change_state(model.id, AFFECTED, int(self._clock()))
                marked = self._registry.get(model.id)
                affected.append(AffectedModel(marked, 0, self._stops_at_s(marked)))
        return affected

    def recheck(self, count: int) -> None:
        """Apply withdrawals, unless this was done less than a minute ago at the same ledger count.

        Args:
            count: how many changes the ledger has; consents also end by time alone.
        """
        with self._lock:
            last_count, last_s = self._checked
            if count != last_count or not 0 <= self._clock() - last_s < _RECHECK_S:
                self.apply_withdrawals()
                self._checked = (count, self._clock())

    def require_serving(self, model_id: str) -> Model:
        """Return the model if it may answer now.

        Raises:
            ModelsNotFound: the model does not exist.
            ModelRetired: its grace period has ended, or it is not in service.
        """
        model = self._registry.get(model_id)
        if model.state == AFFECTED and self._clock() >= self._stops_at_s(model):
            self.retire(model.id)
            model = self._registry.get(model_id)
        if model.state not in SERVING:
            raise ModelRetired(f"model {model_id} is {model.state}")
        return model

    def _stops_at_s(self, model: Model) -> int:
        return (model.affected_at_s or 0) + self.grace_s

    def retire(self, model_id: str) -> None:
        """Retire a model; destroy its file and every copy in memory."""
        self._registry.change_state(model_id, RETIRED, int(self._clock()))
        self._files.destroy_model(model_id)
        self.on_retired()
