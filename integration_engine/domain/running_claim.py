"""A claim on which something has to be done before a limit passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningClaim:
    """A claim on which something has to be done in time.

    Shapes   refused: before adjudication, and it has not gone again. denied: a denial of it is open. file_by, appeal_by:
             last days; None where there is none or it is not known. owner: who works its denial.
    """

    claim_id: int
    number: str
    refused: bool
    denied: bool
    file_by: date | None
    appeal_by: date | None
    owner: str = "biller"
