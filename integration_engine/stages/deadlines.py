"""Filing and appeal limits of refused and denied claims watched: each tells in its queue as the day comes near."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from integration_engine.core.findings import Finding
from integration_engine.rules.denials.deadlines import DEADLINES, deadline_findings
from integration_engine.store import Store
from integration_engine.store.queries.deadlines import running_claims


def watch_deadlines(store: Store, steps: Sequence[int], today: date, now: datetime) -> int:
    """Bring the holds of near limits up to date; returns how many limits are near or have passed.

    Shapes   steps: days left at which someone is told; none: nothing is watched. today: the date in the practice's zone.
    """
    if not steps:
        return 0
    with store.database.write() as connection:
        wanted: dict[int, tuple[Finding, ...]] = {}
        for claim in running_claims(connection):
            findings = deadline_findings(claim, steps, today)
            if findings:
                wanted[claim.claim_id] = findings
        told = {claim_id for finding in DEADLINES for claim_id in store.holds.claims_with(connection, finding)}
        for claim_id in sorted(wanted.keys() | told):
            store.holds.sync(connection, wanted.get(claim_id, ()), now, claim_id=claim_id, families=DEADLINES)
    return sum(len(findings) for findings in wanted.values())
