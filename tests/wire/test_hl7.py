"""The thin view of HL7: positions as the manual counts them, tolerances with names, limits."""

from __future__ import annotations

import os
import re
from pathlib import Path

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.core.errors import InboundError
from integration_engine.wire.hl7 import Message, peek, split_batch, split_messages

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("INTEGRATION_ENGINE_SHARED", ROOT.parent / "shared")) / "real-hl7"
TEXT = (
    "MSH|^~\\&|APP^X|FAC|RA|RF|202601021200||DFT^P03^DFT_P03|ID1|P|2.5.1|||AL|NE\r"
    "PID|1||M1^^^A^MR~S2^^^B^SS||DOE^J\\T\\K^^^\r"
    'FT1|1|L1||20260102090000^20260102095400||CG||||2||||||||""\r'
)


def test_positions_count_as_the_manual_writes_them() -> None:
    message = Message.parse(TEXT)
    pid, ft1 = message.first("PID"), message.first("FT1")
    assert pid is not None
    assert ft1 is not None
    assert message.segments[0].field(1) == "|"
    assert message.segments[0].value(9, 2) == "P03"
    assert pid.repetitions(3) == ["M1^^^A^MR", "S2^^^B^SS"]
    assert pid.value(3, 5, repetition=2) == "SS"
    assert pid.value(5, 2) == "J&K"
    assert ft1.value(4, 2) == "20260102095400"
    assert ft1.field(18) == '""'
    assert ft1.field(99) == ""


def test_header_is_read_from_bytes_alone() -> None:
    header = peek(TEXT.encode())
    assert (header.sender, header.trigger, header.control_id) == ("APP|FAC", "DFT^P03", "ID1")
    assert (header.accept_acknowledgment, header.application_acknowledgment) == ("AL", "NE")


def test_trigger_comes_from_evn_when_msh_9_has_none() -> None:
    assert peek(b"MSH|^~\\&|A|B|||1||DFT|1|P|2.3\rEVN|P03|1\r").trigger == "DFT^P03"


@pytest.mark.parametrize(
    ("terminator", "tolerances"), [("\r", ()), ("\n", ("lf_segment_ends",)), ("\r\n", ("crlf_segment_ends",))]
)
def test_segments_are_the_same_whatever_ends_them(terminator: str, tolerances: tuple[str, ...]) -> None:
    message = Message.parse_bytes(TEXT.replace("\r", terminator).encode())
    assert [segment.name for segment in message.segments] == ["MSH", "PID", "FT1"]
    assert message.tolerances == tolerances


def test_line_feed_inside_a_field_stays_when_cr_ends_the_segments() -> None:
    message = Message.parse("MSH|^~\\&|A|B|||1||DFT^P03|1|P|2.5\rNTE|1||one\ntwo\r")
    note = message.first("NTE")
    assert note is not None
    assert note.value(3) == "one\ntwo"


def test_custom_delimiters_are_taken_from_msh() -> None:
    message = Message.parse("MSH#*!?@#A#B###1##DFT*P03#1#P#2.5\rPID#1##M1***A*MR!S2\r")
    pid = message.first("PID")
    assert pid is not None
    assert pid.value(3, 1, repetition=2) == "S2"
    assert message.header.trigger == "DFT^P03"


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("UNICODE UTF-8", "MÜLLER".encode(), "MÜLLER"),
        ("8859/1", "MÜLLER".encode("latin-1"), "MÜLLER"),
        ("ASCII", b"MULLER", "MULLER"),
        ("", "MÜLLER".encode("cp1252"), "MÜLLER"),
    ],
)
def test_names_decode_by_msh_18(charset: str, raw: bytes, text: str) -> None:
    head = f"MSH|^~\\&|A|B|||1||DFT^P03|1|P|2.5||||||{charset}\rPID|1||1||".encode()
    pid = Message.parse_bytes(head + raw + b"\r").first("PID")
    assert pid is not None
    assert pid.value(5) == text


def test_unknown_character_set_is_refused_by_position() -> None:
    with pytest.raises(InboundError) as caught:
        Message.parse_bytes(b"MSH|^~\\&|A|B|||1||DFT^P03|1|P|2.5||||||KLINGON\r")
    assert (caught.value.position, caught.value.acknowledgment, caught.value.condition) == ("MSH-18", "AE", "103")


@pytest.mark.parametrize("raw", [b"", b"PID|1\r", b"MSH", b"MSH|", b"MSHA^~\\&A|", b"hello"])
def test_bytes_without_usable_msh_are_refused_ar(raw: bytes) -> None:
    with pytest.raises(InboundError) as caught:
        peek(raw)
    assert caught.value.acknowledgment == "AR"


@given(st.binary(max_size=300))
def test_nothing_but_an_inbound_error_is_raised_whatever_arrives(raw: bytes) -> None:
    for data in (raw, b"MSH|^~\\&|" + raw):
        try:
            message = Message.parse_bytes(data)
        except InboundError:
            continue
        for segment in message.segments:
            for field in range(segment.field_count + 1):
                segment.value(field, 1, 1)


def test_more_ft1_than_any_encounter_has_is_refused() -> None:
    with pytest.raises(InboundError, match="FT1"):
        Message.parse("MSH|^~\\&|A|B|||1||DFT^P03|1|P|2.5\r" + "FT1|1\r" * 1001)


def test_batch_counts_are_compared_with_its_messages() -> None:
    one = "MSH|^~\\&|A|B|||1||DFT^P03|{}|P|2.5\rPID|1\r"
    body = one.format(1) + one.format(2)
    good = split_batch(f"FHS|^~\\&|A\rBHS|^~\\&|A\r{body}BTS|2\rFTS|1\r".encode())
    wrong = split_batch(f"BHS|^~\\&|A\r{body}BTS|3\r".encode())
    bare = split_batch(body.encode())
    assert good is not None
    assert wrong is not None
    assert bare is not None
    assert (len(good.messages), good.counts_agree) == (2, True)
    assert (len(wrong.messages), wrong.counts_agree) == (2, False)
    assert len(bare.messages) == 2
    assert split_batch(one.format(1).encode()) is None


@pytest.mark.skipif(not REAL.is_dir(), reason="the public messages are not beside this checkout")
def test_python_hl7_reads_the_same_in_every_public_message() -> None:
    compared = 0
    for path in sorted(REAL.glob("*.hl7")):
        for raw in split_messages(path.read_bytes()):
            ours = Message.parse_bytes(raw)
            text = "\r".join(segment.text for segment in ours.segments)
            try:
                theirs = hl7.parse(text)
            except Exception:  # noqa: BLE001 - python-hl7 cannot read some of them
                continue
            assert str(theirs.segment("MSH")[10]) == ours.header.control_id
            if not all(re.fullmatch(r"[A-Z][A-Z0-9]{2}", str(s[0][0])) for s in theirs):
                continue  # some samples have lost a line end inside a text
            assert [str(s[0][0]) for s in theirs] == [segment.name for segment in ours.segments]
            for mine, other in zip(ours.segments, theirs, strict=True):
                if mine.name != "MSH":
                    assert [mine.field(i) for i in range(1, len(other))] == [
                        str(other[i]) for i in range(1, len(other))
                    ]
            compared += 1
    assert compared >= 40
