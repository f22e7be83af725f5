"""Leaves the demo's doors open: a directory, requests that wait, and links to join by."""

from __future__ import annotations

from typing import Any

from deploy.demo.people import STUDY, People
from services.accounts import Invitee
from services.platform import Platform
from services.requests import Proposal, RequestDetails

YEAR_S = 365 * 86_400
PROTOCOL = "Predict diabetes, known or not yet known, from a survey examination."
STAFF = (
    ("clinician", "A clinician of the demo"),
    ("researcher", "A researcher of the demo"),
    ("custodian", "A custodian of the demo"),
    ("auditor", "An auditor of the demo"),
)


def approve_study(platform: Platform, question: str) -> None:
    """Let the demo's study ask and train, as a custodian would; a second time changes nothing."""
    proposals = platform.asking.proposals
    if proposals.find(STUDY) is None:
        wanted = Proposal(
            study=STUDY,
            owner=platform.organisation,
            title="Diabetes risk",
            board="The demo's ethics board (0001)",
            protocol=PROTOCOL,
            condition="diabetes",
            question=question,
            purpose="MLTRAINING",
            categories=("demographics", "vital-signs", "laboratory", "condition"),
            data_from="",
            data_to="",
            days=365,
            until_s=int(platform.clock()) + YEAR_S,
            contact="the demo",
        )
        proposals.register(wanted)
    proposals.approve(STUDY, "demo")


def invite_guests(platform: Platform, people: People) -> dict[str, Any]:
    """Write down who is a patient, ask those who have no key yet, and return links for all roles.

    Each link works once, for seven days. Requests that wait already are not sent again.
    """
    asking, waiting = platform.asking, list(people.waiting.values())
    asking.directory.add(zip(people.labels(), people.subjects(), strict=True))
    study = asking.proposals.get(STUDY)
    train = RequestDetails(
        STUDY, "study", (study.purpose,), study.categories, "", "", study.days, study.condition
    )
    care = RequestDetails(
        platform.organisation, "care", ("TREATDS",), study.categories, "", "", 365, study.condition
    )
    for wanted in (train, care):
        asking.requests.send(wanted, waiting, "demo")
    invite, accounts = platform.identity.invite, platform.identity.accounts
    return {
        "with_keys": len(people.rows) - len(waiting),
        "waiting": len(waiting),
        "patients": [
            invite(Invitee("patient", "", "", one))
            for one in waiting
            if accounts.of_subject(one) is None
        ],
        "staff": {role: invite(Invitee(role, platform.organisation, name)) for role, name in STAFF},
    }


def links(found: dict[str, Any]) -> str:
    """Return the lines that show who may join, and by which link; each opens one account."""
    lines = ["", "Join by these links; each works once, for seven days:"]
    lines += [f"  a patient     {one}" for one in found["patients"][:1]]
    lines += [f"  {role:<13} {link}" for role, link in found["staff"].items()]
    return "\n".join(lines) + "\n"
