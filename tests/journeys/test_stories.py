"""The sample stories, sent over real MLLP to a running engine, lead to what samples/stories.yaml says."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.adapters.x12_gate import X12Gate
from integration_engine.bootstrap import open_store, upgrade_database
from integration_engine.settings import Settings
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.overview import TreatmentDayRow, treatment_days
from integration_engine.wire.hl7 import split_messages
from tests.journeys.engine import Engine, running

SAMPLES = shipped_folder().parent / "samples"
STORIES = yaml.safe_load((SAMPLES / "stories.yaml").read_text("utf-8"))["stories"]
ENCOUNTERS = [encounter for story in STORIES for encounter in story["encounters"]]


class Told:
    """What a running engine made of all stories."""

    def __init__(self, engine: Engine) -> None:
        files = sorted((SAMPLES / "messages").glob("*.hl7"))
        self.answers = [code for file in files for code in engine.send(*split_messages(file.read_bytes()))]
        engine.wait_until_taken_in()
        self.files = engine.batch()
        self.again = engine.batch()
        with open_store(engine.settings) as store, store.database.read() as connection:
            self.counts = conserve(connection)
            self.days = {visit: day for day in treatment_days(connection) for visit in day.visits.split()}
        self.texts = {file.name: file.read_text("ascii") for file in engine.settings.outbound_folder.glob("*.x12")}
        self.logs = "".join(path.read_text() for path in engine.home.glob("*.log"))


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    home = tmp_path_factory.mktemp("engine")
    if request.param == "sqlite":
        with running(home) as engine:
            return Told(engine)
    server = request.getfixturevalue("postgres_server")
    name = server.create_database()
    url = server.url(name)
    try:
        upgrade_database(Settings(database_url=url))
        with running(home, url, workers=2) as engine:
            return Told(engine)
    finally:
        server.drop_database(name)


def day_of(told: Told, encounter: dict) -> TreatmentDayRow:
    assert encounter["number"] in told.days, f"{encounter['number']} is nowhere"
    return told.days[encounter["number"]]


def test_every_message_is_acknowledged_aa(told: Told) -> None:
    assert set(told.answers) == {"AA"}


@pytest.mark.parametrize("encounter", ENCOUNTERS, ids=lambda encounter: encounter["number"])
def test_encounter_stands_as_its_story_says(told: Told, encounter: dict) -> None:
    day = day_of(told, encounter)
    assert day.state == encounter["state"], [hold.finding for hold in day.holds]
    if encounter["state"] == "held":
        assert encounter["queue"] in {hold.queue for hold in day.holds}
        if encounter.get("finding"):
            assert encounter["finding"] in {hold.finding for hold in day.holds}
        for hold in day.holds:
            assert hold.owner
            assert hold.fix
            assert hold.due_on
        return
    wanted = sorted(" ".join((line["code"], f"x{line['units']}", *line["modifiers"])) for line in encounter["lines"])
    assert sorted(day.lines.split(", ")) == wanted


def test_held_encounter_is_in_no_file(told: Told) -> None:
    claims = {number for text in told.texts.values() for number in re.findall(r"CLM\*([A-Z0-9]+)\*", text)}
    billed = {claim for day in told.days.values() if day.state == "billed" for claim in day.claims.split()}
    assert claims == billed
    assert not any(day.claims for day in told.days.values() if day.state == "held")


def test_every_charge_line_is_somewhere(told: Told) -> None:
    assert told.counts["difference"] == 0
    assert told.counts["messages"]["pending"] == 0
    assert told.counts["charges"]["pending"] == 0


def test_files_are_accepted_by_pyx12_and_balance(told: Told) -> None:
    assert told.files
    assert {file.state for file in told.files} == {"published"}
    with X12Gate() as gate:
        for text in told.texts.values():
            assert gate.check(text).accepted
    for text in told.texts.values():
        for claim in text.split("CLM*")[1:]:
            total = float(claim.split("*")[1])
            lines = [float(line.split("*")[1]) for line in claim.split("SV1*")[1:]]
            assert total == pytest.approx(sum(lines))


def test_control_numbers_are_never_reused(told: Told) -> None:
    numbers = [text.split("*")[13] for text in told.texts.values()]
    assert len(set(numbers)) == len(numbers)


def test_nothing_is_written_twice_when_the_batch_runs_again(told: Told) -> None:
    assert told.again == []


def test_logs_hold_no_name_and_no_number_of_a_patient(told: Told) -> None:
    for word in ("TESTPATIENT", "TESTPARENT", "SAMPLE STREET", "1T44T44TT44"):
        assert word not in told.logs


def test_stories_cover_what_the_demo_promises() -> None:
    kinds = defaultdict(int)
    for encounter in ENCOUNTERS:
        kinds[encounter["discipline"]] += 1
        kinds[encounter["state"]] += 1
    assert sum(kinds[d] for d in ("PT", "OT", "SLP")) >= 25
    assert min(kinds["PT"], kinds["OT"], kinds["SLP"], kinds["held"]) > 0
    assert all(Path(SAMPLES / story["file"]).exists() for story in STORIES)


def test_booking_of_visit_13_of_12_raises_an_alert_until_the_visit_itself_is_held(tmp_path: Path) -> None:
    messages = split_messages((SAMPLES / "messages" / "13_authorization_twelve_visits.hl7").read_bytes())

    def alerts(engine: Engine, state: str) -> list[str]:
        with open_store(engine.settings) as store, store.database.read() as connection:
            holds = store.holds.list(connection, queue="authorization", state=state)
        return [hold.text for hold in holds if hold.finding == "authorization.booked_without_cover"]

    with running(tmp_path) as engine:
        engine.send(*messages[:3])
        engine.wait_until_taken_in()
        assert alerts(engine, "open") == ["This booked appointment would be visit 13 of 12 authorized."]
        engine.send(*messages[3:])
        engine.wait_until_taken_in()
        assert alerts(engine, "open") == []
        assert len(alerts(engine, "released")) == 1
