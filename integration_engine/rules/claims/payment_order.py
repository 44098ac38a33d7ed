"""In which order a day's codes will be reduced, as information: the multiple-procedure payment reduction.

The first unit of the code with the highest practice expense is paid whole, every other unit has that part halved,
across disciplines. It changes nothing on the claim; it explains the remittance (CARC 59) before it comes.
Source  CMS Pub 100-04 ch. 5 §10.7; ties by the whole fee as payers publish it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Decision, Outcome
from integration_engine.core.money import ZERO
from integration_engine.domain.treatment_day import History, PriorDay, TreatmentDay
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry

CITATION = Citation(document="CMS Pub 100-04 ch. 5", section="§10.7")


def same_day(day: TreatmentDay, history: History) -> list[PriorDay]:
    """The other treatment days of this date that the same provider bills."""
    return [
        prior
        for prior in history.days
        if prior.date_of_service == day.date_of_service and prior.billing_provider == day.billing_provider
    ]


def payment_order(
    codes: tuple[tuple[Hcpcs, int], ...], day: TreatmentDay, history: History, entry: PayerEntry, parameters: Parameters
) -> tuple[Decision, ...]:
    """The reduced codes, the one paid whole first; nothing where only one unit is reduced or the payer does not reduce.

    Shapes   codes: of this treatment day; those of the day's other disciplines by the same provider count with them.
    """
    on = day.date_of_service
    if not parameters.profiles[entry.payer.profile].threshold.at(on):
        return ()
    others = same_day(day, history)
    if not others:  # nearly every day: the codes alone say it
        key = ("payment order", entry.payer.key, on, codes)
        return parameters.remember(key, lambda: _order(dict(codes), on, entry, parameters))
    units = dict(codes)
    for other in others:
        for code, count in other.codes:
            units[code] = units.get(code, 0) + count
    return _order(units, on, entry, parameters)


def _order(units: Mapping[Hcpcs, int], on: date, entry: PayerEntry, parameters: Parameters) -> tuple[Decision, ...]:
    reduced = [(c, n) for c, n in units.items() if (facts := parameters.procedure(c, on)) is not None and facts.reduced]
    if sum(n for _, n in reduced) <= 1:
        return ()
    expense = {c: d.find(on) if (d := entry.practice_expense.get(c)) else None for c, _ in reduced}
    missing = [c for c, amount in expense.items() if amount is None]
    if missing:
        return (
            Decision(
                station="payment",
                subject="multiple procedures",
                rule="payment.multiple_procedures",
                value="not checked",
                outcome=Outcome.NOT_CHECKED,
                working=(f"no practice expense amount is loaded for {' '.join(missing)}",),
                citation=CITATION,
                otherwise=("with practice_expense of these codes in mappings/practice.yaml the order would be told",),
            ),
        )
    fee = {c: (d.find(on) if (d := entry.allowed.get(c)) else None) or ZERO for c, _ in reduced}
    order = sorted(reduced, key=lambda pair: (-(expense[pair[0]] or ZERO), -fee[pair[0]], pair[0]))
    first = order[0][0]
    return (
        Decision(
            station="payment",
            subject="multiple procedures",
            rule="payment.multiple_procedures",
            value=" ".join(code for code, _ in order),
            working=(
                f"one unit of {first} is paid whole: its practice expense, {expense[first]}, is the highest",
                "every other unit has its practice expense halved",
            ),
            citation=CITATION,
            otherwise=("one reduced unit alone on the day would be paid whole",),
        ),
    )
