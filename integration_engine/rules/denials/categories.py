"""Was a line denied, and for which root cause: group, CARC and RARC with what we know of the line, one primary category.

A line is denied when nothing was paid and a reason in group CO, PI or OA took money that was to be had. A line that is at
zero only for the patient's share, a contract or sequestration is not denied. A code nobody has mapped makes the denial
``unmapped``; it is counted, never guessed. Source  REQUIREMENTS KPI registry, shared terms; mappings/responses/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from integration_engine.core.findings import Citation
from integration_engine.core.money import ZERO, round_money
from integration_engine.domain.denial import (
    Books,
    DenialCategory,
    DenialContext,
    DenialDecision,
    Remedy,
    UnmappedShare,
)
from integration_engine.domain.remit import Adjustment, AdjustmentGroup, RemitClaim, RemitLine
from integration_engine.rules.responses.files import ANY
from integration_engine.rules.responses.in_force import Action, DenialRule, Responses

REVERSAL = "22"
PREDETERMINATION = "25"
DENIED = "4"
# Groups that never deny: the patient's share, and the correction of an earlier answer.
_NEVER_DENY = frozenset({AdjustmentGroup.PATIENT.value, AdjustmentGroup.CORRECTION.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one adjustment means. category: None where no money was to be had. rule: the routing rule that decided."""

    adjustment: Adjustment
    category: DenialCategory | None
    books: Books
    says: str
    decided_by: str
    rule: DenialRule | None = None
    citation: Citation | None = None


def categorize(
    line: RemitLine, claim: RemitClaim, context: DenialContext, responses: Responses, on: date
) -> DenialDecision:
    """Whether one line was denied, why, and what to do next.

    Shapes   claim: the claim the line belongs to; its adjustments count where the line's own do not explain it.
             on: date of the remit, under which the code lists are asked.
    """
    if claim.status == REVERSAL:
        return _not_denied("The answer takes back an earlier one.", "reversal")
    if claim.status == PREDETERMINATION:
        return _not_denied("An estimate before the service pays and denies nothing.", "predetermination")
    if line.paid != ZERO:
        return _not_denied("The line was paid.", "paid")
    adjustments = explaining(line, claim)
    judged = [
        judge(adjustment, line, claim, context, responses, on)
        for adjustment in adjustments
        if adjustment.group not in _NEVER_DENY and adjustment.amount > ZERO
    ]
    denials = [one for one in judged if one.category is not None]
    if denials:
        return _decision(denials, line, claim, context, responses, on)
    if not adjustments and line.charge > ZERO and claim.status == DENIED:
        nothing = Adjustment(group="", reason="", amount=line.charge)
        unexplained = Judgement(
            adjustment=nothing,
            category=DenialCategory.UNMAPPED,
            books=Books.OPEN,
            says="denied without a reason",
            decided_by="no reason given",
        )
        return _decision([unexplained], line, claim, context, responses, on)
    shares = ", ".join(sorted({f"{a.group}-{a.reason}" for a in adjustments})) or "nothing"
    return _not_denied(f"At zero only for the patient's share or a contract ({shares}).", "no denial reason")


def categorize_claim(
    claim: RemitClaim, context: DenialContext, responses: Responses, on: date
) -> tuple[DenialDecision, tuple[DenialDecision, ...]]:
    """Whether a claim was denied: at least one denied line, or status 4; with the decision of each line.

    Shapes   the first is the claim's, with the category of the largest denied line; the others stand in line order,
             none for an answer without lines. context: what is known of the claim as a whole; ask ``categorize`` line
             by line where lines are known apart.
    """
    lines = tuple(categorize(line, claim, context, responses, on) for line in claim.lines)
    return of_claim(claim, lines, context, responses, on), lines


def of_claim(
    claim: RemitClaim, lines: tuple[DenialDecision, ...], context: DenialContext, responses: Responses, on: date
) -> DenialDecision:
    """Whether a claim was denied, given the decision of each of its lines; context: of the claim as a whole."""
    denied = [decision for decision in lines if decision.denied]
    if denied:
        return max(denied, key=lambda decision: decision.amount)
    if claim.status == REVERSAL:
        return _not_denied("The answer takes back an earlier one.", "reversal")
    whole = claim_as_line(claim)
    if not claim.lines:
        first = categorize(whole, claim, context, responses, on)
        if first.denied:
            return first
    if claim.status != DENIED:
        return _not_denied("No line was denied.", "no denied line")
    # Status 4 with the patient's share alone: the payer denies what the patient then owes, for a cause that counts.
    adjustments = (*claim.adjustments, *(a for line in claim.lines for a in line.adjustments))
    judged = [judge(a, whole, claim, context, responses, on) for a in adjustments if a.amount > ZERO]
    causes = [one for one in judged if one.category is not None]
    if not causes:
        text = "denied by status" if not judged else f"denied by status, {judged[0].says}"
        nothing = judged[0].adjustment if judged else Adjustment(group="", reason="", amount=claim.charge)
        causes = [
            Judgement(
                adjustment=nothing,
                category=DenialCategory.UNMAPPED,
                books=Books.OPEN,
                says=text,
                decided_by="claim status 4",
            )
        ]
    return _decision(causes, whole, claim, context, responses, on)


