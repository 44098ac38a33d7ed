"""``explain`` for people: what is known under one number, told from the message to the claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def tell(found: Mapping[str, Any]) -> str:
    """Plain text, a part a heading; decisions with their arithmetic."""
    return "\n".join(_lines(found))


def _lines(found: Mapping[str, Any]) -> Iterable[str]:
    for heading, value in found.items():
        if value in (None, [], {}, ""):
            continue
        yield heading.replace("_", " ").upper()
        yield from _value(heading, value)
        yield ""


def _value(heading: str, value: Any) -> Iterable[str]:
    if heading == "decisions":
        for decision in value:
            yield from _decision(decision)
    elif heading == "trace":
        yield from (f"  {entry['position']:<14} {entry['field']} = {entry['value']}" for entry in value)
    elif heading == "claims":
        for claim in value:
            yield from _claim(claim)
    elif isinstance(value, Mapping):
        yield from (f"  {name}: {item}" for name, item in value.items() if item not in (None, "", [], {}))
    elif isinstance(value, list):
        for item in value:
            yield from _row(item)
    else:
        yield f"  {value}"


def _claim(claim: Mapping[str, Any]) -> Iterable[str]:
    """A claim with its life below it, a line an event."""
    told = {name: value for name, value in claim.items() if not isinstance(value, list)}
    yield from _row(told)
    for name, value in claim.items():
        if isinstance(value, list) and value:
            yield f"      {name}:"
            for item in value:
                yield from (f"      {line}" for line in _row(item))


def _row(item: Any) -> Iterable[str]:
    if not isinstance(item, Mapping):
        yield f"  {item}"
        return
    parts = [f"{name} {value}" for name, value in item.items() if value not in (None, "", [], {})]
    yield "  - " + "; ".join(parts)


def _decision(decision: Mapping[str, Any]) -> Iterable[str]:
    yield f"  {decision['station']} · {decision['subject']}: {decision['value']}   [{decision['rule']}, {decision['outcome']}]"
    for step in decision.get("working") or ():
        yield f"      {step}"
    for use in decision.get("parameters") or ():
        since = f", in force from {use['in_force_from']}" if use.get("in_force_from") else ""
        yield f"      with {use['name']} = {use['value']}{since}"
    for other in decision.get("otherwise") or ():
        yield f"      otherwise: {other}"
    citation = decision.get("citation")
    if citation:
        since = f" (effective {citation['effective']})" if citation.get("effective") else ""
        yield f"      source: {citation['document']} {citation.get('section', '')}".rstrip() + since
