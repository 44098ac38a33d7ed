"""Codes, money, dated values and strict YAML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.core.codes import parse_hcpcs, parse_icd10, parse_modifier, parse_npi, parse_taxonomy
from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.documents import read_document
from integration_engine.core.errors import MappingError, NotInForce
from integration_engine.core.money import from_cents, parse_money, to_cents
from integration_engine.core.phi import Phi


@pytest.mark.parametrize("npi", ["1234567893", "1999900016", "1999902004"])
def test_npi_is_taken_when_its_check_digit_holds(npi: str) -> None:
    assert parse_npi(npi) == npi


@given(st.integers(0, 9), st.integers(1, 9))
def test_npi_is_refused_when_one_digit_is_wrong(place: int, by: int) -> None:
    good = "1234567893"
    bad = good[:place] + str((int(good[place]) + by) % 10) + good[place + 1 :]
    with pytest.raises(ValueError, match="check digit"):
        parse_npi(bad)


@pytest.mark.parametrize(
    ("text", "code"), [("m5450", "M54.50"), ("M54.50", "M54.50"), ("R26.89", "R26.89"), ("I10", "I10")]
)
def test_icd10_gets_its_dot_where_it_belongs(text: str, code: str) -> None:
    assert parse_icd10(text) == code


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_npi, "123"),
        (parse_hcpcs, "9711"),
        (parse_modifier, "GPX"),
        (parse_icd10, "1234"),
        (parse_taxonomy, "22510000"),
    ],
)
def test_codes_are_refused_when_their_shape_is_wrong(parse, text: str) -> None:
    with pytest.raises(ValueError, match=r"has|ten digits"):
        parse(text)


@given(st.integers(-10_000_000, 10_000_000))
def test_cents_and_dollars_are_the_same_money(cents: int) -> None:
    assert to_cents(from_cents(cents)) == cents


@pytest.mark.parametrize("text", ["1.005", "abc", "NaN", "1e400x"])
def test_amount_is_refused_when_it_is_no_money(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_money(text)


def test_amount_with_six_decimals_is_taken_when_they_are_zero() -> None:
    assert parse_money("100.000000") == Decimal("100.00")


def dated(*spans: tuple[str, str | None, int]) -> Dated[int]:
    values = tuple(
        DatedValue(value=v, effective_from=date.fromisoformat(a), effective_to=date.fromisoformat(b) if b else None)
        for a, b, v in spans
    )
    return Dated("threshold", values)


def test_value_is_the_one_in_force_on_the_date() -> None:
    values = dated(("2025-01-01", "2025-12-31", 1), ("2026-01-01", None, 2))
    assert [values.at(date(2025, 12, 31)), values.at(date(2026, 1, 1))] == [1, 2]


def test_value_is_refused_outside_its_dates() -> None:
    with pytest.raises(NotInForce, match="threshold has no value for 2027-01-01"):
        dated(("2026-01-01", "2026-12-31", 2)).at(date(2027, 1, 1))


def test_overlapping_dates_are_refused() -> None:
    with pytest.raises(ValueError, match="runs into"):
        dated(("2025-01-01", None, 1), ("2026-01-01", None, 2))


def test_yaml_keeps_codes_as_text() -> None:
    assert read_document("a.yaml", "state: NO\ncode: 0123\nwhen: 2026-01-01\nunits: 4").value == {
        "state": "NO",
        "code": "0123",
        "when": "2026-01-01",
        "units": 4,
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a: 1\nb: 2\na: 3", "a.yaml:3:1"), ("a: [1", "a.yaml:"), ("a: b: c", "a.yaml:1:")],
)
def test_yaml_is_refused_with_line_and_column(text: str, problem: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_document("a.yaml", text)
    assert problem in str(caught.value)


def test_protected_value_masks_itself() -> None:
    assert f"{Phi('Jane')!r} {Phi('Jane')}" == "Phi(…) Phi(…)"
    assert Phi("Jane").open() == "Jane"
