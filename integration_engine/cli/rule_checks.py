"""Commands for whoever writes rules: check the files, run the cases beside them. Files alone; no database is opened."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from integration_engine.cli.output import print_json
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.settings import Settings

if TYPE_CHECKING:
    from integration_engine.rules.rule_cases.running import CaseResult

FINDINGS = 1
MEANINGS = {  # by RemarkKind
    "ends": "the last dated value ends; load what follows before that day",
    "unconfirmed": "the source is not confirmed, such as a contract nobody has shown",
    "disagreement": "two sources differ; the file says which one is followed",
    "no section": "the source names a document and no section of it",
}


def check_rules(settings: Settings, folder: Path | None, *, every: bool, as_json: bool) -> int:
    """Every problem, gap and doubt of the rule files; problems and gaps are findings, doubts are only told.

    Shapes   every: each doubt at its place; else, for people, how many there are of each kind.
    """
    from integration_engine.bootstrap import mapping_files, read_rules
    from integration_engine.rules.rule_cases.reading import read_cases
    from integration_engine.rules.rule_files.compiling import review_rules

    files = mapping_files(settings, folder).read()
    problems: list[MappingProblem] = []
    for check in (lambda: read_rules(settings, folder), lambda: read_cases(files)):
        try:
            check()
        except MappingError as error:
            problems.extend(error.problems)
    remarks = () if problems else review_rules(files)
    rows = [
        {"file": p.file, "line": p.line, "column": p.column, "kind": "problem", "text": f"{p.where}: {p.text}"}
        for p in problems
    ]
    rows += [
        {"file": r.file, "line": r.line, "column": 1, "kind": r.kind.value, "text": r.text}
        for r in sorted(remarks, key=lambda r: (not r.kind.fails, r.file, r.line))
    ]
    failing = len(problems) + sum(remark.kind.fails for remark in remarks)
    if as_json:
        print_json({"files": len(files), "findings": failing, "remarks": rows})
    else:
        for row in rows if every else rows[:failing]:  # what fails comes first
            print(f"{row['file']}:{row['line']}:{row['column']}: {row['kind']}: {row['text']}")
        kinds = Counter(remark.kind for remark in remarks if not remark.kind.fails)
        for kind, count in sorted(kinds.items()):
            print(f"{count:>5} {kind.value}: {MEANINGS[kind]}")
        more = "" if every or not kinds else "; --all shows each at its place"
        print(f"{len(files)} files, {failing} findings, {len(rows) - failing} remarks that do not fail{more}")
    return FINDINGS if failing else 0


def run_rule_cases(settings: Settings, folder: Path | None, *, as_json: bool) -> int:
    """Run every case; for each that fails, what was expected, what came, and the working that explains it."""
    from integration_engine.bootstrap import mapping_files
    from integration_engine.rules.rule_cases.running import run_all
    from integration_engine.rules.rule_files.compiling import compile_rules

    try:
        files = mapping_files(settings, folder).read()
        results = list(run_all(files, compile_rules(files)))
    except MappingError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        return FINDINGS
    failed = [result for result in results if not result.passed]
    if as_json:
        print_json(
            {
                "cases": len(results),
                "passed": len(results) - len(failed),
                "failed": len(failed),
                "results": [_as_json(result) for result in results],
            }
        )
    else:
        _print_failed(failed)
        print(f"{len(results)} cases, {len(results) - len(failed)} pass, {len(failed)} fail")
    return FINDINGS if failed else 0


def _as_json(result: CaseResult) -> dict[str, object]:
    return {
        "file": result.file,
        "line": result.line,
        "name": result.name,
        "source": result.source,
        "passed": result.passed,
        "differences": [{"what": d.what, "expected": d.expected, "got": d.got} for d in result.differences],
        "working": list(result.working),
    }


def _print_failed(failed: Sequence[CaseResult]) -> None:
    for result in failed:
        print(f"{result.file}:{result.line}: {result.name}")
        print(f"  source: {result.source}")
        for difference in result.differences:
            print(f"  {difference.what}: expected {difference.expected}; got {difference.got}")
        for step in result.working:
            print(f"    {step}")
