"""Questions about the service lines of a claim: numbers, procedure, modifiers, units, pointers.

Source  X12.md §2.8, §2.9; X222A1 2400.
"""

# ruff: noqa: ARG001 - every question is asked in the same way, whatever it looks at
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from integration_engine.core.codes import parse_hcpcs
from integration_engine.core.money import ZERO
from integration_engine.rules.claim_file.claim_questions import ClaimQuestion
from integration_engine.rules.claim_file.facts import ClaimFacts, LineFacts
from integration_engine.rules.claim_file.records import Circumstances, Hit
from integration_engine.rules.claim_file.values import amount
from integration_engine.wire.x12.guide_check import Placed

_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_ANAESTHESIA = re.compile(r"0[01]\d{3}")
_CPT_AND_HCPCS = "HC"
_NUMBERS = frozenset({"G1", "9F"})
_UNITS, _MINUTES = "UN", "MJ"
_ASSISTANTS = {"CQ": "GP", "CO": "GO"}
_MEDICARE_PART_B = "MB"


def numbers(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """1, 2, 3; and each line with a control number of its own."""
    controls = Counter(line.control for line in claim.lines if line.control)
    for expected, line in enumerate(claim.lines, start=1):
        if line.number != str(expected):
            yield Hit("line_numbers", line.at, 1, 0, str(expected))
        if not line.control:
            yield Hit("line_control_missing", line.at)
        elif controls[line.control] > 1:
            yield Hit("line_control_repeats", line.node.find("REF", "6R") or line.at, 2)


def procedures(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Five characters, known on the day where the practice's list holds it."""
    for line in claim.lines:
        for adjudication in line.adjudications:
            if adjudication.at.component(3, 1) == _CPT_AND_HCPCS and not _is_procedure(adjudication.at.component(3, 2)):
                yield Hit("procedure_form", adjudication.at, 3, 2)
        if line.service is None or line.kind != _CPT_AND_HCPCS:
            continue
        if not _is_procedure(line.code):
            yield Hit("procedure_form", line.service, 1, 2)
        elif circumstances.parameters.procedure(line.code, line.first_day or circumstances.as_of) is None:
            yield Hit("procedure_not_checked", line.service, 1, 2)


def _is_procedure(code: str) -> bool:
    try:
        return parse_hcpcs(code) == code
    except ValueError:
        return False


def described(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """An unlisted code says what it stands for."""
    for line in claim.lines:
        unlisted = line.kind == _CPT_AND_HCPCS and not line.description and line.service is not None
        if unlisted and circumstances.known("unlisted_procedures", line.code, line.first_day):
            yield Hit("unlisted_without_description", line.service, 1, 7)  # type: ignore[arg-type]


def alike(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """No two lines bill the same on the same day; the payer takes the second for a duplicate."""
    if len(claim.lines) == 1:
        return
    seen: set[tuple[object, ...]] = set()
    for line in claim.lines:
        key = (line.code, line.modifiers, line.first_day, line.charge)
        if line.code and key in seen:
            yield Hit("line_repeats", line.service or line.at, 1)
        seen.add(key)


def numbers_of_claim(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """A referral or authorization stands at a line only where it is another than the claim's."""
    of_claim = {
        (placed.parts[1], placed.element(2))
        for placed in claim.node.segments
        if placed.parts[0] == "REF" and placed.element(1) in _NUMBERS
    }
    if not of_claim:
        return
    for line in claim.lines:
        for placed in line.node.segments:
            repeats = placed.parts[0] == "REF" and (placed.element(1), placed.element(2)) in of_claim
            if repeats and not placed.element(4):
                yield Hit("line_number_of_claim", placed, 2)


def modifiers(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Two characters each, none twice, none in the place of the description."""
    for line in claim.lines:
        if line.service is None:
            continue
        if line.description and _MODIFIER.fullmatch(line.description):
            yield Hit("fifth_modifier", line.service, 1, 7)
        for at, modifier in enumerate(line.modifiers, start=3):
            if not _MODIFIER.fullmatch(modifier):
                yield Hit("modifier_form", line.service, 1, at)
        if len(set(line.modifiers)) < len(line.modifiers):
            yield Hit("modifier_repeats", line.service, 1, 3)
        yield from _disciplines(claim, line, line.service, circumstances)


def _disciplines(claim: ClaimFacts, line: LineFacts, at: Placed, circumstances: Circumstances) -> Iterator[Hit]:
    disciplines = [one for one in line.modifiers if circumstances.known("discipline_modifiers", one, line.first_day)]
    if len(set(disciplines)) > 1:
        yield Hit("several_disciplines", at, 1, 3)
    for assistant, discipline in _ASSISTANTS.items():
        if assistant in line.modifiers and discipline not in line.modifiers:
            yield Hit("assistant_without_discipline", at, 1, 3, discipline)
    if (
        not disciplines
        and claim.filing == _MEDICARE_PART_B
        and line.kind == _CPT_AND_HCPCS
        and _is_procedure(line.code)
    ):
        procedure = circumstances.parameters.procedure(line.code, line.first_day or circumstances.as_of)
        if procedure is not None and procedure.always_therapy:
            yield Hit("discipline_modifier", at, 1, 3)


def units(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Whole and above zero; minutes only for anaesthesia."""
    for line in claim.lines:
        if line.service is None:
            continue
        kind, count = line.service.element(3), amount(line.service.element(4))
        if count is not None and (count <= 0 or (kind == _UNITS and count != count.to_integral_value())):
            yield Hit("units", line.service, 4)
        if kind == _MINUTES and not _ANAESTHESIA.fullmatch(line.code):
            yield Hit("minutes_unit", line.service, 3, 0, _UNITS)
        if line.charge is not None and line.charge == ZERO:
            yield Hit("charge_zero", line.service, 2)


def places(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """In the code set on the day, and only where it differs from the claim's."""
    for line in claim.lines:
        place = line.service.element(5) if line.service else ""
        if line.service is None or not place:
            continue
        if not circumstances.known("places_of_service", place, line.first_day):
            yield Hit("place_of_service", line.service, 5)
        if place == claim.place:
            yield Hit("place_of_service_repeats", line.service, 5)


def pointers(claim: ClaimFacts, circumstances: Circumstances) -> Iterable[Hit]:
    """Each names a diagnosis the claim holds, once."""
    held = len(claim.diagnoses)
    for line in claim.lines:
        if line.service is None:
            continue
        for part, pointer in enumerate(line.pointers, start=1):
            if pointer.isdigit() and not 1 <= int(pointer) <= held:
                yield Hit("pointer", line.service, 7, part, f"1 to {held}")
        if len(set(line.pointers)) < len(line.pointers):
            yield Hit("pointer_repeats", line.service, 7)


LINE_QUESTIONS: tuple[ClaimQuestion, ...] = (
    (("line_numbers", "line_control_missing", "line_control_repeats"), numbers),
    (("procedure_form", "procedure_not_checked"), procedures),
    (
        (
            "fifth_modifier",
            "modifier_form",
            "modifier_repeats",
            "several_disciplines",
            "assistant_without_discipline",
            "discipline_modifier",
        ),
        modifiers,
    ),
    (("unlisted_without_description",), described),
    (("line_repeats",), alike),
    (("line_number_of_claim",), numbers_of_claim),
    (("units", "minutes_unit", "charge_zero"), units),
    (("place_of_service", "place_of_service_repeats"), places),
    (("pointer", "pointer_repeats"), pointers),
)
