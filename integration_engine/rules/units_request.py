"""The ``units`` contract: a few services in, units, modifiers and decisions out; nothing stored.

It asks the same functions that adjudication asks. What only a whole record knows (allowed amounts of the practice,
attestation) is not assumed: the threshold is judged on the amount the request gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from integration_engine.core.codes import Modifier, parse_hcpcs, parse_modifier
from integration_engine.core.findings import Decision, Finding
from integration_engine.core.money import ZERO, parse_money
from integration_engine.domain.encounter import Encounter, Modality
from integration_engine.domain.parties import Discipline
from integration_engine.domain.treatment import AdvanceNotice, Delivery, DenialExpected, Treatment
from integration_engine.rules.gates.treatment_times import check_times_of
from integration_engine.rules.modifiers.coding import coded_lines
from integration_engine.rules.modifiers.day import ModifierFacts
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile
from integration_engine.rules.units.billing import billed_units

Choice = TypeVar("Choice", bound=StrEnum)

REQUEST_FIELDS = frozenset(
    {"payer", "discipline", "date_of_service", "services", "prior_allowed_amount", "modality", "habilitative"}
)
SERVICE_FIELDS = frozenset(
    {
        "code",
        "minutes",
        "assistant_minutes",
        "joint_minutes",
        "start",
        "stop",
        "rest_minutes",
        "delivery",
        "modifiers",
        "units",
        "device_days",
        "live_contact",
        "denial_expected",
        "advance_notice",
    }
)
MODALITIES = {
    "in_person": Modality.IN_PERSON,
    "telehealth_video": Modality.TELEHEALTH_VIDEO,
    "telehealth_audio": Modality.TELEHEALTH_AUDIO,
}


def answer_units(request: Any, parameters: Parameters) -> dict[str, Any]:
    """Answer one request.

    Raises   ValueError with the JSON path and what it takes; NotInForce where a rule has no value on the date.
    """
    _known(request, REQUEST_FIELDS, "")
    payer = _text(request, "payer")
    if payer not in parameters.profiles:
        raise ValueError(f"payer: there is no profile {payer!r}; there are {', '.join(sorted(parameters.profiles))}")
    profile = parameters.profiles[payer]
    discipline = _one_of(request, "discipline", {d.value: d for d in Discipline})
    on = _date(_text(request, "date_of_service"))
    modality = MODALITIES["in_person"] if request.get("modality") is None else _one_of(request, "modality", MODALITIES)
    services = request.get("services")
    if not isinstance(services, list):
        raise ValueError("services: a list is wanted")
    treatments = [_treatment(service, f"services[{index}]", on) for index, service in enumerate(services)]
    times, doubts = _times(treatments, on, profile, parameters)
    units = billed_units(treatments, profile, on, parameters, discipline)
    facts = ModifierFacts(
        as_of=on,
        discipline=discipline,
        modality=modality,
        attested=True,
        prior_allowed=_amount(request.get("prior_allowed_amount")),
        allowed_per_unit={},
        treatments=treatments,
        habilitative=_flag(request, "habilitative", ""),
    )
    coded = coded_lines(units.services, profile, facts, parameters)
    return {
        "lines": [{"code": line.code, "units": line.units, "modifiers": list(line.modifiers)} for line in coded.lines],
        "timed_minutes": units.timed_minutes,
        "total_timed_units": units.total_timed_units,
        "tie": units.tie,
        "alternatives": [[{"code": code, "units": count} for code, count in option] for option in units.alternatives],
        "decisions": [_decision(decision) for decision in (*times, *units.decisions, *coded.decisions)],
        "findings": [_finding(finding) for finding in (*doubts, *units.findings, *coded.findings)],
    }


def _times(
    treatments: Sequence[Treatment], on: date, profile: PayerProfile, parameters: Parameters
) -> tuple[tuple[Decision, ...], tuple[Finding, ...]]:
    """Do the times hold together, where any are given; the request is read as one visit."""
    if not any(treatment.start or treatment.stop for treatment in treatments):
        return (), ()
    return check_times_of((Encounter(treatments=tuple(treatments)),), on, profile, parameters)


def _treatment(service: Any, path: str, on: date) -> Treatment:
    _known(service, SERVICE_FIELDS, path)
    try:
        code = parse_hcpcs(_text(service, "code", path))
    except ValueError as error:
        raise ValueError(f"{path}.code: {error}") from None
    minutes = _whole(service, "minutes", path)
    assistant = _whole(service, "assistant_minutes", path)
    joint = _whole(service, "joint_minutes", path)
    start, stop = _clock(service, "start", path, on), _clock(service, "stop", path, on)
    if "minutes" not in service and "device_days" not in service and (start is None or stop is None):
        raise ValueError(f"{path}.minutes: whole minutes are wanted, or start and stop")
    if minutes is not None and (assistant or 0) + (joint or 0) > minutes:
        raise ValueError(f"{path}: assistant_minutes and joint_minutes are part of minutes and exceed them")
    rest = _whole(service, "rest_minutes", path)
    clock = int((stop - start).total_seconds() // 60) if start is not None and stop is not None else minutes
    if rest is not None and clock is not None and rest > clock:
        raise ValueError(
            f"{path}.rest_minutes: rest is part of the time from start to stop and exceeds its {clock} min"
        )
    delivery = service.get("delivery")
    if delivery is not None and delivery not in set(Delivery):
        raise ValueError(f"{path}.delivery: one of {', '.join(Delivery)} is wanted")
    if start is not None and stop is not None and stop <= start:
        raise ValueError(f"{path}.stop: a time after start is wanted")
    return Treatment(
        code=code,
        minutes=minutes,
        assistant_minutes=assistant,
        joint_minutes=joint,
        rest_minutes=rest,
        start=start,
        stop=stop,
        delivery=Delivery(delivery) if delivery else None,
        units_sent=_whole(service, "units", path),
        modifiers=_modifiers(service, path),
        device_days=_whole(service, "device_days", path),
        live_contact=_flag(service, "live_contact", path),
        denial_expected=_choice(service, "denial_expected", path, DenialExpected),
        advance_notice=_choice(service, "advance_notice", path, AdvanceNotice),
    )


def _known(value: Any, fields: frozenset[str], path: str) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{path or 'request'}: an object is wanted")
    unknown = sorted(set(value) - fields)
    if unknown:
        raise ValueError(f"{path}{'.' if path else ''}{unknown[0]}: unknown; there are {', '.join(sorted(fields))}")


def _text(value: Mapping[str, Any], name: str, path: str = "") -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise ValueError(f"{path}{'.' if path else ''}{name}: text is wanted")
    return found


def _one_of(value: Mapping[str, Any], name: str, among: Mapping[str, Any]) -> Any:
    found = str(value.get(name))
    if found not in among:
        raise ValueError(f"{name}: one of {', '.join(among)} is wanted")
    return among[found]


def _whole(value: Mapping[str, Any], name: str, path: str) -> int | None:
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise ValueError(f"{path}.{name}: a whole number of minutes, 0 or more, is wanted")
    return found


def _modifiers(value: Mapping[str, Any], path: str) -> tuple[Modifier, ...]:
    found = value.get("modifiers")
    if found is None:
        return ()
    if not isinstance(found, list):
        raise ValueError(f'{path}.modifiers: a list such as ["GA"] is wanted')
    modifiers = []
    for index, modifier in enumerate(found):
        if not isinstance(modifier, str):
            raise ValueError(f"{path}.modifiers[{index}]: text is wanted")
        try:
            modifiers.append(parse_modifier(modifier))
        except ValueError as error:
            raise ValueError(f"{path}.modifiers[{index}]: {error}") from None
    return tuple(modifiers)


def _flag(value: Mapping[str, Any], name: str, path: str) -> bool | None:
    found = value.get(name)
    if found is None or isinstance(found, bool):
        return found
    raise ValueError(f"{path}{'.' if path else ''}{name}: true or false is wanted")


def _choice(value: Mapping[str, Any], name: str, path: str, among: type[Choice]) -> Choice | None:
    found = value.get(name)
    if found is None:
        return None
    if found not in set(among):
        raise ValueError(f"{path}.{name}: one of {', '.join(among)} is wanted")
    return among(found)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("date_of_service: a date such as 2026-03-02 is wanted") from None


def _clock(value: Mapping[str, Any], name: str, path: str, on: date) -> datetime | None:
    found = value.get(name)
    if found is None:
        return None
    try:
        return datetime.combine(on, time.fromisoformat(found))
    except (TypeError, ValueError):
        raise ValueError(f"{path}.{name}: a time such as 09:00 is wanted") from None


def _amount(found: Any) -> Decimal | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise ValueError('prior_allowed_amount: text such as "2400.00" is wanted, so that no cent is lost')
    try:
        amount = parse_money(str(found))
    except ValueError as error:
        raise ValueError(f"prior_allowed_amount: {error}") from None
    if amount < ZERO:
        raise ValueError("prior_allowed_amount: 0 or more is wanted")
    return amount


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "station": decision.station,
        "subject": decision.subject,
        "rule": decision.rule,
        "value": decision.value,
        "outcome": decision.outcome.value,
        "working": list(decision.working),
        "parameters": [
            {
                "name": use.name,
                "value": use.value,
                "in_force_from": use.in_force_from.isoformat() if use.in_force_from else None,
            }
            for use in decision.parameters
        ],
        "citation": str(decision.citation) if decision.citation else None,
        "otherwise": list(decision.otherwise),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "text": finding.text,
        "fix": finding.fix,
        "observed": finding.observed,
        "expected": finding.expected,
    }
