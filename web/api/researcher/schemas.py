"""What the researcher's API accepts and returns."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields, validate

from models import MIN_COHORT, suppress
from services.researcher.proposing import MAX_TEXT, PERMISSION_DAYS
from services.schemas import Strict
from web.api.schemas import (
    Answer,
    QuestionLinkSchema,
    Text,
    ViewSchema,
    many,
    nested,
    number,
    text,
    truth,
)

_COUNT: Final = {"type": ["integer", "string"]}


def _texts(**options: Any) -> fields.List[Any]:
    return fields.List(fields.String(), required=True, **options)


class Count(fields.Field[int]):
    """A count of people, of which 1 to 10 is hidden: it becomes the text "1 to 10"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=True, metadata=_COUNT, **options)

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> int | str:
        return suppress(value or 0)


class FeasibleCount(fields.Field[int | None]):
    """How many people may fit; fewer than `MIN_COHORT` is a text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=True, metadata=_COUNT, **options)

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> int | str:
        return f"fewer than {MIN_COHORT}" if value is None else value


class ProposalBody(Strict):
    """A study as patients and the custodian will read it; `ends_on` is its last day."""

    title = Text(MAX_TEXT, required=True)
    question = Text(64, required=True)
    condition = Text(MAX_TEXT, required=True)
    protocol = fields.String(required=True, validate=validate.Length(1, MAX_TEXT))
    board = Text(MAX_TEXT, required=True)
    contact = Text(MAX_TEXT, required=True)
    days = fields.Integer(required=True, strict=True, validate=validate.OneOf(PERMISSION_DAYS))
    ends_on = fields.Date(required=True)
    wants_copy = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class AgreementBody(Strict):
    """That the conditions in `agreement` are accepted; nothing leaves without."""

    agree = fields.Boolean(
        required=True, truthy={True}, falsy={False}, validate=validate.Equal(True)
    )


class QuestionsSchema(Answer):
    """Every installed question."""

    questions = many(QuestionLinkSchema)


class FeatureSchema(Answer):
    """One input of a question."""

    code = text()
    words = text()
    kind = text()
    category = text()
    unit = text()


class QuestionSchema(Answer):
    """One question; `people` is a number from 50 on."""

    id = text(attribute="question.id")
    title = text(attribute="question.title")
    intended_use = text(attribute="question.intended_use")
    outcome = text(attribute="question.label.words")
    definition = text(attribute="question.label.definition")
    required = _texts(attribute="question.required")
    features = many(FeatureSchema, attribute="question.features")
    people = FeasibleCount()
    counted_on = text()
    counted_anew_on = text(attribute="next_count_on")


class StudySchema(Answer):
    """One study and its state: proposed, approved or refused."""

    id = text(attribute="study.study")
    owner = text(attribute="study.owner")
    state = text(attribute="study.state")
    why = text(attribute="study.why")
    title = text(attribute="study.title")
    question = text(attribute="study.question")
    proposed_at_s = number(attribute="study.proposed_at_s")
    answered_at_s = number(attribute="study.answered_at_s", allow_none=True)
    until_s = number(attribute="study.until_s")
    wants_copy = fields.Boolean(required=True, attribute="study.wants_copy")
    people_asked = Count(data_key="asked")
    people_agreed = Count(data_key="agreed")


class StudiesSchema(Answer):
    """Studies, the newest first."""

    studies = many(StudySchema)


class StudyDetailsSchema(StudySchema):
    """One study in full."""

    board = text(attribute="study.board")
    protocol = text(attribute="study.protocol")
    condition = text(attribute="study.condition")
    purpose = text(attribute="study.purpose")
    categories = _texts(attribute="study.categories")
    data_from = text(attribute="study.data_from")
    data_to = text(attribute="study.data_to")
    days = number(attribute="study.days")
    contact = text(attribute="study.contact")
    models = _texts(attribute="model_ids")


class CohortSchema(Answer):
    """Who permits a study, and by reason who does not.

    If `is_at_least` is true, `permitted` is a lower bound.
    """

    people_asked = Count(data_key="asked")
    permitted = fields.Function(
        lambda cohort: cohort.suppressed.at_least or suppress(cohort.permitted),
        required=True,
        metadata=_COUNT,
    )
    is_at_least = truth()
    not_included = fields.Dict(
        keys=fields.String(), values=Count(), required=True, attribute="suppressed.reasons"
    )
    permitted_in_all = Count(attribute="all_permitted")
    is_enough = truth()
    view = nested(ViewSchema)


class ModelSchema(Answer):
    """One model and its state."""

    model = text(attribute="id")
    study = text()
    question = text()
    sha256 = text()
    state = text()
    trained_at_s = number()
    published_at_s = number(allow_none=True)
    affected_at_s = number(allow_none=True)
    ended_at_s = number(allow_none=True)
    predecessor = text(allow_none=True)
    successor = text(allow_none=True)


class ModelsSchema(Answer):
    """Models, the newest first."""

    models = many(ModelSchema)


class ModelStatusSchema(Answer):
    """One model, and how many people withdrew on whose records it was trained."""

    model = text(attribute="model.id")
    study = text(attribute="model.study")
    question = text(attribute="model.question")
    sha256 = text(attribute="model.sha256")
    state = text(attribute="model.state")
    trained_at_s = number(attribute="model.trained_at_s")
    published_at_s = number(attribute="model.published_at_s", allow_none=True)
    affected_at_s = number(attribute="model.affected_at_s", allow_none=True)
    ended_at_s = number(attribute="model.ended_at_s", allow_none=True)
    predecessor = text(attribute="model.predecessor", allow_none=True)
    successor = text(attribute="model.successor", allow_none=True)
    is_touched = fields.Boolean(required=True, attribute="is_affected")
    withdrew = Count(attribute="withdrawals")


class CopySchema(Answer):
    """One downloaded copy; `deleted_at_s` is when its deletion was confirmed."""

    set = text(attribute="id")
    at_s = number()
    ends_at_s = number()
    rows = number()
    deleted_at_s = number(allow_none=True)


class TrainingSetSchema(Answer):
    """What a copy holds, and its conditions; one downloaded now may be kept until `ends_at_s`."""

    study = text(attribute="study.study")
    people = Count()
    columns = _texts()
    agreement = text()
    ends_at_s = number()
    taken = many(CopySchema, attribute="copies")


class CopyNoticeSchema(Answer):
    """One downloaded copy, how many people in it withdrew, and whether it must be deleted now."""

    set = text(attribute="copy.id")
    at_s = number(attribute="copy.at_s")
    ends_at_s = number(attribute="copy.ends_at_s")
    rows = number(attribute="copy.rows")
    deleted_at_s = number(attribute="copy.deleted_at_s", allow_none=True)
    study = text(attribute="study.study")
    left = Count(attribute="withdrawals")
    is_due = truth()


class AffectedModelSchema(Answer):
    """One model that withdrawals affect and that is not replaced yet."""

    model = text(attribute="id")
    affected_at_s = number(allow_none=True)


class NoticesSchema(Answer):
    """What must be done after withdrawals."""

    copies = many(CopyNoticeSchema)
    models = many(AffectedModelSchema)
