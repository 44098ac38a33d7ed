"""Loading official files from disk: zips, encodings, workbooks, refusals. All rows are invented."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.cli import loading
from integration_engine.cli.loading import load_icd10, load_most_units, load_pairs
from integration_engine.core.documents import read_document
from integration_engine.settings import Settings
from tests.cli.running import run

QUARTER = date(2026, 10, 1)
HEADING = "Invented copyright line\r\nColumn 1\tColumn 2\t\tEffective\tDeletion\tModifier\tRationale\r\n"
PART_1 = HEADING + "97140\t97530\t\t20200101\t*\t1\tMisuse\r\n00100\t97140\t\t20200101\t*\t0\tMisuse\r\n"
PART_2 = HEADING + "97530\t97750\t\t20200101\t*\t1\tMisuse\r\n97140\t97124\t*\t19960101\t20191231\t0\tMisuse\r\n"
BAD = PART_1 + "97140\t97124\t\tsoon\t*\t0\tMisuse\r\n"
MUE = "Copyright ©\nHCPCS/CPT Code,Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n"
MUE += "97110,6,3 Date of Service Edit: Clinical,Data\n97161,1,2 Date of Service Edit: Policy,Data\n"
ORDER = "".join(
    f"{n:05} {code:7} {flag} {'Invented':60} Invented é\r\n"
    for n, (code, flag) in enumerate([("A00", 0), ("A000", 1), ("M5450", 1)], start=1)
)


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    folder = tmp_path / "mappings"
    (folder / "codes").mkdir(parents=True)
    return folder


@pytest.fixture
def settings(mappings: Path) -> Settings:
    return Settings(mappings=str(mappings))


def written(mappings: Path, kind: str, day: str = "2026-10-01") -> dict:
    path = mappings / "codes" / kind / f"{day}.yaml"
    assert {item.suffix for item in path.parent.iterdir()} == {".yaml"}  # nothing half-written is left
    (span,) = read_document(path.name, path.read_text("utf-8")).value[kind]
    return span


def zipped(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return path


def plain(path: Path, text: str, encoding: str = "latin-1") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_every_text_member_of_every_zip_is_loaded_and_workbooks_beside_it_are_not(mappings, settings, tmp_path, capsys):
    files = [
        zipped(tmp_path / "f1.zip", part1__TXT=PART_1, part1__xlsx=b"not read"),
        zipped(tmp_path / "f2.zip", part2__txt=PART_2),
    ]
    assert load_pairs(settings, files, QUARTER, all_codes=True) == 0
    assert written(mappings, "ncci_pairs")["pairs"] == {
        "00100": {"0": "97140"},
        "97140": {"1": "97530"},
        "97530": {"1": "97750"},
    }
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "not read in f1.zip: part1.xlsx"
    assert {"reading f1.zip/part1.TXT", "reading f2.zip/part2.txt", "read 4 rows", "kept 3"} <= set(out)
    assert "left out 1: ended before that day" in out
    assert out[-1].startswith("wrote ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f1.zip", "f2.zip", "mappings"]


def test_only_pairs_of_procedures_are_kept_by_default(tmp_path, capsys):
    folder = tmp_path / "mappings"
    shutil.copytree(shipped_folder(), folder)
    done = load_pairs(Settings(mappings=str(folder)), [plain(tmp_path / "p.txt", PART_1)], QUARTER)
    assert done == 0
    assert written(folder, "ncci_pairs")["pairs"] == {"97140": {"1": "97530"}}
    assert "left out 1: a code that codes/procedures.yaml does not know" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "utf-16"])
def test_most_units_are_loaded_from_csv_in_any_encoding(mappings, settings, tmp_path, encoding):
    file = plain(tmp_path / "mue.csv", MUE, encoding)
    assert load_most_units(settings, [file], QUARTER, all_codes=True) == 0
    expected = {"97110": {"most": 6, "indicator": 3}, "97161": {"most": 1, "indicator": 2}}
    assert written(mappings, "most_units")["most_units"] == expected


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
def test_order_file_is_chosen_among_the_members_of_the_year(mappings, settings, tmp_path, capsys, encoding):
    members = {
        "icd10cm_order_2027__txt": ORDER.encode(encoding),
        "icd10cm_codes_2027__txt": "A000    Invented\n",
        "icd10cm_order_addenda_2027__txt": "Add: invented\n",
        "guide__pdf": b"%PDF",
    }
    assert load_icd10(settings, [zipped(tmp_path / "tables.zip", **members)], QUARTER) == 0
    assert written(mappings, "icd10_cm")["codes"] == "A000 M5450"
    out = capsys.readouterr().out
    assert out.count("reading ") == 1
    assert "left out 1: a header, not valid for submission" in out


def test_update_of_april_is_a_file_of_its_own(mappings, settings, tmp_path):
    assert load_icd10(settings, [plain(tmp_path / "o.txt", ORDER)], date(2027, 4, 1)) == 0
    assert written(mappings, "icd10_cm", "2027-04-01")["effective_to"] == "2027-09-30"


def test_bad_row_is_named_by_file_and_number_and_nothing_is_written(mappings, settings, tmp_path, capsys):
    file = zipped(tmp_path / "f1.zip", good__txt=PART_2, part1__txt=BAD)
    assert load_pairs(settings, [file], QUARTER, all_codes=True) == 1
    said = capsys.readouterr().err
    assert said == "f1.zip/part1.txt: row 5: the effective date is YYYYMMDD; here it is 'soon'\n"
    assert not list(mappings.rglob("*.*"))


def test_loaded_quarter_is_replaced_only_when_told_so(mappings, settings, tmp_path, capsys):
    one, two = plain(tmp_path / "1.txt", PART_1), plain(tmp_path / "2.txt", PART_2)
    assert load_pairs(settings, [one], QUARTER, all_codes=True) == 0
    before = written(mappings, "ncci_pairs")
    assert load_pairs(settings, [two], QUARTER, all_codes=True) == 2
    assert "--replace" in capsys.readouterr().err
    assert written(mappings, "ncci_pairs") == before
    assert load_pairs(settings, [plain(tmp_path / "bad.txt", BAD)], QUARTER, replace=True, all_codes=True) == 1
    assert written(mappings, "ncci_pairs") == before
    assert load_pairs(settings, [two], QUARTER, replace=True, all_codes=True) == 0
    assert written(mappings, "ncci_pairs")["pairs"] == {"97530": {"1": "97750"}}


def test_nothing_is_written_when_no_row_is_kept(mappings, settings, tmp_path, capsys):
    file = plain(tmp_path / "old.txt", PART_1)
    assert load_pairs(settings, [file], date(2019, 10, 1), all_codes=True) == 1
    assert "no row is kept" in capsys.readouterr().err
    assert not list(mappings.rglob("*.yaml"))


@pytest.mark.parametrize(
    ("load", "day"), [(load_pairs, "2026-10-02"), (load_most_units, "2026-11-01"), (load_icd10, "2026-07-01")]
)
def test_day_that_begins_nothing_is_wrong_use(settings, tmp_path, capsys, load, day):
    assert load(settings, [plain(tmp_path / "p.txt", PART_1)], date.fromisoformat(day)) == 2
    assert day in capsys.readouterr().err


def test_other_kinds_of_files_and_folders_are_wrong_use(settings, tmp_path, capsys):
    assert load_pairs(settings, [plain(tmp_path / "p.pdf", PART_1)], QUARTER, all_codes=True) == 2
    assert "p.pdf: give a .txt" in capsys.readouterr().err
    nowhere = Settings(mappings=str(tmp_path / "nowhere"))
    assert load_pairs(nowhere, [plain(tmp_path / "p.txt", PART_1)], QUARTER, all_codes=True) == 2
    assert not (tmp_path / "nowhere").exists()


def test_zip_that_cannot_be_read_is_refused(mappings, settings, tmp_path, capsys):
    no_zip, no_text = plain(tmp_path / "a.zip", "text"), zipped(tmp_path / "b.zip", a__pdf="x")
    broken = zipped(tmp_path / "c.zip", part__txt=PART_1 * 50)
    content = bytearray(broken.read_bytes())
    content[60:70] = bytes(10)
    broken.write_bytes(content)
    for file, said in ((no_zip, "is no zip file"), (no_text, "no .txt or .csv"), (broken, "cannot be read")):
        assert load_pairs(settings, [file], QUARTER, all_codes=True) == 1
        assert said in capsys.readouterr().err
    assert not list(mappings.rglob("*.*"))


def test_pair_file_of_hospitals_is_refused_by_its_name(settings, tmp_path, capsys):
    file = zipped(tmp_path / "f.zip", **{"ccioph-v999r0-f1__TXT": PART_1})
    assert load_pairs(settings, [file], QUARTER, all_codes=True) == 1
    assert "hospital" in capsys.readouterr().err


def test_member_that_unpacks_too_large_is_refused(settings, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(loading, "MEMBER_BYTES", 100)
    assert load_pairs(settings, [zipped(tmp_path / "f.zip", part__txt=PART_1)], QUARTER, all_codes=True) == 1
    assert "f.zip/part.txt: has" in capsys.readouterr().err


# --- workbooks -------------------------------------------------------------------------------------------------------


class Workbooks(ModuleType):
    """Stands for openpyxl: every file is a workbook of one sheet with the given rows."""

    def __init__(self, *rows: tuple[object, ...]) -> None:
        super().__init__("openpyxl")
        self.rows = rows

    def load_workbook(self, file, *, read_only: bool, data_only: bool) -> SimpleNamespace:
        assert file.read(1)
        return SimpleNamespace(worksheets=[self])

    def iter_rows(self, *, values_only: bool) -> Iterator[tuple[object, ...]]:
        return iter(self.rows)


def test_workbook_is_read_where_openpyxl_is_there(mappings, settings, tmp_path, monkeypatch):
    rows = (
        ("Column 1", "Column 2", "*=in existence\nprior to 1996", "Effective", "Deletion", "Modifier", None),
        (97140, "97530", None, 20200101, "*", 1, 'say "x"'),
        ("97530", 97750.0, "*", datetime(1996, 1, 1), 20301231.0, "0", '"x'),
    )
    monkeypatch.setitem(sys.modules, "openpyxl", Workbooks(*rows))
    assert load_pairs(settings, [plain(tmp_path / "p.xlsx", "x")], QUARTER, all_codes=True) == 0
    assert written(mappings, "ncci_pairs")["pairs"] == {"97140": {"1": "97530"}, "97530": {"0": "97750"}}


def test_row_of_a_workbook_has_the_number_the_spreadsheet_shows(settings, tmp_path, monkeypatch, capsys):
    heading = ("a\nheading of\nthree lines",)
    monkeypatch.setitem(sys.modules, "openpyxl", Workbooks(heading, (100, "97140", None, 20200101, "*", 0)))
    assert load_pairs(settings, [plain(tmp_path / "p.xlsx", "x")], QUARTER, all_codes=True) == 1
    assert "p.xlsx: row 2: column 1 is a five-character code" in capsys.readouterr().err


def test_workbook_without_openpyxl_says_what_to_do(settings, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert load_pairs(settings, [plain(tmp_path / "p.xlsx", "x")], QUARTER, all_codes=True) == 1
    assert capsys.readouterr().err == "p.xlsx: workbooks are not read here: save it as text or CSV\n"


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "option", "text"),
    [("load-ncci", "--quarter", PART_1), ("load-mue", "--quarter", MUE), ("load-icd10", "--from", ORDER)],
)
def test_command_loads_a_file(mappings, tmp_path, command, option, text):
    keep_all = () if command == "load-icd10" else ("--all",)
    file = plain(tmp_path / "official.txt", text)
    arguments = ("codes", command, str(file), option, "2026-10-01", *keep_all)
    done, again = (run(*arguments, home=tmp_path, MAPPINGS=str(mappings)) for _ in range(2))
    assert done.returncode == 0, done.stderr
    assert len(list(mappings.rglob("2026-10-01.yaml"))) == 1
    assert again.returncode == 2
