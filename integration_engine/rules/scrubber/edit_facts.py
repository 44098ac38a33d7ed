"""What edits can see: one claim, its lines, and the clinical facts behind it, as named and typed fields.

A fact that nobody stated is None, so that an edit that hangs on it answers *not checked* instead of passing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from integration_engine.domain.claim import ClaimDraft, ServiceLine
from integration_engine.domain.encounter import EncounterType
from integration_engine.domain.plan_of_care import MeasurementKind, PlanOfCare
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.parameters.codes import ProcedureFacts
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.scrubber.conditions import Kind
from integration_engine.rules.units.services import minutes_of

TEXT, NUMBER, FLAG, TEXTS = Kind.TEXT, Kind.NUMBER, Kind.FLAG, Kind.TEXTS
MONITORING_DAYS = 30

CLAIM_FIELDS: Mapping[str, Kind] = {
    "claim.payer": TEXT,
    "claim.profile": TEXT,
    "claim.segment": TEXT,
    "claim.claim_filing": TEXT,
    "claim.discipline": TEXT,
    "claim.place_of_service": TEXT,
    "claim.codes": TEXTS,
    "claim.diagnoses": TEXTS,
    "claim.first_diagnosis": TEXT,
    "claim.total_charge_cents": NUMBER,
    "claim.line_count": NUMBER,
    "claim.has_referring": FLAG,
    "claim.has_authorization": FLAG,
    "claim.filing_days_left": NUMBER,
    "patient.age": NUMBER,
    "patient.sex": TEXT,
    "encounter.type": TEXT,
    "encounter.modality": TEXT,
    "encounter.supervision": TEXT,
    "encounter.total_minutes": NUMBER,
    "encounter.timed_minutes": NUMBER,
    "plan.frequency_per_week": NUMBER,
    "plan.duration_weeks": NUMBER,
    "plan.diagnoses": TEXTS,
    "week.treatment_days": NUMBER,
    "day.codes_of_other_claims": TEXTS,
    "period.codes": TEXTS,
    "episode.earlier_evaluations": NUMBER,
    "episode.treatment_days": NUMBER,
    "goals.count": NUMBER,
    "measures.count": NUMBER,
    "measures.codes": TEXTS,
    "outcomes.count": NUMBER,
    "referring.licence": TEXT,
    "rendering.licence": TEXT,
    "rendering.taxonomy": TEXT,
    "assistant.took_part": FLAG,
    "student.took_part": FLAG,
}
LINE_FIELDS: Mapping[str, Kind] = {
    **CLAIM_FIELDS,
    "line.code": TEXT,
    "line.modifiers": TEXTS,
    "line.units": NUMBER,
    "line.charge_cents": NUMBER,
    "line.diagnoses": TEXTS,
    "line.diagnoses_tied": NUMBER,
    "line.minutes": NUMBER,
    "line.delivery": TEXT,
    "line.disciplines": TEXTS,
    "line.is_evaluation": FLAG,
    "line.is_group": FLAG,
    "line.is_hands_on": FLAG,
    "line.is_timed": FLAG,
    "line.has_start_and_stop": FLAG,
    "line.same_code_and_modifiers": FLAG,
    "line.same_start": FLAG,
    "line.missing_primary": FLAG,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditFacts:
    """The facts of one claim, and those of each of its lines that come on top, in the order of the lines."""

    claim: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]


def edit_facts(
    draft: ClaimDraft, day: TreatmentDay, history: History, parameters: Parameters, filing_last_day: date | None
) -> EditFacts:
    """Name every fact an edit can ask for.

    Shapes   filing_last_day: the last day this claim may be filed, None where the payer gives none.
    """
    treatments = [treatment for encounter in day.encounters for treatment in encounter.treatments]
    claim = _claim(draft, day, history, treatments, parameters, filing_last_day)
    alike: dict[Any, int] = {}
    for line in draft.lines:
        key = (line.code, line.modifiers)
        alike[key] = alike.get(key, 0) + 1
    groups: dict[Any, list[Treatment]] = {}
    for treatment in treatments:
        groups.setdefault(treatment.code, []).append(treatment)
    done = {code: _done(group) for code, group in groups.items()}
    return EditFacts(
        claim=claim,
        lines=tuple(
            _line(line, draft, parameters, done.get(line.code, _NOT_SENT), alike[line.code, line.modifiers])
            for line in draft.lines
        ),
    )


def _claim(
    draft: ClaimDraft,
    day: TreatmentDay,
    history: History,
    treatments: list[Treatment],
    parameters: Parameters,
    filing_last_day: date | None,
) -> dict[str, Any]:
    on, born = draft.date_of_service, draft.patient.birth_date
    encounter, plan, people = day.encounters[0], _plan(day), (draft.referring, draft.rendering)
    kinds = [m.kind for m in day.measurements if m.discipline in (None, day.discipline)]
    codes = tuple(line.code for line in draft.lines)
    return {
        "claim.payer": draft.payer.key,
        "claim.profile": draft.payer.profile,
        "claim.segment": parameters.profiles[draft.payer.profile].segment,
        "claim.claim_filing": draft.payer.claim_filing,
        "claim.discipline": draft.discipline.value,
        "claim.place_of_service": draft.place_of_service,
        "claim.codes": codes,
        "claim.diagnoses": draft.diagnoses,
        "claim.first_diagnosis": draft.diagnoses[0],
        "claim.total_charge_cents": int(draft.total_charge * 100),
        "claim.line_count": len(codes),
        "claim.has_referring": draft.referring is not None,
        "claim.has_authorization": draft.authorization_number is not None
        or all(line.authorization_number is not None for line in draft.lines),
        "claim.filing_days_left": (filing_last_day - day.as_of).days if filing_last_day and day.as_of else None,
        "patient.age": on.year - born.year - ((on.month, on.day) < (born.month, born.day)),
        "patient.sex": draft.patient.sex.value,
        "encounter.type": encounter.encounter_type.value if encounter.encounter_type else None,
        "encounter.modality": encounter.modality.value if encounter.modality else None,
        "encounter.supervision": encounter.supervision,
        "encounter.total_minutes": encounter.total_minutes,
        "encounter.timed_minutes": encounter.timed_minutes,
        "plan.frequency_per_week": plan.frequency_per_week if plan else None,
        "plan.duration_weeks": plan.duration_weeks if plan else None,
        "plan.diagnoses": plan.diagnoses or None if plan else None,
        **_course(draft, codes, history, evaluation=encounter.encounter_type is EncounterType.EVALUATION),
        "goals.count": kinds.count(MeasurementKind.GOAL),
        "measures.count": kinds.count(MeasurementKind.MEASURE) + kinds.count(MeasurementKind.TEST),
        "measures.codes": tuple(m.code for m in day.measurements if m.code),
        "outcomes.count": kinds.count(MeasurementKind.OUTCOME),
        "referring.licence": people[0].licence if people[0] else None,
        "rendering.licence": people[1].licence if people[1] else None,
        "rendering.taxonomy": people[1].taxonomy if people[1] else None,
        "assistant.took_part": any(t.assistant is not None or t.assistant_minutes for t in treatments),
        "student.took_part": any(t.student is not None for t in treatments),
    }


def _course(draft: ClaimDraft, codes: tuple[str, ...], history: History, *, evaluation: bool) -> dict[str, Any]:
    """What the patient's other treatment days say about this one."""
    if not history.days:
        return {
            "week.treatment_days": 1,
            "day.codes_of_other_claims": (),
            "period.codes": codes,
            "episode.earlier_evaluations": 0,
            "episode.treatment_days": 1,
        }
    on = draft.date_of_service
    mine = [other for other in history.days if other.discipline is draft.discipline]
    days = {other.date_of_service for other in mine} | {on}
    monday, since = on - timedelta(days=on.weekday()), on - timedelta(days=MONITORING_DAYS - 1)
    today = [o for o in history.days if o.date_of_service == on and o.discipline is not draft.discipline]
    period = [o for o in history.days if since <= o.date_of_service <= on]
    return {
        "week.treatment_days": sum(monday <= one <= on for one in days),
        "day.codes_of_other_claims": tuple(code for other in today for code, _ in other.codes),
        "period.codes": tuple(code for other in period for code, _ in other.codes) + codes,
        "episode.earlier_evaluations": sum(o.evaluation and o.date_of_service < on for o in mine) if evaluation else 0,
        "episode.treatment_days": len(days),
    }


