"""What the check of a claim file says, in a form for queues, for a batch about to be released, and for people."""

from __future__ import annotations

from dataclasses import dataclass

from integration_engine.core.findings import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFinding:
    """A finding with its place in the file.

    Shapes   claim_numbers: the claims it keeps from being paid; () when it is about the file or a whole set.
             segment_number: counted from ST, 0 outside a set. offset: byte of the file. code: as a receiver would
             answer, ``IK403 7``; "" for what no acknowledgment has a code for.
    """

    finding: Finding
    claim_numbers: tuple[str, ...]
    line_number: str
    segment_number: int
    offset: int
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFileCheck:
    """All that is wrong or doubtful about one file, in its own order. claims: how many it holds."""

    placed: tuple[PlacedFinding, ...]
    claims: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings alone."""
        return tuple(one.finding for one in self.placed)

    @property
    def accepted(self) -> bool:
        """True when nothing stops the file."""
        return not any(one.finding.severity is Severity.ERROR for one in self.placed)

    @property
    def claim_numbers(self) -> frozenset[str]:
        """The claims that errors lie in; an error outside all of them is not here, it stops the whole file."""
        errors = (one for one in self.placed if one.finding.severity is Severity.ERROR)
        return frozenset(number for one in errors for number in one.claim_numbers)

    @property
    def stops_all(self) -> bool:
        """True when an error lies in no claim: then leaving claims out does not mend the file."""
        return any(one.finding.severity is Severity.ERROR and not one.claim_numbers for one in self.placed)
