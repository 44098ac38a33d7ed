"""``python -m integration_engine`` is the command ``integration-engine``."""

from integration_engine.cli import main

main()
