"""X12 segments as text: separators, the basic character set, and what has to be repaired to fit it.

Writing is strict, reading (readers of answers) is tolerant. No billing words. Source  X12.md §2.1; X12 basic set.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

ELEMENT, COMPONENT, SEGMENT, REPETITION = "*", ":", "~", "^"
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !\"&'()+,-./;?=@#$%_[]{}|<>\\")
_SUBSTITUTES = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "ß": "SS",
        "Æ": "AE",
        "æ": "AE",
        "Ø": "O",
        "ø": "O",
    }
)
_BLANKS = re.compile(r"\s+")


@lru_cache(maxsize=65_536)
def clean(text: str) -> str:
    """Upper case in the basic set: accents off, curly quotes straight, separators and control characters gone."""
    if text.isascii() and text.isalnum():
        return text.upper()
    plain = unicodedata.normalize("NFKD", text.translate(_SUBSTITUTES)).upper()
    kept = "".join(character for character in _BLANKS.sub(" ", plain) if character in _ALLOWED)
    return kept.strip()


def join(name: str, elements: Sequence[str]) -> str:
    """One segment without its terminator; empty elements at the end are left out."""
    end = len(elements)
    while end and not elements[end - 1]:
        end -= 1
    return ELEMENT.join((name, *elements[:end]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interchange:
    """The names and numbers of one ISA to IEA."""

    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    receiver_id: str
    group_sender_id: str
    group_receiver_id: str
    interchange: int
    group: int
    created: str  # CCYYMMDDHHMMSS
    usage: str
    acknowledgment_requested: str
    functional_code: str
    guide: str


def envelope(i: Interchange, transactions: Sequence[Sequence[str]], line_ending: str = "") -> str:
    """One interchange with one functional group; ``transactions`` are whole ST to SE segment lists.

    Source   X12.5 interchange control; X222A1 appendix C.
    """
    isa = join(
        "ISA",
        (
            "00",
            " " * 10,
            "00",
            " " * 10,
            i.sender_qualifier,
            i.sender_id.ljust(15),
            i.receiver_qualifier,
            i.receiver_id.ljust(15),
            i.created[2:8],
            i.created[8:12],
            REPETITION,
            "00501",
            f"{i.interchange:09d}",
            i.acknowledgment_requested,
            i.usage,
            COMPONENT,
        ),
    )
    gs = join(
        "GS",
        (
            i.functional_code,
            i.group_sender_id,
            i.group_receiver_id,
            i.created[:8],
            i.created[8:12],
            str(i.group),
            "X",
            i.guide,
        ),
    )
    segments = [isa, gs]
    for transaction in transactions:
        segments.extend(transaction)
    segments += [join("GE", (str(len(transactions)), str(i.group))), join("IEA", ("1", f"{i.interchange:09d}"))]
    end = SEGMENT + line_ending
    return end.join(segments) + end
