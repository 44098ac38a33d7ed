"""The case files: every case with what its file says for all, and the confirmed facts they prove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.rules.rule_cases.models import CaseFile, CasesFile, Expected, FactFile, FactsFile, Given

FOLDER = "cases/"
FACTS = "cases/facts.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCase:
    """One case with where it stands. given: what its file says for all, and on top what it says itself."""

    file: str
    line: int
    name: str
    source: str
    facts: tuple[str, ...]
    given: Given
    expect: Expected
    must_not_appear: tuple[str, ...]


def read_cases(files: Mapping[str, str]) -> tuple[RuleCase, ...]:
    """Every case of mappings/cases/.

    Raises   MappingError with each field that no case has, each name given twice in a file, each fact nobody stated.
    """
    problems: list[MappingProblem] = []
    found: list[RuleCase] = []
    facts = read_facts(files)
    for name in sorted(files):
        if not name.startswith(FOLDER) or not name.endswith(".yaml") or name == FACTS:
            continue
        try:
            document = read_document(name, files[name])
            cases = document.check(CasesFile)
        except MappingError as error:
            problems.extend(error.problems)
            continue
        seen: set[str] = set()
        for index, case in enumerate(cases.cases):
            if case.name in seen:
                problems.append(document.problem(("cases", index, "name"), "another case of this file has this name"))
            seen.add(case.name)
            for place, fact in enumerate(case.facts):
                if fact not in facts:
                    problems.append(document.problem(("cases", index, "facts", place), f"{FACTS} has no fact {fact!r}"))
            found.append(_case(document, index, case, cases.given))
    if problems:
        raise MappingError(tuple(problems))
    return tuple(found)


def read_facts(files: Mapping[str, str]) -> Mapping[str, FactFile]:
    """The confirmed facts of mappings/cases/facts.yaml by id; none where there is no such file.

    Raises   MappingError with each field that is not as a fact has it.
    """
    text = files.get(FACTS)
    return read_document(FACTS, text).check(FactsFile).facts if text is not None else {}


def without_cases(files: Mapping[str, str]) -> dict[str, str]:
    """The files that decide something: all but the cases."""
    return {name: text for name, text in files.items() if not name.startswith(FOLDER)}


def _case(document: Document, index: int, case: CaseFile, shared: Given) -> RuleCase:
    own = {field: getattr(case.given, field) for field in case.given.model_fields_set}
    source = f"{case.source.document} {case.source.section}".strip()
    return RuleCase(
        file=document.file,
        line=document.place(("cases", index))[0],
        name=case.name,
        source=source,
        facts=tuple(case.facts),
        given=shared.model_copy(update=own),
        expect=case.expect,
        must_not_appear=tuple(case.must_not_appear),
    )
