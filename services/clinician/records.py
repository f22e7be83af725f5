"""The records that patients let a clinician's organisation read: a timeline, and each value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from attrs import define

from consent import CATEGORIES, TREAT
from services.errors import NotFound
from services.record_views import LineView, RecordViews, ValueSeries
from services.requests import PatientInCare, PatientsInCare
from services.requests.wording import format_day
from services.words import Words
from storage import AccessRequest, RecordStore

MAX_LINES: Final = 100
"""Lines of one page of the timeline."""
_DAY_CHARACTERS: Final = 10
_WHY: Final = "reading of the record"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuery:
    """Which records of a patient are read.

    Attributes:
        patient_key: from the list of patients.
        category: only this class of records; "" for all that the patient permits.
        page: from 1; one page has 100 lines.
    """

    patient_key: str
    category: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineDay:
    """The lines of one day: `day` in words, or what is known of it."""

    day: str
    lines: Sequence[LineView]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientTimeline:
    """One page of what a patient's records say, the newest day first.

    Attributes:
        patient: with the categories that may be read.
        category: the only one on the page; "" for all.
        earlier: what corrections replaced in the records of this page, the newest first.
        duties: what the patient asks of those who read them (codes of OBLIGATIONS).
        total: how many lines all pages have.
        page, pages: from 1, and how many there are.
    """

    patient: PatientInCare
    category: str
    days: Sequence[TimelineDay]
    earlier: Sequence[LineView]
    duties: Sequence[str]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientSeries:
    """One value of a patient over time."""

    patient: PatientInCare
    category: str
    series: ValueSeries


@define(eq=False, repr=False, kw_only=True)
class ClinicianRecords:
    """Reads records for treatment; `party` is the organisation, `account_id` the caller.

    Every call opens the records that the patient permits now: each is journalled before anything
    is returned, and the patient sees it in the history. What is refused leaves no trace here.
    """

    _care: PatientsInCare
    _store: RecordStore
    _views: RecordViews

    def timeline(
        self, party: str, account_id: str, query: RecordQuery, words: Words
    ) -> PatientTimeline:
        """Return one page of a patient's records, line by line; after the last page, the last.

        Raises:
            NotFound: the patient does not exist, or permits no reading of such records now.
            LedgerUnavailable (consent): permissions cannot be checked now; nothing was opened.
        """
        patient, request = self._request(party, account_id, query)
        vault = self._store.vault
        result = vault.gather(request)
        records = result.records
        former = vault.gather_former(request)
        lines = self._views.timeline(words, records)
        pages = max(1, math.ceil(len(lines) / MAX_LINES))
        page = min(max(1, query.page), pages)
        on_page = lines[(page - 1) * MAX_LINES : page * MAX_LINES]
        on_this = {view.line.record_id for view in on_page}
        replaced = [record for record in records if record.record_id in on_this or not lines]
        by_day = groupby(on_page, key=lambda view: view.line.at[:_DAY_CHARACTERS])
        return PatientTimeline(
            patient=patient,
            category=query.category,
            days=[TimelineDay(day=_day(words, day), lines=list(group)) for day, group in by_day],
            earlier=self._views.earlier(words, former, replaced),
            duties=result.duties,
            total=len(lines),
            page=page,
            pages=pages,
        )

    def series(
        self, party: str, account_id: str, query: RecordQuery, code: str, words: Words
    ) -> PatientSeries:
        """Return one value of a patient over time.

        Raises:
            NotFound, LedgerUnavailable: as `timeline`; or no record that may be read has the code.
        """
        patient, request = self._request(party, account_id, query)
        records = self._store.vault.gather(request).records
        series = self._views.series(words, records, code)
        return PatientSeries(patient=patient, category=query.category, series=series)

    def _request(
        self, party: str, account_id: str, query: RecordQuery
    ) -> tuple[PatientInCare, AccessRequest]:
        patient = self._care.get(party, query.patient_key)
        categories = [
            code for code in patient.readable if query.category in ("", code) and code in CATEGORIES
        ]
        if not categories:
            raise NotFound
        request = AccessRequest(
            party,
            TREAT,
            categories,
            None,
            [patient.subject],
            _WHY,
            actor=f"clinician:{account_id}",
        )
        return patient, request


def _day(words: Words, day: str) -> str:
    if len(day) == _DAY_CHARACTERS:
        return format_day(words, day)
    return day or words("frame-unknown-day")
