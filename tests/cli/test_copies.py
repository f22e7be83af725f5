"""The commands of a researcher's own computer: a key pair, and opening a copy with it."""

from __future__ import annotations

import json
from pathlib import Path

import click
from click.testing import CliRunner, Result

from cli import make_cli
from models.sealed_copy import fingerprint, seal_copy

HEAD = {"study": "study:s", "agreement": "Agreement 12", "ends_on": "2031-01-01"}


def run(*words: str) -> Result:
    def opener(settings: None = None, report: object = click.echo) -> None:
        raise AssertionError("nothing may be started")

    return CliRunner().invoke(make_cli(opener), list(words))


def make_key(folder: Path) -> tuple[Path, str]:
    """Return the file of a new private key, and the public key."""
    key = folder / "copy.key"
    result = run("make-copy-key", "--to", str(key), "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert made["fingerprint"] == fingerprint(made["public_key"])
    return key, made["public_key"]


def test_a_key_is_written_for_its_owner_alone_and_an_existing_one_stays(tmp_path: Path) -> None:
    key, public = make_key(tmp_path)
    assert key.stat().st_mode & 0o777 == 0o600
    assert public not in key.read_text()
    before = key.read_text()
    assert run("make-copy-key", "--to", str(key)).exit_code == 1
    assert key.read_text() == before


def test_a_copy_is_opened_with_the_key_that_it_was_encrypted_to(tmp_path: Path) -> None:
    key, public = make_key(tmp_path)
    file = tmp_path / "s.sealed"
    file.write_bytes(seal_copy(b"rows", public, HEAD))
    result = run("open-copy", str(file), "--key", str(key))
    assert result.exit_code == 0, result.output
    assert "Agreement 12. Delete every copy by 2031-01-01." in result.stdout
    opened = tmp_path / "s.zip"
    assert opened.read_bytes() == b"rows"
    assert opened.stat().st_mode & 0o777 == 0o600


def test_another_key_or_another_file_is_refused_and_writes_no_file(tmp_path: Path) -> None:
    key, public = make_key(tmp_path)
    (tmp_path / "other").mkdir()
    other, _ = make_key(tmp_path / "other")
    file = tmp_path / "s.sealed"
    file.write_bytes(seal_copy(b"rows", public, HEAD))
    refused = run("open-copy", str(file), "--key", str(other))
    assert refused.exit_code == 1
    assert "wrong key, or altered" in refused.stderr
    assert run("open-copy", str(key), "--key", str(key)).exit_code == 2
    assert not (tmp_path / "s.zip").exists()
