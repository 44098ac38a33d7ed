"""The scrubber's edits and the repairs, as admins wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integration_engine.core.codes import Hcpcs
from integration_engine.core.dated import Dated
from integration_engine.core.findings import Citation, Severity
from integration_engine.rules.scrubber.conditions import Condition, Test

# Facts of a line that take few values: edits on them alone are answered once for all lines that agree in them.
PLAIN_FIELDS = (
    "line.code",
    "line.modifiers",
    "line.is_timed",
    "line.is_evaluation",
    "line.is_hands_on",
    "line.disciplines",
    "claim.discipline",
    "claim.place_of_service",
    "encounter.modality",
)
PLAIN = frozenset(PLAIN_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One scrubber edit as an admin wrote it; ``when`` finds the fault."""

    id: str
    scope: str  # claim or line
    severity: Severity
    queue: str
    text: str
    why: str
    fix: str
    owner: str
    payers: tuple[str, ...]
    segments: tuple[str, ...]
    when: Condition
    in_force: Dated[bool]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class EditsInForce:
    """The edits of one payer on one date, sorted by what they can hold for.

    Shapes   of_plain_line: those that look at nothing but ``PLAIN_FIELDS``, which most lines share with others.
             of_code: of a line of a code that some edit names, those of any line first; of_any_line: of the others.
    """

    ids: tuple[str, ...]
    of_claim: tuple[tuple[Test, Edit], ...]
    of_plain_line: tuple[tuple[Test, Edit], ...]
    of_any_line: tuple[tuple[Test, Edit], ...]
    of_code: Mapping[str, tuple[tuple[Test, Edit], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Something about a claim that is put right without a person, never its clinical content.

    Shapes   kind: replace_code (the payer's own code for the same service) or leave_out (bundled, never paid apart).
    """

    id: str
    kind: str
    code: Hcpcs
    becomes: Hcpcs | None
    text: str
    why: str
    payers: tuple[str, ...]
    segments: tuple[str, ...]
    in_force: Dated[bool]
    citation: Citation
