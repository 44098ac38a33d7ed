"""Mapping and rule files: checked, tested, reported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from integration_engine.cli.commands.options import Json, current_settings

crosswalk_app = typer.Typer(
    no_args_is_help=True, help="Mapping files: check them, report what they map, export schemas."
)
rules_app = typer.Typer(
    no_args_is_help=True, help="Rule files: check them for gaps, overlaps and sources; run their cases."
)


@crosswalk_app.command("check")
def crosswalk_check(folder: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Check every mapping and rule file; each problem with file:line:column."""
    from integration_engine.cli.asking import check_files

    sys.exit(check_files(current_settings(), folder))


@rules_app.command("check")
def rules_check(
    folder: Annotated[Path | None, typer.Argument()] = None,
    every: Annotated[bool, typer.Option("--all", help="Each remark that does not fail, not only how many.")] = False,
    as_json: Json = False,
) -> None:
    """Check every rule file: schema, overlaps, gaps in dates, missing citations; doubts about sources are told."""
    from integration_engine.cli.rule_checks import check_rules

    sys.exit(check_rules(current_settings(), folder, every=every, as_json=as_json))


@rules_app.command("test")
def rules_test(folder: Annotated[Path | None, typer.Argument()] = None, as_json: Json = False) -> None:
    """Run the cases of mappings/cases/ and those of every edit; each failure with file:line, expected, got and why."""
    from integration_engine.cli.rule_checks import run_rule_cases

    sys.exit(run_rule_cases(current_settings(), folder, as_json=as_json))


@crosswalk_app.command("report")
def crosswalk_report(feed: str = "therapy", as_json: Json = False) -> None:
    """EMR field → model → 837P element, by domain, with the gaps and what would close them."""
    from integration_engine.cli.asking import report_crosswalk

    sys.exit(report_crosswalk(current_settings(), feed, as_json=as_json))


@crosswalk_app.command("schemas")
def crosswalk_schemas(folder: Annotated[Path, typer.Argument(help="Folder to write the JSON Schemas into.")]) -> None:
    """Write the JSON Schema of each kind of mapping file, for editors."""
    from integration_engine.cli.asking import write_schemas

    sys.exit(write_schemas(folder))
