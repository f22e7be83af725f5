"""Prepares the demo for visitors: the directory, waiting requests, and links to join."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from consent import YEAR_S
from deploy.demo.people import STUDY, People
from services.accounts import Invitee
from services.dates import iso_day
from services.requests import RequestDetails
from services.researcher.proposing import StudyDraft
from services.words import Words

if TYPE_CHECKING:
    from services.wiring import Services

PROTOCOL = "Predict diabetes, known or not yet known, from a survey examination."
STAFF = (
    ("clinician", "A clinician of the demo"),
    ("researcher", "A researcher of the demo"),
    ("custodian", "A custodian of the demo"),
    ("auditor", "An auditor of the demo"),
)


def approve_study(services: Services, question: str) -> None:
    """Propose the demo's study and approve it as its custodian; repeating it changes nothing."""
    if STUDY not in {study.study for study in services.requests.proposals.list_all()}:
        draft = StudyDraft(
            texts={
                "title": "Diabetes risk",
                "board": "The demo's ethics board (0001)",
                "protocol": PROTOCOL,
                "condition": "diabetes",
                "contact": "the study team, by the switchboard of the hospital",
            },
            question=question,
            days=365,
            ends_on=datetime.date.fromisoformat(iso_day(services.installation.clock() + YEAR_S)),
            wants_copy=False,
            name=STUDY,
        )
        services.researcher.proposing.propose(
            services.installation.organisation, draft, Words("en")
        )
    services.custodian.approvals.approve(STUDY, by="demo")


def invite_guests(services: Services, people: People) -> dict[str, Any]:
    """Fill the directory, send requests to those without a key, and return links for all roles.

    Each link works once, for seven days. Waiting requests are not sent again. Researchers may have
    people counted from then on.
    """
    asking, waiting = services.requests, list(people.waiting.values())
    services.custodian.counting.allow(by="demo")
    asking.directory.add(zip(people.labels(), people.subjects(), strict=True))
    study = asking.proposals.get(STUDY)
    train = study.request_details()
    care = RequestDetails(
        services.installation.organisation,
        "care",
        ("TREATDS",),
        study.categories,
        "",
        "",
        365,
        study.condition,
    )
    for details in (train, care):
        asking.requests.send(details, waiting, "demo")
    invite, accounts = services.identity.invite, services.identity.accounts
    return {
        "with_keys": len(people.rows) - len(waiting),
        "waiting": len(waiting),
        "patients": [
            invite(Invitee("patient", "", "", subject))
            for subject in waiting
            if accounts.of_subject(subject) is None
        ],
        "staff": {
            role: invite(Invitee(role, services.installation.organisation, name))
            for role, name in STAFF
        },
    }


def links(invitations: dict[str, Any]) -> str:
    """Return the lines that list the links; each opens one account."""
    lines = ["", "Links to join, one for each role; each works once, for seven days:"]
    lines += [f"  a patient     {link}" for link in invitations["patients"][:1]]
    lines += [f"  {role:<13} {link}" for role, link in invitations["staff"].items()]
    return "\n".join(lines) + "\n"
