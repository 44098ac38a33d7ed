"""What a guide check says: where a file is not as its guide has it, in the codes a receiver would answer with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from integration_engine.wire.x12.guides.records import QUALIFIER_AT, Row

# Told by level and by report, not by name: their places are written without the code.
_UNTOLD = frozenset({"HL", "PWK"})


class Level(StrEnum):
    """The part of an answer in which a receiver would report the fault; the code belongs to it."""

    INTERCHANGE = "TA105"
    GROUP = "AK905"
    TRANSACTION = "IK502"
    SEGMENT = "IK304"
    ELEMENT = "IK403"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One deviation from the guide.

    Shapes   code: of the element named by level, X231A1 (999) or X12.5 (TA1). position: ``2300/CLM-05-3``,
             ``2010BA/NM1*IL``, ``ISA-13``. segment_number: counted from ST, 0 outside a set. claim_number: CLM01 of
             the claim it lies in, "" in none; line_number: LX01. The text never holds a value of the file.
    """

    level: Level
    code: str
    position: str
    text: str
    segment_number: int
    offset: int
    claim_number: str = ""
    line_number: str = ""


def position(row: Row, parts: list[str], component: str, element: int = 0, part: int = 0) -> str:
    """``2300/HI*ABK-01-2``: loop, segment with the qualifier that tells it apart, element and component."""
    at = 0 if row.name in _UNTOLD else QUALIFIER_AT.get(row.name, 0)
    code = parts[at].partition(component)[0] if 0 < at < len(parts) else ""
    if code and code not in row.qualifiers:
        code = row.qualifiers[0] if len(row.qualifiers) == 1 else ""
    name = f"{row.name}*{code}" if code else row.name
    where = f"{row.loop}/{name}" if row.loop else name
    if element:
        where += f"-{element:02d}"
    if part:
        where += f"-{part}"
    return where
