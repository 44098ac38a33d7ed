"""The commands on 837P files: write what is due, look ahead, keep back, list, carry, send elsewhere. Work: cli/batching.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from integration_engine.cli.commands.options import By, Json, Reason, current_settings

batch_app = typer.Typer(
    invoke_without_command=True,
    help="837P files: write what is due (no subcommand), preview, hold back, list, again, export, reroute, archive.",
)

File = Annotated[str, typer.Argument(help="Name of an 837P file, as `batch list` shows it.")]
Day = Annotated[str, typer.Argument(help="Visit number, or id of a treatment day.")]


@batch_app.callback()
def batch(
    context: typer.Context,
    every: Annotated[int, typer.Option(help="Repeat every so many seconds; 0: once.")] = 0,
    at_once: Annotated[bool, typer.Option("--now", help="Do not wait for the receivers' schedules.")] = False,
    as_json: Json = False,
) -> None:
    """Write the 837P files that are due into outbound/."""
    if context.invoked_subcommand is None:
        from integration_engine.cli.batching import write_due

        write_due(current_settings(), every, on_demand=at_once, as_json=as_json)


@batch_app.command()
def preview(as_json: Json = False) -> None:
    """Show what the next files would hold, what keeps claims from leaving, and what waits for an answer; nothing is written."""
    from integration_engine.cli.batching import show_preview

    sys.exit(show_preview(current_settings(), as_json=as_json))


@batch_app.command("hold-back")
def hold_back(day: Day, by: By, reason: Reason) -> None:
    """Keep a visit out of every file until it is let go."""
    from integration_engine.cli.batching import keep_back

    sys.exit(keep_back(current_settings(), day, by, reason, back=True))


@batch_app.command("let-go")
def let_go(day: Day, by: By, reason: Reason) -> None:
    """Let a visit that was held back go into the next file."""
    from integration_engine.cli.batching import keep_back

    sys.exit(keep_back(current_settings(), day, by, reason, back=False))


@batch_app.command("list")
def list_files(as_json: Json = False) -> None:
    """List every 837P file: state, receiver, claims, total, when it was published and where it lies."""
    from integration_engine.cli.batching import show_files

    sys.exit(show_files(current_settings(), as_json=as_json))


@batch_app.command()
def again(file: File) -> None:
    """Put the very same bytes of a published file into outbound/ once more, where they are missing."""
    from integration_engine.cli.batching import publish_again

    sys.exit(publish_again(current_settings(), file))


@batch_app.command()
def export(
    file: File,
    to: Annotated[Path, typer.Option("--to", help="Folder that is there: a stick, a share, another portal's upload.")],
    by: By,
    reason: Reason = "carried by hand",
) -> None:
    """Copy a published file and its manifest to any folder, to be carried by hand."""
    from integration_engine.cli.batching import export_file

    sys.exit(export_file(current_settings(), file, to, by, reason))


@batch_app.command()
def reroute(
    file: File,
    receiver: Annotated[str, typer.Option("--receiver", help="Name in receivers.yaml.")],
    by: By,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Send the claims of a file that nobody has answered to another receiver, under the same claim numbers."""
    from integration_engine.cli.batching import reroute_file

    sys.exit(reroute_file(current_settings(), file, receiver, by, reason, as_json=as_json))


@batch_app.command()
def archive(
    days: Annotated[
        int | None,
        typer.Option(min=0, help="Also what was published more days ago; default: the setting OUTBOUND_ARCHIVE_DAYS."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Move files that were answered, or are old, to outbound/archive/, by month; nothing is deleted."""
    from integration_engine.cli.batching import archive_files

    sys.exit(archive_files(current_settings(), days, as_json=as_json))


@batch_app.command()
def manifest() -> None:
    """Write outbound/MANIFEST.csv anew from the store."""
    from integration_engine.cli.batching import write_manifest

    sys.exit(write_manifest(current_settings()))
