"""Which modifiers does a service line carry, and in which order?

Decides discipline, assistant, threshold and telehealth modifiers by payer and date, and carries the ones sent that
only a person can know (59, X{EPSU}, GA, GX, GY, GZ). It never adds 59 and never drops one silently: more than four
hold the claim. Authority: CMS Pub 100-04 ch. 5 §§10.3, 20.1; 42 CFR 410.59 and 410.60 (assistants).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.core.money import ZERO
from integration_engine.domain.encounter import Modality
from integration_engine.domain.parties import Discipline
from integration_engine.rules.parameters import Parameters, PayerProfile
from integration_engine.rules.units import Service

MOST_MODIFIERS = 4
KX = Modifier("KX")
COMPUTED = frozenset({"GP", "GO", "GN", "CQ", "CO", "KX", "95", "93", "GT", "FQ"})
HOUSE = Citation(document="X222A1", section="2400 SV101-3 to SV101-6")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedLine:
    """One service line while it is being coded: code, units, modifiers, and the treatments behind it."""

    code: Hcpcs
    units: int
    places: tuple[int, ...]
    by_assistant: bool = False
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiersResult:
    """Lines with their modifiers. allowed: what the day adds to the therapy threshold, None if not known."""

    lines: tuple[CodedLine, ...]
    allowed: Decimal | None
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifierFacts:
    """What modifiers depend on besides the services. prior_allowed: the bucket's amount used before, None if unknown."""

    as_of: date
    discipline: Discipline
    modality: Modality | None
    attested: bool | None
    prior_allowed: Decimal | None
    allowed_per_unit: dict[Hcpcs, Decimal | None]
    sent: dict[int, tuple[Modifier, ...]]  # by treatment index


def coded_lines(
    services: Sequence[Service], profile: PayerProfile, facts: ModifierFacts, parameters: Parameters
) -> ModifiersResult:
    """Turn services with units into lines with modifiers, splitting a code that assistant and therapist shared."""
    decisions: list[Decision] = []
    findings: list[Finding] = []
    lines: list[CodedLine] = []
    for service in services:
        if service.units == 0:
            continue
        lines.extend(_by_whom(service, profile, facts, parameters, decisions, findings))
    lines = [_with_discipline(line, profile, facts, parameters, decisions) for line in lines]
    lines, allowed = _with_threshold(lines, profile, facts, parameters, decisions, findings)
    lines = [_with_telehealth(line, profile, facts, decisions) for line in lines]
    lines = [_with_sent(line, facts) for line in lines]
    ordered = tuple(_in_order(line, profile, findings) for line in lines)
    return ModifiersResult(lines=ordered, allowed=allowed, decisions=tuple(decisions), findings=tuple(findings))


# --- assistants ------------------------------------------------------------------------------------------------------


def split_by_assistant(
    therapist: int, assistant: int, units: int, *, midpoint: int | None, share_over: int, window: tuple[int, int]
) -> tuple[int, int, str, bool]:
    """Units without and with the assistant modifier, in words, and whether a person should look.

    Units    therapist: minutes with the therapist, joint ones included. assistant: minutes without.
    Source   42 CFR 410.59(a)(4), 410.60(a)(4); CMS CY 2022 final rule for the midpoint exception.
    """
    without, p = divmod(therapist, 15)
    with_it, a = divmod(assistant, 15)
    left = units - without - with_it
    if left <= 0:
        with_it = min(with_it, units)
        return units - with_it, with_it, f"{without} whole units by the therapist, {with_it} by the assistant", left < 0
    if left == 1:
        over = 10 * a > share_over * (p + a)
        if midpoint is not None and p >= midpoint:
            by_assistant, why = False, f"the therapist's {p} min reach the midpoint"
        elif midpoint is not None and a >= midpoint:
            by_assistant, why = True, f"the assistant's {a} min reach the midpoint, the therapist's {p} do not"
        else:
            by_assistant = over
            why = f"the assistant's {a} of {p + a} min are {'over' if over else 'not over'} {share_over * 10} %"
        return without + (not by_assistant), with_it + by_assistant, f"last unit: {why}", False
    addressed = window[0] <= p + a <= window[1]
    return without + left - 1, with_it + 1, f"two units left of {p} + {a} min: one each", not addressed


