"""No list or count of the pages reads a whole table, however many patients there are; no nodes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from plans import note_plans

from services.accounts import Invitee
from services.accounts.accounts import Accounts
from services.accounts.invitations import Invitations
from services.accounts.passkeys import Passkeys
from services.custodian.invitation_list_store import InvitationListStore
from services.custodian.upload_store import STORED, UploadStore
from services.requests import ConsentRequests, StoredPredictions
from services.requests.messages import Messages
from services.tables import METADATA

PATIENT, DOCTOR = Invitee("patient", "", "", bytes(32)), Invitee("clinician", "organisation:a", "A")
CALLS: dict[str, Callable[..., object]] = {
    "invite a patient": lambda engine, ports: Invitations(engine, clock).add(PATIENT),
    "invite staff": lambda engine, ports: Invitations(engine, clock).add(DOCTOR),
    "open links": lambda engine, ports: Invitations(engine, clock).list_open(9),
    "revoke links": lambda engine, ports: Invitations(engine, clock).revoke_issued_by("a"),
    "an invitation list": lambda engine, ports: InvitationListStore(*ports).delete_expired(),
    "who joined": lambda engine, ports: Accounts(engine).find_joined([bytes(32)]),
    "staff": lambda engine, ports: Accounts(engine).list_staff(),
    "last uses": lambda engine, ports: Passkeys(engine, clock).last_uses(["a", "b"]),
    "waiting files": lambda engine, ports: UploadStore(*ports).count(STORED),
    "files of a week": lambda engine, ports: UploadStore(*ports).count(STORED, 1),
    "answers of a week": lambda engine, ports: ConsentRequests(*ports).count_answers_since(1),
    "estimates of a week": lambda engine, ports: StoredPredictions(*ports).count_since(1),
    "answered messages": lambda engine, ports: Messages(*ports).list_answered(),
}


def clock() -> float:
    return 1_700_000_000.0


@pytest.mark.parametrize("name", CALLS)
def test_a_list_of_the_pages_is_found_by_an_index(name: str) -> None:
    engine = sa.create_engine("sqlite://")
    METADATA.create_all(engine)
    plans = note_plans(engine)
    CALLS[name](engine, (engine, None, clock))
    read = [plan for plan in plans if plan.startswith(("SEARCH", "SCAN"))]
    assert read
    # In the order of an index, a list with a limit ends early.
    scans = [plan for plan in read if plan.startswith("SCAN") and "USING INDEX" not in plan]
    assert scans == []
