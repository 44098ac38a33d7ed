"""A later payer's claim: what an earlier payer decided, carried on to the next, balanced to the cent.

The charges, units and codes are those of the first claim; what the earlier payer paid and adjusted comes from its remit.
Nothing is made up to fit: a remit that does not add up, a line without an answer, or a missing reason why Medicare pays
second holds the claim. A claim the payer has sent on itself is not sent again.
Source  005010X222A1 2320, 2330B, 2430; X12 requests for interpretation 1053, 1294, 1555 (balancing); 005010X221A1 CLP02.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from integration_engine.core.codes import parse_hcpcs
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Severity
from integration_engine.core.money import ZERO
from integration_engine.domain.claim import (
    ClaimDraft,
    Frequency,
    LineAdjudication,
    OtherPayer,
    ServiceLine,
    Subscriber,
)
from integration_engine.domain.coverage import Coverage
from integration_engine.domain.parties import Patient
from integration_engine.domain.remit import Adjustment, AdjustmentGroup, RemitClaim, RemitLine
from integration_engine.rules.claims.parties import AFTER_FIRST, FIRST, missing, release_refused, subscriber_of
from integration_engine.rules.claims.provider_numbers import with_provider_numbers
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry

FORWARDED = frozenset({"19", "20", "21", "23"})
REVERSAL = "22"
MOST_REMARKS = 5
CITATION = Citation(document="X222A1", section="2320, 2330B, 2430")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinated:
    """The later payer's draft, or why there is none. A finding holds; without one, nothing is left to bill."""

    draft: ClaimDraft | None
    findings: tuple[Finding, ...]
    decision: Decision


LineMatches = Mapping[int, Sequence[RemitLine]]  # our line number → the remit's lines that answer it


def match_by_control(original: ClaimDraft, remit: RemitClaim) -> LineMatches:
    """The remit's lines by our line control number (REF*6R); lines a payer returns without one are left to posting."""
    numbers = {line.line_control: line.number for line in original.lines if line.line_control}
    found: dict[int, list[RemitLine]] = {}
    for line in remit.lines:
        if line.line_control in numbers:
            found.setdefault(numbers[line.line_control], []).append(line)
    return found


def secondary_draft(
    original: ClaimDraft,
    remit: RemitClaim,
    decided_on: date,
    matches: LineMatches,
    coverage: Coverage,
    entry: PayerEntry,
    patient: Patient,
    parameters: Parameters,
    authorization: str | None = None,
) -> Coordinated:
    """Draft the claim to the next payer from a submitted claim and the answer to it.

    Shapes   original: the claim the remit answers, itself perhaps a later payer's. decided_on: the date of the remit's
             payment. matches: the remit's lines by our line numbers; empty where the payer decided about the claim as a
             whole. coverage, entry: the next payer's. authorization: its own number.
    Raises   NotInForce: no rule about making claims covers the date of service.
    """
    work = _Coordination(original, remit, decided_on, matches)
    reason = work.nothing_to_bill()
    if reason:
        return work.answer(None, (), entry, reason)
    sequence = work.next_in_order(entry)
    rule = parameters.claims[entry.payer.profile].on(original.date_of_service)
    subscriber = subscriber_of(coverage, patient, members_have_ids=rule.value.members_have_ids)
    findings = [*work.unbalanced(), *release_refused(coverage)]
    if not isinstance(subscriber, Subscriber):
        findings.append(subscriber)
    if sequence is None:
        findings.append(_no_place(entry))
    if authorization is None and work.needs_authorization(entry):
        findings.append(_no_authorization(entry))
    if rule.value.insurance_types and coverage.insurance_type not in rule.value.insurance_types:
        findings.append(_no_reason(entry, coverage, rule.value.insurance_types))
    if findings or sequence is None or not isinstance(subscriber, Subscriber):
        return work.answer(None, tuple(findings), entry, "held")
    draft = replace(
        original,
        sequence=sequence,
        payer=entry.payer,
        subscriber=subscriber,
        frequency=Frequency.ORIGINAL,
        payer_control_number=None,
        insurance_type=coverage.insurance_type if rule.value.insurance_types else None,
        authorization_number=authorization,
        referral_number=coverage.referral_number,
        assignment=rule.value.assignment,
        benefits_assigned=coverage.benefits_assigned or rule.value.benefits_assigned,
        release_of_information=coverage.release_of_information or rule.value.release_of_information,
        lines=tuple(work.line(line) for line in original.lines),
        other_payers=(
            *(o for o in original.other_payers if work.has_decided(o)),
            work.earlier_payer(),
            *(
                o
                for o in original.other_payers
                if not work.has_decided(o) and o.sequence != sequence and o.payer.payer_id != entry.payer.payer_id
            ),
        ),
    )
    draft = with_provider_numbers(draft, parameters.practice)
    use = ParameterUse(
        name=f"claims.{entry.payer.profile}", value=rule.value.corrections, in_force_from=rule.effective_from
    )
    return work.answer(draft, (), entry, "drafted", (use,))