def claim_as_line(claim: RemitClaim) -> RemitLine:
    """An answer without lines, as one line numbered 0 that holds the claim's amounts."""
    return RemitLine(
        number=0,
        code="",
        charge=claim.charge,
        paid=claim.paid,
        date_of_service=claim.date_of_service,
        position=claim.position,
    )


def explaining(line: RemitLine, claim: RemitClaim) -> tuple[Adjustment, ...]:
    """The adjustments that explain a line: its own, and the claim's where its own leave something unexplained."""
    own = sum((adjustment.amount for adjustment in line.adjustments), ZERO)
    if line.charge - own == line.paid and line.adjustments:
        return line.adjustments
    return (*line.adjustments, *claim.adjustments)


def judge(
    adjustment: Adjustment,
    line: RemitLine,
    claim: RemitClaim,
    context: DenialContext,
    responses: Responses,
    on: date,
) -> Judgement:
    """What one adjustment means: by the first routing rule that holds, else by its reason, else by its remark."""
    if (rule := _rule_for(adjustment, line, claim, context, responses, on)) is not None:
        books = rule.books or (Books.CONTRACTUAL if rule.category is None else Books.OPEN)
        return Judgement(
            adjustment=adjustment,
            category=rule.category,
            books=_posted(adjustment, books),
            says=rule.detail or rule.id,
            decided_by=rule.id,
            rule=rule,
            citation=rule.citation,
        )
    in_force = responses.reasons.latest(on)
    reason = in_force.value.get(adjustment.reason) if in_force is not None else None
    if in_force is None or reason is None:
        return Judgement(
            adjustment=adjustment,
            category=DenialCategory.UNMAPPED,
            books=_posted(adjustment, Books.OPEN),
            says="a reason that no file maps",
            decided_by=f"reason {adjustment.reason} is not mapped",
        )
    category, decided_by, says = reason.category, f"reason {reason.code}", reason.says
    if reason.by_remark:
        for code in remarks_of(line, claim):
            remark = _remark(code, responses, on)
            if remark is not None and remark[0] is not None:
                category, decided_by, says = remark[0], f"reason {reason.code} with {code}", f"{says}: {remark[1]}"
                break
    if reason.ended is not None and on > reason.ended:
        says += f" (the code ended {reason.ended.isoformat()}; today it would be {' or '.join(reason.instead)})"
    return Judgement(
        adjustment=adjustment,
        category=category,
        books=_posted(adjustment, reason.books if (category is None) == (reason.category is None) else Books.OPEN),
        says=says,
        decided_by=decided_by,
        citation=in_force.citation,
    )


def remarks_of(line: RemitLine, claim: RemitClaim) -> tuple[str, ...]:
    """The remarks of a line, then those of its claim, each once."""
    return tuple(dict.fromkeys((*line.remarks, *claim.remarks)))


def unmapped_share(decisions: Iterable[DenialDecision], responses: Responses) -> UnmappedShare:
    """How many denials no file maps yet, against the house limit, and which codes they carry."""
    denied = [decision for decision in decisions if decision.denied]
    unmapped = [decision for decision in denied if decision.category is DenialCategory.UNMAPPED]
    codes = Counter(" ".join((f"{d.group}-{d.reason}", *d.remarks)) for d in unmapped)
    percent = round_money(Decimal(100 * len(unmapped)) / len(denied)) if denied else None
    return UnmappedShare(
        denied=len(denied),
        unmapped=len(unmapped),
        percent=percent,
        limit_percent=responses.unmapped_limit_percent,
        codes=tuple(sorted(codes.items(), key=lambda item: (-item[1], item[0]))),
    )


# --- parts ------------------------------------------------------------------------------------------------------------


def _not_denied(text: str, rule: str) -> DenialDecision:
    return DenialDecision(denied=False, text=text, rule=rule)


def _posted(adjustment: Adjustment, books: Books) -> Books:
    """Only CO writes a contract off; the patient's share is the patient's, whatever its reason."""
    if adjustment.group == AdjustmentGroup.PATIENT:
        return Books.PATIENT
    if books is Books.CONTRACTUAL and adjustment.group != AdjustmentGroup.CONTRACTUAL:
        return Books.PAYER_ADJUSTMENT
    return books


def _rule_for(
    adjustment: Adjustment,
    line: RemitLine,
    claim: RemitClaim,
    context: DenialContext,
    responses: Responses,
    on: date,
) -> DenialRule | None:
    facts = _facts(adjustment, line, claim, context)
    names = {context.payer_key, context.profile}
    for rule in responses.rules:
        meant = not rule.payers or not names.isdisjoint(rule.payers)
        if meant and rule.when.holds(facts) is True and rule.in_force.find(on):
            return rule
    return None


