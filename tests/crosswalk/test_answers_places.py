"""A position in a 999 comes back as loop, position, claim and the field that is written there."""

from __future__ import annotations

import pytest

from integration_engine.crosswalk.answers.places import FilePlaces, field_at, model_field_at, place_of, read_places
from integration_engine.domain.answers import SegmentProblem
from tests.crosswalk.claim_drafts import CHILD, FULL, SIMPLE, TABLE, written

TEXT = written(FULL, CHILD, SIMPLE)
SEGMENTS = TEXT.split("~")[2:]  # from ST
(PLACES,) = read_places(TEXT.encode()).values()


def number_of(start: str, claim: str = "") -> int:
    """Segment number of the first segment that starts so, of a claim where one is named."""
    first = next(n for n, s in enumerate(SEGMENTS, start=1) if s.startswith(f"CLM*{claim}*")) if claim else 1
    return next(n for n, s in enumerate(SEGMENTS, start=1) if n >= first and s.startswith(start))


def problem(start: str, claim: str = "", element: int | None = None, component: int | None = None) -> SegmentProblem:
    return SegmentProblem(
        segment=start.split("*", maxsplit=1)[0],
        segment_number=number_of(start, claim),
        segment_code="8",
        element=element,
        component=component,
        element_code="7",
    )


def test_every_segment_of_our_file_has_its_place() -> None:
    assert sorted(PLACES.segments) == list(range(2, len(SEGMENTS) - 3))  # all but ST, SE and the envelope after it
    assert all(PLACES.segments[n].segment.text == SEGMENTS[n - 1] for n in PLACES.segments)


@pytest.mark.parametrize(
    ("start", "claim", "element", "component", "position", "field", "model_field"),
    [
        ("CLM*", "C1", 2, None, "2300/CLM-02", "claim.total_charge", None),
        ("CLM*", "C2", 5, 1, "2300/CLM-05-1", "claim.place_and_frequency", "encounter.place_of_service"),
        ("HI*", "C1", 4, None, "2300/HI*ABK-04", "claim.diagnosis_composites", None),
        ("SV1*", "C1", 1, 3, "2400/SV1-01-3", "line.procedure", "encounter.discipline"),
        ("SV1*", "C1", 4, None, "2400/SV1-04", "line.units", "treatment.minutes"),
        ("NM1*82", "C1", 9, None, "2310B/NM1*82-09", "claim.rendering.npi", "encounter.rendering"),
        ("REF*G1", "C1", 2, None, "2300/REF*G1-02", "claim.authorization_number", "authorization.number"),
        ("DTP*472", "C1", 2, None, "2400/DTP*472-02", None, None),
        ("NM1*85", "", 9, None, "2010AA/NM1*85-09", "claim.billing_provider.npi", None),
    ],
)
def test_problem_is_placed_with_its_claim_and_fields(
    start: str,
    claim: str,
    element: int,
    component: int | None,
    position: str,
    field: str | None,
    model_field: str | None,
) -> None:
    place = place_of(problem(start, claim, element, component), TABLE, PLACES)
    assert (place.position, place.claim_number, place.field) == (position, claim or None, field)
    assert place.model_field == model_field


def test_problem_without_our_file_keeps_what_the_answer_says() -> None:
    told = SegmentProblem(
        segment="CLM", segment_number=22, loop="2300", element=5, component=3, element_code="7", claim_number="C9"
    )
    place = place_of(told, TABLE)
    assert (place.position, place.claim_number, place.field) == ("2300/CLM-05-3", "C9", "claim.place_and_frequency")
    elsewhere = place_of(told, TABLE, PLACES)  # another segment stands there: our file is not believed
    assert elsewhere.position == "2300/CLM-05-3"
    nameless = place_of(SegmentProblem(segment="REF", segment_number=999), TABLE, PLACES)
    assert (nameless.position, nameless.field, nameless.claim_number) == ("?/REF", None, None)


def test_segment_above_a_claim_belongs_to_every_claim_below_it() -> None:
    order = [claim for _, claim in sorted((n, c) for n, c in PLACES.claims.items())]
    assert PLACES.claims_at(1) == tuple(dict.fromkeys(order))
    assert PLACES.claims_at(number_of("NM1*40")) == tuple(dict.fromkeys(order))
    for claim in ("C1", "C2", "C3"):
        clm = number_of("CLM*", claim)
        member = max(n for n, s in enumerate(SEGMENTS, start=1) if n < clm and s.startswith("NM1*IL"))
        assert claim in PLACES.claims_at(member)
        assert PLACES.claims_at(clm) == (claim,)
    below = [PLACES.claims_at(n) for n, s in enumerate(SEGMENTS, start=1) if s.startswith("NM1*85")]
    assert sorted(claim for claims in below for claim in claims) == ["C1", "C2", "C3"]


@pytest.mark.parametrize("position", ["", "2300", "2300/CLM", "2300/CLM-XX", "9999/ZZZ-01", "2300/CLM-99"])
def test_position_that_is_none_names_no_field(position: str) -> None:
    assert field_at(TABLE, position) is None
    assert model_field_at(TABLE, position) is None


def test_no_bytes_make_the_places_fall_over() -> None:
    assert read_places(b"") == {}
    assert read_places(b"ISA*nothing") == {}
    (cut,) = read_places(TEXT[:900].encode()).values()
    assert isinstance(cut, FilePlaces)
    assert cut.position(999) is None
