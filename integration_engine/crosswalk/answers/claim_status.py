"""277CA into records: who speaks, about which of our files, and what is said of each claim and line.

    ST 277 · BHT
    2000A HL 20 information source ─ 2100A NM1 (PR payer, AY clearinghouse) · 2200A TRN, DTP
      2000B HL 21 receiver ─ 2100B NM1*41 · 2200B TRN*2 (our BHT03), STC, QTY, AMT
        2000C HL 19 billing provider ─ 2100C NM1*85 · 2200C TRN, STC, REF, QTY, AMT
          2000D HL PT patient ─ 2100D NM1*QC · 2200D TRN*2 (our CLM01), STC, REF, DTP
            2220D SVC, STC, REF*FJ (our REF*6R), DTP

A status that answers an inquiry (X212) is another thing and is refused by name. Source  005010X214; X12.md §3.3.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from integration_engine.core.findings import Severity
from integration_engine.crosswalk.answers.values import AnswerTolerance, Notes, given, number_given
from integration_engine.domain.answers import (
    ClaimStatus,
    ClaimStatusReport,
    LineStatus,
    ProviderStatus,
    StatusCode,
    StatusSource,
)
from integration_engine.wire.x12.reading import Segment, Transaction

_SOURCES = {"PR": StatusSource.PAYER, "AY": StatusSource.CLEARINGHOUSE}
_STATUS_ELEMENTS = (1, 10, 11)
_LEVELS = {"20": "source", "21": "receiver", "19": "provider", "PT": "patient", "22": "patient", "23": "patient"}


def read_claim_status(transaction: Transaction, notes: Notes) -> ClaimStatusReport:
    """One 277CA."""
    reading = _Reading(notes)
    for segment in transaction.segments:
        reading.take(segment)
    notes.ends(transaction)
    return reading.finished(transaction)


def status_codes(segment: Segment, loop: str, notes: Notes) -> tuple[StatusCode, ...]:
    """Every status of one STC, up to three; a composite without category or code is noted."""
    found = []
    on, money = notes.day(segment, 2, loop), notes.amount(segment, 4, loop)
    for number in _STATUS_ELEMENTS:
        parts = segment.components(number)
        if not parts:
            continue
        category, status, entity = (*(part.upper() for part in parts), "", "", "")[:3]
        if not category or not status:
            place = f"{loop}/STC-{number:02d}"
            notes.problem(
                "missing", segment, place, "A status lacks its category or its code.", severity=Severity.WARNING,
                fix="Read the sender's own report for this claim.",
            )  # fmt: skip
        found.append(
            StatusCode(
                category=category,
                status=status,
                entity=given(entity),
                action=given(segment.element(3).upper()),
                on=on,
                amount=money,
                text=given(segment.element(12)),
            )
        )
    return tuple(found)


class _Claim:
    """One 2200D while it is read."""

    def __init__(self, position: int) -> None:
        self.number = ""
        self.position = position
        self.statuses: list[StatusCode] = []
        self.payer_control_number: str | None = None
        self.clearinghouse_number: str | None = None
        self.on: date | None = None
        self.total: Decimal | None = None
        self.member_id: str | None = None
        self.lines: list[LineStatus] = []
        self.in_line = False
        self.line_code: str | None = None
        self.line_control: str | None = None
        self.line_statuses: list[StatusCode] = []

    def close_line(self) -> None:
        if self.in_line:
            statuses = tuple(self.line_statuses)
            self.lines.append(LineStatus(line_control=self.line_control, code=self.line_code, statuses=statuses))
        self.in_line, self.line_code, self.line_control, self.line_statuses = False, None, None, []

    def finished(self) -> ClaimStatus:
        self.close_line()
        return ClaimStatus(
            number=self.number,
            statuses=tuple(self.statuses),
            position=self.position,
            payer_control_number=self.payer_control_number,
            clearinghouse_number=self.clearinghouse_number,
            date_of_service=self.on,
            total_charge=self.total,
            member_id=self.member_id,
            lines=tuple(self.lines),
        )


class _Provider:
    """One 2000C while it is read."""

    def __init__(self, position: int, first_claim: int) -> None:
        self.position = position
        self.first_claim = first_claim
        self.identity: str | None = None
        self.statuses: list[StatusCode] = []


class _Reading:
    """One 277CA while it is read."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.level = ""
        self.source = StatusSource.UNKNOWN
        self.sender_name = ""
        self.reference: str | None = None
        self.sent_on: date | None = None
        self.file_statuses: list[StatusCode] = []
        self.providers: list[ProviderStatus] = []
        self.provider: _Provider | None = None
        self.counts: dict[str, int | None] = {}
        self.amounts: dict[str, Decimal | None] = {}
        self.claims: list[ClaimStatus] = []
        self.claim: _Claim | None = None
        self.member_id: str | None = None
        self.by_level: dict[str, Callable[[Segment], None]] = {
            "source": self._source,
            "receiver": self._receiver,
            "provider": self._provider,
            "patient": self._patient,
        }

    def take(self, segment: Segment) -> None:
        if segment.name == "BHT":
            self.sent_on = self.notes.day(segment, 4, "277")
        elif segment.name == "HL":
            self._close_claim()
            level = segment.element(3).upper()
            self.level = _LEVELS.get(level, "")
            self.member_id = None
            if self.level != "patient":
                self._close_provider()
            if self.level == "provider":
                self.provider = _Provider(segment.number, len(self.claims))
            if not self.level:
                self.notes.problem("unknown_code", segment, "HL-03", "This level is not one of the guide's.")
        elif handler := self.by_level.get(self.level):
            handler(segment)

    def _source(self, segment: Segment) -> None:
        if segment.name == "NM1":
            self.source = _SOURCES.get(segment.element(1).upper(), StatusSource.UNKNOWN)
            self.sender_name = segment.element(3)
            if self.source is StatusSource.UNKNOWN:
                self.notes.problem(
                    "unknown_code", segment, "2100A/NM1-01", "The sender says neither payer nor clearinghouse.",
                    severity=Severity.WARNING, fix="Keep this answer apart from those of the payer.",
                )  # fmt: skip

    def _receiver(self, segment: Segment) -> None:
        match segment.name:
            case "TRN":
                self.reference = number_given(segment.element(2)) or None
            case "STC":
                self.file_statuses.extend(status_codes(segment, "2200B", self.notes))
            case "QTY":
                self.counts[segment.element(1).upper()] = self.notes.count(segment, 2, "2200B")
            case "AMT":
                self.amounts[segment.element(1).upper()] = self.notes.amount(segment, 2, "2200B")

    def _provider(self, segment: Segment) -> None:
        assert self.provider is not None
        if segment.name == "STC":
            self.provider.statuses.extend(status_codes(segment, "2200C", self.notes))
        elif segment.name == "NM1":
            self.provider.identity = given(segment.element(9))

    def _close_provider(self) -> None:
        said = self.provider
        if said is not None and said.statuses:
            self.providers.append(
                ProviderStatus(
                    provider=said.identity,
                    statuses=tuple(said.statuses),
                    claims=range(said.first_claim, len(self.claims)),
                    position=said.position,
                )
            )
        self.provider = None

    def _patient(self, segment: Segment) -> None:
        match segment.name:
            case "NM1":
                self.member_id = given(segment.element(9))
            case "TRN":
                self._close_claim()
                self.claim = _Claim(segment.number)
                self.claim.member_id = self.member_id
                self.claim.number = number_given(segment.element(2))
                if segment.element(2) and not self.claim.number:
                    self.notes.tolerate(AnswerTolerance.CLAIM_NUMBER_OF_ZEROS)
            case "STC" | "REF" | "DTP" | "SVC":
                if self.claim is None:
                    place = f"2200D/{segment.name}"
                    self.notes.problem("missing", segment, place, "This belongs to no claim: its TRN is missing.")
                    self.claim = _Claim(segment.number)
                    self.claim.member_id = self.member_id
                self._of_claim(segment, self.claim)

    def _of_claim(self, segment: Segment, claim: _Claim) -> None:
        match segment.name, segment.element(1).upper():
            case "STC", _:
                loop = "2220D" if claim.in_line else "2200D"
                statuses = status_codes(segment, loop, self.notes)
                (claim.line_statuses if claim.in_line else claim.statuses).extend(statuses)
                if not claim.in_line and claim.total is None:
                    claim.total = next((status.amount for status in statuses if status.amount is not None), None)
            case "SVC", _:
                claim.close_line()
                claim.in_line = True
                parts = segment.components(1)
                claim.line_code = given(parts[1]) if len(parts) > 1 else None
            case "REF", "1K":
                claim.payer_control_number = given(segment.element(2))
            case "REF", "D9":
                claim.clearinghouse_number = given(segment.element(2))
            case "REF", "FJ":
                claim.line_control = given(segment.element(2))
            case "DTP", "472" if not claim.in_line:
                claim.on = self.notes.day(segment, 3, "2200D")

    def _close_claim(self) -> None:
        if self.claim is not None:
            self.claims.append(self.claim.finished())
        self.claim = None

    def finished(self, transaction: Transaction) -> ClaimStatusReport:
        self._close_claim()
        self._close_provider()
        return ClaimStatusReport(
            transaction=transaction.control_number,
            source=self.source,
            sender_name=self.sender_name,
            reference=self.reference,
            sent_on=self.sent_on,
            file_statuses=tuple(self.file_statuses),
            providers=tuple(self.providers),
            accepted=self.counts.get("90"),
            rejected=self.counts.get("AA"),
            accepted_amount=self.amounts.get("YU"),
            rejected_amount=self.amounts.get("YY"),
            claims=tuple(self.claims),
        )
