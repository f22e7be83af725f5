from __future__ import annotations

import string

import pytest

from consent.findings import Finding, FindingCode, LedgerFinding
from models.findings import ModelFinding
from storage.findings import StoreFinding

CODES = [*LedgerFinding, *StoreFinding, *ModelFinding]


def test_a_finding_says_its_facts_in_one_sentence() -> None:
    finding = Finding(
        part="ledger", code=LedgerFinding.TRANSACTION_FAILED, where="0x00", facts={"kind": "grant"}
    )
    assert finding.message == "transaction grant failed on the chain"
    assert finding.code == "transaction-failed"
    assert not finding.is_unchecked


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_starts_small_and_has_no_full_stop(code: FindingCode) -> None:
    assert code.sentence[0].islower()
    assert code.sentence[-1] != "."
    names = [name for _, name, _, _ in string.Formatter().parse(code.sentence) if name is not None]
    assert all(names)
