"""Starts a PostgreSQL of the tests' own and hands out empty databases on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def _programs() -> Path:
    result = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not result and not on_path:
        raise RuntimeError("PostgreSQL is missing: apt-get install postgresql")
    return (result[-1] if result else Path(str(on_path))).parent


def _unprivileged() -> list[str]:
    # initdb refuses to run as root, which is who a container's tests are.
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yield the URL prefix of a server that listens on a socket only, and stop it after."""
    programs, as_user = _programs(), _unprivileged()
    with tempfile.TemporaryDirectory(prefix="vouchsafe-pg-") as folder:
        if as_user:
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        run = [*as_user, str(programs / "initdb"), "-D", data, "-U", "test", "-A", "trust"]
        subprocess.run([*run, "-E", "UTF8", "--no-sync"], check=True, capture_output=True)
        control = [*as_user, str(programs / "pg_ctl"), "-D", data, "-w"]
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        log = ["-l", f"{folder}/log"]
        subprocess.run([*control, *log, "-o", options, "start"], check=True, capture_output=True)
        try:
            yield f"postgresql+psycopg://test@/{{name}}?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)


def new_database(template: str, tables: str = "") -> str:
    """Create a database, empty or with the tables of the database `tables`; return its URL."""
    name = f"t{uuid.uuid4().hex}"
    server = template.format(name="postgres").replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{tables or "template1"}"')
    return template.format(name=name)
