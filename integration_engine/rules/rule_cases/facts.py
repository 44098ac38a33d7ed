"""The visit a rule case speaks of: what the case states, on top of a complete visit that passes everything.

People, places and identifiers are invented; the payer's rules are those of the profile in mappings/payers/. What a
case leaves out is documented, signed, certified and in time, so that only what it states decides the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from integration_engine.domain.parties import (
    Discipline,
)
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.rule_cases.case import Case
from integration_engine.rules.rule_cases.history import case_history
from integration_engine.rules.rule_cases.models import (
    Given,
)
from integration_engine.rules.rule_cases.practice import case_rules
from integration_engine.rules.rule_cases.visit import case_day


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What a case is adjudicated from."""

    day: TreatmentDay
    parameters: Parameters
    history: History


def case_facts(given: Given, parameters: Parameters) -> CaseFacts:
    """The treatment day, rules and history of one case.

    Raises   ValueError naming the field that is missing or names no payer.
    """
    if given.date_of_service is None or given.discipline is None or given.services is None:
        raise ValueError("given: discipline, date_of_service and services are wanted")
    case = Case(given, given.date_of_service, Discipline(given.discipline), given.services, parameters)
    return CaseFacts(day=case_day(case), parameters=case_rules(case), history=case_history(case))
