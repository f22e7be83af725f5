"""Makes the database engine and brings its tables up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import sqlalchemy as sa

# Any number that no other program of the database uses.
MIGRATION_LOCK = 8_686_000_001
MIGRATIONS = Path(__file__).parent / "migrations"


def make_engine(url: str) -> sa.Engine:
    """Return an engine whose commits are durable before they return.

    SQLite runs in WAL mode with ``synchronous=FULL`` and takes its write lock at the start of a
    write, so that two processes wait for each other instead of failing in between. Its
    errors do not contain the parameters of a statement, which may be wrapped keys or names.
    """
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
    path = sa.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = sa.create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    if path and path != ":memory:":
        # SQLite gives its log the permissions of the database: no other user may read either.
        sa.event.listen(engine, "connect", lambda *_: Path(path).chmod(0o600))
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    engine.__class__ = _WriterFirstEngine  # create_engine() offers no way to name the class
    return engine


class _WriterFirstEngine(sa.Engine):
    """An SQLite engine whose `begin()` takes the write lock first, and whose `connect()` reads."""

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction that holds the write lock from its start.

        A transaction that reads first and writes later would fail at once, not wait, when another
        process wrote in between (SQLITE_BUSY_SNAPSHOT).
        """
        with self.connect() as connection:
            writer = connection.execution_options(vouchsafe_writes=True)
            with writer.begin():
                yield writer


def _on_connect(connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN is deferred; _on_begin's is explicit.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "secure_delete=ON",
        # In KiB. Keys are random, so that each insert is to another page of an index: with the
        # default of 2 MiB the time of a batch grows with the table.
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("vouchsafe_writes", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    # The driver itself: this begin touches no file, so no error of it has to be translated, and
    # SQLAlchemy's way would cost as much as the statement that follows.
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.execute("BEGIN DEFERRED")


def upgrade(engine: sa.Engine) -> None:
    """Bring every table to the newest migration; running it again changes nothing.

    Processes that start at the same moment wait for each other: on SQLite by the write lock.
    """
    if _is_newest(engine):
        return
    # Imported here, with the migrations: almost every start has nothing to migrate.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:id)"), {"id": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _is_newest(engine: sa.Engine) -> bool:
    """Return whether the newest migration is the one that the tables have; it is committed then."""
    newest = max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return False
        versions = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        return versions.scalars().all() == [newest.partition("_")[0]]


def metadatas() -> tuple[sa.MetaData, ...]:
    """Return the tables of all packages, for migrations and for tests."""
    # Importing the modules of a package declares its tables.
    for module in ("consent", "storage", "models.diagnostics"):
        import_module(module)
    for module_info in walk_packages(import_module("services").__path__, "services."):
        import_module(module_info.name)
    return tuple(
        import_module(f"{package}.tables").METADATA
        for package in ("consent", "storage", "models", "services")
    )
