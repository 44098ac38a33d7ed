"""Portions and samples of a claim file: whole by themselves, nothing lost, one of every shape."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_engine.wire.x12.guide_check import GuideCheck
from integration_engine.wire.x12.guide_compiled import compile_guide
from integration_engine.wire.x12.guides.x222a1 import GUIDE
from integration_engine.wire.x12.portions import outline, portions, sample
from integration_engine.wire.x12.reading import read_interchanges
from tests.crosswalk.claim_drafts import CHILD, FULL, SIMPLE, written

MIXED = written(
    *(replace(SIMPLE, subscriber=replace(SIMPLE.subscriber, member_id=f"M{n}")) for n in range(10)),
    *(replace(CHILD, subscriber=replace(CHILD.subscriber, member_id=f"C{n}")) for n in range(5)),
    FULL,
)


def claims(text: str) -> list[str]:
    return [segment.split("*")[1] for segment in text.split("~") if segment.startswith("CLM*")]


def sound(text: str) -> bool:
    for interchange, _, transaction in read_interchanges(text.encode()).transactions:
        check = GuideCheck(compile_guide(GUIDE, interchange.separators), transaction)
        for _ in check.loops():
            pass
        counted = int(transaction.se.element(1)) == len(transaction.segments)
        return not check.faults and counted
    return False


@pytest.mark.parametrize("most", [1, 3, 7, 1000])
def test_portions_hold_every_claim_once_and_stand_by_themselves(most: int) -> None:
    whole = outline(MIXED)
    assert whole is not None
    cut = portions(whole, most)
    assert [number for text in cut for number in claims(text)] == claims(MIXED)
    assert all(sound(text) for text in cut)
    assert all(len(claims(text)) <= max(most, 1) for text in cut)


def test_one_portion_is_the_file_itself() -> None:
    whole = outline(MIXED)
    assert whole is not None
    assert portions(whole, 1000) == (MIXED,)
    assert whole.claims == 16


def test_sample_holds_one_of_every_shape() -> None:
    whole = outline(MIXED)
    assert whole is not None
    chosen = sample(whole, 0)
    assert {one.shape for one in chosen} == {one.shape for one in whole.subscribers}
    assert len(chosen) == 3
    assert sound(whole.write(chosen))
    assert 3 < len(sample(whole, 4)) < 16


@pytest.mark.parametrize(
    "text",
    ["", "hello", MIXED + MIXED, MIXED.replace("HL*1**20", "HL*1**22", 1), MIXED.replace("IEA*1*000000007~", "")],
)
def test_file_that_cannot_be_cut_safely_is_left_whole(text: str) -> None:
    assert outline(text) is None
