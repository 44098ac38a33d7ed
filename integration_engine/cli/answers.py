"""What came back, for people: answer files, denials, the ledger."""

from __future__ import annotations

from integration_engine.cli.output import print_json, print_table
from integration_engine.settings import Settings

FINDINGS = 1


def take_in(settings: Settings, every: int, *, as_json: bool) -> int:
    """Take in what lies in inbound/; 1 when something of it waits for a person or was no answer."""
    from integration_engine.bootstrap import read_back

    waits = False
    for files in read_back(settings, every):
        waits = waits or any(file.state in {"held", "rejected"} for file in files)
        if as_json:
            print_json(files)
        elif files or not every:
            columns = ("file", "holds", "state", "claims", "refused", "denied", "paid", "reason")
            rows = [(f.file, f.kinds, f.state, f.claims, f.refused, f.denied, f.paid, f.reason) for f in files]
            print_table("Answers", columns, rows)
    return FINDINGS if waits else 0
