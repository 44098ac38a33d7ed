"""The schema's migrations: where they lie, how to apply them, and whether the database matches the tables."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from integration_engine.store.database import Database
from integration_engine.store.tables import metadata


def migrations_folder() -> Path:
    """``migrations/`` of the project, or the copy inside an installed package."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_data" / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def upgrade(url: str) -> str:
    """Bring the schema to the newest revision; returns its name."""
    config = _config(url)
    command.upgrade(config, "head")
    return str(ScriptDirectory.from_config(config).get_current_head())


def differences(database: Database) -> list[str]:
    """What the database has otherwise than the tables say; empty when they meet."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return [str(difference) for difference in compare_metadata(context, metadata)]


def current_revision(database: Database) -> str | None:
    """The revision the database is at; None for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The revision this version of the engine needs."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["url"] = url
    return config
