"""Official files as their publishers lay them out, all rows invented: what is read, refused, kept and written."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.core.codes import Hcpcs
from integration_engine.core.documents import read_document
from integration_engine.rules.official_files.mapping_texts import (
    ENDED,
    HEADER,
    NEVER,
    NOT_YET,
    OTHER_CODES,
    REPEATED,
    icd10_mapping,
    most_units_mapping,
    pairs_mapping,
)
from integration_engine.rules.official_files.reading import read_icd10_order, read_mue, read_ptp
from integration_engine.rules.official_files.rows import DiagnosisRow, MostUnitsRow, OfficialFileError, PairRow
from integration_engine.rules.official_files.spans import icd10_span, quarter_span

QUARTER = date(2026, 10, 1)
PTP_HEADING = (
    '"Invented copyright line, with a comma\n',
    'and a quotation over two lines"\n',
    "Column1/Column2 Edits\t\t\t\t\t\t\n",
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n",
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n",
    "\t\t\t\t*=no data\t1=allowed\t\n",
)
MUE_HEADING = (
    '"Invented copyright block,\n',
    'of two lines"\n',
    "HCPCS/CPT Code,Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n",
)


def pair(first: str, second: str, indicator: int, begins: str = "2020-01-01", ends: str | None = None) -> PairRow:
    return PairRow(
        column1=Hcpcs(first),
        column2=Hcpcs(second),
        before_1996=False,
        effective_from=date.fromisoformat(begins),
        effective_to=date.fromisoformat(ends) if ends else None,
        indicator=indicator,
    )


def ptp_cells(row: PairRow) -> list[str]:
    ends = row.effective_to.strftime("%Y%m%d") if row.effective_to else "*"
    begins = f"{row.effective_from:%Y%m%d}".zfill(8)
    return [row.column1, row.column2, "*" if row.before_1996 else "", begins, ends, str(row.indicator), "Misuse"]


def ptp_text(rows: list[PairRow], separator: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(ptp_cells(row) for row in rows)
    return "".join(PTP_HEADING).replace("\t", separator) + out.getvalue()


# --- pairs -----------------------------------------------------------------------------------------------------------


def test_pair_row_is_read_column_by_column() -> None:
    lines = [
        *PTP_HEADING,
        "97140\t97530\t*\t19960101\t20191231\t1\tMisuse\n",
        "\n",
        "G0283\t97032\t\t20040401\t*\t9\tx\n",
    ]
    first, second = read_ptp(lines)
    assert first == PairRow(
        column1=Hcpcs("97140"),
        column2=Hcpcs("97530"),
        before_1996=True,
        effective_from=date(1996, 1, 1),
        effective_to=date(2019, 12, 31),
        indicator=1,
    )
    assert (second.column1, second.before_1996, second.effective_to, second.indicator) == ("G0283", False, None, 9)


codes = st.from_regex(r"[0-9A-Z][0-9]{3}[0-9A-Z]", fullmatch=True).map(Hcpcs)
days = st.dates(date(1990, 1, 1), date(2030, 12, 31))
pair_rows = st.builds(
    PairRow,
    column1=codes,
    column2=codes,
    before_1996=st.booleans(),
    effective_from=days,
    effective_to=st.none() | days,
    indicator=st.sampled_from((0, 1, 9)),
)


@given(rows=st.lists(pair_rows, min_size=1, max_size=20), separator=st.sampled_from("\t,"), newline=st.booleans())
def test_rows_written_as_an_official_file_are_read_as_the_same_pairs(rows, separator, newline) -> None:
    assert list(read_ptp(ptp_text(rows, separator).splitlines(keepends=newline))) == rows


GOOD = "97140\t97530\t\t20200101\t*\t1\tMisuse\n"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("97140\t9753\t\t20200101\t*\t1\tMisuse", "column 2"),
        ("140\t97530\t\t20200101\t*\t1\tMisuse", "column 1"),
        ("g0283\t97530\t\t20200101\t*\t1\tMisuse", "column 1"),
        ("97140\t97530\tx\t20200101\t*\t1\tMisuse", "before 1996"),
        ("97140\t97530\t\t2020-01-01\t*\t1\tMisuse", "effective date"),
        ("97140\t97530\t\t20200231\t*\t1\tMisuse", "effective date"),
        ("97140\t97530\t\t20200101\t\t1\tMisuse", "deletion date"),
        ("97140\t97530\t\t20200101\t*\t2\tMisuse", "modifier indicator"),
        ("97140\t97530\t\t20200101\t*", "5 columns"),
        ('97140\t97530\t\t20200101\t*\t1\t"Misuse\n' + GOOD, "quotation mark"),
    ],
)
@pytest.mark.parametrize("rows_before", [0, 2])
def test_bad_pair_row_is_refused_by_its_number(bad, said, rows_before) -> None:
    lines = [*PTP_HEADING, *[GOOD] * rows_before, *(bad + "\n").splitlines(keepends=True)]
    with pytest.raises(OfficialFileError, match=said) as refused:
        list(read_ptp(lines))
    assert refused.value.row == len(PTP_HEADING) + rows_before + 1
    assert str(refused.value).startswith(f"row {refused.value.row}: ")
    assert "Misuse" not in str(refused.value)


def test_heading_after_the_first_row_of_data_is_refused() -> None:
    with pytest.raises(OfficialFileError, match="row 8: "):
        list(read_ptp([*PTP_HEADING, GOOD, "Total\t1\n"]))


@pytest.mark.parametrize("lines", [(), PTP_HEADING, ("a line\n",) * 1000 + (GOOD,)])
def test_file_without_data_is_refused(lines) -> None:
    with pytest.raises(OfficialFileError, match="none of its first"):
        list(read_ptp(lines))


KNOWN = frozenset({"97110", "97124", "97140", "97530", "97750"})
PAIRS = (
    (pair("97140", "97750", 1), None),
    (pair("97140", "97530", 1, begins="2026-10-01"), None),
    (pair("97140", "97124", 0, ends="2026-10-01"), None),
    (pair("97530", "97750", 1, ends="2026-09-30"), ENDED),
    (pair("97530", "97110", 1, begins="2026-10-02"), NOT_YET),
    (pair("97110", "97750", 9), NEVER),
    (pair("97140", "95851", 1), OTHER_CODES),
    (pair("95851", "97140", 1), OTHER_CODES),
    (pair("97140", "97750", 1, begins="2021-01-01"), REPEATED),
)


def test_pairs_in_force_among_known_codes_are_written() -> None:
    made = pairs_mapping([row for row, _ in PAIRS], quarter=QUARTER, known=KNOWN)
    assert (made.read, made.kept) == (len(PAIRS), 3)
    assert dict(made.left_out) == {ENDED: 1, NOT_YET: 1, NEVER: 1, OTHER_CODES: 2, REPEATED: 1}
    assert made.note == "newest effective date 2026-10-02; column 1 runs from 95851 to 97530"
    document = read_document("x.yaml", made.text).value
    (span,) = document["ncci_pairs"]
    assert span == {
        "effective_from": "2026-10-01",
        "effective_to": "2026-12-31",
        "source": {
            "document": "CMS Medicare NCCI PTP practitioner file",
            "section": "effective 2026-10-01",
            "effective": "2026-10-01",
        },
        "complete": True,
        "pairs": {"97140": {"1": "97530 97750", "0": "97124"}},
    }
    assert '\n      "97140": {"1": "97530 97750", "0": "97124"}\n' in made.text


def test_all_pairs_in_force_are_written_when_no_codes_are_named() -> None:
    made = pairs_mapping([row for row, _ in PAIRS], quarter=QUARTER, known=None)
    assert made.kept == 5
    assert set(read_document("x.yaml", made.text).value["ncci_pairs"][0]["pairs"]) == {"95851", "97140"}


def test_no_pair_kept_is_still_a_mapping() -> None:
    made = pairs_mapping([], quarter=QUARTER, known=KNOWN)
    assert (made.read, made.kept, made.note) == (0, 0, None)
    assert read_document("x.yaml", made.text).value["ncci_pairs"][0]["pairs"] == {}


def test_rows_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(OfficialFileError, match="97140 with 97750"):
        pairs_mapping([pair("97140", "97750", 1), pair("97140", "97750", 0)], quarter=QUARTER, known=None)


# --- most units ------------------------------------------------------------------------------------------------------


def test_most_units_rows_are_read_from_comma_and_tab() -> None:
    rows = (
        ["97110", "6", "3 Date of Service Edit: Clinical", "Data"],
        ["97161", "1", "2 Date of Service Edit: Policy", "Nature, of"],
        ["A0001", "0", "1 Line Edit", "Data"],
    )
    for separator in ",\t":
        out = io.StringIO()
        csv.writer(out, delimiter=separator).writerows(rows)
        assert list(read_mue([*MUE_HEADING, *out.getvalue().splitlines()])) == [
            MostUnitsRow(code=Hcpcs("97110"), most=6, indicator=3),
            MostUnitsRow(code=Hcpcs("97161"), most=1, indicator=2),
            MostUnitsRow(code=Hcpcs("A0001"), most=0, indicator=1),
        ]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("9711,6,3 Date of Service Edit: Clinical,Data", "the code"),
        ("97110,six,3 Date of Service Edit: Clinical,Data", "MUE value"),
        ("97110,-1,3 Date of Service Edit: Clinical,Data", "MUE value"),
        ("97110,6,4 Date of Service Edit: Clinical,Data", "adjudication indicator"),
        ("97110,6,,Data", "adjudication indicator"),
        ("97110,6", "2 columns"),
    ],
)
def test_bad_most_units_row_is_refused_by_its_number(bad, said) -> None:
    with pytest.raises(OfficialFileError, match=said) as refused:
        list(read_mue([*MUE_HEADING, bad]))
    assert refused.value.row == len(MUE_HEADING) + 1


@pytest.mark.parametrize("services", ["Outpatient Hospital Services", "DME Supplier Services"])
def test_file_of_other_providers_is_refused(services) -> None:
    heading = MUE_HEADING[-1].replace("Practitioner Services", services)
    with pytest.raises(OfficialFileError, match=r"row 1: .*other providers"):
        list(read_mue([heading, "97110,6,3 Date of Service Edit: Clinical,Data"]))


def most(code: str, value: int, indicator: int = 3) -> MostUnitsRow:
    return MostUnitsRow(code=Hcpcs(code), most=value, indicator=indicator)


def test_most_units_of_known_codes_are_written_and_missing_ones_named() -> None:
    rows = [most("97110", 6), most("A0001", 0), most("97110", 6), most("97161", 1, 2)]
    made = most_units_mapping(rows, quarter=QUARTER, known=frozenset({"97110", "97161", "97530"}))
    assert (made.read, made.kept, dict(made.left_out)) == (4, 2, {OTHER_CODES: 1, REPEATED: 1})
    assert made.note == "1 codes of codes/procedures.yaml have no row: 97530"
    (span,) = read_document("x.yaml", made.text).value["most_units"]
    assert span["most_units"] == {"97110": {"most": 6, "indicator": 3}, "97161": {"most": 1, "indicator": 2}}
    assert (span["effective_to"], span["complete"]) == ("2026-12-31", True)
    assert most_units_mapping(rows, quarter=QUARTER, known=None).kept == 3


def test_code_with_two_values_is_refused() -> None:
    with pytest.raises(OfficialFileError, match="97110"):
        most_units_mapping([most("97110", 6), most("97110", 8)], quarter=QUARTER, known=None)


# --- ICD-10-CM -------------------------------------------------------------------------------------------------------


def order_row(number: int, code: str, flag: int) -> str:
    return f"{number:05} {code:7} {flag} {'Invented short':60} Invented long\r\n"


ORDER = [order_row(1, "A00", 0), order_row(2, "A000", 1), order_row(3, "M5450", 1), order_row(4, "S52501D", 1)]


def test_order_file_and_plain_codes_file_are_read() -> None:
    assert list(read_icd10_order(ORDER)) == [
        DiagnosisRow(code="A00", valid=False),
        DiagnosisRow(code="A000", valid=True),
        DiagnosisRow(code="M5450", valid=True),
        DiagnosisRow(code="S52501D", valid=True),
    ]
    plain = ["A000    Invented\n", "S52501D Invented words\n", "Z3A10\n", "\n"]
    assert [row.code for row in read_icd10_order(plain)] == ["A000", "S52501D", "Z3A10"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (order_row(5, "A0", 1), "the code"),
        (order_row(5, "A00.0", 1), "the code"),
        (order_row(5, "a000", 1), "the code"),
        (order_row(5, "A000", 2), "column 15"),
        ("00005 A000\n", "column 15"),
        (order_row(5, "A000", 1)[1:], "order number"),
        ("00005 A000    11 Invented\n", "blank"),
    ],
)
def test_bad_order_row_is_refused_by_its_number(bad, said) -> None:
    with pytest.raises(OfficialFileError, match=said) as refused:
        list(read_icd10_order([*ORDER, bad]))
    assert refused.value.row == 5
    assert "Invented" not in str(refused.value)


@pytest.mark.parametrize("text", ["a heading\nA000 x\n", "A000 x\nInvented\n", "\n", ""])
def test_codes_file_with_other_lines_is_refused(text) -> None:
    with pytest.raises(OfficialFileError):
        list(read_icd10_order(text.splitlines()))


def test_valid_codes_are_written_sixteen_a_line() -> None:
    rows = [DiagnosisRow(code="A00", valid=False), *(DiagnosisRow(code=f"M{n:04}", valid=True) for n in range(33))]
    made = icd10_mapping([*rows, rows[1]], first_day=QUARTER)
    assert (made.read, made.kept, dict(made.left_out)) == (35, 33, {HEADER: 1, REPEATED: 1})
    (span,) = read_document("x.yaml", made.text).value["icd10_cm"]
    assert span["codes"].split() == [f"M{n:04}" for n in range(33)]
    assert (span["effective_from"], span["effective_to"], span["complete"]) == ("2026-10-01", "2027-09-30", True)
    assert [len(line.split()) for line in made.text.split(">-\n")[1].splitlines()] == [16, 16, 1]


def test_files_of_two_years_are_refused_when_a_code_became_a_header() -> None:
    rows = [DiagnosisRow(code="M545", valid=True), DiagnosisRow(code="M545", valid=False)]
    with pytest.raises(OfficialFileError, match="M545"):
        icd10_mapping(rows, first_day=QUARTER)


# --- spans -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-01-01", "2026-03-31"),
        ("2028-04-01", "2028-06-30"),
        ("2026-07-01", "2026-09-30"),
        ("2026-10-01", "2026-12-31"),
    ],
)
def test_quarter_ends_the_day_before_the_next(first, last) -> None:
    assert quarter_span(date.fromisoformat(first)) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(("first", "last"), [("2026-10-01", "2027-09-30"), ("2027-04-01", "2027-09-30")])
def test_icd10_year_ends_on_30_september(first, last) -> None:
    assert icd10_span(date.fromisoformat(first)) == (date.fromisoformat(first), date.fromisoformat(last))


def test_other_days_begin_nothing() -> None:
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    def refused(span, day) -> bool:
        try:
            span(day)
        except ValueError:
            return True
        return False

    assert [f"{day:%m-%d}" for day in year if not refused(quarter_span, day)] == ["01-01", "04-01", "07-01", "10-01"]
    assert [f"{day:%m-%d}" for day in year if not refused(icd10_span, day)] == ["04-01", "10-01"]
