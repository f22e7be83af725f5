"""Keeps models and their states, and knows which model rests on which consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from models.errors import ModelRetired, ModelsNotFound
from models.tables import METADATA

TRAINED: Final = "trained"
PUBLISHED: Final = "published"
ACTIVE: Final = "active"
AFFECTED: Final = "affected"
REPLACED: Final = "replaced"
RETIRED: Final = "retired"

MOVES: Final = {
    TRAINED: (PUBLISHED, RETIRED),
    PUBLISHED: (ACTIVE, RETIRED),
    ACTIVE: (AFFECTED, REPLACED, RETIRED),
    AFFECTED: (REPLACED, RETIRED),
    REPLACED: (),
    RETIRED: (),
}
"""From each state, those that may follow; a test draws on it."""
OVER: Final = (REPLACED, RETIRED)

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


@dataclass(frozen=True, slots=True)
class Model:
    """A model's row; the files lie beside it under its id until the model is over."""

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


class Registry:
    """The rows of models, and of the consents that each rests on."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the tables of this engine."""
        self._engine = engine

    def add(self, model: Model, consents: Sequence[bytes]) -> None:
        """Write down a trained model and the consents that it rests on, all or nothing."""
        row = {name: getattr(model, name) for name in Model.__slots__}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_MODELS), row)
            if consents:
                lines = [{"model": model.id, "consent": one} for one in consents]
                connection.execute(sa.insert(_CONSENTS), lines)

    def forget(self, model_id: str) -> None:
        """Delete the rows of a model that never answered anybody; once active, a row stays."""
        unborn = sa.select(_MODELS.c.id).where(
            _MODELS.c.id == model_id, _MODELS.c.state.in_((TRAINED, PUBLISHED))
        )
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_CONSENTS).where(_CONSENTS.c.model.in_(unborn)))
            connection.execute(
                sa.delete(_MODELS).where(
                    _MODELS.c.id == model_id, _MODELS.c.state.in_((TRAINED, PUBLISHED))
                )
            )

    def find(self, model_id: str) -> Model | None:
        """Return the model, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(_MODELS).where(_MODELS.c.id == model_id)).first()
        return None if row is None else Model(*row)

    def get(self, model_id: str) -> Model:
        """Return the model.

        Raises:
            NotFound: no model has this id.
        """
        found = self.find(model_id)
        if found is None:
            raise ModelsNotFound(f"no model {model_id}")
        return found

    def all(self, *states: str) -> list[Model]:
        """Return the models in these states (in any, when none is named), oldest first."""
        asked = sa.select(_MODELS).order_by(_MODELS.c.trained_at_s, _MODELS.c.id)
        if states:
            asked = asked.where(_MODELS.c.state.in_(states))
        with self._engine.connect() as connection:
            return [Model(*row) for row in connection.execute(asked)]

    def serving_model(self, question: str) -> Model:
        """Return the newest model that answers a question.

        Raises:
            NotFound: none does.
        """
        found = [one for one in self.all(ACTIVE, AFFECTED) if one.question == question]
        if not found:
            raise ModelsNotFound(f"no model answers {question}")
        return max(found, key=lambda one: (one.state == ACTIVE, one.published_at_s or 0, one.id))

    def consents(self, model_id: str) -> list[bytes]:
        """Return the consents that a model rests on, in their order."""
        asked = sa.select(_CONSENTS.c.consent).where(_CONSENTS.c.model == model_id)
        with self._engine.connect() as connection:
            rows = connection.execute(asked.order_by(_CONSENTS.c.consent))
            return [bytes(row.consent) for row in rows]

    def models_trained_under(self, consents: Sequence[bytes]) -> list[Model]:
        """Return the models, over or not, that rest on any of these consents."""
        asked = sa.select(_CONSENTS.c.model).where(_CONSENTS.c.consent.in_(list(consents)))
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_MODELS).where(_MODELS.c.id.in_(asked)))
            return sorted((Model(*row) for row in rows), key=lambda one: one.id)

    def move(self, model_id: str, state: str, now_s: int, successor: str | None = None) -> None:
        """Put a model into its next state; asking twice changes nothing.

        Raises:
            ModelRetired: the model cannot go there from where it is.
        """
        before = [one for one, after in MOVES.items() if state in after]
        changes: dict[str, str | int] = {"state": state}
        if state in (PUBLISHED, AFFECTED):
            changes[f"{state}_at_s"] = now_s
        if state in OVER:
            changes["ended_at_s"] = now_s
        if successor is not None:
            changes["successor"] = successor
        with self._engine.begin() as connection:
            changed = connection.execute(
                sa.update(_MODELS)
                .where(_MODELS.c.id == model_id, _MODELS.c.state.in_(before))
                .values(changes)
            ).rowcount
        if not changed and self.get(model_id).state != state:
            raise ModelRetired(f"model {model_id} cannot become {state}")
