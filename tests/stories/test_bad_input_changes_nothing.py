"""Bad input and missing parts are a clear error that says what to do; nothing is half-written."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rig import CACHE, ROOT, enrolled_people, running, settings_of

import app
from cli.trial_wallet import TrialWallet
from consent import Grant, UnknownCode, Wallet
from services.statement import RequestedTerms, terms_for
from storage import Record, RecordInvalid, VaultSealed

pytestmark = [pytest.mark.node]
HEART = ROOT / "deploy" / "examples" / "heart"
MAPPING = ["--mapping", str(HEART / "mapping.toml")]


def typed(
    folder: Path, *words: str, timeout_s: float = 60, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it said; never with a traceback."""
    environment = {"VOUCHSAFE_HOME": str(folder / "home"), "VOUCHSAFE_CACHE": CACHE, **settings}
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    return done


def spoiled(folder: Path) -> Path:
    """Write a table of ten people, two of whom have a bad cell."""
    head, *rows = (HEART / "table.csv").read_text(encoding="utf-8").splitlines()[:11]
    place = head.split(",").index("age")
    for number, cell in ((3, "old"), (7, "700")):
        cells = rows[number].split(",")
        cells[place] = cell
        rows[number] = ",".join(cells)
    table = folder / "spoiled.csv"
    table.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return table


def test_a_table_with_bad_rows_names_them_and_stores_all_or_the_good_ones(tmp_path: Path) -> None:
    table = str(spoiled(tmp_path))
    refused = typed(tmp_path, "enrol", table, *MAPPING, "--json")
    assert refused.returncode == 2
    faults = json.loads(refused.stdout)["rows"]
    assert [(fault["row"], fault["column"]) for fault in faults] == [(4, "age"), (8, "age")]
    assert "old" not in refused.stdout + refused.stderr
    # Commands start nodes where none run; sharing these is faster.
    with app.nodes_of(settings_of(tmp_path / "home"), app.silent):
        assert typed(tmp_path, "enrol", table, *MAPPING, "--only-good").returncode == 0
        assert typed(tmp_path, "deposit", table, *MAPPING).returncode == 2
        empty = json.loads(typed(tmp_path, "status", "--json").stdout)
        assert empty["records"] == 0
        stored = json.loads(
            typed(tmp_path, "deposit", table, *MAPPING, "--only-good", "--json").stdout
        )
        assert (stored["good"], stored["bad"]) == (8, 2)
        assert json.loads(typed(tmp_path, "verify", "--json").stdout)["agrees"]


def test_a_port_in_use_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = typed(tmp_path, VOUCHSAFE_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "VOUCHSAFE_PORT" in done.stderr


def test_a_missing_program_is_named_with_what_to_install(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    without = {"VOUCHSAFE_CACHE": cache, "PATH": "/nowhere", "PIP_NO_INDEX": "1"}
    done = typed(tmp_path, "status", **without)
    assert done.returncode == 1
    assert "Go 1.26" in done.stderr
    assert "install Go" in done.stderr


def test_unavailable_nodes_are_named(tmp_path: Path) -> None:
    chain = typed(tmp_path, "status", LEDGER_RPC_URL="http://127.0.0.1:9")
    assert chain.returncode == 1
    assert any(word in chain.stderr for word in ("127.0.0.1", "chain", "ledger"))
    store = typed(tmp_path, "status", IPFS_API="/ip4/127.0.0.1/tcp/9")
    assert store.returncode == 1
    assert "IPFS" in store.stderr


def test_an_invalid_setting_is_named(tmp_path: Path) -> None:
    done = typed(tmp_path, "status", LEDGER_FINALITY="latest")
    assert done.returncode == 1
    assert "LEDGER_FINALITY" in done.stderr


def test_unknown_words_wrong_signatures_and_records_change_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "home") as platform:
        people = enrolled_people(platform, tmp_path / "wallet", 2, "study:a", "MLTRAINING")
        before, stored = platform.ledger.view().count, platform.store.totals()
        with pytest.raises(UnknownCode, match="known: "):
            terms_for(RequestedTerms("permit", "study:a", ("TRAINING",)), "I allow it.")
        with pytest.raises(UnknownCode, match="known: "):
            terms_for(RequestedTerms("permit", "study:a", ("TREAT",), ("blood",)), "I allow it.")
        first, second = people.values()
        wallet, now_s = Wallet.open(tmp_path / "wallet"), int(platform.installation.clock())
        requested_terms = RequestedTerms("permit", "study:a", ("TREAT",))
        signed = TrialWallet(wallet, platform.ledger).sign_grants(
            [(first, requested_terms, now_s, now_s + 999)]
        )[0]
        grant = signed.message
        assert isinstance(grant, Grant)
        forged = type(signed)(
            Grant(second, grant.terms, now_s, now_s + 999), signed.signer, signed.signature
        )
        assert not platform.ledger.grant([forged])[0].ok
        good = platform.store.records_of(first)[0]
        for bad in (
            Record(first, "blood", good.custodian, "2020-01-01", {}),
            Record(first, "laboratory", good.custodian, "2020-13-01", {}),
            Record(first, "laboratory", good.custodian, "2020-01-01", {"a|b": (float("nan"), "")}),
            Record(first, "laboratory", good.custodian, "2020-01-01", {"a|b": ("x" * 2**21, "")}),
        ):
            with pytest.raises(RecordInvalid):
                platform.store.deposits.deposit([bad])
        assert platform.ledger.view().count == before
        assert platform.store.totals() == stored
        assert platform.auditor.verify(lambda step, done, of: None) == []


def test_another_passphrase_is_refused(tmp_path: Path) -> None:
    with running(tmp_path / "home"):
        pass
    opened = running(tmp_path / "home", VOUCHSAFE_PASSPHRASE="another")
    with pytest.raises(VaultSealed, match="passphrase"), opened:
        raise AssertionError("it opened")
    text = typed(tmp_path, "status", VOUCHSAFE_PASSPHRASE="another")
    assert text.returncode == 1
    assert "passphrase" in text.stderr
