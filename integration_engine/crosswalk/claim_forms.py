"""What an 837P element says in a form of its own, each with the way to write it and the way to read it back.

Composites, qualifiers that follow from what they qualify, and the segments that are written for each of several records.
Everything else in the table is a path through the records of domain/claim.py, found by claim_fields.py.
Source  005010X222A1 loops 2000B to 2430.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from integration_engine.domain.claim import (
    Attachment,
    Claim,
    ClaimDraft,
    LineAdjudication,
    OtherPayer,
    PayerNumber,
    ProviderNumber,
    Receiver,
    ServiceLine,
)
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.remit import Adjustment

MODIFIERS = 4
_QUALIFIERS = ("0B", "1G", "G2", "LU")
REASONS_A_SEGMENT = 6


class Context(NamedTuple):
    """What a segment may look at while it is written."""

    receiver: Receiver
    claim: Claim | None = None
    draft: ClaimDraft | None = None
    line: ServiceLine | None = None
    other: OtherPayer | None = None
    adjudication: LineAdjudication | None = None
    item: Any = None


Getter = Callable[[Context], Any]
Found = dict[str, Any]  # claim field → what a file said of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Up to six adjustments of one group: one CAS segment."""

    group: str
    triples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A field that an element says in a form of its own.

    Shapes   get: its text, or a tuple of texts where it fills the elements from its own on. put: reads it back from the
             element's text and all elements of the segment (first at 0) into the fields it stands for.
    """

    get: Getter
    put: Callable[[Found, str, list[str]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Each:
    """Records that one segment is written for, each. put: takes one record read back."""

    get: Callable[[Context], Iterable[Any]]
    kind: type
    put: Callable[[Found, Found], None]


def _nothing(_: Found, __: str, ___: list[str]) -> None:
    """What follows from other elements is not read."""


def _to(path: str, make: Callable[[str], Any] = str) -> Callable[[Found, str, list[str]], None]:
    def put(found: Found, text: str, _: list[str]) -> None:
        found[path] = make(text)

    return put


# --- composites ------------------------------------------------------------------------------------------------------


def _procedure(code: str, modifiers: tuple[str, ...], description: str | None = None) -> str:
    if description is None:
        return ":".join(("HC", code, *modifiers))
    return ":".join(("HC", code, *modifiers, *[""] * (MODIFIERS - len(modifiers)), description))


def _put_procedure(root: str) -> Callable[[Found, str, list[str]], None]:
    def put(found: Found, text: str, __: list[str]) -> None:
        _, code, *rest = [*text.split(":"), ""][:8]
        found[f"{root}.code"] = code
        found[f"{root}.modifiers"] = tuple(modifier for modifier in rest[:MODIFIERS] if modifier)
        if len(rest) > MODIFIERS and rest[MODIFIERS]:
            found[f"{root}.description"] = rest[MODIFIERS]

    return put


def _put_place_and_frequency(found: Found, text: str, __: list[str]) -> None:
    place, _, frequency = (*text.split(":"), "", "")[:3]
    found |= {"claim.place_of_service": place, "claim.frequency": frequency}


def _related_causes(context: Context) -> str:
    accident = draft_of(context).accident
    if accident is None or not accident.kind:
        return ""
    return f"{accident.kind}:::{accident.state}" if accident.state else accident.kind


def _put_related_causes(found: Found, text: str, __: list[str]) -> None:
    kind, _, _, state = (*text.split(":"), "", "", "")[:4]
    found["claim.accident.kind"] = kind
    if state:
        found["claim.accident.state"] = state


def _diagnoses(context: Context) -> tuple[str, ...]:
    return tuple(
        f"{'ABF' if index else 'ABK'}:{code.replace('.', '')}" for index, code in enumerate(draft_of(context).diagnoses)
    )


def _put_diagnoses(found: Found, _: str, elements: list[str]) -> None:
    bare = [composite.partition(":")[2] for composite in elements if composite]
    found["claim.diagnoses"] = tuple(
        code if len(code) == 3 else f"{code[:3]}.{code[3:]}"  # noqa: PLR2004 - length of a category
        for code in bare
    )


def _disability(context: Context) -> tuple[str, str, str]:
    """Qualifier, format and dates: 314 for both ends, 360 for the first day alone, 361 for the last."""
    first, last = draft_of(context).disabled_from, draft_of(context).disabled_to
    if first and last:
        return "314", "RD8", f"{first:%Y%m%d}-{last:%Y%m%d}"
    return ("360", "D8", f"{first:%Y%m%d}") if first else ("361", "D8", f"{last:%Y%m%d}" if last else "")


def _put_disability(found: Found, text: str, elements: list[str]) -> None:
    first, _, last = text.partition("-")
    if last:
        found |= {"claim.disabled_from": first, "claim.disabled_to": last}
    else:
        found["claim.disabled_to" if elements[0] == "361" else "claim.disabled_from"] = first


def draft_of(context: Context) -> ClaimDraft:
    """The claim a segment is written for."""
    assert context.draft is not None
    return context.draft


def line_of(context: Context) -> ServiceLine:
    """The service line a segment is written for."""
    assert context.line is not None
    return context.line


def other_of(context: Context) -> OtherPayer:
    """The other payer a segment is written for."""
    assert context.other is not None
    return context.other


def adjudication_of(context: Context) -> LineAdjudication:
    """The line adjudication a segment is written for."""
    assert context.adjudication is not None
    return context.adjudication


def is_subscriber(context: Context) -> bool:
    """The patient is the subscriber."""
    return draft_of(context).subscriber.relationship is Relationship.SELF


def _kind(get: Callable[[Any], Any]) -> Getter:
    """NM108: there is a kind of number only where there is a number."""
    return lambda c: "XX" if (record := get(c)) is not None and record.npi else ""


def _organization(path: str) -> Callable[[Found, str, list[str]], None]:
    return _to(path, lambda text: text == "2")


DERIVED: Mapping[str, Derived] = {
    "claim.number": Derived(get=attrgetter("claim.number"), put=_to("claim.number")),
    "claim.self_relationship": Derived(
        get=lambda c: "18" if is_subscriber(c) else "", put=_to("claim.subscriber.relationship")
    ),
    "claim.group_name": Derived(
        get=lambda c: None if (s := draft_of(c).subscriber).group_number else s.group_name,
        put=_to("claim.subscriber.group_name"),
    ),
    "claim.subscriber_kind": Derived(
        get=lambda c: "2" if draft_of(c).subscriber.organization else "1",
        put=_organization("claim.subscriber.organization"),
    ),
    "claim.place_and_frequency": Derived(
        get=lambda c: f"{(d := draft_of(c)).place_of_service}:B:{d.frequency.value}", put=_put_place_and_frequency
    ),
    "claim.related_causes": Derived(get=_related_causes, put=_put_related_causes),
    "claim.diagnosis_composites": Derived(get=_diagnoses, put=_put_diagnoses),
    "line.screening_mark": Derived(
        get=lambda c: "Y" if line_of(c).screening_referral else "",
        put=_to("line.screening_referral", lambda text: text == "Y"),
    ),
    "claim.facility_npi_kind": Derived(get=_kind(attrgetter("draft.service_facility")), put=_nothing),
    "claim.death_format": Derived(get=lambda c: "D8" if draft_of(c).patient.died_on else "", put=_nothing),
    "claim.weight_unit": Derived(get=lambda c: "01" if draft_of(c).patient.weight else "", put=_nothing),
    "claim.disability_kind": Derived(get=lambda c: _disability(c)[0], put=_nothing),
    "claim.disability_format": Derived(get=lambda c: _disability(c)[1], put=_nothing),
    "claim.disability_dates": Derived(get=lambda c: _disability(c)[2], put=_put_disability),
    "other_payer.group_name": Derived(
        get=lambda c: None if (s := other_of(c).subscriber).group_number else s.group_name,
        put=_to("other_payer.subscriber.group_name"),
    ),
    "other_payer.subscriber_kind": Derived(
        get=lambda c: "2" if other_of(c).subscriber.organization else "1",
        put=_organization("other_payer.subscriber.organization"),
    ),
    "other_payer.adjusted_mark": Derived(
        get=lambda c: "Y" if other_of(c).claim_adjusted else "",
        put=_to("other_payer.claim_adjusted", lambda text: text == "Y"),
    ),
    "other_payer.remark_codes": Derived(
        get=attrgetter("other.remarks"),
        put=lambda found, _, elements: found.update({"other_payer.remarks": tuple(e for e in elements[2:] if e)}),
    ),
    "line.procedure": Derived(
        get=lambda c: _procedure((x := line_of(c)).code, x.modifiers, x.description), put=_put_procedure("line")
    ),
    "line.pointer_composite": Derived(
        get=lambda c: ":".join(map(str, line_of(c).pointers)),
        put=_to("line.pointers", lambda text: tuple(int(part) for part in text.split(":") if part.isdigit())),
    ),
    "line.facility_npi_kind": Derived(get=_kind(attrgetter("line.service_facility")), put=_nothing),
    "adjudication.procedure": Derived(
        get=lambda c: _procedure((a := adjudication_of(c)).code, a.modifiers), put=_put_procedure("adjudication")
    ),
    "item.number_kind": Derived(get=lambda c: "AC" if c.item.number else "", put=_nothing),
    "item.payer_reference": Derived(
        get=lambda c: f"2U:{c.item.payer_id}", put=_to("item.payer_id", lambda text: text.partition(":")[2])
    ),
    "item.reason_triples": Derived(
        get=lambda c: c.item.triples,
        put=lambda found, _, elements: found.update({"item.triples": tuple(elements[1:])}),
    ),
}
# Derived fields whose text holds the component separator on purpose.
COMPOSITE = frozenset(
    {
        "claim.place_and_frequency",
        "claim.related_causes",
        "claim.diagnosis_composites",
        "claim.disability_dates",
        "line.procedure",
        "line.pointer_composite",
        "adjudication.procedure",
        "item.payer_reference",
        "item.reason_triples",
    }
)


# --- segments written for each of several records ---------------------------------------------------------------------


def _reasons(adjustments: tuple[Adjustment, ...]) -> tuple[Reasons, ...]:
    """One segment a group, as its first adjustment comes; a seventh reason goes on in a further segment."""
    most = 3 * REASONS_A_SEGMENT
    groups: dict[str, list[str]] = {}
    for one in adjustments:
        quantity = "" if one.quantity is None else plain_number(one.quantity)
        groups.setdefault(one.group, []).extend((one.reason, plain_number(one.amount), quantity))
    return tuple(
        Reasons(group=group, triples=part)
        for group, triples in groups.items()
        for part in (tuple(triples[at : at + most]) for at in range(0, len(triples), most))
    )


def plain_number(value: Any) -> str:
    """An amount or a quantity as X12 writes it: no zeros that say nothing, no leading zero before the point."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if text not in {"-0", ""} else "0"


