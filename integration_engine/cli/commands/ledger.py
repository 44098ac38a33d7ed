"""The commands on the ledger: its accounts, a balance given up, a write-off taken back. Work: cli/balances.py."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from integration_engine.cli.commands.options import By, Json, Reason, current_settings

ledger_app = typer.Typer(
    invoke_without_command=True,
    help="The ledger: every account (no subcommand), write-off of a balance, restore of one.",
)

Claim = Annotated[str, typer.Argument(help="Our claim number (CLM01), as `claims list` shows it.")]


@ledger_app.callback()
def ledger(context: typer.Context, as_json: Json = False) -> None:
    """Sum every account of the ledger; its two sides never differ."""
    if context.invoked_subcommand is None:
        from integration_engine.cli.balances import show_ledger

        sys.exit(show_ledger(current_settings(), as_json=as_json))


@ledger_app.command("write-off")
def write_off(
    claim: Claim,
    amount: Annotated[str, typer.Option("--amount", help="Dollars that are given up, such as 4.20.")],
    by: By,
    reason: Reason,
    side: Annotated[str, typer.Option("--side", help="payer or patient; default: the only one that owes.")] = "",
    as_json: Json = False,
) -> None:
    """Give up what the payer or the patient still owes on a claim, or a part of it."""
    from integration_engine.cli.balances import give_up

    sys.exit(give_up(current_settings(), claim, amount, side, by=by, reason=reason, as_json=as_json))


@ledger_app.command("restore")
def restore(claim: Claim, by: By, reason: Reason, as_json: Json = False) -> None:
    """Take the newest write-off of a claim back: it is owed again, and its denial is open again."""
    from integration_engine.cli.balances import take_back

    sys.exit(take_back(current_settings(), claim, by=by, reason=reason, as_json=as_json))
