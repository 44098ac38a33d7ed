"""What we sent, as far as an answer is compared with it: one claim under its number, and its lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integration_engine.domain.claim import Claim, Frequency


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedLine:
    """One service line as sent. number: LX01. line_control: REF*6R. charges: ids of the charge lines it bills."""

    number: int
    line_control: str | None
    code: str
    modifiers: tuple[str, ...]
    units: int
    charge: Decimal
    date_of_service: date
    charges: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedClaim:
    """One submission of a claim.

    Shapes   id: the store's. number: CLM01. sequence: P, S or T. payer_control_number: the payer's number for this
             claim, once a 277CA or a remit gave it; replaces: the payer's number sent as REF*F8 on a replacement or void.
             clearinghouse_number: REF*D9. patient_paid: AMT*F5.
    """

    id: int
    number: str
    payer_key: str
    payer_id: str
    profile: str
    date_of_service: date
    total: Decimal
    lines: tuple[SubmittedLine, ...]
    sequence: str = "P"
    frequency: Frequency = Frequency.ORIGINAL
    payer_control_number: str | None = None
    clearinghouse_number: str | None = None
    replaces: str | None = None
    patient_paid: Decimal | None = None


def submitted(claim: Claim) -> SubmittedClaim:
    """A numbered claim as what was sent of it."""
    draft = claim.draft
    return SubmittedClaim(
        id=claim.id,
        number=claim.number,
        payer_key=draft.payer.key,
        payer_id=draft.payer.payer_id,
        profile=draft.payer.profile,
        date_of_service=draft.date_of_service,
        total=draft.total_charge,
        sequence=draft.sequence,
        frequency=draft.frequency,
        replaces=draft.payer_control_number,
        patient_paid=draft.patient_paid,
        lines=tuple(
            SubmittedLine(
                number=line.number,
                line_control=line.line_control,
                code=line.code,
                modifiers=tuple(line.modifiers),
                units=line.units,
                charge=line.charge,
                date_of_service=line.date_of_service,
                charges=line.charges,
            )
            for line in draft.lines
        ),
    )
