"""A drafted claim as rows of its tables, whoever drafted it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from integration_engine.core.money import to_cents
from integration_engine.domain.claim import ClaimDraft
from integration_engine.store.documents import encode


def claim_row(
    claim_id: int, day_id: int, adjudication_id: int, draft: ClaimDraft, follows_id: int | None, now: datetime
) -> tuple[Any, ...]:
    """The row of a claim, in the order of the table's columns."""
    document = encode(draft)
    return (
        claim_id,
        day_id,
        adjudication_id,
        draft.part,
        "drafted",
        None,
        draft.payer.key,
        draft.payer.receiver,
        draft.discipline.value,
        draft.date_of_service,
        to_cents(draft.total_charge),
        document,
        hashlib.sha256(document.encode()).hexdigest(),
        now,
        draft.sequence,
        draft.frequency.value,
        follows_id,
        None,
        "",
        None,
        None,
        "",
    )


def line_rows(claim_id: int, draft: ClaimDraft) -> list[tuple[Any, ...]]:
    """The rows of its service lines."""
    return [
        (
            claim_id,
            line.number,
            line.code,
            " ".join(line.modifiers),
            line.units,
            to_cents(line.charge),
            line.date_of_service,
            line.line_control,
            encode(line.charges),
        )
        for line in draft.lines
    ]
