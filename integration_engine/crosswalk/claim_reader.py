"""An 837P file back to claims: the table of claim_table.py read backwards. Pure, and tolerant: what it cannot place it names.

A segment belongs to the row of its section and loop that has its name and qualifier; its elements go to the claim fields
that row is written from. What a file never says (our own keys and profile, the charge lines behind a service line) the
caller says in ``Internals``. Source  005010X222A1; X12.md §2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin

from integration_engine.core.codes import Modifier
from integration_engine.core.money import parse_money
from integration_engine.crosswalk.claim_fields import hints_of
from integration_engine.crosswalk.claim_files import SECTIONS
from integration_engine.crosswalk.claim_forms import Found
from integration_engine.crosswalk.claim_segments import Element, SegmentRow
from integration_engine.crosswalk.claim_table import ClaimTable, guide_address
from integration_engine.domain.claim import Claim, ClaimDraft, LineAdjudication, OtherPayer, ServiceLine
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.parties import Discipline
from integration_engine.wire.x12.guides.x222a1 import GUIDE
from integration_engine.wire.x12.reading import Segment, Transaction, read_interchanges

LEVELS = {"20": "billing_provider", "22": "subscriber", "23": "dependent"}
# The segment that opens a section again; SBR opens another payer once a claim has begun.
OPENERS = {"CLM": "claim", "LX": "line", "SVD": "adjudication"}
ENVELOPE = frozenset({"ST", "BHT", "SE"})
MONEY = frozenset({"amount", "charge", "paid", "total_charge", "patient_paid", "non_covered", "remaining"})
COMPONENT = ":"
MOST_ELEMENTS = 30  # no segment of the guide has more


@dataclass(frozen=True, slots=True, kw_only=True)
class Internals:
    """What a file never says.

    Shapes   disciplines: of the discipline modifiers; discipline: where a claim has none of them. profile and receiver:
             of the payer. keys: payer id → our payer key; the id itself where there is none.
    """

    discipline: Discipline
    disciplines: Mapping[Modifier, Discipline] = field(default_factory=dict)
    profile: str = ""
    receiver: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What could not be taken: segment number counted from ST, the claim it lies in, and why; never its content."""

    segment: int
    claim: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadClaims:
    """The claims of a file in its order, each with an id counted from 1, and what could not be read."""

    claims: tuple[Claim, ...]
    unread: tuple[Unread, ...]


def read_claims(data: bytes | str, table: ClaimTable, internals: Internals) -> ReadClaims:
    """The claims an 837P file holds, whoever wrote it.

    Shapes   what the file leaves out stays absent; a claim that lacks something every claim has is told in ``unread``.
    """
    reading = read_interchanges(data.encode("latin-1", "replace") if isinstance(data, str) else data)
    unread = [Unread(segment=0, claim="", why=f"{problem.where}: {problem.why}") for problem in reading.problems]
    claims: list[Claim] = []
    for _, _, transaction in reading.transactions:
        reader = _Reader(table, internals, len(claims))
        reader.read(transaction)
        claims.extend(reader.claims)
        unread.extend(reader.unread)
    return ReadClaims(claims=tuple(claims), unread=tuple(unread))


