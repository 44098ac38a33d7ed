"""The stories, taken through the real crosswalk and the real rules in memory, come out as stories.yaml says."""

from __future__ import annotations

import json
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.domain.record import DayState
from integration_engine.rules.authorization.burn_down import forecast
from integration_engine.rules.units_request import answer_units
from integration_engine.stages.dry_run import dry_run
from integration_engine.stages.rules_in_force import RulesInForce, compile_rules_in_force
from integration_engine.stages.taking_in import TakenIn, read_message, take_in
from integration_engine.wire.hl7 import peek, split_messages

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
STORIES: list[dict[str, Any]] = yaml.safe_load((SAMPLES / "stories.yaml").read_text("utf-8"))["stories"]
UNITS = sorted((SAMPLES / "units").glob("*.request.json"))


story = pytest.mark.parametrize("story", STORIES, ids=lambda story: Path(story["file"]).stem)
Answer = dict[str, Any]


@cache
def rules() -> RulesInForce:
    return compile_rules_in_force(MappingFiles(shipped_folder()).read())


def messages(file: str) -> list[bytes]:
    """The messages of a story, each exact resend once: the journal answers those before they get here."""
    return list(dict.fromkeys(split_messages((SAMPLES / file).read_bytes())))


def up_to(sent: list[bytes], control_id: str) -> list[bytes]:
    return sent[: [peek(raw).control_id for raw in sent].index(control_id) + 1]


def adjudicated(sent: list[bytes], by: RulesInForce | None = None) -> Answer:
    ids = count(1)
    return dry_run([(peek(raw).control_id, raw) for raw in sent], by or rules(), new_id=lambda: next(ids))


def recorded(sent: list[bytes]) -> TakenIn:
    ids = count(1)
    reads = [read_message(next(ids), raw, rules()) for raw in sent]
    return take_in(reads, {}, {}, {}, rules(), lambda: next(ids))


def day_of(answer: Answer, number: str) -> Answer:
    return next(day for day in answer["treatment_days"] if number in day["encounters"])


def lines(expected: list[Answer]) -> list[tuple[str, int, tuple[str, ...]]]:
    return sorted((line["code"], line["units"], tuple(line["modifiers"])) for line in expected)


@story
def test_no_message_of_the_story_is_refused(story: Answer) -> None:
    assert adjudicated(messages(story["file"]))["refused"] == []


@story
def test_encounters_stand_as_told_at_the_end(story: Answer) -> None:
    answer = adjudicated(messages(story["file"]))
    for expected in story["encounters"]:
        day = day_of(answer, expected["number"])
        holds = [finding for finding in day["findings"] if finding.holds]
        findings = {finding.id for finding in day["findings"]}
        assert expected.get("finding", "none") in findings | {"none"}, (expected, sorted(findings))
        assert day["payer"] == expected["payer"]
        if expected["state"] == "held":
            assert day["state"] is DayState.HELD, expected
            assert expected["queue"] in {finding.queue for finding in holds}, (expected, day["holds"])
        else:
            assert day["state"] is DayState.READY, (expected, [finding.text for finding in holds])
            [draft] = day["drafts"]
            assert sorted((x.code, x.units, x.modifiers) for x in draft.lines) == lines(expected["lines"]), expected
            assert str(draft.date_of_service) == expected["date"]
            for name in ("place_of_service", "authorization_number"):
                assert getattr(draft, name) == expected.get(name, getattr(draft, name)), expected
            if "pointers" in expected:
                assert list(draft.diagnoses) == expected["diagnoses"]
                assert [list(line.pointers) for line in draft.lines] == expected["pointers"]
            if "subscriber" in expected:
                assert (draft.subscriber.name.last, draft.subscriber.relationship.value) == (
                    expected["subscriber"],
                    "19",
                )


