"""Which claims go into one file, how many of them, and what keeps a file from leaving."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.domain.claim import ClaimDraft, Receiver
from integration_engine.rules.batching import WaitsFor, due, preview, route_totals, split, within_limit
from tests.crosswalk.claim_drafts import RECEIVER, SIMPLE

MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Ready:
    id: int
    draft: ClaimDraft


def ready(count: int, payer: str = "MEDICARE", first: int = 1) -> list[Ready]:
    draft = replace(SIMPLE, payer=replace(SIMPLE.payer, key=payer))
    return [Ready(first + place, draft) for place in range(count)]


def planned(claims: list[Ready], most: int, receiver: Receiver = RECEIVER):
    return split(claims, {receiver.key: receiver}, lambda _, __: most)


@given(count=st.integers(0, 40), most=st.integers(1, 12))
def test_every_claim_is_in_one_file_and_no_file_is_over_its_size(count: int, most: int) -> None:
    plans = planned(ready(count), most)
    assert sorted(one.id for plan in plans for one in plan.claims) == list(range(1, count + 1))
    assert all(1 <= len(plan.claims) <= most for plan in plans)
    assert len(plans) == -(-count // most)


def test_size_is_asked_for_each_payer() -> None:
    claims = ready(5) + ready(5, "SUMMIT", first=6)
    plans = split(claims, {RECEIVER.key: RECEIVER}, lambda _, payer: 2 if payer == "SUMMIT" else 5)
    assert [(plan.payer, len(plan.claims)) for plan in plans] == [
        ("MEDICARE", 5),
        ("SUMMIT", 2),
        ("SUMMIT", 2),
        ("SUMMIT", 1),
    ]


@pytest.mark.parametrize(("made", "kept"), [(0, 3), (1, 2), (3, 0), (9, 0)])
def test_files_of_the_day_are_counted_with_those_made_before(made: int, kept: int) -> None:
    plans = planned(ready(5), 1, replace(RECEIVER, files_per_day=3))
    assert len(within_limit(plans, {RECEIVER.key: made})) == kept
    assert len(within_limit(planned(ready(5), 1), {RECEIVER.key: made})) == 5


@pytest.mark.parametrize(
    ("receiver", "stopped", "waits_for"),
    [
        (RECEIVER, False, WaitsFor.NOTHING),
        (RECEIVER, True, WaitsFor.STOPPED),
        (replace(RECEIVER, files_per_day=1), False, WaitsFor.LIMIT),
        (replace(RECEIVER, files_per_day=1), True, WaitsFor.STOPPED),
        (replace(RECEIVER, send_at=("17:30",)), False, WaitsFor.SCHEDULE),
        (replace(RECEIVER, send_on=(2, 3)), False, WaitsFor.SCHEDULE),
        (replace(RECEIVER, send_on=(1,), send_at=("11:00",)), False, WaitsFor.NOTHING),
    ],
)
def test_preview_says_what_a_file_waits_for(receiver: Receiver, stopped: bool, waits_for: WaitsFor) -> None:
    made = {receiver.key: 1} if receiver.files_per_day else {}
    files = preview(planned(ready(2), 5, receiver), MONDAY_NOON, {}, made, {receiver.key} if stopped else set())
    assert [(file.waits_for, file.due, file.claims) for file in files] == [
        (waits_for, waits_for is WaitsFor.NOTHING, 2)
    ]


def test_a_time_of_the_day_is_served_once() -> None:
    receiver = replace(RECEIVER, send_at=("09:00", "17:30"))
    assert due(receiver, MONDAY_NOON, None)
    assert due(receiver, MONDAY_NOON, MONDAY_NOON - timedelta(days=1))
    assert not due(receiver, MONDAY_NOON, MONDAY_NOON - timedelta(hours=1))
    assert due(receiver, MONDAY_NOON + timedelta(hours=6), MONDAY_NOON)


def test_totals_sum_the_files_of_a_payer_and_enrollment_nobody_noted_is_unknown() -> None:
    files = preview(planned(ready(5), 2), MONDAY_NOON, {}, {}, set())
    (total,) = route_totals(files)
    assert (total.files, total.claims, total.lines) == (3, 5, 5 * len(SIMPLE.lines))
    assert total.total == 5 * SIMPLE.total_charge
    assert isinstance(total.total, Decimal)
    assert total.enrollment is None
