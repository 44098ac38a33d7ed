"""Official code files."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from integration_engine.cli.commands.options import Files, current_settings

codes_app = typer.Typer(
    no_args_is_help=True, help="Official code files: load a quarter or a year into mappings/codes/."
)
Quarter = Annotated[datetime, typer.Option("--quarter", formats=["%Y-%m-%d"], help="First day of the quarter.")]
Replace = Annotated[bool, typer.Option("--replace", help="Write anew what was loaded for that date.")]
AllCodes = Annotated[bool, typer.Option("--all", help="Keep every code, not only those of codes/procedures.yaml.")]


@codes_app.command("load-ncci")
def codes_load_ncci(files: Files, quarter: Quarter, replace: Replace = False, all_codes: AllCodes = False) -> None:
    """Load the CMS NCCI PTP practitioner files of a quarter: .zip, .txt, .csv or .xlsx, all parts at once."""
    from integration_engine.cli.loading import load_pairs

    sys.exit(load_pairs(current_settings(), files, quarter.date(), replace=replace, all_codes=all_codes))


@codes_app.command("load-mue")
def codes_load_mue(files: Files, quarter: Quarter, replace: Replace = False, all_codes: AllCodes = False) -> None:
    """Load the CMS MUE practitioner file of a quarter: .zip, .txt, .csv or .xlsx."""
    from integration_engine.cli.loading import load_most_units

    sys.exit(load_most_units(current_settings(), files, quarter.date(), replace=replace, all_codes=all_codes))


@codes_app.command("load-icd10")
def codes_load_icd10(
    files: Files,
    first_day: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="1 October of the year, or 1 April for its update.")
    ],
    replace: Replace = False,
) -> None:
    """Load the ICD-10-CM order file of a year: .zip or .txt."""
    from integration_engine.cli.loading import load_icd10

    sys.exit(load_icd10(current_settings(), files, first_day.date(), replace=replace))
