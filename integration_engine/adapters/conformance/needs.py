"""What therapy billing needs from a sender, and what can be done where it is never sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Fields of the segments that charges are made of, HL7 v2.5.1 §3.4.2, §3.4.3, §6.5.1, §6.5.6.
SEGMENT_LENGTHS: Final = {"FT1": 31, "PID": 39, "PV1": 52, "IN1": 53}


class Remedy(StrEnum):
    """What kind of change at the EMR would supply a missing fact (REQUIREMENTS S2.14)."""

    CONFIGURATION = "configuration"  # the EMR has it and can be set to send it
    CUSTOM_FIELD = "custom field"  # no standard position; agree on a Z segment or an OBX code
    POLICY = "policy"  # somebody has to record it first


@dataclass(frozen=True, slots=True)
class Need:
    """A fact that therapy claims need, and the standard positions that may carry it, the usual one first."""

    item: str
    positions: tuple[str, ...]
    remedy: Remedy


# Positions from HL7.md §2.3-2.5 (vendor specifications and HL7 v2.5.1, 2.9); the list itself is a house list.
NEEDS: Final = (
    Need("patient record number", ("PID-3",), Remedy.CONFIGURATION),
    Need("patient name", ("PID-5",), Remedy.CONFIGURATION),
    Need("birth date", ("PID-7",), Remedy.CONFIGURATION),
    Need("sex", ("PID-8",), Remedy.CONFIGURATION),
    Need("patient address", ("PID-11",), Remedy.CONFIGURATION),
    Need("visit number, which joins charge, appointment and notes", ("PV1-19",), Remedy.CONFIGURATION),
    Need("referring provider", ("PV1-8", "FT1-21", "ROL-4"), Remedy.CONFIGURATION),
    Need("payer id", ("IN1-3", "IN1-2"), Remedy.CONFIGURATION),
    Need("member id", ("IN1-36", "IN1-49"), Remedy.CONFIGURATION),
    Need("relationship to the subscriber", ("IN1-17",), Remedy.CONFIGURATION),
    Need("charge line id, which corrections and credits refer to", ("FT1-2",), Remedy.CONFIGURATION),
    Need("date of service", ("FT1-4",), Remedy.CONFIGURATION),
    Need("charge or credit", ("FT1-6",), Remedy.CONFIGURATION),
    Need("procedure code", ("FT1-25", "FT1-7"), Remedy.CONFIGURATION),
    Need("units as the EMR counts them", ("FT1-10",), Remedy.CONFIGURATION),
    Need("price", ("FT1-22", "FT1-12", "FT1-11"), Remedy.CONFIGURATION),
    Need("diagnoses of the line, in order", ("FT1-19",), Remedy.CONFIGURATION),
    Need("rendering practitioner", ("FT1-20", "PV1-7"), Remedy.CONFIGURATION),
    Need("place of service or location", ("FT1-16", "PV1-3", "FT1-37"), Remedy.CONFIGURATION),
    Need("authorization number", ("IN1-14", "AUT-6", "FT1-39", "IN3-2"), Remedy.CONFIGURATION),
    Need("start and stop of the treatment", ("FT1-4.2", "PR1-5"), Remedy.CONFIGURATION),
    Need("treated minutes of each code", ("PR1-7", "FT1-4.2"), Remedy.CUSTOM_FIELD),
    Need("assistant and supervising therapist", ("ROL-3", "PRT-4"), Remedy.CUSTOM_FIELD),
    Need("plan of care and its certification", ("TXA-22",), Remedy.CUSTOM_FIELD),
    Need("progress notes", ("TXA-2",), Remedy.CONFIGURATION),
    Need("goals, tests and measures", ("OBX-5",), Remedy.CONFIGURATION),
    Need("in person, by video or by telephone", (), Remedy.CUSTOM_FIELD),
    Need("consent to telehealth", ("CON-11",), Remedy.POLICY),
)
