"""The commands of trial patients: what is signed is checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import make_cli
from consent import Wallet

NOW_S = 1_800_000_000.0


@pytest.fixture
def wallet(tmp_path: Path) -> Path:
    folder = tmp_path / "wallet"
    Wallet.create(folder).new_subjects(["7"])
    return folder


def sign(wallet: Path, *words: str) -> Result:
    """Sign where nothing can be sent: there is no ledger."""

    @contextmanager
    def opener(*_: object) -> Iterator[Any]:
        yield SimpleNamespace(installation=SimpleNamespace(clock=lambda: NOW_S), ledger=None)

    options = ["--wallet", str(wallet), "--person", "7"]
    return CliRunner().invoke(make_cli(opener), ["sign", *options, *words])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "study:x", "--purpose", "NONE"), "unknown purpose 'NONE'; known: "),
        (
            ("--to", "study:x", "--purpose", "HRESCH", "--category", "blood"),
            "unknown category 'blood'; known: ",
        ),
        (
            ("--to", "study:x", "--purpose", "HRESCH", "--data-from", "2020-13-01"),
            "data_from or data_to is not a date like 2026-11-22",
        ),
        (
            ("--to", "study:x", "--purpose", "HRESCH", "--data-to", "31.12.2020"),
            "data_from or data_to is not a date like 2026-11-22",
        ),
        (("--to", "x", "--purpose", "HRESCH"), "--to is x: name study:NAME or organisation:NAME"),
        (("--to", "*", "--purpose", "HRESCH"), "only a deny may have the recipient *"),
    ],
)
def test_terms_that_cannot_be_signed_are_named_and_nothing_is_sent(
    wallet: Path, words: tuple[str, ...], message: str
) -> None:
    result = sign(wallet, *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_refusal_may_be_to_everybody(wallet: Path) -> None:
    result = sign(wallet, "--to", "*", "--purpose", "HRESCH", "--deny")
    assert isinstance(result.exception, AttributeError)  # it reached the ledger, which is missing
