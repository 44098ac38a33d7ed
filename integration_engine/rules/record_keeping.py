"""What a message changes in a patient's record: pure merging of a ``Statement`` into a ``PatientRecord``.

It decides which stored thing a stated thing is (by the sender's own keys, never by guessing), that a blank never
erases while an explicit null does, and what each received FT1 line does: stands, replaces, takes back, or repeats
another line. It does not decide whether anything can be billed.
Source  house rules on HL7 v2.5.1 §6.5.1 (FT1) and ch. 10 (SIU); duplicates and corrections as in DESIGN.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.domain.authorization import Appointment
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.record import Charge, ChargeState, Kept, KeptEncounter, PatientRecord
from integration_engine.domain.statement import Statement
from integration_engine.domain.treatment import LineAction, Treatment

T = TypeVar("T")
NewId = Callable[[], int]


def keep(record: PatientRecord, statement: Statement, *, journal_id: int, new_id: NewId) -> PatientRecord:
    """The record after ``statement``.

    Shapes   new_id gives a fresh store id at each call. Every FT1 line of the statement becomes one ``Charge``.
    """
    keeper = _Keeper(journal_id, new_id, frozenset(statement.cleared))
    patient = keeper.merged(record.patient, statement.patient, "patient") if statement.patient else record.patient
    record = replace(record, journal_id=journal_id, patient=patient)
    if statement.coverages:
        record = replace(record, coverages=keeper.snapshot(record.coverages, statement.coverages, _coverage_key))
    record = replace(
        record,
        plans_of_care=keeper.upserted(record.plans_of_care, statement.plans_of_care, _plan_key, "plan_of_care"),
        progress_notes=keeper.upserted(record.progress_notes, statement.progress_notes, _note_key, "progress_note"),
        authorizations=keeper.upserted(
            record.authorizations, statement.authorizations, _authorization_key, "authorization"
        ),
        benefit_limits=keeper.upserted(record.benefit_limits, statement.benefit_limits, _limit_key, "benefit_limit"),
        measurements=keeper.upserted(record.measurements, statement.measurements, _measurement_key, "measurement"),
    )
    if statement.appointment is not None:
        record = replace(record, appointments=keeper.booked(record.appointments, statement.appointment))
    if statement.encounter is not None:
        record = replace(record, encounters=keeper.encountered(record.encounters, statement))
    return record


def encounter_key(encounter: Encounter) -> tuple[object, ...]:
    """What makes two statements speak of the same encounter: the visit number, else date and discipline."""
    if encounter.number:
        return ("number", encounter.number)
    return ("date", encounter.date_of_service, encounter.discipline)


class _Keeper:
    """One statement being merged; holds what every merge needs."""

    def __init__(self, journal_id: int, new_id: NewId, cleared: frozenset[str]) -> None:
        self.journal_id = journal_id
        self.new_id = new_id
        self.cleared = cleared

    def merged(self, known: T, stated: T, path: str) -> T:
        """``known`` with what ``stated`` says: absent leaves, null erases, a value replaces."""
        changes: dict[str, Any] = {}
        for item in fields(stated):  # type: ignore[arg-type]
            value = getattr(stated, item.name)
            if f"{path}.{item.name}" in self.cleared:
                changes[item.name] = item.default
            elif value is not None and value != ():
                before = getattr(known, item.name)
                nested = is_dataclass(value) and type(before) is type(value) and item.name in {"address", "name"}
                changes[item.name] = self.merged(before, value, f"{path}.{item.name}") if nested else value
        return replace(known, **changes) if changes else known  # type: ignore[type-var]

    def snapshot(
        self, known: tuple[Kept[T], ...], stated: tuple[T, ...], key: Callable[[T], tuple[object, ...]]
    ) -> tuple[Kept[T], ...]:
        """A full restatement: what is not stated is gone; what is stated again keeps its identity."""
        before = {key(item.value): item for item in known}
        return tuple(self._one(before.get(key(value)), value, "coverage") for value in stated)

    def upserted(
        self, known: tuple[Kept[T], ...], stated: tuple[T, ...], key: Callable[[T], tuple[object, ...]], path: str
    ) -> tuple[Kept[T], ...]:
        """Stated things update what has the same key, or join; nothing is removed."""
        if not stated:
            return known
        result = {key(item.value): item for item in known}
        for value in stated:
            result[key(value)] = self._one(result.get(key(value)), value, path)
        return tuple(result.values())

    def booked(self, known: tuple[Kept[Appointment], ...], stated: Appointment) -> tuple[Kept[Appointment], ...]:
        """Appointments after one SIU; a message older than the one already applied changes nothing."""
        for index, item in enumerate(known):
            if item.value.number == stated.number:
                before = item.value.stated_at
                if before is not None and stated.stated_at is not None and stated.stated_at < before:
                    return known
                return (*known[:index], self._one(item, stated, "appointment"), *known[index + 1 :])
        return (*known, Kept(self.new_id(), self.journal_id, stated))

    def encountered(self, known: tuple[KeptEncounter, ...], statement: Statement) -> tuple[KeptEncounter, ...]:
        """Encounters after one DFT."""
        stated = statement.encounter
        assert stated is not None
        key = encounter_key(stated)
        place = next((i for i, item in enumerate(known) if encounter_key(item.value) == key), None)
        before = (
            known[place]
            if place is not None
            else KeptEncounter(id=self.new_id(), journal_id=self.journal_id, value=replace(stated, treatments=()))
        )
        value = replace(
            self.merged(before.value, replace(stated, treatments=()), "encounter"), treatments=before.value.treatments
        )
        lines = _Lines(before.id, value.treatments, before.charges)
        findings: list[Finding] = []
        for number, treatment in enumerate(stated.treatments, start=1):
            finding = lines.take(treatment, number, self.journal_id, self.new_id())
            if finding is not None:
                findings.append(finding)
        only_credits = bool(stated.treatments) and all(t.action is LineAction.CREDIT for t in stated.treatments)
        kept_findings = before.findings if only_credits or not stated.treatments else ()
        after = KeptEncounter(
            id=before.id,
            journal_id=self.journal_id,
            value=replace(value, treatments=tuple(lines.treatments)),
            charges=tuple(lines.charges),
            findings=(*kept_findings, *statement.findings, *findings),
        )
        if place is None:
            return (*known, after)
        return (*known[:place], after, *known[place + 1 :])

    def _one(self, known: Kept[T] | None, value: T, path: str) -> Kept[T]:
        if known is None:
            return Kept(self.new_id(), self.journal_id, value)
        merged = self.merged(known.value, value, path)
        return known if merged == known.value else Kept(known.id, self.journal_id, merged)


class _Lines:
    """The charge lines of one encounter while a message's FT1 lines are taken in, one by one."""

    def __init__(self, encounter_id: int, treatments: tuple[Treatment, ...], charges: tuple[Charge, ...]) -> None:
        self.encounter_id = encounter_id
        self.treatments = list(treatments)
        self.charges = list(charges)

    def take(self, treatment: Treatment, number: int, journal_id: int, charge_id: int) -> Finding | None:
        """Apply one FT1 line; returns a finding when a person should know of it."""
        charge = Charge(
            id=charge_id,
            journal_id=journal_id,
            encounter_id=self.encounter_id,
            line_number=number,
            line_id=treatment.line_id,
            treatment_index=None,
            state=ChargeState.PENDING,
            reason="waits for adjudication",
        )
        if treatment.action is LineAction.PAYMENT:
            self.charges.append(replace(charge, state=ChargeState.VOID, reason="a payment, not a charge"))
            return None
        index = self._standing(treatment, journal_id)
        if treatment.action is LineAction.CREDIT:
            return self._credit(charge, index, number)
        if index is None:
            self.charges.append(replace(charge, treatment_index=len(self.treatments)))
            self.treatments.append(treatment)
            return None
        if _same(self.treatments[index], treatment):
            return self._repeat(charge, index, number, treatment)
        self._void_at(index, f"replaced by line {number} of message {journal_id}")
        self.treatments[index] = treatment
        self.charges.append(replace(charge, treatment_index=index))
        return None

    def _standing(self, treatment: Treatment, journal_id: int) -> int | None:
        """The standing line this one speaks of: same line id; a correction without one means the only same code;
        a plain charge without one repeats an equal line of an earlier message, never one of its own message.
        """
        if treatment.line_id:
            found = [i for i, t in enumerate(self.treatments) if t.line_id == treatment.line_id]
            if found:
                return found[-1]
        if treatment.action in {LineAction.CREDIT, LineAction.REPLACEMENT}:
            found = [i for i, t in enumerate(self.treatments) if t.code == treatment.code]
            return found[0] if len(found) == 1 else None
        if not treatment.line_id:
            found = [i for i, t in enumerate(self.treatments) if _same(t, treatment) and self._owner(i) != journal_id]
            return found[0] if found else None
        return None

    def _owner(self, index: int) -> int | None:
        for charge in reversed(self.charges):
            if charge.treatment_index == index:
                return charge.journal_id
        return None

    def _credit(self, charge: Charge, index: int | None, number: int) -> Finding | None:
        if index is None:
            self.charges.append(replace(charge, state=ChargeState.HELD, reason="credits a line that is not known"))
            return _finding(
                "interface.credit_unmatched",
                Severity.ERROR,
                f"Line {number} credits a charge that this engine has not received, or that cannot be told apart.",
                "Resend the original line with its FT1-2 transaction id, or resolve this hold with a reason.",
                f"encounter.treatments[{number - 1}]",
            )
        self._void_at(index, f"credited by line {number} of message {charge.journal_id}")
        del self.treatments[index]
        self.charges = [
            replace(c, treatment_index=c.treatment_index - 1)
            if c.treatment_index is not None and c.treatment_index > index
            else c
            for c in self.charges
        ]
        self.charges.append(replace(charge, state=ChargeState.VOID, reason="a credit, applied"))
        return None

    def _repeat(self, charge: Charge, index: int, number: int, treatment: Treatment) -> Finding:
        self.charges.append(replace(charge, state=ChargeState.VOID, reason="repeats a line already received"))
        certain = bool(treatment.line_id) or treatment.start is not None
        return _finding(
            "interface.duplicate_line",
            Severity.WARNING if certain else Severity.ERROR,
            f"Line {number} repeats a line that came in an earlier message; it is counted once.",
            "Nothing to do when the EMR sent it again; send a new FT1-2 transaction id if it is a second treatment.",
            f"encounter.treatments[{index}]",
        )

    def _void_at(self, index: int, reason: str) -> None:
        """The charge standing at ``index`` is void, unless it was billed: then it stays billed and says so."""
        for place, charge in enumerate(self.charges):
            if charge.treatment_index == index:
                state = charge.state if charge.state is ChargeState.BILLED else ChargeState.VOID
                self.charges[place] = replace(charge, state=state, reason=reason, treatment_index=None)


