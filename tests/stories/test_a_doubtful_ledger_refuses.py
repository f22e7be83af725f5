"""A ledger that is down, hung, foreign or behind is a refusal, and service returns by itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from rig import enrolled_people, running
from suspended import suspended

from consent import LedgerBroken, LedgerUnavailable
from services.wiring import Services
from storage import AccessRequest, StorageNotFound

PURPOSE = "MLTRAINING"
STUDY = "study:sleep"
# What is promised is 2 s; the bound leaves room for a machine that does other things too.
REFUSED_WITHIN_S = 6.0
BACK_WITHIN_S = 15.0

pytestmark = [pytest.mark.node]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Services]:
    with running(tmp_path / "home") as made:
        enrolled_people(made, tmp_path / "wallet", 5, STUDY, PURPOSE)
        yield made


def chain_pid(platform: Services) -> int:
    return int(json.loads((platform.installation.home / "chain" / "pid.json").read_text())["pid"])


def requests_of(platform: Services) -> list[Callable[[], object]]:
    entry = platform.store.records_of(first_subject(platform))[0].record_id.hex()
    access_request = AccessRequest(STUDY, PURPOSE, None, None, None, "story")
    return [
        lambda: platform.store.vault.gather(access_request),
        lambda: platform.store.vault.open(STUDY, PURPOSE, entry, "story"),
        lambda: platform.ledger.view(),
        lambda: platform.ledger.consents_of(first_subject(platform)),
    ]


def first_subject(platform: Services) -> bytes:
    wallet = json.loads(
        (platform.installation.home.parent / "wallet" / "subjects.json").read_text()
    )
    return bytes.fromhex(next(iter(wallet.values())))


def require_refused(platform: Services) -> None:
    rows = platform.store.journal.size()
    for ask in requests_of(platform):
        began_s = time.monotonic()
        with pytest.raises(LedgerUnavailable):
            ask()
        assert time.monotonic() - began_s < REFUSED_WITHIN_S
    released = [r for r in platform.store.journal.rows(rows + 1) if r.answer.outcome == "permitted"]
    assert released == []


def require_back(platform: Services) -> None:
    deadline_s = time.monotonic() + BACK_WITHIN_S
    while True:
        try:
            assert requests_of(platform)[0]().records  # type: ignore[attr-defined]
            return
        except LedgerUnavailable:
            assert time.monotonic() < deadline_s
            time.sleep(0.2)


def test_a_chain_that_was_killed_refuses_until_it_is_back(platform: Services) -> None:
    require_back(platform)
    pid = chain_pid(platform)
    os.kill(pid, signal.SIGKILL)
    access_request = AccessRequest(STUDY, PURPOSE, None, None, None, "story")
    # It may be back already; then the answer is a permit that was decided anew.
    with suppress(LedgerUnavailable):
        platform.store.vault.gather(access_request)
    require_back(platform)
    assert chain_pid(platform) != pid


def test_a_chain_that_hangs_refuses_in_time_and_serves_again(platform: Services) -> None:
    require_back(platform)
    with suspended(chain_pid(platform)):
        require_refused(platform)
    require_back(platform)


def test_another_chain_behind_the_same_endpoint_refuses(tmp_path: Path) -> None:
    with running(tmp_path / "home") as ours:
        enrolled_people(ours, tmp_path / "wallet", 5, STUDY, PURPOSE)
    with running(tmp_path / "other" / "home") as other:
        door = json.loads((other.installation.home / "chain" / "endpoint.json").read_text())["url"]
        foreign = running(tmp_path / "home", recovers=False, LEDGER_RPC_URL=door)
        with pytest.raises(LedgerBroken, match="genesis block mismatch"), foreign:
            raise AssertionError("it started on another chain")
    with running(tmp_path / "home") as ours:
        require_back(ours)


def test_a_chain_behind_its_mark_refuses_until_all_is_sent_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as platform:
        enrolled_people(platform, tmp_path / "wallet", 3, STUDY, PURPOSE)
    shutil.copytree(home / "chain" / "data", tmp_path / "older")
    with running(home) as platform:
        enrolled_people(platform, tmp_path / "wallet", 6, STUDY, PURPOSE)
        before = platform.ledger.view()
    shutil.rmtree(home / "chain" / "data")
    shutil.copytree(tmp_path / "older", home / "chain" / "data")
    with running(home, recovers=False) as platform:
        # The first look finds the chain behind its mark, and refuses; what it lost is sent again.
        with pytest.raises(LedgerUnavailable):
            platform.ledger.view()
        require_back(platform)
        after = platform.ledger.view()
        assert (after.count, after.head) == (before.count, before.head)


def test_a_refusal_for_doubt_is_not_a_refusal_of_the_patient(platform: Services) -> None:
    with suspended(chain_pid(platform)), pytest.raises(LedgerUnavailable):
        requests_of(platform)[1]()
    require_back(platform)
    unknown = "00" * 16
    with pytest.raises(StorageNotFound):
        platform.store.vault.open(STUDY, PURPOSE, unknown, "story")
