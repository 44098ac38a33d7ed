"""Questions about one claim as a whole: its number, total, frequency, diagnoses, events and providers.

Source  X12.md §2.5-2.6, §2.9; X222A1 2300, 2310.
"""

# ruff: noqa: ARG001 - every question is asked in the same way, whatever it looks at
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from integration_engine.core.money import ZERO
from integration_engine.rules.claim_file.facts import ClaimFacts
from integration_engine.rules.claim_file.records import Circumstances, Hit
from integration_engine.rules.claim_file.values import amount, day
from integration_engine.wire.x12.guide_check import LoopNode, Placed

ClaimQuestion = tuple[tuple[str, ...], Callable[[ClaimFacts, Circumstances], Iterable[Hit]]]

_NUMBER = re.compile(r"[A-Z0-9]{1,17}")
_DIAGNOSIS = re.compile(r"[A-TV-Z][0-9][0-9A-Z][0-9A-Z]{0,4}|U[0-9]{2}[0-9A-Z]{0,4}")
_EXTERNAL_CAUSES = frozenset("VWXY")
_ICD10 = frozenset({"ABK", "ABF"})
_EVENTS = ("439", "431", "454", "453", "304", "484")
_CORRECTIONS = frozenset({"7", "8"})
_ORIGINAL = "1"
_HOME = "12"
_AUTO = "AA"
_UNKNOWN_ORDER = "U"
_PRIMARY_CARE = "P3"
_LIABILITY = frozenset({"AA", "EM", "OA"})


def number(claim: ClaimFacts, circumstances: Circumstances) -> Iterable[Hit]:
    """At most 17 capitals and digits, so that no payer cuts it."""
    return () if _NUMBER.fullmatch(claim.at.element(1)) else (Hit("claim_number_form", claim.at, 1),)


