"""Has the patient agreed to pay for this treatment day, so that no payer is asked?

An agreement made on the day's own hold counts for that day; one made when the appointment was booked counts for the
encounter that came of it. Authority: house rule; the signed notice or agreement is named with the step (hold_stages.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.findings import Citation, Finding, Severity
from integration_engine.domain.authorization import AppointmentStatus
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.hold import SelfPay
from integration_engine.domain.record import PatientRecord

HOUSE = Citation(document="house rule", section="patient-pay only")


def agreement_on(record: PatientRecord, day_id: int, encounters: Sequence[Encounter]) -> SelfPay | None:
    """The agreement that covers a treatment day, None where the payer is to be asked."""
    if not record.self_pays:
        return None
    subjects = _appointments_of(record, encounters)
    return next(
        (s for s in record.self_pays if s.day_id == day_id or (s.day_id is None and s.subject in subjects)), None
    )


def _appointments_of(record: PatientRecord, encounters: Sequence[Encounter]) -> set[str]:
    """What holds call the appointments these encounters came of: by visit number, else by date and discipline."""
    numbers = {e.number for e in encounters if e.number}
    dates = {(e.date_of_service, e.discipline) for e in encounters}
    found = set()
    for kept in record.appointments:
        booking = kept.value
        if booking.status not in {AppointmentStatus.BOOKED, AppointmentStatus.KEPT}:
            continue
        when = (booking.start.date() if booking.start else None, booking.discipline)
        if booking.encounter_number in numbers if booking.encounter_number else when in dates:
            found.add(f"appointment {booking.number}")
    return found


def patient_pays(set_aside: Sequence[Finding]) -> Finding:
    """What the day says instead of its holds: nobody bills a payer for it. set_aside: the holds it makes moot."""
    names = ", ".join(dict.fromkeys(finding.id for finding in set_aside))
    return Finding(
        id="authorization.patient_pays",
        severity=Severity.INFORMATION,
        text="The patient pays for this treatment day: no claim goes to the payer.",
        fix="Nothing to do; to bill the payer after all, take the hold back to none.",
        owner="authorization coordinator",
        subject="treatment day",
        observed=f"set aside: {names}" if names else "",
        citation=HOUSE,
    )
