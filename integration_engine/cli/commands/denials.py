"""Denials, and the history they are held against."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from integration_engine.cli.commands.options import By, Files, Json, Reason, current_settings

denials_app = typer.Typer(
    no_args_is_help=True, help="Denials: queue, decisions, report; history as a baseline, and what changed since."
)


@denials_app.command("list")
def denials_list(
    state: Annotated[
        str, typer.Option(help="open, resubmitted, appealed, written_off, recovered, denied_again or all.")
    ] = "open",
    category: Annotated[str | None, typer.Option(help="Root cause, such as authorization; default: every one.")] = None,
    payer: Annotated[str | None, typer.Option(help="Key of the payer in mappings/practice.yaml.")] = None,
    discipline: Annotated[str | None, typer.Option(help="PT, OT or SLP.")] = None,
    as_json: Json = False,
) -> None:
    """List denied lines with category, amount, next action, owner and deadlines; the nearest appeal first."""
    from integration_engine.cli.denials import list_denials

    sys.exit(list_denials(current_settings(), state, category, payer, discipline, as_json=as_json))


@denials_app.command("move")
def denials_move(
    denial: int,
    to: Annotated[str, typer.Option("--to", help="resubmitted, appealed or written_off.")],
    by: By,
    reason: Reason,
) -> None:
    """Say what was done about a denial; written_off gives up in the ledger what the payer still owes of it."""
    from integration_engine.cli.denials import move

    sys.exit(move(current_settings(), denial, to, by=by, reason=reason))


@denials_app.command("report")
def denials_report(
    baseline: Annotated[str | None, typer.Option("--baseline", help="Of this baseline; default: our own.")] = None,
    as_json: Json = False,
) -> None:
    """Count denials and money by category, with what would prevent each; exit 1 when too many have no category."""
    from integration_engine.cli.denials import report

    sys.exit(report(current_settings(), baseline, as_json=as_json))


@denials_app.command("import")
def denials_import(
    files: Files,
    name: Annotated[str, typer.Option("--name", help="What the baseline is called from now on.")],
    by: Annotated[str, typer.Option("--by", help="Who does this; recorded in the audit.")] = "",
    supersedes: Annotated[str | None, typer.Option("--supersedes", help="The baseline that this one replaces.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be counted; store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Count denials in 835 or CSV files of claims this engine never sent, and freeze the result; nothing is posted."""
    from integration_engine.cli.denials import import_history

    done = import_history(
        current_settings(), files, name, by=by, supersedes=supersedes, dry_run=dry_run, as_json=as_json
    )
    sys.exit(done)


@denials_app.command("compare")
def denials_compare(
    baseline: Annotated[str | None, typer.Option("--baseline", help="Default: the newest not superseded.")] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Default: as many days as the baseline.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Default: today.")] = None,
    as_json: Json = False,
) -> None:
    """Hold our own denials against a baseline: counts, rates and money by category, and whether chance explains it."""
    from integration_engine.cli.denials import compare

    days = (first.date() if first else None, last.date() if last else None)
    sys.exit(compare(current_settings(), baseline, *days, as_json=as_json))
