"""The model of each kind of rule file, and its JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

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
from integration_engine.rules.rule_models.practice import PracticeFile
from integration_engine.rules.rule_models.rules import (
    CertificationFile,
    ClaimsFile,
    ModifiersFile,
    PlaceholdersFile,
    SupervisionFile,
    ThresholdsFile,
    UnitsFile,
)

MODELS: Mapping[str, type[BaseModel]] = {
    "practice": PracticeFile,
    "payer": ProfileFile,
    "units": UnitsFile,
    "modifiers": ModifiersFile,
    "thresholds": ThresholdsFile,
    "certification": CertificationFile,
    "gates": GatesFile,
    "edits": EditsFile,
    "procedures": ProceduresFile,
    "ncci_pairs": PairsFile,
    "most_units": MostUnitsFile,
    "icd10_cm": DiagnosesFile,
    "telehealth": TelehealthFile,
    "supervision": SupervisionFile,
    "claims": ClaimsFile,
    "who_may": WhoMayTable,
    "repairs": RepairsFile,
    "findings": FindingsFile,
    "placeholders": PlaceholdersFile,
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each kind of rule file, for editors."""
    return {name: model.model_json_schema() for name, model in MODELS.items()}
