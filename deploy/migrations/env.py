"""Runs the migrations on the connection that deploy/database.py passes in."""

from __future__ import annotations

from alembic import context

from deploy.database import metadatas

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=list(metadatas()),
    # SQLite cannot alter most things in place; batch mode copies the table instead.
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
context.run_migrations()
