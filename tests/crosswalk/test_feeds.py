"""Feed files: what they read, what they refuse, and where they say it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.errors import InboundError, MappingError
from integration_engine.core.findings import Severity
from integration_engine.crosswalk.claim_sources import origin_of
from integration_engine.crosswalk.claim_table import compile_claim_table
from integration_engine.crosswalk.feeds.compiling import compile_feeds
from integration_engine.crosswalk.feeds.feed import Feeds
from integration_engine.crosswalk.feeds.model import model_paths
from integration_engine.crosswalk.feeds.reading import read_statement
from integration_engine.crosswalk.report import crosswalk_report
from integration_engine.domain.encounter import ClaimSupplement, Enclosure
from integration_engine.domain.statement import Statement
from integration_engine.wire.hl7 import Message

FILES = MappingFiles(shipped_folder()).read()
FEEDS = compile_feeds(FILES)
HEAD = "MSH|^~\\&|THERAPYEMR|C|E|B|202610051200||DFT^P03|1|P|2.5.1\r"


def read(*segments: str, head: str = HEAD, feeds: Feeds = FEEDS) -> Statement:
    message = Message.parse(head + "\r".join(segments) + "\r")
    feed = feeds.select(message.header.sending_application, message.header.sending_facility, message.header.trigger)
    assert feed is not None
    return read_statement(feed, message)


def test_minutes_are_carried_unrounded_with_their_position() -> None:
    statement = read("PID|1||M1^^^C^MR", "FT1|1|L1||20261005||CG|||||||||||||||||||97110", "ZTM|1|||54|20|10|5|O")
    assert statement.encounter is not None
    treatment = statement.encounter.treatments[0]
    assert (treatment.minutes, treatment.assistant_minutes, treatment.joint_minutes, treatment.rest_minutes) == (
        54,
        20,
        10,
        5,
    )
    assert ("treatment[0].minutes", "54", "ZTM[1]-4") in {(t.path, t.value, t.position) for t in statement.trace}


@given(st.integers(1, 480))
def test_any_minutes_come_through_as_sent(minutes: int) -> None:
    statement = read("PID|1||M1", "FT1|1|L1||20261005||CG|||||||||||||||||||97110", f"ZTM|1|||{minutes}")
    assert statement.encounter is not None
    assert statement.encounter.treatments[0].minutes == minutes


def test_minutes_come_from_start_and_stop_when_nothing_else_states_them() -> None:
    statement = read("PID|1||M1", "FT1|1|L1||202610050900^202610050954||CG|||||||||||||||||||97110")
    assert statement.encounter is not None
    assert statement.encounter.treatments[0].minutes == 54


def test_blank_is_not_sent_and_null_clears() -> None:
    statement = read('PID|1||M1^^^C^MR||""||19600101')
    assert statement.patient is not None
    assert statement.patient.name is None
    assert "patient.name" in statement.cleared
    assert "patient.sex" not in statement.cleared


@pytest.mark.parametrize(
    ("segment", "finding", "holds"),
    [
        ("FT1|1|L1||2026||CG|||||||||||||||||||97110", "crosswalk.unreadable", True),
        ("FT1|1|L1||20261005||CG|||||||||||||||||||9711", "crosswalk.unreadable", True),
        ("FT1|1|L1||20261005||ZZ|||||||||||||||||||97110", "crosswalk.unreadable", True),
        ("FT1|1|L1||20261005||CG||||two|||||||||||||||97110", "crosswalk.unreadable", True),
        ("FT1|1|20261005|20261005|P|97110||||2|||||||||||||||", "crosswalk.unreadable", True),
        ("FT1|1|L1|x|P|20261005|97110|||x|two|||||||||||||||", "crosswalk.shifted", True),
        ("FT1|1|L1||20261005||CG|97140||||||||||||||||||97110", "crosswalk.two_codes", True),
    ],
)
def test_line_is_held_and_never_guessed_when_it_cannot_be_read(segment: str, finding: str, holds: bool) -> None:
    statement = read("PID|1||M1", segment)
    found = {f.id: f.holds for f in statement.findings}
    assert found.get(finding) is holds
    assert all("M1" not in f.text for f in statement.findings)


def test_date_of_service_is_the_senders_calendar_day_whatever_the_offset() -> None:
    statement = read("PID|1||M1", "FT1|1|L1||20261005233000-0500||CG|||||||||||||||||||97110")
    assert statement.encounter is not None
    assert str(statement.encounter.date_of_service) == "2026-10-05"


@pytest.mark.parametrize("sent", ["GP~59", "GP 59", "GP,59"])
def test_modifiers_are_taken_apart_in_order(sent: str) -> None:
    statement = read("PID|1||M1", f"FT1|1|L1||20261005||CG|||||||||||||||||||97110|{sent}")
    assert statement.encounter is not None
    assert statement.encounter.treatments[0].modifiers == ("GP", "59")


def test_diagnosis_between_two_lines_belongs_to_the_line_above() -> None:
    line = "FT1|{}|L{}||20261005||CG|||||||||||||||||||97110"
    statement = read("PID|1||M1", line.format(1, 1), "DG1|1||M54.50^^I10", line.format(2, 2), "DG1|2||R26.89^^I10")
    assert statement.encounter is not None
    assert statement.encounter.treatments[0].diagnoses == ("M54.50",)
    assert [d.code for d in statement.encounter.diagnoses] == ["M54.50", "R26.89"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=200))
def test_reading_never_raises_whatever_a_segment_holds(text: str) -> None:
    for name in ("FT1", "PID", "IN1", "ZTM", "ZPC", "OBX", "SCH"):
        try:
            read("PID|1||M1", f"{name}|1|{text}", "FT1|1|L1||20261005||CG")
        except InboundError:
            continue


# --- files -----------------------------------------------------------------------------------------------------------


def changed(old: str, new: str) -> Mapping[str, str]:
    text = FILES["hl7/therapy.yaml"]
    assert old in text
    return {"hl7/therapy.yaml": text.replace(old, new, 1)}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("treatment.minutes:", "treatment.minuts:", "did you mean treatment.minutes"),
        ("from: [ZTM-12]", "from: [ZTM12]", "is no position"),
        ("type: hcpcs,", "type: hcpc,", "there is no type"),
        ("table: sexes", "table: sex", "no such table"),
        ("time_zone: America/New_York", "timezone: America/New_York", "Extra inputs"),
        ("{O: one_on_one", "{O: one_to_one", "not one_to_one"),
    ],
)
def test_wrong_file_is_refused_with_its_line(old: str, new: str, problem: str) -> None:
    with pytest.raises(MappingError) as caught:
        compile_feeds(changed(old, new))
    line = FILES["hl7/therapy.yaml"][: FILES["hl7/therapy.yaml"].index(old)].count("\n") + 1
    assert any(problem in str(p) and p.file == "hl7/therapy.yaml" for p in caught.value.problems)
    assert any(abs(p.line - line) <= 1 for p in caught.value.problems)


def test_most_specific_sender_is_chosen() -> None:
    special = FILES["hl7/generic.yaml"].replace(
        '{application: "*", facility: "*"}', "{application: NEWEMR, facility: WEST}"
    )
    feeds = compile_feeds(FILES | {"hl7/west.yaml": special})
    chosen = [feeds.select(a, f, "DFT^P03") for a, f in (("NEWEMR", "WEST"), ("NEWEMR", "EAST"), ("THERAPYEMR", "X"))]
    assert [feed.name if feed else None for feed in chosen] == ["west", "generic", "therapy"]


def test_same_sender_in_two_files_is_refused() -> None:
    with pytest.raises(MappingError, match="has this sender already"):
        compile_feeds(FILES | {"hl7/other.yaml": FILES["hl7/generic.yaml"]})


def test_report_lists_every_model_field_with_its_837p_target_or_gap() -> None:
    table = compile_claim_table(FILES)
    rows = crosswalk_report(FEEDS, table.targets(), table.sources())
    therapy = {row.path: row for row in rows if row.feed == "therapy"}
    assert set(model_paths()) <= set(therapy)
    assert therapy["treatment.code"].target == "2400/SV1-01-2"
    assert therapy["treatment.minutes"].positions[0] == "ZTM-4"
    assert therapy["plan_of_care.signed_on"].target == "internal only"
    assert {row.domain for row in rows} == {"clinical", "timing", "administrative", "compliance"}
    gaps = [row for row in rows if row.feed == "generic" and row.gap]
    assert gaps
    assert all(row.remedy in {"configuration", "custom_field", "policy"} for row in gaps)


def test_report_says_where_every_claim_field_comes_from_or_why_it_stays_empty() -> None:
    table = compile_claim_table(FILES)
    switched_on = compile_claim_table(
        FILES | {"claims/837p.yaml": FILES["claims/837p.yaml"].replace("off: true, ", "")}
    )
    assert [source for source in switched_on.sources() if origin_of(source) is None] == []
    rows = {row.path: row for row in crosswalk_report(FEEDS, table.targets(), table.sources()) if row.feed == "therapy"}
    assert rows["claim.pay_to_address.line1"].positions == ("practice.yaml: pay_to of the billing provider",)
    assert (rows["other_payer.paid"].target, rows["other_payer.paid"].gap) == ("2320/AMT*D-02", "")
    assert rows["line.initial_treatment_on"].gap.startswith("the lines of a day share")
    assert rows["enclosure.report"].target == "2300/PWK-01"
    assert rows["encounter.supplement.delay_reason"].positions == ("ZCL-3",)


def test_what_goes_with_the_claim_is_read_from_its_own_segments() -> None:
    statement = read(
        "PID|1||M1^^^C^MR",
        "PD1||||1999901014^Testfamily^Ann",
        "PV1|1|O",
        "ZCL|CER|Signed late|11|09|3|20260930|20260901|20260920|P|09|90.00|PLAN7",
        "ZAT|1|08|FX|PLAN1",
        "ZAT|2|09|AA||L1",
        "FT1|1|L1||20261005||CG|||||||||||||||||||97039",
        "ZTM|1|||30|||||||||||||||Contrast bath|Y",
        "IN1|1|P|MEDB|||||||||||||||||W|||||||I",
    )
    encounter = statement.encounter
    assert encounter is not None
    assert encounter.supplement == ClaimSupplement(
        note="Signed late",
        note_kind="CER",
        delay_reason="11",
        special_program="09",
        authorization_exception="3",
        last_seen_on=date(2026, 9, 30),
        admitted_on=date(2026, 9, 1),
        discharged_on=date(2026, 9, 20),
        signature_source="P",
        contract_kind="09",
        contract_amount=Decimal("90.00"),
        contract_code="PLAN7",
    )
    assert encounter.enclosures == (
        Enclosure(report="08", transmission="FX", number="PLAN1"),
        Enclosure(report="09", transmission="AA", line_id="L1"),
    )
    assert encounter.primary_care is not None
    assert encounter.primary_care.npi == "1999901014"
    assert (encounter.treatments[0].description, encounter.treatments[0].screening_referral) == ("Contrast bath", True)
    assert (statement.coverages[0].benefits_assigned, statement.coverages[0].release_of_information) == ("W", "I")


def test_claim_note_is_read_from_a_note_segment_of_its_kind() -> None:
    statement = read("PID|1||M1^^^C^MR", "PV1|1|O", "NTE|1||For the chart", "NTE|2||For the payer|CLAIM")
    assert statement.encounter is not None
    assert statement.encounter.supplement == ClaimSupplement(note="For the payer")


def test_unknown_kind_of_document_is_told_where_it_stands() -> None:
    statement = read("PID|1||M1^^^C^MR", "PV1|1|O", "ZAT|1|ZZ|FX|PLAN1")
    [finding] = statement.findings
    assert "ZAT" in finding.position
    assert finding.severity is Severity.ERROR


def test_accident_and_reason_for_second_place_come_from_their_own_segments() -> None:
    statement = read(
        "PID|1||M1^^^C^MR",
        "ACC|20260818|EM",
        "ZAC|CASE77|20260819|20260930|20260818|20261001|20260820",
        "FT1|1|L1||20261005||CG|||||||||||||||||||97110",
        "IN1|1|P|MEDB",
        "ZCV|12",
    )
    assert statement.encounter is not None
    accident = statement.encounter.accident
    assert accident is not None
    assert (accident.claim_number, accident.disabled_to, accident.first_contact_on) == (
        "CASE77",
        date(2026, 9, 30),
        date(2026, 8, 20),
    )
    assert [one.insurance_type for one in statement.coverages] == ["12"]
