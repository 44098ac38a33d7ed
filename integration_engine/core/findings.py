"""Findings and decisions: what a gate, an edit or a computation says, with its working, as values.

A ``Finding`` is something a person may have to act on. A ``Decision`` is an answer the engine gave, with the inputs,
the arithmetic, the parameters in force, the citation and what would have changed it. Neither ever holds a clock time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: an error stops the claim, the others travel with it."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class Queue(StrEnum):
    """The work queues a hold can wait in."""

    DOCUMENTATION = "documentation"
    AUTHORIZATION = "authorization"
    EDITS = "edits"
    INTERFACE = "interface"
    REJECTIONS = "rejections"  # refused before adjudication: fix and send
    DENIALS = "denials"  # adjudicated and not paid: work or appeal
    REMITTANCE = "remittance"  # payments that do not balance or match, answers that did not come


class Outcome(StrEnum):
    """What a gate or an edit concluded; *not checked* is never a pass."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    BYPASSED = "bypassed"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a rule is written: document, section, and since when the text says so."""

    document: str
    section: str = ""
    effective: date | None = None

    def __str__(self) -> str:
        """``CMS Pub 100-04 ch. 5 §20.2 (effective 2018-01-01)``."""
        text = f"{self.document} {self.section}".strip()
        return f"{text} (effective {self.effective.isoformat()})" if self.effective else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong or doubtful, told so that the named owner can mend it.

    Shapes   id: ``<area>.<what>``, stable, lower case. subject: model path (``treatment[2].minutes``). position:
             HL7 or 837P position where one is known. owner: a role, ``treating clinician``. queue: where it waits
             if it is an error, None for one that never holds. why: what happens if nobody mends it. screen: where in the
             EMR, or in mappings/, it is mended.
    """

    id: str
    severity: Severity
    text: str
    fix: str
    owner: str
    subject: str = ""
    position: str = ""
    observed: str = ""
    expected: str = ""
    queue: Queue | None = None
    outcome: Outcome = Outcome.FAIL
    citation: Citation | None = None
    due_in_days: int = 3
    why: str = ""
    screen: str = ""

    @property
    def holds(self) -> bool:
        """True when this finding keeps its encounter out of every batch."""
        return self.severity is Severity.ERROR and self.queue is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterUse:
    """One dated value a decision leaned on: its name, the value, and the date it came into force."""

    name: str
    value: str
    in_force_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer with its working.

    Shapes   station: ``units``, ``modifiers``, … subject: ``97110 line 1``. rule: id of the rule or payer method.
             working: the arithmetic, a step a line, readable by a biller. otherwise: what would have changed it.
    """

    station: str
    subject: str
    rule: str
    value: str
    outcome: Outcome = Outcome.PASS
    inputs: tuple[tuple[str, str], ...] = ()
    working: tuple[str, ...] = ()
    parameters: tuple[ParameterUse, ...] = ()
    citation: Citation | None = None
    otherwise: tuple[str, ...] = ()