class _Coordination:
    """One answer being carried on."""

    def __init__(self, original: ClaimDraft, remit: RemitClaim, decided_on: date, matches: LineMatches) -> None:
        self.original = original
        self.remit = remit
        self.decided_on = decided_on
        self.matches = matches
        self.by_line = bool(remit.lines)
        self.of_claim = _grouped(remit.adjustments)
        self.working: list[str] = []

    def nothing_to_bill(self) -> str:
        """Why no claim follows, or nothing when one does."""
        remit = self.remit
        if remit.status in FORWARDED:
            return "the payer has sent the claim on itself"
        if remit.crossover_payer:
            return "the payer has sent the claim on to the payer it names"
        if remit.status == REVERSAL:
            return "this takes an earlier decision back; the new one is waited for"
        left = self.left_to_patient()
        self.working.append(f"charged {remit.charge}, paid {remit.paid}, left to the patient {left}")
        return "" if left > ZERO else "the payer leaves nothing to the patient, so nothing to a later payer"

    def left_to_patient(self) -> Decimal:
        of_lines = (a for line in self.remit.lines for a in line.adjustments)
        return _of_patient((*self.remit.adjustments, *of_lines))

    def unbalanced(self) -> list[Finding]:
        """Where the answer does not add up to what was charged, or does not answer a line."""
        found = []
        remit = self.remit
        if remit.charge != self.original.total_charge:
            found.append(_off("the claim", self.original.total_charge, remit.charge))
        of_lines = sum((_sum(line.adjustments) for line in remit.lines), ZERO)
        away = _sum(remit.adjustments) + of_lines
        found.extend(self.unspeakable())
        if remit.paid + away != remit.charge:
            found.append(_off("the claim", remit.charge, remit.paid + away))
        if not self.by_line:
            return found
        paid = sum((line.paid for line in remit.lines), ZERO) - _sum(remit.adjustments)
        if paid != remit.paid:
            found.append(_off("the lines together", remit.paid, paid))
        for line in self.original.lines:
            answers = self.matches.get(line.number, ())
            if not answers:
                found.append(_unanswered(line))
                continue
            said = sum((answer.paid + _sum(answer.adjustments) for answer in answers), ZERO)
            if said != line.charge:
                found.append(_off(f"line {line.number}", line.charge, said))
        matched = sum(len(answers) for answers in self.matches.values())
        if matched != len(remit.lines):
            found.append(_unmatched(len(remit.lines) - matched))
        return found

    def unspeakable(self) -> list[Finding]:
        """What a remit may say and a claim may not repeat: a code of another shape, an adjustment group of its own."""
        found = []
        adjustments = (*self.remit.adjustments, *(a for line in self.remit.lines for a in line.adjustments))
        odd = sorted({one.group for one in adjustments} - {group.value for group in AdjustmentGroup})
        if odd:
            found.append(_not_said("adjustment group", " ".join(odd)))
        for line in self.remit.lines:
            try:
                parse_hcpcs(line.code)
            except ValueError:
                found.append(_not_said("procedure code", line.code))
        return found

    def line(self, line: ServiceLine) -> ServiceLine:
        """The line with the payer's decision about it behind those of the payers before."""
        decisions = [
            LineAdjudication(
                payer_id=self.original.payer.payer_id,
                paid=answer.paid,
                code=parse_hcpcs(answer.code),
                modifiers=answer.modifiers,
                units=_units(line, answer),
                bundled_line=self.bundled_into(line, answer),
                adjudicated_on=self.decided_on,
                adjustments=_grouped(answer.adjustments),
                remaining=_of_patient(answer.adjustments) or None,
            )
            for answer in (self.matches.get(line.number, ()) if self.by_line else ())
        ]
        return replace(
            line,
            line_control=None,
            authorization_number=None,
            referral_number=None,
            adjudications=(*line.adjudications, *decisions),
        )

    def bundled_into(self, line: ServiceLine, answer: RemitLine) -> int | None:
        """The line the payer paid this one with: it answered both with one code, and paid nothing for this one.

        Shapes   None where the payer left the code as it was, or where several lines could be meant.
        Source   005010X221A1 §1.10.2.6 (procedure code bundling); 005010X222A1 2430 SVD06.
        """
        if answer.paid != ZERO or answer.submitted_code in (None, answer.code):
            return None
        paid_with = [
            other.number
            for other in self.original.lines
            if other.number != line.number
            and any(one.code == answer.code and one.paid > ZERO for one in self.matches.get(other.number, ()))
        ]
        return paid_with[0] if len(paid_with) == 1 else None

    def earlier_payer(self) -> OtherPayer:
        """The payer that has decided, as the later claim names it."""
        original, remit = self.original, self.remit
        return OtherPayer(
            payer=original.payer,
            sequence=original.sequence,
            subscriber=original.subscriber,
            insurance_type=original.insurance_type,
            adjustments=self.of_claim,
            paid=remit.paid,
            remaining=None if self.by_line else self.left_to_patient() or None,
            benefits_assigned=original.benefits_assigned,
            release_of_information=original.release_of_information,
            remarks=remit.remarks[:MOST_REMARKS],
            adjudicated_on=None if self.by_line else self.decided_on,
            authorization_number=original.authorization_number,
            referral_number=original.referral_number,
            claim_number=remit.payer_control_number,
        )

    def next_in_order(self, entry: PayerEntry) -> str | None:
        """The next payer's place: as the claim before names it, else the one behind. None for a payer that has decided."""
        original, payer_id = self.original, entry.payer.payer_id
        decided = {other.payer.payer_id for other in original.other_payers if self.has_decided(other)}
        if payer_id in decided or payer_id == original.payer.payer_id:
            return None
        named = (other.sequence for other in original.other_payers if other.payer.payer_id == payer_id)
        order = (FIRST, *AFTER_FIRST)
        behind = dict(pairwise(order))
        return next(named, behind.get(original.sequence))

    def needs_authorization(self, entry: PayerEntry) -> bool:
        """True where the next payer wants its own authorization behind another payer's, for this discipline and a code."""
        required = entry.authorization_as_later_payer and self.original.discipline in entry.authorization_required
        return required and any(line.code not in entry.authorization_exempt for line in self.original.lines)

    def has_decided(self, other: OtherPayer) -> bool:
        return other.paid is not None or other.non_covered is not None

    def answer(
        self,
        draft: ClaimDraft | None,
        findings: tuple[Finding, ...],
        entry: PayerEntry,
        value: str,
        uses: tuple[ParameterUse, ...] = (),
    ) -> Coordinated:
        working = tuple(self.working)
        if draft is not None:
            working += tuple(
                f"line {line.number} {line.code}: charged {line.charge}, "
                + ", ".join(f"{one.payer_id} paid {one.paid}" for one in line.adjudications)
                for line in draft.lines
                if line.adjudications
            )
        decision = Decision(
            station="coordination",
            subject=entry.payer.key,
            rule="coordination.later_claim",
            value=value,
            outcome=Outcome.FAIL if findings else Outcome.PASS,
            inputs=(
                ("claim status", self.remit.status),
                ("earlier payer", self.original.payer.key),
                ("decided on", self.decided_on.isoformat()),
                ("authorization", (draft and draft.authorization_number) or "none on file for this payer and day"),
            ),
            working=working,
            parameters=uses,
            citation=CITATION,
            otherwise=("another decision of the earlier payer would make another claim, or none",),
        )
        return Coordinated(draft=draft, findings=findings, decision=decision)


