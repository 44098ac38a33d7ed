"""Later payers: after an answer, a correction or a changed insurance, each later payer's claim is what it should be.

Everything is decided from what is stored, so asking again changes nothing: the remits of the earlier payer, what left,
what was refused, and what waits. Part of the stage that asks, inside its transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from integration_engine.core.findings import Finding
from integration_engine.domain.claim import Claim, Frequency
from integration_engine.domain.record import PatientRecord
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.domain.sent_claim import SentClaim, SentState
from integration_engine.domain.submission import submitted
from integration_engine.rules.answers.remit_matching import match
from integration_engine.rules.claims.parties import AFTER_FIRST, FIRST
from integration_engine.rules.later_payers.coordination import Coordinated
from integration_engine.rules.later_payers.course import (
    FAMILIES,
    LaterCourse,
    decision_in_force,
    later_course,
    standing_claim,
    taken_back,
    withdrawn_course,
)
from integration_engine.rules.later_payers.next_payer import later_claim
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.store import Connection, Store
from integration_engine.store.later_claims import Family, WaitingClaim
from integration_engine.store.refusals import REJECTIONS

RANKS = tuple(zip((FIRST, *AFTER_FIRST), AFTER_FIRST, strict=False))  # each rank with the one behind
Payments = Sequence[tuple[Remit, RemitClaim]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleLaterPayers:
    """Settles the later payers' claims. on: the date in the practice's zone."""

    store: Store
    parameters: Parameters
    on: date
    now: datetime

    def settle(self, connection: Connection, claim_ids: Collection[int]) -> None:
        """Draft, draw anew, drop or hold the later payers' claims of the families of these claims."""
        store = self.store
        several = store.submissions.with_later_payers(connection, claim_ids)
        if not several:
            return
        families = store.later_claims.families(connection, several)
        sent = [one.id for family in families for one in family.sent]
        payments = store.answers.posted_for(connection, sent)
        records = store.records.load(connection, {family.patient_id for family in families})
        held = store.holds.claims_held(connection, sent)
        for family in families:
            told = self._family(connection, family, records[family.patient_id], payments)
            for one in family.sent:
                if one.id in told or one.id in held:
                    store.holds.sync(connection, told.get(one.id, ()), self.now, claim_id=one.id, families=FAMILIES)

    def _family(
        self,
        connection: Connection,
        family: Family,
        record: PatientRecord,
        payments: Mapping[int, Payments],
    ) -> dict[int, tuple[Finding, ...]]:
        """What is told under the claims of a family, rank by rank."""
        told: dict[int, tuple[Finding, ...]] = {}
        for rank, behind in RANKS:
            earlier = standing_claim([one for one in family.sent if one.draft.sequence == rank])
            later = [one for one in family.sent if one.draft.sequence == behind]
            waiting = [one for one in family.waiting if one.draft.sequence == behind]
            if earlier is None or any(one.on_its_way for one in waiting):
                continue  # what lies in a file already is settled when it has left
            course = self._course(earlier, later, waiting, payments.get(earlier.id, ()), record)
            if course is None:
                continue
            self.store.later_claims.redraw(connection, earlier, waiting, course.drafts, course.refusal, self.now)
            last = later[-1] if later else None
            if course.drafts and last is not None and last.state is SentState.REFUSED:
                # It waits under the new draft.
                self.store.holds.sync(connection, (), self.now, claim_id=last.id, families=REJECTIONS)
            if course.findings:
                stands = standing_claim(later) or earlier
                told[stands.id] = (*told.get(stands.id, ()), *course.findings)
        return told

    def _course(
        self,
        earlier: SentClaim,
        later: Sequence[SentClaim],
        waiting: Sequence[WaitingClaim],
        payments: Payments,
        record: PatientRecord,
    ) -> LaterCourse | None:
        """What the later payer is to have; None while the earlier payer has said nothing, and all stays as it is."""
        if earlier.draft.frequency is Frequency.VOID:
            return withdrawn_course(earlier, later, self.parameters)
        billed = standing_claim(later) is not None
        own = earlier.draft.payer.payer_id if earlier.draft.sequence == FIRST else ""
        ids = {entry.payer.payer_id for entry in self.parameters.practice.payers.values()}
        charged = earlier.draft.total_charge
        decision = decision_in_force(payments, first=own, payers=ids, billed=billed, charged=charged)
        if decision is not None:
            following = self._following(earlier, *decision, record)
            return later_course(earlier, following, later, self.parameters)
        if not payments:
            return None
        rests_on_it = bool(waiting) or standing_claim(later) is not None
        return LaterCourse(findings=(taken_back(earlier),) if rests_on_it else ())

    def _following(
        self, earlier: SentClaim, remit: Remit, answer: RemitClaim, record: PatientRecord
    ) -> Coordinated | None:
        ours = submitted(Claim(id=earlier.id, number=earlier.number, draft=earlier.draft))
        return later_claim(
            earlier,
            answer,
            match(answer, [ours]),
            remit.decided_on or self.on,
            [kept.value for kept in record.coverages],
            [kept.value for kept in record.authorizations],
            record.patient,
            self.parameters,
        )
