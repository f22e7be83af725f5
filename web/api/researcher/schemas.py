"""What the researcher's API accepts and returns."""

from __future__ import annotations

import dataclasses
from typing import Any, Final, get_type_hints

from marshmallow import fields, post_load, validate

from consent import CATEGORIES
from models import Model
from models.counting import CodeSummary
from models.question import Feature
from models.question_choices import FeatureChoice, QuestionChoices
from models.timeline import DATE, FIRST, LAST, TAKES
from services.requests import ReleasedCopy, Section
from services.requests.copies import NAME_CHARACTERS
from services.requests.copy_deletions import CopyDeletion
from services.requests.question_drafts import QuestionDraft
from services.researcher.builder import DraftDetails
from services.researcher.cohorts import CohortCounts
from services.researcher.counting import CodeSearch
from services.researcher.models import ModelStatus
from services.researcher.proposing import (
    MAX_AGREEMENT,
    MAX_TEXT,
    PERMISSION_DAYS,
    AgreementDraft,
)
from services.researcher.pseudonymised_copies import PseudonymisedOffer
from services.researcher.questions import QuestionDetails
from services.researcher.studies import RequestPreview, StudyDetails, StudySummary
from services.researcher.study_runs import MissedThreshold, RunReport
from services.researcher.training_sets import CopyNotice, Notices, OfferedColumn, TrainingSetOffer
from services.schemas import Strict
from web.api.schemas import (
    COUNT,
    Count,
    FeasibleCount,
    Flag,
    JobSchema,
    PartCount,
    QuestionLinkSchema,
    SteadyCount,
    Text,
    ViewSchema,
    listing,
    say_steady,
    schema_of,
)

MAX_NAMES: Final = 1_000


class CopyAgreementBody(Strict):
    """The agreement on a pseudonymised copy: an X25519 key in hex; whole records beside rows."""

    title = Text(MAX_TEXT, required=True)
    text = fields.String(required=True, validate=validate.Length(1, MAX_AGREEMENT))
    ends_on = fields.Date(required=True)
    public_key = Text(64, required=True)
    whole_records = Flag()

    @post_load
    def _make(self, body: dict[str, Any], **_: Any) -> AgreementDraft:
        return AgreementDraft(**body)


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
    wants_copy = Flag()
    agreement = fields.Nested(
        CopyAgreementBody,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "With it, the copy is a pseudonymised one; without, an anonymised one."
        },
    )


class EvaluationBody(Strict):
    """The study whose patients a model is evaluated on."""

    study = Text(128, required=True)


class AcceptanceBody(Strict):
    """That the study's agreement and the duties are accepted; nothing leaves without."""

    agree = Flag(required=True, validate=validate.Equal(True))


class DeletionsBody(Strict):
    """The names, as in the copies, of people all of whose rows are deleted."""

    names = fields.List(
        fields.String(validate=validate.Length(1, NAME_CHARACTERS)),
        required=True,
        validate=validate.Length(1, MAX_NAMES),
    )


class AgreementBody(AcceptanceBody):
    """That the conditions in `agreement` are accepted; nothing leaves without."""

    columns = fields.List(
        fields.String(validate=validate.Length(1, 200)),
        load_default=list,
        validate=validate.Length(max=200),
        metadata={
            "description": "The codes of the features of a study's first copy. Empty: the platform "
            "chooses those that tell most about the outcome."
        },
    )


