"""How far the work on a hold for missing cover has come, and who has agreed to pay instead of the payer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

OVER_LIMIT = "rejections.over_limit"  # a receiver that has had its files of the day; it is not stopped
OF_THE_FILE = ("claim_file.", "edits.x12_")  # what our check or pyx12 refuses in the finished file
NOT_ENROLLED = "rejections.not_enrolled"  # a payer that takes no claims of this provider through the receiver yet


class HoldState(StrEnum):
    """What became of a hold: its cause is gone, a person dealt with it, or a person accepts it."""

    OPEN = "open"
    RELEASED = "released"
    RESOLVED = "resolved"
    OVERRIDDEN = "overridden"


def may_be_overridden(finding: str) -> bool:
    """False for what a finished file is refused for: a person's word lets it be tried again, but pass no check."""
    return not finding.startswith(OF_THE_FILE)


class HoldStage(StrEnum):
    """Where a hold of the authorization queue stands between the practice, the payer and the patient."""

    NONE = "none"  # nobody has asked the payer yet
    EXTENSION_REQUESTED = "extension_requested"
    DENIED = "denied"
    PATIENT_PAY_ONLY = "patient_pay_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfPay:
    """The patient agreed to pay: a treatment day, or a booked appointment, that no payer is asked for.

    Shapes   day_id: the treatment day, None where an appointment was agreed on. subject: the hold's, ``appointment A1``.
             agreement: what proves it, as the person who recorded it wrote.
    """

    day_id: int | None
    subject: str
    agreement: str
