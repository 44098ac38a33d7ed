"""Commands that run: the demonstration, the services, sending, exchanging, reading back."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from integration_engine.cli.commands.options import Files, Json, current_settings

running_app = typer.Typer()


@running_app.command()
def demo(
    folder: Annotated[Path | None, typer.Option(help="Where to leave database and files; default: a new one.")] = None,
) -> None:
    """Run the main job on the sample messages: MLLP in, decisions, work queues, 837P out."""
    from integration_engine.cli.demonstration import run_demo

    sys.exit(run_demo(current_settings(), folder))


@running_app.command()
def serve() -> None:
    """Run listener, workers and batcher together until stopped."""
    from integration_engine.bootstrap import serve as run

    sys.exit(run(current_settings()))


@running_app.command()
def listen() -> None:
    """Run the MLLP listener alone: accept, journal, acknowledge."""
    from integration_engine.bootstrap import listen as run

    run(current_settings(), typer.echo)


@running_app.command()
def work() -> None:
    """Run one worker: adjudicate what the journal holds, as it arrives."""
    from integration_engine.bootstrap import work as run

    run(current_settings())


@running_app.command("read-back")
def read_back(
    every: Annotated[int, typer.Option(help="Repeat every so many seconds; 0: once.")] = 0,
    as_json: Json = False,
) -> None:
    """Take in the TA1, 999, 277CA and 835 files that lie in inbound/, and tell which answers are overdue."""
    from integration_engine.cli.answers import take_in

    sys.exit(take_in(current_settings(), every, as_json=as_json))


@running_app.command()
def send(
    files: Files,
    host: Annotated[str | None, typer.Option(help="Default: MLLP_HOST of the settings.")] = None,
    port: Annotated[int | None, typer.Option(help="Default: MLLP_PORT of the settings.")] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS.")] = False,
    ca: Annotated[Path | None, typer.Option(help="PEM file of the authority to trust.")] = None,
) -> None:
    """Send HL7 files over MLLP and print each acknowledgment."""
    from integration_engine.cli.sending import send_files

    sys.exit(send_files(current_settings(), files, host, port, tls=tls, ca=ca))


@running_app.command()
def exchange(
    every: Annotated[int, typer.Option(help="Repeat every so many seconds; 0: once.")] = 0,
    as_json: Json = False,
) -> None:
    """Send new 837P files to the clearinghouse and fetch its answers, over SFTP; nothing goes twice."""
    from integration_engine.cli.exchanging import exchange_files

    sys.exit(exchange_files(current_settings(), every, as_json=as_json))


@running_app.command("simulate-payer")
def simulate_payer(
    outbound: Annotated[
        Path | None, typer.Option(help="Folder of 837P files; default: the engine's outbound/.")
    ] = None,
    inbound: Annotated[
        Path | None, typer.Option(help="Folder for the answers; default: the engine's inbound/.")
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What happens to which claim; default: the shipped one."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Other claims meet other fates; default: the scenario's own.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Date of the answers; default: today.")
    ] = None,
    every: Annotated[int, typer.Option(help="Repeat every so many seconds; 0: once.")] = 0,
    as_json: Json = False,
) -> None:
    """Answer the 837P files in outbound/ as a clearinghouse and its payers would: TA1, 999, 277CA, 835 into inbound/."""
    from integration_engine.cli.simulating import simulate_payer as run

    day = as_of.date() if as_of else None
    sys.exit(run(current_settings(), outbound, inbound, scenario, seed, day, every, as_json=as_json))
