"""One patient's treatment days, adjudicated in the order they happened.

Groups the record's encounters into treatment days, gives each the history it stands in, and says where the day and
its charge lines stand afterwards. A day already sent is compared with what was sent: a change to it becomes a
replacement, a void or a wait with its reason, so that nothing is silently not re-billed.
Source  house rule, order of care: authorizations, thresholds and progress notes count by date of service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.clinician_time import ClinicianTime, clinician_times
from integration_engine.domain.parties import Discipline
from integration_engine.domain.record import Charge, ChargeState, DayState, KeptDay, KeptEncounter, PatientRecord
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.domain.treatment_day import Adjudication, ChargeReference, History, PriorDay, TreatmentDay
from integration_engine.rules.adjudicate import adjudicate
from integration_engine.rules.authorization.self_pay import agreement_on, patient_pays
from integration_engine.rules.claims.parties import told_once
from integration_engine.rules.corrections.after_submission import after_submission, other_parties
from integration_engine.rules.gates.clinician_minutes import beside
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.record_keeping import as_sent, settle_charges, without_units

Override = tuple[str, str, str]  # finding id, subject, observed
Overrides = Mapping[int, frozenset[Override]]
SentOf = Callable[[int], Sequence[SentClaim]]
ElsewhereOf = Callable[[int, date], Sequence[ClinicianTime]]  # patient and date → time with other patients
DayKey = tuple[date, Discipline | None, str | None]  # the last: a billing provider other than the practice's main one

HOUSE = Citation(document="house rule", section="corrections after submission")


def nobody_else(_: int, __: date) -> tuple[ClinicianTime, ...]:
    """For a course that is looked at alone."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOutcome:
    """One treatment day after adjudication.

    Shapes   adjudication and facts: None when no encounter of the day is left. findings: the adjudication's and
             those of the course itself. holds: the ones nobody has overridden. drafts: the claims to keep, each with the
             id of the claim it corrects. settled: the payer has what it should have, whatever the messages changed. void_because: what its charge lines say
             where the day is void. compared: the day is billed and stays so; it was only looked at for other parties.
    """

    day: KeptDay
    encounter_ids: tuple[int, ...]
    facts: TreatmentDay | None
    history: History | None
    adjudication: Adjudication | None
    findings: tuple[Finding, ...]
    holds: tuple[Finding, ...]
    drafts: tuple[tuple[ClaimDraft, int | None], ...] = ()
    settled: bool = False
    void_because: str = "nothing left to bill"
    compared: bool = False


def adjudicate_course(
    record: PatientRecord,
    parameters: Parameters,
    *,
    overrides: Overrides,
    new_id: Callable[[], int],
    sent: SentOf,
    elsewhere: ElsewhereOf = nobody_else,
    as_of: date | None = None,
    before: PatientRecord | None = None,
) -> tuple[PatientRecord, tuple[DayOutcome, ...]]:
    """Adjudicate every treatment day of the record that is not finished, earliest first.

    Shapes   returns the record with its days and charge states, and an outcome for each day that was looked at.
             Encounters without a date of service belong to no day; their lines are held. as_of: the day it is done,
             for time limits; None judges none. sent: the claims of a day that have left, asked only of days that
             were sent and have to be decided again. elsewhere: what clinicians did with other patients on a date, asked
             only of days whose clinicians and times are stated. before: the record before the messages that are taken in;
             billed days whose coverage or encounter they changed are compared with what was sent.
    """
    groups = _groups(record.encounters, parameters)
    days = {(day.date_of_service, day.discipline, day.billing_provider): day for day in record.days}
    encounters = {encounter.id: encounter for encounter in record.encounters}
    outcomes: list[DayOutcome] = []
    for key in sorted(set(groups) | set(days), key=_order):
        group = groups.get(key, ())
        day = days.get(key) or KeptDay(
            id=new_id(), date_of_service=key[0], discipline=key[1], billing_provider=key[2], state=DayState.HELD
        )
        if day.state is DayState.BILLED and not any(_changed(encounter) for encounter in group):
            if before is not None and _touched(before, record, group):
                outcomes.append(_compared(record, day, group, _history(record, day, days), parameters, sent))
            continue
        if not group:
            if day.state is not DayState.VOID:
                days[key] = replace(day, state=DayState.VOID)
                outcomes.append(_empty(days[key]))
            continue
        history = _history(record, day, days)
        own = [time for encounter in group for time in clinician_times(encounter.value)]
        if own:
            history = replace(history, elsewhere=beside(own, elsewhere(record.id, key[0]), parameters))
        overridden = overrides.get(day.id, frozenset())
        outcome = _decide(record, day, group, history, parameters, overridden, sent, as_of)
        days[key] = outcome.day
        outcomes.append(outcome)
        for encounter in group:
            encounters[encounter.id] = _settled(encounter, outcome)
    for encounter in record.encounters:
        if encounter.value.date_of_service is None:
            encounters[encounter.id] = settle_charges(
                encounter, state=ChargeState.HELD, reason="the message names no usable date of service"
            )
    after = replace(
        record,
        encounters=tuple(encounters[encounter.id] for encounter in record.encounters),
        days=tuple(days[key] for key in sorted(days, key=_order)),
    )
    return after, tuple(outcomes)


