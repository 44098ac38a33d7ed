"""What is true of each claim, beside the files that tell it: what a reader of the answers must find out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from integration_engine.core.money import ZERO
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.simulator.adjudicating import REVERSAL
from integration_engine.simulator.scenario import Ending
from integration_engine.simulator.writing import AnswerFile


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePayment:
    """One CLP in one payment. trace: TRN02. claim: as written, reversals included."""

    trace: str
    payer_id: str
    claim: RemitClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTruth:
    """One claim's fate.

    Shapes   interchange, transaction: ISA13 and ST02 it was sent in. interchange_code: TA101, set_code: IK501, None where
             no such answer was written. refused_position: what the 999 names, on the claim that caused the refusal only.
             clearinghouse, payer: category of the 277CA of each stage. category: the denial category, None when nothing
             is denied.
    """

    number: str
    interchange: str
    transaction: str
    outcome: str
    ending: Ending
    interchange_code: str | None = None
    set_code: str | None = None
    refused_position: str | None = None
    clearinghouse: str | None = None
    payer: str | None = None
    payer_control_number: str | None = None
    category: str | None = None
    payments: tuple[TruePayment, ...] = ()

    @property
    def paid(self) -> Decimal:
        """All payments less all reversals."""
        return sum((payment.claim.paid for payment in self.payments), ZERO)

    @property
    def in_force(self) -> tuple[RemitClaim, ...]:
        """The decisions that no later one reversed: what a replacement or void of this claim undoes."""
        decisions = [one.claim for one in self.payments if one.claim.number == self.number]
        reversed_numbers = {one.payer_control_number for one in decisions if one.status == REVERSAL}
        return tuple(
            one for one in decisions if one.status != REVERSAL and one.payer_control_number not in reversed_numbers
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The answers to one 837P file in the order they are written, and the truth they tell.

    Shapes   truth: one a claim, in file order. remits: every payment, as written. next_interchange: the first ISA13 that
             is still free.
    """

    files: tuple[AnswerFile, ...]
    truth: tuple[ClaimTruth, ...]
    remits: tuple[Remit, ...]
    next_interchange: int


def history_of(
    truth: tuple[ClaimTruth, ...], earlier: Mapping[str, tuple[RemitClaim, ...]] | None = None
) -> dict[str, tuple[RemitClaim, ...]]:
    """Payer control number → what stands decided under it, for later replacements and voids.

    Shapes   earlier: the history these answers were given with; what they reversed no longer stands.
    """
    history = dict(earlier or {})
    for one in truth:
        for payment in one.payments:
            if payment.claim.status == REVERSAL and payment.claim.number != one.number:
                history.pop(payment.claim.payer_control_number or "", None)
        for claim in one.in_force:
            number = claim.payer_control_number or ""
            history[number] = (*history.get(number, ()), claim)
    return history
