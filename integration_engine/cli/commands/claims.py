"""Claims that have left."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from integration_engine.cli.commands.options import By, Json, Reason, current_settings

claims_app = typer.Typer(no_args_is_help=True, help="Claims that have left: where they stand and what is owed.")


@claims_app.command("list")
def claims_list(
    standing: Annotated[str | None, typer.Option(help="sent, at_payer, refused, paid, denied, …")] = None,
    payer: Annotated[str | None, typer.Option(help="Key of the payer in mappings/practice.yaml.")] = None,
    as_json: Json = False,
) -> None:
    """List claims that have left, by the last day on which they may be filed."""
    from integration_engine.cli.balances import list_claims

    sys.exit(list_claims(current_settings(), standing, payer, as_json=as_json))


@claims_app.command("trips")
def claims_trips(
    payer: Annotated[str | None, typer.Option(help="Key of the payer in mappings/practice.yaml.")] = None,
    minutes: Annotated[str, typer.Option("--minutes-per-touch", help="Minutes a person takes each time.")] = "",
    rate: Annotated[str, typer.Option("--rate", help="Dollars an hour of that person costs.")] = "",
    margin: Annotated[str, typer.Option("--margin", help="Percent of the allowed amount that is earned.")] = "",
    as_json: Json = False,
) -> None:
    """Show how often claims went back and forth, the days to cash, and where rework cost more than the margin."""
    from integration_engine.cli.round_trips import show_trips

    sys.exit(show_trips(current_settings(), payer, minutes, rate, margin, as_json=as_json))


@claims_app.command("payer-number")
def claims_payer_number(
    claim: Annotated[str, typer.Argument(help="Our claim number (CLM01).")],
    number: Annotated[str, typer.Option("--is", help="The payer's own number of it.")],
    by: By,
    reason: Reason,
) -> None:
    """Enter the payer's own number of a claim, so that a correction which waits for it can go."""
    from integration_engine.cli.answers import enter_payer_number

    sys.exit(enter_payer_number(current_settings(), claim, number, by, reason))


@claims_app.command("correct")
def claims_correct(
    claim: Annotated[str, typer.Argument(help="Our claim number (CLM01).")], by: By, reason: Reason
) -> None:
    """Draw a sent claim's visit up again, and correct what the payer has by it: replaced, voided and billed anew, or left."""
    from integration_engine.cli.correcting import correct_claim

    sys.exit(correct_claim(current_settings(), claim, by, reason))
