"""``exchange``: files up to the clearinghouse and answers down, over SFTP."""

from __future__ import annotations

from dataclasses import asdict

from integration_engine.bootstrap import exchange
from integration_engine.cli.output import print_json, print_table
from integration_engine.settings import Settings

FINDINGS = 1


def exchange_files(settings: Settings, every: int, *, as_json: bool) -> int:
    """Exit 1 when a file, or the whole connection, met a problem."""
    problems = False
    for done in exchange(settings, every):
        problems = problems or bool(done.problems)
        if as_json:
            print_json(asdict(done))
            continue
        rows = [("sent", name) for name in done.sent]
        rows += [("fetched", name) for name in done.fetched]
        rows += [("problem", text) for text in done.problems]
        print_table("Exchanged", ("what", "file"), rows)
    return FINDINGS if problems else 0