def _by_whom(
    service: Service,
    profile: PayerProfile,
    facts: ModifierFacts,
    parameters: Parameters,
    decisions: list[Decision],
    findings: list[Finding],
) -> list[CodedLine]:
    plain = CodedLine(code=service.code, units=service.units, places=service.places)
    if not profile.assistant_modifiers or facts.discipline is Discipline.SLP:
        return [plain]
    if service.assistant_minutes is None:
        findings.append(_share_unknown(service))
        return [plain]
    if service.assistant_minutes == 0:
        return [plain]
    in_force = parameters.assistant.on(facts.as_of)
    rule = in_force.value
    total = service.minutes or 0
    assistant = min(service.assistant_minutes, total) if total else service.assistant_minutes
    therapist = total - assistant
    if service.facts is None or service.facts.unit_minutes is None:
        whole = 10 * assistant > rule.share_over * max(total, assistant)
        without, with_it = (0, service.units) if whole else (service.units, 0)
        why, review = (
            f"assistant {assistant} of {total} min, {'over' if whole else 'not over'} {rule.share_over * 10} %",
            False,
        )
    else:
        without, with_it, why, review = split_by_assistant(
            therapist,
            assistant,
            service.units,
            midpoint=rule.therapist_midpoint,
            share_over=rule.share_over,
            window=(rule.two_units_from, rule.two_units_to),
        )
    modifier = parameters.assistant_modifiers[facts.discipline]
    decisions.append(
        Decision(
            station="modifiers",
            subject=service.code,
            rule="modifiers.assistant",
            value=f"{with_it} with {modifier}, {without} without",
            inputs=(("therapist minutes", str(therapist)), ("assistant minutes", str(assistant))),
            working=(f"therapist {therapist} min, assistant alone {assistant} min, {service.units} units", why),
            parameters=(
                ParameterUse(
                    name="assistant_rule", value=f"over {rule.share_over}0 %", in_force_from=in_force.effective_from
                ),
            ),
            citation=rule.citation,
            otherwise=("joint minutes count as the therapist's",),
        )
    )
    if review:
        findings.append(_share_not_addressed(service))
    parts = [(without, False), (with_it, True)]
    return [
        CodedLine(
            code=service.code,
            units=units,
            places=service.places,
            by_assistant=by_assistant,
            modifiers=(modifier,) if by_assistant else (),
        )
        for units, by_assistant in parts
        if units
    ]


# --- discipline, threshold, telehealth -------------------------------------------------------------------------------


def _with_discipline(
    line: CodedLine, profile: PayerProfile, facts: ModifierFacts, parameters: Parameters, decisions: list[Decision]
) -> CodedLine:
    if not profile.discipline_modifiers:
        return line
    modifier = parameters.discipline_modifiers[facts.discipline]
    decisions.append(
        Decision(
            station="modifiers",
            subject=line.code,
            rule="modifiers.discipline",
            value=modifier,
            working=(f"{facts.discipline} plan of care: {modifier}",),
            citation=parameters.citations["discipline_modifiers"],
        )
    )
    return replace(line, modifiers=(modifier, *line.modifiers))


def _with_threshold(
    lines: list[CodedLine],
    profile: PayerProfile,
    facts: ModifierFacts,
    parameters: Parameters,
    decisions: list[Decision],
    findings: list[Finding],
) -> tuple[list[CodedLine], Decimal | None]:
    """KX on every line that takes the year's allowed amount above the threshold."""
    if not profile.threshold:
        return lines, None
    bucket = parameters.buckets[facts.discipline]
    try:
        in_force = parameters.thresholds[bucket].on(facts.as_of)
    except NotInForce as error:
        findings.append(_threshold_not_loaded(error))
        return lines, None
    used = (ParameterUse(name=f"threshold {bucket}", value=str(in_force.value), in_force_from=in_force.effective_from),)
    running = facts.prior_allowed
    if running is None:
        decisions.append(
            Decision(
                station="modifiers",
                subject="KX",
                rule="modifiers.threshold",
                value="not checked",
                outcome=Outcome.NOT_CHECKED,
                working=("the allowed amount used before is not known",),
                parameters=used,
                citation=in_force.citation,
            )
        )
        return lines, None
    result, day = [], ZERO
    known = True
    for line in lines:
        each = facts.allowed_per_unit.get(line.code)
        known &= each is not None
        after = running + (each or ZERO) * line.units
        above = after > in_force.value
        amount = f"{each} x {line.units}" if each is not None else "an amount that is not loaded"
        decisions.append(
            Decision(
                station="modifiers",
                subject=line.code,
                rule="modifiers.threshold",
                value="KX" if above else "no KX",
                outcome=Outcome.PASS if each is not None or above else Outcome.NOT_CHECKED,
                working=(
                    f"{bucket} used before this line: {running}",
                    f"with this line ({amount}): {after}; threshold {in_force.value}: {'above' if above else 'not above'}",
                ),
                parameters=used,
                citation=in_force.citation,
                otherwise=(f"{in_force.value - running} is left below the threshold",) if not above else (),
            )
        )
        running, day = after, day + (each or ZERO) * line.units
        if above:
            if facts.attested is not True:
                findings.append(_not_attested(line, in_force.citation))
            line = replace(line, modifiers=(*line.modifiers, KX))  # noqa: PLW2901 - the line as it goes on
        result.append(line)
    return result, day if known else None


