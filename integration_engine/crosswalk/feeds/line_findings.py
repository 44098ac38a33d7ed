"""What a sender is told about a field or a line that cannot be used as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from integration_engine.core import codes
from integration_engine.core.findings import Finding, Outcome, Queue, Severity
from integration_engine.crosswalk.feeds.feed import Target
from integration_engine.crosswalk.positions import Position
from integration_engine.wire.hl7 import Message

LINE_ACTIONS = frozenset({"CG", "CD", "CR", "CO", "PY", "AJ", "PA", ""})


def unreadable(target: Target, path: str, position: Position, number: int, texts: list[str], text: str) -> Finding:
    """What the sender is told when a field cannot be used; it holds the line when the model field matters to a bill."""
    return Finding(
        id="crosswalk.unreadable",
        severity=Severity.ERROR if target.holds else Severity.WARNING,
        text=f"{position.text} cannot be used for {target.name}: {text}.",
        fix="Correct the field in the EMR and send the message again, or the feed file if the EMR means it.",
        owner="interface administrator",
        subject=path,
        position=f"{position.segment}[{number}]-{position.field}",
        observed=texts[0][:60],
        queue=Queue.INTERFACE if target.holds else None,
        outcome=Outcome.FAIL,
    )


def shifted_lines(message: Message) -> Iterator[Finding]:
    """FT1 fields one place off: the line is held, never guessed. Source  HL7.md §0 item 8."""
    for number, segment in enumerate(message.all("FT1"), start=1):
        wrong = []
        when = segment.value(4)
        if when and not when[:8].isdigit():
            wrong.append("FT1-4 is no date")
        if segment.value(6).upper() not in LINE_ACTIONS:
            wrong.append("FT1-6 is no transaction type")
        units = segment.value(10)
        if units and not units.replace(".", "", 1).isdigit():
            wrong.append("FT1-10 is no number")
        if len(wrong) > 1:
            yield _line_finding(
                "crosswalk.shifted", number, f"The fields of this FT1 look shifted: {', '.join(wrong)}."
            )
        first, second = segment.value(25), segment.value(7)
        if first and second and first != second and _is_code(first) and _is_code(second):
            yield _line_finding("crosswalk.two_codes", number, "FT1-25 and FT1-7 name different procedures.")


def _line_finding(identity: str, number: int, text: str) -> Finding:
    return Finding(
        id=identity,
        severity=Severity.ERROR,
        text=text,
        fix="Correct the interface of the EMR and send the message again.",
        owner="interface administrator",
        subject=f"treatment[{number - 1}]",
        position=f"FT1[{number}]",
        queue=Queue.INTERFACE,
    )


def _is_code(text: str) -> bool:
    try:
        codes.parse_hcpcs(text)
    except ValueError:
        return False
    return True