def _decide(
    record: PatientRecord,
    day: KeptDay,
    group: tuple[KeptEncounter, ...],
    history: History,
    parameters: Parameters,
    overridden: frozenset[Override],
    sent: SentOf,
    as_of: date | None,
) -> DayOutcome:
    facts = _facts(record, day, group, as_of)
    adjudication = adjudicate(facts, parameters, history)
    findings = adjudication.findings
    billed = day.state is DayState.BILLED
    agreement = None if billed else agreement_on(record, day.id, facts.encounters)
    drafts: tuple[tuple[ClaimDraft, int | None], ...] = tuple((draft, None) for draft in adjudication.drafts)
    compared = stands = False
    if agreement is not None:
        findings = (*(f for f in findings if not f.holds), patient_pays(adjudication.holds))
    elif day.sent and (drafts or not facts.charges):
        # What cannot be drafted now is no reason to take back what was sent; it waits for what it lacks.
        after = after_submission(sent(day.id), adjudication.drafts if facts.charges else (), overridden, parameters)
        findings = (*(findings if facts.charges else ()), *after.findings)
        adjudication = replace(adjudication, decisions=(*adjudication.decisions, *after.decisions))
        drafts, compared, stands = after.drafts, True, after.stands
    elif not facts.charges:
        findings = facts.findings  # what the messages themselves left open; nothing else can be missing of no charge
    elif not drafts and not adjudication.holds:
        findings = (*findings, _no_draft())
    findings = told_once(findings, overridden)
    holds = tuple(f for f in findings if f.holds and (f.id, f.subject, f.observed) not in overridden)
    settled = compared and stands and not drafts and not holds
    if billed or settled or (stands and not facts.charges):
        state = DayState.BILLED
    elif agreement is not None or not facts.charges:
        state = DayState.VOID
    else:
        state = DayState.HELD if holds or not drafts else DayState.READY
    return DayOutcome(
        day=replace(
            day,
            state=state,
            payer=adjudication.payer,
            codes=adjudication.codes,
            allowed=adjudication.allowed,
            evaluation=adjudication.evaluation,
            consumed=adjudication.consumed,
            separated=adjudication.separated,
            therapist_took_part=adjudication.therapist_took_part,
            minutes=adjudication.minutes,
            habilitative=adjudication.habilitative,
        ),
        encounter_ids=tuple(encounter.id for encounter in group),
        facts=facts,
        history=history,
        adjudication=adjudication,
        findings=findings,
        holds=holds if state is not DayState.VOID else (),
        drafts=drafts if state is not DayState.VOID else (),
        settled=settled,
        void_because=f"the patient pays: {agreement.agreement}" if agreement else "nothing left to bill",
    )


def _settled(encounter: KeptEncounter, outcome: DayOutcome) -> KeptEncounter:
    if outcome.settled:
        return as_sent(encounter)
    if outcome.drafts and not outcome.holds:
        waiting = settle_charges(encounter, state=ChargeState.PENDING, reason="claim drafted, waits for its batch")
        return without_units(waiting, {c for draft, _ in outcome.drafts for line in draft.lines for c in line.charges})
    if outcome.day.state is DayState.VOID:
        return settle_charges(encounter, state=ChargeState.VOID, reason=outcome.void_because)
    reason = outcome.holds[0].id if outcome.holds else "claim could not be drafted"
    return settle_charges(encounter, state=ChargeState.HELD, reason=reason)


def _groups(encounters: tuple[KeptEncounter, ...], parameters: Parameters) -> dict[DayKey, tuple[KeptEncounter, ...]]:
    groups: dict[DayKey, tuple[KeptEncounter, ...]] = {}
    practice = parameters.practice
    main = practice.locations.get(practice.default_location or "")
    for encounter in encounters:
        if encounter.value.date_of_service is not None:
            place = practice.locations.get(encounter.value.location or "")
            other = place is not None and main is not None and place.billing_provider != main.billing_provider
            provider = place.billing_provider if place is not None and other else None
            key = (encounter.value.date_of_service, encounter.value.discipline, provider)
            groups[key] = (*groups.get(key, ()), encounter)
    return groups


def _order(key: DayKey) -> tuple[date, str, str]:
    return key[0], key[1] or "", key[2] or ""


