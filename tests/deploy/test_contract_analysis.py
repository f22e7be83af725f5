"""A finding of the contract's analysis is accepted with a reason, or fails the check."""

from __future__ import annotations

from collections import Counter

from deploy.contract_analysis import _accepted, _compare, _findings


def _report(check: str, element: dict[str, object]) -> dict[str, object]:
    return {"success": True, "results": {"detectors": [{"check": check, "elements": [element]}]}}


def _member(kind: str, name: str, parent: dict[str, object] | None) -> dict[str, object]:
    return {
        "type": kind,
        "name": name,
        "type_specific_fields": {"parent": parent} if parent else {},
    }


CONTRACT = _member("contract", "Signers", None)
FUNCTION = _member("function", "_ask", CONTRACT)


def test_a_finding_is_named_by_the_member_that_holds_it():
    for element in (FUNCTION, _member("node", "i < length", FUNCTION)):
        assert _findings(_report("assembly", element)) == Counter({("assembly", "Signers._ask"): 1})
    assert ("erc20", "Signers") in _findings(_report("erc20", CONTRACT))


def test_every_accepted_finding_has_a_reason():
    assert sum(_accepted().values()) >= 10


def test_a_new_finding_fails(capsys):
    assert _compare(Counter({("assembly", "A.b"): 1}), Counter()) == 1
    assert "new finding: assembly in A.b" in capsys.readouterr().err


def test_an_accepted_finding_that_is_gone_fails(capsys):
    assert _compare(Counter(), Counter({("assembly", "A.b"): 1})) == 1
    assert "accepted finding not found: assembly in A.b" in capsys.readouterr().err


def test_exactly_the_accepted_findings_pass(capsys):
    assert _compare(_accepted(), _accepted()) == 0
    assert "all accepted" in capsys.readouterr().out
