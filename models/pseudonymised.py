"""Creates a pseudonymised copy: exact rows, encrypted to the key that its agreement names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from consent import PSEUDRESCH, RECRESCH, View
from models.cohort import to_matrix
from models.earlier_copies import EarlierCopy, to_row_name
from models.errors import CohortTooSmall
from models.features import Matrix
from models.persons import row_key
from models.ports import RecordStore
from models.question import Question
from models.question_parts import DIRECT, Feature
from models.release import (
    CopyColumn,
    describe_duties,
    describe_view,
    find_usable,
    make_column_name,
    pack_copy,
    require_permitted,
)
from models.sealed_copy import fingerprint, seal_copy
from models.suppression import MIN_COUNT
from models.timeline import AGE
from records.event_rules import BIRTH
from records.fhir_copy import FHIR_VERSION, FhirCopy, write_fhir
from records.meds import MAX_SHIFT_DAYS, MEDS_VERSION, MIN_PEOPLE, MedsSet, write_meds
from records.values import NUMBER
from storage import AccessRequest, Record, SubjectRecords

RISK: Final = (
    "The values are exact. Each person has a code instead of a name, but somebody who knows some "
    "of a person's values can recognise the person and read the rest. This is personal data: keep "
    "it as you keep records with names."
)
DELETION_DAYS: Final = 14
"""How long a study has to delete a person's rows once they are listed for deletion."""


@dataclass(frozen=True, slots=True)
class PseudonymisedRequest:
    """Who requests a pseudonymised copy, under which agreement.

    Attributes:
        study: the study that requests it; the pseudonyms are the same in all its copies.
        release: the name of this copy.
        actor: the researcher.
        title, text: of the agreement.
        ends_on: ISO date of the last day of the agreement.
        public_key: X25519, in hex: the only key that opens the copy.
        deleted: by earlier copy, the pseudonyms of the people who no longer permit it.
        whole_records: True if the whole records of the rows' people leave with the rows, as FHIR;
            that is another purpose, which a consent to the rows alone does not cover.
    """

    study: str
    release: str
    actor: str
    title: str
    text: str
    ends_on: str
    public_key: str
    deleted: tuple[EarlierCopy, ...] = ()
    whole_records: bool = False

    @property
    def purpose(self) -> str:
        """The purpose that each person in it has permitted."""
        return RECRESCH if self.whole_records else PSEUDRESCH


@dataclass(frozen=True, slots=True)
class PseudonymisedRelease:
    """One pseudonymised copy.

    Attributes:
        content: the sealed ZIP (`models.sealed_copy`): data.parquet, manifest.json,
            dictionary.json and .csv, agreement.txt, deleted.json, and the events behind the rows
            as a MEDS data set in the folder meds (`records.meds`); with whole records, these as
            NDJSON in the folder fhir (`records.fhir_copy`).
        parts: the ids of the records that each person's rows were made of, by pseudonym.
        view: the ledger view of the decision.
    """

    content: bytes
    parts: Mapping[str, tuple[str, ...]]
    view: View


def pseudonym_label(study: str) -> str:
    """Return the label of the pseudonyms in a study's pseudonymised copies."""
    return f"pseudonymised {study}"


def permitted_parts(
    store: RecordStore, current: Mapping[bytes, SubjectRecords], used: Iterable[str]
) -> dict[bytes, set[str]]:
    """Return what every row may be made of now, by the row's key (`models.persons.row_key`).

    That is the ids of the permitted records. The rows of older copies name categories instead, for
    which records left was not stored: so it is also each category of which no record is refused,
    with the place of its subject among those of the row.

    Args:
        store: knows who is linked.
        current: the current records of each subject who permits any.
        used: the categories that a row is made of.
    """
    chosen = frozenset(used)
    parts = {subject: _parts({subject: records}) for subject, records in current.items()}
    linked: dict[bytes, dict[bytes, SubjectRecords]] = {}
    for subject, person in store.persons(current).items():
        if not chosen.isdisjoint(current[subject].permitted.values()):
            linked.setdefault(person, {})[subject] = current[subject]
    return parts | {row_key(person): _parts(person) for person in linked.values()}


def _parts(person: Mapping[bytes, SubjectRecords]) -> set[str]:
    parts: set[str] = set()
    for place, subject in enumerate(sorted(person)):
        records = person[subject]
        whole = {*records.permitted.values()}.difference(records.refused.values())
        parts |= {*records.permitted, *(f"{place}/{category}" for category in whole)}
    return parts


