"""The wall clock, as something that is passed in. A rehearsal may shift its date, for all processes alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

Clock = Callable[[], datetime]


class _Shift:
    """How far this process is away from the real date; one a process, set once at its start."""

    days = timedelta(0)


def shift(days: int) -> None:
    """Let this process live so many days later, or earlier if negative. For demonstrations and rehearsals.

    Why      Samples carry dates, and filing limits and answers fall due by today's date: without this, a demonstration
             would tell another story every month. Whole days keep processes that lease work from each other in step.
    """
    _Shift.days = timedelta(days=days)


def days_to(day: date) -> int:
    """The shift under which today is ``day``."""
    return (day - datetime.now(UTC).date()).days


def system_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC) + _Shift.days
