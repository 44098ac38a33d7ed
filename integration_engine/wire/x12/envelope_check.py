"""Do ISA, GS, ST and their trailers hold together? Lengths, elements, counts and control numbers of one file.

Source  X12.5 (interchange control structures), X222A1 appendix C; codes of TA105, AK905 and IK502 as X12.5 and X231A1.
"""

from __future__ import annotations

from collections.abc import Iterator

from integration_engine.wire.x12.faults import Fault, Level
from integration_engine.wire.x12.guide_compiled import CompiledGuide
from integration_engine.wire.x12.guide_explain import Complaint, explain
from integration_engine.wire.x12.structure import ISA_LENGTH, Group, Interchange, Segment, Transaction, control_number

_OWN_SEPARATORS = frozenset({11, 16})  # these two elements of ISA are separators themselves
_INTERCHANGE_CODES = {
    1: "010",
    2: "011",
    3: "012",
    4: "013",
    5: "005",
    6: "006",
    7: "007",
    8: "008",
    9: "014",
    10: "015",
    11: "016",
    12: "017",
    13: "018",
    14: "019",
    15: "020",
    16: "027",
}
_SENDER, _RECEIVER = 6, 8


def _fault(level: Level, code: str, where: str, text: str, segment: Segment, number: int = 0) -> Fault:
    return Fault(level=level, code=code, position=where, text=text, segment_number=number, offset=segment.offset)


def check_interchange(interchange: Interchange, guide: CompiledGuide) -> Iterator[Fault]:
    """ISA and IEA; what lies in groups is asked apart."""
    isa, iea = interchange.isa, interchange.iea
    whole = len(isa.text) + 1
    if whole != ISA_LENGTH:
        text = f"ISA has exactly {ISA_LENGTH} characters with its terminator; this one has {whole}"
        yield _fault(Level.INTERCHANGE, "024", "ISA", text, isa)
    parts = isa.text.split(interchange.separators.element)
    for code, element, _, text in explain(guide.envelope["ISA"].row, parts, interchange.separators):
        if element not in _OWN_SEPARATORS and not (whole != ISA_LENGTH and code in {"4", "5"}):
            yield _fault(Level.INTERCHANGE, _INTERCHANGE_CODES.get(element, "024"), f"ISA-{element:02d}", text, isa)
    for element in (_SENDER, _RECEIVER):
        if not isa.element(element):
            code = _INTERCHANGE_CODES[element]
            yield _fault(Level.INTERCHANGE, code, f"ISA-{element:02d}", "this names nobody", isa)
    if not interchange.separators.repetition:
        text = "this declares the repetition separator, a character that is neither letter nor digit"
        yield _fault(Level.INTERCHANGE, "016", "ISA-11", text, isa)
    if iea is None:
        yield _fault(Level.INTERCHANGE, "023", "IEA", "the interchange has no IEA", isa)
        return
    yield from _trailer(iea, guide, Level.INTERCHANGE, "021")
    if control_number(iea.element(1)) != len(interchange.groups):
        text = f"this counts functional groups, and there are {len(interchange.groups)}"
        yield _fault(Level.INTERCHANGE, "021", "IEA-01", text, iea)
    if iea.element(2) != isa.element(13):
        yield _fault(Level.INTERCHANGE, "001", "IEA-02", "IEA02 repeats the control number of ISA13", iea)


def check_group(group: Group, guide: CompiledGuide) -> Iterator[Fault]:
    """GS and GE of a group that has a GS."""
    gs, ge = group.gs, group.ge
    if gs is None:
        return
    yield from _elements(gs, guide, 0)
    number = gs.element(6)
    if number.startswith("0"):
        yield _fault(Level.GROUP, "6", "GS-06", "a group control number has no leading zeros", gs)
    if ge is None:
        yield _fault(Level.GROUP, "3", "GE", "the functional group has no GE", gs)
        return
    yield from _trailer(ge, guide, Level.GROUP, "5")
    if control_number(ge.element(1)) != len(group.transactions):
        text = f"this counts transaction sets, and there are {len(group.transactions)}"
        yield _fault(Level.GROUP, "5", "GE-01", text, ge)
    if ge.element(2) != number:
        yield _fault(Level.GROUP, "4", "GE-02", "GE02 repeats the control number of GS06", ge)


def check_set(transaction: Transaction, group: Group, guide: CompiledGuide, earlier: set[str]) -> Iterator[Fault]:
    """ST and SE of one transaction set. earlier: the control numbers of sets before it in the same interchange."""
    st, se = transaction.st, transaction.se
    yield from _elements(st, guide, st.number)
    if group.gs is not None and st.element(3) and st.element(3) != group.guide:
        yield _fault(Level.TRANSACTION, "I6", "ST-03", "ST03 repeats the guide of GS08", st, st.number)
    if transaction.control_number in earlier:
        text = "an earlier set of this interchange has the same control number"
        yield _fault(Level.TRANSACTION, "23", "ST-02", text, st, st.number)
    if se is None:
        yield _fault(Level.TRANSACTION, "2", "SE", "the transaction set has no SE", st, st.number)
        return
    yield from _trailer(se, guide, Level.TRANSACTION, "4")
    if control_number(se.element(1)) != len(transaction.segments):
        text = f"this counts segments from ST to SE, and there are {len(transaction.segments)}"
        yield _fault(Level.TRANSACTION, "4", "SE-01", text, se, se.number)
    if se.element(2) != transaction.control_number:
        yield _fault(Level.TRANSACTION, "3", "SE-02", "SE02 repeats the control number of ST02", se, se.number)


def _elements(segment: Segment, guide: CompiledGuide, number: int) -> Iterator[Fault]:
    for complaint in _complaints(segment, guide):
        where = f"{segment.name}-{complaint.element:02d}"
        yield _fault(Level.ELEMENT, complaint.code, where, complaint.text, segment, number)


def _trailer(segment: Segment, guide: CompiledGuide, level: Level, code: str) -> Iterator[Fault]:
    """Elements that are missing or too many; a count or number that is there but wrong is told by its own check."""
    for complaint in _complaints(segment, guide):
        where = f"{segment.name}-{complaint.element:02d}"
        yield _fault(level, code, where, complaint.text, segment, segment.number if level is Level.TRANSACTION else 0)


def _complaints(segment: Segment, guide: CompiledGuide) -> Iterator[Complaint]:
    parts = segment.text.split(segment.separators.element)
    return explain(guide.envelope[segment.name].row, parts, segment.separators)