def _plan(day: TreatmentDay) -> PlanOfCare | None:
    """The newest plan of this discipline that has begun."""
    begun = [
        plan
        for plan in day.plans_of_care
        if plan.discipline in (None, day.discipline)
        and (plan.certified_from is None or plan.certified_from <= day.date_of_service)
    ]
    return max(begun, key=lambda plan: (plan.certified_from or date.min, plan.version or 0), default=None)


_NOT_SENT: Mapping[str, Any] = {
    "line.minutes": None,
    "line.diagnoses_tied": None,
    "line.delivery": None,
    "line.has_start_and_stop": False,
    "line.same_start": False,
}


def _done(group: list[Treatment]) -> dict[str, Any]:
    """What the treatments of one code say together."""
    minutes = [m for t in group if (m := minutes_of(t)) is not None]
    starts = [t.start for t in group if t.start is not None]
    return {
        "line.minutes": sum(minutes) if len(minutes) == len(group) else None,
        "line.diagnoses_tied": len({code for t in group for code in t.diagnoses}),
        "line.delivery": next((t.delivery.value for t in group if t.delivery), None),
        "line.has_start_and_stop": all(t.start and t.stop for t in group),
        "line.same_start": len(starts) != len(set(starts)),
    }


def _line(
    line: ServiceLine, draft: ClaimDraft, parameters: Parameters, done: Mapping[str, Any], alike: int
) -> dict[str, Any]:
    """One line's facts. done: what its code's treatments say. alike: how many lines are of its code and modifiers."""
    on = line.date_of_service
    facts: dict[str, Any] = {
        "line.code": line.code,
        "line.modifiers": line.modifiers,
        "line.units": line.units,
        "line.charge_cents": int(line.charge * 100),
        "line.diagnoses": tuple([draft.diagnoses[pointer - 1] for pointer in line.pointers]),
        "line.same_code_and_modifiers": alike > 1,
        **done,
        **parameters.remember(
            ("facts of a code", line.code, on), lambda: _of_code(parameters.procedure(line.code, on))
        ),
    }
    procedure = parameters.procedure(line.code, on)
    if procedure is not None and procedure.add_on_to:
        facts["line.missing_primary"] = not any(other.code in procedure.add_on_to for other in draft.lines)
    return facts


def _of_code(procedure: ProcedureFacts | None) -> Mapping[str, Any]:
    """What a line says by its code alone."""
    if procedure is None:
        return _UNKNOWN_CODE
    return {
        "line.disciplines": procedure.disciplines,
        "line.is_evaluation": procedure.evaluation,
        "line.is_group": procedure.group,
        "line.is_hands_on": procedure.hands_on,
        "line.is_timed": procedure.unit_minutes is not None,
        "line.missing_primary": False,
    }


_UNKNOWN_CODE: Mapping[str, Any] = {
    "line.disciplines": None,
    "line.is_evaluation": None,
    "line.is_group": None,
    "line.is_hands_on": None,
    "line.is_timed": None,
    "line.missing_primary": None,
}
