"""What many commands are given alike, and the settings they run by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from integration_engine.adapters.clock import shift
from integration_engine.settings import Settings, read_settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Files = Annotated[list[Path], typer.Argument(exists=True, readable=True, help="Files to read.")]
By = Annotated[str, typer.Option("--by", help="Who does this; recorded in the audit.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; recorded in the audit.")]


def current_settings() -> Settings:
    """The settings of this call, its clock shifted where they say so."""
    settings = read_settings(os.environ)
    shift(settings.clock_days)
    return settings
