"""Findings are mapped to the seven parts by part and code, never by their message."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from consent import Finding, FindingCode, LedgerUnavailable
from models.findings import ModelFinding
from services.auditor.verification import (
    AGREES,
    DIFFERS,
    PARTS,
    UNCHECKED,
    PartResult,
    Verification,
    Verifier,
    results_as_json,
)
from storage.findings import StoreFinding


class Part:
    """One package's part of the check: it reports its steps and returns these findings."""

    def __init__(self, steps: tuple[str, ...], findings: list[Finding]) -> None:
        self.steps = steps
        self.findings = findings
        self.deployment = None

    def check(self, report, *_) -> list[Finding]:
        for step in self.steps:
            report(step, 1, 1) if "blocks" in self.steps else report(step)
        return list(self.findings)

    def view(self) -> SimpleNamespace:
        return SimpleNamespace(count=7)

    def totals(self) -> dict[str, int]:
        return {"records": 5, "journal": 3}

    def models(self) -> list[str]:
        return ["q-1"]


def verifier(ledger=(), store=(), diagnostics=()) -> Verifier:
    return Verifier(
        ledger=Part(("ledger", "mirror"), list(ledger)),  # type: ignore[arg-type]
        store=Part(("blocks", "journal"), list(store)),  # type: ignore[arg-type]
        diagnostics=Part(("q-1",), list(diagnostics)),  # type: ignore[arg-type]
    )


def states(results: list[PartResult]) -> dict[str, str]:
    return {result.part: result.state for result in results}


def test_without_findings_all_seven_agree_and_say_how_much_was_compared() -> None:
    results = verifier().check_parts(lambda *_: None)
    assert states(results) == dict.fromkeys(PARTS, AGREES)
    assert [result.many for result in results] == [7, 7, 3, 5, 5, 1, 1]


@pytest.mark.parametrize(
    ("part", "code", "concerned"),
    [
        ("catalogue", StoreFinding.ENTRIES_DIFFER, ["catalogue"]),
        ("keys", StoreFinding.PATIENT_KEY_MISSING, ["catalogue"]),
        ("pins", StoreFinding.BATCH_NOT_PINNED, ["blocks"]),
        ("blocks", StoreFinding.BLOCK_MISSING, ["blocks"]),
        ("journal", StoreFinding.ROWS_LOST, ["journal"]),
        ("new part", StoreFinding.ROWS_LOST, ["journal", "catalogue", "blocks"]),
    ],
)
def test_a_finding_of_the_store_concerns_its_part_only(part, code, concerned) -> None:
    finding = Finding(part=part, code=code, where="here")
    results = verifier(store=[finding]).check_parts(lambda *_: None)
    assert [part for part, state in states(results).items() if state == DIFFERS] == concerned
    first = next(result for result in results if result.state == DIFFERS)
    assert (first.code, first.wrong, first.where) == (code.value, 1, "here")
    assert first.what == finding.message


def test_the_words_of_a_message_decide_nothing() -> None:
    class Code(FindingCode):
        CARD = ("card", "not checked: the manifest and its consents")

    finding = Finding(part="cards", code=Code.CARD)
    results = states(verifier(diagnostics=[finding]).check_parts(lambda *_: None))
    assert (results["cards"], results["manifests"]) == (DIFFERS, AGREES)


def test_a_part_whose_findings_are_all_unchecked_is_unchecked() -> None:
    unchecked = Finding(
        part="models",
        code=ModelFinding.UNCHECKED,
        facts={"error": "no answer"},
        is_unchecked=True,
    )
    results = states(verifier(diagnostics=[unchecked]).check_parts(lambda *_: None))
    assert (results["manifests"], results["cards"]) == (UNCHECKED, UNCHECKED)


def test_an_unavailable_part_is_unchecked_and_the_others_are_checked() -> None:
    made = verifier()

    def unavailable(*_: object) -> list[Finding]:
        raise LedgerUnavailable("no answer from the node for 5 s")

    made._ledger.check = unavailable  # type: ignore[method-assign]
    results = made.check_parts(lambda *_: None)
    assert [part for part, state in states(results).items() if state == UNCHECKED] == [
        "ledger",
        "mirror",
    ]
    assert results[0].what == "no answer from the node for 5 s"


def test_the_stored_result_is_read_back_and_names_each_part_that_does_not_agree() -> None:
    finding = Finding(part="blocks", code=StoreFinding.BLOCK_MISSING, where="bafk")
    results = verifier(store=[finding]).check_parts(lambda *_: None)
    stored = results_as_json(results)
    assert not stored["agrees"]
    assert stored["findings"] == [
        {
            "part": "blocks",
            "code": "block-missing",
            "what": finding.message,
            "where": "bafk",
        }
    ]
    job = SimpleNamespace(state="done", result=stored, error="")
    assert Verification.of(job).parts == results  # type: ignore[arg-type]


def test_a_verification_that_has_not_ended_has_checked_nothing() -> None:
    job = SimpleNamespace(state="cancelled", result=None, error="")
    verification = Verification.of(job)  # type: ignore[arg-type]
    assert not verification.agrees
    assert len(verification.in_state(UNCHECKED)) == len(PARTS)


def test_progress_names_the_part_that_is_being_checked() -> None:
    reported: list[str] = []
    verifier().check_parts(lambda step, *_: reported.append(step))
    assert reported == ["ledger", "mirror", "blocks", "journal", "cards"]


def test_the_time_before_the_first_report_belongs_to_the_part_that_is_read_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr("time.monotonic", lambda: clock.now_s)
    made = verifier()

    def read_slowly(report, *_: object) -> list[Finding]:
        clock.now_s += 30
        report("blocks", 1, 1)
        clock.now_s += 5
        report("journal", 1, 1)
        clock.now_s += 2
        return []

    made._store.check = read_slowly  # type: ignore[method-assign]
    took_ms = {result.part: result.took_ms for result in made.check_parts(lambda *_: None)}
    assert (took_ms["catalogue"], took_ms["blocks"], took_ms["journal"]) == (35_000, 35_000, 2_000)
