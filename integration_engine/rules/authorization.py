"""Does the payer's permission cover this treatment day, and is any of it left?

Consumption counts by date of service: what was used outside, what other days of this patient use, then this day.
Several authorizations are used earliest expiry first, then the most specific. Visits are counted once a treatment
day. Authority: the payer's contract; house rule on the order of consumption. Benefit limits count the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, Queue, Severity
from integration_engine.domain.authorization import Appointment, AppointmentStatus, Authorization
from integration_engine.domain.coverage import Basis, BenefitLimit, BenefitPeriod, Coverage
from integration_engine.domain.parties import Discipline
from integration_engine.domain.record import DayState, PatientRecord
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.parameters import Parameters, PayerEntry

ONE = Decimal(1)
CITATION = Citation(document="payer contract", section="authorization; mappings/practice.yaml")
OWNER = "authorization coordinator"
NOT_GIVEN = frozenset({"requested", "denied", "cancelled", "pended"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """What one treatment day would use, on each basis. amount: allowed amount, None where it is not known."""

    codes: tuple[tuple[Hcpcs, int], ...]
    minutes: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationResult:
    """The authorization numbers to bill under, by code, and what the day uses of each."""

    number: str | None
    consumed: tuple[tuple[str, Decimal], ...]
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


def check_authorization(
    day: TreatmentDay,
    discipline: Discipline,
    quantities: Quantities,
    coverage: Coverage,
    entry: PayerEntry,
    history: History,
    parameters: Parameters,
) -> AuthorizationResult:
    """Find the authorization this day is billed under, and see that something of it is left."""
    on, codes = day.date_of_service, quantities.codes
    threshold = parameters.profiles[entry.payer.profile].threshold
    findings = list(_limits(day, discipline, quantities, coverage, history, threshold=threshold))
    needed = discipline in entry.authorization_required and not all(c in entry.authorization_exempt for c, _ in codes)
    own = [a for a in day.authorizations if a.payer_id in (None, coverage.payer_id)]
    fitting = _fitting(own, on, discipline, codes)
    other_provider = [a for a in fitting if not _fits_provider(a, day, parameters)]
    fitting = [a for a in fitting if a not in other_provider]
    placeholder = next((a for a in fitting if _is_placeholder(a.number, parameters)), None)
    if placeholder is not None:
        findings.append(
            _finding(
                "placeholder",
                "The authorization number is a placeholder.",
                "Enter the payer's own number.",
                placeholder.number or "",
            )
        )
        fitting = [a for a in fitting if a is not placeholder]
    working: tuple[str, ...]
    if not needed and not fitting:
        working = (f"{entry.payer.name} asks for no authorization of {discipline}",)
        return AuthorizationResult(
            number=None,
            consumed=(),
            decisions=(_decision("not needed", Outcome.PASS, working),),
            findings=tuple(findings),
        )
    for authorization in fitting:
        amount = _quantity(authorization, quantities, day, entry, history)
        used = (authorization.used_before or Decimal(0)) + _used(history, authorization.number)
        allowed = authorization.allowed
        if allowed is None or used + amount <= allowed:
            number = authorization.number or ""
            left = "unknown" if allowed is None else str(allowed - used - amount)
            working = (
                f"{number}: {authorization.effective_on} to {authorization.ends_on}, {allowed} {authorization.basis or ''}".rstrip(),
                f"used before this day {used}, this day {amount}, left after it {left}",
            )
            return AuthorizationResult(
                number=number,
                consumed=((number, amount),),
                decisions=(_decision("covered", Outcome.PASS, working),),
                findings=tuple(findings),
            )
    if fitting:
        last = fitting[-1]
        used = (last.used_before or Decimal(0)) + _used(history, last.number)
        amount = _quantity(last, quantities, day, entry, history)
        text = f"This would be {_one(last.basis)} {used + amount} of {last.allowed} authorized."
        findings.append(
            _finding(
                "exhausted",
                text,
                "Request an extension, or mark the visit patient-pay.",
                str(used + amount),
                str(last.allowed),
            )
        )
        outcome, working = "exhausted", (text,)
    elif other_provider:
        text = "The authorization is bound to another practitioner."
        findings.append(_finding("other_provider", text, "Have it changed to who treats, or move the patient."))
        outcome, working = "other_provider", (text,)
    else:
        text, fix, identity = _why_none(own, on, discipline)
        findings.append(_finding(identity, text, fix))
        outcome, working = identity, (text,)
    decision = replace(
        _decision(outcome, Outcome.FAIL, working),
        otherwise=("an authorization that covers this date and code, with something left, would release it",),
    )
    return AuthorizationResult(number=None, consumed=(), decisions=(decision,), findings=tuple(findings))


def forecast(record: PatientRecord, parameters: Parameters) -> tuple[Finding, ...]:
    """Booked appointments that no authorization will cover, told at booking time.

    Shapes   counts what was used outside, billed and in flight, then booked appointments by start.
    """
    coverage = min((kept.value for kept in record.coverages), key=lambda c: c.rank or 9, default=None)
    entry = parameters.practice.payers.get(coverage.payer_id or "") if coverage else None
    if entry is None or not entry.authorization_required:
        return ()
    kept_visits = {e.value.number for e in record.encounters if e.value.number}
    booked = sorted(
        (
            kept.value
            for kept in record.appointments
            if kept.value.status is AppointmentStatus.BOOKED
            and kept.value.start is not None
            and kept.value.encounter_number not in kept_visits
            and kept.value.discipline in entry.authorization_required
        ),
        key=lambda a: (a.start, a.number),
    )
    authorizations = [kept.value for kept in record.authorizations]
    used: dict[str, Decimal] = {}
    for day in record.days:
        if day.state is not DayState.VOID:
            for number, quantity in day.consumed:
                used[number] = used.get(number, Decimal(0)) + quantity
    findings = []
    for appointment in booked:
        finding = _forecast_one(appointment, authorizations, used)
        if finding is not None:
            findings.append(finding)
    return tuple(findings)


def _forecast_one(
    appointment: Appointment, authorizations: Sequence[Authorization], used: dict[str, Decimal]
) -> Finding | None:
    assert appointment.start is not None
    assert appointment.discipline is not None
    on = appointment.start.date()
    fitting = [a for a in _fitting(authorizations, on, appointment.discipline, ()) if a.basis is not Basis.UNITS]
    text = "No authorization covers the date of this booked appointment."
    for authorization in fitting:
        number = authorization.number or ""
        before = (authorization.used_before or Decimal(0)) + used.get(number, Decimal(0))
        if authorization.allowed is None or before + ONE <= authorization.allowed:
            used[number] = used.get(number, Decimal(0)) + ONE
            return None
        text = f"This booked appointment would be visit {before + ONE} of {authorization.allowed} authorized."
    return Finding(
        id="authorization.booked_without_cover",
        severity=Severity.ERROR,
        text=text,
        fix="Request an extension before the visit, move the appointment, or tell the patient.",
        owner=OWNER,
        subject=f"appointment {appointment.number}",
        observed=on.isoformat(),
        queue=Queue.AUTHORIZATION,
        citation=CITATION,
        due_in_days=1,
    )


def _fitting(
    authorizations: Sequence[Authorization],
    on: date,
    discipline: Discipline,
    codes: Sequence[tuple[Hcpcs, int]],
) -> list[Authorization]:
    """Those in force on the date for discipline and codes, in the order they are used up."""
    found = [
        a
        for a in authorizations
        if a.number
        and a.status not in NOT_GIVEN
        and (a.effective_on is None or a.effective_on <= on)
        and (a.ends_on is None or on <= a.ends_on)
        and (not a.disciplines or discipline in a.disciplines)
        and (not a.codes or all(code in a.codes for code, _ in codes))
    ]
    return sorted(found, key=lambda a: (a.ends_on or date.max, not a.codes, len(a.disciplines) or 9, a.number or ""))


def _fits_provider(authorization: Authorization, day: TreatmentDay, parameters: Parameters) -> bool:
    """True unless it is bound to a practitioner and someone else rendered."""
    if authorization.rendering_npi is None:
        return True
    people = [parameters.practitioner(e.rendering) for e in day.encounters]
    npis = {person.npi for person in people if person is not None and person.npi}
    return not npis or authorization.rendering_npi in npis


def _quantity(
    authorization: Authorization, quantities: Quantities, day: TreatmentDay, entry: PayerEntry, history: History
) -> Decimal:
    """What this day takes from the authorization, on the basis it counts."""
    basis = authorization.basis
    if basis is Basis.UNITS:
        codes = authorization.codes
        return Decimal(sum(units for code, units in quantities.codes if not codes or code in codes))
    if basis is Basis.MINUTES:
        return Decimal(quantities.minutes)
    if basis is Basis.AMOUNT:
        return quantities.amount or Decimal(0)
    if basis is Basis.EPISODE:
        return Decimal(0)
    if entry.visit_counts == "day" and _counted_today(history, authorization.number, day.date_of_service):
        return Decimal(0)  # the payer counts the day once, whatever the disciplines
    return ONE


def _counted_today(history: History, number: str | None, on: date) -> bool:
    return any(
        prior.date_of_service == on and any(used == number and quantity for used, quantity in prior.authorizations)
        for prior in history.days
    )


def _used(history: History, number: str | None) -> Decimal:
    return sum(
        (quantity for day in history.days for used, quantity in day.authorizations if used == number), Decimal(0)
    )


def _why_none(own: Sequence[Authorization], on: date, discipline: Discipline) -> tuple[str, str, str]:
    for authorization in own:
        if authorization.status in NOT_GIVEN:
            return f"The authorization is {authorization.status}.", "Follow up with the payer.", "not_given"
        if authorization.ends_on is not None and authorization.ends_on < on:
            days = (on - authorization.ends_on).days
            return (
                f"The authorization ended {days} days before this visit.",
                "Request a new one or an extension.",
                "expired",
            )
        if authorization.disciplines and discipline not in authorization.disciplines:
            return (
                f"The authorization does not cover {discipline}.",
                "Request one for this discipline.",
                "other_discipline",
            )
    return (
        "This payer asks for an authorization and none is on file.",
        "Request one and enter it in the EMR.",
        "missing",
    )


def _is_placeholder(number: str | None, parameters: Parameters) -> bool:
    text = (number or "").strip().upper()
    return text in parameters.placeholders or len(set(text)) == 1


def _limits(
    day: TreatmentDay,
    discipline: Discipline,
    quantities: Quantities,
    coverage: Coverage,
    history: History,
    *,
    threshold: bool,
) -> list[Finding]:
    """Benefit limits in visits, units, minutes or dollars, by calendar year or lifetime.

    Shapes   threshold: the payer's yearly amount is the therapy threshold, which asks for KX and stops nothing.
    """
    findings = []
    kind = next((e.habilitative for e in day.encounters if e.habilitative is not None), None)
    for limit in day.benefit_limits:
        ours = (
            limit.payer_id in (None, coverage.payer_id)
            and (not limit.disciplines or discipline in limit.disciplines)
            and (limit.habilitative is None or limit.habilitative is (kind is True))
            and not (threshold and limit.basis is Basis.AMOUNT)
        )
        if ours and limit.allowed is not None and limit.basis not in {None, Basis.EPISODE}:
            amount = {
                Basis.VISITS: ONE,
                Basis.UNITS: Decimal(sum(units for _, units in quantities.codes)),
                Basis.MINUTES: Decimal(quantities.minutes),
                Basis.AMOUNT: quantities.amount,
            }[limit.basis or Basis.VISITS]
            used = (limit.used or Decimal(0)) + _used_of_limit(limit, day.date_of_service, history)
            if amount is None:
                findings.append(_limit_not_checked(limit))
            elif used + amount > limit.allowed:
                text = f"This would be {_one(limit.basis)} {used + amount} of {limit.allowed} in the benefit limit."
                fix = "Tell the patient, and bill the patient or request an exception."
                findings.append(_finding("benefit_limit", text, fix, str(used + amount), str(limit.allowed)))
    return findings


def _used_of_limit(limit: BenefitLimit, on: date, history: History) -> Decimal:
    total = Decimal(0)
    for day in history.days:
        inside = limit.period is BenefitPeriod.LIFETIME or day.date_of_service.year == on.year
        since = limit.as_of is None or day.date_of_service > limit.as_of
        kind = limit.habilitative is None or limit.habilitative is (day.habilitative is True)
        if inside and since and kind and (not limit.disciplines or day.discipline in limit.disciplines):
            total += {
                Basis.VISITS: ONE,
                Basis.UNITS: Decimal(sum(units for _, units in day.codes)),
                Basis.MINUTES: Decimal(day.minutes),
                Basis.AMOUNT: day.allowed or Decimal(0),
            }[limit.basis or Basis.VISITS]
    return total


def _limit_not_checked(limit: BenefitLimit) -> Finding:
    return Finding(
        id="configuration.benefit_amount_missing",
        severity=Severity.WARNING,
        text=f"The plan limits therapy to {limit.allowed} dollars, and allowed amounts of this payer are not loaded.",
        fix="Load the payer's fee schedule in mappings/practice.yaml.",
        owner="interface administrator",
        subject="benefit_limit",
        outcome=Outcome.NOT_CHECKED,
        citation=CITATION,
    )


def _one(basis: Basis | None) -> str:
    return {Basis.UNITS: "unit", Basis.AMOUNT: "dollar", Basis.MINUTES: "minute"}.get(basis or Basis.VISITS, "visit")


def _finding(what: str, text: str, fix: str, observed: str = "", expected: str = "") -> Finding:
    return Finding(
        id=f"authorization.{what}",
        severity=Severity.ERROR,
        text=text,
        fix=fix,
        owner=OWNER,
        subject="authorization",
        observed=observed,
        expected=expected,
        queue=Queue.AUTHORIZATION,
        citation=CITATION,
        due_in_days=2,
    )


def _decision(value: str, outcome: Outcome, working: tuple[str, ...]) -> Decision:
    return Decision(
        station="authorization",
        subject="treatment day",
        rule="authorization",
        value=value,
        outcome=outcome,
        working=working,
        citation=CITATION,
    )
