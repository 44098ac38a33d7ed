"""Structured logs: one JSON object a line on standard error, with an allow-list of keys.

A key that is not on the list is dropped before it is written, whatever a caller passed, so that no field value of a
message can reach a log. Tracebacks are reduced to the exception's type and the place it was raised.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "adopted",
        "batch_id",
        "byte_count",
        "claims",
        "connection",
        "count",
        "edit",
        "event",
        "exception",
        "feed",
        "file",
        "host",
        "journal_id",
        "lanes",
        "level",
        "limit",
        "logger",
        "milliseconds",
        "outcome",
        "parked",
        "peer",
        "port",
        "problems",
        "process",
        "reason",
        "stage",
        "status",
        "timestamp",
        "tls",
        "tolerances",
        "version",
        "where",
        "worker",
    }
)


def configure_logs(level: str = "info") -> None:
    """Write this process's logs as JSON lines on standard error."""
    logging.getLogger("hl7").setLevel(logging.CRITICAL + 1)  # it logs field contents
    logging.getLogger("pyx12").setLevel(logging.CRITICAL + 1)  # and so does this one
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exception_without_values,
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _only_allowed(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in entry.items() if key in ALLOWED}


def _exception_without_values(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Type and place of the exception in hand, never its text: texts can hold what a message held."""
    if entry.pop("exc_info", None):
        kind, _error, trace = sys.exc_info()
        frames = traceback.extract_tb(trace)
        entry["exception"] = kind.__name__ if kind else "unknown"
        entry["where"] = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return entry
