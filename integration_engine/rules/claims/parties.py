"""Who a claim is for and about: subscriber, patient, practitioners, and the patient's other payers.

What is missing is named as a finding that a person can act on; nothing is guessed. Authority: X222A1 loops 2010BA, 2010CA,
2310A, 2310B, 2310D, 2320.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.domain.claim import ClaimPatient, OtherPayer, Subscriber
from integration_engine.domain.coverage import Coverage, Relationship
from integration_engine.domain.parties import LicenceLevel, Patient, Practitioner
from integration_engine.rules.parameters.claims import ClaimRule
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry

GUIDE = Citation(document="X222A1", section="005010X222A1")
FIRST = "P"
RELEASE_REFUSED = "N"
DEMOGRAPHICS, UNREADABLE = "claim.patient_demographics", "crosswalk.unreadable"
AFTER_FIRST = ("S", "T")  # a claim here names three payers; SBR01 has letters for more
NEVER_RENDER = frozenset({LicenceLevel.ASSISTANT, LicenceLevel.STUDENT, LicenceLevel.AIDE})
CompletePayer = tuple[Coverage, PayerEntry]


def missing(
    what: str,
    text: str,
    fix: str,
    owner: str,
    queue: Queue = Queue.EDITS,
    subject: str = "",
    citation: Citation = GUIDE,
    area: str = "claim",
) -> Finding:
    """What a claim cannot be made without."""
    return Finding(
        id=f"{area}.{what}",
        severity=Severity.ERROR,
        text=text,
        fix=fix,
        owner=owner,
        subject=subject or what,
        queue=queue,
        citation=citation,
    )


def subscriber_of(coverage: Coverage, patient: Patient, *, members_have_ids: bool = False) -> Subscriber | Finding:
    """The insured of a coverage: the patient, another person, or the employer in workers' compensation.

    Shapes   members_have_ids: the payer gives every member an id, and takes the patient as the subscriber.
    Source   X222A1 2000C (used only for a patient without an id of their own).
    """
    owner = "front desk"
    if coverage.relationship is None:
        return missing(
            "relationship",
            "The patient's relationship to the subscriber is not stated.",
            "Send IN1-17.",
            owner,
            subject="coverage.relationship",
        )
    own = coverage.relationship is Relationship.SELF or members_have_ids
    name = patient.name if own else coverage.subscriber_name
    if not coverage.member_id:
        return missing("member_id", "The member id is not stated.", "Send IN1-36.", owner, subject="coverage.member_id")
    if name is None or not name.last:
        return missing(
            "subscriber_name",
            "The subscriber's name is not stated.",
            "Send IN1-16.",
            owner,
            subject="coverage.subscriber_name",
        )
    return Subscriber(
        name=name,
        member_id=coverage.member_id,
        relationship=Relationship.SELF if own else coverage.relationship,
        group_number=coverage.group_number,
        group_name=coverage.group_name,
        birth_date=patient.birth_date if own else coverage.subscriber_birth_date,
        sex=patient.sex if own else coverage.subscriber_sex,
        address=patient.address if own else coverage.subscriber_address,
        # an employee's subscriber is the employer, whose name has no first name
        organization=not own and coverage.relationship is Relationship.EMPLOYEE and not name.first,
    )


def release_refused(coverage: Coverage) -> tuple[Finding, ...]:
    """A claim tells the payer about the patient, so one who refuses that cannot be billed for. Source  X222A1 CLM09."""
    if coverage.release_of_information != RELEASE_REFUSED:
        return ()
    return (
        missing(
            "release_of_information",
            "The patient does not allow the payer to be told what the claim says.",
            "Obtain the patient's consent and send it in IN1-27, or bill the patient.",
            "front desk",
            subject="coverage.release_of_information",
        ),
    )


def told_once(
    findings: Sequence[Finding], overridden: Collection[tuple[str, str, str]] = frozenset()
) -> tuple[Finding, ...]:
    """The findings without what the patient lacks, where a field that could not be read is told for all of it already.

    Shapes   overridden: id, subject and observed of findings that a person accepted: those hold nothing, so what is
             lacking is told by itself.
    Why      One wrong PID-7 is one correction by one person, not two holds with two owners.
    """
    unread = {
        finding.subject.removeprefix("patient.").partition(".")[0]
        for finding in findings
        if finding.id == UNREADABLE and finding.holds and finding.subject.startswith("patient.")
        if (finding.id, finding.subject, finding.observed) not in overridden
    }
    return tuple(f for f in findings if f.id != DEMOGRAPHICS or not unread.issuperset(f.observed.split()))


def patient_of(patient: Patient) -> ClaimPatient | Finding:
    """The patient as a claim names them."""
    address = patient.address
    complete = address is not None and address.line1 and address.city and address.state and address.postal_code
    if patient.name is None or patient.birth_date is None or patient.sex is None or address is None or not complete:
        known = {
            "name": patient.name is not None,
            "birth_date": patient.birth_date is not None,
            "sex": patient.sex is not None,
            "address": complete,
        }
        lacking = [name for name, has in known.items() if not has]
        named = ", ".join(lacking).replace("_", " ")
        finding = missing(
            "patient_demographics",
            f"Name, birth date, sex and full address of the patient are needed on a claim; missing: {named}.",
            "Complete the registration in the EMR and send it again.",
            "front desk",
            subject="patient",
        )
        return replace(finding, observed=" ".join(lacking))
    return ClaimPatient(
        name=patient.name,
        birth_date=patient.birth_date,
        sex=patient.sex,
        address=address,
        died_on=patient.death_date,
    )


def may_render(stated: Practitioner | None, parameters: Parameters) -> Practitioner | None:
    """The practitioner with name and NPI, if their licence lets them be named as rendering."""
    known = parameters.practitioner(stated)
    if known is None or known.licence in NEVER_RENDER or known.npi is None or known.name is None:
        return None
    return known


def named(stated: Practitioner | None, parameters: Parameters) -> Practitioner | None:
    """The practitioner with name and NPI; None where either is not known."""
    known = parameters.practitioner(stated)
    return known if known is not None and known.npi and known.name is not None else None


def rendering_of(stated: Iterable[Practitioner | None], parameters: Parameters) -> Practitioner | None:
    """The therapist who treated; where an assistant did, the therapist who supervised. None: the first has no NPI or name."""
    for person in stated:
        known = parameters.practitioner(person)
        if known is not None and known.licence not in NEVER_RENDER:
            return may_render(person, parameters)
    return None


def undecided(
    later: Sequence[CompletePayer], patient: Patient, rules: Mapping[str, ClaimRule]
) -> tuple[OtherPayer, ...]:
    """The patient's later payers as the first one's claim names them, so that it can send the claim on.

    Shapes   later: in the order they pay; the payers in force count, not the ranks they once had. rules: how claims are made, by profile. A coverage whose
             subscriber is not known whole, or of which the patient allows no release, is left out: it is told when its own
             claim is made.
    Source   X222A1 2320 (known other payers).
    """
    found = []
    for (coverage, entry), sequence in zip(later, AFTER_FIRST, strict=False):
        own = rules[entry.payer.profile].members_have_ids
        subscriber = subscriber_of(coverage, patient, members_have_ids=own)
        if isinstance(subscriber, Subscriber) and not release_refused(coverage):
            found.append(
                OtherPayer(
                    payer=entry.payer,
                    sequence=sequence,
                    subscriber=subscriber,
                    insurance_type=coverage.insurance_type,
                    authorization_number=coverage.authorization_number,
                    referral_number=coverage.referral_number,
                    benefits_assigned=coverage.benefits_assigned or rules[entry.payer.profile].benefits_assigned,
                    release_of_information=(
                        coverage.release_of_information or rules[entry.payer.profile].release_of_information
                    ),
                )
            )
    return tuple(found)