class _Reader:
    """One transaction set being read; fields gather until the next claim or level closes the one before."""

    def __init__(self, table: ClaimTable, internals: Internals, before: int) -> None:
        self.rows = {section: table.sections[section] for section in SECTIONS}
        self.openers = {section: _openers(rows) for section, rows in self.rows.items()}
        self.seen: dict[tuple[str, str, str, str], tuple[tuple[SegmentRow, frozenset[int]], ...]] = {}
        self.internals = internals
        self.before = before
        self.claims: list[Claim] = []
        self.unread: list[Unread] = []
        self.section = "submitter"
        self.loop = ""
        self.opener = ""
        self.levels: dict[str, Found] = {section: {} for section in ("submitter", *LEVELS.values())}
        self.claim: Found = {}
        self.began = 0
        self.others: list[Found] = []
        self.lines: list[tuple[Found, list[Found]]] = []

    def read(self, transaction: Transaction) -> None:
        for segment in transaction.segments:
            name = segment.name
            if name == "HL":
                self.level(segment)
            elif name not in ENVELOPE:
                self.open(name, segment.number)
                self.take(name, segment)
        self.close()

    def level(self, segment: Segment) -> None:
        self.close()
        section = LEVELS.get(segment.element(3))
        if section is None:
            self.wrong(segment.number, "a hierarchical level is a billing provider, a subscriber or a patient")
            return
        order = list(LEVELS.values())
        for below in order[order.index(section) :]:
            self.levels[below] = {}
        self.section, self.loop = section, ""

    def open(self, name: str, number: int) -> None:
        """Begin a claim, another payer of it, a line of it, or a decision about that line."""
        section = OPENERS.get(name, "")
        if name == "SBR" and self.claim:
            section = "other_payer"
        if section == "claim":
            self.close()
            self.claim, self.began = {"claim.number": ""}, number
        elif not section or not self.claim:
            return
        elif section == "other_payer":
            self.others.append({})
        elif section == "line":
            self.lines.append(({}, []))
        elif self.lines:
            self.lines[-1][1].append({})
        self.section, self.loop = section, ""

    @property
    def found(self) -> Found:
        """Where the fields of the section go."""
        if self.section == "claim":
            return self.claim
        if self.section == "other_payer":
            return self.others[-1]
        if self.section == "line":
            return self.lines[-1][0]
        if self.section == "adjudication":
            return self.lines[-1][1][-1]
        return self.levels[self.section]

    def take(self, name: str, segment: Segment) -> None:
        elements = list(segment.elements)
        if segment.separators.component != COMPONENT:
            elements = [text.replace(segment.separators.component, COMPONENT) for text in elements]
        placed = self.place(name, elements)
        if placed is None:
            self.wrong(segment.number, f"837p.yaml has no {name} here")
            return
        row, left_over = placed
        self.loop, self.opener = row.loop, self.openers[self.section][row.position]
        if left_over:
            self.wrong(segment.number, f"837p.yaml takes no {row.position}-{left_over:02d}")
        for element in row.elements[1:]:
            stated = elements[element.number - 1] if element.number <= len(elements) else ""
            if element.constant and stated and stated != element.constant:
                self.wrong(segment.number, f"{element.position} is not {element.constant}")
        if row.each is None:
            _put(self.found, row, elements)
        else:
            item: Found = {}
            _put(item, row, elements)
            row.each.put(self.found, item)

    def place(self, name: str, elements: list[str]) -> tuple[SegmentRow, int] | None:
        """The row of this segment, one that takes all of it first, and the number of the element it has no place for."""
        first = None
        for row, taken in self.fitting(name, elements[0].partition(COMPONENT)[0].strip() if elements else ""):
            left_over = _left_over(taken, elements)
            if not left_over:
                return row, 0
            first = first or (row, left_over)
        return first

    def fitting(self, name: str, code: str) -> tuple[tuple[SegmentRow, frozenset[int]], ...]:
        """The rows a segment may belong to, in the loop that is open, else those that open a loop; with what they take."""
        openers = self.openers[self.section]
        key = (self.section, self.opener if self.loop else "", name, code)
        found = self.seen.get(key)
        if found is None:
            named = [row for row in self.rows[self.section] if row.name == name and _qualifies(row, code)]
            inside = [row for row in named if self.loop and openers[row.position] == self.opener]
            fitting = inside or [row for row in named if openers[row.position] == row.position]
            found = self.seen[key] = tuple((row, _taken(row.elements)) for row in fitting)
        return found

    def wrong(self, segment: int, why: str) -> None:
        self.unread.append(Unread(segment=segment, claim=self.claim.get("claim.number", ""), why=why))

    def close(self) -> None:
        """The claim that has been read, if one has begun."""
        if not self.claim:
            return
        found: Found = {}
        for part in (*(self.levels[level] for level in LEVELS.values()), self.claim):
            for path, value in part.items():
                # provider numbers gather from several levels
                found[path] = (*found.get(path, ()), *value) if isinstance(value, tuple) else value
        number = found.pop("claim.number")
        try:
            draft = self._draft(found)
        except ValueError as error:
            self.wrong(self.began, f"the claim is not whole: {error}")
        else:
            self.claims.append(Claim(id=self.before + len(self.claims) + 1, number=number, draft=draft))
        self.claim, self.others, self.lines = {}, [], []

    def _draft(self, found: Found) -> ClaimDraft:
        lines = tuple(self._line(line, decisions) for line, decisions in self.lines)
        if not lines:
            msg = "it has no service line"
            raise ValueError(msg)
        tree = _tree(found, "claim")
        own = {"profile": self.internals.profile, "receiver": self.internals.receiver}
        payer_id = tree.get("payer", {}).get("payer_id", "")
        tree["payer"] = {**tree.get("payer", {}), **own, "key": self.internals.keys.get(payer_id, payer_id)}
        _patient_is_subscriber(tree)
        _keyed(tree, "billing_provider", "service_facility")
        return _record(  # type: ignore[no-any-return]
            ClaimDraft,
            tree
            | {
                "discipline": self._discipline(lines),
                "date_of_service": f"{lines[0].date_of_service:%Y%m%d}",
                "part": 1,
                "lines": lines,
                "other_payers": [self._other_payer(other) for other in self.others],
            },
        )

    def _line(self, found: Found, decisions: list[Found]) -> ServiceLine:
        tree = _tree(found, "line")
        _keyed(tree, "service_facility")
        tree["adjudications"] = [_record(LineAdjudication, _tree(one, "adjudication")) for one in decisions]
        return _record(ServiceLine, tree)  # type: ignore[no-any-return]

    def _other_payer(self, found: Found) -> OtherPayer:
        tree = _tree(found, "other_payer")
        payer = tree.get("payer", {})
        payer_id = payer.get("payer_id", "")
        tree["payer"] = {**payer, "profile": "", "receiver": "", "key": self.internals.keys.get(payer_id, payer_id)}
        return _record(OtherPayer, tree)  # type: ignore[no-any-return]

    def _discipline(self, lines: tuple[ServiceLine, ...]) -> Discipline:
        known = self.internals.disciplines
        return next((known[m] for line in lines for m in line.modifiers if m in known), self.internals.discipline)


