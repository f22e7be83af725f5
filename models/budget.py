"""How much work a training run may do: repeats, folds and shadow models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from models.booster import BATCHES_FROM_ROWS


@dataclass(frozen=True, slots=True)
class Budget:
    """The work of one training run; the model's bytes depend on it.

    Attributes:
        repeats: how often the cross-validation is drawn, where that is cheap.
        folds: of each cross-validation.
        inner_folds: of the search for settings inside each training part.
        shadows: shadow models of the membership attack, a multiple of four.
        max_repeated_cells: patients times features up to which repeats are cheap. A bound on the
            size, not on the time: the same rows must give the same model on any machine.
        tries_fine_trees: whether cohorts with many events try trees with fine thresholds too.
        learns_rare_values: whether something may be learned from a value that fewer than 11
            patients have.
        draws_weights: whether people count differently in the final fit (`models.person_weights`).
        compares_gaps: whether patients who lack the same values can be copies (`models.copies`).
        answers_out_of_fold: whether answers about the people of the cohort come from models that
            did not learn from them (`models.served_model.FoldLearner`).
    """

    repeats: int = 5
    folds: int = 5
    inner_folds: int = 3
    shadows: int = 32
    max_repeated_cells: int = 60_000
    tries_fine_trees: bool = True
    learns_rare_values: bool = False
    draws_weights: bool = True
    compares_gaps: bool = True
    answers_out_of_fold: bool = True

    @classmethod
    def of_card(cls, stated: Mapping[str, Any]) -> Budget:
        """Return the budget that a card states; what it lacks is as in the release that made it.

        Raises:
            TypeError: the card has another field.
        """
        earlier = {
            "tries_fine_trees": False,
            "learns_rare_values": True,
            "draws_weights": False,
            "compares_gaps": False,
            "answers_out_of_fold": False,
        }
        return cls(**{**earlier, **stated})

    def for_patients(self, patients: int) -> Budget:
        """Return the budget of a cohort of this size.

        Rows that are read in batches count alike, and one fit of them is enough work.
        """
        if patients < BATCHES_FROM_ROWS:
            return self
        return replace(self, draws_weights=False, answers_out_of_fold=False)

    def count_repeats(self, patients: int, features: int) -> int:
        """Return how often the cross-validation is drawn for a matrix of this size."""
        return self.repeats if patients * features <= self.max_repeated_cells else 1


DEFAULT_BUDGET: Final = Budget()
