"""Checks a machine and its install: one result for each part, each problem with its remedy."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import requests
import sqlalchemy as sa
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from consent import can_separate, examine_nodes
from deploy.database import make_engine
from deploy.nodes import Endpoints, NodesError, NodeSettings, find_running, is_in_use
from deploy.nodes.build import RECIPES, built_path, find_on_path
from deploy.nodes.ipc import NoAnswer, call
from deploy.nodes.ports import is_free
from deploy.secrets import RESTORE, find_sealed_key, is_custodian_key_missing
from deploy.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
# RETURNING, which the platform's statements use, came with 3.35.
OLDEST_SQLITE = (3, 35, 0)
HOME_BYTES = 2 * 2**30
BUILD_BYTES = 4 * 2**30
MAX_AHEAD_S = 60
PRIVATE_BITS = 0o077
TIMEOUT_S = 5.0

NODE_REMEDY = "Start or repair that node; while fewer than two agree, nothing is permitted"

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one check: `value` is what was found, `remedy` what to do about it."""

    code: str
    status: Status
    value: str
    remedy: str = ""


def ok(code: str, value: str) -> Check:
    """Return a check that met what it expects."""
    return Check(code=code, status="ok", value=value)


def problem(code: str, value: str, remedy: str) -> Check:
    """Return a check that keeps the platform from running correctly or safely."""
    return Check(code=code, status="problem", value=value, remedy=remedy)


def warning(code: str, value: str, remedy: str) -> Check:
    """Return a check that is acceptable for a trial."""
    return Check(code=code, status="warning", value=value, remedy=remedy)


def examine(settings: Settings, node_settings: NodeSettings, now_s: float) -> tuple[Check, ...]:
    """Return the results of every check; nothing is started, made or changed."""
    endpoints = _endpoints(node_settings)
    running = endpoints if isinstance(endpoints, Endpoints) else None
    return (
        check_python(sys.version_info[:3]),
        check_packages(ROOT / "requirements.lock", _installed()),
        check_sqlite(sqlite3.sqlite_version_info),
        *check_programs(settings, node_settings.environment),
        check_disk("home-disk", settings.home, HOME_BYTES),
        check_port(settings, is_running=endpoints is not None),
        check_clock(now_s, (ROOT / "app.py").stat().st_mtime),
        *check_permissions(settings),
        check_mark(settings),
        check_passphrase(settings),
        check_accounts(settings),
        check_database(settings),
        check_nodes(settings, endpoints),
        *([check_block_time(running, now_s)] if running is not None else []),
        *check_further_nodes(settings, running),
    )


def check_python(version: tuple[int, ...]) -> Check:
    """Require one of the supported versions of Python."""
    text = ".".join(map(str, version))
    if OLDEST_PYTHON <= version[:2] <= NEWEST_PYTHON:
        return ok("python", text)
    return problem("python", f"{text} is not 3.11, 3.12 or 3.13", "Run: make clean dev PYTHON=…")


def check_packages(lock: Path, installed: Mapping[str, str]) -> Check:
    """Require the exact version of each package that the lock pins for this machine."""
    pins = list(_pins(lock.read_text(encoding="utf-8").splitlines()))
    wrong = [
        f"{name} {installed.get(name, 'missing')} (locked: {version})"
        for name, version in pins
        if installed.get(name) != version
    ]
    if wrong:
        return problem("packages", "; ".join(wrong), "Run: make clean nodes")
    return ok("packages", f"{len(pins)} as locked")


def check_sqlite(version: tuple[int, ...]) -> Check:
    """Require an SQLite that understands our statements."""
    text, oldest = (".".join(map(str, each)) for each in (version, OLDEST_SQLITE))
    if version >= OLDEST_SQLITE:
        return ok("sqlite", text)
    return problem(
        "sqlite",
        f"{text} is older than {oldest}",
        "Use a Python with a newer SQLite, or PostgreSQL by DATABASE_URL",
    )


def check_programs(settings: Settings, environment: Mapping[str, str]) -> Iterator[Check]:
    """Find the programs of the nodes that the install runs itself; a missing one is built."""
    external = {"ipfs": settings.ipfs_api, "geth": settings.ledger_rpc_url}
    missing = False
    for name, recipe in RECIPES.items():
        if external[name]:
            continue
        path = find_on_path(recipe, environment, lambda line: None)
        built = built_path(name, settings.cache)
        if path is not None or built.is_file():
            yield ok(f"{name}-program", str(path or built))
        else:
            missing = True
            yield warning(
                f"{name}-program", "not built yet", "The first start builds it; or run: make nodes"
            )
    if missing:
        yield check_disk("cache-disk", settings.cache, BUILD_BYTES)


