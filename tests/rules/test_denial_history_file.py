"""History from a spreadsheet: claims put together from their rows, and every mistake told at its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from integration_engine.rules.denials.history_file import OPTIONAL, REQUIRED, read_history

HEADER = ",".join((*REQUIRED, "remarks"))
GOOD = "P1,C1,2026-05-12,1,97110,120.00,70.00,CO-45:25.00 PR-3:25.00,N362"


def rows(*lines: str, header: str = HEADER):
    return read_history("\n".join((header, *lines)) + "\n")


def test_rows_of_one_answer_are_one_claim_wherever_they_stand() -> None:
    found = rows(GOOD, "P1,C2,2026-05-12,4,97530,80,0,CO-197:80,", "P1,C1,2026-05-12,01,97140,60,60,,")
    assert (found.problems, found.refused) == ((), 0)
    first, second = (answer.claim for answer in found.answers)
    assert (first.number, first.charge, first.paid, [one.number for one in first.lines]) == (
        "C1",
        Decimal("180.00"),
        Decimal("130.00"),
        [1, 2],
    )
    assert [(a.group, a.reason, a.amount) for a in first.lines[0].adjustments] == [
        ("CO", "45", Decimal("25.00")),
        ("PR", "3", Decimal("25.00")),
    ]
    assert first.lines[0].remarks == ("N362",)
    assert (second.status, found.answers[1].paid_on) == ("4", date(2026, 5, 12))


def test_columns_may_stand_in_any_order_and_what_may_be_left_out_is_read_when_given() -> None:
    header = ",".join(reversed((*REQUIRED, *OPTIONAL)))
    found = rows('1,ICN7,"",GP KX,2026-04-20,,50.00,50.00,97110,1,2026-05-12,C1,P1', header=header)
    claim = found.answers[0].claim
    assert (claim.frequency, claim.payer_control_number, claim.lines[0].modifiers) == ("1", "ICN7", ("GP", "KX"))
    assert claim.lines[0].date_of_service == date(2026, 4, 20)


@pytest.mark.parametrize(
    ("row", "column", "field"),
    [
        (",C1,2026-05-12,1,97110,120,120,,", 1, "payer"),
        ("P1,,2026-05-12,1,97110,120,120,,", 4, "claim"),
        ("P1,C1,12.05.2026,1,97110,120,120,,", 7, "remit_date"),
        ("P1,C1,2026-05-12,denied,97110,120,120,,", 18, "status"),
        ("P1,C1,2026-05-12,1,97110-GP,120,120,,", 20, "code"),
        ("P1,C1,2026-05-12,1,97110,$120,120,,", 26, "charge"),
        ("P1,C1,2026-05-12,1,97110,120,1.005,,", 30, "paid"),
        ("P1,C1,2026-05-12,1,97110,120,0,CO197 120,", 32, "adjustments"),
        ("P1,C1,2026-05-12,1,97110,120,0,XX-197:120,", 32, "adjustments"),
        ("P1,C1,2026-05-12,1,97110,120,0,CO-197:100,", 32, "adjustments"),
        ("P1,C1,2026-05-12,1,97110,120,0,CO-197:120,see note", 43, "remarks"),
        ("P1,C1,2026-05-12,1,97110,120,0,CO-197:120", 32, "line"),
    ],
)
def test_a_mistake_is_told_with_line_and_column_and_its_claim_left_out(row: str, column: int, field: str) -> None:
    found = rows(GOOD.replace("C1", "C9"), "", row)
    assert [(p.line, p.column, p.field) for p in found.problems] == [(4, column, field)]
    assert ([a.claim.number for a in found.answers], found.refused) == (["C9"], 1)
    assert all(value not in found.problems[0].text for value in ("12.05.2026", "see note", "$120"))


def test_one_bad_row_leaves_the_whole_claim_out() -> None:
    found = rows(GOOD, "P1,C1,2026-05-12,1,97140,60,sixty,,")
    assert (found.answers, found.refused) == ((), 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("payer,claim\n", "columns are missing"),
        (f"{HEADER},patient\n{GOOD},x\n", "is no column"),
        (f'{HEADER}\n"P1,C1\n', "never closed"),
    ],
)
def test_a_file_that_is_no_such_table_is_told(text: str, said: str) -> None:
    found = read_history(text)
    assert found.answers == ()
    assert said in found.problems[0].text
