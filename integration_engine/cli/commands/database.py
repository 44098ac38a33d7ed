"""The database."""

from __future__ import annotations

import sys

import typer

from integration_engine.cli.commands.options import Json, current_settings

database_app = typer.Typer(no_args_is_help=True, help="The database: upgrade it, verify it.")


@database_app.command("upgrade")
def database_upgrade() -> None:
    """Bring the database to this version's schema."""
    from integration_engine.bootstrap import upgrade_database

    typer.echo(upgrade_database(current_settings()))


@database_app.command("verify")
def database_verify(as_json: Json = False) -> None:
    """Check the schema against this version, the audit chain, and that every charge line is accounted for."""
    from integration_engine.cli.reading import verify_database

    sys.exit(verify_database(current_settings(), as_json=as_json))
