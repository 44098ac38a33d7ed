"""Does a remit balance: line, claim and payment, to the cent; each difference with its amount and its place.

A remit that does not balance is not posted; it waits in the remittance queue. Reversals (CLP02 22) carry negative amounts
and balance by the same sums. Source  005010X221A1, balancing; X12.md §2.9 B6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.core.money import ZERO
from integration_engine.domain.remit import Adjustment, AdjustmentGroup, Remit, RemitClaim, RemitLine

SOURCE = Citation(document="005010X221A1", section="balancing")


def balance(remit: Remit) -> tuple[Finding, ...]:
    """Every place where a remit does not add up; errors stop posting, warnings do not.

    Shapes   a remit that was not read whole may be out of balance for that reason alone; its ``complete`` says so.
    """
    found: list[Finding] = []
    for claim in remit.claims:
        found.extend(_line(line, remit) for line in claim.lines if line_difference(line))
        found.extend(_claim(claim, remit))
    difference = payment_difference(remit)
    if difference:
        paid, provider = claims_paid(remit), provider_adjusted(remit)
        stated = f"The payment is {remit.amount}, its claims {paid} less provider adjustments {provider} are"
        found.append(
            _finding(
                "payment_out_of_balance",
                f"{stated} {paid - provider}; difference {difference}.",
                "Ask the payer for the missing claims or provider adjustments before anything of it is posted.",
                remit,
                f"segment {remit.position}, 835/BPR-02",
                observed=f"paid {remit.amount}; claims {paid} less provider adjustments {provider}",
                expected=f"{paid - provider}; difference {difference}",
            )
        )
    return tuple(found)


def line_difference(line: RemitLine) -> Decimal:
    """What is left when the adjustments and the payment of a line are taken from its charge (SVC02 - CAS - SVC03)."""
    return line.charge - _total(line.adjustments) - line.paid


def claim_difference(claim: RemitClaim) -> Decimal:
    """What is left of a claim's charge after all its adjustments and its payment (CLP03 - CAS - CLP04)."""
    return claim.charge - _total(all_adjustments(claim)) - claim.paid


def payment_difference(remit: Remit) -> Decimal:
    """The payment less what its claims and provider adjustments make it (BPR02 - (ΣCLP04 - ΣPLB))."""
    return remit.amount - (claims_paid(remit) - provider_adjusted(remit))


def claims_paid(remit: Remit) -> Decimal:
    """ΣCLP04."""
    return sum((claim.paid for claim in remit.claims), ZERO)


def provider_adjusted(remit: Remit) -> Decimal:
    """ΣPLB; positive takes away from the payment."""
    return sum((adjustment.amount for adjustment in remit.provider_adjustments), ZERO)


def all_adjustments(claim: RemitClaim) -> Iterator[Adjustment]:
    """A claim's own adjustments and those of its lines."""
    yield from claim.adjustments
    for line in claim.lines:
        yield from line.adjustments


def _total(adjustments: Iterable[Adjustment]) -> Decimal:
    return sum((adjustment.amount for adjustment in adjustments), ZERO)


def _line(line: RemitLine, remit: Remit) -> Finding:
    taken = _total(line.adjustments)
    return _finding(
        "line_out_of_balance",
        f"A line of {line.charge} less adjustments {taken} is paid {line.paid}; difference {line_difference(line)}.",
        "Compare the line with the payer's own remit; post it by hand once the payer has explained it.",
        remit,
        f"segment {line.position}, 2110/SVC-03",
        observed=f"paid {line.paid}",
        expected=f"{line.charge} - {taken} = {line.charge - taken}; difference {line_difference(line)}",
    )


def _claim(claim: RemitClaim, remit: Remit) -> Iterator[Finding]:
    place = f"segment {claim.position}"
    if difference := claim_difference(claim):
        taken = _total(all_adjustments(claim))
        yield _finding(
            "claim_out_of_balance",
            f"A claim of {claim.charge} less adjustments {taken} is paid {claim.paid}; difference {difference}.",
            "Compare the claim with the payer's own remit; post it by hand once the payer has explained it.",
            remit,
            f"{place}, 2100/CLP-04",
            observed=f"paid {claim.paid}",
            expected=f"{claim.charge} - {taken} = {claim.charge - taken}; difference {difference}",
        )
    lines = sum((line.charge for line in claim.lines), ZERO)
    if claim.lines and lines != claim.charge:
        yield _finding(
            "claim_lines_differ",
            f"The lines charge {lines}, their claim {claim.charge}, difference {claim.charge - lines}: a line is missing or"
            " counted twice.",
            "Ask the payer for the missing lines; the claim is not posted until they are known.",
            remit,
            f"{place}, 2100/CLP-03",
            observed=f"claim {claim.charge}",
            expected=f"lines {lines}; difference {claim.charge - lines}",
        )
    stated = claim.patient_responsibility
    shares = _total(a for a in all_adjustments(claim) if a.group == AdjustmentGroup.PATIENT)
    if stated is not None and stated != shares:
        yield _finding(
            "patient_share_differs",
            "What the payer states as the patient's share is not the sum of its adjustments in group PR.",
            "The adjustments are posted; ask the payer before the patient is billed.",
            remit,
            f"{place}, 2100/CLP-05",
            observed=f"stated {stated}",
            expected=f"adjustments {shares}; difference {stated - shares}",
            severity=Severity.WARNING,
        )


def _finding(
    what: str,
    text: str,
    fix: str,
    remit: Remit,
    position: str,
    *,
    observed: str,
    expected: str,
    severity: Severity = Severity.ERROR,
) -> Finding:
    return Finding(
        id=f"remittance.{what}",
        severity=severity,
        text=text,
        fix=fix,
        owner="biller",
        subject=f"835 {remit.transaction}, payment {remit.trace}".removesuffix(", payment "),
        position=position,
        observed=observed,
        expected=expected,
        queue=Queue.REMITTANCE,
        citation=SOURCE,
        why="Money that does not add up is posted wrong, and the difference is never found again.",
    )
