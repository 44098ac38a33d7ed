"""How far each authorization hold has come: read, moved with its evidence, and what patients agreed to pay.

Which steps are legal is decided by rules/authorization/hold_stages.py; here a step is saved where the hold still stands as it was
read, and entered in the audit in the same transaction. A hold whose patient pays is resolved, and opens again when the
agreement is taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from integration_engine.domain.hold import HoldStage, SelfPay
from integration_engine.store.audit import Audit
from integration_engine.store.tables import hold, treatment_day

OPEN, RESOLVED = "open", "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldStanding:
    """Where one hold stands. day_sent: a claim of its treatment day has left; False where it hangs on none."""

    id: int
    queue: str
    state: str
    stage: HoldStage
    patient_id: int | None
    day_sent: bool


class HoldStages:
    """The stages of the holds."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def standing(self, connection: Connection, hold_id: int) -> HoldStanding | None:
        """One hold's standing, locked until the transaction ends; None when there is no such hold."""
        row = connection.execute(
            select(hold.c.id, hold.c.queue, hold.c.state, hold.c.stage, hold.c.patient_id, treatment_day.c.sent)
            .join(treatment_day, treatment_day.c.id == hold.c.treatment_day_id, isouter=True)
            .where(hold.c.id == hold_id)
            .with_for_update(of=hold)
        ).first()
        if row is None:
            return None
        return HoldStanding(
            id=row[0], queue=row[1], state=row[2], stage=HoldStage(row[3]), patient_id=row[4], day_sent=bool(row[5])
        )

    def move(
        self,
        connection: Connection,
        standing: HoldStanding,
        to: HoldStage,
        *,
        evidence: str,
        reference: str,
        by: str,
        now: datetime,
    ) -> None:
        """Save one step that was found legal.

        Raises   LookupError when the hold moved on since it was read.
        """
        values: dict[str, Any] = {"stage": to.value, "evidence": evidence, "reference": reference}
        if to is HoldStage.PATIENT_PAY_ONLY:
            values |= {"state": RESOLVED, "closed_at": now, "closed_by": by, "reason": "the patient pays"}
        elif standing.stage is HoldStage.PATIENT_PAY_ONLY:
            values |= {"state": OPEN, "closed_at": None, "closed_by": "", "reason": ""}
        changed = connection.execute(
            update(hold)
            .where(hold.c.id == standing.id, hold.c.state == standing.state, hold.c.stage == standing.stage.value)
            .values(values)
        ).rowcount
        if not changed:
            raise LookupError(f"hold {standing.id} was moved by someone else; look at it again")
        proof = f"{evidence} (reference {reference})" if reference else evidence
        self._audit.append(
            connection,
            who=by,
            what=to.value,
            subject=f"hold {standing.id}",
            reason=f"{standing.stage} → {to}: {proof}",
            now=now,
        )


def self_pays(connection: Connection, patient_ids: Collection[int]) -> dict[int, list[SelfPay]]:
    """What each patient agreed to pay."""
    found: dict[int, list[SelfPay]] = defaultdict(list)
    rows = connection.execute(
        select(hold.c.patient_id, hold.c.treatment_day_id, hold.c.subject, hold.c.evidence, hold.c.reference)
        .where(hold.c.patient_id.in_(list(patient_ids)), hold.c.stage == HoldStage.PATIENT_PAY_ONLY.value)
        .order_by(hold.c.id)
    )
    for patient_id, day_id, subject, evidence, reference in rows:
        agreement = f"{evidence} (reference {reference})" if reference else evidence
        found[patient_id].append(SelfPay(day_id=day_id, subject=subject, agreement=agreement))
    return found
