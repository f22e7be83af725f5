"""Evidence that is written while the site works agrees, on a real chain and a real Kubo."""

from __future__ import annotations

import json

import pytest
from stranger_world import load_script

from consent import Grant, SignatureInvalid, Withdrawal
from consent.signatures import recover
from consent.typed_data import terms_hash
from services.statement import RequestedTerms, terms_for
from storage import Record

pytestmark = pytest.mark.node
HOSPITAL, STUDY = "organisation:this-hospital", "study:small"


class Worker:
    """Does one thing of each kind whenever it is called: the site does not wait for the export."""

    def __init__(self, hospital) -> None:
        self.platform, self.wallet = hospital.platform, hospital.wallet
        self.subject = hospital.new_patient()
        self.granted: list[bytes] = []

    def __call__(self) -> None:
        platform, subject = self.platform, self.subject
        now_s = int(platform.installation.clock())
        terms = terms_for(RequestedTerms("permit", STUDY, ("MLTRAINING",)), "I agree.")
        self._bring(platform.ledger.grant, Grant(subject, terms, now_s, now_s + 9_999))
        self.granted.append(terms_hash(terms))
        report = platform.store.deposits.deposit(
            [Record(subject, "vital-signs", HOSPITAL, "2024-01-02", {"x|number": (61.5, "kg")})]
        )
        platform.store.vault.open(STUDY, "MLTRAINING", report.record_ids[0], "a use")
        platform.store.journal.anchor()
        if len(self.granted) > 1:
            self._bring(platform.ledger.withdraw, Withdrawal(subject, self.granted.pop(0)))

    def _bring(self, submit, message) -> None:
        assert submit([self.wallet.sign(self.platform.ledger.domain(), message)])[0].ok


def fast_recover(hashed: bytes, r: int, s: int, parity: int) -> bytes:
    """Recover by our library: the script's own way is tested elsewhere, and takes seconds here."""
    try:
        return recover(hashed, b"".join(n.to_bytes(32) for n in (r, s)) + bytes([27 + parity]))
    except SignatureInvalid:
        return b""


def test_evidence_that_is_written_while_the_site_works_agrees(
    hospital, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, work = hospital.platform, Worker(hospital)
    blocks, path = tmp_path / "blocks", tmp_path / "evidence.ndjson"
    work()
    platform.auditor.copy_blocks(blocks, lambda *_: None)
    work()
    kinds, lines = set[str](), []
    for line in platform.auditor.evidence():
        lines.append(line)
        if line["kind"] not in kinds:
            kinds.add(line["kind"])
            work()
    work()
    platform.auditor.copy_blocks(blocks, lambda *_: None, only_missing=True)
    work()
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    script = load_script()
    monkeypatch.setattr(script, "recover", fast_recover)
    endpoint = json.loads((platform.installation.home / "chain" / "endpoint.json").read_text())
    result = script.Check(str(path), endpoint["url"], str(blocks)).run_all()
    assert result["wrong"] == []
    assert result["operations_later"] > 4 * len(kinds - {"erasure", "card", "manifest"})
    assert result["journal_anchored"] <= result["journal_rows"] < platform.store.journal.size()
