"""House rules that no linter knows, each a function from a module's syntax tree to what is wrong in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "integration_engine"
PURE = ("core", "crosswalk", "domain", "rules", "simulator", "wire")

Problem = tuple[int, str]


def float_use(tree: ast.Module) -> Iterator[Problem]:
    """Money and minutes are Decimal and int; a float anywhere near them is a cent lost somewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"float literal {node.value}"
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "float"


def clock_or_chance(tree: ast.Module) -> Iterator[Problem]:
    """A rule is asked about a date; it never looks at the clock, and it never rolls dice."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="now" | "utcnow" | "today" | "monotonic" | "perf_counter" as name):
                yield node.lineno, f".{name}"
            case ast.Name(id="uuid4" | "uuid1" | "random" | "urandom" as name):
                yield node.lineno, name


def printing(tree: ast.Module) -> Iterator[Problem]:
    """Only the command line talks to the terminal; everything else returns or logs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "pprint"}:
            yield node.lineno, node.func.id


def code_from_data(tree: ast.Module) -> Iterator[Problem]:
    """Nothing that arrives is ever run: no pickle, no eval, no shell, no YAML that builds objects."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from _imports(node, {alias.name.split(".")[0] for alias in names})
            case ast.ImportFrom(module=str(module)):
                yield from _imports(node, {module.split(".")[0]})
            case ast.Call(func=ast.Name(id="eval" | "exec" | "__import__" as name)):
                yield node.lineno, f"{name}()"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="system" | "popen" as name)):
                yield node.lineno, f"os.{name}()"
            case ast.keyword(arg="shell", value=value) if getattr(value, "value", None) is not False:
                yield node.lineno, "shell="
    yield from _unsafe_yaml(tree)


def _imports(node: ast.stmt, modules: set[str]) -> Iterator[Problem]:
    for module in sorted(modules & {"dill", "marshal", "pickle", "shelve"}):
        yield node.lineno, f"import {module}"


def _unsafe_yaml(tree: ast.Module) -> Iterator[Problem]:
    safe = {"SafeLoader", "CSafeLoader"}
    safe |= {n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and {_last(b) for b in n.bases} & safe}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="yaml"), attr="load" | "load_all" as name)):
                loaders = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "Loader")]
                if not loaders or _last(loaders[0]) not in safe:
                    yield node.lineno, f"yaml.{name}() without a safe loader"
            case ast.Attribute(value=ast.Name(id="yaml"), attr=str(name)) if name.startswith(("unsafe_", "full_")):
                yield node.lineno, f"yaml.{name}"


def mutable_record(tree: ast.Module) -> Iterator[Problem]:
    """Records are frozen, slotted and built by keyword; they change by ``replace``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if _last(call.func if call else decorator) != "dataclass":
                continue
            given = (
                {word.arg for word in call.keywords if getattr(word.value, "value", None) is True} if call else set()
            )
            missing = sorted({"frozen", "slots"} - given)
            if missing:
                yield node.lineno, f"dataclass {node.name} without {', '.join(missing)}"


def _last(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


# rule, where in the package it holds ("" is everywhere), where it does not
HOUSE_RULES = (
    (float_use, PURE, ()),
    (clock_or_chance, PURE, ()),
    (printing, ("",), ("cli",)),
    (code_from_data, ("",), ()),
    (mutable_record, PURE, ()),
)


def modules_of(part: str) -> list[Path]:
    """Every module of a part of the package; of the whole package for an empty name."""
    return sorted((PACKAGE / part).rglob("*.py"))