def _same(one: Treatment, other: Treatment) -> bool:
    """Equal in content, whatever the line is called and whether it is stated as a charge or a replacement."""
    return replace(one, line_id=None, action=None) == replace(other, line_id=None, action=None)


def _finding(identity: str, severity: Severity, text: str, fix: str, subject: str) -> Finding:
    return Finding(
        id=identity,
        severity=severity,
        text=text,
        fix=fix,
        owner="interface administrator",
        subject=subject,
        queue=Queue.INTERFACE,
    )


def _coverage_key(coverage: Any) -> tuple[object, ...]:
    return (coverage.rank, coverage.payer_id)


def _plan_key(plan: Any) -> tuple[object, ...]:
    return (plan.plan_id, plan.version) if plan.plan_id else (plan.discipline, plan.certified_from)


def _note_key(note: Any) -> tuple[object, ...]:
    return (note.document_id,) if note.document_id else (note.kind, note.discipline, note.written_on)


def _authorization_key(authorization: Any) -> tuple[object, ...]:
    return (authorization.number, authorization.payer_id)


def _limit_key(limit: Any) -> tuple[object, ...]:
    return (limit.payer_id, limit.basis, limit.period, limit.disciplines, limit.habilitative)


def _measurement_key(measurement: Any) -> tuple[object, ...]:
    return (measurement.kind, measurement.code, measurement.name, measurement.observed_on, measurement.encounter_number)


