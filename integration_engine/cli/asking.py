"""Commands that answer from files alone; nothing is stored and no database is opened."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from integration_engine.cli.output import print_json, print_table
from integration_engine.core.errors import InboundError, MappingError
from integration_engine.settings import Settings

FINDINGS = 1
WRONG_USE = 2


def answer_units(settings: Settings, document: bytes) -> int:
    """The ``units`` contract: one object or a list in, the same shape out."""
    from integration_engine.bootstrap import read_rules
    from integration_engine.rules.units_request import answer_units as answer

    try:
        request = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        sys.stderr.write(f"standard input is not JSON: {error}\n")
        return WRONG_USE
    parameters = read_rules(settings).parameters
    try:
        if isinstance(request, list):
            answers: Any = [_numbered(index, one, answer, parameters) for index, one in enumerate(request)]
        else:
            answers = answer(request, parameters)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    print_json(answers)
    return 0


def _numbered(index: int, request: Any, answer: Any, parameters: Any) -> dict[str, Any]:
    try:
        return answer(request, parameters)  # type: ignore[no-any-return]
    except ValueError as error:
        msg = f"[{index}]{error}" if str(error).startswith("[") else f"[{index}]: {error}"
        raise ValueError(msg) from None


def messages_in(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every HL7 message of a file, with a name that says which one it is."""
    from integration_engine.wire.hl7 import split_messages

    for number, raw in enumerate(split_messages(path.read_bytes()), start=1):
        yield f"{path.name}#{number}", raw


def adjudicate_files(settings: Settings, files: list[Path]) -> int:
    """Take the messages of the files through the pure journey, in order, from empty records."""
    from integration_engine.bootstrap import read_rules
    from integration_engine.stages.dry_run import dry_run

    rules = read_rules(settings)
    ids = count(1)
    named = [named for path in files for named in messages_in(path)]
    answer = dry_run(named, rules, new_id=lambda: next(ids))
    print_json(answer)
    return FINDINGS if answer["refused"] or any(day["findings"] for day in answer["treatment_days"]) else 0


def check_files(settings: Settings, folder: Path | None) -> int:
    """Compile every file of the mappings folder and say what is wrong where."""
    from integration_engine.bootstrap import mapping_files, read_rules
    from integration_engine.rules.rule_cases.reading import read_cases

    try:
        rules = read_rules(settings, folder)
        read_cases(mapping_files(settings, folder).read())
    except MappingError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        return FINDINGS
    print(f"{len(rules.files)} files in force as version {rules.version[:12]}")
    return 0


def report_crosswalk(settings: Settings, feed: str, *, as_json: bool) -> int:
    """EMR field → model → 837P, by domain."""
    from integration_engine.bootstrap import read_rules
    from integration_engine.crosswalk.report import crosswalk_report

    rules = read_rules(settings)
    table = rules.claim_table
    rows = [row for row in crosswalk_report(rules.feeds, table.targets(), table.sources()) if row.feed == feed]
    if not rows:
        sys.stderr.write(f"no feed is called {feed}; there are {', '.join(rules.feeds.names)}\n")
        return WRONG_USE
    if as_json:
        print_json(rows)
    else:
        columns = ("domain", "EMR positions", "model field", "837P", "gap", "remedy")
        print_table(
            f"Crosswalk of feed {feed}",
            columns,
            [(r.domain, " ".join(r.positions), r.path, r.target, r.gap, r.remedy) for r in rows],
        )
    return 0


def write_schemas(folder: Path) -> int:
    """One JSON Schema a file kind."""
    from integration_engine.crosswalk import claim_files, feed_files, receivers
    from integration_engine.rules.claim_file import compiling
    from integration_engine.rules.responses import models as response_models
    from integration_engine.rules.rule_cases.models import CasesFile
    from integration_engine.rules.rule_models.schemas import json_schemas as rule_schemas

    folder.mkdir(parents=True, exist_ok=True)
    schemas = {
        "feed": feed_files.json_schema(),
        "837p": claim_files.json_schema(),
        "companion_guide": claim_files.companion_guide_schema(),
        "receivers": receivers.json_schema(),
        "cases": CasesFile.model_json_schema(),
        **rule_schemas(),
        **compiling.json_schemas(),
        **response_models.json_schemas(),
    }
    for name, schema in schemas.items():
        (folder / f"{name}.schema.json").write_bytes(orjson.dumps(schema, option=orjson.OPT_INDENT_2))
        print(folder / f"{name}.schema.json")
    return 0


def conform_folder(folder: Path, *, as_json: bool) -> int:
    """hl7apy's verdict on each message, and what each sender never fills."""
    from integration_engine.adapters.conformance.judging import judge

    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in {".hl7", ".txt"} and path.is_file()]
    named: list[tuple[str, bytes]] = []
    for path in paths:
        try:
            named.extend(messages_in(path))
        except InboundError as error:
            sys.stderr.write(f"{path.name}: {error}\n")
    report = judge(named, time_limit_seconds=10)
    if as_json:
        print_json(report)
    else:
        print_table("Conformance", report.COLUMNS, report.rows())
    return FINDINGS if report.has_findings else 0
