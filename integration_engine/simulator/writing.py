"""What the answers share: their envelope, their allotted numbers, and how amounts and dates are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integration_engine.simulator.sent import SentFile
from integration_engine.wire.x12.segments import SEGMENT, Interchange, envelope, join

MOST_REASONS = 6


class Kind(StrEnum):
    """What an answer file is."""

    TA1 = "TA1"
    ACKNOWLEDGMENT = "999"
    CLAIM_STATUS = "277CA"
    REMIT = "835"


# functional code and guide of each kind; a TA1 has no group
_GUIDES = {
    Kind.ACKNOWLEDGMENT: ("FA", "005010X231A1"),
    Kind.CLAIM_STATUS: ("HN", "005010X214"),
    Kind.REMIT: ("HP", "005010X221A1"),
    Kind.TA1: ("", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerNumbers:
    """The first ISA13 the answers may use, and the instant they are written (CCYYMMDDHHMMSS)."""

    interchange: int
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """One file for inbound/. name: sorts in the order the files were written."""

    name: str
    kind: Kind
    text: str


class Desk:
    """Allots interchange numbers while the answers to one file are written, and collects the files."""

    def __init__(self, sent: SentFile, numbers: AnswerNumbers) -> None:
        self.sent = sent
        self.numbers = numbers
        self.files: list[AnswerFile] = []

    @property
    def next_number(self) -> int:
        """ISA13 of the file that is written next."""
        return self.numbers.interchange + len(self.files)

    def write(self, kind: Kind, transactions: Sequence[Sequence[str]], ta1: str = "") -> None:
        """Put transaction sets into an interchange of their own; a TA1 may stand before its group."""
        text = envelope(self._interchange(kind), transactions)
        if ta1:
            isa, rest = text.split(SEGMENT, 1)
            text = SEGMENT.join((isa, ta1, rest))
        self._keep(kind, text)

    def write_ta1(self, ta1: str) -> None:
        """A TA1 stands alone between ISA and IEA."""
        isa = envelope(self._interchange(Kind.TA1), ()).split(SEGMENT, 1)[0]
        segments = (isa, ta1, join("IEA", ("0", f"{self.next_number:09d}")))
        self._keep(Kind.TA1, SEGMENT.join(segments) + SEGMENT)

    def _keep(self, kind: Kind, text: str) -> None:
        name = f"ANSWER_{self.next_number:09d}_{kind.value}.x12"
        self.files.append(AnswerFile(name=name, kind=kind, text=text))

    def _interchange(self, kind: Kind) -> Interchange:
        functional_code, guide = _GUIDES[kind]
        sent, group = self.sent, self.sent.groups[0]
        return Interchange(
            sender_qualifier=sent.receiver_qualifier,
            sender_id=sent.receiver,
            receiver_qualifier=sent.sender_qualifier,
            receiver_id=sent.sender,
            group_sender_id=group.receiver,
            group_receiver_id=group.sender,
            interchange=self.next_number,
            group=self.next_number,
            created=self.numbers.created,
            usage=sent.usage,
            acknowledgment_requested="0",
            functional_code=functional_code,
            guide=guide,
        )


def transaction_set(code: str, guide: str, number: int, body: Sequence[str]) -> list[str]:
    """ST to SE around a body; 835 names no guide in ST03."""
    control = f"{number:04d}"
    return [join("ST", (code, control, guide)), *body, join("SE", (str(len(body) + 2), control))]


def amount(value: Decimal) -> str:
    """An amount or a quantity as X12 writes it: no zeros that say nothing, never ``-0``."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def day(value: date) -> str:
    """CCYYMMDD."""
    return value.strftime("%Y%m%d")
