"""The rules a case is asked by: those in force, with a practice of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Hcpcs, Npi, Taxonomy
from integration_engine.core.dated import Dated, DatedValue
from integration_engine.domain.claim import Payer
from integration_engine.domain.parties import (
    Discipline,
    Organization,
)
from integration_engine.rules.parameters.dating import without_dates
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile, modifier_rank
from integration_engine.rules.parameters.practice import Location, PayerEntry, Practice
from integration_engine.rules.rule_cases.case import Case
from integration_engine.rules.rule_cases.usual import ADDRESS, NUMBER, TELEHEALTH, UNIT_CHARGE

PRIMARY, SECONDARY = "CASE", "CASE2"  # how the invented coverages name their payers


def case_rules(case: Case) -> Parameters:
    """The rules in force, with a practice of the case's own."""
    payers = {PRIMARY: _entry(case, case.given.payer, "payer")}
    if case.given.secondary is not None:
        payers[SECONDARY] = _entry(case, case.given.secondary, "secondary")
    provider = Organization(
        key=NUMBER,
        name="TEST REHABILITATION CENTER",
        npi=Npi("1999902004"),
        tax_id="990000001",
        taxonomy=Taxonomy("261QR0400X"),
        address=ADDRESS,
    )
    place = "10" if case.given.modality in TELEHEALTH else "11"
    location = Location(
        key=NUMBER, setting=case.given.setting, place_of_service=place, billing_provider=NUMBER, facility=None
    )
    rules = case.rules.with_practice(
        Practice(
            time_zone=case.rules.practice.time_zone,
            default_location=NUMBER,
            billing_providers={NUMBER: provider},
            locations={NUMBER: location},
            practitioners={},
            payers=payers,
            charges=_always(dict.fromkeys(case.rules.procedures, UNIT_CHARGE)),
        )
    )
    order = case.given.modifier_order
    if order is None:
        return rules
    profile = rules.profiles[payers[PRIMARY].payer.profile]
    rank = without_dates(profile.modifier_rank.name, modifier_rank(order))
    return rules.with_profile(replace(profile, modifier_rank=rank))


def _entry(case: Case, name: str | None, field: str) -> PayerEntry:
    given = case.given
    known = next((e for e in case.rules.practice.payers.values() if e.payer.key == name), None)
    if known is not None:
        return known
    profile = case.rules.profiles.get(name or "")
    if profile is None:
        there = ", ".join((*sorted(case.rules.profiles), *sorted(_own_payers(case))))
        raise ValueError(f"given.{field}: there is no profile and no payer {name!r}; there are {there}")
    return PayerEntry(
        payer=_payer(profile),
        authorization_required=tuple(Discipline) if given.authorization_required else (),
        authorization_exempt=tuple(Hcpcs(code) for code in given.authorization_exempt),
        authorization_as_later_payer=False,
        visit_counts=given.visit_counts,
        timely_filing_days=given.timely_filing_days,
        allowed=_always(given.allowed),
        practice_expense=_always(given.practice_expense),
    )


def _own_payers(case: Case) -> set[str]:
    return {entry.payer.key for entry in case.rules.practice.payers.values()}


def _payer(profile: PayerProfile) -> Payer:
    return Payer(
        key=profile.key,
        name=profile.label,
        payer_id="CASE1",
        claim_filing="MB" if any(value.value for value in profile.threshold.values) else "CI",
        profile=profile.key,
        receiver=NUMBER,
    )


def _always(amounts: Mapping[str, Decimal]) -> dict[str, Dated[Decimal]]:
    return {code: Dated(code, (DatedValue(value=amount, effective_from=date.min),)) for code, amount in amounts.items()}
