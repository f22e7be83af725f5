"""An installation of an early release is upgraded, backed up and restored, and goes on."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rig import ROOT, running

from consent import LedgerUnavailable, Wallet, Withdrawal
from models import PredictionRequest
from services.wiring import Services
from storage import AccessRequest

ARCHIVE = ROOT / "tests" / "vectors" / "upgrade" / "home.tar.xz"
STUDY, HOSPITAL = "study:small", "organisation:this-hospital"
WHOLE = ("kubo", "chain", "secrets", "models", "questions")

pytestmark = [pytest.mark.node]


@dataclass(frozen=True)
class OldInstallation:
    """A home of an early release, what it said of itself, and its patients' wallet."""

    home: Path
    facts: dict[str, Any]
    wallet: Wallet

    def subject(self, number: int) -> bytes:
        return self.wallet.get_subject(f"person-{number}")

    def subjects(self) -> set[bytes]:
        return set(self.wallet.subjects().values())


@pytest.fixture
def old(tmp_path: Path) -> OldInstallation:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="tar")
    facts = json.loads((tmp_path / "facts.json").read_text())
    return OldInstallation(tmp_path / "home", facts, Wallet.open(tmp_path / "wallet"))


def released(platform: Services) -> set[bytes]:
    request = AccessRequest(STUDY, "MLTRAINING", None, None, None, "story")
    return {record.subject for record in platform.store.vault.gather(request).records}


def require_upgraded(platform: Services, old: OldInstallation) -> set[bytes]:
    """Require that consents, records, journal and model are those of before; return who permits."""
    view, facts = platform.ledger.view(), old.facts
    assert (view.count, view.head.hex()) == (facts["count"], facts["head"])
    assert platform.store.journal.size() == facts["journal"]
    assert (platform.ledger.check(), platform.store.check()) == ([], [])
    states = [[c.state for c in platform.ledger.consents_of(old.subject(n))] for n in range(4)]
    assert states[0] == ["withdrawn", "active"]
    assert states[1] == ["stopped", "stopped"]
    assert states[2:] == [["active"] * 3, ["active"] * 2]
    permitting = old.subjects() - {old.subject(number) for number in range(3)}
    assert released(platform) == permitting
    request = PredictionRequest(HOSPITAL, old.subject(3), facts["model"], "a visit", "clinician:1")
    assert platform.diagnostics.predict(request).probability == facts["probability"]
    assert platform.diagnostics.check() == []
    return permitting


def back_up(home: Path, folder: Path) -> None:
    """Copy what docs/operations.md lists; the mark is not among it."""
    folder.mkdir()
    for name in WHOLE:
        shutil.copytree(home / name, folder / name)
    shutil.copy2(home / "ledger.json", folder)
    with (
        sqlite3.connect(home / "vouchsafe.db") as source,
        sqlite3.connect(folder / "vouchsafe.db") as copy,
    ):
        source.backup(copy)
    (folder / "vouchsafe.db").chmod(0o600)


def withdraw(platform: Services, old: OldInstallation, number: int) -> bytes:
    """Let a person withdraw the permission to train; return the subject."""
    subject = old.subject(number)
    [consent] = [
        c for c in platform.ledger.consents_of(subject) if c.terms and c.terms.recipient == STUDY
    ]
    message = Withdrawal(subject, consent.terms_hash)
    assert platform.ledger.withdraw([old.wallet.sign(platform.ledger.domain(), message)])[0].ok
    return subject


def test_an_installation_of_an_early_release_is_upgraded_backed_up_and_restored(
    old: OldInstallation, tmp_path: Path
) -> None:
    with running(old.home) as platform:
        permitting = require_upgraded(platform, old)
    back_up(old.home, tmp_path / "backup")
    with running(old.home) as platform:
        leaver = withdraw(platform, old, 5)
        assert released(platform) == permitting - {leaver}
        platform.store.journal.anchor()
        evidence = list(platform.auditor.evidence())
    shutil.rmtree(old.home)
    shutil.copytree(tmp_path / "backup", old.home)
    with running(old.home) as platform:
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                released(platform)
        assert platform.operator.find_restore() is not None
        restored = platform.operator.confirm_restore(evidence)
        assert (restored.suspended, restored.revocations) == (0, 1)
        assert platform.operator.find_missing_rows() is not None
        platform.operator.accept_missing_rows()
        assert released(platform) == permitting - {leaver}
        platform.diagnostics.apply_withdrawals()
        assert [model.state for model in platform.diagnostics.models()] == ["affected"]
