"""What a stage works under: the date is the practice's, and is computed in one place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import integration_engine.stages
from tests.stages.office import RULES


@pytest.mark.parametrize(
    ("now", "today"),
    [
        (datetime(2026, 11, 25, 4, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 5, 0, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 7, 1, 3, 59, tzinfo=UTC), date(2026, 6, 30)),
    ],
)
def test_today_is_the_practices_day_whatever_the_machines_zone(now: datetime, today: date) -> None:
    assert RULES.parameters.practice.time_zone == "America/New_York"
    assert RULES.today(now) == today


def test_no_stage_computes_the_practices_date_for_itself() -> None:
    folder = Path(integration_engine.stages.__file__).parent
    own = [path.name for path in folder.glob("*.py") if "ZoneInfo(" in path.read_text("utf-8")]
    assert own == ["rules_in_force.py"]
