"""``explain`` and ``queue show`` for people: what stands, why and what to do first; then the working; numbers last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

ORDER = ("line", "holds", "claims", "findings", "decisions", "charges", "message", "messages", "trace")
VERSION_SHOWN = 12  # characters that tell two versions of the mapping files apart; --json has all of them
EMPTY: tuple[Any, ...] = (None, "", [], {})


def tell(found: Mapping[str, Any]) -> str:
    """Plain text, a part a heading; decisions with their arithmetic."""
    days = found.get("treatment_days") or [found]
    trace = {"trace": found["trace"]} if found.get("trace") and "treatment_days" in found else {}
    return "\n".join(line for part in (*days, trace) for line in _part(part))


def tell_hold(hold: Mapping[str, Any]) -> str:
    """A hold: the reason, the next step and who has it; then its place, its history and its numbers."""
    first = [
        hold["text"],
        f"  next step: {hold['fix']}",
        f"  where: {hold['screen']}" if hold.get("screen") else "",
        f"  why: {hold['why']}" if hold.get("why") else "",
        f"  {hold['state']} in {hold['queue']}, with {hold.get('assigned_to') or hold['owner']}, due {hold['due_on']}",
    ]
    told = {"text", "fix", "screen", "why", "state", "queue", "owner", "assigned_to", "due_on", "history"}
    rest = [f"  {name.replace('_', ' ')}: {value}" for name, value in hold.items() if name not in told | {"id"}]
    rest = [line for line in rest if not line.endswith((": ", ": None"))]
    history = [f"  {e['created_at']} {e['who']}: {e['what']} {e['reason']}".rstrip() for e in hold.get("history") or ()]
    return "\n".join([*filter(None, first), "", f"HOLD {hold['id']}", *rest, *history])


def _part(found: Mapping[str, Any]) -> Iterable[str]:
    day = found.get("treatment_day")
    if day:
        yield f"{' '.join(day['visits'])} on {day['date_of_service']}, {day['discipline']}, {day['payer']}: {day['state'].upper()}"
        yield from (f"  {line}" for hold in found.get("holds") or () if hold["state"] == "open" for line in _why(hold))
        yield ""
    for heading in (*ORDER, *(name for name in found if name not in ORDER and name != "treatment_day")):
        value = found.get(heading)
        if value in EMPTY:
            continue
        yield heading.replace("_", " ").upper()
        yield from _value(heading, value)
        yield ""
    if day:
        version = (day.get("mappings_version") or "none")[:VERSION_SHOWN]
        yield f"Treatment day {day['id']}, decided under mappings {version}"
        yield ""


def _why(hold: Mapping[str, Any]) -> Iterable[str]:
    yield f"{hold['text']}"
    yield f"  next step: {hold['fix']}"


def _value(heading: str, value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        yield from (f"  {name}: {_plain(item)}" for name, item in value.items() if item not in EMPTY)
    elif isinstance(value, list):
        for item in value:
            yield from TOLD.get(heading, _row)(item)
    else:
        yield f"  {value}"


def _field(entry: Mapping[str, Any]) -> Iterable[str]:
    yield f"  {entry['position']:<14} {entry['field']} = {entry['value']}"


def _hold(hold: Mapping[str, Any]) -> Iterable[str]:
    who = hold.get("assigned_to") or hold["owner"]
    yield f"  - {hold['queue']}, {hold['state']}, with {who}, due {hold['due_on']}: {hold['text']}"
    yield f"      next step: {hold['fix']}"
    if hold.get("reason") or hold.get("closed_by"):
        yield f"      {hold.get('closed_by') or 'the engine'}: {hold.get('reason') or 'closed'}"
    yield f"      hold {hold['id']}, {hold['finding']}"


def _claim(claim: Mapping[str, Any]) -> Iterable[str]:
    """A claim with its life below it, a line an event."""
    yield f"  {claim['number'] or 'not numbered yet'}: {claim['standing'] or claim['state']}, {claim['charge']} to {claim['payer']}"
    told = {"number", "charge", "payer", "standing"}
    yield from (
        f"      {name.replace('_', ' ')}: {value}"
        for name, value in claim.items()
        if name not in told and not isinstance(value, list) and value not in EMPTY
    )
    for name, value in claim.items():
        if isinstance(value, list) and value:
            yield f"      {name}:"
            for item in value:
                yield from (f"      {line}" for line in TOLD.get(name, _row)(item))


def _row(item: Any) -> Iterable[str]:
    if not isinstance(item, Mapping):
        yield f"  {item}"
        return
    parts = [f"{name} {_plain(value)}" for name, value in item.items() if value not in EMPTY]
    yield "  - " + "; ".join(parts)


def _event(event: Mapping[str, Any]) -> Iterable[str]:
    """What became of a claim on a day, who said so in which words and file."""
    told = f"{event['on']} {event['what'].replace('_', ' ')}"
    told += f" ({event['code']})" if event.get("code") else ""
    told += f": {event['text']}" if event.get("text") else ""
    yield f"  - {told}" + (f" [{event['file']}]" if event.get("file") else "")


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


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


TOLD: Mapping[str, Callable[[Any], Iterable[str]]] = {
    "decisions": _decision,
    "trace": _field,
    "claims": _claim,
    "events": _event,
    "holds": _hold,
}
