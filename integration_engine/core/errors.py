"""The exceptions of the engine, and who has to act on each.

Data that is not billable yet is never an exception: that is a ``Finding`` (core/findings.py). An exception here
means that somebody's bytes, files or questions are wrong, and it says where and what to do.
"""

from __future__ import annotations

from datetime import date


class EngineError(Exception):
    """Root of the errors this engine raises on purpose."""


class InboundError(EngineError):
    """The sender wrote something illegal at ``position``; ``acknowledgment`` and ``condition`` say how to answer.

    Shapes   position: as the manual writes it (``MSH-18``, ``2100/CLP01``). acknowledgment: AE or AR (HL7 table
             0008). condition: HL7 table 0357 code, such as ``101``. The text never holds a field's value.
    Source   HL7 v2.5.1 §2.9 (acknowledgments), §2.15.5 (ERR).
    """

    def __init__(self, text: str, *, position: str, acknowledgment: str = "AE", condition: str = "207") -> None:
        super().__init__(f"{position}: {text}")
        self.text = text
        self.position = position
        self.acknowledgment = acknowledgment
        self.condition = condition


class OutboundError(EngineError):
    """We were about to send something illegal at ``position``; the file is not written."""

    def __init__(self, text: str, *, position: str) -> None:
        super().__init__(f"{position}: {text}")
        self.text = text
        self.position = position


class MappingError(EngineError):
    """A file under mappings/ is wrong; each problem carries file, line and column. Start is refused."""

    def __init__(self, problems: tuple[MappingProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class MappingProblem:
    """One place in a mapping file that has to be mended: ``file:line:column: where: text``."""

    __slots__ = ("column", "file", "line", "text", "where")

    def __init__(self, *, file: str, line: int, column: int, where: str, text: str) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.where = where
        self.text = text

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.where}: {self.text}"


class NotInForce(EngineError):
    """``name`` has no value on ``as_of``: the dated data must be extended, the engine does not guess.

    Shapes   covered: the dates for which a value exists, in words.
    """

    def __init__(self, name: str, as_of: date, covered: str = "") -> None:
        tail = f"; it is known for {covered}" if covered else ""
        super().__init__(f"{name} has no value for {as_of.isoformat()}{tail}: add a dated value with its citation")
        self.name = name
        self.as_of = as_of
        self.covered = covered
