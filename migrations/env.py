"""How a migration runs: one at a time, and never waiting for ever on a busy database."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

from integration_engine.store.tables import metadata

LOCK_SECONDS = 10
STATEMENT_SECONDS = 300
ONE_AT_A_TIME = 7_241_130_001  # any number, the same in every process


def run() -> None:
    """Upgrade the database that the caller named."""
    engine = create_engine(context.config.attributes["url"])
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        context.configure(
            connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
        )
        context.run_migrations()
    engine.dispose()


run()
