"""Reads the environment once into one frozen value, which is passed to everything else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, cast, get_args
from zoneinfo import available_timezones

Finality = Literal["single", "bft", "pos"]
AFTER_DEATH = ("keep", "end")
PACKED_BLOCKS = "packed"
BLOCKS = ("files", PACKED_BLOCKS)


MAX_FURTHER_NODES = 8
_PREFIX = "VOUCHSAFE_"
_ORGANISATION = (r"organisation:\S++", "a party id such as organisation:this-hospital")
_ORIGIN = (
    r"https?://[^\s/?#@]++/?",
    "http:// or https:// and a host, such as https://consent.example.org",
)
_DATABASE = (
    r"(?s:sqlite(\+pysqlite)?:.*+|postgresql\+psycopg:.++)",
    "sqlite:///FILE or postgresql+psycopg://…",
)


class SettingsInvalid(Exception):
    """A setting is invalid; the message names the variable, its value and the valid ones."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of an install; docs/guide/settings.md says what each one does."""

    home: Path
    cache: Path
    database_url: str
    ipfs_api: str
    ipfs_authorization: str
    blocks: str
    sealed_cache_mb: int
    ledger_rpc_url: str
    ledger_rpc_urls: tuple[str, ...]
    ledger_finality: Finality
    ledger_chain_id: int
    start_nodes: bool
    organisation: str
    passphrase: str
    passphrase_file: Path
    host: str
    port: int
    origin: str
    rp_id: str
    web_processes: int
    web_threads: int
    proxies: int
    model_grace_days: int
    person_systems: tuple[str, ...]
    consents_after_death: str
    inbox: Path | None
    anchor_minutes: int
    mark: Path
    metrics_token: str
    development: bool
    names: Mapping[str, str]
    telephone: str
    email: str
    mail_host: str
    mail_port: int
    mail_from: str
    mail_user: str
    mail_password_file: Path | None
    hours: Mapping[str, str]
    time_zone: str


