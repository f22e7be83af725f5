"""Says how models read a value whose unit is another than theirs, and by which rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from models.question import Question
from models.question_parts import Feature, format_unit
from models.timeline import VALUE_TAKES
from records.units import UnitRules
from records.values import NUMBER


@dataclass(frozen=True, slots=True)
class ValueReading:
    """A number as the model of a question reads it.

    Attributes:
        question: the title of the question.
        source: the number with its unit, as it was written.
        value: the number in the model's unit.
        rule: how it was converted: ``habit``, ``ucum`` or ``molar``.
    """

    question: str
    source: str
    value: str
    rule: str


class ValueReadings:
    """The numeric inputs of all questions, by code."""

    def __init__(self, questions: Iterable[Question]) -> None:
        """Sort the features by code; those of a prefix of codes (`E11*`) are left out."""
        self._features: dict[str, list[tuple[Question, Feature]]] = {}
        for question in questions:
            for feature in question.features:
                if _reads_numbers(feature):
                    for code in feature.codes:
                        self._features.setdefault(code, []).append((question, feature))

    def find(
        self, codes: Sequence[str], number: float, digits: str, unit: str
    ) -> Iterator[ValueReading]:
        """Yield how each model reads a number that it converts; as written it needs no reading.

        Args:
            codes: every coding of the value.
            number: the value.
            digits: the value as it was written.
            unit: its UCUM code.
        """
        for code in codes:
            for question, feature in self._features.get(code, ()):
                rules = UnitRules() if question.timeline is None else question.timeline.units
                conversion = rules.find_conversion(code, unit, feature.unit)
                if conversion is None or not conversion.rule:
                    continue
                value = f"{number * conversion.scale + conversion.offset:.4g}"
                yield ValueReading(
                    question.title,
                    f"{digits} {format_unit(unit)}".strip(),
                    f"{value} {format_unit(feature.unit)}".strip(),
                    conversion.rule,
                )


def _reads_numbers(feature: Feature) -> bool:
    if feature.kind != NUMBER or not feature.predicts:
        return False
    return feature.reading is None or feature.reading.take in VALUE_TAKES
