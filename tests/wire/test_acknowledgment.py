"""Acknowledgments: the sender's delimiters and control id, original and enhanced mode."""

from __future__ import annotations

import hl7
import pytest

from integration_engine.wire.acknowledgment import acknowledge
from integration_engine.wire.hl7 import peek
from integration_engine.wire.mllp import END, START


def header(accept: str = "", application: str = "", head: str = "MSH|^~\\&|") -> bytes:
    return f"{head}EMR|CLINIC|ENGINE|BILLING|20260101||DFT^P03^DFT_P03|ID 7|P|2.5.1|||{accept}|{application}\r".encode()


def answer(raw: bytes, code: str = "AA", **more: str) -> list[bytes]:
    told = acknowledge(peek(raw), code, answer_id="E1", answered_at="20260101", **more)
    return [] if told is None else told.split(END + b"\r" + START)


def test_answer_names_the_message_and_turns_the_names_round() -> None:
    message = hl7.parse(answer(header())[0].decode())
    assert [str(message.segment("MSH")[n]) for n in (3, 4, 5, 6, 9, 12)] == [
        "ENGINE",
        "BILLING",
        "EMR",
        "CLINIC",
        "ACK^P03^ACK",
        "2.5.1",
    ]
    assert [str(message.segment("MSA")[n]) for n in (1, 2)] == ["AA", "ID 7"]


def test_answer_uses_the_senders_delimiters() -> None:
    raw = b"MSH#*!?@#EMR#CLINIC#ENGINE#BILLING#1##DFT*P03#7#P#2.3\r"
    assert answer(raw)[0].startswith(b"MSH#*!?@#ENGINE#BILLING#EMR#CLINIC#20260101##ACK*P03*ACK#E1#P#2.3\rMSA#AA#7\r")


def test_refusal_names_segment_field_and_condition() -> None:
    told = answer(header(), "AE", condition="103", position="MSH-18", text="bad | value")[0]
    assert b"\rMSA|AE|ID 7\rERR||MSH^1^18|103^Table value not found^HL70357|E||||bad  value\r" in told


@pytest.mark.parametrize(
    ("accept", "application", "code", "expected"),
    [
        ("", "", "AA", ["AA"]),
        ("NE", "AL", "AE", ["AE"]),
        ("AL", "NE", "AA", ["CA"]),
        ("AL", "AL", "AA", ["CA", "AA"]),
        ("AL", "NE", "AR", ["CR"]),
        ("ER", "NE", "AA", []),
        ("ER", "NE", "AE", ["CE"]),
        ("SU", "NE", "AA", ["CA"]),
        ("NE", "NE", "AA", ["AA"]),
        ("EVN", "A01", "AA", ["AA"]),
    ],
)
def test_mode_follows_msh_15_and_16(accept: str, application: str, code: str, expected: list[str]) -> None:
    told = answer(header(accept, application), code)
    assert [part.split(b"MSA|")[1][:2].decode() for part in told] == expected
    assert all(part.endswith(b"\r") for part in told)


def test_answer_without_header_still_is_hl7() -> None:
    told = acknowledge(None, "AR", answer_id="E", answered_at="1", condition="100", position="MSH")
    assert told is not None
    assert b"MSA|AR|" in told
