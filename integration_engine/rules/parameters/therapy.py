"""The rules of Medicare therapy that are no payer's own: an assistant's share, the clocks of a plan of care."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from integration_engine.core.findings import Citation
from integration_engine.domain.parties import LicenceLevel


class ShareMethod(StrEnum):
    """How the tenth is rounded: not at all, or by one of the two ways CMS published."""

    STRICT = "strict"
    PERCENTAGE = "percentage"
    SIMPLE = "simple"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantRule:
    """How assistant minutes are judged.

    Shapes   share_over: tenths that trigger. therapist_midpoint: the 2022 exception. exempt_settings: places whose
             claims carry no assistant modifier.
    Units    unit_minutes: length of the units that the regulation tells how to share.
    """

    used: bool
    share_method: ShareMethod
    share_over: int
    unit_minutes: int
    therapist_midpoint: int | None
    two_units_from: int
    two_units_to: int
    exempt_settings: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationRule:
    """The clocks of a plan of care, in calendar days.

    Shapes   delayed_holds: a late signature without evidence on record holds, however few days late.
             recertification_open_days: days of a later interval that pass while its signature is out.
    """

    signature_days: int
    verbal_order_days: int
    delayed_days: int
    delayed_holds: bool
    recertification_open_days: int
    longest_interval: int
    order_exception: bool
    transmission_days: int
    may_certify: tuple[LicenceLevel, ...]
    citation: Citation
