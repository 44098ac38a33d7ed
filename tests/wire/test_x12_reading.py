"""Reading X12 that others wrote: every tolerance by name, every refusal with its place, and no crash on any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.wire.x12.reading import Tolerance, control_number, read_interchanges

ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261124*1200*^*00501*000000007*1*T*:~"
GROUP = "GS*FA*S*R*20261124*1200*7*X*005010X231A1~ST*999*0001*005010X231A1~AK1*HC*7~AK9*A*1*1*1~SE*4*0001~GE*1*7~"
IEA = "IEA*1*000000007~"
WHOLE = ISA + GROUP + IEA
TA1 = "TA1*7*261124*1200*A*000~"


def used(data: bytes) -> dict[str, int]:
    return {t.tolerance.value: t.count for t in read_interchanges(data).tolerances}


def test_clean_file_is_read_whole_without_tolerance() -> None:
    reading = read_interchanges(WHOLE.encode())
    (found,) = reading.transactions
    interchange, group, transaction = found
    assert (interchange.control_number, group.functional_code, group.guide) == ("000000007", "FA", "005010X231A1")
    assert [(s.name, s.number) for s in transaction.segments] == [("ST", 1), ("AK1", 2), ("AK9", 3), ("SE", 4)]
    assert all(WHOLE[s.offset :].startswith(s.text + "~") for s in transaction.segments)
    assert transaction.se is transaction.segments[-1]
    assert (reading.tolerances, reading.problems) == ((), ())


@pytest.mark.parametrize(
    ("data", "tolerances"),
    [
        (b"\xef\xbb\xbf" + WHOLE.encode(), {"byte_order_mark": 1}),
        (WHOLE.encode("utf-16"), {"byte_order_mark": 1}),
        (b" \r\n" + WHOLE.encode(), {"leading_blanks": 1}),
        (WHOLE.replace("~", "~\r\n").encode(), {"line_breaks": 7}),
        (WHOLE.replace("~", "~  ").encode(), {"leading_blanks": 7}),
        (WHOLE.replace("~", "\n").encode(), {"newline_terminator": 1}),
        (WHOLE.replace("~", "\r\n").encode(), {"newline_terminator": 1}),
        (WHOLE.replace("~", "~~").encode(), {"empty_segments": 8}),
        (WHOLE.replace("AK1*HC", "AK1*H\r\nC").encode(), {"wrapped_lines": 1}),
        ((ISA + TA1 + GROUP + IEA).encode(), {"ta1_before_group": 1}),
        ((ISA + TA1 + IEA).encode(), {"ta1_before_group": 1}),
        (WHOLE.replace(" " * 10, "").replace("SENDER         ", "SENDER").encode(), {"unpadded_isa": 1}),
        ((WHOLE + "\n" + WHOLE).encode(), {"several_interchanges": 1}),
        ((ISA + GROUP).encode(), {"missing_trailer": 1}),
        ((ISA + GROUP + WHOLE).encode(), {"missing_trailer": 1, "several_interchanges": 1}),
        (WHOLE.replace("SE*4*0001~", "").encode(), {"missing_trailer": 1}),
        (WHOLE.replace("GE*1*7~", "").encode(), {"missing_trailer": 1}),
        (WHOLE[:-1].encode(), {"missing_last_terminator": 1}),
        (WHOLE.replace("AK1*HC", "AK1*É").encode(), {"not_ascii": 1}),
        (WHOLE.replace("AK1*HC", "AK1*É").encode("latin-1"), {"not_ascii": 1}),
        (b"Subject: answers\n\n" + WHOLE.encode(), {"bytes_before_interchange": 1}),
        (WHOLE.encode() + b"goodbye", {"bytes_after_interchange": 1}),
    ],
)
def test_tolerance_is_named_and_counted_when_it_is_used(data: bytes, tolerances: dict[str, int]) -> None:
    assert used(data) == tolerances
    groups = [group for interchange in read_interchanges(data).interchanges for group in interchange.groups]
    for group in groups:
        assert [s.name for s in group.transactions[0].segments][:3] == ["ST", "AK1", "AK9"]


def test_every_tolerance_has_a_case_above() -> None:
    cases = next(m.args[1] for m in test_tolerance_is_named_and_counted_when_it_is_used.pytestmark)
    assert {name for _, names in cases for name in names} == {t.value for t in Tolerance}


def test_other_separators_are_taken_from_isa() -> None:
    text = WHOLE.replace("*", "|").replace("~", "\x1c").replace("|:", "|>")
    (found,) = read_interchanges(text.encode()).transactions
    assert found[0].separators.component == ">"
    assert found[2].segments[1].element(1) == "HC"


@pytest.mark.parametrize("name", ["ISA", "ISA-ROSE", "LISA", "ISAAC"])
def test_name_holding_isa_begins_no_interchange(name: str) -> None:
    text = WHOLE.replace("AK1*HC", f"NM1*IL*1*{name}*{name}").replace("AK9*", f"{name}*00*00*")
    assert len(read_interchanges(text.encode()).interchanges) == 1


@pytest.mark.parametrize(
    ("data", "where", "why"),
    [
        (b"", "file", "empty"),
        (b"   \n", "file", "empty"),
        (b"hello", "ISA", "no X12"),
        (b"ST*999*0001~", "ISA", "no X12"),
        (b"ISA*00*short~", "ISA", "fewer than 16"),
        (ISA[:-2].encode(), "ISA", "ends inside"),
        ((ISA[:-2] + "*~" + GROUP + IEA).encode(), "ISA", "not all different"),
        ((ISA + "AK1*HC~" + GROUP + IEA).encode(), "AK1", "no transaction set"),
        ((ISA + GROUP[GROUP.index("ST") :] + IEA).encode(), "ST", "no functional group"),
    ],
)
def test_unreadable_bytes_are_told_with_place_and_reason(data: bytes, where: str, why: str) -> None:
    problems = read_interchanges(data).problems
    assert any(p.where == where and why in p.why for p in problems), problems


def test_ta1_is_kept_apart_from_groups() -> None:
    reading = read_interchanges((ISA + TA1 + GROUP + IEA).encode())
    (interchange,) = reading.interchanges
    assert [ta1.element(1) for ta1 in interchange.ta1] == ["7"]
    assert control_number("7") == control_number("000000007") == 7
    assert control_number("A7") is None


def test_elements_beyond_the_end_are_empty() -> None:
    (interchange,) = read_interchanges(WHOLE.encode()).interchanges
    segment = interchange.isa
    assert (segment.element(99), segment.components(99), segment.repetitions(99)) == ("", (), ())


def test_repr_of_a_segment_holds_no_elements() -> None:
    (interchange,) = read_interchanges(WHOLE.encode()).interchanges
    assert "SENDER" not in repr(interchange.isa)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_crash(data: bytes) -> None:
    reading = read_interchanges(data)
    assert reading.interchanges or reading.problems


@given(st.data())
def test_damaged_file_is_read_without_a_crash(data: st.DataObject) -> None:
    raw = bytearray((WHOLE + WHOLE).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    reading = read_interchanges(bytes(raw))
    assert all(0 <= p.offset <= len(raw) for p in reading.problems)
