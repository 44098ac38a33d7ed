"""Limits that come near: told at each step, once passed, and never for what is further away or not known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.domain.running_claim import RunningClaim
from integration_engine.rules.denials.deadlines import APPEAL, DENIED, REFUSED, deadline_findings

TODAY = date(2026, 11, 24)
STEPS = (30, 14, 7)


def claim(*, refused: int | None = None, denied: int | None = None, appeal: int | None = None) -> RunningClaim:
    """A claim whose limits are so many days away; None: no limit of the kind."""
    file_by = refused if refused is not None else denied
    return RunningClaim(
        claim_id=1,
        number="C1",
        refused=refused is not None,
        denied=denied is not None or appeal is not None,
        file_by=TODAY + timedelta(days=file_by) if file_by is not None else None,
        appeal_by=TODAY + timedelta(days=appeal) if appeal is not None else None,
    )


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (31, ""),
        (30, "within 30 days"),
        (15, "within 30 days"),
        (14, "within 14 days"),
        (7, "within 7 days"),
        (0, "within 7 days"),
        (-1, "too late"),
    ],
)
def test_step_is_told_when_so_many_days_are_left(left: int, told: str) -> None:
    refused = deadline_findings(claim(refused=left), STEPS, TODAY)
    appeal = deadline_findings(claim(appeal=left), STEPS, TODAY)
    assert [one.observed for one in refused] == ([told] if told else [])
    assert [one.observed for one in appeal] == ([told] if told else [])
    assert {one.id for one in refused} <= {REFUSED}
    assert {one.id for one in appeal} <= {APPEAL}
    assert all(one.holds and str(TODAY + timedelta(days=left)) in one.text for one in (*refused, *appeal))


def test_denied_claim_is_told_of_both_limits_while_the_filing_limit_runs() -> None:
    both = deadline_findings(claim(denied=5, appeal=20), STEPS, TODAY)
    assert [one.id for one in both] == [DENIED, APPEAL]
    passed = deadline_findings(claim(denied=-5, appeal=20), STEPS, TODAY)
    assert [one.id for one in passed] == [APPEAL]


def test_nothing_is_told_when_no_limit_is_known() -> None:
    unknown = RunningClaim(claim_id=1, number="C1", refused=True, denied=True, file_by=None, appeal_by=None)
    assert deadline_findings(unknown, STEPS, TODAY) == ()


@given(st.integers(-400, 400), st.lists(st.integers(0, 200), max_size=5))
def test_one_alert_for_each_limit_and_the_same_whatever_the_order_of_the_steps(left: int, steps: list[int]) -> None:
    found = deadline_findings(claim(refused=left), steps, TODAY)
    assert found == deadline_findings(claim(refused=left), steps[::-1], TODAY)
    assert len(found) == (1 if left < 0 or any(left <= step for step in steps) else 0)
