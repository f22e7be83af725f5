"""The registry of models: their states, and which model was trained under which consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from consent import read_rows
from models.errors import ModelRetired, ModelsNotFound
from models.tables import METADATA

TRAINED: Final = "trained"
PUBLISHED: Final = "published"
ACTIVE: Final = "active"
AFFECTED: Final = "affected"
REPLACED: Final = "replaced"
RETIRED: Final = "retired"

TRANSITIONS: Final = {
    TRAINED: (PUBLISHED, RETIRED),
    PUBLISHED: (ACTIVE, RETIRED),
    ACTIVE: (AFFECTED, REPLACED, RETIRED),
    AFFECTED: (REPLACED, RETIRED),
    REPLACED: (),
    RETIRED: (),
}
"""The states that may follow each state."""
UNSERVED: Final = (TRAINED, PUBLISHED)
SERVING: Final = (ACTIVE, AFFECTED)
ENDED: Final = (REPLACED, RETIRED)

_MODELS: Final = sa.Table(
    "models_models",
    METADATA,
    sa.Column("id", sa.String(96), primary_key=True),
    sa.Column("study", sa.String(128), nullable=False),
    sa.Column("question", sa.String(64), nullable=False),
    sa.Column("question_text", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("card_sha256", sa.String(64), nullable=False),
    sa.Column("manifest_root", sa.String(64), nullable=False),
    sa.Column("trained_at_s", sa.BigInteger, nullable=False),
    sa.Column("predecessor", sa.String(96)),
    sa.Column("successor", sa.String(96)),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("published_at_s", sa.BigInteger),
    sa.Column("affected_at_s", sa.BigInteger),
    sa.Column("ended_at_s", sa.BigInteger),
)
_CONSENTS: Final = sa.Table(
    "models_consents",
    METADATA,
    sa.Column("model", sa.String(96), sa.ForeignKey("models_models.id"), primary_key=True),
    sa.Column("consent", sa.LargeBinary(32), primary_key=True, index=True),
)


# Made once: each answer of a model reads its row, and making a statement costs more than that.
_BY_ID: Final = sa.select(_MODELS).where(_MODELS.c.id == sa.bindparam("model_id"))
_SERVING_QUESTION: Final = sa.select(_MODELS).where(
    _MODELS.c.state.in_([sa.literal(state) for state in SERVING]),
    _MODELS.c.question == sa.bindparam("question_id"),
)
_FIRST_PUBLISHED: Final = (
    sa.select(_MODELS.c.study, sa.func.min(_MODELS.c.published_at_s))
    .where(_MODELS.c.question == sa.bindparam("question_id"), _MODELS.c.published_at_s.is_not(None))
    .group_by(_MODELS.c.study)
)


@dataclass(frozen=True, slots=True)
class Model:
    """The row of a model; its files are stored under its id until it is replaced or retired."""

    id: str
    study: str
    question: str
    question_text: str
    sha256: str
    card_sha256: str
    manifest_root: str
    trained_at_s: int
    predecessor: str | None = None
    successor: str | None = None
    state: str = TRAINED
    published_at_s: int | None = None
    affected_at_s: int | None = None
    ended_at_s: int | None = None


class ModelRegistry:
    """The rows of models, and of the consents that each was trained under."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the tables of this engine."""
        self._engine = engine

    def add(self, model: Model, consents: Sequence[bytes]) -> None:
        """Insert a trained model and its consents in one transaction."""
        row = {name: getattr(model, name) for name in Model.__slots__}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_MODELS), row)
            if consents:
                rows = [{"model": model.id, "consent": consent} for consent in consents]
                connection.execute(sa.insert(_CONSENTS), rows)

    def delete_unserved(self, model_id: str) -> None:
        """Delete the rows of a model that was never active; once active, a row is permanent."""
        unserved = sa.and_(_MODELS.c.id == model_id, _MODELS.c.state.in_(UNSERVED))
        ids = sa.select(_MODELS.c.id).where(unserved)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_CONSENTS).where(_CONSENTS.c.model.in_(ids)))
            connection.execute(sa.delete(_MODELS).where(unserved))

    def find(self, model_id: str) -> Model | None:
        """Return the model, or None."""
        rows = read_rows(self._engine, _BY_ID, {"model_id": model_id})
        return Model(*rows[0]) if rows else None

    def get(self, model_id: str) -> Model:
        """Return the model.

        Raises:
            ModelsNotFound: the model does not exist.
        """
        model = self.find(model_id)
        if model is None:
            raise ModelsNotFound(f"no model {model_id}")
        return model

    def all(self, *states: str) -> list[Model]:
        """Return the models in these states, or all if no state is given, oldest first."""
        query = sa.select(_MODELS).order_by(_MODELS.c.trained_at_s, _MODELS.c.id)
        if states:
            query = query.where(_MODELS.c.state.in_(states))
        with self._engine.connect() as connection:
            return [Model(*row) for row in connection.execute(query)]

    def serving_model(self, question: str) -> Model:
        """Return the model that serves a question: an active model of a study before its others.

        If several studies have one, the study that published first comes first: while it has one
        in service, no clinic gets another study's model instead.

        Raises:
            ModelsNotFound: no model serves the question.
        """
        values = {"question_id": question}
        models = [Model(*row) for row in read_rows(self._engine, _SERVING_QUESTION, values)]
        if not models:
            raise ModelsNotFound(f"no model is in service for question {question}")
        if len({model.study for model in models}) > 1:
            rows = read_rows(self._engine, _FIRST_PUBLISHED, values)
            served = {model.study for model in models}
            first = min((at_s, study) for study, at_s in rows if study in served)[1]
            models = [model for model in models if model.study == first]
        return max(models, key=lambda m: (m.state == ACTIVE, m.published_at_s or 0, m.id))

    def consents(self, model_id: str) -> list[bytes]:
        """Return the ids of the consents that a model was trained under, in their order."""
        query = sa.select(_CONSENTS.c.consent).where(_CONSENTS.c.model == model_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_CONSENTS.c.consent))
            return [bytes(row.consent) for row in rows]

    def models_trained_under(self, consent_ids: Sequence[bytes]) -> list[Model]:
        """Return the models in any state that were trained under any of these consents."""
        ids = sa.select(_CONSENTS.c.model).where(_CONSENTS.c.consent.in_(list(consent_ids)))
        query = sa.select(_MODELS).where(_MODELS.c.id.in_(ids)).order_by(_MODELS.c.id)
        with self._engine.connect() as connection:
            return [Model(*row) for row in connection.execute(query)]

    def change_state(
        self, model_id: str, state: str, now_s: int, successor: str | None = None
    ) -> None:
        """Move a model to its next state; repeating the call changes nothing.

        Raises:
            ModelsNotFound: the model does not exist.
            ModelRetired: the model cannot move there from its state.
        """
        before = [name for name, following in TRANSITIONS.items() if state in following]
        changes: dict[str, str | int] = {"state": state}
        if state in (PUBLISHED, AFFECTED):
            changes[f"{state}_at_s"] = now_s
        if state in ENDED:
            changes["ended_at_s"] = now_s
        if successor is not None:
            changes["successor"] = successor
        with self._engine.begin() as connection:
            changed = connection.execute(
                sa.update(_MODELS)
                .where(_MODELS.c.id == model_id, _MODELS.c.state.in_(before))
                .values(changes)
            ).rowcount
        if not changed:
            current = self.get(model_id).state
            if current != state:
                raise ModelRetired(f"model {model_id} is {current} and cannot become {state}")