def check_disk(code: str, folder: Path, required_bytes: int) -> Check:
    """Require free space where `folder` is or will be."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / 2**30:.1f} GiB free in {existing}"
    if free >= required_bytes:
        return ok(code, text)
    return problem(code, f"{text}, {required_bytes / 2**30:.1f} needed", "Make room on that disk")


def check_port(settings: Settings, *, is_running: bool) -> Check:
    """Require that the port of the pages is free, or that our own pages answer there.

    While our nodes are stopped, pages that answer are those of another home.
    """
    address = f"{settings.host}:{settings.port}"
    if is_free(settings.port, settings.host):
        return ok("port", f"{address} is free")
    is_platform = _is_alive(f"http://{address}/health/live")
    if is_platform and is_running:
        return ok("port", f"{address} serves this platform")
    other = "another installation of this platform" if is_platform else "another program"
    return problem("port", f"{address} is used by {other}", "Stop it, or set VOUCHSAFE_PORT")


def check_clock(now_s: float, installed_s: float) -> Check:
    """Require a clock that is not behind the files of the install itself."""
    text = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now_s))
    if now_s >= installed_s:
        return ok("clock", text)
    return problem(
        "clock",
        f"{text} is before the platform was installed",
        "Set the clock and keep it right: timedatectl set-ntp true",
    )


def check_block_time(endpoints: Endpoints, now_s: float) -> Check:
    """Require that the newest block of the ledger is not ahead of the clock."""
    try:
        block = _latest_block(endpoints.chain.url)
        ahead_s = int(str(block["timestamp"]), 16) - now_s
    except (NoAnswer, requests.RequestException, ValueError, KeyError, TypeError) as exc:
        return problem("block-time", f"unknown: {exc}", "Look at the log of the chain node")
    if ahead_s <= MAX_AHEAD_S:
        return ok("block-time", f"newest block {max(-ahead_s, 0):.0f} s ago")
    return problem(
        "block-time",
        f"the newest block is {ahead_s:.0f} s ahead of the clock (at most {MAX_AHEAD_S})",
        "Set the clocks of this machine and of the chain node",
    )


def check_further_nodes(settings: Settings, endpoints: Endpoints | None) -> Iterator[Check]:
    """Require that every node of `LEDGER_RPC_URLS` agrees with the first one."""
    if not settings.ledger_rpc_urls:
        return
    record = settings.home / "ledger.json"
    if endpoints is None or not record.exists():
        yield ok("chain-nodes", "compared once the platform has started")
        return
    urls = (endpoints.chain.url, *settings.ledger_rpc_urls)
    for report in examine_nodes(record, urls, time.time):
        if report.state == "agrees":
            yield ok("chain-nodes", f"{report.node} agrees with another node")
            continue
        blocks = f" by {report.blocks} blocks" if report.blocks else ""
        yield problem("chain-nodes", f"{report.node}: {report.state}{blocks}", NODE_REMEDY)


def check_permissions(settings: Settings) -> Iterator[Check]:
    """Require that only their owner can use the home and the files of secrets."""
    secrets = settings.home / "secrets"
    candidates = {settings.home, secrets, settings.passphrase_file}
    if secrets.is_dir():
        candidates |= set(secrets.iterdir())
    for path in sorted(path for path in candidates if path.exists()):
        mode = stat.S_IMODE(path.stat().st_mode)
        right = "700" if path.is_dir() else "600"
        if mode & PRIVATE_BITS:
            value = f"{path} has mode {mode:o}, so other users can use it"
            yield problem("permissions", value, f"Run: chmod {right} {path}")
        else:
            yield ok("permissions", f"{path} {mode:o}")


def check_mark(settings: Settings) -> Check:
    """Require that the mark can be replaced: without it nothing can be acknowledged."""
    folder = settings.mark.parent
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if os.access(existing, os.W_OK):
        return ok("mark", str(settings.mark))
    value = f"{settings.mark} cannot be written by this account"
    return problem("mark", value, f"Let it write to {existing}, or set VOUCHSAFE_MARK")


def check_passphrase(settings: Settings) -> Check:
    """Require that a platform in service keeps its passphrase apart from what it unseals."""
    remedy = "Put it on another medium and set VOUCHSAFE_PASSPHRASE_FILE"
    if settings.passphrase:
        return ok("passphrase", "given by VOUCHSAFE_PASSPHRASE")
    path, sealed = settings.passphrase_file, find_sealed_key(settings.home)
    if sealed is not None and not path.exists():
        value = f"{path} is missing, and {sealed} is sealed with its passphrase"
        return problem("passphrase", value, RESTORE)
    if settings.home not in path.parents:
        if path.exists():
            return ok("passphrase", str(path))
        return warning("passphrase", f"{path} does not exist; the first start makes it", remedy)
    in_service = settings.origin.startswith("https://")
    value = f"{path} is on the same disk as the records"
    return (problem if in_service else warning)("passphrase", value, remedy)


def check_accounts(settings: Settings) -> Check:
    """Look whether relaying, enrolling and anchoring have an account each, where they can."""
    if not can_separate(settings.ledger_finality):
        return ok("accounts", "one relays, enrols and anchors, as LEDGER_FINALITY=single needs")
    if not (settings.home / "ledger.json").exists():
        return ok("accounts", "the first start makes them")
    if is_custodian_key_missing(settings.home):
        return problem(
            "accounts",
            f"{settings.home / 'secrets' / 'custodian.key'} is missing, so nobody can be enrolled",
            "Restore it from a backup, or run: vouchsafe accounts rotate",
        )
    names = ("relayer.key", "custodian.key", "anchor.key")
    files = [settings.home / "secrets" / name for name in names]
    keys = {path.read_bytes().strip() for path in files if path.exists()}
    if len(keys) == len(files):
        return ok("accounts", "relaying, enrolling and anchoring have an account each")
    remedy = "Run: vouchsafe accounts separate; then restart web and worker"
    return warning("accounts", "one account has several of these tasks", remedy)


def check_database(settings: Settings) -> Check:
    """Require that the database answers; a SQLite file is made at the first start."""
    url = sa.make_url(settings.database_url)
    text = url.render_as_string(hide_password=True)
    is_file = url.get_backend_name() == "sqlite"
    if is_file and url.database and not Path(url.database).exists():
        return ok("database", f"{text} is made at the first start")
    engine = make_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError as exc:
        value = f"{text} does not answer ({type(exc).__name__})"
        return problem("database", value, "Start the database, or correct DATABASE_URL")
    finally:
        engine.dispose()
    return ok("database", text)


def check_nodes(settings: Settings, endpoints: Endpoints | str | None) -> Check:
    """Require that external nodes answer; our own may be stopped while the platform is."""
    if isinstance(endpoints, str):
        return problem("nodes", endpoints, "Correct IPFS_API or LEDGER_RPC_URL")
    if endpoints is None:
        return _nodes_not_running(settings)
    if endpoints.kubo.find_version() is None:
        return problem(
            "nodes",
            f"the IPFS node at {endpoints.kubo.api_url} does not answer",
            "Start it, or correct IPFS_API and IPFS_AUTHORIZATION",
        )
    return ok("nodes", f"{endpoints.kubo.api_url}, {endpoints.chain.url}")


def _nodes_not_running(settings: Settings) -> Check:
    if not settings.start_nodes:
        return problem(
            "nodes",
            "the nodes do not answer, and VOUCHSAFE_START_NODES is 0",
            "Run: systemctl start vouchsafe.target",
        )
    if is_in_use(settings.home):
        return problem(
            "nodes",
            "the platform is running and its nodes do not answer",
            f"Look at {settings.home / 'kubo' / 'log'} and {settings.home / 'chain' / 'log'}",
        )
    return ok("nodes", "stopped; the platform starts them")


def _endpoints(node_settings: NodeSettings) -> Endpoints | str | None:
    """Return where the nodes are, None if ours are stopped, or why the settings are wrong."""
    try:
        return find_running(node_settings)
    except NodesError as exc:
        return str(exc)


def _latest_block(url: str) -> Mapping[str, object]:
    params = ["latest", False]
    if "://" in url:
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": params}
        with requests.Session() as session:
            session.trust_env = False
            block = session.post(url, json=body, timeout=TIMEOUT_S).json()["result"]
    else:
        block = call(Path(url), "eth_getBlockByNumber", params)
    if not isinstance(block, dict):
        raise ValueError("the node returned no block")
    return block


def _is_alive(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=TIMEOUT_S).status_code == 200
        except requests.RequestException:
            return False


def _installed() -> dict[str, str]:
    return {canonicalize_name(each.name): each.version for each in metadata.distributions()}


def _pins(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield name and version of each requirement of a lock whose marker fits this machine."""
    for line in lines:
        if not line or line[0] in " #":
            continue
        requirement = Requirement(line.rstrip("\\ "))
        if requirement.marker is None or requirement.marker.evaluate():
            version = str(requirement.specifier).removeprefix("==")
            yield canonicalize_name(requirement.name), version
