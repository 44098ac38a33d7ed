"""What should be known of an answer file although nothing waits for it: provider adjustments, tolerances, small differences.

Remarks of one kind are one remark that counts them and names the first places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from integration_engine.core.findings import Finding, Severity

PLACES = 10  # named of one remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One kind of remark on a file.

    Shapes   places: the first ones, each as ``segment 31, PLB: WO 100.00``. count: of all places.
    """

    finding: str
    severity: Severity
    text: str
    fix: str
    count: int
    places: tuple[str, ...]


def with_remarks(remarks: Sequence[Remark], findings: Iterable[Finding]) -> tuple[Remark, ...]:
    """The remarks and what these findings add: warnings first; errors wait as holds and are none.

    Why      A file that waited is told again when it is posted: what was remarked at a place before is not counted twice.
    """
    found = {(one.finding, one.text): one for one in remarks}
    counts = dict.fromkeys(found, 0)
    for finding in findings:
        if finding.severity is Severity.ERROR:
            continue
        key = (finding.id, finding.text)
        place = ": ".join(part for part in (finding.position or finding.subject, finding.observed) if part)
        known = found.get(key) or Remark(
            finding=finding.id, severity=finding.severity, text=finding.text, fix=finding.fix, count=0, places=()
        )
        counts[key] = counts.get(key, 0) + 1
        new = place not in known.places and len(known.places) < PLACES
        found[key] = replace(known, places=(*known.places, place)) if new else known
    told = (replace(one, count=max(one.count, counts[key], len(one.places))) for key, one in found.items())
    return tuple(sorted(told, key=lambda one: one.severity is not Severity.WARNING))