def _put_reasons(root: str) -> Callable[[Found, Found], None]:
    def put(found: Found, item: Found) -> None:
        triples = [*item.get("item.triples", ()), "", ""]
        before = found.get(f"{root}.adjustments", ())
        read = tuple(
            {"group": item.get("item.group", ""), "reason": triples[at], "amount": triples[at + 1]}
            | ({"quantity": triples[at + 2]} if triples[at + 2] else {})
            for at in range(0, len(triples) - 2, 3)
            if triples[at]
        )
        found[f"{root}.adjustments"] = (*before, *read)

    return put


def _append(path: str, **more: str) -> Callable[[Found, Found], None]:
    def put(found: Found, item: Found) -> None:
        record = {key.removeprefix("item."): value for key, value in item.items()} | more
        found[path] = (*found.get(path, ()), record)

    return put


def _numbers(*roles: str) -> Each:
    return Each(
        get=lambda c: [number for number in other_of(c).provider_numbers if number.role in roles],
        kind=ProviderNumber,
        put=_append("other_payer.provider_numbers", role=roles[0]),
    )


def _own_numbers(role: str, *qualifiers: str, root: str = "claim") -> Each:
    """Numbers of one provider of the claim or line beside the NPI."""
    of = attrgetter("draft.provider_numbers" if root == "claim" else "line.provider_numbers")
    return Each(
        get=lambda c: (
            [n for n in several if n.role == role and n.qualifier in qualifiers] if (several := of(c)) else ()
        ),
        kind=ProviderNumber,
        put=_append(f"{root}.provider_numbers", role=role),
    )


