"""KX: whether a line takes the year above the therapy threshold."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.dated import DatedValue
from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.core.money import ZERO
from integration_engine.rules.modifiers.day import Coding, Line
from integration_engine.rules.modifiers.marks import KX

THRESHOLD = Citation(document="42 USC", section="1395l(g)")


def add_threshold(coding: Coding, lines: Sequence[Line]) -> Decimal | None:
    """KX on every line that takes the year's allowed amount above the threshold; returns what the day adds to it."""
    facts = coding.facts
    if not coding.profile.threshold.at(facts.as_of):
        return None
    bucket = coding.parameters.buckets[facts.discipline]
    try:
        in_force = coding.parameters.thresholds[bucket].on(facts.as_of)
    except NotInForce as error:
        coding.findings.append(_threshold_not_loaded(error))
        return None
    limit, running = in_force.value, facts.prior_allowed
    if running is None:
        _tell_threshold(coding, bucket, in_force, "not checked", ["the allowed amount used before is not known"])
        return None
    working = [f"{bucket} used before this day: {running}; threshold {limit}"]
    day, known, first_above = ZERO, True, ""
    unknown: list[Hcpcs] = []
    for line in lines:
        exact = facts.allowed_per_unit.get(line.code)
        each = exact if exact is not None else facts.charges.get(line.code)
        if each is None:
            known = False
            unknown.append(line.code)
        amount = (each or ZERO) * line.units
        running, day = running + amount, day + amount
        above = running > limit
        working.append(
            f"with {line.code} ({_amount(exact, each, line.units)}): {running}, {'above' if above else 'not above'}"
        )
        if above:
            first_above = first_above or line.code
            _above(coding, line, in_force.citation, by_charge=exact is None and each is not None)
    value = f"KX from {first_above} on" if first_above else "no KX" if known else "not checked"
    left = () if first_above else (f"{limit - running} is left below the threshold",)
    _tell_threshold(coding, bucket, in_force, value, working, left)
    if unknown and running <= limit and limit - running < coding.parameters.undecided_within.at(facts.as_of):
        coding.findings.append(_threshold_undecided(unknown, limit - running, in_force.citation))
    _review(coding, bucket, running)
    return day if known else None


def _tell_threshold(
    coding: Coding,
    bucket: str,
    in_force: DatedValue[Decimal],
    value: str,
    working: Sequence[str],
    otherwise: tuple[str, ...] = (),
) -> None:
    coding.decisions.append(
        Decision(
            station="modifiers",
            subject="KX",
            rule="modifiers.threshold",
            value=value,
            outcome=Outcome.NOT_CHECKED if value == "not checked" else Outcome.PASS,
            working=tuple(working),
            parameters=coding.parameters.remember(
                ("threshold", bucket, in_force.effective_from), lambda: _use(bucket, in_force)
            ),
            citation=in_force.citation,
            otherwise=otherwise,
        )
    )


def _use(bucket: str, in_force: DatedValue[Decimal]) -> tuple[ParameterUse, ...]:
    value, since = str(in_force.value), in_force.effective_from
    return (ParameterUse(name=f"threshold {bucket}", value=value, in_force_from=since),)


def _above(coding: Coding, line: Line, citation: Citation | None, *, by_charge: bool) -> None:
    """A line above the threshold: KX where necessity is attested; where a notice says it is not necessary, none."""
    if by_charge:
        coding.findings.append(_threshold_by_charge(line.code, citation))
    if coding.not_necessary(line):
        return
    if coding.facts.attested is not True:
        coding.findings.append(_not_attested(line.code, citation))
    line.modifiers.append(KX)


def _review(coding: Coding, bucket: str, running: Decimal) -> None:
    """Above the medical review amount nothing changes on the claim; it may be picked for review."""
    amount = coding.parameters.review_amount.find(coding.facts.as_of)
    if amount is not None and running > amount:
        citation = coding.parameters.review_amount.on(coding.facts.as_of).citation
        coding.findings.append(_may_be_reviewed(bucket, running, amount, citation))


def _amount(exact: Decimal | None, each: Decimal | None, units: int) -> str:
    if each is None:
        return "an amount that is not loaded"
    return f"{each} x {units}" if exact is not None else f"at most its charge, {each} x {units}"


def _not_attested(code: Hcpcs, citation: Citation | None) -> Finding:
    return Finding(
        id="documentation.threshold_not_attested",
        severity=Severity.ERROR,
        text=f"{code} takes the year over the therapy threshold, and medical necessity is not attested.",
        fix="Document why skilled therapy beyond the threshold is necessary and attest it, or give the patient an ABN.",
        owner="treating clinician",
        subject="encounter.medical_necessity_attested",
        expected="attested",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def _threshold_by_charge(code: Hcpcs, citation: Citation | None) -> Finding:
    return Finding(
        id="configuration.allowed_amount_missing",
        severity=Severity.ERROR,
        text=f"The allowed amount of {code} is not loaded; by its charge the year may be over the therapy threshold.",
        fix="Load the payer's fee schedule for this code in mappings/practice.yaml; the day is adjudicated again.",
        owner="interface administrator",
        subject=f"practice.allowed {code}",
        queue=Queue.INTERFACE,
        outcome=Outcome.NOT_CHECKED,
        citation=citation,
    )


def _threshold_undecided(codes: Sequence[Hcpcs], left: Decimal, citation: Citation | None) -> Finding:
    return Finding(
        id="modifiers.threshold_undecided",
        severity=Severity.WARNING,
        text=f"KX was not decided: {left} is left below the threshold, and the allowed amount of {', '.join(codes)} is not known.",
        fix="Load the payer's fee schedule for these codes in mappings/practice.yaml, or decide KX by hand.",
        owner="biller",
        subject="threshold",
        observed=str(left),
        outcome=Outcome.NOT_CHECKED,
        citation=citation,
    )


def _may_be_reviewed(bucket: str, running: Decimal, amount: Decimal, citation: Citation | None) -> Finding:
    return Finding(
        id="modifiers.medical_review",
        severity=Severity.INFORMATION,
        text=f"The year's {bucket} amount is {running}, above {amount}: the claim may be picked for medical review.",
        fix="Have the records ready; nothing changes on the claim.",
        owner="compliance",
        subject="threshold",
        observed=str(running),
        expected=str(amount),
        citation=citation,
    )


def _threshold_not_loaded(error: NotInForce) -> Finding:
    return Finding(
        id="configuration.threshold_not_loaded",
        severity=Severity.ERROR,
        text="The therapy threshold of this year is not loaded, so KX could not be decided.",
        fix="Add the year's amounts with their source to mappings/rules/thresholds.yaml.",
        owner="interface administrator",
        subject="parameters.thresholds",
        observed=error.as_of.isoformat(),
        queue=Queue.INTERFACE,
        outcome=Outcome.NOT_CHECKED,
        citation=THRESHOLD,
    )