@pytest.mark.parametrize("told", [s for s in STORIES if "on_the_way" in s], ids=lambda s: Path(s["file"]).stem)
def test_encounters_stand_as_told_on_the_way(told: Answer) -> None:
    for step in told["on_the_way"]:
        day = day_of(adjudicated(up_to(messages(told["file"]), step["after"])), step["number"])
        assert (day["state"].value, step["finding"] in day["holds"]) == (step["state"], True), day["holds"]


@pytest.mark.parametrize("told", [s for s in STORIES if "appointments" in s], ids=lambda s: Path(s["file"]).stem)
def test_appointments_stand_as_told(told: Answer) -> None:
    [record] = recorded(messages(told["file"])).records.values()
    standing = {
        kept.value.number: (kept.value.status.value, kept.value.start.strftime("%Y-%m-%d %H:%M"))
        for kept in record.appointments
        if kept.value.status is not None and kept.value.start is not None
    }
    assert standing == {one["number"]: (one["status"], one["start"]) for one in told["appointments"]}


@pytest.mark.parametrize("told", [s for s in STORIES if "alerts" in s], ids=lambda s: Path(s["file"]).stem)
def test_bookings_without_cover_are_told_when_they_arrive(told: Answer) -> None:
    for alert in told["alerts"]:
        sent = up_to(messages(told["file"]), alert["after"])
        [record] = recorded(sent).records.values()
        found = [(finding.id, finding.subject, finding.queue) for finding in forecast(record, rules().parameters)]
        assert found == [(alert["finding"], f"appointment {alert['appointment']}", alert["queue"])]
        [before] = recorded(sent[:-1]).records.values()
        assert forecast(before, rules().parameters) == ()


@pytest.mark.parametrize(
    "told", [s for s in STORIES if any("charges" in e for e in s["encounters"])], ids=lambda s: Path(s["file"]).stem
)
def test_corrected_and_repeated_lines_are_counted_once(told: Answer) -> None:
    [record] = recorded(messages(told["file"])).records.values()
    for expected in told["encounters"]:
        [encounter] = [one for one in record.encounters if one.value.number == expected["number"]]
        states = [charge.state.value for charge in encounter.charges]
        assert {"received": len(states), "void": states.count("void")} == expected["charges"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name.split(".")[0])
def test_units_requests_are_answered_as_told(path: Path) -> None:
    def sorted_lines(answer: Answer) -> list[tuple[str, int, tuple[str, ...]]]:
        return lines(answer["lines"])

    request = json.loads(path.read_text("utf-8"))
    expected = json.loads(path.with_name(path.name.replace(".request.", ".expected.")).read_text("utf-8"))
    pairs = zip(request, expected, strict=True) if isinstance(request, list) else [(request, expected)]
    for asked, told in pairs:
        answer = answer_units(asked, rules().parameters)
        if "lines_any_order" in told:
            assert sorted_lines(answer) == lines(told.pop("lines_any_order"))
        assert {name: answer[name] for name in told} == told


@pytest.mark.parametrize("path", sorted((SAMPLES / "generic").glob("*.hl7")), ids=lambda path: path.stem)
def test_a_foreign_emr_is_taken_in_and_never_billed_on_guesses(path: Path) -> None:
    answer = adjudicated(split_messages(path.read_bytes()))
    assert answer["refused"] == []
    assert all(day["state"] is DayState.HELD for day in answer["treatment_days"])


def test_a_second_emr_needs_a_feed_file_and_no_code() -> None:
    feed = (SAMPLES / "feeds" / "second_emr.yaml").read_text("utf-8")
    both = compile_rules_in_force({**MappingFiles(shipped_folder()).read(), "hl7/second_emr.yaml": feed})
    answer = adjudicated(split_messages((SAMPLES / "feeds" / "second_emr.hl7").read_bytes()), both)
    assert answer["refused"] == []
    day = day_of(answer, "BRV1")
    assert (day["state"], day["holds"]) == (DayState.READY, [])
    assert [(x.code, x.units, x.modifiers) for x in day["drafts"][0].lines] == [("97110", 3, ("GP",))]
