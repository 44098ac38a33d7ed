"""Questions about one segment at a time: names, addresses, contacts, references, dates and amounts.

They are the same wherever the segment stands, for the subscriber and for a dependent. Source  X12.md §2.1-2.6, §2.9.
"""

# ruff: noqa: ARG001 - every question is asked in the same way, whatever it looks at
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from integration_engine.rules.claim_file.records import Circumstances, Hit, SegmentQuestion
from integration_engine.rules.claim_file.values import amount_fault, day, npi_holds, period
from integration_engine.wire.x12.guide_check import LoopNode, Placed

_NEEDS_NPI = frozenset({"2010AA", "2310A", "2310B", "2310D", "2420A", "2420D", "2420E", "2420F"})
_NAMELESS = frozenset({"2010AB", "2310E", "2330C", "2330D", "2330E", "2330F", "2330G", "2420B", "2420G"})
_STREETS = frozenset({"2010AA", "2310C", "2420C"})
_TAXONOMY = re.compile(r"[0-9A-Z]{9}X")
_POST_BOX = re.compile(
    r"\b(?:P[. ]*O[. ]*(?:BOX|DRAWER)|POST\s*OFFICE\s*BOX|LOCK\s*BOX)\b|^\s*(?:BOX|DRAWER)\s*\d", re.IGNORECASE
)
_US_POSTAL = re.compile(r"(?!0{5})\d{5}(?:\d{4})?")
_CANADIAN_POSTAL = re.compile(r"[A-Z]\d[A-Z] ?\d[A-Z]\d", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TAX_NUMBER = re.compile(r"(?!(\d)\1{8})\d{9}")
_REMARK = re.compile(r"(?:M|MA|N)\d{1,3}")
_REASON = re.compile(r"\d{1,3}|[A-Z]{1,2}\d{1,3}")
_PHONE_DIGITS = 10
_CONTACTS = (3, 5, 7)
_NINE = 9
_AMOUNTS = {"CLM": (2,), "AMT": (2,), "SV1": (2,), "SVD": (2,), "CAS": (3, 6, 9, 12, 15, 18), "PS1": (2,)}
_MAY_BE_NEGATIVE = frozenset({"CAS"})
_MAY_COME = frozenset({"296", "361", "314"})  # return to work, and the end of a disability
_PREMISES = frozenset({"AA"})
_US = frozenset({"", "US"})
_DOLLARS = "USD"
_PAY_TO_PLAN, _SUBROGATION = "2010AC", "31"
_SCREENING, _NOT_USED = "ZZ", "NU"


def names(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """NPI, and first names where they belong."""
    if node.id == _PAY_TO_PLAN and not _is_subrogation(node):
        yield Hit("pay_to_plan", placed, 1)
    kind, first = placed.element(2), placed.element(4)
    qualifier = placed.element(8)
    if qualifier == "XX":
        if not npi_holds(placed.element(9)):
            yield Hit("npi", placed, 9)
    elif not qualifier and node.id in _NEEDS_NPI:
        yield Hit("provider_without_npi", placed, 9)
    if kind == "1" and not first and placed.element(3) and node.id not in _NAMELESS:
        yield Hit("person_without_first_name", placed, 4)
    elif kind == "2":
        for number in (4, 5, 7):
            if placed.element(number):
                yield Hit("organization_with_first_name", placed, number)


def _is_subrogation(node: LoopNode) -> bool:
    top = node
    while top.above is not None:
        top = top.above
    header = top.find("BHT")
    return header is None or header.element(6) == _SUBROGATION


def screening(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """A child's screening without a referral says so (NU), and one with a referral says what came of it."""
    if placed.element(1) != _SCREENING:
        return ()
    referred, came_of_it = placed.element(2) == "Y", placed.element(3)
    return (Hit("screening_condition", placed, 3),) if came_of_it and referred == (came_of_it == _NOT_USED) else ()


def taxonomy(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """Ten characters ending in X."""
    return () if _TAXONOMY.fullmatch(placed.element(3)) else (Hit("taxonomy", placed, 3),)


def street(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterator[Hit]:
    """A street with its city, and no box where a street has to be."""
    if node.find("N4") is None and not _needs_city(node):
        yield Hit("address_incomplete", placed)
    if node.id in _STREETS:
        for number in (1, 2):
            if _POST_BOX.search(placed.element(number)):
                yield Hit("post_box", placed, number)


def _needs_city(node: LoopNode) -> bool:
    """Does the guide itself ask for the city here? Then it is the guide's to say that it is missing."""
    return any(place.row.name == "N4" and place.row.required for place in node.state.places)


def city(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """State, postal code and country agree."""
    country, state, postal = placed.element(4), placed.element(2), placed.element(3)
    if node.find("N3") is None and not node.state.places[1].row.required:
        yield Hit("address_incomplete", placed)
    if country in _US:
        if not circumstances.known("states", state):
            yield Hit("state", placed, 2)
        if not _US_POSTAL.fullmatch(postal):
            yield Hit("postal_code", placed, 3)
        elif node.id in _STREETS and len(postal) != _NINE:
            yield Hit("postal_code_nine", placed, 3)
    elif not circumstances.known("countries", country):
        yield Hit("country", placed, 4)
    elif country == "CA":
        if state and not circumstances.known("provinces", state):
            yield Hit("state", placed, 2)
        if not _CANADIAN_POSTAL.fullmatch(postal):
            yield Hit("postal_code", placed, 3)


def contacts(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterator[Hit]:
    """Numbers of ten digits, extensions after their number, addresses with an @."""
    before = ""
    for at in _CONTACTS:
        kind, value = placed.element(at), placed.element(at + 1)
        if kind in {"TE", "FX"} and value:
            if len(value) != _PHONE_DIGITS or not value.isdigit():
                yield Hit("phone", placed, at + 1)
            elif value[0] in "01" or value[3] in "01":
                yield Hit("phone_area", placed, at + 1)
        elif kind == "EM" and value and not _EMAIL.fullmatch(value):
            yield Hit("email", placed, at + 1)
        elif kind == "EX" and before != "TE":
            yield Hit("phone_extension", placed, at)
        before = kind


def references(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """Tax numbers of nine digits; each kind of number once."""
    kind = placed.element(1)
    taxed = kind == "SY" or (kind == "EI" and node.id in {"2010AA", "2010AC"})
    if taxed and not _TAX_NUMBER.fullmatch(placed.element(2)):
        yield Hit("tax_number", placed, 2)
    if len(placed.place.row.qualifiers) > 1 and not _too_many(placed, node):
        same = [one for one in node.all("REF", kind) if one.element(4) == placed.element(4)]
        if len(same) > 1 and same[0] is not placed:
            yield Hit("reference_repeats", placed, 1)


def _too_many(placed: Placed, node: LoopNode) -> bool:
    """More than the guide has: that is told for each, and comparing them all with each other would take forever."""
    most = placed.place.row.most
    return most is not None and node.counts.get(placed.place.number, 0) > most


def currency(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """A currency at all, and US dollars?"""
    code = placed.element(2)
    if not circumstances.known("currencies", code):
        return (Hit("currency", placed, 2),)
    return () if code == _DOLLARS else (Hit("foreign_currency", placed, 2),)


def dates(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterator[Hit]:
    """Real days, in order, none in the future but those that may be."""
    kind, value = placed.element(1), placed.element(3)
    first, last = period(value)
    if first is None or last is None:
        if value:
            yield Hit("date_not_real", placed, 3)
        return
    if last < first:
        yield Hit("period_reversed", placed, 3)
    elif placed.element(2) == "RD8" and first == last and kind == "472":
        yield Hit("one_day_period", placed, 3)
    if last > circumstances.as_of and kind not in _MAY_COME:
        yield Hit("date_in_future", placed, 3, 0, f"at the latest {circumstances.as_of.isoformat()}")


def birth(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """A real day within the last 150 years."""
    value = placed.element(2)
    born = day(value)
    if born is None:
        return (Hit("date_not_real", placed, 2),) if value else ()
    if born > circumstances.as_of:
        return (Hit("date_in_future", placed, 2),)
    oldest = circumstances.limit("birth_date_too_early")
    if oldest is not None and circumstances.as_of.year - born.year > oldest:
        return (Hit("birth_date_too_early", placed, 2),)
    return ()


def death(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """A real day, not to come."""
    value = placed.element(6)
    died = day(value)
    if died is None:
        return (Hit("date_not_real", placed, 6),) if value else ()
    return (Hit("date_in_future", placed, 6),) if died > circumstances.as_of else ()


def header(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """The file is written on a real day, not to come."""
    written = day(placed.element(4))
    return (Hit("header_date", placed, 4),) if written is None or written > circumstances.as_of else ()


def amounts(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterator[Hit]:
    """Two decimals, ten digits, no padding, and no minus where there can be none."""
    name = placed.parts[0]
    for number in _AMOUNTS[name]:
        value = placed.element(number)
        if not value:
            continue
        fault = amount_fault(value)
        if fault == "negative" and name in _MAY_BE_NEGATIVE:
            continue
        if fault:
            yield Hit(f"amount_{fault}", placed, number)


def attachment(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterable[Hit]:
    """A report that is sent has a number to find it by."""
    sent = placed.element(2) not in _PREMISES and placed.element(1) != "CT"
    return (Hit("attachment_number", placed, 6),) if sent and not placed.element(6) else ()


_LAST_REASON = 17  # CAS17, the sixth


def remarks(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterator[Hit]:
    """M, MA or N with a number."""
    for number in range(3, 8):
        value = placed.element(number)
        if value and not _REMARK.fullmatch(value):
            yield Hit("remark_form", placed, number)


def adjustments(placed: Placed, node: LoopNode, circumstances: Circumstances) -> Iterator[Hit]:
    """Reasons in form, no zero amounts, and a group again only once its segment before is full."""
    for number in range(2, 18, 3):
        reason, value = placed.element(number), placed.element(number + 1)
        if reason and not _REASON.fullmatch(reason):
            yield Hit("adjustment_reason_form", placed, number)
        if value and not value.strip("-0."):
            yield Hit("adjustment_zero", placed, number + 1)
    same = [] if _too_many(placed, node) else node.all("CAS", placed.element(1))
    before = [one for one in same[: same.index(placed)] if not one.element(_LAST_REASON)] if len(same) > 1 else []
    if before:
        yield Hit("adjustment_group_repeats", placed, 1)


SEGMENT_QUESTIONS: tuple[SegmentQuestion, ...] = (
    SegmentQuestion(ids=("screening_condition",), names=("CRC",), ask=screening),
    SegmentQuestion(
        ids=("pay_to_plan", "npi", "provider_without_npi", "person_without_first_name", "organization_with_first_name"),
        names=("NM1",),
        ask=names,
    ),
    SegmentQuestion(ids=("taxonomy",), names=("PRV",), ask=taxonomy),
    SegmentQuestion(ids=("address_incomplete", "post_box"), names=("N3",), ask=street),
    SegmentQuestion(
        ids=("address_incomplete", "state", "postal_code", "postal_code_nine", "country"), names=("N4",), ask=city
    ),
    SegmentQuestion(ids=("phone", "phone_area", "email", "phone_extension"), names=("PER",), ask=contacts),
    SegmentQuestion(ids=("tax_number", "reference_repeats"), names=("REF",), ask=references),
    SegmentQuestion(ids=("currency", "foreign_currency"), names=("CUR",), ask=currency),
    SegmentQuestion(
        ids=("date_not_real", "period_reversed", "one_day_period", "date_in_future"), names=("DTP",), ask=dates
    ),
    SegmentQuestion(ids=("date_not_real", "date_in_future", "birth_date_too_early"), names=("DMG",), ask=birth),
    SegmentQuestion(ids=("date_not_real", "date_in_future"), names=("PAT",), ask=death),
    SegmentQuestion(ids=("header_date",), names=("BHT",), ask=header),
    SegmentQuestion(ids=("amount_form", "amount_zeros", "amount_negative"), names=tuple(sorted(_AMOUNTS)), ask=amounts),
    SegmentQuestion(ids=("attachment_number",), names=("PWK",), ask=attachment),
    SegmentQuestion(ids=("remark_form",), names=("MOA",), ask=remarks),
    SegmentQuestion(
        ids=("adjustment_reason_form", "adjustment_zero", "adjustment_group_repeats"), names=("CAS",), ask=adjustments
    ),
)
