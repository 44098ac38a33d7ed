"""Which claims wait for an enrollment, by payer, billing provider and date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from integration_engine.domain.claim import ClaimDraft, Enrollment, EnrollmentStatus
from integration_engine.rules.enrollment import may_be_missing, missing_enrollment, waiting_for_enrollment
from tests.crosswalk.claim_drafts import RECEIVER, SIMPLE

TODAY = date(2026, 11, 24)
PAYER, PROVIDER = SIMPLE.payer.key, SIMPLE.billing_provider.key
DRAFT = replace(SIMPLE, payer=replace(SIMPLE.payer, receiver=RECEIVER.key))


@dataclass(frozen=True)
class Ready:
    id: int
    draft: ClaimDraft


def waiting(*noted: Enrollment):
    receiver = replace(RECEIVER, enrollment=noted)
    return waiting_for_enrollment([Ready(1, DRAFT)], {receiver.key: receiver}, TODAY)


@pytest.mark.parametrize(
    ("status", "since", "waits"),
    [
        (None, None, False),
        (None, TODAY + timedelta(1), False),
        (EnrollmentStatus.NOT_REQUESTED, None, True),
        (EnrollmentStatus.REQUESTED, TODAY - timedelta(9), True),
        (EnrollmentStatus.REFUSED, None, True),
        (EnrollmentStatus.ACTIVE, None, False),
        (EnrollmentStatus.ACTIVE, TODAY, False),
        (EnrollmentStatus.ACTIVE, TODAY + timedelta(1), True),
    ],
)
def test_claims_wait_until_the_enrollment_is_active_and_its_day_has_come(status, since, waits: bool) -> None:
    noted = Enrollment(payer=PAYER, claims=status, since=since)
    assert bool(waiting(noted)) is waits
    assert (missing_enrollment([DRAFT], replace(RECEIVER, enrollment=(noted,)), TODAY) is not None) is waits
    assert may_be_missing([replace(RECEIVER, enrollment=(noted,))], TODAY) is waits


def test_what_is_noted_of_the_provider_goes_before_what_is_noted_of_the_payer() -> None:
    of_payer = Enrollment(payer=PAYER, claims=EnrollmentStatus.ACTIVE)
    own = Enrollment(payer=PAYER, provider=PROVIDER, claims=EnrollmentStatus.REQUESTED, note="form sent")
    other = replace(own, provider="SOMEBODY")
    assert waiting(of_payer, other) == {}
    finding = waiting(of_payer, own)[1]
    assert f"{PAYER} takes no claims of {PROVIDER} through {RECEIVER.key} yet" in finding.text
    assert "requested (form sent)" in finding.text
    assert f"Have {PROVIDER} enrolled with {PAYER}" in finding.fix
    assert (
        waiting(replace(own, claims=EnrollmentStatus.ACTIVE), replace(of_payer, claims=EnrollmentStatus.REFUSED)) == {}
    )


def test_a_day_that_has_not_come_asks_nothing_of_anybody() -> None:
    noted = Enrollment(payer=PAYER, claims=EnrollmentStatus.ACTIVE, since=date(2026, 12, 1))
    assert waiting(noted)[1].fix == "Nothing: the claims leave by themselves from 2026-12-01 on."
