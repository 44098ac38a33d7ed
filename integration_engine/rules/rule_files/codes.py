"""codes/: procedures, pairs, most units, diagnoses, telehealth lists."""

from __future__ import annotations

from datetime import date, timedelta

from integration_engine.core import codes
from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.findings import Citation, ParameterUse
from integration_engine.domain.parties import Discipline
from integration_engine.rules.parameters.codes import DiagnosisCodes, MostUnits, PairEdits, ProcedureFacts
from integration_engine.rules.rule_files.dating import cite
from integration_engine.rules.rule_files.reading import Reading
from integration_engine.rules.rule_models.codes import (
    DiagnosisSpan,
    MostUnitsSpan,
    PairsSpan,
    ProcedureFile,
    ProceduresFile,
    TelehealthFile,
)


def procedures_of(reading: Reading, file: ProceduresFile) -> dict[str, Dated[ProcedureFacts]]:
    """What each procedure code is, by date."""
    values: dict[str, list[DatedValue[ProcedureFacts]]] = {}
    for s, span in enumerate(file.code_table):
        for g, group in enumerate(span.procedures):
            source = group.source or span.source
            if group.source is not None:
                path = ("code_table", s, "procedures", g)
                reading.doubts("codes/procedures.yaml", path, " ".join(group.codes), group.source)
            for code in group.codes:
                values.setdefault(code, []).append(
                    DatedValue(
                        value=_procedure(code, group, cite(source), group.effective_from or span.effective_from),
                        effective_from=group.effective_from or span.effective_from,
                        effective_to=group.effective_to or span.effective_to,
                        citation=cite(source),
                    )
                )
    return {code: reading.join("codes/procedures.yaml", ("code_table",), code, dated) for code, dated in values.items()}


def telehealth_lists_of(reading: Reading, file: TelehealthFile) -> dict[str, Dated[frozenset[str]]]:
    """Lists of codes: several groups of one list may run side by side, each with its own source and dates."""
    name = "codes/telehealth.yaml"
    found = {}
    for key, groups in file.telehealth_codes.items():
        for index, group in enumerate(groups):
            reading.doubts(name, ("telehealth_codes", key, index), f"telehealth {key}", group.source)
        starts = sorted({group.effective_from for group in groups})
        values = []
        for index, start in enumerate(starts):
            here = [g for g in groups if g.effective_from <= start and (g.effective_to or start) >= start]
            ends = [g.effective_to for g in here if g.effective_to is not None]
            if index + 1 < len(starts):
                ends.append(starts[index + 1] - timedelta(days=1))
            values.append(
                DatedValue(
                    value=frozenset(code for g in here for code in g.codes),
                    effective_from=start,
                    effective_to=min(ends, default=None),
                    citation=cite(here[0].source),
                )
            )
        found[key] = reading.join(name, ("telehealth_codes", key), f"telehealth {key}", values)
    return found


def pair_table(span: PairsSpan) -> PairEdits:
    """A quarter's code pairs."""
    return PairEdits(
        pairs={
            (first, second): int(indicator)
            for first, groups in span.pairs.items()
            for indicator, listed in groups.items()
            for second in listed.split()
        },
        complete=span.complete,
    )


def most_units_table(span: MostUnitsSpan) -> MostUnits:
    """A quarter's most units a day."""
    return MostUnits(
        values={code: (value.most, value.indicator) for code, value in span.most_units.items()}, complete=span.complete
    )


def diagnosis_table(span: DiagnosisSpan) -> DiagnosisCodes:
    """A year's diagnosis codes."""
    return DiagnosisCodes(valid=frozenset(span.codes.split()), complete=span.complete)


def _procedure(code: str, group: ProcedureFile, citation: Citation, since: date) -> ProcedureFacts:
    kind = f"{group.minutes} minutes" if group.minutes is not None else "untimed"
    if group.device_days is not None:
        kind = f"{group.device_days[0]} to {group.device_days[1]} days with data"
    return ProcedureFacts(
        code=codes.Hcpcs(code),
        unit_minutes=group.minutes,
        earned_at=group.earned_at,
        further_code=codes.Hcpcs(group.further_code) if group.further_code else None,
        add_on_to=tuple(codes.Hcpcs(c) for c in group.add_on_to),
        disciplines=tuple(Discipline(d) for d in group.disciplines),
        evaluation=group.evaluation,
        group=group.group,
        hands_on=group.hands_on,
        once=group.once,
        remote=group.remote,
        live_contact=group.live_contact,
        always_therapy=group.always_therapy,
        reduced=group.reduced,
        device_days=group.device_days,
        citation=citation,
        use=(ParameterUse(name=f"code_table {code}", value=kind, in_force_from=since),),
    )
