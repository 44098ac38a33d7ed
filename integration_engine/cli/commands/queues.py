"""Work queues."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from integration_engine.cli.commands.options import By, Json, Reason, current_settings

queue_app = typer.Typer(no_args_is_help=True, help="Work queues: list, show, assign, resolve, override.")


@queue_app.command("list")
def queue_list(
    queue: Annotated[
        str | None,
        typer.Argument(help="documentation, authorization, edits, interface, rejections, denials or remittance."),
    ] = None,
    state: Annotated[str, typer.Option(help="open, released, resolved or overridden.")] = "open",
    as_json: Json = False,
) -> None:
    """List holds with owner, age and due date."""
    from integration_engine.cli.reading import list_holds

    sys.exit(list_holds(current_settings(), queue, state, as_json=as_json))


@queue_app.command("show")
def queue_show(hold: int, as_json: Json = False) -> None:
    """Show one hold with its history and its next step."""
    from integration_engine.cli.reading import show_hold

    sys.exit(show_hold(current_settings(), hold, as_json=as_json))


@queue_app.command("assign")
def queue_assign(hold: int, to: Annotated[str, typer.Option("--to")], by: By) -> None:
    """Give a hold to a named person."""
    from integration_engine.cli.reading import act_on_hold

    sys.exit(act_on_hold(current_settings(), "assign", hold, by=by, to=to))


@queue_app.command("resolve")
def queue_resolve(hold: int, by: By, reason: Reason) -> None:
    """Close a hold whose cause was dealt with outside the messages."""
    from integration_engine.cli.reading import act_on_hold

    sys.exit(act_on_hold(current_settings(), "resolve", hold, by=by, reason=reason))


@queue_app.command("state")
def queue_state(
    hold: int,
    to: Annotated[str, typer.Option("--to", help="extension_requested, denied, patient_pay_only or none.")],
    evidence: Annotated[str, typer.Option("--evidence", help="What happened, with its date: 'faxed 2026-11-20'.")],
    by: By,
    reference: Annotated[str, typer.Option("--reference", help="The payer's or the agreement's own number.")] = "",
) -> None:
    """Say how far an authorization hold has come, with what proves it; a step that is not legal is refused."""
    from integration_engine.cli.authorizations import move_hold
    from integration_engine.rules.authorization.hold_stages import Evidence

    sys.exit(move_hold(current_settings(), hold, to, Evidence(text=evidence, reference=reference, by=by)))


@queue_app.command("override")
def queue_override(hold: int, by: By, reason: Reason) -> None:
    """Accept a finding by name and let the encounter go on; adjudicated again at once."""
    from integration_engine.cli.reading import act_on_hold

    sys.exit(act_on_hold(current_settings(), "override", hold, by=by, reason=reason))
