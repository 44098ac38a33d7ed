"""X12 text: the basic set, trailing elements, and the fixed width of ISA."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.wire.x12.segments import Interchange, clean, envelope, join


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Muñoz", "MUNOZ"),
        ("O\N{RIGHT SINGLE QUOTATION MARK}Brien", "O'BRIEN"),
        ("a*b:c~d^e", "ABCDE"),
        (" two  words ", "TWO WORDS"),
        ("ß", "SS"),
    ],
)
def test_names_are_transliterated_to_the_basic_set(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(max_size=60))
def test_cleaned_text_never_holds_a_separator(text: str) -> None:
    told = clean(text)
    assert not set(told) & set("*:~^\r\n")
    assert told == told.strip()
    assert told.isascii()


def test_empty_elements_at_the_end_are_left_out() -> None:
    assert join("REF", ("EI", "1", "", "")) == "REF*EI*1"


def test_isa_has_106_bytes_with_its_terminator() -> None:
    interchange = Interchange(
        sender_qualifier="ZZ",
        sender_id="A",
        receiver_qualifier="ZZ",
        receiver_id="B",
        group_sender_id="A",
        group_receiver_id="B",
        interchange=7,
        group=7,
        created="20260102030405",
        usage="T",
        acknowledgment_requested="1",
        functional_code="HC",
        guide="005010X222A1",
    )
    text = envelope(interchange, [["ST*837*0001", "SE*2*0001"]])
    assert text.index("~") == 105
    assert text.split("~")[-3:] == ["GE*1*7", "IEA*1*000000007", ""]
