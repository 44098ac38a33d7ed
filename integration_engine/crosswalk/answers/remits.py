"""835 into records: one payment, its claims, their lines and adjustments, amounts as the payer states them.

    ST 835 · BPR payment · TRN trace · DTM*405
    1000A N1*PR payer · 1000B N1*PE payee
    2000 LX                               (repeats)
      2100 CLP claim ─ CAS, NM1, MIA, MOA, REF, DTM, AMT        (repeats)
        2110 SVC line ─ DTM, CAS, REF*6R, AMT*B6, LQ*HE         (repeats)
    PLB provider adjustments · SE

A claim, line or adjustment whose amount cannot be read is left out and named; the remit is then not complete.
Source  005010X221A1; X12.md §3.3.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from integration_engine.crosswalk.answers.values import AnswerTolerance, Notes, given, number_given, person_name
from integration_engine.domain.remit import Adjustment, ProviderAdjustment, Remit, RemitClaim, RemitLine
from integration_engine.wire.x12.reading import Group, Segment, Transaction

_TRIPLES = range(2, 20, 3)  # CAS02, 05, … 17
_PAIRS = range(3, 14, 2)  # PLB03, 05, … 13
_PAYER_REFERENCES = ("2U", "NF", "EO", "HI")  # further identifiers of the payer, X221A1 1000A REF
_REMARKS = {"MOA": range(3, 8), "MIA": (5, *range(20, 24))}


def read_remit(transaction: Transaction, notes: Notes, group: Group) -> Remit | None:
    """One 835; None when it has no payment that can be read, which is noted.

    Shapes   group: the one it lies in, whose date it was produced on unless it names another (DTM*405).
    """
    reading = _Reading(notes)
    for segment in transaction.segments:
        reading.take(segment)
    if reading.produced_on is None and group.gs is not None:
        reading.produced_on = notes.day(group.gs, 4, "835")
    notes.ends(transaction)
    return reading.finished(transaction)


class _Line:
    """One 2110 while it is read."""

    def __init__(self, number: int, position: int) -> None:
        self.facts: dict[str, Any] = {"number": number, "position": position}
        self.adjustments: list[Adjustment] = []
        self.remarks: list[str] = []

    def finished(self) -> RemitLine:
        return RemitLine(**self.facts, adjustments=tuple(self.adjustments), remarks=tuple(self.remarks))


class _Claim:
    """One 2100 while it is read; readable is False when its own amounts are not."""

    def __init__(self, position: int) -> None:
        self.facts: dict[str, Any] = {"position": position}
        self.readable = True
        self.adjustments: list[Adjustment] = []
        self.remarks: list[str] = []
        self.lines: list[RemitLine] = []
        self.line: _Line | None = None
        self.line_count = 0
        self.in_line = False

    def close_line(self) -> None:
        if self.line is not None:
            self.lines.append(self.line.finished())
        self.line, self.in_line = None, False

    def finished(self) -> RemitClaim:
        return RemitClaim(
            **self.facts,
            adjustments=tuple(self.adjustments),
            remarks=tuple(self.remarks),
            lines=tuple(self.lines),
        )


class _Reading:
    """One 835 while it is read."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.bpr: Segment | None = None
        self.paid: Decimal | None = None
        self.paid_on: date | None = None
        self.produced_on: date | None = None
        self.trace = ""
        self.trace_payer: str | None = None
        self.party = ""
        self.names: dict[str, str | None] = {}
        self.ids: dict[str, str | None] = {}
        self.payer_references: dict[str, str] = {}
        self.claims: list[RemitClaim] = []
        self.claim: _Claim | None = None
        self.provider_adjustments: list[ProviderAdjustment] = []

    # --- where a segment belongs --------------------------------------------------------------------------------------

    def take(self, segment: Segment) -> None:
        name = segment.name
        if name == "CLP":
            self._close_claim()
            self._open_claim(segment)
        elif name in {"LX", "SE", "PLB"}:
            self._close_claim()
            if name == "PLB":
                self._provider_adjustment(segment)
        elif self.claim is None:
            self._header(name, segment)
        elif name == "SVC":
            self._open_line(segment, self.claim)
        elif self.claim.in_line:
            self._of_line(name, segment, self.claim.line)
        else:
            self._of_claim(name, segment, self.claim)

    def _header(self, name: str, segment: Segment) -> None:
        notes = self.notes
        match name:
            case "BPR":
                self.bpr = segment
                self.paid = notes.amount(segment, 2, "835", required=True)
                self.paid_on = notes.day(segment, 16, "835")
            case "TRN":
                self.trace = number_given(segment.element(2))
                self.trace_payer = given(segment.element(3))
            case "DTM" if segment.element(1) == "405":
                self.produced_on = notes.day(segment, 2, "835")
            case "N1":
                self.party = segment.element(1).upper()
                self.names[self.party] = given(segment.element(2))
                self.ids[self.party] = given(segment.element(4))
            case "REF" if self.party == "PR" and segment.element(2):
                self.payer_references.setdefault(segment.element(1).upper(), segment.element(2))
            case "CAS" | "SVC":
                notes.problem("missing", segment, f"2100/{name}", "This belongs to no claim: its CLP is missing.")

    # --- 2100 ---------------------------------------------------------------------------------------------------------

    def _open_claim(self, segment: Segment) -> None:
        notes, claim = self.notes, _Claim(segment.number)
        charge = notes.amount(segment, 3, "2100", required=True)
        paid = notes.amount(segment, 4, "2100", required=True)
        status = segment.element(2).upper()
        if not status:
            notes.problem("missing", segment, "2100/CLP-02", "The claim has no status.")
        claim.readable = charge is not None and paid is not None and bool(status)
        if segment.element(1) and not number_given(segment.element(1)):
            notes.tolerate(AnswerTolerance.CLAIM_NUMBER_OF_ZEROS)
        claim.facts |= {
            "number": number_given(segment.element(1)),
            "status": status,
            "charge": charge,
            "paid": paid,
            "patient_responsibility": notes.amount(segment, 5, "2100"),
            "claim_filing": given(segment.element(6)),
            "payer_control_number": given(segment.element(7)),
            "place_of_service": given(segment.element(8)),
            "frequency": given(segment.element(9)),
        }
        self.claim = claim

    def _of_claim(self, name: str, segment: Segment, claim: _Claim) -> None:
        notes, facts, qualifier = self.notes, claim.facts, segment.element(1).upper()
        match name, qualifier:
            case "CAS", _:
                claim.adjustments.extend(self._adjustments(segment, "2100"))
            case "NM1", _:
                self._party_of_claim(qualifier, segment, facts)
            case "MOA" | "MIA", _:
                claim.remarks.extend(code for n in _REMARKS[name] if (code := segment.element(n).upper()))
            case "REF", "F8":
                facts["original_reference"] = given(segment.element(2))
            case "DTM", "232" | "472" | "150":
                facts["date_of_service"] = notes.day(segment, 2, "2100")
            case "DTM", "050":
                facts["received_on"] = notes.day(segment, 2, "2100")
            case "AMT", "AU" | "I":
                facts["allowed" if qualifier == "AU" else "interest"] = notes.amount(segment, 2, "2100")

    @staticmethod
    def _party_of_claim(qualifier: str, segment: Segment, facts: dict[str, Any]) -> None:
        match qualifier:
            case "QC":
                facts["patient_name"] = person_name(segment)
                facts.setdefault("member_id", given(segment.element(9)))
            case "IL":
                facts["member_id"] = given(segment.element(9)) or facts.get("member_id")
            case "74":
                facts["corrected_member_id"] = given(segment.element(9))
            case "82" if segment.element(8).upper() == "XX":
                facts["rendering_npi"] = given(segment.element(9))
            case "TT":
                facts["crossover_payer"] = given(segment.element(3)) or given(segment.element(9))

    def _close_claim(self) -> None:
        if self.claim is not None:
            self.claim.close_line()
            if self.claim.readable:
                self.claims.append(self.claim.finished())
        self.claim = None

    # --- 2110 ---------------------------------------------------------------------------------------------------------

    def _open_line(self, segment: Segment, claim: _Claim) -> None:
        notes = self.notes
        claim.close_line()
        claim.in_line = True
        claim.line_count += 1
        charge = notes.amount(segment, 2, "2110", required=True)
        paid = notes.amount(segment, 3, "2110", required=True)
        if charge is None or paid is None:
            return  # noted; the rest of the line is passed over
        parts = segment.components(1)
        kind, code = (*parts, "", "")[:2]
        if not code:
            notes.problem("missing", segment, "2110/SVC-01", "The line names no procedure code.")
        billed = segment.components(6)
        claim.line = _Line(claim.line_count, segment.number)
        claim.line.facts |= {
            "code": code.upper(),
            "code_kind": kind.upper(),
            "modifiers": notes.modifiers(segment, 1, "2110", parts[2:6]),
            "submitted_code": given(billed[1].upper()) if len(billed) > 1 else None,
            "submitted_modifiers": notes.modifiers(segment, 6, "2110", billed[2:6]),
            "charge": charge,
            "paid": paid,
            "units_paid": notes.quantity(segment, 5, "2110"),
            "units_billed": notes.quantity(segment, 7, "2110"),
        }

    def _of_line(self, name: str, segment: Segment, line: _Line | None) -> None:
        if line is None:
            return
        notes, facts, qualifier = self.notes, line.facts, segment.element(1).upper()
        match name, qualifier:
            case "CAS", _:
                line.adjustments.extend(self._adjustments(segment, "2110"))
            case "DTM", "472" | "150":
                facts["date_of_service"] = notes.day(segment, 2, "2110")
            case "REF", "6R":
                facts["line_control"] = given(segment.element(2))
            case "AMT", "B6":
                facts["allowed"] = notes.amount(segment, 2, "2110")
            case "LQ", "HE" if segment.element(2):
                line.remarks.append(segment.element(2).upper())

    # --- adjustments --------------------------------------------------------------------------------------------------

    def _adjustments(self, segment: Segment, loop: str) -> list[Adjustment]:
        notes, found = self.notes, []
        group = segment.element(1).upper()
        for number in _TRIPLES:
            reason, text = segment.element(number).upper(), segment.element(number + 1)
            if not reason and not text:
                continue
            amount = notes.amount(segment, number + 1, loop, required=True)
            if not group or not reason:
                place = f"{loop}/CAS-{number if group else 1:02d}"
                notes.problem("missing", segment, place, "An adjustment lacks its group or its reason.")
            if amount is None or not group or not reason:
                continue
            if not amount:
                notes.tolerate(AnswerTolerance.ZERO_ADJUSTMENT)
            quantity = notes.quantity(segment, number + 2, loop)
            found.append(Adjustment(group=group, reason=reason, amount=amount, quantity=quantity))
        return found

    def _provider_adjustment(self, segment: Segment) -> None:
        notes = self.notes
        period = notes.day(segment, 2, "PLB")
        for number in _PAIRS:
            parts, text = segment.components(number), segment.element(number + 1)
            if not parts and not text:
                continue
            amount = notes.amount(segment, number + 1, "PLB", required=True)
            if not parts or not parts[0]:
                notes.problem("missing", segment, f"PLB-{number:02d}", "A provider adjustment lacks its reason.")
            if amount is None or not parts or not parts[0]:
                continue
            self.provider_adjustments.append(
                ProviderAdjustment(
                    provider=segment.element(1),
                    reason=parts[0].upper(),
                    amount=amount,
                    reference=given(parts[1]) if len(parts) > 1 else None,
                    fiscal_period_on=period,
                    position=segment.number,
                )
            )

    # --- the whole ----------------------------------------------------------------------------------------------------

    def finished(self, transaction: Transaction) -> Remit | None:
        self._close_claim()
        notes, bpr, last = self.notes, self.bpr, transaction.segments[-1]
        if bpr is None:
            notes.problem("missing", last, "835/BPR", "This remit says nothing of a payment.")
        if bpr is None or self.paid is None:
            return None
        if not self.trace:
            notes.problem(
                "missing", last, "835/TRN-02", "The payment has no trace number: a repeat would not be noticed."
            )
        references = [self.payer_references.get(qualifier) for qualifier in _PAYER_REFERENCES]
        payer_ids = tuple(dict.fromkeys(i for i in (self.trace_payer, self.ids.get("PR"), *references) if i))
        if not payer_ids:
            notes.problem("missing", last, "1000A/N1-04", "The payer names itself by no identifier.")
        return Remit(
            transaction=transaction.control_number,
            handling=bpr.element(1).upper(),
            amount=self.paid,
            method=bpr.element(4).upper(),
            trace=self.trace,
            payer_name=self.names.get("PR") or "",
            payer_id=next(iter(payer_ids), ""),
            claims=tuple(self.claims),
            paid_on=self.paid_on,
            produced_on=self.produced_on,
            payee_name=self.names.get("PE"),
            payee_id=self.ids.get("PE"),
            payer_ids=payer_ids,
            provider_adjustments=tuple(self.provider_adjustments),
            position=bpr.number,
            complete=not notes.errors,
        )
