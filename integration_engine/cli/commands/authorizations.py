"""Authorizations."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from integration_engine.cli.commands.options import By, Json, current_settings

authorizations_app = typer.Typer(
    no_args_is_help=True, help="Authorizations: balances, bookings without cover, import of existing ones."
)


@authorizations_app.command("balance")
def authorizations_balance(
    patient: Annotated[
        str | None, typer.Option(help="Record number, as the EMR sends it in PID-3; default: all.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Count only up to this date.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count authorizations down: authorized, used outside, billed, in flight, scheduled, left."""
    from integration_engine.cli.authorizations import show_balances

    sys.exit(show_balances(current_settings(), patient, as_of.date() if as_of else None, as_json=as_json))


@authorizations_app.command("uncovered")
def authorizations_uncovered(
    days: Annotated[int, typer.Option(help="How many days to look ahead, the first included.")] = 14,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The first day; default: today.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List booked appointments that nothing covers, by day and location, with the money at risk."""
    from integration_engine.cli.authorizations import show_uncovered

    sys.exit(show_uncovered(current_settings(), days, as_of.date() if as_of else None, as_json=as_json))


@authorizations_app.command("import")
def authorizations_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV file, see README.md.")],
    by: By,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken; store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Take existing authorizations from a CSV file; each row that cannot be taken is told with its line and column."""
    from integration_engine.cli.authorizations import import_file

    sys.exit(import_file(current_settings(), file, by, dry_run=dry_run, as_json=as_json))