def total(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """B1: the total is the sum of the lines, and not zero."""
    charges = [line.charge for line in claim.lines]
    if claim.total is None or any(charge is None for charge in charges):
        return
    added = sum((charge for charge in charges if charge is not None), ZERO)
    if added != claim.total:
        yield Hit("total_charge", claim.at, 2, 0, f"{added}")
    if claim.total == ZERO and _is_charged(claim):
        yield Hit("total_zero", claim.at, 2)


def _is_charged(claim: ClaimFacts) -> bool:
    """Money is asked for; an encounter reported to a capitated plan (BHT06 RP) may be for nothing."""
    top = claim.node
    while top.above is not None:
        top = top.above
    header = top.find("BHT")
    return header is None or header.element(6) != "RP"


def frequency(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """1, 7 or 8; a correction names what it corrects, an original nothing."""
    code = claim.frequency
    if not circumstances.known("frequencies", code, claim.first_day):
        rare = circumstances.known("frequencies_rare", code, claim.first_day)
        yield Hit("frequency_rare" if rare else "frequency", claim.at, 5, 3)
    reference = claim.node.find("REF", "F8")
    if code in _CORRECTIONS and reference is None:
        yield Hit("frequency_without_number", claim.at, 5, 3)
    if code == _ORIGINAL and reference is not None:
        yield Hit("original_with_number", reference, 2)


def place(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """In the code set on the day; at home no facility."""
    if claim.place and not circumstances.known("places_of_service", claim.place, claim.first_day):
        yield Hit("place_of_service", claim.at, 5, 1)
    facility = claim.name("2310C")
    if facility is not None and claim.place == _HOME:
        yield Hit("facility_at_home", facility)


def diagnosis_codes(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """ICD-10-CM, once each, without the dot, the cause of an injury never first."""
    seen: set[str] = set()
    for diagnosis in claim.diagnoses:
        at, position, code = diagnosis.at, diagnosis.number, diagnosis.code
        if diagnosis.qualifier not in _ICD10:  # the edit begins with the services that ICD-10-CM is for
            yield Hit("diagnosis_version", at, position, 1)
        if "." in code:
            yield Hit("diagnosis_dot", at, position, 2)
        if diagnosis.qualifier in _ICD10:
            yield from _icd10(claim, diagnosis.at, position, code.replace(".", ""), circumstances)
        if code and code in seen:
            yield Hit("diagnosis_repeats", at, position, 2)
        seen.add(code)
    first = claim.diagnoses[0] if claim.diagnoses else None
    if first is not None and first.qualifier in _ICD10 and first.code[:1] in _EXTERNAL_CAUSES:
        yield Hit("external_cause_first", first.at, first.number, 2)


def _icd10(claim: ClaimFacts, at: Placed, position: int, code: str, circumstances: Circumstances) -> Iterator[Hit]:
    if not _DIAGNOSIS.fullmatch(code):
        yield Hit("diagnosis_form", at, position, 2)
        return
    loaded = circumstances.parameters.diagnosis_codes.find(claim.first_day or circumstances.as_of)
    if loaded is not None and code in loaded.valid:
        return
    complete = loaded is not None and loaded.complete
    yield Hit("diagnosis_known" if complete else "diagnosis_not_checked", at, position, 2)


def events(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Accident, onset and initial treatment come before the service; an accident has its date and its state."""
    first = claim.first_day
    causes = {claim.at.component(11, part) for part in (1, 2)} & _LIABILITY if claim.at.element(11) else set()
    if _AUTO in causes and not claim.at.component(11, 4):
        yield Hit("accident_state", claim.at, 11, 4)
    state, country = claim.at.component(11, 4), claim.at.component(11, 5)
    if state and country in {"", "US"} and not circumstances.known("states", state, first):
        yield Hit("state", claim.at, 11, 4)
    if causes and claim.node.find("DTP", "439") is None:
        yield Hit("accident_date", claim.at, 11, 1)
    if first is None:
        return
    for placed in claim.node.segments:
        if placed.parts[0] == "DTP" and placed.element(1) in _EVENTS:
            happened = day(placed.element(3))
            if happened is not None and happened > first:
                yield Hit("event_after_service", placed, 3)


def birth(claim: ClaimFacts, circumstances: Circumstances) -> Iterable[Hit]:
    """The patient was born when served."""
    named = claim.patient or claim.subscriber
    inner = named.loop("2010CA" if claim.patient else "2010BA") if named else None
    told = inner.find("DMG") if inner else None
    born = day(told.element(2)) if told else None
    before = [line for line in claim.lines if born is not None and line.first_day is not None and line.first_day < born]
    return tuple(Hit("service_before_birth", line.node.find("DTP", "472") or line.at, 3) for line in before[:1])


def paid(claim: ClaimFacts, circumstances: Circumstances) -> Iterable[Hit]:
    """What the patient paid is something, and no more than the charge."""
    placed = claim.node.find("AMT", "F5")
    value = amount(placed.element(2)) if placed else None
    if placed is None or value is None:
        return ()
    wrong = value == ZERO or (claim.total is not None and value > claim.total)
    return (Hit("patient_paid", placed, 2),) if wrong else ()


def providers(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Providers are named only where they differ from those already named."""
    billing = claim.provider.loop("2010AA") if claim.provider else None
    biller = billing.find("NM1") if billing else None
    renderer, supervisor = claim.name("2310B"), claim.name("2310D")
    if renderer is not None and _same(renderer, biller):
        yield Hit("renderer_is_billing", renderer, 9)
    if supervisor is not None and _same(supervisor, renderer or biller):
        yield Hit("supervisor_is_renderer", supervisor, 9)
    facility = claim.node.loop("2310C")
    if facility is not None and billing is not None and _address(facility) == _address(billing):
        yield Hit("facility_is_billing", facility.segments[0])
    for line in claim.lines:
        own = line.node.loop("2420A") if line.node.children else None
        name = own.find("NM1") if own else None
        if name is not None and _same(name, renderer):
            yield Hit("line_renderer_repeats", name, 9)


def referrers(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """One referring provider, a primary care provider only beside one, and at a line only where the claim has one."""
    names = [loop.segments[0] for loop in claim.node.loops("2310A")]
    kinds = [name.element(1) for name in names]
    if len(set(kinds)) < len(kinds):
        yield Hit("referrer_repeats", names[-1], 1)
    if kinds[:1] == [_PRIMARY_CARE]:
        yield Hit("primary_care_alone", names[0], 1)
    for line in claim.lines:
        referrer = line.node.loop("2420F") if line.node.children else None
        if referrer is None:
            continue
        if referrer.segments[0].element(1) == _PRIMARY_CARE:
            yield Hit("primary_care_alone", referrer.segments[0], 1)
        if not kinds:
            yield Hit("line_referrer_alone", referrer.segments[0])


def _same(one: Placed, other: Placed | None) -> bool:
    return other is not None and bool(one.element(9)) and one.element(9) == other.element(9)


def _address(node: LoopNode) -> tuple[list[str], ...]:
    return tuple(placed.parts for placed in node.segments if placed.parts[0] in {"N3", "N4"})


def injury(claim: ClaimFacts, circumstances: Circumstances) -> Iterable[Hit]:
    """Workers' compensation and auto insurers find a case by their own claim number."""
    coverage = claim.subscriber.find("SBR") if claim.subscriber else None
    if coverage is None or not circumstances.known("injury_filings", claim.filing, claim.first_day):
        return ()
    inner = [node.loop(name) for node, name in ((claim.subscriber, "2010BA"), (claim.patient, "2010CA")) if node]
    told = any(node is not None and node.find("REF", "Y4") for node in inner)
    return () if told else (Hit("injury_claim_number", coverage, 9),)


def payment_order(claim: ClaimFacts, circumstances: Circumstances) -> Iterable[Hit]:
    """Exactly one payer of a claim is primary, and no two share a place."""
    coverage = claim.subscriber.find("SBR") if claim.subscriber else None
    if coverage is None:
        return ()
    places = [claim.sequence, *(other.sequence for other in claim.others)]
    certain = [one for one in places if one and one != _UNKNOWN_ORDER]
    primary = places.count("P") == 1 or (_UNKNOWN_ORDER in places and "P" not in places)
    good = primary and len(set(certain)) == len(certain)
    return () if good else (Hit("one_primary_payer", claim.others[0].at if claim.others else coverage, 1),)


CLAIM_QUESTIONS: tuple[ClaimQuestion, ...] = (
    (("claim_number_form",), number),
    (("total_charge", "total_zero"), total),
    (("frequency", "frequency_rare", "frequency_without_number", "original_with_number"), frequency),
    (("place_of_service", "facility_at_home"), place),
    (
        (
            "diagnosis_version",
            "diagnosis_dot",
            "diagnosis_form",
            "diagnosis_known",
            "diagnosis_not_checked",
            "diagnosis_repeats",
            "external_cause_first",
        ),
        diagnosis_codes,
    ),
    (("accident_state", "state", "accident_date", "event_after_service"), events),
    (("service_before_birth",), birth),
    (("patient_paid",), paid),
    (
        ("renderer_is_billing", "supervisor_is_renderer", "facility_is_billing", "line_renderer_repeats"),
        providers,
    ),
    (("referrer_repeats", "primary_care_alone", "line_referrer_alone"), referrers),
    (("injury_claim_number",), injury),
    (("one_primary_payer",), payment_order),
)
