"""What a biller or a clinician is told about codes whose units are missing, unearned or other than the EMR's."""

from __future__ import annotations

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Finding, Outcome, Queue, Severity
from integration_engine.domain.treatment import Delivery
from integration_engine.rules.parameters.payers import UnitsMethod
from integration_engine.rules.units.services import Service, is_missing

DOCUMENTATION = "treating clinician"
NOTE = Citation(document="CMS Pub 100-02 ch. 15", section="§220.3.E")


def against_the_emr(service: Service, units: int, differing: str, method: UnitsMethod) -> list[Finding]:
    """The EMR counted other units than the payer's rule gives: held, warned of or accepted, as the payer profile says."""
    if service.units_sent is None or service.units_sent == units or differing == "accept" or is_missing(service):
        return []
    holds = differing == "hold"
    return [
        Finding(
            id="units.differ_from_emr",
            severity=Severity.ERROR if holds else Severity.WARNING,
            text=f"The EMR counts {service.units_sent} units of {service.code}, the payer's rule gives {units}.",
            fix="Nothing to do when the minutes are right: the computed units are billed. Else correct the minutes in the note.",
            owner="biller",
            subject=f"encounter.treatments[{service.places[0]}].units_sent",
            observed=str(service.units_sent),
            expected=str(units),
            queue=Queue.EDITS if holds else None,
            citation=method.citation,
        )
    ]


def not_earned(service: Service, units: int, method: UnitsMethod) -> list[Finding]:
    """A code that earned no unit is told: it is documented and not billed."""
    if units or is_missing(service):
        return []
    subject = f"encounter.treatments[{service.places[0]}]"
    if service.facts is not None and service.facts.device_days is not None:
        least, most = service.facts.device_days
        return [
            Finding(
                id="units.device_days",
                severity=Severity.ERROR,
                text=f"{service.code} is for {least} to {most} days with device data, and there are {service.device_days}.",
                fix="Bill the code that fits the days, or nothing.",
                owner="biller",
                subject=f"{subject}.device_days",
                observed=str(service.device_days),
                expected=f"{least} to {most}",
                queue=Queue.EDITS,
                citation=service.facts.citation,
            )
        ]
    return [
        Finding(
            id="units.not_billable",
            severity=Severity.INFORMATION,
            text=f"{service.code}: {service.minutes} min earn no unit by this payer's method; documented, not billed.",
            fix="Nothing to do.",
            owner="biller",
            subject=subject,
            observed=str(service.minutes),
            citation=method.citation,
        )
    ]


def no_minutes(code: Hcpcs, subject: str) -> Finding:
    """A code billed by time without minutes."""
    return Finding(
        id="documentation.minutes_missing",
        severity=Severity.ERROR,
        text=f"{code} is billed by time and the note gives no minutes for it.",
        fix="Enter start and stop, or the treatment minutes, for this code in the daily note and sign it again.",
        owner=DOCUMENTATION,
        subject=f"{subject}.minutes",
        expected="whole minutes",
        queue=Queue.DOCUMENTATION,
        citation=NOTE,
    )


def no_days(code: Hcpcs, subject: str, citation: Citation) -> Finding:
    """A code billed by days with device data without its days."""
    return Finding(
        id="documentation.device_days_missing",
        severity=Severity.ERROR,
        text=f"{code} is billed by days with device data, and the note does not say how many there were.",
        fix="Enter the days with data of the monitoring period.",
        owner=DOCUMENTATION,
        subject=f"{subject}.device_days",
        expected="whole days",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def no_contact(code: Hcpcs, subject: str, citation: Citation) -> Finding:
    """A code that asks for a live contact, and none is documented."""
    return Finding(
        id="documentation.live_contact_missing",
        severity=Severity.ERROR,
        text=f"{code} asks for a live contact with the patient in the month, and none is documented.",
        fix="Document the call or visit with its date, or do not bill the code.",
        owner=DOCUMENTATION,
        subject=f"{subject}.live_contact",
        expected="yes",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def not_one_on_one(code: Hcpcs, subject: str, delivery: Delivery) -> Finding:
    """A one-on-one code that the note says was given to several patients."""
    return Finding(
        id="documentation.delivery_not_one_on_one",
        severity=Severity.ERROR,
        text=f"{code} counts one-on-one minutes only, and the note says {delivery.value} delivery.",
        fix="Bill group therapy with its own code, or document the one-on-one minutes apart.",
        owner=DOCUMENTATION,
        subject=f"{subject}.delivery",
        observed=delivery.value,
        expected="one_on_one",
        queue=Queue.DOCUMENTATION,
        citation=Citation(document="CMS 11 Part B Billing Scenarios"),
    )


def unknown_code(code: Hcpcs, subject: str) -> Finding:
    """A code without a time basis: nothing about it could be checked."""
    return Finding(
        id="edits.code_unknown",
        severity=Severity.ERROR,
        text=f"{code} is not in mappings/codes/procedures.yaml for this date, so nothing could be checked about it.",
        fix="Add the code with its time basis and source, or correct it in the EMR.",
        owner="interface administrator",
        subject=f"{subject}.code",
        observed=str(code),
        queue=Queue.EDITS,
        outcome=Outcome.NOT_CHECKED,
        citation=Citation(document="house rule", section="a code without a time basis is not billed; mappings/codes"),
    )
