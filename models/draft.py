"""Draft a prediction question, as TOML, from a table, and check that a draft was finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from models.errors import ModelsInvalid
from models.question import Question
from records.description import ColumnDescription, TableDescription
from records.draft import VALUE, ColumnDraft, slug, toml_number, toml_text
from records.flags import Flag
from records.values import BOOLEAN, CATEGORY, NUMBER
from records.variables import AGE, SEX, spaced

ADULT: Final = 18
_TO_WRITE: Final = "To be written"


class LabelUnusable(ModelsInvalid):
    """The column that is to be predicted is not one with two values."""


class DraftUnfinished(ModelsInvalid):
    """A question still has texts that its draft left to be written."""


def draft_question(table: TableDescription, name: str) -> str:
    """Return a question that predicts the table's label; it can be read, and must be reviewed.

    Args:
        table: described with a label.
        name: of the table, after which the question is named.

    Raises:
        LabelUnusable: the label has not exactly two values, or no other column is left.
    """
    label = next(column for column in table.columns if column.draft.name == table.label)
    positive = _positive(label)
    others = [c for c in table.columns if c is not label and c.draft.role == VALUE]
    leaking = [c for c in others if Flag.LEAK in c.flags]
    features = [c for c in others if c not in leaking]
    if not features:
        raise LabelUnusable(f"no column is left to predict {table.label} from; map more columns")
    title = spaced(table.label) or table.label
    lines = [
        "# Drafted from the table: read every line before you use it.",
        f"id = {toml_text(slug(f'{name} {table.label}', 40))}",
        f"title = {toml_text(title.capitalize())}",
        f"intended_use = {toml_text(f'{_TO_WRITE}: whom does the answer help, to decide what?')}",
        f"limits = [{toml_text(f'{_TO_WRITE}: for whom is it not?')}]",
        f"required = [{toml_text(features[0].draft.category)}]",
        f"leaking = [{', '.join(toml_text(column.draft.code) for column in leaking)}]",
        *_remarks(others),
        "",
        "[label]",
        f"code = {toml_text(label.draft.code)}",
        f"category = {toml_text(label.draft.category)}",
        f"positive = {positive}",
        f"words = {toml_text(title)}",
        f"definition = {toml_text(f'{_TO_WRITE}: who has it, established how?')}",
        "",
        "[parameters]",
        *_groups(features),
    ]
    for column in features:
        lines += ["", *_feature(column.draft)]
    text = "\n".join(lines) + "\n"
    Question.parse(text, "draft")
    return text


def require_written(question: Question, name: str) -> None:
    """Check that nothing is left of a draft that patients, clinicians or a card would show.

    Args:
        question: that is to be installed.
        name: of its file.

    Raises:
        DraftUnfinished: the message names the keys.
    """
    texts = {
        "intended_use": (question.intended_use,),
        "limits": question.limits,
        "definition of [label]": (question.label.definition,),
    }
    keys = [key for key, values in texts.items() if any(v.startswith(_TO_WRITE) for v in values)]
    if keys:
        raise DraftUnfinished(
            f"{name} is an unfinished draft. These begin with {_TO_WRITE!r}: {', '.join(keys)}."
            " Write these texts, then install the question again."
        )


def _positive(label: ColumnDescription) -> str:
    draft = label.draft
    if draft.role == VALUE and draft.kind == BOOLEAN:
        return "true"
    if draft.role == VALUE and draft.kind == CATEGORY and len(draft.values) == 2:
        rarer = min(draft.values, key=dict(label.levels).__getitem__)
        return toml_text(str(draft.values[rarer]))
    raise LabelUnusable(f"{draft.name} has {label.different} values; a label has two")


def _remarks(columns: Sequence[ColumnDescription]) -> Iterator[str]:
    """Yield what to explain or exclude before the question is used."""
    for column in columns:
        name = slug(column.draft.name)
        if Flag.LEAK in column.flags:
            yield f"# {name} alone reaches AUROC {column.auroc:g}: listed as leaking, not a feature"
        if Flag.SUSPECT in column.flags:
            yield f"# {name} alone reaches AUROC {column.auroc:g}: explain it or list it as leaking"
        if Flag.MISSING in column.flags:
            yield f"# whether {name} is recorded predicts the label: ask why"
        if Flag.FUTURE in column.flags:
            yield f"# {name} may be known only after the prediction: exclude it then"


def _groups(features: Sequence[ColumnDescription]) -> Iterator[str]:
    """Yield the rule for adults, and the subgroups by sex and age."""
    for column in features:
        draft = column.draft
        if draft.code == AGE.code:
            if column.minimum is not None and column.minimum >= ADULT:
                yield from ("", "[[eligibility]]", f"code = {toml_text(draft.code)}")
                yield f"minimum = {ADULT}"
            yield from ("", "[[subgroups]]", 'words = "age"', f"code = {toml_text(draft.code)}")
            yield "edges = [40, 60]"
        if draft.code == SEX.code and draft.kind == CATEGORY:
            yield from ("", "[[subgroups]]", 'words = "sex"', f"code = {toml_text(draft.code)}")


def _feature(draft: ColumnDraft) -> Iterator[str]:
    yield "[[features]]"
    yield f"code = {toml_text(draft.code)}"
    yield f"words = {toml_text(spaced(draft.name) or draft.name)}"
    yield f"kind = {toml_text(draft.kind)}"
    yield f"category = {toml_text(draft.category)}"
    if draft.kind == NUMBER:
        yield f"unit = {toml_text(draft.unit)}"
        yield f"minimum = {toml_number(draft.minimum or 0.0)}"
        yield f"maximum = {toml_number(draft.maximum or 1.0)}"
    if draft.kind == CATEGORY:
        yield f"values = [{', '.join(toml_text(str(value)) for value in draft.values.values())}]"