QuestionsSchema = listing("QuestionsSchema", "questions", QuestionLinkSchema)
FeatureSchema = schema_of("FeatureSchema", Feature, "code words kind category unit")
QuestionSchema = schema_of(
    "QuestionSchema",
    QuestionDetails,
    "question.id question.title question.intended_use question.required is_counted counted_on",
    outcome="question.label.words",
    definition="question.label.definition",
    features=("question.features", FeatureSchema),
    people=FeasibleCount(),
    counted_anew_on="next_count_on",
)
_STUDY: Final = (
    "study.owner study.state study.why study.title study.question study.proposed_at_s "
    "study.answered_at_s study.until_s study.wants_copy study.copy_kind"
)
_STUDY_COUNTS: Final = {
    "asked": Count(attribute="people_asked"),
    "agreed": PartCount("agreed_at_least", attribute="people_agreed"),
}
StudySchema = schema_of("StudySchema", StudySummary, _STUDY, id="study.study", **_STUDY_COUNTS)
StudiesSchema = listing("StudiesSchema", "studies", StudySchema)
StudyDetailsSchema = schema_of(
    "StudyDetailsSchema",
    StudyDetails,
    f"{_STUDY} study.board study.protocol study.condition study.purpose study.categories "
    "study.data_from study.data_to study.days study.contact",
    id="study.study",
    models="model_ids",
    **_STUDY_COUNTS,
)
RequestSectionSchema = schema_of("RequestSectionSchema", Section, "heading text")
RequestPreviewSchema = schema_of(
    "RequestPreviewSchema",
    RequestPreview,
    "categories",
    people=SteadyCount(),
    says=("text.sections", RequestSectionSchema),
)
CohortSchema = schema_of(
    "CohortSchema",
    CohortCounts,
    "is_at_least is_enough",
    asked=SteadyCount(attribute="people_asked"),
    permitted=fields.Function(
        lambda cohort: cohort.suppressed.at_least or say_steady(cohort.permitted),
        required=True,
        metadata=COUNT,
    ),
    not_included=fields.Dict(
        keys=fields.String(), values=Count(), required=True, attribute="suppressed.reasons"
    ),
    permitted_in_all=PartCount("all_at_least", attribute="all_permitted"),
    view=ViewSchema,
)
ModelSchema = schema_of(
    "ModelSchema",
    Model,
    "study question sha256 state trained_at_s published_at_s affected_at_s ended_at_s "
    "predecessor successor",
    model="id",
)
ModelsSchema = listing("ModelsSchema", "models", ModelSchema)
ModelStatusSchema = schema_of(
    "ModelStatusSchema",
    ModelStatus,
    "model.study model.question model.sha256 model.state model.trained_at_s model.published_at_s "
    "model.affected_at_s model.ended_at_s model.predecessor model.successor",
    model="model.id",
    is_touched="is_affected",
    withdrew=Count(attribute="withdrawals"),
    stops_at_s="stops_at_s",
)
RunSchema = schema_of(
    "RunSchema", RunReport, "question state note started_at_s ended_at_s has_report", run="id"
)
RunsSchema = listing("RunsSchema", "runs", RunSchema)
MissedThresholdSchema = schema_of(
    "MissedThresholdSchema", MissedThreshold, "code feature measured required message remedy"
)
RunReportSchema = schema_of(
    "RunReportSchema",
    RunReport,
    "question state note started_at_s ended_at_s",
    run="id",
    failures=MissedThresholdSchema,
    card=fields.Dict(keys=fields.String(), required=True),
)
CopySchema = schema_of("CopySchema", ReleasedCopy, "at_s ends_at_s rows deleted_at_s", set="id")
OfferedColumnSchema = schema_of("OfferedColumnSchema", OfferedColumn, "code words disclosure")
TrainingSetSchema = schema_of(
    "TrainingSetSchema",
    TrainingSetOffer,
    "study.study is_fixed agreement ends_at_s",
    people=SteadyCount(),
    columns=OfferedColumnSchema,
    taken=("copies", CopySchema),
)
CopyDeletionSchema = schema_of(
    "CopyDeletionSchema", CopyDeletion, "name listed_at_s due_at_s acknowledged_at_s"
)
PseudonymisedSchema = schema_of(
    "PseudonymisedSchema",
    PseudonymisedOffer,
    "study.study risk refusal overdue duties agreement.title agreement.text agreement.ends_on "
    "agreement.public_key agreement.fingerprint agreement.whole_records",
    people=SteadyCount(),
    taken=("copies", CopySchema),
    deletions=CopyDeletionSchema,
)
CopyNoticeSchema = schema_of(
    "CopyNoticeSchema",
    CopyNotice,
    "copy.at_s copy.ends_at_s copy.rows copy.deleted_at_s study.study is_due",
    set="copy.id",
    left=Count(attribute="withdrawals"),
)
AffectedModelSchema = schema_of("AffectedModelSchema", Model, "affected_at_s", model="id")
NoticesSchema = schema_of(
    "NoticesSchema", Notices, copies=CopyNoticeSchema, models=AffectedModelSchema
)


