"""Companion guides by date: which of a receiver's or a payer's files a claim file of some day is written by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from integration_engine.core.documents import Document
from integration_engine.core.errors import MappingProblem
from integration_engine.crosswalk.claim_files import CompanionGuideFile

Guide = tuple[Document, CompanionGuideFile]
Guides = Mapping[str, Sequence[Guide]]


def first_days(*sides: Guides) -> list[date]:
    """The days on which some guide begins to hold or holds no more, and the first day there is."""
    found = {date.min}
    for guide in (stated for guides in sides for several in guides.values() for _, stated in several):
        found.add(guide.effective_from or date.min)
        if guide.effective_to is not None and guide.effective_to < date.max:
            found.add(guide.effective_to + timedelta(days=1))
    return sorted(found)


def held_on(guides: Guides, day: date) -> dict[str, Guide]:
    """The guide of each receiver or payer that holds on a day."""
    return {key: guide for key, several in guides.items() for guide in several if guide[1].holds_on(day)}


def wrong_dates(guide: Guide, others: Iterable[Guide]) -> Iterator[MappingProblem]:
    """What is wrong with a guide's dates: it holds on no day, or on a day of another guide of the same one."""
    document, stated = guide
    begins, ends = stated.effective_from or date.min, stated.effective_to or date.max
    if ends < begins:
        yield document.problem(("effective_to",), "it ends before it begins")
    for other, earlier in others:
        if begins <= (earlier.effective_to or date.max) and (earlier.effective_from or date.min) <= ends:
            place = ("effective_from",) if stated.effective_from else ()
            text = f"{other.file} holds on some of the same days; say in both from when to when they hold"
            yield document.problem(place, text)
