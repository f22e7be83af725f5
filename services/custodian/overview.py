"""What a custodian keeps an eye on: how much is held, which parts are away, who waits."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from consent import ConsentError
from services import database
from services.accounts import PATIENT, Invitee
from services.custodian.deposits import uploads
from services.errors import Invalid
from services.jobs.heartbeats import Workers
from services.platform import Platform
from services.requests import PROPOSED
from services.tokens import CLINICIAN, CUSTODIAN
from storage import StorageError

LOG: Final = logging.getLogger("vouchsafe.custodian")
CHECKS: Final = ("card", "known", "video")
"""How an identity may have been checked."""
MOST_NUMBER: Final = 64
MOST_NAME: Final = 128
SUBJECT_BYTES: Final = 32


class InviteWrong(Invalid):
    """An invitation that cannot be made: which field, and which text says why (422)."""

    def __init__(self, field: str, word: str) -> None:
        """Keep which field it is, and which text says why."""
        super().__init__(f"{field}: {word}")
        self.field = field
        self.word = word


@dataclass(frozen=True, slots=True)
class InvitationForm:
    """Who is to be invited: for patients a hospital number, for others name and organisation."""

    role: str
    identity: str
    number: str = ""
    name: str = ""
    party: str = ""


def health(platform: Platform) -> dict[str, bool]:
    """Return which parts answer: chain, ipfs, worker."""
    workers = Workers(platform.engine, platform.clock)
    return {
        "chain": _answers(platform.ledger.view),
        "ipfs": _answers(platform.store.ipfs_version),
        "worker": _answers(lambda: _require(workers.is_any_alive())),
    }


def held(platform: Platform) -> dict[str, Any]:
    """Return how much is held and what waits; `copies` counts this install's own node alone."""
    totals = platform.store.totals()
    found = platform.ledger.anchors("records", 1)
    return {
        "patients": platform.asking.directory.count(),
        "subjects": totals["subjects"],
        "records": totals["records"],
        "copies": totals["records"] if _answers(platform.store.ipfs_version) else 0,
        "anchor": _anchored_at(platform, found[0].block_number) if found else None,
        "is_anchored": bool(found),
        "jobs": sum(platform.jobs.counts().values()),
        "studies": sum(one.state == PROPOSED for one in platform.asking.proposals.list_all()),
        "uploads": uploads(platform).of_party(platform.organisation)[:5],
    }


def invite(platform: Platform, asked: InvitationForm, by: str) -> str:
    """Return a link that is told once; a patient who is new here gets a subject and a line.

    Who checked the identity, and how, is in the log, beside the subject and nothing else.

    Raises:
        InviteWrong: a field is missing, or this patient has an account already.
    """
    if asked.identity not in CHECKS:
        raise InviteWrong("identity", "invite-identity-error")
    if asked.role != PATIENT:
        return _invite_staff(platform, asked, by)
    subject = _subject(platform, asked.number)
    try:
        link = platform.identity.invite(Invitee(PATIENT, "", "", subject))
    except ValueError as exc:
        raise InviteWrong("number", "invite-has-account") from exc
    LOG.info("invited %s, identity %s, by %s", subject.hex(), asked.identity, by)
    return link


def _invite_staff(platform: Platform, asked: InvitationForm, by: str) -> str:
    name, party = asked.name.strip(), asked.party.strip() or platform.organisation
    if not 0 < len(name) <= MOST_NAME or not name.isprintable():
        raise InviteWrong("name", "invite-name-error")
    well_formed = party.startswith("organisation:") and party.isascii() and party.isprintable()
    if not well_formed or not len("organisation:") < len(party) <= MOST_NAME or " " in party:
        raise InviteWrong("party", "invite-party-error")
    if asked.role in (CUSTODIAN, CLINICIAN) and party != platform.organisation:
        raise InviteWrong("party", "invite-party-own")
    try:
        link = platform.identity.invite(Invitee(asked.role, party, name))
    except ValueError as exc:
        raise InviteWrong("role", "invite-role-error") from exc
    LOG.info("invited a %s of %s, identity %s, by %s", asked.role, party, asked.identity, by)
    return link


def _subject(platform: Platform, told: str) -> bytes:
    number, directory = told.strip(), platform.asking.directory
    if not 0 < len(number) <= MOST_NUMBER or not number.isprintable():
        raise InviteWrong("number", "invite-number-error")
    known = directory.find_subject(number)
    if known is not None:
        return known
    subject = secrets.token_bytes(SUBJECT_BYTES)
    directory.add([(number, subject)])
    return subject


def _anchored_at(platform: Platform, block: int) -> int | None:
    try:
        return platform.ledger.block_times([block])[0]
    except ConsentError:
        return None


def _require(holds: bool) -> None:
    if not holds:
        raise StorageError("no worker has been heard of lately")


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (ConsentError, StorageError, *database.UNAVAILABLE_ERRORS):
        return False
    return True
