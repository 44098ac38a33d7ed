"""A file of existing authorizations: good rows taken, bad ones told with line, column and what to do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.codes import Hcpcs
from integration_engine.domain.authorization import Authorization
from integration_engine.domain.coverage import Basis
from integration_engine.domain.parties import Discipline
from integration_engine.rules.authorization.importing import read_authorizations
from integration_engine.rules.rule_files.compiling import compile_rules

PARAMETERS = compile_rules(MappingFiles(shipped_folder()).read())
HEADER = "patient,payer,number,basis,allowed,used,disciplines,codes,from,to,status"
GOOD = {
    "patient": "S15A",
    "payer": "SUMMITCOM",
    "number": "AUTHA77",
    "basis": "visits",
    "allowed": "12",
    "used": "3",
    "disciplines": "PT OT",
    "codes": "",
    "from": "2026-09-01",
    "to": "2026-12-31",
    "status": "approved",
}


def line(**changes: str) -> str:
    return ",".join((GOOD | changes).values())


def read(*lines: str):
    return read_authorizations("\n".join((HEADER, *lines)) + "\n", PARAMETERS)


def test_row_becomes_an_authorization() -> None:
    (row,), problems = read(line(codes="97110 97140"))
    assert problems == ()
    assert (row.line, row.patient, row.payer) == (2, "S15A", "SUMMITCOM")
    assert row.authorization == Authorization(
        number="AUTHA77",
        payer_id="SUMMITCOM",
        basis=Basis.VISITS,
        allowed=Decimal(12),
        used_before=Decimal(3),
        codes=(Hcpcs("97110"), Hcpcs("97140")),
        disciplines=(Discipline.PT, Discipline.OT),
        effective_on=date(2026, 9, 1),
        ends_on=date(2026, 12, 31),
        status="approved",
    )


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_line_endings_and_byte_order_mark_make_no_difference(ending, start) -> None:
    rows, problems = read_authorizations(start + ending.join((HEADER, line(), "", line(number="B2"))), PARAMETERS)
    assert ([row.authorization.number for row in rows], problems) == (["AUTHA77", "B2"], ())
    assert [row.line for row in rows] == [2, 4]


def test_columns_may_stand_in_any_order_and_values_be_quoted() -> None:
    text = "status,to,from,codes,disciplines,used,allowed,basis,number,payer,patient\n"
    text += 'approved,2026-12-31,2026-09-01,,,0,12,visits,"A,1""2",SUMMIT,S15A\n'
    (row,), problems = read_authorizations(text, PARAMETERS)
    assert (row.authorization.number, row.payer, problems) == ('A,1"2', "SUMMIT", ())


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"patient": ""}, "patient", "PID-3"),
        ({"payer": ""}, "payer", "IN1-3"),
        ({"payer": "NOBODY"}, "payer", "practice.yaml"),
        ({"number": ""}, "number", "payer's own number"),
        ({"number": "0000"}, "number", "placeholder"),
        ({"number": "1"}, "number", "placeholder"),
        ({"number": "tbd"}, "number", "placeholder"),
        ({"basis": "sessions"}, "basis", "visits, units"),
        ({"allowed": ""}, "allowed", "nothing can be counted"),
        ({"allowed": "twelve"}, "allowed", "plain number"),
        ({"allowed": "-1"}, "allowed", "plain number"),
        ({"allowed": "1e3"}, "allowed", "plain number"),
        ({"allowed": "9999999"}, "allowed", "plain number"),
        ({"allowed": "5", "basis": "episode"}, "allowed", "leave allowed empty"),
        ({"used": ""}, "used", "0 if nothing was"),
        ({"disciplines": "PT,OT".replace(",", ";")}, "disciplines", "separated by spaces"),
        ({"codes": "9711"}, "codes", "five characters"),
        ({"from": "09/01/2026"}, "from", "2026-01-31"),
        ({"to": ""}, "to", "last day"),
        ({"to": "2026-08-31"}, "to", "ends before it begins"),
        ({"status": ""}, "status", "approved"),
        ({"status": "open"}, "status", "approved"),
    ],
)
def test_bad_value_is_told_with_its_place_and_what_to_do(change, field, word) -> None:
    rows, problems = read(line(), line(**{"number": "B2"} | change))
    assert len(rows) == 1
    (problem,) = problems
    text = line(**{"number": "B2"} | change)
    column = len(",".join(text.split(",")[: list(GOOD).index(field)])) + 2 if field != "patient" else 1
    assert (problem.line, problem.field, problem.column) == (3, field, column)
    assert word in problem.text


def test_every_problem_of_a_row_is_told_at_once() -> None:
    _, problems = read(line(number="0000", allowed="", status="?"))
    assert [problem.field for problem in problems] == ["number", "allowed", "status"]


def test_problem_never_repeats_the_value() -> None:
    _, problems = read(line(payer="MARKER", allowed="MARKER", status="MARKER", codes="MARKER", disciplines="MARKER"))
    assert len(problems) == 5
    assert not any("MARKER" in problem.text for problem in problems)


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("", (1, 1), "empty"),
        (HEADER.replace("number", "auth no"), (1, 15), "is no column"),
        (HEADER.replace(",used", ""), (1, 1), "add used"),
        (HEADER.replace("used", "allowed"), (1, 36), "twice"),
        (f"{HEADER}\nS15A,SUMMITCOM", (2, 6), "2 values"),
        (f'{HEADER}\nS15A,"SUMMITCOM', (2, 6), "never closed"),
    ],
)
def test_broken_file_is_told_with_its_place(text, place, word) -> None:
    rows, problems = read_authorizations(text, PARAMETERS)
    assert rows == ()
    assert (problems[0].line, problems[0].column) == place
    assert word in problems[0].text


def test_same_authorization_twice_is_refused_unless_it_says_the_same() -> None:
    rows, problems = read(line(), line(), line(allowed="20"))
    assert [row.line for row in rows] == [2, 3]
    assert [(problem.line, "line 2" in problem.text) for problem in problems] == [(4, True)]


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(text) -> None:
    rows, problems = read_authorizations(text, PARAMETERS)
    assert rows == ()
    assert problems or not text.strip()


@given(st.lists(st.text(alphabet='ab," \n\r\t\u00e9', max_size=8), min_size=11, max_size=11))
def test_no_row_is_lost_silently(values) -> None:
    quoted = ",".join('"' + value.replace('"', '""') + '"' for value in values)
    rows, problems = read(quoted, line())
    assert [row.authorization.number for row in rows] == ["AUTHA77"]
    assert any(problem.line >= 2 for problem in problems)
