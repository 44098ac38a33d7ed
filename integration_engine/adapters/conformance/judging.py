"""Each message is judged, and each sender is told apart."""

from __future__ import annotations

from collections.abc import Iterable

from integration_engine.adapters.conformance.heard import Heard
from integration_engine.adapters.conformance.report import ConformanceReport, report_on
from integration_engine.adapters.conformance.workers import verdicts_on


def judge(
    messages: Iterable[tuple[str, bytes]], time_limit_seconds: float, *, workers: int | None = None
) -> ConformanceReport:
    """Judge each message and say what each sender never fills.

    Shapes   messages: (name, bytes). A message that cannot be read at all is a finding of the sender ``unreadable``.
    Units    time_limit_seconds: wall-clock seconds for each message; over it, the worker is ended and the message is
             *not judged*.
    """
    named = [Heard.of(name, raw) for name, raw in messages]
    readable = [heard for heard in named if heard.text]
    verdicts = verdicts_on([heard.text for heard in readable], time_limit_seconds, workers)
    return report_on(named, {id(heard): verdict for heard, verdict in zip(readable, verdicts, strict=True)})
