"""What an admin should know about files that compile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RemarkKind(StrEnum):
    """What a remark is about."""

    GAP = "gap"  # dates that no value covers
    ENDS = "ends"  # nothing follows yet
    UNCONFIRMED = "unconfirmed"
    DISAGREEMENT = "disagreement"
    NO_SECTION = "no section"

    @property
    def fails(self) -> bool:
        """True for what `rules check` counts as a finding; the others are only told."""
        return self is RemarkKind.GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something an admin should know about a file that compiles: a gap in dates, a source in doubt."""

    file: str
    line: int
    text: str
    kind: RemarkKind
