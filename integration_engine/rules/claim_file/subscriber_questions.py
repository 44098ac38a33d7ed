"""Questions about a subscriber with the patients below: who the patient is, and what then has to stand where.

Source  X12.md §2.4, §2.9; X222A1 2000B, 2010BA, 2000C.
"""

# ruff: noqa: ARG001 - every question is asked in the same way, whatever it looks at
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from integration_engine.rules.claim_file.records import Circumstances, Hit
from integration_engine.wire.x12.guide_check import LoopNode, Placed

SubscriberQuestion = tuple[tuple[str, ...], Callable[[LoopNode, Placed, Circumstances], Iterable[Hit]]]

_PRIMARY = "P"
_SELF = "18"


def who_is_patient(node: LoopNode, coverage: Placed, circumstances: Circumstances) -> Iterable[Hit]:
    """The subscriber, or somebody below; never both, never nobody."""
    said = coverage.element(2) == _SELF
    if said and node.seen.get("2000C"):
        return (Hit("subscriber_and_patient", coverage, 2),)
    if not said and node.seen.get("2300"):
        return (Hit("subscriber_not_patient", coverage, 2),)
    return ()


def demographics(node: LoopNode, coverage: Placed, circumstances: Circumstances) -> Iterator[Hit]:
    """Address, birth date and sex of a subscriber who is the patient."""
    name = node.loop("2010BA")
    at = name.find("NM1") if name else None
    if name is None or at is None or coverage.element(2) != _SELF:
        return
    for segment in ("N3", "N4", "DMG"):
        if name.find(segment) is None:
            yield Hit("subscriber_demographics", at, 0, 0, f"2010BA/{segment}")


def needless(node: LoopNode, coverage: Placed, circumstances: Circumstances) -> Iterable[Hit]:
    """Of a subscriber who is not the patient birth date and sex are not asked for."""
    name = node.loop("2010BA") if coverage.element(2) != _SELF else None
    told = name.find("DMG") if name else None
    return (Hit("subscriber_demographics_needless", told),) if told else ()


def group(node: LoopNode, coverage: Placed, circumstances: Circumstances) -> Iterable[Hit]:
    """A group's name is for groups without a number."""
    both = coverage.element(3) and coverage.element(4)
    return (Hit("group_name_and_number", coverage, 4),) if both else ()


def filing(node: LoopNode, coverage: Placed, circumstances: Circumstances) -> Iterator[Hit]:
    """Filing code, and with Medicare why it is secondary and whose claim it is."""
    code, kind, sequence = coverage.element(9), coverage.element(5), coverage.element(1)
    if not code:
        yield Hit("claim_filing", coverage, 9)
    medicare = bool(code) and circumstances.known("medicare_filings", code)
    if (kind and sequence == _PRIMARY) or (medicare and sequence != _PRIMARY and not kind):
        yield Hit("medicare_type", coverage, 5)
    if medicare and node.seen.get("2000C"):
        yield Hit("medicare_dependent", coverage, 2)


SUBSCRIBER_QUESTIONS: tuple[SubscriberQuestion, ...] = (
    (("subscriber_and_patient", "subscriber_not_patient"), who_is_patient),
    (("subscriber_demographics",), demographics),
    (("subscriber_demographics_needless",), needless),
    (("group_name_and_number",), group),
    (("claim_filing", "medicare_type", "medicare_dependent"), filing),
)
