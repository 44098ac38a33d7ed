"""A payment that is in the books already, as a remit that comes later is compared with it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from integration_engine.domain.remit import Remit


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedClaim:
    """One claim of it. number: as the payer wrote it. ours: our claim number, None while its money waits on *unapplied*."""

    number: str
    ours: str | None
    paid: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedPayment:
    """One payment. remit: its head, without claims. file_name, answer_id: of the answer file that brought it."""

    remit: Remit
    file_name: str
    answer_id: int
    claims: tuple[BookedClaim, ...]
