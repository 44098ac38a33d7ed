"""Our table of 005010X222A1 beside the map that pyx12 ships: equal, but for the differences listed here with a reason."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyx12

from integration_engine.wire.x12.guides.records import Loop, Row
from integration_engine.wire.x12.guides.x222a1 import GUIDE

MAPS = Path(pyx12.__file__).parent / "map"
WRAPPERS = {"ISA_LOOP", "GS_LOOP", "ST_LOOP", "HEADER", "DETAIL", "FOOTER"}

# Where ours says otherwise on purpose: place → why. Everything else must be equal.
DIFFERENT = {
    "ISA-11": "5010 holds the repetition separator here; the map still lists U",
    "ST-03": "the guide requires it and fixes its value",
    "BHT-03": "the guide's own length is 30",
    "BHT-06": "31 (subrogation) is in the guide",
    "2010BA/REF*SY-02": "a social security number has nine digits",
    "2330A/REF*SY-02": "a social security number has nine digits",
    "2300/CLM-01": "the guide's own length is 20",
    "2300/REF*D9-02": "the guide's own length is 20",
    "2400/REF*6R-02": "the guide's own length is 30",
    "2300/PWK-06": "the guide's own length is 50",
    "2400/PWK-06": "the guide's own length is 50",
    "2400/SV1-04": "the guide's own length is 8",
    "2430/SVD-05": "the guide's own length is 8",
    "2320/CAS-": "quantities have 8 digits, as SV104 and SVD05",
    "2430/CAS-": "quantities have 8 digits, as SV104 and SVD05",
    "/HL-01": "the guide's hierarchical numbers are digits",
    "/HL-02": "the guide's hierarchical numbers are digits",
    "/DTP*": "the map takes any text; which dates are real is ours to say",
    "/PAT-06": "a date, not any text",
    "/DMG-02": "a date, not any text",
}


def text(node: ET.Element, tag: str) -> str:
    found = node.find(tag)
    return (found.text or "").strip() if found is not None else ""


def theirs() -> Iterator[tuple[str, tuple]]:
    types = {
        e.get("ele_num"): (e.get("data_type"), int(e.get("min_len")), int(e.get("max_len")))
        for e in ET.parse(MAPS / "dataele.xml").getroot().iter("data_ele")
    }
    yield from _walk(ET.parse(MAPS / "837.5010.X222.A1.xml").getroot(), "", types)


def _walk(node: ET.Element, loop: str, types: dict) -> Iterator[tuple[str, tuple]]:
    for child in node:
        if child.tag == "loop":
            name = "" if child.get("xid") in WRAPPERS else child.get("xid")
            if name and name != "2300":
                yield f"loop {name}", (text(child, "usage") == "R", _most(text(child, "repeat")))
            yield from _walk(child, name, types)
        elif child.tag == "segment" and child.get("xid") != "TA1":
            yield from _segment(child, loop, types)


def _most(text: str) -> int | None:
    return None if text == ">1" else int(text)


def _segment(node: ET.Element, loop: str, types: dict) -> Iterator[tuple[str, tuple]]:
    elements = []
    for element in node:
        if element.tag == "element" and text(element, "usage") != "N":
            elements.append((int(text(element, "seq")), element, ()))
        if element.tag == "composite" and text(element, "usage") != "N":
            parts = tuple(_spec(part, types) for part in element.findall("element") if text(part, "usage") != "N")
            elements.append((int(text(element, "seq")), element, parts))
    first = _spec(elements[0][1], types) if not elements[0][2] else elements[0][2][0]
    third = {number: element for number, element, _ in elements}.get(3)
    codes = first[4] if node.get("xid") != "HL" else _spec(third, types)[4]
    place = f"{loop}/{node.get('xid')}" if loop else node.get("xid")
    key = f"{place}{{{'|'.join(sorted(codes))}}}"
    yield key, (text(node, "usage") == "R", _most(text(node, "max_use")))
    for number, element, parts in elements:
        at = f"{key}-{number:02d}"
        yield at, (text(element, "usage") == "R", *((parts,) if parts else _spec(element, types)[2:]))


def _spec(node: ET.Element, types: dict) -> tuple:
    kind, least, most = types[text(node, "data_ele") or node.get("data_ele")]
    codes = node.find("valid_codes")
    values = frozenset(code.text for code in codes.findall("code")) if codes is not None else frozenset()
    return (int(text(node, "seq")), text(node, "usage") == "R", kind, (least, most), values)


def ours() -> Iterator[tuple[str, tuple]]:
    for loop in GUIDE.loops.values():
        if loop.id and loop.id != "2300":
            yield f"loop {loop.id}", (loop.required, loop.most)
        for row in loop.rows:
            yield from _row(row)
    for name in ("ISA", "GS", "ST", "SE", "GE", "IEA"):
        yield from _row(GUIDE.envelope[name])


def _row(row: Row) -> Iterator[tuple[str, tuple]]:
    place = f"{row.loop}/{row.name}" if row.loop else row.name
    first = row.elements[2] if row.name == "HL" else next(e for e in row.elements if e.kind)
    codes = first.components[0].codes if first.components else first.codes
    key = f"{place}{{{'|'.join(sorted(codes))}}}"
    yield key, (row.required, row.most)
    for element in row.elements:
        if not element.kind:
            continue
        if element.components:
            parts = tuple(_part(part) for part in element.components if part.kind)
            yield f"{key}-{element.number:02d}", (element.required, parts)
        else:
            yield f"{key}-{element.number:02d}", (element.required, *_part(element)[2:])


def _part(element) -> tuple:
    return (
        element.number,
        element.required,
        element.kind,
        (element.least, element.most),
        frozenset(element.codes),
    )


def same(one: tuple, other: tuple) -> bool:
    """Usage, type, lengths and codes; a closed list of codes says all about type and length."""
    if len(one) != len(other):
        return False
    if len(one) == 2 and isinstance(one[1], tuple):
        return one[0] == other[0] and len(one[1]) == len(other[1]) and all(map(_same_part, one[1], other[1]))
    if len(one) == 2:
        return one == other
    return one[0] == other[0] and _same_part((0, 0, *one[1:]), (0, 0, *other[1:]))


def _same_part(one: tuple, other: tuple) -> bool:
    if one[4] or other[4]:
        return one[:2] == other[:2] and one[4] == other[4]
    return one == other


def test_guide_is_the_one_that_pyx12_has_but_for_listed_differences() -> None:
    left, right = dict(theirs()), dict(ours())
    wrong = []
    used = set()
    for place in sorted(left.keys() | right.keys()):
        plain = place[: place.index("{")] + place[place.index("}") + 1 :] if "{" in place else place
        qualified = place.replace("{", "*").replace("}", "")
        if place in left and place in right and same(left[place], right[place]):
            continue
        reason = next((k for k in DIFFERENT if k in plain or k in qualified), None)
        if reason is None:
            wrong.append((place, left.get(place), right.get(place)))
        else:
            used.add(reason)
    assert not wrong, "\n".join(map(str, wrong))
    assert used == set(DIFFERENT)


def test_every_loop_opens_with_one_segment_that_tells_it_apart() -> None:
    def openers(loop: Loop) -> Iterator[tuple]:
        for child in loop.loops:
            first = child.rows[0]
            assert first.required
            assert first.most == 1
            for code in first.qualifiers or ("",):
                yield (loop.id, first.name, code)
            yield from openers(child)

    found = list(openers(GUIDE.root))
    both = {(parent, name, code) for parent, name, code in found if parent in {"2300", "2320", "2400"}}
    rest = [one for one in found if one[0] not in {"2300", "2320", "2400"}]
    assert len(rest) == len(set(rest))
    assert both


@pytest.mark.parametrize(
    ("address", "number", "constant", "refused"),
    [
        ("2300/REF*G1", 2, None, ""),
        ("2430/SVD", 1, None, ""),
        ("2330B/DTP*573", 3, None, ""),
        ("2010AA/NM1*85", 8, "XX", ""),
        ("2010AA/NM1*85", 8, "34", "allows XX"),
        ("2010CA/NM1*QC", 9, None, "uses no element 9"),
        ("2300/CLM", 21, None, "uses no element 21"),
        ("2300/CLM", 0, None, "uses no element 0"),
        ("2400/SV1", 6, None, "uses no element 6"),
    ],
)
def test_element_of_an_address_is_refused_when_the_guide_does_not_use_it(address, number, constant, refused) -> None:
    reason = GUIDE.element_refusal(address, number, constant)
    assert refused in reason
    assert bool(reason) is bool(refused)


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("2300/REF*G1", ""),
        ("2300/REF*ZZ", "one of"),
        ("2300/CLX", "no such segment"),
        ("9999/CLM", "no such segment"),
        ("", "no such segment"),
    ],
)
def test_address_is_refused_when_the_guide_has_no_such_place(address, refused) -> None:
    reason = GUIDE.segment_refusal(address)
    assert refused in reason
    assert bool(reason) is bool(refused)