MAX_DRAFT_TEXT: Final = 2_000
MAX_DRAFT_CODES: Final = 200


class _Texts(fields.List[Any]):
    """A list of printable texts; empty if it is not sent."""

    def __init__(self) -> None:
        length = validate.Length(max=MAX_DRAFT_CODES)
        super().__init__(Text(MAX_DRAFT_TEXT), load_default=list, validate=length)


def _text(default: str = "") -> Text:
    return Text(MAX_DRAFT_TEXT, 0, load_default=default)


def _field(kind: Any, default: Any) -> fields.Field[Any]:
    if kind is bool:
        return Flag(load_default=default)
    if kind is str:
        return _text(default)
    if kind == tuple[str, ...]:
        return _Texts()
    return fields.Float(load_default=None, allow_none=True, allow_nan=False)


def _choices_body(doc: str, source: type[Any], **others: fields.Field[Any]) -> type[Strict]:
    """Return the schema of a body that makes a dataclass: its fields, types and defaults.

    `others` are the fields that need more than a type.
    """
    kinds = get_type_hints(source)
    members = {
        each.name: others.get(each.name) or _field(kinds[each.name], each.default)
        for each in dataclasses.fields(source)
    }

    def make(_: Strict, data: dict[str, Any], **__: Any) -> Any:
        tuples = {name: tuple(each) for name, each in data.items() if isinstance(each, list)}
        return source(**data | tuples)

    return type(
        f"{source.__name__}Body", (Strict,), {"__doc__": doc, **members, "make": post_load(make)}
    )


FeatureChoiceBody: Final = _choices_body(
    "One input; `since` and `until` are its window before the index.",
    FeatureChoice,
    name=Text(64, required=True),
    category=fields.String(required=True, validate=validate.OneOf(CATEGORIES)),
    take=fields.String(load_default=LAST, validate=validate.OneOf(TAKES)),
)
QuestionChoicesBody: Final = _choices_body(
    "A question that is being built; every part may still be missing.",
    QuestionChoices,
    index_take=fields.String(load_default=FIRST, validate=validate.OneOf((FIRST, LAST, DATE))),
    features=fields.List(fields.Nested(FeatureChoiceBody), load_default=list),
)


class CodeQuery(Strict):
    """Words that a code, its name or its category must have."""

    search = _text()


def _counts(name: str) -> fields.Dict:
    """Return a field of numbers by name, of the stored count of a question."""
    options: dict[str, Any] = {"attribute": f"stored_count.count.{name}", "dump_default": {}}
    return fields.Dict(fields.String(), fields.Integer(), required=True, **options)


FeatureChoiceSchema = schema_of(
    "FeatureChoiceSchema", FeatureChoice, " ".join(FeatureChoice.__slots__)
)
QuestionChoicesSchema = schema_of(
    "QuestionChoicesSchema",
    QuestionChoices,
    " ".join(QuestionChoices.__slots__),
    features=FeatureChoiceSchema,
)
DraftLinkSchema = schema_of(
    "DraftLinkSchema", QuestionDraft, "id changed_at_s", title="choices.title"
)
DraftsSchema = listing("DraftsSchema", "drafts", DraftLinkSchema)
DraftSchema = schema_of(
    "DraftSchema",
    DraftDetails,
    "draft.id text problem is_counting",
    empty_parts=fields.List(fields.String(), attribute="draft.choices.empty_parts"),
    choices=("draft.choices", QuestionChoicesSchema),
    people="stored_count.count.people",
    events="stored_count.count.events",
    needed="stored_count.count.needed",
    counted_at_s="stored_count.taken_at_s",
    counts_left="remaining.left",
    counts_renew_on="remaining.renews_on",
    excluded=_counts("excluded"),
    missing_percent=_counts("missing"),
    job=JobSchema,
)
CodeSchema = schema_of(
    "CodeSchema", CodeSummary, "code name category kind unit values people missing_percent"
)
CodesSchema = schema_of(
    "CodesSchema",
    CodeSearch,
    "is_allowed matches",
    taken_at_s="code_list.taken_at_s",
    people="code_list.people",
    codes=("code_list.codes", CodeSchema),
    job=JobSchema,
)
