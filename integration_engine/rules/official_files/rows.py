"""What one row of an official file says, and the error of a file that is of another kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from integration_engine.core.codes import Hcpcs
from integration_engine.core.errors import EngineError

NEVER_ACTIVE = 9


class OfficialFileError(EngineError):
    """An official file does not say what its layout promises; the text names file, row and what is wrong.

    Shapes   row: one-based line of the file, heading lines counted. file: put in by whoever opened it.
    """

    def __init__(self, text: str, *, row: int | None = None, file: str | None = None) -> None:
        places = (file, None if row is None else f"row {row}")
        super().__init__(": ".join([*(place for place in places if place), text]))
        self.text = text
        self.row = row
        self.file = file


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One row of the pair file: column 2 is not paid beside column 1 while the row is in force.

    Shapes   effective_to: last day in force, None for no end. indicator: 0 never together, 1 a modifier may tell them
             apart, 9 treated as never active.
    """

    column1: Hcpcs
    column2: Hcpcs
    before_1996: bool
    effective_from: date
    effective_to: date | None
    indicator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MostUnitsRow:
    """One row of the MUE file: the most units of a code one practitioner may bill a patient a day.

    Shapes   indicator: 1 judged by line, 2 by day and absolute, 3 by day and open to appeal.
    """

    code: Hcpcs
    most: int
    indicator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRow:
    """One code of the ICD-10-CM order file, without its dot; ``valid``: may stand on a claim."""

    code: str
    valid: bool
