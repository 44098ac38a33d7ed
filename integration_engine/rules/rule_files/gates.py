"""gates/*.yaml: what must be documented, and who may do what."""

from __future__ import annotations

from integration_engine.core.findings import Severity
from integration_engine.rules.gates.minimum_documentation import NEEDS
from integration_engine.rules.gates.who_may import ACTIONS
from integration_engine.rules.parameters.documentation import Requirement, WhoMay
from integration_engine.rules.rule_files.dating import cite
from integration_engine.rules.rule_files.reading import Reading
from integration_engine.rules.rule_models.gates import GatesFile, RequirementFile, WhoMayFile, WhoMayTable


def check_needs(reading: Reading, file: GatesFile, who_may: WhoMayTable) -> None:
    """Note every need and action that no gate knows."""
    for s, span in enumerate(file.minimum_documentation):
        for r, requirement in enumerate(span.requirements):
            if requirement.need not in NEEDS:
                path: tuple[str | int, ...] = ("minimum_documentation", s, "requirements", r, "need")
                text = f"there is no need {requirement.need!r}; there are {', '.join(NEEDS)}"
                reading.wrong("gates/minimum_documentation.yaml", path, text)
            where = ("minimum_documentation", s, "requirements", r)
            reading.doubts("gates/minimum_documentation.yaml", where, requirement.need, requirement.source)
    for s, span_ in enumerate(who_may.who_may):
        for a, action in enumerate(span_.actions):
            if action.action not in ACTIONS:
                path = ("who_may", s, "actions", a, "action")
                text = f"there is no action {action.action!r}; there are {', '.join(ACTIONS)}"
                reading.wrong("gates/who_may.yaml", path, text)
            reading.doubts("gates/who_may.yaml", ("who_may", s, "actions", a), action.action, action.source)


def requirement_of(file: RequirementFile) -> Requirement:
    """One thing that must be documented."""
    return Requirement(
        need=file.need,
        encounter_types=tuple(file.encounter_types),
        severity=Severity(file.severity),
        segments=tuple(file.segments),
        finding=file.finding,
        text=file.text,
        fix=file.fix,
        owner=file.owner,
        queue=file.queue,
        citation=cite(file.source),
    )


def action_of(file: WhoMayFile) -> WhoMay:
    """One action with the licences that may do it."""
    return WhoMay(
        action=file.action,
        segments=tuple(file.segments),
        licences=tuple(file.licences),
        finding=file.finding,
        text=file.text,
        fix=file.fix,
        owner=file.owner,
        queue=file.queue,
        citation=cite(file.source),
    )
