"""Claims on which a limit runs: refused and not sent again, or denied with a denial nobody has worked."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from integration_engine.domain.running_claim import RunningClaim
from integration_engine.store import tables as t

_GONE_AGAIN = ("batched", "submitted")


def running_claims(connection: Connection) -> list[RunningClaim]:
    """Every claim with a limit to keep, once each, by number."""
    c, later = t.claim.c, t.claim.alias("later")
    same = [c[name] == later.c[name] for name in ("treatment_day_id", "part", "sequence", "payer")]
    gone = select(later.c.id).where(later.c.id > c.id, *same, later.c.state.in_(_GONE_AGAIN)).exists()
    refused = {
        row.id: row
        for row in connection.execute(
            select(c.id, c.number, c.file_by).where(c.state == "refused", c.file_by.is_not(None), ~gone)
        )
    }
    d = t.denial.c
    denied = {
        row.id: row
        for row in connection.execute(
            select(
                c.id, c.number, c.file_by, func.min(d.appeal_by).label("appeal_by"), func.min(d.owner).label("owner")
            )
            .join(t.denial, d.claim_id == c.id)
            .where(d.state == "open")
            .group_by(c.id, c.number, c.file_by)
        )
    }
    found = [
        RunningClaim(
            claim_id=claim_id,
            number=(denied.get(claim_id) or refused[claim_id]).number,
            refused=claim_id in refused,
            denied=claim_id in denied,
            file_by=(denied.get(claim_id) or refused[claim_id]).file_by,
            appeal_by=denied[claim_id].appeal_by if claim_id in denied else None,
            owner=denied[claim_id].owner if claim_id in denied else "biller",
        )
        for claim_id in refused.keys() | denied.keys()
    ]
    return sorted(found, key=lambda one: one.number)
