"""What would a booked visit bring? Only what an earlier one like it did: same discipline, same payer, no evaluation.

Authority: house rule; an amount is told with the visit it comes from, and unknown is told as unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.money import ZERO
from integration_engine.domain.parties import Discipline
from integration_engine.domain.record import KeptDay, PatientRecord
from integration_engine.rules.parameters.practice import PayerEntry


def worth_of_visit(
    record: PatientRecord, days: Sequence[KeptDay], discipline: Discipline | None, entry: PayerEntry | None
) -> tuple[Decimal | None, str]:
    """What such a visit brought last time: its allowed amount, else its charge; never a guess.

    Shapes   returns dollars and where they come from; None and "unknown" where no earlier visit tells.
    """
    payer = entry.payer.key if entry else None
    like = [d for d in days if d.discipline is discipline and d.payer in (None, payer) and not d.evaluation and d.codes]
    for day in sorted(like, key=lambda d: d.date_of_service, reverse=True):
        if day.allowed is not None:
            return day.allowed, f"allowed amount of the visit of {day.date_of_service}"
        charge = _charge(record, day)
        if charge is not None:
            return charge, f"charge of the visit of {day.date_of_service}"
    return None, "unknown"


def _charge(record: PatientRecord, day: KeptDay) -> Decimal | None:
    """The day's units at the EMR's own price of a unit; None when one code has none."""
    prices: dict[Hcpcs, Decimal] = {
        t.code: t.unit_charge
        for e in record.encounters
        if (e.value.date_of_service, e.value.discipline) == (day.date_of_service, day.discipline)
        for t in e.value.treatments
        if t.code is not None and t.unit_charge is not None
    }
    if not all(code in prices for code, _ in day.codes):
        return None
    return sum((prices[code] * units for code, units in day.codes), ZERO)
