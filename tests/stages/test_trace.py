"""Every therapy field that was sent is readable in the trace, with the position it came from."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.crosswalk.feeds.compiling import compile_feeds
from integration_engine.stages.trace import trace_of
from integration_engine.wire.hl7 import split_messages

FEEDS = compile_feeds(MappingFiles(shipped_folder()).read())
STORIES = sorted((shipped_folder().parent / "samples" / "messages").glob("*.hl7"))
# Segments of therapy facts, and fields of FT1; the set ids in field 1 say nothing.
WHOLE = ("ZTM", "ZPC", "ZPN", "ZAU", "ZBL")
CHARGE = (2, 6, 10, 11, 12, 19, 20, 25, 26)
POSITION = re.compile(r"([A-Z0-9]{3})\[(\d+)\]-(\d+)")


def sent(raw: bytes) -> set[tuple[str, int, int]]:
    """(segment, its place among its kind, field) of every therapy field with a value."""
    seen: Counter[str] = Counter()
    found = set()
    for line in raw.decode().split("\r"):
        fields = line.split("|")
        name = fields[0]
        seen[name] += 1
        for number, value in enumerate(fields[1:], start=1):
            asked = (name in WHOLE and number > 1) or (name == "FT1" and number in CHARGE)
            if asked and value and value != '""':
                found.add((name, seen[name], number))
    return found


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_every_therapy_field_sent_is_in_the_trace(path: Path) -> None:
    for raw in split_messages(path.read_bytes()):
        traced = {
            (match[1], int(match[2]), int(match[3]))
            for entry in trace_of(raw, FEEDS)
            if (match := POSITION.match(entry.position))
        }
        missing = sent(raw) - traced
        assert not missing


def test_minutes_of_each_charge_come_from_its_own_segment() -> None:
    path = next(path for path in STORIES if path.stem == "02_mixed_minutes")
    raw = next(raw for raw in split_messages(path.read_bytes()) if b"\rFT1|2" in raw)
    minutes = {e.path: (e.value, e.position) for e in trace_of(raw, FEEDS) if e.path.endswith(".minutes")}
    assert minutes == {"treatment[0].minutes": ("24", "ZTM[1]-4"), "treatment[1].minutes": ("23", "ZTM[2]-4")}