def _keyed(tree: dict[str, Any], *places: str) -> None:
    """Organizations of a file are known by their NPI."""
    for place in places:
        if place in tree:
            tree[place]["key"] = tree[place].get("npi", "")


def _patient_is_subscriber(tree: dict[str, Any]) -> None:
    """Of a subscriber who is the patient the file gives name, birth date, sex and address once."""
    subscriber = tree.get("subscriber", {})
    if subscriber.get("relationship") == Relationship.SELF.value:
        shared = {key: subscriber[key] for key in ("name", "birth_date", "sex", "address") if key in subscriber}
        tree["patient"] = {**tree.get("patient", {}), **shared}


def _openers(rows: tuple[SegmentRow, ...]) -> Mapping[str, str]:
    """Row → the row that opens its loop: the nearest NM1 before it, or the first of its loop."""
    found: dict[str, str] = {}
    latest: dict[str, str] = {}
    for row in rows:
        if row.loop not in latest or row.name == "NM1":
            latest[row.loop] = row.position
        found[row.position] = latest[row.loop]
    return found


# --- rows -------------------------------------------------------------------------------------------------------------


def _qualifies(row: SegmentRow, code: str) -> bool:
    codes = _qualifiers(row.position, row.template[1] if len(row.template) > 1 else "")
    return not codes or code in codes


@cache
def _qualifiers(position: str, constant: str) -> tuple[str, ...]:
    """The codes that tell a segment from its namesakes; () when nothing does."""
    if constant:
        return (constant,)
    return tuple(code for row in GUIDE.at(guide_address(position)) for code in row.qualifiers)


def _left_over(taken: frozenset[int], elements: list[str]) -> int:
    """The first element that says something and that a row has no place for; 0 when there is none."""
    for number, text in enumerate(elements, start=1):
        if text and number not in taken and text.strip():
            return number
    return 0


def _taken(elements: tuple[Element, ...]) -> frozenset[int]:
    """The numbers of the elements a row has a place for; one that is spread takes all behind it."""
    numbers = {element.number for element in elements}
    spread = min((element.number for element in elements if element.written_as == "spread"), default=MOST_ELEMENTS + 1)
    return frozenset(numbers | set(range(spread, MOST_ELEMENTS + 1)))


def _put(found: Found, row: SegmentRow, elements: list[str]) -> None:
    for element in row.elements:
        text = elements[element.number - 1].strip() if element.number <= len(elements) else ""
        if not text or not element.source:
            continue
        if element.derived is not None:
            element.derived.put(found, text, elements)
        else:
            found[element.source] = text


# --- records ----------------------------------------------------------------------------------------------------------


def _tree(found: Found, root: str) -> dict[str, Any]:
    """Paths below a root as nested mappings: ``claim.payer.name`` → ``{"payer": {"name": …}}``."""
    tree: dict[str, Any] = {}
    for path, value in found.items():
        first, *steps = path.split(".")
        if first != root:
            continue
        inner = tree
        for step in steps[:-1]:
            inner = inner.setdefault(step, {})
        inner[steps[-1]] = value
    return tree


def _record(kind: type, tree: Mapping[str, Any]) -> Any:
    """A record from nested mappings of texts; ValueError names what is missing or is not what it should be."""
    makers, needed = _makers(kind)
    values = {name: _made(kind, name, makers[name], value) for name, value in tree.items()}
    for name in needed:
        if name not in values:
            raise _Incomplete(f"{kind.__name__} without {name}")
    return kind(**values)


class _Incomplete(ValueError):
    """A record lacks something every one of its kind has."""


def _made(kind: type, name: str, make: Callable[[Any], Any], value: Any) -> Any:
    try:
        return make(value)
    except _Incomplete:
        raise
    except (ArithmeticError, ValueError):
        # the text may hold what was read, which stays out of messages
        raise ValueError(f"{kind.__name__}.{name} is not what it should be") from None


@cache
def _makers(kind: type) -> tuple[Mapping[str, Callable[[Any], Any]], tuple[str, ...]]:
    """How each field of a record is made from text, and the fields that may not be absent."""
    hints = hints_of(kind)
    makers = {name: _maker(hint, name) for name, (hint, _) in hints.items()}
    needed = [item.name for item in fields(kind) if item.default is MISSING and item.default_factory is MISSING]
    return makers, tuple(needed)


def _maker(hint: Any, name: str) -> Callable[[Any], Any]:
    if get_origin(hint) is tuple:
        one = _maker(get_args(hint)[0], name)
        return lambda values: tuple(map(one, values))
    if is_dataclass(hint):
        return lambda value: _record(hint, value) if isinstance(value, Mapping) else value  # type: ignore[arg-type]
    if hint is Decimal:
        return parse_money if name in MONEY else Decimal
    if hint is date:
        return lambda text: date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    if hint is int:
        return int
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return lambda value: value
