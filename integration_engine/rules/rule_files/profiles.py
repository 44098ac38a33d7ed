"""payers/*.yaml and rules/claims.yaml: what each payer wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integration_engine.core import codes
from integration_engine.core.dated import Dated
from integration_engine.rules.parameters.claims import CaseNumber, ClaimRule, CorrectionWay
from integration_engine.rules.parameters.dating import without_dates
from integration_engine.rules.parameters.payers import (
    DeliveryRule,
    FilingLimit,
    PayerProfile,
    TelehealthRule,
    UnitsMethod,
    UnitsRule,
    VisitCap,
    modifier_rank,
)
from integration_engine.rules.rule_files.dating import T, cite, is_dated, stretches_of
from integration_engine.rules.rule_files.reading import Reading, stem
from integration_engine.rules.rule_models.payers import CapSpan, MethodSpan, ProfileFile, TelehealthSpan
from integration_engine.rules.rule_models.rules import (
    ClaimsFile,
    ClaimsSpan,
)

ANY = "any"


def profile_of(
    reading: Reading,
    name: str,
    file: ProfileFile,
    methods: Mapping[str, UnitsMethod],
    code_pairs: Mapping[str, Any],
    most_units: Mapping[str, Any],
    telehealth_codes: Mapping[str, Any],
) -> PayerProfile:
    """One payer's profile, every name in it known."""
    key = stem(name)
    _check_names(reading, name, file, methods, code_pairs, most_units, telehealth_codes)
    reading.doubts(name, ("source",), key, file.source)

    def dated(field: str, value: Callable[[Any], T]) -> Dated[T]:
        return reading.dated(name, (field,), f"{key}.{field}", getattr(file, field), value)

    def setting(field: str, value: Callable[[Any], Any] = lambda stated: stated) -> Dated[Any]:
        stated = getattr(file, field)
        if is_dated(stated):
            return dated(field, lambda span: value(span.value))
        return without_dates(f"{key}.{field}", value(stated), cite(file.source))

    return PayerProfile(
        key=key,
        label=file.label,
        segment=file.segment,
        units_method=dated("units_method", _units_rule),
        units_sent=setting("units_sent"),
        rest_counts=setting("rest_counts"),
        not_one_on_one=setting("not_one_on_one", DeliveryRule),
        caps=dated("caps", _cap) if file.caps else None,
        minutes_checks=setting("minutes_checks"),
        discipline_modifiers=dated("discipline_modifiers", lambda s: s.on_codes),
        assistant_modifiers=dated("assistant_modifiers", lambda s: s.used),
        threshold=setting("threshold"),
        advance_notices=setting("advance_notices"),
        habilitative_modifiers=setting("habilitative_modifiers"),
        separate_modifier=setting("separate_modifier", lambda stated: codes.Modifier(stated) if stated else None),
        plan_of_care=setting("plan_of_care"),
        progress_note_every=setting("progress_note_every"),
        progress_note_days=setting("progress_note_days"),
        progress_note_grace_days=setting("progress_note_grace_days"),
        referring_required=setting("referring_required"),
        supervising_sent=setting("supervising_sent"),
        modifier_rank=setting("modifier_order", modifier_rank),
        telehealth=dated("telehealth", _telehealth_rule),
        code_pairs=setting("code_pairs", tuple),
        most_units=setting("most_units"),
        filing_limit=dated("filing_limit", lambda s: FilingLimit(days=s.days, months=s.months, year_ends=s.year_ends)),
        citation=cite(file.source),
    )


def _check_names(
    reading: Reading,
    name: str,
    file: ProfileFile,
    methods: Mapping[str, UnitsMethod],
    code_pairs: Mapping[str, Any],
    most_units: Mapping[str, Any],
    telehealth_codes: Mapping[str, Any],
) -> None:
    """Note every method, table and list that a profile names and no file has."""
    for index, span in enumerate(file.units_method):
        if span.method not in methods:
            place = ("units_method", index, "method")
            reading.wrong(name, place, f"rules/units.yaml has no method {span.method!r}; it has {', '.join(methods)}")
    for path, tables in stretches_of("code_pairs", file.code_pairs):
        for table in (t for t in tables if t not in code_pairs):
            reading.wrong(name, path, f"codes/ncci_pairs/ has no table {table!r}")
    for path, table in stretches_of("most_units", file.most_units):
        if table is not None and table not in most_units:
            reading.wrong(name, path, f"codes/most_units/ has no table {table!r}")
    for index, one in enumerate(file.telehealth):
        if one.codes != ANY and one.codes not in telehealth_codes:
            reading.wrong(name, ("telehealth", index, "codes"), f"codes/telehealth.yaml has no list {one.codes!r}")


def claim_rules_of(
    reading: Reading, file: ClaimsFile, profiles: Mapping[str, PayerProfile]
) -> dict[str, Dated[ClaimRule]]:
    """How claims are made, by profile: the profile's own, else its segment's, else any payer's."""
    name = "rules/claims.yaml"
    known = {ANY, *profiles, *(profile.segment for profile in profiles.values())}
    for key in file.claims.keys() - known:
        reading.wrong(name, ("claims", key), f"{key!r} is no payer profile and no segment")
    rules = {
        key: reading.dated(name, ("claims", key), f"claims.{key}", spans, _claim_rule)
        for key, spans in file.claims.items()
    }
    return {key: rules.get(key) or rules.get(profile.segment) or rules[ANY] for key, profile in profiles.items()}


def _units_rule(span: MethodSpan) -> UnitsRule:
    return UnitsRule(method=span.method, visit_code=codes.Hcpcs(span.visit_code) if span.visit_code else None)


def _cap(span: CapSpan) -> VisitCap:
    return VisitCap(
        most_units=span.most_units,
        most_codes=span.most_codes,
        most_minutes=span.most_minutes,
        citation=cite(span.source),
    )


def _claim_rule(span: ClaimsSpan) -> ClaimRule:
    return ClaimRule(
        corrections=CorrectionWay(span.corrections),
        authorizations_split=span.authorizations_split,
        members_have_ids=span.members_have_ids,
        later_payers=span.later_payers,
        ordering_sent=span.ordering_sent,
        initial_treatment_sent=span.initial_treatment_sent,
        work_dates_sent=span.work_dates_sent,
        case_number=CaseNumber(span.case_number),
        primary_care_sent=span.primary_care_sent,
        assignment=span.assignment,
        benefits_assigned=span.benefits_assigned,
        release_of_information=span.release_of_information,
        insurance_types=tuple(span.insurance_types),
        citation=cite(span.source),
    )


def _telehealth_rule(span: TelehealthSpan) -> TelehealthRule:
    def modifier(text: str | None) -> codes.Modifier | None:
        return codes.Modifier(text) if text else None

    return TelehealthRule(
        covered=span.covered,
        codes=span.codes,
        video_modifier=modifier(span.video_modifier),
        institution_modifier=modifier(span.institution_modifier),
        audio_modifier=modifier(span.audio_modifier),
        places_of_service=tuple(span.places_of_service),
        citation=cite(span.source),
    )