def _facts(adjustment: Adjustment, line: RemitLine, claim: RemitClaim, context: DenialContext) -> dict[str, Any]:
    modifiers = context.modifiers
    if modifiers is None:
        modifiers = line.submitted_modifiers or line.modifiers
    return {
        "denial.group": adjustment.group,
        "denial.reason": adjustment.reason,
        "denial.remarks": remarks_of(line, claim),
        "payer.key": context.payer_key,
        "payer.profile": context.profile,
        "payer.segment": context.segment,
        "line.code": line.submitted_code or line.code,
        "line.modifiers": tuple(modifiers),
        "line.paid_nothing": line.paid == ZERO,
        "line.pair_on_date": context.pair_on_date,
        "line.split_pair": context.split_pair,
        "claim.status": claim.status,
        "claim.sent_before": context.sent_before,
    }


def _remark(code: str, responses: Responses, on: date) -> tuple[DenialCategory | None, str] | None:
    in_force = responses.remarks.latest(on)
    remark = in_force.value.get(code) if in_force is not None else None
    return (remark.category, remark.says) if remark is not None else None


def _decision(
    causes: list[Judgement],
    line: RemitLine,
    claim: RemitClaim,
    context: DenialContext,
    responses: Responses,
    on: date,
) -> DenialDecision:
    """The decision for a denied line: the largest cause is primary; among equals a mapped one, then the order sent."""
    ordered = sorted(causes, key=lambda one: (-one.adjustment.amount, one.category is DenialCategory.UNMAPPED))
    first = ordered[0]
    assert first.category is not None
    remarks = remarks_of(line, claim)
    action = responses.actions[first.category]
    no_appeal = responses.no_appeal.find(on) or frozenset()
    unprocessable = [code for code in remarks if code in no_appeal]
    appeal_days, appeal_citation, appeal_text = _appeal(context, responses, on)
    if unprocessable:
        appeal_days, appeal_citation = None, None
        appeal_text = f"{unprocessable[0]}: the claim was not processed, so there is nothing to appeal"
    codes = f"{first.adjustment.group}-{first.adjustment.reason}".strip("-")
    with_remarks = f" with {', '.join(remarks)}" if remarks else ""
    return DenialDecision(
        denied=True,
        text=f"{codes or 'no reason'}{with_remarks}: {first.says}.",
        rule=first.decided_by,
        category=first.category,
        secondary=_secondary(first.category, ordered[1:], remarks, responses, on),
        detail=first.rule.detail if first.rule else "",
        group=first.adjustment.group,
        reason=first.adjustment.reason,
        remarks=remarks,
        # A reason of the whole claim stands for each of its lines; a line is never denied more than it was charged.
        amount=min(sum((one.adjustment.amount for one in causes), ZERO), line.charge),
        remedy=Remedy.NEW_CLAIM if unprocessable else (first.rule and first.rule.remedy) or action.remedy,
        next_action=_next_action(first, action, unprocessable),
        owner=(first.rule and first.rule.owner) or action.owner,
        follow_up_days=action.follow_up_days,
        appeal_days=appeal_days,
        citation=first.citation,
        appeal_citation=appeal_citation,
        working=(*(_told(one) for one in ordered), appeal_text),
    )


def _told(one: Judgement) -> str:
    code = f"{one.adjustment.group}-{one.adjustment.reason}".strip("-") or "no code"
    return f"{code} {one.adjustment.amount}: {one.category or 'none'} by {one.decided_by}"


def _next_action(first: Judgement, action: Action, unprocessable: list[str]) -> str:
    text = (first.rule and first.rule.next_action) or action.next_action
    return f"{text} Send it as a new claim: the first was not processed." if unprocessable else text


def _secondary(
    primary: DenialCategory, others: list[Judgement], remarks: tuple[str, ...], responses: Responses, on: date
) -> DenialCategory | None:
    """The next other cause: of a further reason, else of a remark."""
    found = [one.category for one in others]
    for code in remarks:
        remark = _remark(code, responses, on)
        found.append(remark[0] if remark is not None else None)
    return next((category for category in found if category not in (None, primary)), None)


def _appeal(context: DenialContext, responses: Responses, on: date) -> tuple[int | None, Citation | None, str]:
    for name in (context.payer_key, context.profile, ANY):
        limits = responses.appeals.get(name) if name else None
        limit = limits.latest(on) if limits is not None else None
        if limit is not None and (limit.effective_to is None or on <= limit.effective_to):
            text = f"{limit.value.first_level} within {limit.value.days} days of the remit ({limit.citation})"
            return limit.value.days, limit.citation, text
    return None, None, "no appeal limit is known for this payer: mappings/responses/appeals.yaml"
