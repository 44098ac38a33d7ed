"""Payments that are in the books, found by what the bank has of them: their amount."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, select

from integration_engine.core.money import from_cents, to_cents
from integration_engine.domain.booked_payment import BookedClaim, BookedPayment
from integration_engine.store import tables as t
from integration_engine.store.database import parts
from integration_engine.store.documents import decode_remit


class BookedPayments:
    """Reads what was posted."""

    @staticmethod
    def of_amount(connection: Connection, amount: Decimal) -> list[BookedPayment]:
        """Every posted payment of this amount, of any payer, with the claims that took effect, oldest first."""
        r, c = t.remit.c, t.remit_claim.c
        rows = connection.execute(
            select(r.id, r.answer_id, r.document, t.answer.c.file_name)
            .join(t.answer, t.answer.c.id == r.answer_id)
            .where(r.amount_cents == to_cents(amount), r.state == "posted")
            .order_by(r.id)
        ).all()
        claims: dict[int, list[BookedClaim]] = {row.id: [] for row in rows}
        for part in parts(list(claims)):
            told = connection.execute(
                select(c.remit_id, c.number, c.paid_cents, t.claim.c.number.label("ours"))
                .outerjoin(t.claim, t.claim.c.id == c.claim_id)
                .where(c.remit_id.in_(part), c.state != "repeated")
                .order_by(c.id)
            )
            for one in told:
                booked = BookedClaim(number=one.number, ours=one.ours, paid=from_cents(one.paid_cents))
                claims[one.remit_id].append(booked)
        return [
            BookedPayment(
                remit=decode_remit(row.document),
                file_name=row.file_name,
                answer_id=row.answer_id,
                claims=tuple(claims[row.id]),
            )
            for row in rows
        ]