def settle_charges(encounter: KeptEncounter, *, state: ChargeState, reason: str) -> KeptEncounter:
    """The encounter with every standing charge line in ``state``; billed lines stay billed."""
    charges = tuple(
        replace(charge, state=state, reason=reason)
        if charge.treatment_index is not None and charge.state is not ChargeState.BILLED
        else charge
        for charge in encounter.charges
    )
    return encounter if charges == encounter.charges else replace(encounter, charges=charges)


def without_units(encounter: KeptEncounter, billed: Collection[int]) -> KeptEncounter:
    """The encounter whose pending lines are void where no claim line bills them, as a code whose minutes earn no unit.

    Shapes   billed: ids of the charge lines on the drafts of the day.
    """
    charges = tuple(
        replace(charge, state=ChargeState.VOID, reason="no unit of it is billed; explain tells why")
        if charge.treatment_index is not None and charge.state is ChargeState.PENDING and charge.id not in billed
        else charge
        for charge in encounter.charges
    )
    return encounter if charges == encounter.charges else replace(encounter, charges=charges)


def as_sent(encounter: KeptEncounter) -> KeptEncounter:
    """The encounter of a day whose claim says what it should: standing lines are billed, what they replaced is void."""
    charges = tuple(
        replace(charge, state=ChargeState.BILLED, reason="the claim sent says the same")
        if charge.treatment_index is not None and charge.state is not ChargeState.BILLED
        else replace(charge, state=ChargeState.VOID, reason="stated anew; the claim sent says the same")
        if charge.treatment_index is None and charge.state is ChargeState.BILLED
        else charge
        for charge in encounter.charges
    )
    return encounter if charges == encounter.charges else replace(encounter, charges=charges)
