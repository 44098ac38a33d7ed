"""One segment of the 837P table, compiled: what it looks at, and its text for one claim, line or other payer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integration_engine.core.errors import OutboundError
from integration_engine.crosswalk.claim_formats import Form
from integration_engine.crosswalk.claim_forms import Context, Derived, Each, Getter
from integration_engine.wire.x12.segments import ELEMENT

# What is cut to the guide's length; anything else that is too long is refused.
CUT = frozenset({"text", "street"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element: its position, how its value is found and formatted.

    Shapes   position: ``2300/CLM-02``. source: the claim field, empty for a constant. kind: the type of its value.
    """

    number: int
    position: str
    source: str
    get: Getter | None
    form: Form
    kind: Any
    derived: Derived | None
    constant: str
    written_as: str
    most: int | None
    optional: bool

    def refused(self, why: str, context: Context) -> OutboundError:
        """Why this element cannot be written, with the claim it lies in."""
        claim = f"claim {context.claim.number}" if context.claim else "header"
        return OutboundError(f"{claim}: {why}", position=self.position)

    def fitted(self, text: str, context: Context) -> str:
        """Names and streets are cut to the guide's length; a number that is too long is refused."""
        if self.written_as in CUT and self.source != "claim.number":
            return text[: self.most].rstrip()
        raise self.refused(f"longer than {self.most} characters", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """One segment of the table, compiled.

    Shapes   each: the records it is written for, one segment each; repeats: their name. template: the segment's name and its constants.
             taken: place in the template, and the element, of each value that is looked up.
    """

    name: str
    loop: str
    position: str
    when: Getter | None
    each: Each | None
    repeats: str
    elements: tuple[Element, ...]
    template: tuple[str, ...]
    taken: tuple[tuple[int, Getter, Form, Element], ...]

    def write(self, context: Context) -> str:
        """The segment without its terminator; empty elements at the end are left out.

        Raises   OutboundError with the position of what is missing, too long or not to be written.
        """
        parts = list(self.template)
        for number, get, form, element in self.taken:
            value = get(context)
            if value is None or value == "":
                if element.optional:
                    continue
                raise element.refused(f"a required element is empty ({element.source})", context)
            if element.written_as == "spread":
                parts[number:] = value
                continue
            try:
                text = form(value)
            except ValueError as error:
                raise element.refused(str(error), context) from None
            if not text and not element.optional:
                raise element.refused(f"a required element is empty ({element.source})", context)
            if element.most is not None and len(text) > element.most:
                text = element.fitted(text, context)
            parts[number] = text
        return ELEMENT.join(parts).rstrip(ELEMENT)


def segment_row(
    name: str, position: str, when: Getter | None, each: Each | None, repeats: str, elements: tuple[Element, ...]
) -> SegmentRow:
    """A compiled segment from its elements, in the order of their numbers."""
    template = [name, *[""] * max((element.number for element in elements), default=0)]
    for element in elements:
        template[element.number] = element.constant
    return SegmentRow(
        name=name,
        loop=position.partition("/")[0],
        position=position,
        when=when,
        each=each,
        repeats=repeats,
        elements=elements,
        template=tuple(template),
        taken=tuple((e.number, e.get, e.form, e) for e in elements if e.get is not None),
    )
