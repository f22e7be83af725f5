"""Summarises the installation for a custodian: health of its parts, holdings, pending work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attrs import define

from consent import DAY_S, ConsentError, ConsentLedger
from services import database
from services.custodian.upload_store import CHECKED, MAPPING, STORED, UploadStore
from services.jobs.heartbeats import Workers
from services.jobs.queue import JobQueue
from services.requests import ACCEPTED, DECLINED, PROPOSED
from services.requests.stores import RequestStores
from storage import RecordStore, StorageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Which parts respond: the ledger's chain node, the IPFS node, any worker."""

    chain: bool
    ipfs: bool
    worker: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """How much is stored and what waits.

    Attributes:
        patients: in the directory.
        subjects, records: in the record store.
        anchored_at_s: when the newest records anchor was mined, seconds UTC; None if unknown.
        is_anchored: whether there is any records anchor.
        active_jobs: queued or running.
        proposed_studies, requested_erasures, proposed_links: that wait for a decision.
    """

    patients: int
    subjects: int
    records: int
    anchored_at_s: int | None
    is_anchored: bool
    active_jobs: int
    proposed_studies: int
    requested_erasures: int
    proposed_links: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What happened in the last seven days.

    Attributes:
        yes, no: answers of patients to requests of studies and clinicians.
        estimates: that clinicians asked for.
        uploads: files that were stored.
    """

    yes: int
    no: int
    estimates: int
    uploads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the custodian's first page shows; `waiting_files` wait for columns or a decision."""

    health: Health
    holdings: Holdings
    week: Week
    waiting_files: int


@define(eq=False, repr=False, kw_only=True)
class CustodianOverview:
    """Reads the state of the parts; nothing is changed."""

    _ledger: ConsentLedger
    _store: RecordStore
    _requests: RequestStores
    _uploads: UploadStore
    _jobs: JobQueue
    _workers: Workers
    _clock: Callable[[], float]

    def get(self) -> Overview:
        """Return the overview; a part that is unavailable appears as such."""
        health = Health(
            chain=_responds(self._ledger.view),
            ipfs=_responds(self._store.ipfs_version),
            worker=_responds(self._workers.is_any_alive),
        )
        since_s = int(self._clock()) - 7 * DAY_S
        answers = self._requests.requests.count_answers_since(since_s)
        return Overview(
            health=health,
            holdings=self._holdings(),
            week=Week(
                yes=answers.get(ACCEPTED, 0),
                no=answers.get(DECLINED, 0),
                estimates=self._requests.predictions.count_since(since_s),
                uploads=self._uploads.count(STORED, since_s),
            ),
            waiting_files=self._uploads.count(CHECKED) + self._uploads.count(MAPPING),
        )

    def _holdings(self) -> Holdings:
        totals = self._store.totals()
        anchors = self._ledger.anchors("records", 1)
        return Holdings(
            patients=self._requests.directory.count(),
            subjects=totals["subjects"],
            records=totals["records"],
            anchored_at_s=self._block_time(anchors[0].block_number) if anchors else None,
            is_anchored=bool(anchors),
            active_jobs=sum(self._jobs.counts().values()),
            proposed_studies=sum(
                proposal.state == PROPOSED for proposal in self._requests.proposals.list_all()
            ),
            requested_erasures=self._requests.erasures.count_waiting(),
            proposed_links=self._store.links.count_waiting(),
        )

    def _block_time(self, block_number: int) -> int | None:
        try:
            return self._ledger.block_times([block_number])[0]
        except ConsentError:
            return None


def _responds(check: Callable[[], object]) -> bool:
    """Return whether a check succeeds; it may also say no by returning False."""
    try:
        return check() is not False
    except (ConsentError, StorageError, *database.UNAVAILABLE_ERRORS):
        return False
