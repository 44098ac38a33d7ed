"""The sample messages hold together: every story listed, every message told apart, every amount and date consistent.

Read here with nothing but split(), as a second opinion on what the engine's own reader will see.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
STORIES: list[dict[str, Any]] = yaml.safe_load((SAMPLES / "stories.yaml").read_text("utf-8"))["stories"]
FILES = sorted((SAMPLES / "messages").glob("*.hl7"))
ALL_FILES = sorted(SAMPLES.rglob("*.hl7"))
UNITS = sorted((SAMPLES / "units").glob("*.request.json"))

Segments = list[list[str]]
EARLIEST, LATEST = date(2026, 9, 1), date(2026, 11, 20)


def messages(path: Path) -> Iterator[Segments]:
    text = path.read_bytes().decode("utf-8")
    for one in re.split(r"(?m)(?=^MSH\|)", text.replace("\r", "\n")):
        if one.strip():
            yield [line.split("|") for line in one.split("\n") if line]


def value(segments: Segments, name: str, number: int) -> str:
    for segment in segments:
        if segment[0] == name:
            place = number - 1 if name == "MSH" else number
            return segment[place] if place < len(segment) else ""
    return ""


def each(name: str, segments: Segments) -> Iterator[list[str]]:
    for segment in segments:
        if segment[0] == name:
            yield segment + [""] * 60


def name_of(path: Path) -> str:
    return path.relative_to(SAMPLES).as_posix()


def story_of(path: Path) -> dict[str, Any]:
    return next(story for story in STORIES if story["file"] == name_of(path))


def test_every_story_has_its_file_and_every_file_its_story() -> None:
    assert sorted(story["file"] for story in STORIES) == [name_of(path) for path in FILES]
    assert all(story["shows"].endswith(".") for story in STORIES)


def test_stories_show_enough_encounters_of_every_discipline() -> None:
    encounters = [encounter for story in STORIES for encounter in story["encounters"]]
    assert len(encounters) >= 28
    assert {encounter["discipline"] for encounter in encounters} == {"PT", "OT", "SLP"}
    assert {"billed", "held"} == {encounter["state"] for encounter in encounters}


def test_every_expectation_is_complete() -> None:
    for story in STORIES:
        for encounter in story["encounters"]:
            wanted = {"number", "date", "discipline", "payer", "state"}
            wanted |= {"lines"} if encounter["state"] == "billed" else {"queue", "area"}
            assert wanted <= set(encounter), (story["file"], encounter)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_expected_encounter_is_in_its_file_on_its_date(path: Path) -> None:
    sent = {
        (value(m, "PV1", 19), value(m, "FT1", 4)[:8], value(m, "ZVS", 1))
        for m in messages(path)
        if value(m, "MSH", 9).startswith("DFT")
    }
    told = {(e["number"], e["date"].replace("-", ""), e["discipline"]) for e in story_of(path)["encounters"]}
    assert told == sent


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_step_names_a_message_of_its_file(path: Path) -> None:
    story = story_of(path)
    controls = {value(m, "MSH", 10) for m in messages(path)}
    steps = [*story.get("on_the_way", []), *story.get("alerts", [])]
    assert {step["after"] for step in steps} | set(story.get("resent", [])) <= controls


def test_control_ids_are_unique_but_for_the_deliberate_resends() -> None:
    seen: dict[tuple[str, str], list[str]] = {}
    for path in ALL_FILES:
        for message in messages(path):
            key = (value(message, "MSH", 3), value(message, "MSH", 10))
            seen.setdefault(key, []).append("\r".join("|".join(segment) for segment in message))
    repeated = {key[1]: bodies for key, bodies in seen.items() if len(bodies) > 1}
    assert sorted(repeated) == sorted(control for story in STORIES for control in story.get("resent", []))
    assert all(len(set(bodies)) == 1 for bodies in repeated.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_message_comes_from_the_therapy_feed(path: Path) -> None:
    for message in messages(path):
        assert [value(message, "MSH", n) for n in (3, 4, 11, 12)] == ["THERAPYEMR", "CLINIC1", "P", "2.5.1"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_segments_end_with_carriage_return_only(path: Path) -> None:
    raw = path.read_bytes()
    assert b"\n" not in raw
    assert raw.endswith(b"\r")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_charges_agree_with_unit_price_and_units(path: Path) -> None:
    for message in messages(path):
        for ft1 in each("FT1", message):
            assert Decimal(ft1[11]) == Decimal(ft1[12]) * int(ft1[10])
            assert ft1[22] == ft1[12]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_dates_of_service_lie_in_the_demonstrated_weeks(path: Path) -> None:
    for message in messages(path):
        for ft1 in each("FT1", message):
            assert EARLIEST <= date.fromisoformat(ft1[4][:8]) <= LATEST


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_signature_is_never_stated_before_its_date(path: Path) -> None:
    for message in messages(path):
        sent = value(message, "MSH", 7)[:8]
        for plan in each("ZPC", message):
            assert max(plan[13], plan[14], plan[15]) <= sent


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_every_person_is_obviously_invented(path: Path) -> None:
    for message in messages(path):
        assert value(message, "PID", 5).startswith("TEST")
        for segment in message:
            for field in segment:
                for repetition in field.split("~"):
                    parts = repetition.split("^")
                    if len(parts) > 12 and parts[12] in {"NPI", "EI"}:
                        assert parts[1].startswith("TEST")


def test_every_units_request_has_its_expected_answer() -> None:
    assert len(UNITS) >= 12
    for path in UNITS:
        request = json.loads(path.read_text("utf-8"))
        expected = json.loads(path.with_name(path.name.replace(".request.", ".expected.")).read_text("utf-8"))
        assert isinstance(request, list) == isinstance(expected, list)
        assert not isinstance(request, list) or len(request) == len(expected)


def test_readme_names_every_story_file() -> None:
    text = (SAMPLES / "README.md").read_text("utf-8")
    assert [path.name for path in FILES if path.name not in text] == []


def test_states_are_told_once_per_encounter() -> None:
    counted = Counter(e["number"] for story in STORIES for e in story["encounters"])
    assert [number for number, times in counted.items() if times > 1] == []
