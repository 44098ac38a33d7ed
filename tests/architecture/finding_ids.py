"""Every finding id that the package and its mappings can produce, found in the source.

An id is followed from ``Finding(id=…)`` back to where it is written: a literal, a constant, or what callers hand to the
function that builds the finding, over as many functions as that takes. What data decides is asked of the mappings. An id
that cannot be followed is told, so that a new way of building findings has to be taught here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from integration_engine.domain.denial import DenialCategory
from tests.architecture.house_rules import PACKAGE, ROOT

MAPPINGS = ROOT / "mappings"
BUILDERS = frozenset({"Finding", "replace"})


@dataclass(frozen=True)
class Function:
    """One function with what it is called: a bound method leaves its first parameter to the object."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    path: Path
    bound: bool

    @property
    def parameters(self) -> list[str]:
        args = self.node.args
        names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
        return names[1:] if self.bound else names


@dataclass
class Source:
    """The parsed package: calls by the name called, string constants by name."""

    calls: dict[str, list[tuple[ast.Call, Function | None, Path]]] = field(default_factory=dict)
    constants: dict[str, set[str]] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    yields: dict[Path, list[ast.Tuple]] = field(default_factory=dict)

    def calls_of(self, function: Function) -> list[tuple[ast.Call, Function | None, Path]]:
        """Calls of a function, as far as names tell: in its own module, or where its module is imported."""
        private = function.node.name.startswith("_")
        module = ".".join(function.path.relative_to(ROOT).with_suffix("").parts)
        return [
            (call, caller, path)
            for call, caller, path in self.calls.get(function.node.name, ())
            if path == function.path or (not private and module in self.texts[path])
        ]


def finding_ids(data: Mapping[str, frozenset[str]]) -> tuple[set[str], list[str]]:
    """The ids, and where one could not be followed. data: source text of an expression → the ids mappings give it."""
    source = _parsed()
    found: set[str] = set()
    lost: list[str] = []
    for name in BUILDERS:
        for call, function, path in source.calls.get(name, ()):
            for keyword in call.keywords:
                if keyword.arg != "id":
                    continue
                values = followed(keyword.value, function, source, data, ())
                if values is None:
                    if name == "Finding":
                        lost.append(f"{path.relative_to(ROOT)}:{call.lineno}: {ast.unparse(keyword.value)}")
                else:
                    found |= {value for value in values if "." in value}
    return found, lost


def ids_from_mappings() -> dict[str, frozenset[str]]:
    """What the mappings give to the expressions that read an id from them."""
    edits = frozenset(one["id"] for one in _everything("edits", "edits"))
    repairs = frozenset(one["id"] for one in _everything("edits", "repairs"))
    gates = frozenset(_under(yaml.safe_load((MAPPINGS / "gates/minimum_documentation.yaml").read_text()), "finding"))
    who_may = frozenset(_under(yaml.safe_load((MAPPINGS / "gates/who_may.yaml").read_text()), "finding"))
    return {
        "edit.id": edits,
        "repair.id": repairs,
        "requirement.finding": gates,
        "rule.finding": who_may,
        "first.category.value if first.category else 'unmapped'": frozenset(DenialCategory),
        # pyx12 names its own errors; all of them mean that the file breaks the guide.
        "f'edits.x12_{code}'.lower()": frozenset({"edits.x12"}),
    }


def _everything(folder: str, key: str) -> Iterator[Any]:
    for path in sorted((MAPPINGS / folder).glob("*.yaml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8")).get(key) or ()


