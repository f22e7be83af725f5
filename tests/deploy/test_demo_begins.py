"""A new demo deletes nothing of an earlier one."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from deploy.demo.command import begin, finish

OPTIONS = {"people": None, "seed": 1}


def test_a_demo_after_a_finished_one_moves_home_and_wallet_aside(tmp_path: Path) -> None:
    home, wallet = tmp_path / "var", tmp_path / "wallet"
    for number in (1, 2):
        begin(home, wallet, OPTIONS)
        finish(home)
        (home / "mine").write_text(str(number))
        wallet.mkdir()
    begin(home, wallet, OPTIONS)
    assert [(tmp_path / f"var.{n}" / "mine").read_text() for n in (1, 2)] == ["1", "2"]
    assert (tmp_path / "wallet.2").is_dir()
    assert not (home / "mine").exists()
    assert not wallet.exists()


def test_a_demo_whose_home_was_deleted_moves_its_wallet_aside(tmp_path: Path) -> None:
    wallet = tmp_path / "wallet"
    wallet.mkdir()
    begin(tmp_path / "var", wallet, OPTIONS)
    assert not wallet.exists()
    assert (tmp_path / "wallet.1").is_dir()


def test_an_interrupted_demo_continues(tmp_path: Path) -> None:
    home = tmp_path / "var"
    begin(home, tmp_path / "wallet", OPTIONS)
    (home / "mine").touch()
    begin(home, tmp_path / "wallet", OPTIONS)
    assert (home / "mine").exists()


def test_a_demo_does_not_touch_another_install(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(click.ClickException, match="not a demo"):
        begin(tmp_path, tmp_path / "wallet", OPTIONS)
