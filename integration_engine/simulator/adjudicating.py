"""What a payer decides of one claim: fee schedule, contract, denial, coordination, reversal. Every result balances.

A decision is a ``RemitClaim``, the record the reader of remits gives back, so that what was decided and what was read can
be compared field by field. Source  order of reductions: X12.md §2.9 B6, THERAPY_RULES §2.2 (assistants), §5.3 (multiple
procedures), §7.1 (reasons); amounts are the scenario's and invented.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from integration_engine.core.codes import Modifier
from integration_engine.core.money import ZERO, round_money
from integration_engine.domain.remit import Adjustment, RemitClaim, RemitLine
from integration_engine.simulator.scenario import (
    Cause,
    Contract,
    Ending,
    Outcome,
    Payment,
    Scenario,
    contract_of,
    number_from,
)
from integration_engine.simulator.sent import PriorPayment, SentClaim, SentLine, rank

HUNDRED = Decimal(100)
PAYER_NUMBER_DIGITS = 13
REPLACEMENT, VOID = "7", "8"
ASSISTANT_MODIFIERS = frozenset({"CQ", "CO"})
DENIED, REVERSAL = "4", "22"
_PROCESSED = {"S": "2"}
_FORWARDED = {"1": "19", "2": "20", "3": "21"}

# Payer control number → what stands decided under it.
History = Mapping[str, tuple[RemitClaim, ...]]
# By claim and line number: the units of a line that lose practice expense, and whether it is its day's first-ranked one.
Ranking = Mapping[tuple[str, int], tuple[Decimal, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the first remit says of a claim, and what a later one says. outcome: the one that took effect."""

    outcome: Outcome
    first: tuple[RemitClaim, ...]
    later: tuple[RemitClaim, ...] = ()


def payer_number(claim: str, decision: int = 1) -> str:
    """The number a payer gives a claim, and another one to a second decision of it."""
    return number_from("payer", claim, decision, digits=PAYER_NUMBER_DIGITS)


def decide(claim: SentClaim, outcome: Outcome, scenario: Scenario, ranking: Ranking, history: History) -> Decided:
    """What becomes of a claim that reached its payer."""
    earlier: tuple[RemitClaim, ...] = ()
    if claim.frequency in {REPLACEMENT, VOID}:
        found = history.get(claim.original or "")
        if found is None:
            return _denied_by_itself(claim, "unknown_original", scenario, ranking)
        earlier = tuple(map(reversal, found))
        if claim.frequency == VOID:
            return Decided(outcome=outcome, first=earlier)
    if claim.sequence not in {"", "P"} and not _coordinated(claim):
        decided = _denied_by_itself(claim, "prior_payer_missing", scenario, ranking)
        return replace(decided, first=(*earlier, *decided.first))
    if outcome.ending is Ending.CORRECTED:
        before = _decision(claim, scenario.outcomes[outcome.first], scenario, ranking)
        after = _decision(claim, scenario.outcomes[outcome.then], scenario, ranking)
        second = replace(after, payer_control_number=payer_number(claim.number, 2))
        return Decided(outcome=outcome, first=(*earlier, before), later=(reversal(before), second))
    decision = _decision(claim, outcome, scenario, ranking)
    if outcome.payment.split and len(decision.lines) > 1:
        first, rest = _part(decision, decision.lines[:1]), _part(decision, decision.lines[1:])
        return Decided(outcome=outcome, first=(*earlier, first), later=(rest,))
    return Decided(outcome=outcome, first=(*earlier, decision))


def reversal(decided: RemitClaim) -> RemitClaim:
    """The same decision with every amount and quantity turned round (CLP02 22)."""
    return replace(
        decided,
        status=REVERSAL,
        charge=-decided.charge,
        paid=-decided.paid,
        patient_responsibility=None,
        allowed=None,
        crossover_payer=None,
        remarks=(),
        adjustments=_negated(decided.adjustments),
        lines=tuple(
            replace(
                line,
                charge=-line.charge,
                paid=-line.paid,
                units_paid=-line.units_paid if line.units_paid is not None else None,
                allowed=None,
                remarks=(),
                adjustments=_negated(line.adjustments),
            )
            for line in decided.lines
        ),
    )


