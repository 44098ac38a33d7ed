"""edits/*.yaml: the scrubber's edits and the repairs."""

from __future__ import annotations

from integration_engine.core import codes
from integration_engine.rules.parameters.edits import Edit, Repair
from integration_engine.rules.rule_files.dating import cite
from integration_engine.rules.rule_files.reading import Reading
from integration_engine.rules.rule_models.edits import EditsFile, RepairsFile
from integration_engine.rules.scrubber.conditions import compile_condition
from integration_engine.rules.scrubber.edit_facts import CLAIM_FIELDS, LINE_FIELDS

# What lies in edits/ without being a scrubber edit: repairs, and the edits of a whole claim file (claim_file/catalogue).
OTHER_EDITS = frozenset({"edits/repairs.yaml", "edits/claim_file.yaml"})


def edits_of(reading: Reading, name: str, file: EditsFile) -> list[Edit]:
    """The scrubber's edits of one file, their conditions compiled."""
    found = []
    for index, edit in enumerate(file.edits):
        fields = LINE_FIELDS if edit.scope == "line" else CLAIM_FIELDS
        try:
            when = compile_condition(edit.when, fields)
        except ValueError as error:
            reading.wrong(name, ("edits", index, "when"), str(error))
            continue
        for case in ("fails", "passes"):
            for field in getattr(edit, case):
                if field not in fields:
                    reading.wrong(name, ("edits", index, case, field), f"there is no field {field!r}")
        found.append(
            Edit(
                id=edit.id,
                scope=edit.scope,
                severity=edit.severity,
                queue=edit.queue,
                text=edit.text,
                why=edit.why,
                fix=edit.fix,
                owner=edit.owner,
                payers=tuple(edit.payers),
                segments=tuple(edit.segments),
                when=when,
                in_force=reading.dated(name, ("edits", index, "in_force"), edit.id, edit.in_force, lambda _: True),
                citation=cite(edit.in_force[0].source),
            )
        )
    return found


def repairs_of(reading: Reading, file: RepairsFile) -> tuple[Repair, ...]:
    """The repairs, each with its dates."""
    return tuple(
        Repair(
            id=repair.id,
            kind=repair.kind,
            code=codes.Hcpcs(repair.code),
            becomes=codes.Hcpcs(repair.becomes) if repair.becomes else None,
            text=repair.text,
            why=repair.why,
            payers=tuple(repair.payers),
            segments=tuple(repair.segments),
            in_force=reading.dated(
                "edits/repairs.yaml", ("repairs", index, "in_force"), repair.id, repair.in_force, lambda _: True
            ),
            citation=cite(repair.in_force[0].source),
        )
        for index, repair in enumerate(file.repairs)
    )
