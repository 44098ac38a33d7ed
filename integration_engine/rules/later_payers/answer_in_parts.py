"""A claim that its payer answers line by line, in several payments: together they are the decision.

A later payer is billed on the whole decision, so the parts are put together; each part is posted by itself.
Source  house rule, 2026-11-25: lines that are answered once each belong together; X222A1 2430 (every line decided).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from integration_engine.core.money import ZERO
from integration_engine.domain.remit import RemitClaim, RemitLine
from integration_engine.rules.denials.categories import DENIED


def decision_of_parts(decisions: Sequence[RemitClaim], total: Decimal) -> RemitClaim:
    """The payer's whole decision: the last one, with those before it that answer none of its lines.

    Shapes   decisions: those that stand, oldest first, at least one. total: what was charged; a decision whose lines come
             to it already takes none beside it, and no part is taken that would go beyond it.
    """
    parts = [decisions[-1]]
    for earlier in reversed(decisions[:-1]):
        charged = sum((_charged(part) for part in (*parts, earlier)), ZERO)
        if earlier.lines and parts[-1].lines and charged <= total and _apart(earlier, parts):
            parts.append(earlier)
    return _together(parts[::-1], total) if len(parts) > 1 else parts[0]


def _together(parts: Sequence[RemitClaim], total: Decimal) -> RemitClaim:
    """Shapes   parts: oldest first; what stands once for the claim is the last one's."""
    last = parts[-1]
    lines = [line for part in parts for line in part.lines]
    shares = [part.patient_responsibility for part in parts]
    known = [share for share in shares if share is not None]
    allowed = [part.allowed for part in parts if part.allowed is not None]
    return replace(
        last,
        status=next((part.status for part in reversed(parts) if part.status != DENIED), last.status),
        charge=last.charge if last.charge == total else sum((part.charge for part in parts), ZERO),
        paid=sum((part.paid for part in parts), ZERO),
        patient_responsibility=sum(known, ZERO) if known else None,
        allowed=sum(allowed, ZERO) if len(allowed) == len(parts) else None,
        crossover_payer=next((part.crossover_payer for part in reversed(parts) if part.crossover_payer), None),
        adjustments=tuple(adjustment for part in parts for adjustment in part.adjustments),
        remarks=tuple(dict.fromkeys(remark for part in parts for remark in part.remarks)),
        lines=tuple(replace(line, number=number) for number, line in enumerate(lines, start=1)),
    )


def _charged(part: RemitClaim) -> Decimal:
    return sum((line.charge for line in part.lines), ZERO)


def _apart(earlier: RemitClaim, parts: Sequence[RemitClaim]) -> bool:
    said = {_named(line) for part in parts for line in part.lines}
    return said.isdisjoint(_named(line) for line in earlier.lines)


def _named(line: RemitLine) -> tuple[object, ...]:
    """What a line is known by: our control number, else what it bills."""
    if line.line_control:
        return (line.line_control.strip().upper(),)
    return line.submitted_code or line.code, line.submitted_modifiers or line.modifiers, line.date_of_service
