"""Claims refused before adjudication, and those that the payer took all the same; what either leaves of their days.

Which claim of a day stands is decided in rules/corrections/chain.py; here it is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, select, update

from integration_engine.core.findings import Finding
from integration_engine.domain.claim import Frequency
from integration_engine.domain.claim_link import DayStands, Link
from integration_engine.domain.record import ChargeState, DayState
from integration_engine.domain.sent_claim import SentState
from integration_engine.store import tables as t
from integration_engine.store.database import parts, update_many
from integration_engine.store.documents import encode
from integration_engine.store.holds import Holds
from integration_engine.store.submissions import sent_claims

FIRST_PAYER = "P"
REJECTIONS = ("rejections.",)  # the holds of a refusal; others of its claim or day are not its own
DUPLICATE = "18"  # CARC: exact duplicate of a claim that the payer has
_REFUSED = SentState.REFUSED.value


class Refusals:
    """What is kept of refusals."""

    def __init__(self, holds: Holds) -> None:
        self._holds = holds

    def refuse(self, connection: Connection, refused: Mapping[int, tuple[Finding, ...]], now: datetime) -> list[int]:
        """Keep claims as refused: the payer never adjudicated them; returns the patients.

        Shapes   refused: claim id → the findings that say why. A claim to a later payer waits by itself: its day was
                 billed to the first payer and stays so.
        """
        rows: list[Any] = []
        for part in parts(sorted(refused)):
            query = sent_claims().where(t.claim.c.id.in_(part), t.claim.c.state == SentState.SUBMITTED.value)
            rows.extend(connection.execute(query))
        update_many(
            connection, t.claim, [{"id": row.id, "state": _REFUSED, "refusal": encode(refused[row.id])} for row in rows]
        )
        for row in rows:
            if row.sequence != FIRST_PAYER:
                self._holds.sync(connection, refused[row.id], now, claim_id=row.id, families=REJECTIONS)
        return sorted({row.patient_id for row in rows})

    def wait(self, connection: Connection, days: Sequence[tuple[int, int, Sequence[Finding]]], now: datetime) -> None:
        """Let days wait for what was refused of them: (day id, patient id, findings); none ends the wait."""
        self._holds.sync_days(connection, days, now, families=REJECTIONS)

    def unrefuse(self, connection: Connection, claim_ids: Collection[int], now: datetime) -> set[int]:
        """Refused claims that the payer took all the same; what was drawn up in their place is dropped; returns the patients."""
        rows: list[Any] = []
        for part in parts(sorted(claim_ids)):
            rows.extend(connection.execute(sent_claims().where(t.claim.c.id.in_(part))))
        update_many(
            connection, t.claim, [{"id": row.id, "state": SentState.SUBMITTED.value, "refusal": ""} for row in rows]
        )
        for row in rows:
            if row.sequence != FIRST_PAYER:
                self._holds.sync(connection, (), now, claim_id=row.id, families=REJECTIONS)
                continue
            c = t.claim.c
            in_its_place = c.treatment_day_id == row.treatment_day_id, c.part == row.part, c.sequence == FIRST_PAYER
            connection.execute(update(t.claim).where(*in_its_place, c.state == "drafted").values(state="withdrawn"))
        return {row.patient_id for row in rows}

    @staticmethod
    def contradicted(connection: Connection, claim_ids: Collection[int]) -> dict[int, str]:
        """Claims kept as refused whose answers say otherwise by now, of the parts and payers of these: id → where it stands."""
        found: dict[int, str] = {}
        spoken = t.claim.alias("spoken")
        same = [t.claim.c[name] == spoken.c[name] for name in ("treatment_day_id", "part", "sequence", "payer")]
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(t.claim.c.id, t.claim.c.standing).where(
                    spoken.c.id.in_(part), *same, t.claim.c.state == _REFUSED, t.claim.c.standing != _REFUSED
                )
            )
            found.update({row.id: row.standing for row in rows})
        return found

    @staticmethod
    def given_way(connection: Connection, claim_ids: Collection[int]) -> dict[int, str]:
        """Claims that their payer took back or denied as a duplicate, of the parts and payers of these: id → number.

        Why      Where a visit went twice, such a word says that the other one is the claim the payer has.
        """
        found: dict[int, str] = {}
        spoken, d = t.claim.alias("spoken"), t.denial.c
        same = [t.claim.c[name] == spoken.c[name] for name in ("treatment_day_id", "part", "sequence", "payer")]
        of_claim = select(d.id).where(d.claim_id == t.claim.c.id)
        duplicate = exists(of_claim.where(d.carc == DUPLICATE)) & ~exists(of_claim.where(d.carc != DUPLICATE))
        word = (t.claim.c.standing == "reversed") | ((t.claim.c.standing == "denied") & duplicate)
        for part in parts(sorted(claim_ids)):
            original = t.claim.c.frequency == Frequency.ORIGINAL.value
            rows = connection.execute(
                select(t.claim.c.id, t.claim.c.number).where(spoken.c.id.in_(part), *same, original, word)
            )
            found.update({row.id: row.number for row in rows})
        return found

    @staticmethod
    def others(connection: Connection, claim_ids: Collection[int]) -> dict[int, dict[int, str]]:
        """Originals with the payer for the parts of these claims beside them, not voided or replaced: id → (id → number)."""
        found: dict[int, dict[int, str]] = defaultdict(dict)
        other = t.claim.alias("other")
        same = [t.claim.c[name] == other.c[name] for name in ("treatment_day_id", "part", "sequence", "payer")]
        with_payer = other.c.state == SentState.SUBMITTED.value, other.c.standing.not_in(("voided", "replaced"))
        original = other.c.frequency == Frequency.ORIGINAL.value, t.claim.c.frequency == Frequency.ORIGINAL.value
        for part in parts(sorted(claim_ids)):
            query = select(t.claim.c.id, other.c.id.label("other_id"), other.c.number)
            rows = connection.execute(
                query.where(t.claim.c.id.in_(part), other.c.id != t.claim.c.id, *same, *with_payer, *original)
            )
            for row in rows:
                found[row.id][row.other_id] = row.number
        return dict(found)

    @staticmethod
    def before(connection: Connection, claim_ids: Collection[int]) -> set[int]:
        """Those of these claims whose part went to their payer before, under a number that was refused."""
        found: set[int] = set()
        first = t.claim.alias("first")
        same = [t.claim.c[name] == first.c[name] for name in ("treatment_day_id", "part", "sequence", "payer")]
        for part in parts(sorted(claim_ids)):
            earlier = first.c.id < t.claim.c.id, first.c.state == _REFUSED, first.c.frequency == t.claim.c.frequency
            rows = connection.execute(
                select(t.claim.c.id).join(first, and_(*same, *earlier)).where(t.claim.c.id.in_(part))
            )
            found.update(rows.scalars())
        return found

    @staticmethod
    def after(connection: Connection, claim_ids: Collection[int]) -> dict[int, list[Link]]:
        """What went, or is on its way, to the same payer for the part of each of these claims after it, oldest first."""
        found: dict[int, list[Link]] = defaultdict(list)
        later, before = t.claim.alias("later"), t.claim.alias("before")
        same = [t.claim.c[name] == later.c[name] for name in ("treatment_day_id", "part", "sequence", "payer")]
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(
                    t.claim.c.id,
                    later.c.number,
                    later.c.frequency,
                    later.c.state,
                    before.c.number.label("follows"),
                )
                .join(later, later.c.id > t.claim.c.id)
                .join(before, before.c.id == later.c.follows_id, isouter=True)
                .where(t.claim.c.id.in_(part), *same, later.c.state.in_(("batched", "submitted", _REFUSED)))
                .order_by(later.c.id)
            )
            for row in rows:
                found[row.id].append(
                    Link(
                        number=row.number,
                        frequency=Frequency(row.frequency),
                        follows=row.follows,
                        refused=row.state == _REFUSED,
                    )
                )
        return dict(found)

    @staticmethod
    def refused_voids(connection: Connection, claim_ids: Collection[int]) -> set[int]:
        """The voids that were refused, of the parts and payers of these claims."""
        found: set[int] = set()
        spoken = t.claim.alias("spoken")
        same = [t.claim.c[name] == spoken.c[name] for name in ("treatment_day_id", "part", "sequence", "payer")]
        for part in parts(sorted(claim_ids)):
            void = t.claim.c.frequency == Frequency.VOID.value, t.claim.c.state == _REFUSED
            query = select(t.claim.c.id).where(spoken.c.id.in_(part), *same, *void)
            found.update(connection.execute(query.where(t.claim.c.standing == _REFUSED)).scalars())
        return found

    @staticmethod
    def questioned(connection: Connection, claim_ids: Collection[int], findings: Collection[str]) -> set[int]:
        """The claims with an open hold of one of these kinds, of the parts and payers of these."""
        found: set[int] = set()
        spoken = t.claim.alias("spoken")
        same = [t.claim.c[name] == spoken.c[name] for name in ("treatment_day_id", "part", "sequence", "payer")]
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(t.claim.c.id)
                .join(t.hold, t.hold.c.claim_id == t.claim.c.id)
                .where(spoken.c.id.in_(part), *same, t.hold.c.finding.in_(findings), t.hold.c.state == "open")
            )
            found.update(rows.scalars())
        return found

    @staticmethod
    def settle_days(connection: Connection, days: Sequence[DayStands]) -> None:
        """Bring days and their charge lines to what the first payer has of them.

        Why      A line is billed by the claim that names it also where the visit has changed since: only so is the day
                 seen to differ from what was sent, and decided again.
        """
        for state in (DayState.BILLED, DayState.HELD, DayState.VOID):
            of_state = sorted(day.day_id for day in days if day.state is state)
            for part in parts(of_state):
                connection.execute(
                    update(t.treatment_day).where(t.treatment_day.c.id.in_(part)).values(state=state.value)
                )
        billed, held, void = ChargeState.BILLED, ChargeState.HELD, ChargeState.VOID
        for charge, lines, before, reason in (
            (billed, (c for day in days for c in day.billed), (held, void, ChargeState.PENDING), _BILLED),
            (held, (c for day in days for c in day.held), (billed,), _HELD),
            (void, (c for day in days for c in day.void), (billed, held), _VOID),
        ):
            for part in parts(sorted(set(lines))):
                connection.execute(
                    update(t.charge)
                    .where(t.charge.c.id.in_(part), t.charge.c.state.in_([one.value for one in before]))
                    .values(state=charge.value, reason=reason)
                )


_BILLED = "billed by the claim that the payer has"
_HELD = "refused before adjudication: see the rejections queue"
_VOID = "replaced or voided by what the payer has"
