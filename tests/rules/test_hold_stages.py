"""Which steps a hold may take, and what proves each."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from integration_engine.domain.hold import HoldStage
from integration_engine.rules.authorization.hold_stages import STEPS, Evidence, check_step

TODAY = date(2026, 11, 24)
NONE, REQUESTED, DENIED, PATIENT = HoldStage
LEGAL = {
    (NONE, REQUESTED),
    (NONE, PATIENT),
    (REQUESTED, DENIED),
    (REQUESTED, PATIENT),
    (REQUESTED, NONE),
    (DENIED, REQUESTED),
    (DENIED, PATIENT),
    (PATIENT, NONE),
}


def step(before: HoldStage, after: HoldStage, text: str = "on 2026-11-20", queue: str = "authorization", **more):
    evidence = Evidence(text=text, by=more.pop("by", "J. Doe"), **more)
    return check_step(before, after, evidence, queue=queue, as_of=TODAY, placeholders=frozenset({"N/A", "0000"}))


@pytest.mark.parametrize(("before", "after"), list(product(HoldStage, HoldStage)))
def test_only_the_legal_steps_are_allowed(before, after) -> None:
    if (before, after) in LEGAL:
        assert step(before, after).after is after
    else:
        with pytest.raises(ValueError, match=f"cannot go from {before} to {after}; from {before} it can go to"):
            step(before, after)


def test_every_stage_can_be_left_and_reached() -> None:
    assert {s.before for s in STEPS} == {s.after for s in STEPS} == set(HoldStage)


@pytest.mark.parametrize(("before", "after"), sorted(LEGAL))
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": " "}, "--evidence must not be empty"),
        ({"text": "called them"}, "put the date into --evidence or the number into --reference"),
        ({"text": "called", "reference": "0000"}, "placeholder"),
        ({"text": "called", "reference": "n/a"}, "placeholder"),
        ({"text": "called", "reference": "7777"}, "placeholder"),
        ({"text": "will call 2026-11-25"}, "still to come"),
        ({"text": "on 2026-02-30"}, "does not exist"),
        ({"by": " "}, "--by must not be empty"),
    ],
)
def test_step_is_refused_without_its_evidence(before, after, given, said) -> None:
    with pytest.raises(ValueError, match=said):
        step(before, after, **given)


def test_reference_or_date_proves_a_step() -> None:
    assert step(NONE, REQUESTED, "faxed", reference="REQ-5512")
    assert step(NONE, REQUESTED, "faxed 2026-11-24")


def test_other_queues_have_no_stages() -> None:
    with pytest.raises(ValueError, match="this one waits in documentation"):
        step(NONE, REQUESTED, queue="documentation")
