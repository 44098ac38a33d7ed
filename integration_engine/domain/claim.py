"""Claim drafts and claims: what an 837P says, before and after it has a number.

A draft is assembled by rules/claims/assembly.py, a later payer's by rules/later_payers/coordination.py, and holds no allotted number,
so that the same facts give the same draft forever. A claim is a draft with its claim number (CLM01) and line control
numbers (REF*6R), frozen. Source  005010X222A1; THERAPY_RULES §6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integration_engine.core.codes import Hcpcs, Icd10, Modifier
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.encounter import Accident
from integration_engine.domain.parties import Address, Discipline, Organization, PersonName, Practitioner, Sex
from integration_engine.domain.remit import Adjustment


class Frequency(StrEnum):
    """Claim frequency code, 837P CLM05-3."""

    ORIGINAL = "1"
    REPLACEMENT = "7"
    VOID = "8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who the claim goes to.

    Shapes   key: our name in mappings/practice.yaml. payer_id: 2010BB NM109. profile: rule profile. claim_office: the
             payer's own office for claims (REF*FY), where its companion guide asks for one; so are second_id (REF*2U),
             tax_id (REF*EI) and naic (REF*NF, the number of the insurers' association).
    """

    key: str
    name: str
    payer_id: str
    claim_filing: str
    profile: str
    receiver: str
    payer_id_kind: str = "PI"
    address: Address | None = None
    claim_office: str | None = None
    second_id: str | None = None
    tax_id: str | None = None
    naic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """The insured of a claim: a person, or the employer of a workers' compensation claim (named in name.last).

    Shapes   relationship: the patient's, to the subscriber. Of another payer's subscriber birth date and sex are not sent.
    """

    name: PersonName
    member_id: str
    relationship: Relationship
    group_number: str | None = None
    group_name: str | None = None
    birth_date: date | None = None
    sex: Sex | None = None
    address: Address | None = None
    organization: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPatient:
    """The patient as a claim names them. weight: in pounds, where a payer asks for it."""

    name: PersonName
    birth_date: date
    sex: Sex
    address: Address
    died_on: date | None = None
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document that goes with a claim or a line, sent apart (PWK).

    Shapes   report: what it is (PWK01, such as 08 plan of treatment). transmission: how it goes (PWK02: AA on request,
             BM mail, EL electronically, EM e-mail, FT file transfer, FX fax). number: what the document is found by.
    """

    report: str
    transmission: str
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What was agreed with the payer about this claim (CN1). kind: CN101."""

    kind: str
    amount: Decimal | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderNumber:
    """A number beside the NPI that a payer knows a provider by. role: NM101 of the provider; qualifier: REF01.

    Shapes   qualifier: 0B state licence, 1G UPIN, G2 the payer's own number, LU location number. Of the billing provider
             the payer's own numbers stand with the payer (2010BB), another payer's in 2330C to 2330G.
    """

    role: str
    qualifier: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPayer:
    """Another payer of the same claim, and what it decided if it has decided (loops 2320 and 2330).

    Shapes   sequence: P, S, T or A to H, as SBR01. insurance_type: SBR05. adjustments: those of the whole claim, in
             order of their groups; those of a line stand with the line. remarks: remark codes of the decision (MOA03
             on). claim_number: its own number of the claim. claim_adjusted: it has adjusted its first decision (REF*T4).
    Units    paid: what it paid of this claim. non_covered: charges it does not cover at all, stated instead of
             adjustments. remaining: what the patient still owes after it.
    """

    payer: Payer
    sequence: str
    subscriber: Subscriber
    insurance_type: str | None = None
    adjustments: tuple[Adjustment, ...] = ()
    paid: Decimal | None = None
    non_covered: Decimal | None = None
    remaining: Decimal | None = None
    benefits_assigned: str = "Y"
    signature_source: str | None = None
    release_of_information: str = "Y"
    remarks: tuple[str, ...] = ()
    adjudicated_on: date | None = None
    authorization_number: str | None = None
    referral_number: str | None = None
    claim_number: str | None = None
    claim_adjusted: bool = False
    provider_numbers: tuple[ProviderNumber, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAdjudication:
    """What another payer decided about one service line (loop 2430).

    Shapes   payer_id: the other payer's id, as its 2330B NM109. code, modifiers, units: as it paid them. bundled_line:
             number of the line it paid this one with. remaining: what the patient still owes of the line.
    """

    payer_id: str
    paid: Decimal
    code: Hcpcs
    units: Decimal
    adjudicated_on: date
    modifiers: tuple[Modifier, ...] = ()
    bundled_line: int | None = None
    adjustments: tuple[Adjustment, ...] = ()
    remaining: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerNumber:
    """A referral (9F) or authorization (G1) of one line that belongs to another payer; referrals come first."""

    kind: str
    number: str
    payer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """One loop 2400.

    Shapes   number: LX01, from 1. modifiers: at most four, in the payer's order. pointers: one-based positions in
             the claim's diagnoses, one to four. line_control: REF*6R, None on a draft. charges: ids of the stored
             charge lines (FT1) that this line bills. Two lines of one code, such as an assistant's share and the
             therapist's, name the same charges: a charge is billed while any line of a claim names it, so a credit of
             one charge line draws up the whole day anew and both lines change together (rules/corrections/judging.py).
             description: what an unlisted code stands for. screening_referral: SV111 (EPSDT). Providers and facility: only where other than the claim's.
    Units    units: whole service units; charge in dollars for all units.
    """

    number: int
    code: Hcpcs
    modifiers: tuple[Modifier, ...]
    units: int
    charge: Decimal
    date_of_service: date
    pointers: tuple[int, ...]
    place_of_service: str | None = None
    line_control: str | None = None
    authorization_number: str | None = None
    referral_number: str | None = None
    rendering: Practitioner | None = None
    supervising: Practitioner | None = None
    ordering: Practitioner | None = None
    note: str | None = None
    charges: tuple[int, ...] = ()
    description: str | None = None
    attachments: tuple[Attachment, ...] = ()
    initial_treatment_on: date | None = None
    note_kind: str = "ADD"
    referring: Practitioner | None = None
    service_facility: Organization | None = None
    screening_referral: bool = False
    provider_numbers: tuple[ProviderNumber, ...] = ()
    other_numbers: tuple[PayerNumber, ...] = ()
    adjudications: tuple[LineAdjudication, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDraft:
    """A professional claim, complete but for its numbers.

    Shapes   part: 1, or 1..n where more than 50 lines forced a split. sequence: P, S or T (SBR01). diagnoses: 1 to
             12, principal first. primary_care: the second of 2310A. insurance_type: SBR05, why Medicare pays second.
             signature_source: P where the provider signed for an absent patient. delay_reason: CLM20.
             property_casualty_number: the liable insurer's number of the case (REF*Y4).
             authorization_exception: REF*4N. note_kind: NTE01. special_program: CLM12. provider_numbers: in the order
             of the loops they stand in.
    """

    discipline: Discipline
    date_of_service: date
    part: int
    sequence: str
    payer: Payer
    billing_provider: Organization
    subscriber: Subscriber
    patient: ClaimPatient
    place_of_service: str
    frequency: Frequency
    total_charge: Decimal
    diagnoses: tuple[Icd10, ...]
    lines: tuple[ServiceLine, ...]
    pay_to_address: Address | None = None
    service_facility: Organization | None = None
    rendering: Practitioner | None = None
    supervising: Practitioner | None = None
    referring: Practitioner | None = None
    primary_care: Practitioner | None = None
    provider_signature: str = "Y"
    assignment: str = "A"
    benefits_assigned: str = "Y"
    release_of_information: str = "Y"
    authorization_number: str | None = None
    referral_number: str | None = None
    medical_record_number: str | None = None
    payer_control_number: str | None = None
    onset_on: date | None = None
    initial_treatment_on: date | None = None
    accident: Accident | None = None
    patient_paid: Decimal | None = None
    note: str | None = None
    note_kind: str = "ADD"
    insurance_type: str | None = None
    signature_source: str | None = None
    special_program: str | None = None
    delay_reason: str | None = None
    property_casualty_number: str | None = None
    authorization_exception: str | None = None
    last_seen_on: date | None = None
    disabled_from: date | None = None
    disabled_to: date | None = None
    last_worked_on: date | None = None
    returned_to_work_on: date | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    first_contact_on: date | None = None
    attachments: tuple[Attachment, ...] = ()
    contract: Contract | None = None
    provider_numbers: tuple[ProviderNumber, ...] = ()
    other_payers: tuple[OtherPayer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A numbered claim: id is the store's, number is CLM01 (at most 17 of A-Z 0-9)."""

    id: int
    number: str
    draft: ClaimDraft


class EnrollmentStatus(StrEnum):
    """How far enrollment with one payer has come at one receiver."""

    NOT_REQUESTED = "not_requested"
    REQUESTED = "requested"
    ACTIVE = "active"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """Whether a payer takes our claims, and sends its remits, through this receiver. None: nobody has noted it.

    Shapes   provider: the billing provider it is about, "" for all that have nothing of their own. since: the first day
             of an active enrollment, else the day on which the status was noted.
    """

    payer: str
    provider: str = ""
    claims: EnrollmentStatus | None = None
    remits: EnrollmentStatus | None = None
    since: date | None = None
    note: str = ""

    def waits(self, on: date) -> bool:
        """Is it known that claims may not leave on this day? What nobody has noted stops nothing."""
        if self.claims is None:
            return False
        return self.claims is not EnrollmentStatus.ACTIVE or (self.since is not None and on < self.since)

    @property
    def standing(self) -> str:
        """How far it has come, in words: ``requested``, ``active from 2026-12-01 on``."""
        if self.claims is None:
            return "not noted"
        begins = f" from {self.since} on" if self.claims is EnrollmentStatus.ACTIVE and self.since else ""
        return f"{self.claims.value}{begins}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A clearinghouse as mappings/claims/receivers.yaml describes it; one file goes to one receiver."""

    key: str
    submitter_name: str
    submitter_id: str
    submitter_contact: str
    submitter_phone: str
    receiver_name: str
    receiver_id: str
    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    interchange_receiver_id: str
    group_sender_id: str
    group_receiver_id: str
    usage: str = "P"
    line_ending: str = ""
    acknowledgment_requested: str = "1"
    file_name: str = "{sender}_837P_{created}_{interchange}.x12"
    claims_per_file: int = 5000
    files_per_day: int | None = None  # None: as many as there are
    send_at: tuple[str, ...] = ()  # practice time, HH:MM; empty: whenever the batcher runs
    send_on: tuple[int, ...] = ()  # ISO weekdays; empty: every day
    acknowledgment_days: int = 1
    claim_status_days: int = 3
    remit_days: int = 45
    enrollment: tuple[Enrollment, ...] = ()

    def enrolled(self, payer: str, provider: str = "") -> Enrollment:
        """What is noted of a payer and a billing provider, else of the payer; nothing noted is told as such."""
        noted = {one.provider: one for one in self.enrollment if one.payer == payer}
        return noted.get(provider) or noted.get("") or Enrollment(payer=payer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The allotted numbers and the instant one 837P file is written under, so that rendering is pure."""

    interchange: int
    group: int
    transaction: int
    reference: str  # BHT03
    created: str  # CCYYMMDDHHMMSS, practice time


def numbered(draft: ClaimDraft, number: str) -> ClaimDraft:
    """The draft with a line control number (REF*6R) on every line: the claim number and the line's own."""
    lines = tuple(replace(line, line_control=f"{number}L{line.number:02d}") for line in draft.lines)
    return replace(draft, lines=lines)