def _grouped(adjustments: Sequence[Adjustment]) -> tuple[Adjustment, ...]:
    """Whole groups, in the order they first come; what is zero says nothing and is not sent (B5)."""
    kept = [one for one in adjustments if one.amount != ZERO]
    order = list(dict.fromkeys(one.group for one in kept))
    return tuple(sorted(kept, key=lambda one: order.index(one.group)))


def _units(line: ServiceLine, answer: RemitLine) -> Decimal:
    if answer.units_paid is not None:
        return answer.units_paid
    return answer.units_billed if answer.units_billed is not None else Decimal(line.units)


def _of_patient(adjustments: Sequence[Adjustment]) -> Decimal:
    return sum((one.amount for one in adjustments if one.group == AdjustmentGroup.PATIENT.value), ZERO)


def _sum(adjustments: Sequence[Adjustment]) -> Decimal:
    return sum((one.amount for one in adjustments), ZERO)


# --- findings ---------------------------------------------------------------------------------------------------------


def _held(what: str, text: str, fix: str, subject: str, observed: str = "", expected: str = "") -> Finding:
    finding = missing(what, text, fix, "biller", subject=subject, citation=CITATION, area="coordination")
    return replace(finding, severity=Severity.ERROR, observed=observed, expected=expected)


def _off(what: str, expected: Decimal, observed: Decimal) -> Finding:
    return _held(
        "unbalanced",
        f"The earlier payer's answer about {what} does not add up to what was charged.",
        "Ask the payer for a corrected remit, or enter its decision from the paper and release the claim.",
        what,
        str(observed),
        str(expected),
    )


