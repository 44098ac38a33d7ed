"""YAML text to checked records, every problem with its file, line and column.

Strict YAML: duplicate keys are refused and only null, true/false and whole numbers are resolved, so that payer ids,
procedure codes, dates and amounts stay the text an admin typed (``NO`` is a state, ``0123`` a code).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from integration_engine.core.errors import MappingError, MappingProblem

Model = TypeVar("Model", bound=BaseModel)


class _StrictLoader(yaml.CSafeLoader):
    """PyYAML's safe loader with the 1.2 core scalars that cannot surprise anyone."""


_StrictLoader.yaml_implicit_resolvers = {}
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))


class Document:
    """One YAML file: its plain values, and the line and column of each of them.

    Shapes   path: a tuple of keys and indexes, as pydantic's ``loc`` gives them.
    """

    __slots__ = ("_node", "file", "value")

    def __init__(self, file: str, value: Any, node: yaml.Node | None) -> None:
        self.file = file
        self.value = value
        self._node = node

    def place(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """One-based line and column of the deepest part of ``path`` that exists."""
        node = self._node
        line, column = (node.start_mark.line, node.start_mark.column) if node else (0, 0)
        for step in path:
            child = _child(node, step)
            if child is None:
                if isinstance(node, yaml.SequenceNode) and isinstance(step, str):
                    continue  # which form of a list is meant, not a place in it
                break
            node = child
            line, column = node.start_mark.line, node.start_mark.column
        return line + 1, column + 1

    def problem(self, path: tuple[str | int, ...], text: str) -> MappingProblem:
        """A problem at ``path``, ready to be raised in a ``MappingError``."""
        line, column = self.place(path)
        return MappingProblem(
            file=self.file, line=line, column=column, where=".".join(str(step) for step in path) or "file", text=text
        )

    def check(self, model: type[Model]) -> Model:
        """The document as ``model``; every problem at once in one ``MappingError``."""
        try:
            return model.model_validate(self.value)
        except ValidationError as error:
            problems = tuple(self.problem(tuple(item["loc"]), item["msg"]) for item in error.errors())
            raise MappingError(problems) from None


def read_document(file: str, text: str) -> Document:
    """Parse one YAML text; ``file`` is the name that errors will show.

    Raises   MappingError for bad YAML and for duplicate keys.
    """
    loader = _StrictLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(file, None, None)
        _refuse_duplicates(file, node)
        return Document(file, loader.construct_document(node), node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = MappingProblem(
            file=file,
            line=mark.line + 1 if mark else 1,
            column=mark.column + 1 if mark else 1,
            where="yaml",
            text=error.problem or "cannot be read",
        )
        raise MappingError((problem,)) from None
    finally:
        loader.dispose()


class FileReading:
    """One reading of several YAML files: collects problems with their places instead of stopping at the first."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.problems: list[MappingProblem] = []
        self.documents: dict[str, Document] = {}

    def one(self, name: str, model: type[Model]) -> Model | None:
        """One file as its model, or None with its problems noted."""
        text = self.files.get(name)
        if text is None:
            self.problems.append(MappingProblem(file=name, line=1, column=1, where="file", text="this file is missing"))
            return None
        try:
            document = read_document(name, text)
            self.documents[name] = document
            return document.check(model)
        except MappingError as error:
            self.problems.extend(error.problems)
            return None

    def wrong(self, name: str, path: tuple[str | int, ...], text: str) -> None:
        """Note a problem at a place of a file that was read."""
        self.problems.append(self.documents[name].problem(path, text))


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    found: yaml.Node | None = None
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                found = value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found = node.value[step]
    return found


def _refuse_duplicates(file: str, node: yaml.Node) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise MappingError((_duplicate(file, key),))
            seen.add(key.value)
            _refuse_duplicates(file, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(file, item)


def _duplicate(file: str, key: yaml.Node) -> MappingProblem:
    return MappingProblem(
        file=file,
        line=key.start_mark.line + 1,
        column=key.start_mark.column + 1,
        where=str(key.value),
        text="this key stands here twice; keep one",
    )
