"""Who a claim is for and about: subscriber, patient, practitioners, and the patient's other payers.

What is missing is named as a finding that a person can act on; nothing is guessed. Authority: X222A1 loops 2010BA, 2010CA,
2310A, 2310B, 2310D, 2320.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.domain.claim import ClaimPatient, OtherPayer, Subscriber
from integration_engine.domain.coverage import Coverage, Relationship
from integration_engine.domain.parties import LicenceLevel, Patient, Practitioner
from integration_engine.rules.parameters import Parameters, PayerEntry

GUIDE = Citation(document="X222A1", section="005010X222A1")
SEQUENCES = {1: "P", 2: "S", 3: "T"}
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


def subscriber_of(coverage: Coverage, patient: Patient) -> Subscriber | Finding:
    """The insured of a coverage: the patient, another person, or the employer in workers' compensation."""
    owner = "front desk"
    if coverage.relationship is None:
        return missing(
            "relationship",
            "The patient's relationship to the subscriber is not stated.",
            "Send IN1-17.",
            owner,
            subject="coverage.relationship",
        )
    own = coverage.relationship is Relationship.SELF
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
        relationship=coverage.relationship,
        group_number=coverage.group_number,
        group_name=coverage.group_name,
        birth_date=patient.birth_date if own else coverage.subscriber_birth_date,
        sex=patient.sex if own else coverage.subscriber_sex,
        address=patient.address if own else coverage.subscriber_address,
        # an employee's subscriber is the employer, whose name has no first name
        organization=coverage.relationship is Relationship.EMPLOYEE and not name.first,
    )


def patient_of(patient: Patient) -> ClaimPatient | Finding:
    """The patient as a claim names them."""
    address = patient.address
    complete = address is not None and address.line1 and address.city and address.state and address.postal_code
    if patient.name is None or patient.birth_date is None or patient.sex is None or address is None or not complete:
        return missing(
            "patient_demographics",
            "Name, birth date, sex and full address of the patient are needed on a claim.",
            "Complete the registration in the EMR and send it again.",
            "front desk",
            subject="patient",
        )
    return ClaimPatient(
        name=patient.name,
        birth_date=patient.birth_date,
        sex=patient.sex,
        address=address,
        died_on=patient.death_date,
    )


def sequence_of(coverage: Coverage) -> str:
    """P, S or T by the coverage's rank; a coverage without a rank is the first."""
    return SEQUENCES.get(coverage.rank or 1, "P")


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


def undecided(later: Sequence[CompletePayer], patient: Patient) -> tuple[OtherPayer, ...]:
    """The patient's later payers as the first one's claim names them, so that it can send the claim on.

    Shapes   a coverage whose subscriber is not known whole is left out: it is told when its own claim is made.
    Source   X222A1 2320 (known other payers).
    """
    found = []
    for coverage, entry in later:
        subscriber = subscriber_of(coverage, patient)
        if isinstance(subscriber, Subscriber) and coverage.rank in SEQUENCES:
            found.append(
                OtherPayer(
                    payer=entry.payer,
                    sequence=sequence_of(coverage),
                    subscriber=subscriber,
                    insurance_type=coverage.insurance_type,
                )
            )
    return tuple(found)
