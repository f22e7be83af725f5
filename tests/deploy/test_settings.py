from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from deploy.settings import VARIABLES, SettingsInvalid, find_unknown, read_settings


def test_no_setting_is_needed_on_a_single_machine() -> None:
    settings = read_settings({})
    assert settings.start_nodes
    assert not settings.ipfs_api
    assert not settings.ledger_rpc_url
    assert settings.ledger_finality == "single"
    assert settings.host == "127.0.0.1"
    assert not settings.development


def test_the_database_lies_in_the_home_unless_another_is_named() -> None:
    assert (
        read_settings({"VOUCHSAFE_HOME": "/srv/v"}).database_url == "sqlite:////srv/v/vouchsafe.db"
    )
    named = read_settings({"DATABASE_URL": "postgresql+psycopg://db/v"})
    assert named.database_url == "postgresql+psycopg://db/v"


def test_nodes_that_are_named_are_used_instead_of_started() -> None:
    settings = read_settings({"IPFS_API": "/ip4/10.0.0.1/tcp/5001", "LEDGER_RPC_URL": "/run/c.ipc"})
    assert settings.ipfs_api == "/ip4/10.0.0.1/tcp/5001"
    assert settings.ledger_rpc_url == "/run/c.ipc"


def test_further_chain_nodes_are_different_ones() -> None:
    urls = "http://b:8545 /run/c.ipc"
    assert read_settings({"LEDGER_RPC_URLS": urls}).ledger_rpc_urls == tuple(urls.split())
    for further in ("http://a:1 http://a:1", "http://b:1 http://c:1 http://b:1"):
        with pytest.raises(SettingsInvalid, match="must be up to 8 different nodes"):
            read_settings({"LEDGER_RPC_URL": "http://a:1", "LEDGER_RPC_URLS": further})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEDGER_FINALITY", "latest"),
        ("VOUCHSAFE_BLOCKS", "pebble"),
        ("VOUCHSAFE_SEALED_CACHE_MB", "8 GB"),
        ("VOUCHSAFE_PORT", "65536"),
        ("VOUCHSAFE_PORT", "http"),
        ("VOUCHSAFE_WEB_THREADS", "0"),
        ("VOUCHSAFE_PROXIES", "all"),
        ("VOUCHSAFE_DEVELOPMENT", "yes"),
        ("LEDGER_CHAIN_ID", "-1"),
        ("VOUCHSAFE_ORIGIN", "consent.example.org"),
        ("VOUCHSAFE_ORIGIN", "https://consent.example.org/app"),
        ("VOUCHSAFE_ORGANISATION", "Our Hospital"),
        ("VOUCHSAFE_ORGANISATION", "organisation:"),
        ("DATABASE_URL", "mysql://db/v"),
        ("DATABASE_URL", "postgresql://db/v"),
        ("DATABASE_URL", "postgres://db/v"),
        ("DATABASE_URL", "var/vouchsafe.db"),
    ],
)
def test_an_invalid_setting_is_named_with_its_valid_values(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=rf"{name} is '{value}'; it must be"):
        read_settings({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VOUCHSAFE_ORIGIN", "https://consent.example.org/"),
        ("VOUCHSAFE_ORIGIN", "http://[::1]:8000"),
        ("VOUCHSAFE_ORGANISATION", "organisation:klinikum-süd"),
        ("DATABASE_URL", "sqlite:////srv/v.db"),
        ("DATABASE_URL", "postgresql+psycopg:///v?host=/run/postgresql"),
    ],
)
def test_a_valid_setting_is_taken_as_it_is(name: str, value: str) -> None:
    assert value in asdict(read_settings({name: value})).values()


def test_no_password_of_a_database_is_in_a_message() -> None:
    with pytest.raises(SettingsInvalid, match="postgresql") as refused:
        read_settings({"DATABASE_URL": "postgresql://u:secret@db/v"})
    assert "secret" not in str(refused.value)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert read_settings(dict.fromkeys(VARIABLES, "")) == read_settings({})


def test_paths_in_urls_are_whole_since_the_children_run_in_other_folders() -> None:
    environment = {"DATABASE_URL": "sqlite:///x.db", "LEDGER_RPC_URL": "chain/geth.ipc"}
    settings = read_settings(environment)
    assert settings.database_url == f"sqlite:///{Path.cwd() / 'x.db'}"
    assert settings.ledger_rpc_url == str(Path.cwd() / "chain" / "geth.ipc")
    for url in ("postgresql+psycopg://u@h/db", "sqlite:////srv/x.db", "sqlite:///:memory:"):
        assert read_settings({"DATABASE_URL": url}).database_url == url
    assert read_settings({"LEDGER_RPC_URL": "http://h:1"}).ledger_rpc_url == "http://h:1"


@pytest.mark.parametrize("name", [each for each in VARIABLES if each.startswith("VOUCHSAFE_")])
def test_a_misspelt_variable_is_named_with_the_nearest_known_one(name: str) -> None:
    misspelt = f"{name[:-1]}{name[-1] * 2}"
    known = {"VOUCHSAFE_HOME": "x", "DATABASE_URL": "x", "PATH": "x"}
    assert [*find_unknown({**known, misspelt: "secret"})] == [
        f"{misspelt} is not a setting and is ignored; did you mean {name}?"
    ]


def test_an_unknown_variable_is_named_without_a_guess() -> None:
    assert "did you mean DATABASE_URL?" in "".join(find_unknown({"VOUCHSAFE_DATABASE_URL": ""}))
    assert [*find_unknown({"VOUCHSAFE_QQ": ""})] == ["VOUCHSAFE_QQ is not a setting and is ignored"]
    assert [*find_unknown(dict.fromkeys(VARIABLES, ""))] == []
