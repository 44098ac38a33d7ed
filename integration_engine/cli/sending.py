"""``send``: the MLLP client."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

from integration_engine.adapters.mllp_client import MllpClient
from integration_engine.cli.asking import messages_in
from integration_engine.cli.output import progress

FINDINGS = 1


def send_files(files: list[Path], host: str, port: int, *, tls: bool, ca: Path | None) -> int:
    """Send every message of every file in order; exit 1 when one was not accepted."""
    context = ssl.create_default_context(cafile=str(ca) if ca else None) if tls or ca else None
    messages = [named for path in files for named in messages_in(path)]
    refused = 0
    with MllpClient(host, port, tls=context) as client, progress("sending", len(messages)) as advance:
        for name, raw in messages:
            answer = client.send(raw)
            refused += answer.code not in {"AA", "CA"}
            print(f"{name}\t{answer.code}\t{answer.control_id}\t{answer.text}")
            advance()
    sys.stdout.flush()
    return FINDINGS if refused else 0
