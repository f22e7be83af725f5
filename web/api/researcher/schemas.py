"""What the researcher's API takes and answers."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields, validate

from services.researcher.proposing import DAYS, MOST_TEXT
from services.schemas import Strict, Text
from web.api.schemas import COUNTS, Answer, ViewAnswer, anything, many, number, one, text, truth

_COUNT: Final = ["integer", "string"]


def _texts() -> fields.List[Any]:
    return fields.List(fields.String(), required=True)


class ProposalSchema(Strict):
    """A study as patients and the custodian are to read it; `ends_on` is its last day."""

    title = Text(MOST_TEXT, required=True)
    question = Text(64, required=True)
    condition = Text(MOST_TEXT, required=True)
    protocol = fields.String(required=True, validate=validate.Length(1, MOST_TEXT))
    board = Text(MOST_TEXT, required=True)
    contact = Text(MOST_TEXT, required=True)
    days = fields.Integer(required=True, strict=True, validate=validate.OneOf(DAYS))
    ends_on = fields.Date(required=True)
    wants_copy = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class AgreementSchema(Strict):
    """That the duties of `agreement` are accepted; nothing leaves without."""

    agree = fields.Boolean(
        required=True, truthy={True}, falsy={False}, validate=validate.Equal(True)
    )


class FeatureAnswer(Answer):
    """One input of a question."""

    code = text()
    words = text()
    kind = text()
    category = text()
    unit = text()


class QuestionToldAnswer(Answer):
    """One question; `people` is a number from 50 on."""

    id = text()
    title = text()
    intended_use = text()
    outcome = text()
    definition = text()
    required = _texts()
    features = many(FeatureAnswer)
    people = anything(_COUNT)
    counted_on = text()
    counted_anew_on = text()


class OwnStudyAnswer(Answer):
    """One study and where it stands: proposed, approved or refused."""

    id = text()
    owner = text()
    state = text()
    why = text()
    title = text()
    question = text()
    proposed_at_s = number()
    answered_at_s = number(allow_none=True)
    until_s = number()
    wants_copy = truth()
    asked = anything(_COUNT)
    agreed = anything(_COUNT)


class OwnStudiesAnswer(Answer):
    """Studies, the newest first."""

    studies = many(OwnStudyAnswer)


class OwnStudyToldAnswer(OwnStudyAnswer):
    """One study in full."""

    board = text()
    protocol = text()
    condition = text()
    purpose = text()
    categories = _texts()
    data_from = text()
    data_to = text()
    days = number()
    contact = text()
    models = _texts()


class StandingAnswer(Answer):
    """Who is in and who is not, by reason; `permitted` is a lower bound if `is_at_least`."""

    asked = anything(_COUNT)
    permitted = anything(_COUNT)
    is_at_least = truth()
    not_included = fields.Raw(required=True, metadata=COUNTS)
    permitted_in_all = anything(_COUNT)
    is_enough = truth()
    view = one(ViewAnswer)


class TrainedAnswer(Answer):
    """One model and how it stands."""

    model = text()
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


class TrainedAllAnswer(Answer):
    """Models, the newest first."""

    models = many(TrainedAnswer)


class TouchedAnswer(TrainedAnswer):
    """One model, and how many withdrew of whom it learned."""

    is_touched = truth()
    withdrew = anything(_COUNT)


class TakenAnswer(Answer):
    """One copy that left; `deleted_at_s` is when its deletion was said."""

    set = text()
    at_s = number()
    ends_at_s = number()
    rows = number()
    deleted_at_s = number(allow_none=True)


class SetAnswer(Answer):
    """What one gets with which duties; a copy taken now may be kept until `ends_at_s`."""

    study = text()
    people = anything(_COUNT)
    columns = _texts()
    agreement = text()
    ends_at_s = number()
    taken = many(TakenAnswer)


class NoticeAnswer(TakenAnswer):
    """One copy that left, how many left it since, and whether rows or all of it must go now."""

    study = text()
    left = anything(_COUNT)
    is_due = truth()


class AffectedAnswer(Answer):
    """One model that withdrawals touched and nothing replaced yet."""

    model = text()
    affected_at_s = number(allow_none=True)


class NoticesAnswer(Answer):
    """What is to be done."""

    copies = many(NoticeAnswer)
    models = many(AffectedAnswer)
