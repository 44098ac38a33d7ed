"""The command ``integration-engine``. Exit 0: success; 1: the data has findings; 2: wrong use.

Each command imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def main() -> None:
    """Run the command line; engine errors become one clear line and exit code 2."""
    from integration_engine.cli.commands.tree import app
    from integration_engine.core.errors import EngineError

    try:
        with _new_database_is_told():
            app()
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


@contextmanager
def _new_database_is_told() -> Iterator[None]:
    """Say where, when a command found no database in HOME and made one: in another folder that is seldom meant."""
    from integration_engine.core.errors import EngineError
    from integration_engine.settings import PREFIX, read_settings

    try:
        settings = read_settings(os.environ)
    except EngineError:  # the command itself tells of it, if it needs settings at all
        yield
        return
    file = settings.home_folder / "engine.db"
    made_here = not settings.database_url and not file.exists()
    try:
        yield
    finally:
        if made_here and file.exists():
            sys.stderr.write(
                f"note: there was no database in {settings.home_folder}, so a new and empty one was made there; "
                f"if yours lies elsewhere, name its folder in {PREFIX}HOME\n"
            )
