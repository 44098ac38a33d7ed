"""``send``: the MLLP client."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

from integration_engine.adapters.mllp_client import MllpClient
from integration_engine.cli.asking import messages_in
from integration_engine.cli.output import progress
from integration_engine.settings import Settings

FINDINGS = 1
WRONG_USE = 2


def send_files(
    settings: Settings, files: list[Path], host: str | None, port: int | None, *, tls: bool, ca: Path | None
) -> int:
    """Send every message of every file in order; exit 1 when one was not accepted, 2 when nobody answers.

    Shapes   host, port: None takes where our own listener is set to listen.
    """
    host, port = host or settings.mllp_host, settings.mllp_port if port is None else port
    context = ssl.create_default_context(cafile=str(ca) if ca else None) if tls or ca else None
    messages = [named for path in files for named in messages_in(path)]
    answered = refused = 0
    try:
        with MllpClient(host, port, tls=context) as client, progress("sending", len(messages)) as advance:
            for name, raw in messages:
                answer = client.send(raw)
                answered += 1
                refused += answer.code not in {"AA", "CA"}
                print(f"{name}\t{answer.code}\t{answer.control_id}\t{answer.text}")
                advance()
    except (OSError, EOFError) as error:
        sys.stdout.flush()
        sys.stderr.write(f"{_unanswered(host, port, error)}; {answered} of {len(messages)} messages were answered\n")
        return WRONG_USE
    sys.stdout.flush()
    return FINDINGS if refused else 0


def _unanswered(host: str, port: int, error: OSError | EOFError) -> str:
    if isinstance(error, ConnectionRefusedError):
        step = "start `integration-engine serve`, or name the listener with --host and --port"
        return f"nobody listens on {host}:{port}: {step}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with {host}:{port} ({error.reason or error}): does it speak TLS, and is its authority named by --ca?"
    step = "look at the listener's log, then send again: what it has already gets the same answer and no second effect"
    return f"no answer from {host}:{port} ({error}): {step}"