VARIABLES: Mapping[str, str] = {
    "VOUCHSAFE_HOME": "where all state of a single-machine install lives (var)",
    "VOUCHSAFE_CACHE": "where built nodes and tools are kept (~/.cache/vouchsafe)",
    "DATABASE_URL": "the database (SQLite in VOUCHSAFE_HOME); more machines: postgresql+psycopg://…",
    "IPFS_API": "an IPFS node's RPC to use instead of starting one, e.g. /ip4/127.0.0.1/tcp/5001",
    "IPFS_AUTHORIZATION": "the Authorization header of that RPC, e.g. 'Bearer …'",
    "VOUCHSAFE_BLOCKS": "files, or packed: how a new IPFS repository stores documents (files)",
    "VOUCHSAFE_SEALED_CACHE_MB": "megabytes of sealed documents kept beside IPFS; 0: none (8192)",
    "LEDGER_RPC_URL": "an EVM node to use instead of starting one: an IPC path or an http(s) URL",
    "LEDGER_RPC_URLS": "further nodes of that chain, separated by spaces; two must agree (none)",
    "LEDGER_FINALITY": "single, bft or pos (single)",
    "LEDGER_CHAIN_ID": "the chain id of a chain that we start (8686)",
    "VOUCHSAFE_START_NODES": "0 if systemd or containers run the nodes, not the platform (1)",
    "VOUCHSAFE_ORGANISATION": "the custodian's party id (organisation:this-hospital)",
    "VOUCHSAFE_PASSPHRASE": "unseals the root key; VOUCHSAFE_PASSPHRASE_FILE is safer",
    "VOUCHSAFE_PASSPHRASE_FILE": "a file with the passphrase (made at the first start if missing)",
    "VOUCHSAFE_HOST": "the address that the pages listen on (127.0.0.1)",
    "VOUCHSAFE_PORT": "the port that the pages listen on (8000)",
    "VOUCHSAFE_ORIGIN": "where browsers find the pages (http://localhost:PORT); https://… in use",
    "VOUCHSAFE_RP_ID": "the domain that passkeys are made for (the origin's host)",
    "VOUCHSAFE_PROXIES": "reverse proxies in front, whose X-Forwarded-For is believed (0)",
    "VOUCHSAFE_WEB_PROCESSES": "processes that serve the pages (2)",
    "VOUCHSAFE_WEB_THREADS": "threads of each web process (8)",
    "VOUCHSAFE_MODEL_GRACE_DAYS": "days that a model stays in use after a consent ends (30)",
    "VOUCHSAFE_ANCHOR_MINUTES": "releases stop when a journal row is older without an anchor (15)",
    "VOUCHSAFE_PERSON_SYSTEMS": "identifier systems of FHIR patients, our own first (none)",
    "VOUCHSAFE_CONSENTS_AFTER_DEATH": "keep, or end: the deceased's consents permit nothing (keep)",
    "VOUCHSAFE_INBOX": "a folder: FHIR files and tables that appear there are stored (none)",
    "VOUCHSAFE_MARK": "a file that shows a restored copy; never back it up (VOUCHSAFE_HOME.mark)",
    "VOUCHSAFE_METRICS_TOKEN": "the bearer token of /metrics (none: this machine reads it)",
    "VOUCHSAFE_NAME": "the custodian's name as people read it (words of VOUCHSAFE_ORGANISATION)",
    "VOUCHSAFE_NAME_DE": "its name on German pages (VOUCHSAFE_NAME)",
    "VOUCHSAFE_NAME_ES": "its name on Spanish pages (VOUCHSAFE_NAME)",
    "VOUCHSAFE_TELEPHONE": "the telephone number that the help page shows (none)",
    "VOUCHSAFE_EMAIL": "the e-mail address that the help page shows (none)",
    "VOUCHSAFE_MAIL_HOST": "the SMTP server that sends links of invitation lists (none: no mails)",
    "VOUCHSAFE_MAIL_PORT": "its port: 465 for TLS from the start, others by STARTTLS (587)",
    "VOUCHSAFE_MAIL_FROM": "the address that mails come from (VOUCHSAFE_EMAIL)",
    "VOUCHSAFE_MAIL_USER": "the user at that server (none)",
    "VOUCHSAFE_MAIL_PASSWORD_FILE": "a file with that user's password, for its owner alone (none)",
    "VOUCHSAFE_HOURS": "when that telephone is answered, e.g. 'Monday to Friday, 9 to 17' (none)",
    "VOUCHSAFE_HOURS_DE": "the same on German pages (VOUCHSAFE_HOURS)",
    "VOUCHSAFE_HOURS_ES": "the same on Spanish pages (VOUCHSAFE_HOURS)",
    "VOUCHSAFE_TIME_ZONE": "the zone of times for strangers, e.g. Europe/Berlin (UTC)",
    "VOUCHSAFE_DEVELOPMENT": "1 allows development chains; the pages then say DEVELOPMENT (0)",
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that `environment` gives, with a safe default for each.

    Raises:
        SettingsInvalid: a value is out of range or of the wrong type.
    """
    get = environment.get
    home = Path(get("VOUCHSAFE_HOME") or "var").expanduser().resolve()
    port = _number(environment, "VOUCHSAFE_PORT", 8000, (0, 65535))
    return Settings(
        home=home,
        cache=Path(get("VOUCHSAFE_CACHE") or "~/.cache/vouchsafe").expanduser().resolve(),
        database_url=_absolute_url(
            _shaped(environment, "DATABASE_URL", f"sqlite:///{home / 'vouchsafe.db'}", _DATABASE)
        ),
        ipfs_api=get("IPFS_API") or "",
        ipfs_authorization=get("IPFS_AUTHORIZATION") or "",
        blocks=_choice(environment, "VOUCHSAFE_BLOCKS", BLOCKS),
        sealed_cache_mb=_number(environment, "VOUCHSAFE_SEALED_CACHE_MB", 8192, (0, 2**24)),
        ledger_rpc_url=_absolute_path(get("LEDGER_RPC_URL") or ""),
        ledger_rpc_urls=_further_nodes(environment),
        ledger_finality=cast(
            "Finality", _choice(environment, "LEDGER_FINALITY", get_args(Finality))
        ),
        ledger_chain_id=_number(environment, "LEDGER_CHAIN_ID", 8686, (1, 2**53)),
        start_nodes=_choice(environment, "VOUCHSAFE_START_NODES", ("1", "0")) == "1",
        organisation=_shaped(
            environment, "VOUCHSAFE_ORGANISATION", "organisation:this-hospital", _ORGANISATION
        ),
        passphrase=get("VOUCHSAFE_PASSPHRASE") or "",
        passphrase_file=Path(get("VOUCHSAFE_PASSPHRASE_FILE") or home / "secrets" / "passphrase")
        .expanduser()
        .resolve(),
        host=get("VOUCHSAFE_HOST") or "127.0.0.1",
        port=port,
        origin=_shaped(environment, "VOUCHSAFE_ORIGIN", f"http://localhost:{port}", _ORIGIN),
        rp_id=get("VOUCHSAFE_RP_ID") or "",
        web_processes=_number(environment, "VOUCHSAFE_WEB_PROCESSES", 2, (1, 64)),
        web_threads=_number(environment, "VOUCHSAFE_WEB_THREADS", 8, (1, 256)),
        proxies=_number(environment, "VOUCHSAFE_PROXIES", 0, (0, 9)),
        model_grace_days=_number(environment, "VOUCHSAFE_MODEL_GRACE_DAYS", 30, (0, 3650)),
        anchor_minutes=_number(environment, "VOUCHSAFE_ANCHOR_MINUTES", 15, (2, 1440)),
        person_systems=tuple((get("VOUCHSAFE_PERSON_SYSTEMS") or "").split()),
        consents_after_death=_choice(environment, "VOUCHSAFE_CONSENTS_AFTER_DEATH", AFTER_DEATH),
        inbox=Path(get("VOUCHSAFE_INBOX") or "").expanduser().resolve()
        if get("VOUCHSAFE_INBOX")
        else None,
        mark=Path(get("VOUCHSAFE_MARK") or f"{home}.mark").expanduser().resolve(),
        metrics_token=get("VOUCHSAFE_METRICS_TOKEN") or "",
        development=_choice(environment, "VOUCHSAFE_DEVELOPMENT", ("0", "1")) == "1",
        names={
            "en": get("VOUCHSAFE_NAME") or "",
            "de": get("VOUCHSAFE_NAME_DE") or "",
            "es": get("VOUCHSAFE_NAME_ES") or "",
        },
        telephone=get("VOUCHSAFE_TELEPHONE") or "",
        email=get("VOUCHSAFE_EMAIL") or "",
        mail_host=get("VOUCHSAFE_MAIL_HOST") or "",
        mail_port=_number(environment, "VOUCHSAFE_MAIL_PORT", 587, (1, 65535)),
        mail_from=get("VOUCHSAFE_MAIL_FROM") or get("VOUCHSAFE_EMAIL") or "",
        mail_user=get("VOUCHSAFE_MAIL_USER") or "",
        mail_password_file=Path(get("VOUCHSAFE_MAIL_PASSWORD_FILE") or "").expanduser().resolve()
        if get("VOUCHSAFE_MAIL_PASSWORD_FILE")
        else None,
        hours={
            "en": get("VOUCHSAFE_HOURS") or "",
            "de": get("VOUCHSAFE_HOURS_DE") or "",
            "es": get("VOUCHSAFE_HOURS_ES") or "",
        },
        time_zone=_zone(get("VOUCHSAFE_TIME_ZONE") or ""),
    )


def find_unknown(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each variable with our prefix that no setting has; never its value."""
    own = {name.removeprefix(_PREFIX): name for name in VARIABLES}
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in VARIABLES:
            # All names share the prefix, which would make each of them near.
            nearest = get_close_matches(name.removeprefix(_PREFIX), own, n=1)
            hint = f"; did you mean {own[nearest[0]]}?" if nearest else ""
            yield f"{name} is not a setting and is ignored{hint}"


def _zone(name: str) -> str:
    if name and name not in available_timezones():
        raise SettingsInvalid(
            f"VOUCHSAFE_TIME_ZONE is {name!r}; it must be an IANA name such as Europe/Berlin"
        )
    return name


def _absolute_url(url: str) -> str:
    """Return a database's URL with an absolute path: worker and web run in other folders."""
    kind, _, path = url.partition(":///")
    is_file = kind.startswith("sqlite") and path and not path.startswith((":memory:", "file:"))
    return f"{kind}:///{Path(path).expanduser().resolve()}" if is_file else url


def _absolute_path(url: str) -> str:
    """Return a node's URL unchanged, or its socket's absolute path."""
    return url if not url or "://" in url else str(Path(url).expanduser().resolve())


def _further_nodes(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the further chain nodes; one that is named twice would agree with itself."""
    first = _absolute_path(environment.get("LEDGER_RPC_URL") or "")
    text = environment.get("LEDGER_RPC_URLS") or ""
    urls = tuple(map(_absolute_path, text.split()))
    if len({first, *urls}) != 1 + len(urls) or len(urls) > MAX_FURTHER_NODES:
        raise SettingsInvalid(
            f"LEDGER_RPC_URLS is {text!r}; it must be up to {MAX_FURTHER_NODES} different nodes, "
            "none of them that of LEDGER_RPC_URL"
        )
    return urls


def _shaped(environment: Mapping[str, str], name: str, default: str, shape: tuple[str, str]) -> str:
    """Return a text of one shape, which is given as a pattern and in words."""
    value = environment.get(name) or default
    pattern, words = shape
    if not re.fullmatch(pattern, value):
        # A database's URL may have a password.
        without_password = f"{value.partition(':')[0]}:…" if "@" in value else value
        raise SettingsInvalid(f"{name} is {without_password!r}; it must be {words}")
    return value


def _choice(environment: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = environment.get(name) or allowed[0]
    if value not in allowed:
        raise SettingsInvalid(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
    return value


def _number(
    environment: Mapping[str, str], name: str, default: int, bounds: tuple[int, int]
) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not bounds[0] <= int(text) <= bounds[1]:
        raise SettingsInvalid(
            f"{name} is {text!r}; it must be a whole number from {bounds[0]} to {bounds[1]}"
        )
    return int(text)
