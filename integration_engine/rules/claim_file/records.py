"""What the edits of a claim file work with: an edit, a code list, what surrounds a question, and a hit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from integration_engine.core.dated import Dated
from integration_engine.core.findings import Citation, Severity
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.wire.x12.guide_check import LoopNode, Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFileEdit:
    """Words, owner and dates of one edit.

    Shapes   payers: ids (2010BB NM109) it is limited to; empty: all. limit: the number it measures against, if any.
    """

    id: str
    severity: Severity
    text: str
    why: str
    fix: str
    owner: str
    payers: frozenset[str]
    in_force: Dated[bool]
    citation: Citation
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGroup:
    """Codes that came into a list, and left it, together; both dates included."""

    codes: frozenset[str]
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """One open code list by date."""

    name: str
    groups: tuple[CodeGroup, ...]

    def holds(self, code: str, on: date) -> bool:
        """Is the code in the list on a date?"""
        return any(
            code in group.codes
            and group.effective_from <= on
            and (group.effective_to is None or on <= group.effective_to)
            for group in self.groups
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFileRules:
    """The edits that are switched on, by id, and the code lists they look into, by name."""

    edits: Mapping[str, ClaimFileEdit]
    lists: Mapping[str, CodeList]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a question may look at beside the file. as_of: the day the file is judged on."""

    as_of: date
    rules: ClaimFileRules
    parameters: Parameters

    def known(self, name: str, code: str, on: date | None = None) -> bool:
        """Is a code in a list on the date of service, or on the day of judging where there is none?"""
        return self.rules.lists[name].holds(code, on or self.as_of)

    def limit(self, edit: str) -> int | None:
        """The number an edit measures against; None when it is switched off."""
        found = self.rules.edits.get(edit)
        return found.limit if found else None


class Hit(NamedTuple):
    """An edit that fires: where, and what would have been right; never a name or number of a person."""

    id: str
    at: Placed
    element: int = 0
    component: int = 0
    expected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentQuestion:
    """A question about one segment. names: the segments it is put to. ids: every edit it can name."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    ask: Callable[[Placed, LoopNode, Circumstances], Iterable[Hit]]
