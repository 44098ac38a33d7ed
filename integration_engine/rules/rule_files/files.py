"""All rule files of a mappings folder, each as the shape it has to have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integration_engine.core.errors import MappingError
from integration_engine.rules.rule_files.edits import OTHER_EDITS
from integration_engine.rules.rule_files.reading import Reading
from integration_engine.rules.rule_models.codes import (
    DiagnosesFile,
    MostUnitsFile,
    PairsFile,
    ProceduresFile,
    TelehealthFile,
)
from integration_engine.rules.rule_models.edits import EditsFile, RepairsFile
from integration_engine.rules.rule_models.gates import FindingsFile, GatesFile, WhoMayTable
from integration_engine.rules.rule_models.payers import ProfileFile
from integration_engine.rules.rule_models.practice import (
    PracticeFile,
)
from integration_engine.rules.rule_models.rules import (
    CertificationFile,
    ClaimsFile,
    ModifiersFile,
    PlaceholdersFile,
    SupervisionFile,
    ThresholdsFile,
    UnitsFile,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFiles:
    """Every file read. Those of which there may be several are by their names, in order."""

    practice: PracticeFile
    findings: FindingsFile
    units: UnitsFile
    modifiers: ModifiersFile
    thresholds: ThresholdsFile
    certification: CertificationFile
    supervision: SupervisionFile
    placeholders: PlaceholdersFile
    claims: ClaimsFile
    gates: GatesFile
    who_may: WhoMayTable
    procedures: ProceduresFile
    telehealth: TelehealthFile
    repairs: RepairsFile
    diagnoses: Mapping[str, DiagnosesFile]
    pairs: Mapping[str, PairsFile]
    most_units: Mapping[str, MostUnitsFile]
    profiles: Mapping[str, ProfileFile]
    edits: Mapping[str, EditsFile]


def read_files(reading: Reading) -> RuleFiles:
    """Every rule file as its shape.

    Raises   MappingError with each file that is missing and each field that is not as its shape has it.
    """
    practice = reading.one("practice.yaml", PracticeFile)
    findings = reading.one("findings.yaml", FindingsFile)
    units = reading.one("rules/units.yaml", UnitsFile)
    modifiers = reading.one("rules/modifiers.yaml", ModifiersFile)
    thresholds = reading.one("rules/thresholds.yaml", ThresholdsFile)
    certification = reading.one("rules/certification.yaml", CertificationFile)
    supervision = reading.one("rules/supervision.yaml", SupervisionFile)
    placeholders = reading.one("rules/placeholders.yaml", PlaceholdersFile)
    claims = reading.one("rules/claims.yaml", ClaimsFile)
    gates = reading.one("gates/minimum_documentation.yaml", GatesFile)
    who_may = reading.one("gates/who_may.yaml", WhoMayTable)
    procedures = reading.one("codes/procedures.yaml", ProceduresFile)
    telehealth = reading.one("codes/telehealth.yaml", TelehealthFile)
    repairs = reading.one("edits/repairs.yaml", RepairsFile)
    diagnoses = reading.all_below("codes/icd10_cm/", DiagnosesFile)
    pairs = reading.all_below("codes/ncci_pairs/", PairsFile)
    most_units = reading.all_below("codes/most_units/", MostUnitsFile)
    profiles = reading.all_below("payers/", ProfileFile)
    edits = reading.all_below("edits/", EditsFile, but=OTHER_EDITS)
    if reading.problems:
        raise MappingError(tuple(reading.problems))
    assert practice and findings and units and modifiers and thresholds  # noqa: PT018 - no problems: all read
    assert certification and supervision and placeholders and gates and who_may  # noqa: PT018
    assert procedures and telehealth and repairs and claims  # noqa: PT018
    return RuleFiles(
        practice=practice,
        findings=findings,
        units=units,
        modifiers=modifiers,
        thresholds=thresholds,
        certification=certification,
        supervision=supervision,
        placeholders=placeholders,
        claims=claims,
        gates=gates,
        who_may=who_may,
        procedures=procedures,
        telehealth=telehealth,
        repairs=repairs,
        diagnoses=diagnoses,
        pairs=pairs,
        most_units=most_units,
        profiles=profiles,
        edits=edits,
    )
