"""How claims to a payer are made and put right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from integration_engine.core.findings import Citation


class CorrectionWay(StrEnum):
    """How a claim that a payer has adjudicated is put right."""

    REPLACEMENT = "replacement"  # frequency 7 or 8 with the payer's own number
    REOPENING = "reopening"  # asked of the payer by a person; a claim is only sent once


class CaseNumber(StrEnum):
    """Whether the liable insurer's number of the case goes with a claim."""

    REQUIRED = "required"
    SENT = "sent"  # where it is known
    NOT_SENT = "not_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRule:
    """How claims to a payer are made.

    Shapes   authorizations_split: lines under other authorizations go on a claim of their own, since the payer reads
             none at lines. members_have_ids: every member has an id of their own, so that the patient is sent as the
             subscriber whoever holds the policy. later_payers: the patient's other payers are named on the first one's claim.
             insurance_types: codes that say why the payer is not the first, () where it does not ask. assignment: CLM07,
             as agreed with the payer. benefits_assigned, release_of_information: CLM08 and CLM09 as the practice's intake
             forms have them, where the EMR does not say. The others: whether the payer wants the ordering and the primary
             care provider, the first treatment's date, and dates of work lost.
    """

    corrections: CorrectionWay
    authorizations_split: bool
    members_have_ids: bool
    later_payers: bool
    ordering_sent: bool
    initial_treatment_sent: bool
    work_dates_sent: bool
    case_number: CaseNumber
    primary_care_sent: bool
    assignment: str
    benefits_assigned: str
    release_of_information: str
    insurance_types: tuple[str, ...]
    citation: Citation