def _under(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                yield inner
            yield from _under(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _under(inner, key)


# --- following --------------------------------------------------------------------------------------------------------


def followed(
    node: ast.expr, function: Function | None, source: Source, data: Mapping[str, frozenset[str]], seen: tuple[Any, ...]
) -> set[str] | None:
    """What an expression can be; None when that cannot be followed."""
    if (text := ast.unparse(node)) in data:
        return set(data[text])
    match node:
        case ast.Constant(value=str(value)):
            return {value}
        case ast.IfExp():
            parts = [followed(part, function, source, data, seen) for part in (node.body, node.orelse)]
            return None if any(part is None for part in parts) else set().union(*parts)  # type: ignore[arg-type]
        case ast.JoinedStr():
            return _joined(node, function, source, data, seen)
        case ast.Name(id=name):
            return _named(name, function, source, data, seen)
    return None


def _joined(node: ast.JoinedStr, function: Function | None, source: Source, data: Any, seen: Any) -> set[str] | None:
    """Every combination of the parts that are handed in together."""
    names = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    handed = [name.id for name in names if isinstance(name, ast.Name)]
    if function is not None and len(names) == len(handed) > 1 and set(handed) <= set(_all_parameters(function)):
        return _together(node, handed, function, source, data, seen)
    parts: list[set[str]] = []
    for part in node.values:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        found = followed(inner, function, source, data, seen)
        if found is None:
            return None
        parts.append(found)
    return {"".join(chosen) for chosen in product(*parts)}


def _together(
    node: ast.JoinedStr, names: list[str], function: Function, source: Source, data: Any, seen: Any
) -> set[str] | None:
    found: set[str] = set()
    for call, caller, _ in source.calls_of(function):
        given = [_given(call, name, function) for name in names]
        values = [followed(one, caller, source, data, seen) if one is not None else None for one in given]
        if any(value is None for value in values):
            return None
        for chosen in product(*values):  # type: ignore[arg-type]
            by_name = dict(zip(names, chosen, strict=True))
            pieces = [
                by_name[part.value.id] if isinstance(part, ast.FormattedValue) else part.value for part in node.values
            ]
            found.add("".join(pieces))
    return found


def _named(name: str, function: Function | None, source: Source, data: Any, seen: Any) -> set[str] | None:
    if function is not None and name in _all_parameters(function):
        key = (function.path, function.node.name, name)
        if key in seen:
            return set()
        found: set[str] = set()
        for call, caller, _ in source.calls_of(function):
            given = _given(call, name, function)
            values = followed(given, caller, source, data, (*seen, key)) if given is not None else None
            if values is None:
                return None
            found |= values
        return found or None
    if function is not None:
        assigned = [value for statement in ast.walk(function.node) for value in _assigned(statement, name)]
        if assigned:
            parts = [followed(value, function, source, data, seen) for value in assigned]
            return None if any(part is None for part in parts) else set().union(*parts)  # type: ignore[arg-type]
        looped = _looped(name, function, source)
        if looped:
            return looped
    return source.constants.get(name) or None


def _assigned(statement: ast.AST, name: str) -> Iterator[ast.expr]:
    """What an assignment gives to a name, also as a part of ``a, b = 1, 2``."""
    if not isinstance(statement, ast.Assign):
        return
    for target in statement.targets:
        if isinstance(target, ast.Name) and target.id == name:
            yield statement.value
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            pairs = zip(target.elts, statement.value.elts, strict=True)
            yield from (value for one, value in pairs if isinstance(one, ast.Name) and one.id == name)


def _looped(name: str, function: Function, source: Source) -> set[str]:
    """What a name of ``for a, b, … in f(…)`` can be: the literals at its place in what the module yields."""
    found: set[str] = set()
    for loop in ast.walk(function.node):
        if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Tuple):
            continue
        names = [one.id if isinstance(one, ast.Name) else "" for one in loop.target.elts]
        if name in names:
            place = names.index(name)
            same = [one.elts[place] for one in source.yields[function.path] if len(one.elts) == len(names)]
            found |= {one.value for one in same if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def _all_parameters(function: Function) -> list[str]:
    return [*function.parameters, *(arg.arg for arg in function.node.args.kwonlyargs)]


def _given(call: ast.Call, name: str, function: Function) -> ast.expr | None:
    """What a call hands to a parameter, or its default."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    args = function.node.args
    if name in function.parameters:
        place = function.parameters.index(name)
        if place < len(call.args):
            return call.args[place]
        missing = len(function.parameters) - place
        return args.defaults[-missing] if missing <= len(args.defaults) else None
    place = [arg.arg for arg in args.kwonlyargs].index(name)
    return args.kw_defaults[place]


# --- reading the package ------------------------------------------------------------------------------------------------


def _parsed() -> Source:
    source = Source()
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        source.texts[path] = path.read_text(encoding="utf-8")
        source.yields[path] = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple)
        ]
        _read(tree, None, path, source, in_class=False)
        for statement in tree.body:
            if isinstance(statement, ast.Assign):
                for name in {
                    node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)
                }:
                    texts = {v.value for v in _assigned(statement, name) if isinstance(v, ast.Constant)}
                    source.constants.setdefault(name, set()).update(text for text in texts if isinstance(text, str))
    return source


def _read(node: ast.AST, function: Function | None, path: Path, source: Source, *, in_class: bool) -> None:
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in child.decorator_list)
            inside = Function(child, path, bound=in_class and not static)
        if isinstance(child, ast.Call):
            name = child.func.id if isinstance(child.func, ast.Name) else getattr(child.func, "attr", "")
            source.calls.setdefault(name, []).append((child, function, path))
        _read(child, inside, path, source, in_class=isinstance(child, ast.ClassDef))
