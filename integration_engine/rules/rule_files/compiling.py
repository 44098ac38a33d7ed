"""Rule files become one set of parameters, or a list of all that is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from integration_engine.core import codes
from integration_engine.core.dated import Dated
from integration_engine.core.documents import read_document
from integration_engine.core.errors import MappingError
from integration_engine.rules.parameters.documentation import Mending
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.rule_files.codes import (
    diagnosis_table,
    most_units_table,
    pair_table,
    procedures_of,
    telehealth_lists_of,
)
from integration_engine.rules.rule_files.dating import cite
from integration_engine.rules.rule_files.edits import edits_of, repairs_of
from integration_engine.rules.rule_files.files import read_files
from integration_engine.rules.rule_files.gates import action_of, check_needs, requirement_of
from integration_engine.rules.rule_files.practice import practice_of
from integration_engine.rules.rule_files.profiles import claim_rules_of, profile_of
from integration_engine.rules.rule_files.reading import MEDICARE, Reading, stem
from integration_engine.rules.rule_files.remarks import Remark
from integration_engine.rules.rule_files.therapy import (
    amount_of,
    assistant_rule,
    certification_rule,
    supervision_of,
    thresholds_of,
    units_method,
)
from integration_engine.rules.rule_models.kinds import Source
from integration_engine.rules.source_review import citations, is_reviewed


def compile_rules(files: Mapping[str, str]) -> Parameters:
    """All rule files of a mappings folder as one set of parameters.

    Shapes   files: path below mappings/ → text; paths of other kinds (hl7/, claims/, cases/) are left alone.
    Raises   MappingError with every problem found.
    """
    return parameters_of(Reading(files))


def review_rules(files: Mapping[str, str]) -> tuple[Remark, ...]:
    """What deserves a look in files that compile: gaps in dates, values that end, sources in doubt or without a section."""
    reading = Reading(files)
    parameters_of(reading)
    review_others(reading, files)
    remarks = dict.fromkeys(reading.remarks)  # two lists of one anchor say the same
    return tuple(sorted(remarks, key=lambda remark: (remark.file, remark.line)))


def parameters_of(reading: Reading) -> Parameters:
    """All files as one set of parameters.

    Raises   MappingError with every problem found.
    """
    files = read_files(reading)
    code_pairs = reading.tables(files.pairs, "codes/ncci_pairs/", lambda file: file.ncci_pairs, pair_table)
    most_units = reading.tables(files.most_units, "codes/most_units/", lambda file: file.most_units, most_units_table)
    telehealth_codes = telehealth_lists_of(reading, files.telehealth)
    methods = {key: units_method(key, method) for key, method in files.units.methods.items()}
    compiled_profiles = {
        stem(name): profile_of(reading, name, profile, methods, code_pairs, most_units, telehealth_codes)
        for name, profile in files.profiles.items()
    }
    check_needs(reading, files.gates, files.who_may)
    reading.doubts(
        "rules/modifiers.yaml", ("discipline_source",), "discipline_modifiers", files.modifiers.discipline_source
    )
    reading.doubts("rules/placeholders.yaml", ("source",), "placeholders", files.placeholders.source)
    for key, method in files.units.methods.items():
        reading.doubts("rules/units.yaml", ("methods", key), f"units method {key}", method.source)
    compiled = Parameters(
        version=version_of(reading.files),
        methods=methods,
        group_codes={d: codes.Hcpcs(code) for d, code in files.units.group_codes.items()},
        profiles=compiled_profiles,
        procedures=procedures_of(reading, files.procedures),
        discipline_modifiers={d: codes.Modifier(mod) for d, mod in files.modifiers.discipline_modifiers.items()},
        assistant=reading.dated(
            "rules/modifiers.yaml", ("assistant",), "assistant_rule", files.modifiers.assistant, assistant_rule
        ),
        assistant_modifiers={d: codes.Modifier(mod) for d, mod in files.modifiers.assistant_modifiers.items()},
        thresholds=thresholds_of(reading, files.thresholds),
        buckets={str(d): bucket for d, bucket in files.thresholds.buckets.items()},
        review_amount=amount_of(reading, "medical_review", files.thresholds.medical_review),
        undecided_within=amount_of(reading, "undecided_within", files.thresholds.undecided_within),
        certification=reading.dated(
            "rules/certification.yaml",
            ("certification",),
            "certification",
            files.certification.certification,
            certification_rule,
        ),
        supervision=supervision_of(reading, files.supervision),
        requirements=reading.dated(
            "gates/minimum_documentation.yaml",
            ("minimum_documentation",),
            "minimum_documentation",
            files.gates.minimum_documentation,
            lambda s: tuple(requirement_of(r) for r in s.requirements),
        ),
        who_may=reading.dated(
            "gates/who_may.yaml",
            ("who_may",),
            "who_may",
            files.who_may.who_may,
            lambda s: tuple(action_of(action) for action in s.actions),
        ),
        edits=tuple(edit for name, file in files.edits.items() for edit in edits_of(reading, name, file)),
        repairs=repairs_of(reading, files.repairs),
        code_pairs=code_pairs,
        most_units=most_units,
        diagnosis_codes=reading.tables(
            files.diagnoses, "codes/icd10_cm/", lambda file: file.icd10_cm, diagnosis_table
        ).get(MEDICARE, Dated("icd10_cm", ())),
        telehealth_codes=telehealth_codes,
        claims=claim_rules_of(reading, files.claims, compiled_profiles),
        mending={
            identity: Mending(why=one.why, screen=one.screen) for identity, one in files.findings.findings.items()
        },
        placeholders=frozenset(text.upper() for text in files.placeholders.placeholders),
        practice=practice_of(reading, files.practice, compiled_profiles),
        citations={"discipline_modifiers": cite(files.modifiers.discipline_source)},
    )
    if reading.problems:
        raise MappingError(tuple(reading.problems))
    return compiled


def review_others(reading: Reading, files: Mapping[str, str]) -> None:
    """Remark on the sources of files that are compiled elsewhere; what is wrong with them is told there."""
    for name in (name for name in files if is_reviewed(name)):
        reading.documents[name] = document = read_document(name, files[name])
        for path, label, stated in citations(document.value):
            known = {field: stated[field] for field in Source.model_fields if stated.get(field) is not None}
            reading.doubts(name, path, label, Source.model_validate(known))


def version_of(files: Mapping[str, str]) -> str:
    """Content hash of the rule files."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].encode() + b"\0")
    return digest.hexdigest()
