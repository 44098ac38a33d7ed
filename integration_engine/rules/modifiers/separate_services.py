"""Were two services of one day done apart? Answered from start and stop alone, never from a modifier.

Source  CMS NCCI policy on modifier 59: two timed services of one encounter are separate only when they were done one
        after the other, in different 15-minute blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from integration_engine.core.codes import Hcpcs
from integration_engine.domain.treatment import Treatment


class Evidence(StrEnum):
    """What the record says about two services."""

    SEPARATE = "separate"
    OVERLAPPING = "overlapping"
    UNKNOWN = "unknown"  # start or stop is not on record


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """How two codes stood to each other, with their times as text."""

    evidence: Evidence
    text: str


def blocks_of(treatments: Sequence[Treatment], first: Hcpcs, second: Hcpcs) -> Blocks:
    """Compare every block of one code with every block of the other."""
    one, two = _times(treatments, first), _times(treatments, second)
    if one is None or two is None:
        return Blocks(evidence=Evidence.UNKNOWN, text="start and stop are not on record for both")
    text = f"{first} {_shown(one)}, {second} {_shown(two)}"
    overlap = any(a[0] < b[1] and b[0] < a[1] for a in one for b in two)
    return Blocks(evidence=Evidence.OVERLAPPING if overlap else Evidence.SEPARATE, text=text)


def _times(treatments: Sequence[Treatment], code: Hcpcs) -> list[tuple[str, str]] | None:
    found = [(t.start, t.stop) for t in treatments if t.code == code]
    if not found:
        return None
    times = []
    for start, stop in found:
        if start is None or stop is None or stop <= start:
            return None
        times.append((start.isoformat(), stop.isoformat()))
    return times


def _shown(times: Sequence[tuple[str, str]]) -> str:
    return " and ".join(f"{start[11:16]}-{stop[11:16]}" for start, stop in times)