def rank_procedures(claims: Iterable[SentClaim], scenario: Scenario) -> Ranking:
    """Which units of each patient's day are paid with less practice expense: all but one of the highest-ranked line.

    Source   THERAPY_RULES §5.3: across codes, units and disciplines of one patient and date; ties by fee.
    """
    days: dict[tuple[object, ...], list[tuple[Decimal, Decimal, SentClaim, SentLine]]] = defaultdict(list)
    for claim in claims:
        if not contract_of(claim, scenario).multiple_procedure:
            continue
        for line in claim.lines:
            fee = scenario.fees.get(line.code)
            if fee is not None and fee.practice_expense is not None:
                day = (claim.payer_id, claim.member_id, claim.patient, line.on)
                days[day].append((fee.practice_expense, fee.allowed, claim, line))
    ranking: dict[tuple[str, int], tuple[Decimal, bool]] = {}
    for day_lines in days.values():
        if sum(line.units for *_, line in day_lines) <= 1:
            continue
        first = max(day_lines, key=lambda one: one[:2])[3]
        for *_, claim, line in day_lines:
            ranking[claim.number, line.number] = (line.units - (line is first), line is first)
    return ranking


# --- one decision ----------------------------------------------------------------------------------------------------


def _denied_by_itself(claim: SentClaim, kind: str, scenario: Scenario, ranking: Ranking) -> Decided:
    outcome = scenario.outcomes[scenario.automatic[kind]]
    return Decided(outcome=outcome, first=(_decision(claim, outcome, scenario, ranking),))


def _coordinated(claim: SentClaim) -> bool:
    return bool(claim.prior) or any(line.prior for line in claim.lines)


def _decision(claim: SentClaim, outcome: Outcome, scenario: Scenario, ranking: Ranking) -> RemitClaim:
    denied = outcome.cause if outcome.ending is Ending.DENIED else None
    if denied is None and _coordinated(claim) and not any(line.prior for line in claim.lines):
        return _coordinated_as_a_whole(claim, outcome)
    pricing = _Pricing(claim, outcome.payment, scenario, ranking)
    lines = []
    for line in claim.lines:
        if denied and (not denied.first_line_only or line.number == 1):
            lines.append(pricing.denied(line, denied))
        elif line.prior or _coordinated(claim):
            lines.append(pricing.coordinated(line))
        else:
            lines.append(pricing.priced(line))
    whole = all(line.allowed is None for line in lines)
    return _part(_frame(claim, outcome, status=DENIED if whole else _status(claim)), tuple(lines))


def _frame(claim: SentClaim, outcome: Outcome, *, status: str) -> RemitClaim:
    """The parts of a decision that no amount stands in."""
    forwarded = outcome.payment.forwarded_to if status != DENIED else None
    return RemitClaim(
        number=claim.number,
        status=_FORWARDED[status] if forwarded else status,
        charge=claim.charge,
        paid=ZERO,
        position=0,
        claim_filing=claim.filing,
        payer_control_number=payer_number(claim.number),
        place_of_service=claim.place_of_service,
        frequency=claim.frequency,
        patient_name=claim.patient,
        member_id=claim.member_id,
        rendering_npi=claim.rendering_npi,
        crossover_payer=forwarded[0] if forwarded else None,
        remarks=("MA18",) if forwarded else (),
    )


def _part(frame: RemitClaim, lines: tuple[RemitLine, ...]) -> RemitClaim:
    """A decision over some lines: its amounts are their sums."""
    allowed = [line.allowed for line in lines if line.allowed is not None]
    return replace(
        frame,
        charge=sum((line.charge for line in lines), ZERO),
        paid=sum((line.paid for line in lines), ZERO),
        patient_responsibility=sum((_patient_part(line.adjustments) for line in lines), ZERO),
        allowed=sum(allowed, ZERO) if allowed else None,
        lines=lines,
    )


def _coordinated_as_a_whole(claim: SentClaim, outcome: Outcome) -> RemitClaim:
    """An earlier payer that adjudicated the claim, not its lines, is answered in the same way."""
    last = _last(claim.prior)
    left = last.remaining if last.remaining is not None else _patient_part(last.adjustments)
    adjustments = _without_zero([Adjustment(group="OA", reason="23", amount=claim.charge - left)])
    frame = _frame(claim, outcome, status=_status(claim))
    return replace(frame, paid=left, patient_responsibility=ZERO, allowed=left, adjustments=adjustments)


