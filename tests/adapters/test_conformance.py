"""Conformance of senders: what hl7apy objects to and what a sender never fills, without a field value anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integration_engine.adapters.conformance import workers
from integration_engine.adapters.conformance.judging import judge
from integration_engine.adapters.conformance.needs import NEEDS, Remedy
from integration_engine.adapters.conformance.report import ConformanceReport
from integration_engine.adapters.conformance.verdicts import Kind, judge_text
from integration_engine.adapters.conformance.versions import nearest_version

PROJECT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("INTEGRATION_ENGINE_SHARED", PROJECT.parent / "shared")) / "real-hl7"
MARKER = "MARKERSURNAME"

GOOD = (
    "MSH|^~\\&|PLAINEMR|DESK|BILL|BILL|20261005120000||ADT^A04^ADT_A01|P1|P|2.5.1\r"
    "EVN||20261005120000\r"
    f"PID|1||100^^^DESK^MR||{MARKER}^ALDA||19700101|F|||1 Sample St^^Springfield^IL^62701\r"
    "PV1|1|O|||||||||||||||||V1\r"
)
CHARGE = (
    "MSH|^~\\&|PLAINEMR|DESK|BILL|BILL|20261005120000||DFT^P03^DFT_P03|P2|P|2.5.1\r"
    "EVN||20261005120000\r"
    f"PID|1||100^^^DESK^MR||{MARKER}^ALDA\r"
    "PV1|1|O|||||||||||||||||V1\r"
    "FT1|1|L1||20261005|20261005|CG|97110|||4||||||||||||||||97110\r"
)


def one(text: str, *, limit: float = 30) -> ConformanceReport:
    return judge([("one", text.encode())], limit, workers=1)


def test_judge_finds_nothing_when_the_message_keeps_to_its_version() -> None:
    report = one(GOOD)
    assert [f for f in report.findings if f.kind is Kind.ERROR] == []
    assert report.senders[0].sender == "PLAINEMR|DESK"
    assert (report.senders[0].judged, report.senders[0].conforming) == (1, 1)


def test_judge_names_the_position_when_a_required_segment_is_missing() -> None:
    report = one(GOOD.replace("EVN||20261005120000\r", ""))
    assert ("EVN", Kind.ERROR) in {(f.position, f.kind) for f in report.findings}


def test_judge_counts_messages_of_one_sender_that_show_the_same_finding() -> None:
    bad = GOOD.replace("EVN||20261005120000\r", "").encode()
    report = judge([("a", bad), ("b", bad)], 30, workers=1)
    assert [(f.count, f.messages) for f in report.findings if f.position == "EVN"] == [(2, ("a", "b"))]


@pytest.mark.parametrize(
    ("asked", "judged_by"),
    [("2.5.1", "2.5.1"), ("2.9", "2.8.2"), ("2.3.2", "2.3.1"), ("2.5.2", "2.5.1"), ("2.0", "2.1"), ("", "2.5.1")],
)
def test_nearest_version_is_the_one_before_when_the_version_is_unknown(asked: str, judged_by: str) -> None:
    assert nearest_version(asked) == judged_by


def test_judge_records_the_version_when_it_judges_by_a_neighbour() -> None:
    report = one(GOOD.replace("|2.5.1\r", "|2.9\r"))
    assert [f.text for f in report.findings if f.kind is Kind.VERSION] == ["version 2.9 is not known; judged by 2.8.2"]


def test_judge_text_uses_the_structure_of_the_trigger_when_the_sender_names_none() -> None:
    assert judge_text(GOOD.replace("ADT^A04^ADT_A01", "ADT^A04")) == judge_text(GOOD)


def test_judge_goes_on_with_the_next_message_when_one_takes_too_long() -> None:
    endless = CHARGE + "OBX|1|ST|GOAL.1^Walk||far||||||F|||20261005\r" * 15_000
    report = judge([("endless", endless.encode()), ("good", GOOD.encode())], 2, workers=1)
    assert [(f.kind, f.messages) for f in report.findings if f.kind is Kind.NOT_JUDGED] == [
        (Kind.NOT_JUDGED, ("endless",))
    ]
    assert (report.senders[0].messages, report.senders[0].judged) == (2, 1)


def test_judge_says_so_when_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "START_SECONDS", 0.0)
    report = judge([("a", GOOD.encode()), ("b", GOOD.encode())], 30, workers=1)
    assert [(f.text, f.count) for f in report.findings] == [("no process could be started to judge it", 2)]


def test_report_lists_what_the_sender_never_fills() -> None:
    summary = judge([("a", GOOD.encode()), ("b", CHARGE.encode())], 30, workers=1).senders[0]
    assert "FT1-20" in summary.never_populated
    assert not {"FT1-10", "PID-11", "PV1-19"} & set(summary.never_populated)
    assert summary.segments_never_sent == ("IN1",)


def test_report_names_the_remedy_when_a_needed_fact_is_never_sent() -> None:
    gaps = {gap.item: gap for gap in one(CHARGE).gaps}
    assert gaps["treated minutes of each code"].remedy is Remedy.CUSTOM_FIELD
    assert gaps["authorization number"].remedy is Remedy.CONFIGURATION
    assert gaps["consent to telehealth"].remedy is Remedy.POLICY
    assert gaps["authorization number"].checked
    assert "procedure code" not in gaps


def test_gap_is_not_checked_when_the_sender_has_segments_of_its_own() -> None:
    gaps = {gap.item: gap for gap in one(CHARGE + "ZXX|54\r").gaps}
    assert not gaps["treated minutes of each code"].checked
    assert gaps["treated minutes of each code"].z_segments == ("ZXX",)


def test_judge_keeps_an_unreadable_message_as_a_finding() -> None:
    report = judge([("junk", b"not HL7 at all")], 30, workers=1)
    assert [(f.sender, f.kind) for f in report.findings] == [("unreadable", Kind.NOT_JUDGED)]
    assert report.gaps == ()


def test_report_is_empty_when_there_are_no_messages() -> None:
    report = judge([], 30)
    assert not report.has_findings
    assert list(report.rows()) == []


def test_report_never_repeats_a_field_value(capfd: pytest.CaptureFixture[str]) -> None:
    wrong = (
        GOOD.replace("|F|", f"|{MARKER}|").replace("PV1|1|O", f"PV1|1|{MARKER}") + f"{MARKER}|1\rOBX|1|XX|{MARKER}\r"
    )
    report = one(wrong)
    shown = repr(report.findings) + repr(list(report.rows()))
    assert report.has_findings
    assert MARKER not in shown
    assert MARKER not in "".join(capfd.readouterr())


def test_every_need_has_positions_the_manual_could_name() -> None:
    for need in NEEDS:
        assert all(len(position.split("-")[0]) == 3 for position in need.positions), need


@pytest.mark.skipif(not REAL.is_dir(), reason="the public sample messages are not on this machine")
def test_public_messages_are_all_reported_on_without_a_crash() -> None:
    messages = [(path.name, path.read_bytes()) for path in sorted(REAL.glob("*.hl7"))]
    report = judge(messages, 30)
    assert sum(sender.messages for sender in report.senders) == len(messages)
    assert sum(sender.judged for sender in report.senders) > 40
    assert len(list(report.rows())) >= len(report.senders)


def test_shipped_samples_are_all_judged() -> None:
    folder = PROJECT / "samples" / "messages"
    from integration_engine.wire.hl7 import split_messages  # noqa: PLC0415

    first = [(path.name, next(iter(split_messages(path.read_bytes())))) for path in sorted(folder.glob("*.hl7"))[:6]]
    report = judge(first, 30)
    assert sum(sender.judged for sender in report.senders) == len(first)
