"""The house rules hold in the package, and each recognises what it forbids."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.house_rules import (
    HOUSE_RULES,
    PACKAGE,
    ROOT,
    clock_or_chance,
    code_from_data,
    float_use,
    modules_of,
    mutable_record,
    printing,
)

FORBIDDEN = (
    (float_use, "rate = 0.5"),
    (float_use, "rate = float(text)"),
    (float_use, "def f(rate: float) -> None: ..."),
    (clock_or_chance, "day = datetime.now(UTC)"),
    (clock_or_chance, "day = date.today()"),
    (clock_or_chance, "began = time.monotonic()"),
    (clock_or_chance, "identity = uuid4()"),
    (printing, "print(1)"),
    (code_from_data, "import pickle"),
    (code_from_data, "from marshal import loads"),
    (code_from_data, "eval(text)"),
    (code_from_data, "exec(text)"),
    (code_from_data, "os.system(text)"),
    (code_from_data, "subprocess.run(text, shell=True)"),
    (code_from_data, "yaml.load(text)"),
    (code_from_data, "yaml.load(text, Loader=yaml.Loader)"),
    (code_from_data, "yaml.unsafe_load(text)"),
    (mutable_record, "@dataclass\nclass Charge: ..."),
    (mutable_record, "@dataclass(frozen=True)\nclass Charge: ..."),
)
ALLOWED = (
    (float_use, "rate = Decimal('0.5')"),
    (clock_or_chance, "day = as_of"),
    (printing, "output.append(1)"),
    (code_from_data, "yaml.load(text, Loader=yaml.CSafeLoader)"),
    (code_from_data, "class Lines(yaml.SafeLoader): ...\nyaml.load(text, Lines)"),
    (code_from_data, "yaml.safe_load(text)\nre.compile(text)\nsubprocess.run([text])\nconnection.execute(text)"),
    (mutable_record, "@dataclass(frozen=True, slots=True, kw_only=True)\nclass Charge: ..."),
)


@pytest.mark.parametrize(("rule", "within", "except_in"), HOUSE_RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_house_rule_holds(rule, within, except_in) -> None:
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for part in within
        for path in modules_of(part)
        if path.relative_to(PACKAGE).parts[0] not in except_in
        for line, text in rule(ast.parse(path.read_text("utf-8")))
    ]
    assert not problems, "\n".join([rule.__doc__, *problems])


def test_nothing_outside_the_package_runs_data_as_code_either() -> None:
    folders = ("benchmarks", "migrations", "tests")
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, text in code_from_data(ast.parse(path.read_text("utf-8")))
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("rule", "source"), FORBIDDEN)
def test_house_rule_sees_what_it_forbids(rule, source: str) -> None:
    assert list(rule(ast.parse(source)))


@pytest.mark.parametrize(("rule", "source"), ALLOWED)
def test_house_rule_lets_the_right_way_through(rule, source: str) -> None:
    assert not list(rule(ast.parse(source)))


def test_tests_mirror_the_package() -> None:
    packages = {path.parent for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"} - {PACKAGE}
    tested = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    top_level = sorted({path.relative_to(PACKAGE).parts[0] for path in packages})
    missing = [name for name in top_level if not any(_is_in(folder, ROOT / "tests" / name) for folder in tested)]
    assert not missing, f"no tests in tests/{{{','.join(missing)}}}"


def _is_in(folder: Path, parent: Path) -> bool:
    return folder == parent or parent in folder.parents
