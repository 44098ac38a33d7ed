"""The 837P: every shape accepted by pyx12, golden files, and refusals with a position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_engine.adapters.x12_gate import X12Gate
from integration_engine.core.errors import MappingError, OutboundError
from integration_engine.crosswalk.claim_table import compile_claim_table
from integration_engine.crosswalk.claim_writer import render
from integration_engine.domain.claim import Claim, ClaimDraft, Frequency
from integration_engine.domain.parties import PersonName
from tests.crosswalk.claim_drafts import (
    CHILD,
    CLINIC,
    FILES,
    FULL,
    GOLDEN,
    NUMBERS,
    RECEIVER,
    SIMPLE,
    TABLE,
    line,
    written,
)


@pytest.fixture(scope="module")
def gate() -> Iterator[X12Gate]:
    with X12Gate() as gate:
        yield gate


SHAPES = {
    "subscriber": (SIMPLE,),
    "dependent": (CHILD,),
    "everything": (FULL,),
    "everything_for_a_dependent": (replace(FULL, subscriber=CHILD.subscriber),),
    "mixed": (SIMPLE, CHILD, FULL, replace(SIMPLE, subscriber=replace(SIMPLE.subscriber, member_id="M9"))),
    "fifty_lines": (
        replace(SIMPLE, lines=tuple(line(n, 1, "1.00") for n in range(1, 51)), total_charge=Decimal("50.00")),
    ),
    "replacement": (replace(SIMPLE, frequency=Frequency.REPLACEMENT, payer_control_number="ICN1"),),
    "home": (replace(FULL, place_of_service="12", service_facility=None),),
    "odd_names": (replace(SIMPLE, patient=replace(SIMPLE.patient, name=PersonName(last="Muñoz*~:", first="José^"))),),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_file_is_accepted_by_pyx12(gate: X12Gate, shape: str) -> None:
    verdict = gate.check(written(*SHAPES[shape]))
    assert verdict.accepted, verdict.findings


@pytest.mark.parametrize("shape", ["subscriber", "dependent", "everything"])
def test_file_is_the_golden_one(shape: str, request: pytest.FixtureRequest) -> None:
    text = written(*SHAPES[shape])
    file = GOLDEN / f"{shape}.x12"
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text.replace("~", "~\n"))
    assert file.read_text().replace("\n", "") == text


def test_same_claims_give_the_same_bytes() -> None:
    assert written(SIMPLE, CHILD) == written(SIMPLE, CHILD)


@given(st.permutations([SIMPLE, CHILD, FULL]))
def test_content_digest_leaves_out_numbers_and_order(drafts: list[ClaimDraft]) -> None:
    claims = [Claim(id=1, number=f"C{[SIMPLE, CHILD, FULL].index(d)}", draft=d) for d in drafts]
    other = replace(NUMBERS, interchange=99, created="20270101000000")
    one, two = (render(claims, RECEIVER, n, TABLE) for n in (NUMBERS, other))
    assert one.content_digest == two.content_digest
    assert one.text != two.text


def test_segment_index_names_the_segments_of_each_claim() -> None:
    claims = [Claim(id=n, number=f"C{n}", draft=d) for n, d in enumerate((SIMPLE, CHILD), start=1)]
    rendered = render(claims, RECEIVER, NUMBERS, TABLE)
    segments = rendered.text.split("~")[2:]  # from ST
    for number, first, last in rendered.index:
        assert segments[first - 1].startswith(f"CLM*{number}*")
        assert segments[last - 1].startswith("REF*6R*")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 8), min_size=1, max_size=12), st.sampled_from([SIMPLE, CHILD, FULL]))
def test_lines_and_totals_come_back_as_written(units: list[int], base: ClaimDraft) -> None:
    lines = tuple(line(n, u, f"{u * 60}.50") for n, u in enumerate(units, start=1))
    total = sum((one.charge for one in lines), Decimal(0))
    segments = written(replace(base, lines=lines, total_charge=total)).split("~")
    read = [s.split("*") for s in segments if s.startswith("SV1*")]
    assert [int(s[4]) for s in read] == units
    assert sum(Decimal(s[2]) for s in read) == Decimal(next(s for s in segments if s.startswith("CLM*")).split("*")[2])
    assert int(next(s for s in segments if s.startswith("SE*")).split("*")[1]) == len(segments) - 5


@pytest.mark.parametrize(
    ("draft", "position"),
    [
        (replace(SIMPLE, total_charge=Decimal("1.00")), "2300/CLM-02"),
        (replace(SIMPLE, diagnoses=()), "2300/HI*ABK-01"),
        (
            replace(SIMPLE, lines=tuple(line(n, 1, "1.00") for n in range(1, 52)), total_charge=Decimal("51.00")),
            "2400/LX-01",
        ),
        (replace(SIMPLE, lines=(line(1, 4, "240.00", "GP", "CQ", "KX", "59", "95"),)), "2400/SV1-01"),
        (replace(SIMPLE, lines=(replace(line(), pointers=(2,)),)), "2400/SV1-07"),
        (replace(SIMPLE, lines=(replace(line(), units=0),)), "2400/SV1-04"),
        (
            replace(
                SIMPLE, billing_provider=replace(SIMPLE.billing_provider, address=replace(CLINIC, postal_code="10001"))
            ),
            "2010AA/N4-03",
        ),
        (
            replace(
                SIMPLE, billing_provider=replace(SIMPLE.billing_provider, address=replace(CLINIC, line1="PO Box 1"))
            ),
            "2010AA/N3-01",
        ),
        (replace(SIMPLE, billing_provider=replace(SIMPLE.billing_provider, npi="1999902005")), "2010AA/NM1*85-09"),
        (replace(SIMPLE, subscriber=replace(SIMPLE.subscriber, member_id="")), "2010BA/NM1*IL-09"),
        (replace(SIMPLE, authorization_number="A" * 51), "2300/REF*G1-02"),
    ],
)
def test_illegal_claim_is_refused_with_its_position(draft: ClaimDraft, position: str) -> None:
    with pytest.raises(OutboundError) as caught:
        written(draft)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("NM1*IL*1*TESTPATIENT", "NM1*IL*7*TESTPATIENT"),
        ("DTP*472*D8*20261005", "DTP*472*D8*20261305"),
        ("SE*", "SE*9"),
        ("N4*SPRINGFIELD*NY*10001~", "N4*SPRINGFIELD*QQ*10001~"),
    ],
)
def test_damaged_file_is_refused_by_the_gate_without_a_word_of_content(gate: X12Gate, old: str, new: str) -> None:
    text = written(SIMPLE)
    assert old in text
    verdict = gate.check(text.replace(old, new))
    assert not verdict.accepted
    assert verdict.findings
    assert not any("TESTPATIENT" in f"{f.text}{f.observed}{f.subject}" for f in verdict.findings)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("from: claim.total_charge", "from: claim.total_charges", "did you mean claim.total_charge"),
        ("segment: 2300/CLM", "segment: 2300/CLX", "no such segment"),
        ("when: onset,", "when: onsets,", "there is no condition"),
        ("as: money", "as: monny", "Input should be"),
        ("{is: UN}", "{is: UN, from: line.units}", "either `from` or `is`"),
    ],
)
def test_wrong_table_is_refused_with_its_line(old: str, new: str, problem: str) -> None:
    text = FILES["claims/837p.yaml"]
    with pytest.raises(MappingError) as caught:
        compile_claim_table({"claims/837p.yaml": text.replace(old, new, 1)})
    line_number = text[: text.index(old)].count("\n") + 1
    assert any(problem in str(p) and p.line == line_number for p in caught.value.problems), str(caught.value)


def test_position_names_its_claim_field() -> None:
    assert TABLE.locate("2400/SV1-02") == "line.charge"
    assert TABLE.locate("2300/PWK-01") == "claim.attachments.report"
    assert TABLE.locate("2430/CAS-01") == "adjudication.adjustments.group"
    assert TABLE.locate("2400/SV1-99") is None
    assert TABLE.targets()["treatment.code"] == "2400/SV1-01-2"