def _with_telehealth(
    line: CodedLine, profile: PayerProfile, facts: ModifierFacts, decisions: list[Decision]
) -> CodedLine:
    if facts.modality not in {Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO}:
        return line
    in_force = profile.telehealth.on(facts.as_of)
    video = facts.modality is Modality.TELEHEALTH_VIDEO
    modifier = in_force.value.video_modifier if video else in_force.value.audio_modifier
    decisions.append(
        Decision(
            station="modifiers",
            subject=line.code,
            rule="modifiers.telehealth",
            value=modifier or "none",
            working=(f"{facts.modality.value} for {profile.label}: {modifier or 'place of service alone says it'}",),
            parameters=(
                ParameterUse(
                    name=f"{profile.key}.telehealth", value=modifier or "none", in_force_from=in_force.effective_from
                ),
            ),
            citation=in_force.value.citation,
        )
    )
    return replace(line, modifiers=(*line.modifiers, modifier)) if modifier else line


def _with_sent(line: CodedLine, facts: ModifierFacts) -> CodedLine:
    """Modifiers only a person can know, as the EMR sent them."""
    carried = [
        modifier
        for place in line.places
        for modifier in facts.sent.get(place, ())
        if modifier not in COMPUTED and modifier not in line.modifiers
    ]
    return replace(line, modifiers=(*line.modifiers, *dict.fromkeys(carried)))


def _in_order(line: CodedLine, profile: PayerProfile, findings: list[Finding]) -> CodedLine:
    rank = {modifier: index for index, group in enumerate(profile.modifier_order) for modifier in group.split()}
    modifiers = tuple(sorted(line.modifiers, key=lambda modifier: rank.get(modifier, len(rank))))
    if len(modifiers) > MOST_MODIFIERS:
        findings.append(_too_many(line, modifiers))
    return replace(line, modifiers=modifiers)


# --- findings --------------------------------------------------------------------------------------------------------


def _share_unknown(service: Service) -> Finding:
    return Finding(
        id="documentation.assistant_share_unknown",
        severity=Severity.ERROR,
        text=f"An assistant took part in {service.code}, and the note does not say for how many minutes alone.",
        fix="Enter the assistant's minutes without the therapist, and the joint minutes, for this code.",
        owner="treating clinician",
        subject=f"encounter.treatments[{service.places[0]}].assistant_minutes",
        expected="whole minutes",
        queue=Queue.DOCUMENTATION,
        citation=Citation(document="42 CFR", section="410.60(a)(4)"),
    )


def _share_not_addressed(service: Service) -> Finding:
    return Finding(
        id="modifiers.assistant_split_review",
        severity=Severity.WARNING,
        text=f"CMS does not address how the last two units of {service.code} divide here; one was given to each.",
        fix="Have compliance look at the minutes.",
        owner="compliance",
        subject=f"encounter.treatments[{service.places[0]}]",
    )


def _not_attested(line: CodedLine, citation: Citation | None) -> Finding:
    return Finding(
        id="documentation.threshold_not_attested",
        severity=Severity.ERROR,
        text=f"{line.code} takes the year over the therapy threshold, and medical necessity is not attested.",
        fix="Document why skilled therapy beyond the threshold is necessary and attest it, or give the patient an ABN.",
        owner="treating clinician",
        subject="encounter.medical_necessity_attested",
        expected="attested",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def _threshold_not_loaded(error: NotInForce) -> Finding:
    return Finding(
        id="configuration.threshold_not_loaded",
        severity=Severity.ERROR,
        text="The therapy threshold of this year is not loaded, so KX could not be decided.",
        fix="Add the year's amounts with their source to mappings/rules/thresholds.yaml.",
        owner="interface administrator",
        subject="parameters.thresholds",
        observed=error.as_of.isoformat(),
        queue=Queue.INTERFACE,
        outcome=Outcome.NOT_CHECKED,
    )


def _too_many(line: CodedLine, modifiers: tuple[Modifier, ...]) -> Finding:
    return Finding(
        id="edits.too_many_modifiers",
        severity=Severity.ERROR,
        text=f"{line.code} would need {len(modifiers)} modifiers and a line carries four.",
        fix="Decide which modifiers this payer needs, and override; none is dropped silently.",
        owner="biller",
        subject=f"line {line.code}",
        observed=" ".join(modifiers),
        expected="at most 4",
        queue=Queue.EDITS,
        citation=HOUSE,
    )