class _Pricing:
    """Prices the lines of one claim in order; deductible and copay are used up on the way."""

    def __init__(self, claim: SentClaim, payment: Payment, scenario: Scenario, ranking: Ranking) -> None:
        self.claim = claim
        self.payment = payment
        self.scenario = scenario
        self.ranking = ranking
        self.contract: Contract = contract_of(claim, scenario)
        self.deductible = payment.deductible or ZERO
        self.copay = self.contract.copay

    def denied(self, line: SentLine, cause: Cause) -> RemitLine:
        adjustments = _without_zero([Adjustment(group=cause.group, reason=cause.reason, amount=line.charge)])
        return replace(self._answer(line), adjustments=adjustments, remarks=cause.remarks)

    def priced(self, line: SentLine) -> RemitLine:
        """Fee, multiple procedures, deductible, copay or coinsurance, assistant, sequestration: in this order."""
        fee = self._fee(line)
        if fee is None:
            cause = self.scenario.outcomes[self.scenario.automatic["unlisted_code"]].cause
            assert cause is not None
            return self.denied(line, cause)
        reduced, is_primary = self._multiple_procedure(line, fee)
        allowed = fee - reduced
        deductible = allowed if self.payment.all_to_deductible else min(self.deductible, allowed)
        self.deductible -= min(self.deductible, deductible)
        copay = min(self.copay, allowed - deductible)
        self.copay -= copay
        coinsurance = _percent(allowed - deductible - copay, self.contract.coinsurance)
        due = allowed - deductible - copay - coinsurance
        assisted = bool(ASSISTANT_MODIFIERS.intersection(line.modifiers))
        assistant = _percent(due, self.contract.assistant) if assisted else ZERO
        sequestration = _percent(due - assistant, self.contract.sequestration)
        remarks = [code for code, given in (("N670", is_primary), ("N851", assistant > ZERO)) if given]
        return replace(
            self._answer(line),
            paid=due - assistant - sequestration,
            allowed=allowed,
            remarks=tuple(remarks),
            adjustments=_without_zero(
                [
                    Adjustment(group="CO", reason="45", amount=line.charge - fee + assistant),
                    Adjustment(group="CO", reason="59", amount=reduced),
                    Adjustment(group="CO", reason="253", amount=sequestration),
                    Adjustment(group="PR", reason="1", amount=deductible),
                    Adjustment(group="PR", reason="2", amount=coinsurance),
                    Adjustment(group="PR", reason="3", amount=copay),
                ]
            ),
        )

    def coordinated(self, line: SentLine) -> RemitLine:
        """Pays what the payer before left to the patient, up to what this payer would have paid alone."""
        own = self._fee(line)
        last = _last(line.prior) if line.prior else None
        left = _patient_part(last.adjustments) if last else ZERO
        before = sum((prior.paid or ZERO for prior in line.prior), ZERO)
        paid = min(left, max(ZERO, (own if own is not None else line.charge) - before))
        reason = next((one.reason for one in last.adjustments if one.group == "PR"), "2") if last else "2"
        return replace(
            self._answer(line),
            paid=paid,
            allowed=left,
            adjustments=_without_zero(
                [
                    Adjustment(group="OA", reason="23", amount=line.charge - left),
                    Adjustment(group="PR", reason=reason, amount=left - paid),
                ]
            ),
        )

    def _fee(self, line: SentLine) -> Decimal | None:
        """Allowed before reductions, never above the charge; None for a code that nothing prices."""
        fee = self.scenario.fees.get(line.code)
        if fee is not None:
            return min(line.charge, round_money(fee.allowed * line.units))
        percent = self.scenario.percent_of_charge
        return None if percent is None else _percent(line.charge, percent)

    def _multiple_procedure(self, line: SentLine, allowed: Decimal) -> tuple[Decimal, bool]:
        units, is_primary = self.ranking.get((self.claim.number, line.number), (ZERO, False))
        expense = self.scenario.fees[line.code].practice_expense if units or is_primary else None
        reduced = _percent(expense, self.contract.multiple_procedure) * units if expense is not None else ZERO
        return min(round_money(reduced), allowed), is_primary

    def _answer(self, line: SentLine) -> RemitLine:
        modifiers = () if self.payment.drops_modifiers else tuple(map(Modifier, line.modifiers))
        return RemitLine(
            number=line.number,
            code=line.code,
            charge=line.charge,
            paid=ZERO,
            modifiers=modifiers,
            units_paid=line.units,
            date_of_service=line.on,
            line_control=None if self.payment.drops_line_controls else line.control,
        )


# --- small sums ------------------------------------------------------------------------------------------------------


def _status(claim: SentClaim) -> str:
    return "1" if claim.sequence in {"", "P"} else _PROCESSED.get(claim.sequence, "3")


def _last(prior: tuple[PriorPayment, ...]) -> PriorPayment:
    """The payer that paid last before this one."""
    return max(prior, key=lambda one: rank(one.sequence))


def _patient_part(adjustments: tuple[Adjustment, ...]) -> Decimal:
    return sum((one.amount for one in adjustments if one.group == "PR"), ZERO)


def _percent(amount: Decimal, percent: Decimal) -> Decimal:
    return round_money(amount * percent / HUNDRED)


def _without_zero(adjustments: list[Adjustment]) -> tuple[Adjustment, ...]:
    """X12.md B5: an adjustment of zero is not sent."""
    return tuple(one for one in adjustments if one.amount)


def _negated(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    return tuple(
        replace(one, amount=-one.amount, quantity=-one.quantity if one.quantity is not None else None)
        for one in adjustments
    )