def _payer_numbers(kind: str) -> Each:
    return Each(
        get=lambda c: (
            [number for number in all_of if number.kind == kind] if (all_of := line_of(c).other_numbers) else ()
        ),
        kind=PayerNumber,
        put=_append("line.other_numbers", kind=kind),
    )


EACH: Mapping[str, Each] = {
    "claim.attachments": Each(get=attrgetter("draft.attachments"), kind=Attachment, put=_append("claim.attachments")),
    "line.attachments": Each(get=attrgetter("line.attachments"), kind=Attachment, put=_append("line.attachments")),
    "claim.billing_numbers": _own_numbers("85", "0B", "1G"),
    "claim.payer_billing_numbers": _own_numbers("85", "G2", "LU"),
    "claim.referring_numbers": _own_numbers("DN", *_QUALIFIERS),
    "claim.primary_care_numbers": _own_numbers("P3", *_QUALIFIERS),
    "claim.rendering_numbers": _own_numbers("82", *_QUALIFIERS),
    "claim.facility_numbers": _own_numbers("77", *_QUALIFIERS),
    "claim.supervising_numbers": _own_numbers("DQ", *_QUALIFIERS),
    "line.rendering_numbers": _own_numbers("82", *_QUALIFIERS, root="line"),
    "line.facility_numbers": _own_numbers("77", *_QUALIFIERS, root="line"),
    "line.supervising_numbers": _own_numbers("DQ", *_QUALIFIERS, root="line"),
    "line.ordering_numbers": _own_numbers("DK", *_QUALIFIERS, root="line"),
    "line.referring_numbers": _own_numbers("DN", *_QUALIFIERS, root="line"),
    "line.other_authorizations": _payer_numbers("G1"),
    "line.other_referrals": _payer_numbers("9F"),
    "other_payer.adjustments": Each(
        get=lambda c: _reasons(other_of(c).adjustments), kind=Reasons, put=_put_reasons("other_payer")
    ),
    "other_payer.referring_numbers": _numbers("DN"),
    "other_payer.rendering_numbers": _numbers("82"),
    "other_payer.facility_numbers": _numbers("77"),
    "other_payer.supervising_numbers": _numbers("DQ"),
    "other_payer.billing_numbers": _numbers("85"),
    "adjudication.adjustments": Each(
        get=lambda c: _reasons(adjudication_of(c).adjustments), kind=Reasons, put=_put_reasons("adjudication")
    ),
}
