"""What is left of each authorization, who uses it up, and which booked appointments nothing covers.

One count for all three questions: used outside, billed, in flight (ready or held), then booked appointments by start,
each from the authorization that runs out first. A booking whose encounter has arrived is counted as that encounter. A
booking tells no units: an authorization in units covers it while a unit is left, and that is told as not counted.
Authority: the payer's contract; house rule on the order of consumption (THERAPY_RULES §4.1).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.domain.authorization import Appointment, AppointmentStatus, Authorization
from integration_engine.domain.coverage import Basis, BenefitLimit, Coverage
from integration_engine.domain.parties import Discipline
from integration_engine.domain.record import DayState, KeptDay, PatientRecord
from integration_engine.domain.treatment_day import PriorDay
from integration_engine.rules.authorization.covering import CITATION, OWNER
from integration_engine.rules.authorization.on_file import fitting, known_to
from integration_engine.rules.authorization.visit_worth import worth_of_visit
from integration_engine.rules.benefit_limits import counts, used_before
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry

ONE, NOTHING = Decimal(1), Decimal(0)
SCHEDULED = "scheduled"
NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """One visit or booking that draws on an authorization.

    Shapes   state: billed, ready, held or scheduled. what: visit numbers, or the appointment. quantity: None where a
             booking does not tell it.
    """

    date: date
    discipline: Discipline | None
    state: str
    what: str
    quantity: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One authorization counted down.

    Shapes   authorized: None where the payer's quantity is not known; then left is None too. used_before: used outside
             of what this engine billed, None where nobody stated it. not_counted: bookings of unknown quantity. left:
             negative when more was used than authorized. consumers: by date.
    """

    number: str
    payer_id: str | None
    basis: Basis | None
    status: str | None
    effective_on: date | None
    ends_on: date | None
    authorized: Decimal | None
    used_before: Decimal | None
    billed: Decimal
    in_flight: Decimal
    scheduled: Decimal
    not_counted: int
    left: Decimal | None
    consumers: tuple[Consumer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UncoveredVisit:
    """A booked appointment that nothing covers, or of which that is not known.

    Shapes   reason: starts with "not checked" where cover could not be judged. covered: False, or None for not checked.
    Units    at_risk: dollars that would be lost, None where unknown; at_risk_from: where that amount comes from.
    """

    appointment: str
    date: date
    location: str | None
    discipline: Discipline | None
    payer: str | None
    reason: str
    covered: bool | None
    at_risk: Decimal | None
    at_risk_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnDown:
    """Every authorization of a patient with its balance, and the booked appointments without cover, by start."""

    balances: tuple[Balance, ...]
    uncovered: tuple[UncoveredVisit, ...]


def burn_down(record: PatientRecord, parameters: Parameters, *, as_of: date | None = None) -> BurnDown:
    """Count a patient's authorizations down.

    Shapes   as_of: only what lies on or before this date counts, visits by date of service, bookings by their start; so
             the balance of any past date comes back. None: everything known, all bookings included.
    """
    count = _Count(record, parameters, as_of)
    uncovered = count.uncovered()  # first: the bookings it covers count in the balances
    return BurnDown(uncovered=uncovered, balances=count.balances())


def forecast(record: PatientRecord, parameters: Parameters) -> tuple[Finding, ...]:
    """Booked appointments that nothing will cover, told at booking time."""
    if not record.appointments:
        return ()
    return tuple(_alert(visit) for visit in burn_down(record, parameters).uncovered if visit.covered is False)


def uncovered_visits(
    record: PatientRecord, parameters: Parameters, *, first: date, days: int
) -> tuple[UncoveredVisit, ...]:
    """The appointments of the next days, the first included, that nothing covers or of which that is not known."""
    last = first + timedelta(days=days - 1)
    return tuple(visit for visit in burn_down(record, parameters).uncovered if first <= visit.date <= last)


def _total(consumers: Iterable[Consumer], *states: str) -> Decimal:
    """What the consumers in these states use, of all states where none is named."""
    return sum((c.quantity or NOTHING for c in consumers if not states or c.state in states), NOTHING)


class _Count:
    """One patient's count, in the order things happen."""

    def __init__(self, record: PatientRecord, parameters: Parameters, as_of: date | None) -> None:
        self.record, self.parameters = record, parameters
        self.last = as_of or date.max
        self.drawn: dict[str, list[Consumer]] = defaultdict(list)
        self.days = [d for d in record.days if d.state is not DayState.VOID and d.date_of_service <= self.last]
        for day in self.days:
            for number, quantity in day.consumed:
                self.drawn[number].append(
                    Consumer(
                        date=day.date_of_service,
                        discipline=day.discipline,
                        state=day.state.value,
                        what=" ".join(_visits(record, day)),
                        quantity=quantity,
                    )
                )
        self.booked_days: list[PriorDay] = [prior for d in self.days if (prior := _prior(d)) is not None]

    # --- bookings -------------------------------------------------------------------------------------------------------

    def uncovered(self) -> tuple[UncoveredVisit, ...]:
        """Let every booking draw on what covers it; those that find nothing come back."""
        found = []
        for appointment in _open_bookings(self.record):
            assert appointment.start is not None
            on = appointment.start.date()
            if on > self.last:
                continue
            coverage = primary_on(self.record, on)
            entry = self.parameters.practice.payers.get(coverage.payer_id or "") if coverage else None
            if coverage is None or entry is None or appointment.discipline is None:
                found.append(self._visit(appointment, on, entry, covered=None, reason=_unknown(appointment, coverage)))
                continue
            reason = self._draw(appointment, appointment.discipline, on, coverage, entry)
            if reason:
                found.append(self._visit(appointment, on, entry, covered=False, reason=reason))
        return tuple(found)

    def _draw(
        self, appointment: Appointment, discipline: Discipline, on: date, coverage: Coverage, entry: PayerEntry
    ) -> str:
        """Why nothing covers this booking; empty once it has drawn on its authorization."""
        limited = self._over_a_limit(discipline, on, coverage, entry)
        if limited:
            return limited
        own = known_to((kept.value for kept in self.record.authorizations), coverage, self.parameters)
        reason = "No authorization covers the date of this booked appointment."
        for authorization in fitting(own, on, discipline, ()):
            quantity = self._quantity(authorization, appointment, on, entry)
            drawn = self.drawn[authorization.number or ""]
            before = (authorization.used_before or NOTHING) + _total(drawn)
            allowed = authorization.allowed
            if allowed is None or (before < allowed if quantity is None else before + quantity <= allowed):
                drawn.append(_scheduled(appointment, on, quantity))
                self._book(discipline, on, entry)
                return ""
            if authorization.basis in {None, Basis.VISITS}:
                reason = f"This booked appointment would be visit {before + ONE} of {allowed} authorized."
            else:
                reason = f"{before} of {allowed} authorized {authorization.basis} are used up before this booked appointment."
        if discipline in entry.authorization_required and not self._exempt(appointment, discipline, on, entry):
            return reason
        self._book(discipline, on, entry)
        return ""

    def _book(self, discipline: Discipline, on: date, entry: PayerEntry) -> None:
        self.booked_days.append(
            PriorDay(date_of_service=on, discipline=discipline, state=SCHEDULED, payer=entry.payer.key)
        )

    def _over_a_limit(self, discipline: Discipline, on: date, coverage: Coverage, entry: PayerEntry) -> str:
        """The limit in visits that this booking would exceed; a booking tells neither units nor dollars."""
        for limit in (kept.value for kept in self.record.benefit_limits):
            if not _in_visits(limit) or not counts(limit, coverage.payer_id, discipline, None):
                continue
            if entry.visit_counts == "day" and any(d.date_of_service == on for d in self.booked_days):
                continue  # another visit of that date is counted already
            before = used_before(limit, on, self.booked_days, entry)
            if before is not None and limit.allowed is not None and before + ONE > limit.allowed:
                return f"This booked appointment would be visit {before + ONE} of {limit.allowed} in the benefit limit."
        return ""

    def _quantity(
        self, authorization: Authorization, appointment: Appointment, on: date, entry: PayerEntry
    ) -> Decimal | None:
        """What a booking will take; None where only the treatment will tell."""
        if authorization.basis is Basis.EPISODE:
            return NOTHING
        if authorization.basis is Basis.MINUTES:
            return Decimal(appointment.minutes) if appointment.minutes is not None else None
        if authorization.basis in {Basis.UNITS, Basis.AMOUNT}:
            return None
        same_day = (c for c in self.drawn[authorization.number or ""] if c.date == on and c.quantity)
        return NOTHING if entry.visit_counts == "day" and any(same_day) else ONE

    def _exempt(self, appointment: Appointment, discipline: Discipline, on: date, entry: PayerEntry) -> bool:
        """An evaluation, where the payer exempts evaluations of this discipline; the EMR's type begins with EVAL."""
        if not (appointment.encounter_type or "").upper().startswith("EVAL"):
            return False
        facts = [self.parameters.procedure(code, on) for code in entry.authorization_exempt]
        return any(f.evaluation and discipline in (f.disciplines or (discipline,)) for f in facts if f is not None)

    # --- answers --------------------------------------------------------------------------------------------------------

    def balances(self) -> tuple[Balance, ...]:
        """Every authorization on file, and every number that was used without being on file."""
        stated = [kept.value for kept in self.record.authorizations if kept.value.number]
        known = {a.number for a in stated}
        unstated = [
            Authorization(number=number)
            for number, drawn in sorted(self.drawn.items())
            if drawn and number not in known
        ]
        order = sorted(stated, key=lambda a: (a.ends_on or date.max, a.number or ""))
        return tuple(self._balance(authorization) for authorization in (*order, *unstated))

    def _balance(self, authorization: Authorization) -> Balance:
        drawn = self.drawn[authorization.number or ""]
        used = (authorization.used_before or NOTHING) + _total(drawn)
        return Balance(
            number=authorization.number or "",
            payer_id=authorization.payer_id,
            basis=authorization.basis,
            status=authorization.status,
            effective_on=authorization.effective_on,
            ends_on=authorization.ends_on,
            authorized=authorization.allowed,
            used_before=authorization.used_before,
            billed=_total(drawn, DayState.BILLED.value),
            in_flight=_total(drawn, DayState.READY.value, DayState.HELD.value),
            scheduled=_total(drawn, SCHEDULED),
            not_counted=sum(c.quantity is None for c in drawn),
            left=authorization.allowed - used if authorization.allowed is not None else None,
            consumers=tuple(sorted(drawn, key=lambda c: (c.date, c.what))),
        )

    def _visit(
        self, appointment: Appointment, on: date, entry: PayerEntry | None, *, covered: bool | None, reason: str
    ) -> UncoveredVisit:
        at_risk, source = worth_of_visit(self.record, self.days, appointment.discipline, entry)
        return UncoveredVisit(
            appointment=appointment.number or "",
            date=on,
            location=appointment.location,
            discipline=appointment.discipline,
            payer=entry.payer.key if entry else None,
            reason=reason,
            covered=covered,
            at_risk=at_risk,
            at_risk_from=source,
        )


def primary_on(record: PatientRecord, on: date) -> Coverage | None:
    """The first coverage by rank that is in force on a date."""
    in_force = (
        kept.value
        for kept in record.coverages
        if (kept.value.effective_on is None or kept.value.effective_on <= on)
        and (kept.value.ends_on is None or on <= kept.value.ends_on)
    )
    return min(in_force, key=lambda coverage: coverage.rank or 99, default=None)


def _open_bookings(record: PatientRecord) -> list[Appointment]:
    """Booked appointments by start, without those whose encounter arrived or whose patient pays.

    Why      A booking without a visit number is taken as kept by an encounter of its discipline on its date, one each;
             else the same visit would be counted twice.
    """
    numbers = {e.value.number for e in record.encounters if e.value.number}
    paid = {agreement.subject for agreement in record.self_pays if agreement.day_id is None}
    booked = sorted(
        (
            kept.value
            for kept in record.appointments
            if kept.value.status is AppointmentStatus.BOOKED and kept.value.start is not None
        ),
        key=lambda a: (a.start.isoformat() if a.start else "", a.number or ""),
    )
    claimed = {a.encounter_number for a in booked if a.encounter_number}
    free = Counter(
        (e.value.date_of_service, e.value.discipline) for e in record.encounters if e.value.number not in claimed
    )
    still = []
    for appointment in booked:
        key = (appointment.start.date() if appointment.start else None, appointment.discipline)
        if appointment.encounter_number:
            kept = appointment.encounter_number in numbers
        else:
            kept = free[key] > 0
            free[key] -= kept
        if not kept and appointment_subject(appointment.number) not in paid:
            still.append(appointment)
    return still


def appointment_subject(number: str | None) -> str:
    """What holds and agreements call an appointment."""
    return f"appointment {number}"


def _unknown(appointment: Appointment, coverage: Coverage | None) -> str:
    if coverage is None:
        return f"{NOT_CHECKED}: no coverage is known that is in force on that date"
    if appointment.discipline is None:
        return f"{NOT_CHECKED}: the booking does not say whether it is PT, OT or SLP"
    return f"{NOT_CHECKED}: the payer is not in mappings/practice.yaml"


def _scheduled(appointment: Appointment, on: date, quantity: Decimal | None) -> Consumer:
    return Consumer(
        date=on,
        discipline=appointment.discipline,
        state=SCHEDULED,
        what=appointment_subject(appointment.number),
        quantity=quantity,
    )


def _in_visits(limit: BenefitLimit) -> bool:
    """A limit that a booking can be counted against."""
    return limit.basis is Basis.VISITS and limit.period is not None and limit.allowed is not None


def _prior(day: KeptDay) -> PriorDay | None:
    """A kept day as benefit limits count it."""
    if day.discipline is None:
        return None
    return PriorDay(
        date_of_service=day.date_of_service,
        discipline=day.discipline,
        state=day.state.value,
        payer=day.payer,
        codes=day.codes,
        allowed=day.allowed,
        minutes=day.minutes,
        habilitative=day.habilitative,
    )


def _visits(record: PatientRecord, day: KeptDay) -> list[str]:
    return [
        e.value.number or ""
        for e in record.encounters
        if (e.value.date_of_service, e.value.discipline) == (day.date_of_service, day.discipline)
    ]


def _alert(visit: UncoveredVisit) -> Finding:
    return Finding(
        id="authorization.booked_without_cover",
        severity=Severity.ERROR,
        text=visit.reason,
        fix="Request an extension before the visit, move the appointment, or tell the patient.",
        owner=OWNER,
        subject=appointment_subject(visit.appointment),
        observed=visit.date.isoformat(),
        queue=Queue.AUTHORIZATION,
        citation=CITATION,
        due_in_days=1,
    )
