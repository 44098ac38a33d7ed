"""Sources in doubt in the files that other packages compile: the claim file's edits, answers, and how claims are written.

A citation is a mapping with a `document`, wherever it stands. What is told of one is what rule_files tells of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]
FOLDERS = ("responses/", "claims/")
FILES = frozenset({"edits/claim_file.yaml", "codes/claim_file.yaml"})
NAMES = ("id", "code", "name")  # what an entry is called in its file, the first it has


def is_reviewed(name: str) -> bool:
    """Whether a file of mappings/ is looked through here."""
    return name.endswith(".yaml") and (name in FILES or name.startswith(FOLDERS))


def citations(value: Any, path: Path = (), label: str = "") -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """Every citation below a value: its place, what it is the source of, and itself."""
    if isinstance(value, Mapping):
        label = next((str(value[name]) for name in NAMES if isinstance(value.get(name), str)), label)
        if isinstance(value.get("document"), str):
            yield path, label or ".".join(step for step in path[:-1] if isinstance(step, str)), value
            return
        for key, inner in value.items():
            yield from citations(inner, (*path, key), label)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from citations(inner, (*path, index), label)
