"""Answer files."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from integration_engine.cli.commands.options import By, Json, Reason, current_settings

answers_app = typer.Typer(
    no_args_is_help=True, help="Answer files: list and show them, give money to claims, accept one."
)


@answers_app.command("list")
def answers_list(
    state: Annotated[str | None, typer.Option(help="done, held or rejected.")] = None, as_json: Json = False
) -> None:
    """List the answer files that were taken in, newest first."""
    from integration_engine.cli.answers import list_answers

    sys.exit(list_answers(current_settings(), state, as_json=as_json))


@answers_app.command("show")
def answers_show(answer: int, as_json: Json = False) -> None:
    """Show one answer file: what waits in it, what was remarked, and each claim of it that fits none of ours."""
    from integration_engine.cli.answers import show_answer

    sys.exit(show_answer(current_settings(), answer, as_json=as_json))


@answers_app.command("assign")
def answers_assign(
    answer: int,
    claim_of_file: Annotated[int, typer.Option("--claim-of-file", help="Which claim of the file, as `show` counts.")],
    to: Annotated[str, typer.Option(help="Our claim number (CLM01) that it belongs to.")],
    by: By,
    reason: Reason,
    anyway: Annotated[bool, typer.Option("--anyway", help="Although another payer pays than the claim's.")] = False,
) -> None:
    """Give the money of a claim that fitted none of ours to the claim it belongs to."""
    from integration_engine.cli.answers import assign_money

    sys.exit(assign_money(current_settings(), answer, claim_of_file, to, by, reason, anyway=anyway))


@answers_app.command("again")
def answers_again(answer: int, by: By, reason: Reason) -> None:
    """Take an answer file in that the engine failed on before."""
    from integration_engine.cli.answers import take_again

    sys.exit(take_again(current_settings(), answer, by, reason))


@answers_app.command("accept")
def answers_accept(answer: int, by: By, reason: Reason) -> None:
    """Post a payment that waits: one that does not balance, or that seems to be in the books; a difference stays unapplied."""
    from integration_engine.cli.answers import accept_answer

    sys.exit(accept_answer(current_settings(), answer, by, reason))
