"""The command ``integration-engine``. Exit 0: success; 1: the data has findings; 2: wrong use.

Each command imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; engine errors become one clear line and exit code 2."""
    from integration_engine.cli.commands import app
    from integration_engine.core.errors import EngineError

    try:
        app()
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
