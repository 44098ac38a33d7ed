"""The clock is the system's, and only a rehearsal is days away from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from integration_engine.adapters import clock


@pytest.fixture(autouse=True)
def unshifted() -> Iterator[None]:
    before = clock.system_clock() - datetime.now(UTC)
    clock.shift(0)
    yield
    clock.shift(round(before / timedelta(days=1)))


def test_clock_is_now_and_aware() -> None:
    assert abs(clock.system_clock() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_rehearsal_lives_on_the_day_it_names() -> None:
    clock.shift(clock.days_to(date(2026, 11, 24)))
    assert clock.system_clock().date() == date(2026, 11, 24)
