"""Which model may answer: marks those that lost consent, and ends them after their grace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from consent import DAY_S, ConsentError
from models.consent_check import ConsentCheck
from models.errors import ModelRetired, ModelsError
from models.manifest import Manifest
from models.model_files import MANIFEST, ModelFiles
from models.ports import Clock
from models.registry import ACTIVE, AFFECTED, RETIRED, SERVING, UNSERVED, Model, ModelRegistry
from storage import StorageError

_RECHECK_S: Final = 60
_REFRESH_S: Final = 30
DEFAULT_GRACE_S: Final = 30 * DAY_S


@dataclass(frozen=True, slots=True)
class AffectedModel:
    """A model that lost consent: of how many patients, and when it stops answering."""

    model: Model
    patients: int
    stops_at_s: int


class ModelServing:
    """The models in service, compared with the ledger."""

    def __init__(
        self, consents: ConsentCheck, registry: ModelRegistry, files: ModelFiles, clock: Clock
    ) -> None:
        """Compare nothing yet; set `grace_s` and `on_retired` before use if needed.

        `refreshing` is the thread that compares beside the answers, once there was one.
        """
        self._consents = consents
        self._registry = registry
        self._files = files
        self._clock = clock
        self._lock = Lock()
        self._checked: tuple[tuple[object, ...], float] = ((), 0.0)
        self.refreshing: Thread | None = None
        self.grace_s = DEFAULT_GRACE_S
        self.on_retired: Callable[[], None] = lambda: None

    def apply_withdrawals(self) -> list[AffectedModel]:
        """Compare every model with the ledger; return those in service that lost consent.

        A withdrawal, a stop, an end, an opt-out and a refusal count alike. On return those models
        are marked as affected, and those whose grace period has ended are retired, their files
        destroyed. Nothing is left of a model that lost consent before it was active: a run that
        goes on gathers its cohort again.
        """
        for model in self._registry.all(*UNSERVED):
            if self._lost_patients(model):
                self._files.destroy_all(model.id)
                self._registry.delete_unserved(model.id)
        affected = (self._compare(model) for model in self._registry.all(*SERVING))
        return [model for model in affected if model is not None]

    def _compare(self, model: Model) -> AffectedModel | None:
        """Return the model if it lost consent and is still in service, marked as affected."""
        lost = self._lost_patients(model)
        if not lost and model.state == ACTIVE:
            return None
        if model.state == ACTIVE:
            self._registry.change_state(model.id, AFFECTED, int(self._clock()))
        marked = self._registry.get(model.id)
        stops_at_s = self._stops_at_s(marked)
        if self._clock() >= stops_at_s:
            self.retire(model.id)
            return None
        return AffectedModel(marked, len(lost), stops_at_s)

    def _lost_patients(self, model: Model) -> set[str]:
        """Return the keyed hashes of the patients whose consent the model has lost."""
        try:
            manifest = Manifest.from_json(self._files.read(model.id, MANIFEST))
        except ModelsError:
            # Nobody can tell any more whose records these were, so nobody's consent counts.
            return {model.id}
        return {line.patient for line in self._consents.find_lost(model.study, manifest)}

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

    def recheck(self) -> None:
        """Apply withdrawals, unless this was done less than a minute ago on the same consents.

        Half a minute after the last time it is done beside the answers, so that none of them has to
        wait for it; one that comes when a minute is over waits, since consents also end by time.
        """
        with self._lock:
            basis = self._consents.ledger.decision_basis()
            last_basis, last_s = self._checked
            age_s = self._clock() - last_s
            if basis != last_basis or not 0 <= age_s < _RECHECK_S:
                self.apply_withdrawals()
                self._checked = (basis, self._clock())
            elif age_s >= _REFRESH_S and not (self.refreshing and self.refreshing.is_alive()):
                self.refreshing = Thread(target=self._refresh, args=(basis,), daemon=True)
                self.refreshing.start()

    def _refresh(self, basis: tuple[object, ...]) -> None:
        started_s = self._clock()
        try:
            self.apply_withdrawals()
        except (ModelsError, StorageError, ConsentError, SQLAlchemyError):
            return  # an answer does it itself when the minute is over, and is refused if it fails
        with self._lock:
            if self._checked[0] == basis:
                self._checked = (basis, max(started_s, self._checked[1]))

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
        """Return when an affected model stops answering if nothing replaces it before."""
        return (model.affected_at_s or 0) + self.grace_s

    def retire(self, model_id: str) -> None:
        """Retire a model; destroy its file and every copy in memory."""
        self._registry.change_state(model_id, RETIRED, int(self._clock()))
        self._files.destroy_model(model_id)
        self.on_retired()