def _standing(encounter: KeptEncounter) -> dict[int, Charge]:
    return {c.treatment_index: c for c in encounter.charges if c.treatment_index is not None}


def _changed(encounter: KeptEncounter) -> bool:
    """A billed encounter whose lines no longer are what was billed."""
    return any(
        (charge.state is ChargeState.BILLED) == (charge.treatment_index is None)
        for charge in encounter.charges
        if charge.state is not ChargeState.VOID
    )


def _touched(before: PatientRecord, record: PatientRecord, group: tuple[KeptEncounter, ...]) -> bool:
    """A message changed who pays, who is treated, or an encounter of the day in more than its lines."""
    if before.coverages != record.coverages or _identity(before) != _identity(record):
        return True
    known = {encounter.id: encounter for encounter in before.encounters}
    return any(
        encounter is not (old := known.get(encounter.id))
        and old is not None
        and replace(encounter.value, treatments=()) != replace(old.value, treatments=())
        for encounter in group
    )


def _identity(record: PatientRecord) -> tuple[object, ...]:
    """What a payer finds its member by."""
    return record.patient.name, record.patient.birth_date, record.patient.sex


def _compared(
    record: PatientRecord,
    day: KeptDay,
    group: tuple[KeptEncounter, ...],
    history: History,
    parameters: Parameters,
    sent: SentOf,
) -> DayOutcome:
    """A billed day whose claim may name other parties than it would now: it stays as it is, and waits for a person."""
    facts = _facts(record, day, group, None)
    adjudication = adjudicate(facts, parameters, history)
    findings = other_parties(sent(day.id), adjudication.drafts)
    return DayOutcome(
        day=day,
        encounter_ids=tuple(encounter.id for encounter in group),
        facts=facts,
        history=history,
        adjudication=adjudication,
        findings=findings,
        holds=findings,
        compared=True,
    )


def _facts(record: PatientRecord, day: KeptDay, group: tuple[KeptEncounter, ...], as_of: date | None) -> TreatmentDay:
    references: list[ChargeReference] = []
    for encounter_index, encounter in enumerate(group):
        standing = _standing(encounter)
        references.extend(
            ChargeReference(charge_id=standing[index].id, encounter_index=encounter_index, treatment_index=index)
            for index in range(len(encounter.value.treatments))
        )
    return TreatmentDay(
        date_of_service=day.date_of_service,
        discipline=day.discipline,
        patient=record.patient,
        coverages=tuple(kept.value for kept in record.coverages),
        encounters=tuple(encounter.value for encounter in group),
        plans_of_care=tuple(kept.value for kept in record.plans_of_care),
        progress_notes=tuple(kept.value for kept in record.progress_notes),
        authorizations=tuple(kept.value for kept in record.authorizations),
        benefit_limits=tuple(kept.value for kept in record.benefit_limits),
        measurements=tuple(kept.value for kept in record.measurements),
        charges=tuple(references),
        findings=tuple(finding for encounter in group for finding in encounter.findings),
        as_of=as_of,
        billing_provider=day.billing_provider,
    )


def _history(record: PatientRecord, day: KeptDay, days: Mapping[DayKey, KeptDay]) -> History:
    """Earlier days as they stand now; later ones only where they are billed and can no longer give way."""
    here = _order((day.date_of_service, day.discipline, day.billing_provider))
    prior = tuple(
        PriorDay(
            date_of_service=other.date_of_service,
            discipline=other.discipline,
            state=other.state.value,
            payer=other.payer,
            codes=other.codes,
            allowed=other.allowed,
            evaluation=other.evaluation,
            authorizations=other.consumed,
            separated=other.separated,
            therapist_took_part=other.therapist_took_part,
            minutes=other.minutes,
            habilitative=other.habilitative,
            billing_provider=other.billing_provider,
        )
        for key, other in days.items()
        if other.id != day.id
        and other.discipline is not None
        and other.state is not DayState.VOID
        and (_order(key) < here or other.state is DayState.BILLED)
    )
    return History(days=prior, appointments=tuple(kept.value for kept in record.appointments))


def _empty(day: KeptDay) -> DayOutcome:
    return DayOutcome(day=day, encounter_ids=(), facts=None, history=None, adjudication=None, findings=(), holds=())


def _no_draft() -> Finding:
    return Finding(
        id="engine.no_draft",
        severity=Severity.ERROR,
        text="No claim could be drafted from this treatment day, and no rule said why.",
        fix="Report this to whoever runs the engine; the messages are kept and the day is adjudicated again after the fix.",
        owner="interface administrator",
        subject="claim",
        queue=Queue.INTERFACE,
        citation=Citation(document="house rule", section="nothing is lost and nothing is silent"),
    )
