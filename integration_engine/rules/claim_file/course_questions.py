"""Questions about the course of events around a claim: what has to come before what, and dates that say nothing.

Source  X12.md §2.4-2.5, §2.7; X222A1 2300 DTP, 2000B and 2000C PAT, 2430 DTP.
"""

# ruff: noqa: ARG001 - every question is asked in the same way, whatever it looks at
from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from integration_engine.rules.claim_file.claim_questions import ClaimQuestion
from integration_engine.rules.claim_file.facts import ClaimFacts
from integration_engine.rules.claim_file.records import Circumstances, Hit
from integration_engine.rules.claim_file.values import day, period
from integration_engine.wire.x12.guide_check import Placed

_CAUSES = frozenset({"AA", "EM", "OA"})
_AUTO = "AA"
# The later of two dates of a claim, and what it may not come before: discharge after admission, return after last work.
_ORDERED = (("096", "435"), ("296", "297"))


def life(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Nobody is served after death, and no man is pregnant."""
    holder = claim.patient or claim.subscriber
    told = holder.find("PAT") if holder else None
    if told is None or holder is None:
        return
    died = day(told.element(6))
    for line in claim.lines:
        if died is not None and line.first_day is not None and line.first_day > died:
            yield Hit("service_after_death", line.node.find("DTP", "472") or line.at, 3)
            break
    name = holder.loop("2010CA" if claim.patient else "2010BA")
    born = name.find("DMG") if name else None
    if told.element(9) and born is not None and born.element(3) == "M":
        yield Hit("pregnancy_of_man", told, 9)


def order(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Discharge after admission, return after the last day of work; an admission not after all services."""
    for later, earlier in _ORDERED:
        second, first = claim.node.find("DTP", later), claim.node.find("DTP", earlier)
        if second is not None and first is not None and _before(second, _day(first)):
            yield Hit("dates_out_of_order", second, 3)
    admitted = claim.node.find("DTP", "435")
    if admitted is not None and claim.last_day is not None and (_day(admitted) or claim.last_day) > claim.last_day:
        yield Hit("event_after_service", admitted, 3)


def accident(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """An accident's date and state belong to a claim that says there was one."""
    causes = {claim.at.component(11, part) for part in (1, 2)} & _CAUSES
    dated = claim.node.find("DTP", "439")
    if dated is not None and not causes:
        yield Hit("accident_without_cause", dated, 3)
    if claim.at.component(11, 4) and _AUTO not in causes:
        yield Hit("accident_state_alone", claim.at, 11, 4)


def onset(claim: ClaimFacts, circumstances: Circumstances) -> Iterable[Hit]:
    """An onset on the day of the service itself says nothing."""
    placed = claim.node.find("DTP", "431")
    if placed is None or claim.first_day is None or _day(placed) != claim.first_day:
        return ()
    return (Hit("onset_is_service", placed, 3),)


def decisions(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """No payer decides about a service that has not been done."""
    for line in claim.lines:
        for one in line.adjudications:
            placed = one.node.find("DTP", "573")
            if placed is not None and _before(placed, line.first_day):
                yield Hit("decided_before_service", placed, 3)
    for other in claim.others:
        payer = other.node.loop("2330B")
        placed = payer.find("DTP", "573") if payer else None
        if placed is not None and _before(placed, claim.first_day):
            yield Hit("decided_before_service", placed, 3)


def several_days(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """A line of therapy is one day's; units are counted day by day."""
    for line in claim.lines:
        if line.first_day is None or line.last_day is None or line.first_day >= line.last_day:
            continue
        if any(circumstances.known("discipline_modifiers", one, line.first_day) for one in line.modifiers):
            yield Hit("several_days", line.node.find("DTP", "472") or line.at, 3)


def _day(placed: Placed) -> date | None:
    return period(placed.element(3))[0]


def _before(placed: Placed, bound: date | None) -> bool:
    stated = _day(placed)
    return stated is not None and bound is not None and stated < bound


COURSE_QUESTIONS: tuple[ClaimQuestion, ...] = (
    (("service_after_death", "pregnancy_of_man"), life),
    (("dates_out_of_order", "event_after_service"), order),
    (("accident_without_cause", "accident_state_alone"), accident),
    (("onset_is_service",), onset),
    (("decided_before_service",), decisions),
    (("several_days",), several_days),
)
