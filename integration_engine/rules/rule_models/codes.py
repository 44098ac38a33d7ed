"""codes/: procedures, code pairs, most units a day, diagnoses, telehealth lists."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from integration_engine.rules.rule_models.kinds import Code, Day, Disc, RuleFile, Source, Span


class ProcedureFile(RuleFile):
    codes: list[Code]
    minutes: int | None = None
    earned_at: int | None = None
    further_code: Code | None = None
    add_on_to: list[Code] = Field(default_factory=list)
    disciplines: list[Disc]
    evaluation: bool = False
    group: bool = False
    hands_on: bool = False
    once: bool = False
    remote: bool = False
    live_contact: bool = False
    always_therapy: bool = True
    reduced: bool = False
    device_days: tuple[int, int] | None = None
    effective_from: Day | None = None
    effective_to: Day | None = None
    source: Source | None = None


class ProceduresSpan(Span):
    procedures: list[ProcedureFile]


class ProceduresFile(RuleFile):
    """What each procedure code is: timed or not, whose, and how. No descriptors."""

    description: str
    code_table: list[ProceduresSpan]


class PairsSpan(Span):
    complete: bool = False
    pairs: dict[Code, dict[Literal["1", "0"], str]]


class PairsFile(RuleFile):
    """Column-1/column-2 pairs of a quarter."""

    description: str
    ncci_pairs: list[PairsSpan]


class MostUnitsValue(RuleFile):
    most: int
    indicator: Literal[1, 2, 3]


class MostUnitsSpan(Span):
    complete: bool = False
    most_units: dict[Code, MostUnitsValue]


class MostUnitsFile(RuleFile):
    """Most units a day of a quarter."""

    description: str
    most_units: list[MostUnitsSpan]


class DiagnosisSpan(Span):
    complete: bool = False
    codes: str


class DiagnosesFile(RuleFile):
    """ICD-10-CM codes valid for submission in a year, without dots, blanks between."""

    description: str
    icd10_cm: list[DiagnosisSpan]


class TelehealthGroup(Span):
    codes: list[Code]


class TelehealthFile(RuleFile):
    """Lists of codes a payer takes by telehealth."""

    description: str
    telehealth_codes: dict[str, list[TelehealthGroup]]
