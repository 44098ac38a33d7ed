"""What goes with a claim because the EMR says so: documents, a note, why it is late, a contract, dates of a stay.

Nothing here is worked out; what is stated for the visit goes to the claim, and a document that is not said whole is told.
Authority: X222A1 2300 CLM10, CLM12, CLM20, DTP*304, DTP*435, DTP*096, PWK, CN1, REF*4N, NTE; 2400 PWK.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from integration_engine.core.findings import Finding, Queue
from integration_engine.domain.claim import Attachment, ClaimDraft, Contract
from integration_engine.domain.encounter import ClaimSupplement, Enclosure, Encounter
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import TreatmentDay
from integration_engine.rules.claims.parties import missing

ON_REQUEST = "AA"  # kept at the provider's, so it may have no number
MOST = 10


def supplemented(draft: ClaimDraft, day: TreatmentDay) -> ClaimDraft:
    """The draft with what the day's visits state for their claim; of what several state differently, the first counts."""
    of_claim = tuple(_attachment(one) for one in _enclosed(day) if one.line_id is None)
    if of_claim:
        draft = replace(draft, attachments=tuple(dict.fromkeys(of_claim)))
    stated = [e.supplement for e in day.encounters if e.supplement is not None]
    return _with(draft, stated) if stated else draft


def _with(draft: ClaimDraft, stated: Sequence[ClaimSupplement]) -> ClaimDraft:
    def first(field: str) -> str | None:
        return next((value for one in stated if (value := getattr(one, field)) is not None), None)

    noted = next((one for one in stated if one.note), None)
    agreed = next((one for one in stated if one.contract_kind), None)
    return replace(
        draft,
        note=noted.note if noted else None,
        note_kind=(noted.note_kind if noted else None) or draft.note_kind,
        delay_reason=first("delay_reason"),
        special_program=first("special_program"),
        authorization_exception=first("authorization_exception"),
        signature_source=first("signature_source"),
        last_seen_on=next((one.last_seen_on for one in stated if one.last_seen_on), None),
        admitted_on=next((one.admitted_on for one in stated if one.admitted_on), None),
        discharged_on=next((one.discharged_on for one in stated if one.discharged_on), None),
        contract=_contract(agreed) if agreed else None,
    )


def _contract(stated: ClaimSupplement) -> Contract:
    return Contract(kind=stated.contract_kind or "", amount=stated.contract_amount, code=stated.contract_code)


def line_attachments(encounter: Encounter, group: Sequence[Treatment]) -> tuple[Attachment, ...]:
    """The documents of the charge lines that one service line bills."""
    ids = {treatment.line_id for treatment in group if treatment.line_id}
    return tuple(dict.fromkeys(_attachment(one) for one in encounter.enclosures if one.line_id in ids))


def enclosed_problems(day: TreatmentDay) -> Iterator[Finding]:
    """Documents that are not said whole, that belong to no line of their visit, or that are too many."""
    for encounter in day.encounters:
        lines = {treatment.line_id for treatment in encounter.treatments}
        for place, one in enumerate(encounter.enclosures):
            subject = f"encounter.enclosures[{place}]"
            if not one.report or not one.transmission:
                yield _wrong(
                    "attachment_incomplete",
                    "A document goes with the claim, and what it is or how it is sent is not stated.",
                    "State the kind of document and the way it is sent (ZAT-2 and ZAT-3).",
                    subject,
                )
            elif not one.number and one.transmission != ON_REQUEST:
                yield _wrong(
                    "attachment_number",
                    "A document is sent apart from the claim, and the payer could not tell which claim it belongs to.",
                    "State the number the document bears (ZAT-4), or that it is available on request (AA in ZAT-3).",
                    subject,
                )
            if one.line_id is not None and one.line_id not in lines:
                yield _wrong(
                    "attachment_line",
                    "A document names a charge line that the visit does not have.",
                    "Correct the line in ZAT-5, or leave it empty for the whole claim.",
                    subject,
                )
    if sum(one.line_id is None for one in _enclosed(day)) > MOST:
        yield _wrong(
            "too_many_attachments",
            f"More than {MOST} documents go with the claim.",
            "Put documents together; a claim announces ten at most.",
            "encounter.enclosures",
        )


def _wrong(what: str, text: str, fix: str, subject: str) -> Finding:
    return missing(what, text, fix, "front desk", Queue.EDITS, subject)


def _enclosed(day: TreatmentDay) -> Iterator[Enclosure]:
    return (one for encounter in day.encounters for one in encounter.enclosures)


def _attachment(stated: Enclosure) -> Attachment:
    return Attachment(report=stated.report or "", transmission=stated.transmission or "", number=stated.number)