def _unanswered(line: ServiceLine) -> Finding:
    return _held(
        "line_unanswered",
        f"The earlier payer's answer says nothing about line {line.number} ({line.code}).",
        "Match the line by hand, or ask the payer how it was paid.",
        f"line {line.number}",
    )


def _not_said(what: str, observed: str) -> Finding:
    return _held(
        "not_sayable",
        f"The earlier payer's answer uses a {what} that a professional claim cannot repeat.",
        "Ask the payer for a corrected remit.",
        what,
        observed,
    )


def _unmatched(count: int) -> Finding:
    return _held(
        "answer_unmatched",
        f"{count} lines of the earlier payer's answer belong to no line of the claim.",
        "Match them by hand.",
        "remit lines",
    )


def _no_place(entry: PayerEntry) -> Finding:
    return _held(
        "rank",
        f"{entry.payer.name} has already decided, or would be the fourth payer of the claim.",
        "Correct the order of the insurances in the EMR (IN1-22), or bill a fourth payer on paper.",
        "coverage.rank",
    )


def _no_authorization(entry: PayerEntry) -> Finding:
    found = _held(
        "authorization",
        f"{entry.payer.name} pays after another payer only with its own authorization, and none on file covers this day.",
        "Request one for a date that has passed and send it from the EMR; or correct authorization_as_later_payer.",
        "coverage.authorization_number",
    )
    return replace(found, owner="authorization coordinator")


def _no_reason(entry: PayerEntry, coverage: Coverage, allowed: Sequence[str]) -> Finding:
    return _held(
        "insurance_type",
        f"{entry.payer.name} asks why another payer comes first, and the coverage does not say.",
        "Complete the Medicare secondary payer questionnaire in the EMR; the reason is never guessed.",
        "coverage.insurance_type",
        coverage.insurance_type or "",
        " ".join(allowed),
    )
