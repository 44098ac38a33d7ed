"""What is written is read back as it was, whatever a claim says; and a reader of other people's files never crashes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_engine.adapters.x12_gate import X12Gate
from integration_engine.core.codes import Modifier, parse_npi
from integration_engine.crosswalk.claim_reader import Internals, read_claims
from integration_engine.crosswalk.claim_writer import render
from integration_engine.domain.claim import Claim, ClaimDraft
from integration_engine.domain.parties import Discipline, Organization
from tests.crosswalk.claim_drafts import CHILD, CLINIC, FULL, NUMBERS, RECEIVER, SIMPLE, TABLE, drafts, written

INTERNALS = Internals(discipline=Discipline.PT)
# What a file does not hold: id of the claim, and of its draft these. They are said by whoever reads, and compared apart.
INTERNAL_ONLY = frozenset(
    {
        "discipline",
        "date_of_service",  # the first line's
        "part",
        "payer.key",
        "payer.profile",
        "payer.receiver",
        "billing_provider.key",
        "service_facility.key",
        "lines[].charges",
        "lines[].service_facility.key",
    }
)


def said(record: object, path: str = "") -> dict[str, object]:
    """Every value of a record by its path; list places are left out of it."""
    if isinstance(record, tuple) and record and hasattr(record[0], "__dataclass_fields__"):
        return {
            f"{place}|{key}": value for place, one in enumerate(record) for key, value in said(one, f"{path}[]").items()
        }
    if hasattr(record, "__dataclass_fields__"):
        found: dict[str, object] = {}
        for name in record.__dataclass_fields__:
            found |= said(getattr(record, name), f"{path}.{name}" if path else name)
        return found
    return {path: record}


def differing(one: ClaimDraft, other: ClaimDraft) -> set[str]:
    first, second = said(one), said(other)
    return {path.rpartition("|")[2] for path in first.keys() | second.keys() if first.get(path) != second.get(path)}


def read_back(*several: ClaimDraft) -> list[ClaimDraft]:
    claims = [Claim(id=n, number=f"C{n}", draft=draft) for n, draft in enumerate(several, start=1)]
    read = read_claims(render(claims, RECEIVER, NUMBERS, TABLE).text, TABLE, INTERNALS)
    assert read.unread == ()
    by_number = {claim.number: claim.draft for claim in read.claims}
    return [by_number[claim.number] for claim in claims]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drafts())
def test_claim_is_read_back_as_written(draft: ClaimDraft) -> None:
    [read] = read_back(draft)
    assert differing(draft, read) == set()
    assert read == draft


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(drafts(), min_size=2, max_size=4))
def test_claims_of_one_file_do_not_run_into_each_other(several: list[ClaimDraft]) -> None:
    read = read_back(*several)
    assert [differing(one, other) for one, other in zip(several, read, strict=True)] == [set()] * len(several)


@pytest.fixture(scope="module")
def gate() -> Iterator[X12Gate]:
    with X12Gate() as gate:
        yield gate


def test_any_claim_is_accepted_by_pyx12(gate: X12Gate) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(drafts())
    def accepted(draft: ClaimDraft) -> None:
        claims = [Claim(id=1, number="C1", draft=draft)]
        verdict = gate.check(render(claims, RECEIVER, NUMBERS, TABLE).text)
        assert verdict.accepted, verdict.findings

    accepted()


def test_fields_a_file_never_holds_are_the_only_ones_that_differ() -> None:
    facility = Organization(key="EAST", name="EAST", npi=parse_npi("1999902012"), address=CLINIC)
    draft = replace(
        FULL,
        discipline=Discipline.OT,
        date_of_service=date(2020, 1, 1),
        part=2,
        payer=replace(FULL.payer, key="OURS", profile="ours"),
        service_facility=facility,
        lines=tuple(replace(one, charges=(1, 2), service_facility=facility) for one in FULL.lines),
    )
    draft = upper(draft)
    [read] = read_back(draft)
    assert differing(draft, read) == INTERNAL_ONLY


def upper(value: Any) -> Any:
    """As the basic character set has it."""
    if type(value) is str:
        return value.upper()
    if isinstance(value, tuple):
        return tuple(upper(item) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{name: upper(getattr(value, name)) for name in value.__dataclass_fields__})
    return value


def test_discipline_is_that_of_the_modifier_when_the_reader_is_told() -> None:
    internals = Internals(discipline=Discipline.PT, disciplines={Modifier("GO"): Discipline.OT})
    text = written(SIMPLE).replace("HC:97110:GP", "HC:97110:GO")
    assert read_claims(text, TABLE, internals).claims[0].draft.discipline is Discipline.OT


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("DTP*472*D8*20261005", "DTP*472*RD8*20261005-20261006", "2400/DTP*472-02 is not D8"),
        ("LX*1~", "LX*1~MEA*OG*HT*3~", "837p.yaml has no MEA here"),
        ("REF*EI*990000001", "REF*EI*990000001**X:1", "837p.yaml takes no 2010AA/REF*EI-04"),
        ("HL*2*1*22*0", "HL*2*1*99*0", "a hierarchical level is"),
        ("SV1*HC:97110:GP*240*UN*4", "SV1*HC:97110:GP*two*UN*4", "the claim is not whole: ServiceLine.charge"),
        ("SBR*P*18*******CI~", "", "the claim is not whole: "),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_segment(old: str, new: str, why: str) -> None:
    text = written(SIMPLE)
    assert old in text
    read = read_claims(text.replace(old, new), TABLE, INTERNALS)
    assert any(one.why.startswith(why) for one in read.unread), read.unread
    assert not any("TESTPATIENT" in one.why for one in read.unread)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "ignore")),
    st.integers(0, 900),
)
def test_reader_never_crashes_on_damaged_files(damage: bytes, at: int) -> None:
    data = written(FULL).encode("ascii")
    read_claims(data[:at] + damage + data[at:], TABLE, INTERNALS)
    read_claims(damage, TABLE, INTERNALS)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_reader_never_crashes_on_files_with_segments_moved(data) -> None:
    segments = written(FULL, CHILD).split("~")
    moved = data.draw(st.lists(st.sampled_from(segments[2:]), max_size=40))
    read_claims("~".join([*segments[:2], *moved, *segments[-4:]]), TABLE, INTERNALS)