def create_pseudonymised(
    store: RecordStore, question: Question, request: PseudonymisedRequest
) -> PseudonymisedRelease:
    """Return the rows of all patients who permit the study exactly this, encrypted.

    Every person's row is journalled before. The plain rows exist in memory alone.

    Raises:
        CohortTooSmall: fewer than 11 people permit it, or have the needed records.
        ConsentsChanged: somebody's permission ended while the copy was made.
        StorageInvalid (storage): the key is not an X25519 public key.
        StorageError, ConsentError: the record store or the ledger is unavailable or inconsistent.
    """
    why = f"pseudonymised copy {request.release}"
    categories = question.training_categories
    purpose, actor = request.purpose, request.actor
    access = AccessRequest(request.study, purpose, categories, None, None, why, actor)
    gathered = store.vault.gather(access)
    patients = find_usable(store, question, gathered)
    if len(patients) < MIN_COUNT:
        raise CohortTooSmall(f"no copy: fewer than {MIN_COUNT} people permit it")
    pseudonym = store.pseudonyms(pseudonym_label(request.study))
    named = sorted((to_row_name(pseudonym(key)), records) for key, records in patients.items())
    names = tuple(name for name, _ in named)
    matrix = to_matrix(question, [records for _, records in named])
    facts = _describe(question, request, len(matrix.labels))
    facts |= describe_view(gathered.view) | describe_duties(gathered)
    files = _meds_files(question, request, patients, pseudonym)
    if request.whole_records:
        whole = write_fhir(patients, pseudonym, direct_codes(question))
        facts["fhir"] = _describe_fhir(whole)
        files |= {f"fhir/{name}": content for name, content in whole.files.items()}
    content = pack_copy(
        _columns(question, names, matrix),
        facts,
        {copy.release: list(copy.names) for copy in request.deleted},
        agreement=f"{request.title}\n\n{request.text}",
        more=files,
    )
    head = {
        "study": request.study,
        "release": request.release,
        "agreement": request.title,
        "ends_on": request.ends_on,
        "recipient": fingerprint(request.public_key),
    }
    sealed = seal_copy(content, request.public_key, head)
    require_permitted(store, access, gathered)
    parts = {name: tuple(sorted(each.record_id for each in records)) for name, records in named}
    return PseudonymisedRelease(sealed, parts, gathered.view)


def _meds_files(
    question: Question,
    request: PseudonymisedRequest,
    patients: Mapping[bytes, Sequence[Record]],
    pseudonym: Callable[[bytes], bytes],
) -> dict[str, bytes]:
    """Return the events that the question reads of the people in the rows, as MEDS files."""
    meds = MedsSet(
        name=f"{request.study} {request.release}",
        question=f"{question.id} {question.sha256}",
        codes=meds_codes(question),
        never=direct_codes(question),
    )
    files = write_meds(meds, patients, pseudonym)
    return {f"meds/{path}": content for path, content in files.items()}


def meds_codes(question: Question) -> dict[str, str]:
    """Return each code that a question reads, with its meaning; direct identifiers stay out."""
    codes = {question.label.code: question.label.words}
    if question.timeline is not None:
        index, outcome = question.timeline.index, question.timeline.outcome
        codes = dict.fromkeys(index.codes.patterns, "the index")
        codes |= dict.fromkeys(outcome.codes.patterns, question.label.words)
    for feature in question.features:
        if feature.disclosure != DIRECT:
            codes |= dict.fromkeys(_codes_read(feature), feature.words)
    direct = direct_codes(question)
    return {code: words for code, words in codes.items() if code not in direct}


def direct_codes(question: Question) -> tuple[str, ...]:
    """Return the codes of a question's direct identifiers; a prefix of codes ends in `*`."""
    direct = [feature for feature in question.features if feature.disclosure == DIRECT]
    codes = [code for feature in direct for code in (*feature.codes, *_codes_read(feature))]
    return tuple(dict.fromkeys(codes))


def _codes_read(feature: Feature) -> tuple[str, ...]:
    is_age = feature.reading is not None and feature.reading.take == AGE
    return (BIRTH,) if is_age else feature.codes


def _describe(question: Question, request: PseudonymisedRequest, rows: int) -> dict[str, Any]:
    return {
        "format": "vouchsafe pseudonymised copy 1",
        "level": "pseudonymised",
        "risk": RISK,
        "study": request.study,
        "release": request.release,
        "agreement": {"title": request.title, "text": request.text, "ends_on": request.ends_on},
        "delete_within_days": DELETION_DAYS,
        "recipient": {"public_key": request.public_key, "algorithm": "X25519, HPKE (RFC 9180)"},
        "question": {"id": question.id, "sha256": question.sha256},
        "rows": rows,
        "ends_on": request.ends_on,
        "meds": {
            "version": MEDS_VERSION,
            "subject_id": "the first 16 hex digits of the name as a number, divided by 2",
            "time": f"moved by one number of days a person, at most {MAX_SHIFT_DAYS}",
            "birth": "the first day of its year, after that",
            "left_out": f"codes of fewer than {MIN_PEOPLE} people; free texts; texts in place of "
            f"codes or units that fewer than {MIN_PEOPLE} people share",
        },
    }


def _describe_fhir(whole: FhirCopy) -> dict[str, Any]:
    return {
        "version": FHIR_VERSION,
        "resources": dict(whole.resources),
        "patient_id": "the name in the rows",
        "dates": f"moved by one number of days a person, at most {MAX_SHIFT_DAYS}, as in meds",
        "birth": "the year, after that",
        "removed": dict(whole.removed),
    }


def _columns(question: Question, names: Sequence[str], matrix: Matrix) -> list[CopyColumn]:
    """Return the columns of the rows as they are; direct identifiers stay out."""
    people = range(len(names)) if matrix.people is None else matrix.people.tolist()
    columns = [CopyColumn("name", "a pseudonym", None, [names[person] for person in people])]
    for position, feature in enumerate(question.features):
        if feature.disclosure != DIRECT:
            name = make_column_name(feature.words, [column.name for column in columns])
            cells = [_cell(feature, value) for value in matrix.values[:, position]]
            columns.append(CopyColumn(name, "the value", feature, cells))
    label = CopyColumn("label", question.label.words, None, matrix.labels.tolist())
    return [*columns, label]


def _cell(feature: Feature, value: np.float32) -> float | str | None:
    if np.isnan(value):
        return None
    if feature.kind == NUMBER:
        return float(str(value))  # as short as it was written: 5.6, not 5.599999904632568
    return (feature.values or ("no", "yes"))[int(value)]
