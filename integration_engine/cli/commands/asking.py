"""Commands that answer: from files alone, or from what the store knows of one thing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from integration_engine.cli.commands.options import Files, Json, current_settings
from integration_engine.settings import Settings

asking_app = typer.Typer()


@asking_app.command()
def units() -> None:
    """Read a services request as JSON on standard input, write units, modifiers and decisions."""
    from integration_engine.cli.asking import answer_units

    sys.exit(answer_units(current_settings(), sys.stdin.buffer.read()))


@asking_app.command()
def adjudicate(files: Files, as_json: Json = True) -> None:
    """Adjudicate HL7 message files as one history; print decisions and draft claims as JSON; nothing is stored."""
    from integration_engine.cli.asking import adjudicate_files

    assert as_json  # it prints nothing else; the option is taken as everywhere
    sys.exit(adjudicate_files(current_settings(), files))


@asking_app.command()
def scrub(files: Files, as_json: Json = False) -> None:
    """Check 837P files, whoever wrote them: structure, codes, balances; exit 1 when any has an error."""
    from integration_engine.cli.scrubbing import scrub_files

    sys.exit(scrub_files(current_settings(), files, as_json=as_json))


@asking_app.command()
def conform(folder: Annotated[Path, typer.Argument(exists=True)], as_json: Json = False) -> None:
    """Judge a folder of sample messages: HL7 conformance and what the sender never fills."""
    from integration_engine.cli.asking import conform_folder

    sys.exit(conform_folder(folder, as_json=as_json))


@asking_app.command()
def settings(as_json: Json = False) -> None:
    """List every setting with its default and what it does."""
    from integration_engine.cli.output import print_json, print_table

    rows = Settings.catalogue()
    if as_json:
        print_json([{"name": name, "default": default, "sentence": sentence} for name, default, sentence in rows])
    else:
        print_table("Settings", ("name", "default", "what it does"), rows)


@asking_app.command()
def explain(
    identity: Annotated[str, typer.Argument(help="Visit number, claim number, or a day, claim or journal id.")],
    with_trace: Annotated[
        bool, typer.Option("--trace", help="Also each field with the HL7 position it came from.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell everything about an encounter, a claim or a message: why these units, why this modifier, why held."""
    from integration_engine.cli.reading import explain_identity

    sys.exit(explain_identity(current_settings(), identity, with_trace=with_trace, as_json=as_json))


@asking_app.command()
def conserve(as_json: Json = False) -> None:
    """Prove that every message and every charge line is somewhere: received = billed + held + void + rejected + pending."""
    from integration_engine.cli.reading import conserve_counts

    sys.exit(conserve_counts(current_settings(), as_json=as_json))
