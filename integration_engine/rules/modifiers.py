"""Which modifiers does a service line carry, and in which order?

Decides discipline, assistant, threshold, notice, habilitative and telehealth modifiers by payer and date, and carries
the ones sent that only a person can know; a sent one that it computes itself and did not find is told. 59 is added only where a payer profile says so and the record shows separate
blocks; none is dropped silently: more than four hold the claim.
Authority: CMS Pub 100-04 ch. 5 §§10.3, 20.1; 42 CFR 410.59 and 410.60 (assistants); CMS Pub 100-04 ch. 30 (notices).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.dated import DatedValue
from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.core.money import ZERO
from integration_engine.domain.encounter import Modality
from integration_engine.domain.parties import Discipline, LicenceLevel
from integration_engine.domain.treatment import AdvanceNotice, DenialExpected, Treatment
from integration_engine.rules.assistant_share import other_readings, split_as_a_whole, split_by_unit
from integration_engine.rules.parameters import Parameters, PayerProfile
from integration_engine.rules.sent_modifiers import Sent, doubt_about
from integration_engine.rules.separate_services import Evidence, blocks_of
from integration_engine.rules.units.services import Service

MOST_MODIFIERS = 4
KX = Modifier("KX")
GA, GX, GY, GZ = Modifier("GA"), Modifier("GX"), Modifier("GY"), Modifier("GZ")
NOTICE = frozenset({GA, GX, GY, GZ})
HABILITATIVE, REHABILITATIVE = Modifier("96"), Modifier("97")
SEPARATE = frozenset({"59", "XE", "XS", "XP", "XU"})
COMPUTED = frozenset({"GP", "GO", "GN", "CQ", "CO", "KX", "95", "93", "GT", "FQ"})
PRESCRIBERS = frozenset({LicenceLevel.PHYSICIAN, LicenceLevel.NON_PHYSICIAN_PRACTITIONER})
GUIDE = Citation(document="X222A1", section="2400 SV101-3 to SV101-6")
NCCI = Citation(document="NCCI policy manual", section="ch. 1, modifier 59")
ANOTHER_DISCIPLINE = ("under another discipline's plan of care it would be that discipline's modifier",)
IN_PERSON = ("in person there would be no telehealth modifier and another place of service",)
THRESHOLD = Citation(document="42 USC", section="1395l(g)")
ABN = Citation(document="CMS Pub 100-04 ch. 30", section="§50")


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
    """What modifiers depend on besides the services.

    Shapes   treatments: as the services count them. prior_allowed: the bucket's amount used before, None if unknown.
             charges: price of one unit by code, at least what any payer allows. setting: private_practice or
             institution. rendering: licence of who rendered.
    """

    as_of: date
    discipline: Discipline
    modality: Modality | None
    attested: bool | None
    prior_allowed: Decimal | None
    allowed_per_unit: Mapping[Hcpcs, Decimal | None]
    treatments: Sequence[Treatment]
    charges: Mapping[Hcpcs, Decimal] = field(default_factory=dict)
    setting: str = "private_practice"
    rendering: LicenceLevel | None = None
    habilitative: bool | None = None


def coded_lines(
    services: Sequence[Service], profile: PayerProfile, facts: ModifierFacts, parameters: Parameters
) -> ModifiersResult:
    """Turn services with units into lines with modifiers, splitting a code that assistant and therapist shared.

    Raises   NotInForce: the payer says nothing about modifiers on this date (a configuration error, never a fallback).
    """
    coding = _Coding(profile, facts, parameters)
    lines = [line for service in services if service.units for line in coding.by_whom(service)]
    coding.add_discipline(lines)
    coding.add_notices(lines)
    allowed = coding.add_threshold(lines)
    coding.add_separation(lines)
    coding.add_telehealth(lines)
    coding.add_habilitative(lines)
    coding.add_sent(lines)
    return ModifiersResult(
        lines=tuple(coding.finished(line) for line in lines),
        allowed=allowed,
        decisions=tuple(coding.decisions),
        findings=tuple(coding.findings),
    )


# --- coding -----------------------------------------------------------------------------------------------------------


class _Line:
    """One line being coded; modifiers are added in any order and put in the payer's order at the end."""

    __slots__ = ("by_assistant", "code", "modifiers", "places", "share_unknown", "units")

    def __init__(self, code: Hcpcs, units: int, places: tuple[int, ...], marks: list[Modifier]) -> None:
        self.code = code
        self.units = units
        self.places = places
        self.by_assistant = bool(marks)
        self.modifiers = marks
        self.share_unknown = False


class _Coding:
    """One day's lines while they are being coded; collects decisions and findings."""

    def __init__(self, profile: PayerProfile, facts: ModifierFacts, parameters: Parameters) -> None:
        self.profile = profile
        self.facts = facts
        self.parameters = parameters
        self.decisions: list[Decision] = []
        self.findings: list[Finding] = []
        treatments = facts.treatments
        self.noticed = any(
            t.denial_expected or t.advance_notice or not NOTICE.isdisjoint(t.modifiers) for t in treatments
        )
        self.sent = any(t.modifiers for t in treatments)
        scope = profile.discipline_modifiers.on(facts.as_of)
        self.scope, self.since = scope.value, scope.effective_from
        self.assistants = profile.assistant_modifiers.at(facts.as_of)
        self.rank = profile.modifier_rank.at(facts.as_of)

    # --- by whom ------------------------------------------------------------------------------------------------------

    def by_whom(self, service: Service) -> list[_Line]:
        """The service's lines, apart for units that take the assistant modifier."""
        if not self._assistants_marked():
            return _lines(service, service.units, 0)
        if service.assistant_minutes == 0:
            return _lines(service, service.units, 0)
        in_force = self.parameters.assistant.on(self.facts.as_of)
        rule = in_force.value
        if not rule.used or self.facts.setting in rule.exempt_settings:
            return _lines(service, service.units, 0)
        if service.assistant_minutes is None:
            self.findings.append(_share_unknown(service))
            lines = _lines(service, service.units, 0)
            for line in lines:
                line.share_unknown = True
            return lines
        total = max(service.minutes or 0, service.assistant_minutes)
        assistant = service.assistant_minutes
        therapist = total - assistant
        if service.facts is None or service.facts.unit_minutes is None or service.facts.once:
            split = split_as_a_whole(therapist, assistant, service.units, rule)
        else:
            split = split_by_unit(therapist, assistant, service.lengths, rule)
        modifier = self.parameters.assistant_modifiers[self.facts.discipline]
        self.decisions.append(
            Decision(
                station="modifiers",
                subject=service.code,
                rule="modifiers.assistant",
                value=f"{split.with_it} with {modifier}, {split.without} without",
                inputs=(("therapist minutes", str(therapist)), ("assistant minutes", str(assistant))),
                working=(
                    f"therapist {therapist} min, assistant alone {assistant} min, {service.units} units",
                    split.why,
                ),
                parameters=(
                    ParameterUse(
                        name="assistant_rule",
                        value=f"over {rule.share_over}0 %, {rule.share_method.value}",
                        in_force_from=in_force.effective_from,
                    ),
                ),
                citation=rule.citation,
                otherwise=("joint minutes count as the therapist's", *other_readings(assistant, total, rule)),
            )
        )
        if split.doubt is not None:
            self.findings.append(_share_not_addressed(service, split.doubt, rule.citation))
        return _lines(service, split.without, split.with_it, modifier, marked_first=split.first_with_it)

    def _assistants_marked(self) -> bool:
        if self.facts.discipline is Discipline.SLP:
            return False  # there is no modifier for SLP assistants
        return self.assistants

    # --- discipline ---------------------------------------------------------------------------------------------------

    def add_discipline(self, lines: Sequence[_Line]) -> None:
        """GP, GO or GN where the payer wants it; one decision, since all lines have it for the same reason."""
        if self.scope == "none":
            return
        modifier = self.parameters.discipline_modifiers[self.facts.discipline]
        marked = {}
        for line in lines:
            procedure = self.parameters.procedure(line.code, self.facts.as_of)
            always = procedure is None or procedure.always_therapy
            if not always and (self.scope == "always_therapy" or self.facts.rendering in PRESCRIBERS):
                continue  # a physician may bill a sometimes-therapy code without a therapy plan of care
            line.modifiers.append(modifier)
            marked[line.code] = True
        if marked:
            self.decisions.append(
                Decision(
                    station="modifiers",
                    subject=" ".join(marked),
                    rule="modifiers.discipline",
                    value=modifier,
                    working=(f"{self.facts.discipline} plan of care: {modifier}",),
                    parameters=(
                        ParameterUse(
                            name=f"{self.profile.key}.discipline_modifiers",
                            value=self.scope,
                            in_force_from=self.since,
                        ),
                    ),
                    citation=self.parameters.citations["discipline_modifiers"],
                    otherwise=ANOTHER_DISCIPLINE,
                )
            )

    # --- notices ------------------------------------------------------------------------------------------------------

    def add_notices(self, lines: Sequence[_Line]) -> None:
        """GA, GX, GY, GZ from what the patient signed and why a denial is expected."""
        if self.noticed:
            for line in lines:
                self._add_notice(line)

    def _add_notice(self, line: _Line) -> None:
        group = [self.facts.treatments[place] for place in line.places]
        expected = next((t.denial_expected for t in group if t.denial_expected), None)
        signed = next((t.advance_notice for t in group if t.advance_notice), None)
        if not self.profile.advance_notices.at(self.facts.as_of):
            sent = NOTICE.intersection(m for t in group for m in t.modifiers)
            if sent or expected is not None or signed is not None:
                self.findings.append(_notice_not_allowed(line.code, tuple(sorted(sent)), self.profile.label))
            return
        if expected is None and signed is None:
            return
        modifiers = _notice_modifiers(expected, signed)
        if not modifiers:
            self.findings.append(_notice_unclear(line.code))
            return
        line.modifiers.extend(modifiers)
        self.decisions.append(
            Decision(
                station="modifiers",
                subject=line.code,
                rule="modifiers.advance_notice",
                value=" ".join(modifiers),
                working=(
                    f"denial expected: {expected.value.replace('_', ' ') if expected else 'no'}",
                    f"notice signed: {signed.value if signed else 'none'}",
                ),
                parameters=(self.parameters.use(self.profile.advance_notices, self.facts.as_of),),
                citation=ABN,
                otherwise=("without a signed notice the practice, not the patient, is liable",)
                if GZ in modifiers
                else ("no denial expected and no notice signed: none of these modifiers",),
            )
        )

    # --- the therapy threshold ----------------------------------------------------------------------------------------

    def add_threshold(self, lines: Sequence[_Line]) -> Decimal | None:
        """KX on every line that takes the year's allowed amount above the threshold; returns what the day adds to it."""
        facts = self.facts
        if not self.profile.threshold.at(facts.as_of):
            return None
        bucket = self.parameters.buckets[facts.discipline]
        try:
            in_force = self.parameters.thresholds[bucket].on(facts.as_of)
        except NotInForce as error:
            self.findings.append(_threshold_not_loaded(error))
            return None
        limit, running = in_force.value, facts.prior_allowed
        if running is None:
            self._tell_threshold(bucket, in_force, "not checked", ["the allowed amount used before is not known"])
            return None
        working = [f"{bucket} used before this day: {running}; threshold {limit}"]
        day, known, first_above = ZERO, True, ""
        unknown: list[Hcpcs] = []
        for line in lines:
            exact = facts.allowed_per_unit.get(line.code)
            each = exact if exact is not None else facts.charges.get(line.code)
            if each is None:
                known = False
                unknown.append(line.code)
            amount = (each or ZERO) * line.units
            running, day = running + amount, day + amount
            above = running > limit
            working.append(
                f"with {line.code} ({_amount(exact, each, line.units)}): {running}, {'above' if above else 'not above'}"
            )
            if above:
                first_above = first_above or line.code
                self._above(line, in_force.citation, by_charge=exact is None and each is not None)
        value = f"KX from {first_above} on" if first_above else "no KX" if known else "not checked"
        left = () if first_above else (f"{limit - running} is left below the threshold",)
        self._tell_threshold(bucket, in_force, value, working, left)
        if unknown and running <= limit and limit - running < self.parameters.undecided_within.at(facts.as_of):
            self.findings.append(_threshold_undecided(unknown, limit - running, in_force.citation))
        self._review(bucket, running)
        return day if known else None

    def _tell_threshold(
        self,
        bucket: str,
        in_force: DatedValue[Decimal],
        value: str,
        working: Sequence[str],
        otherwise: tuple[str, ...] = (),
    ) -> None:
        self.decisions.append(
            Decision(
                station="modifiers",
                subject="KX",
                rule="modifiers.threshold",
                value=value,
                outcome=Outcome.NOT_CHECKED if value == "not checked" else Outcome.PASS,
                working=tuple(working),
                parameters=(
                    ParameterUse(
                        name=f"threshold {bucket}", value=str(in_force.value), in_force_from=in_force.effective_from
                    ),
                ),
                citation=in_force.citation,
                otherwise=otherwise,
            )
        )

    def _above(self, line: _Line, citation: Citation | None, *, by_charge: bool) -> None:
        """A line above the threshold: KX where necessity is attested; where a notice says it is not necessary, none."""
        if by_charge:
            self.findings.append(_threshold_by_charge(line.code, citation))
        if self._not_necessary(line):
            return
        if self.facts.attested is not True:
            self.findings.append(_not_attested(line.code, citation))
        line.modifiers.append(KX)

    def _review(self, bucket: str, running: Decimal) -> None:
        """Above the medical review amount nothing changes on the claim; it may be picked for review."""
        amount = self.parameters.review_amount.find(self.facts.as_of)
        if amount is not None and running > amount:
            citation = self.parameters.review_amount.on(self.facts.as_of).citation
            self.findings.append(_may_be_reviewed(bucket, running, amount, citation))

    # --- separate services --------------------------------------------------------------------------------------------

    def add_separation(self, lines: Sequence[_Line]) -> None:
        """59 on the second code of a pair, only for payers whose profile appends it and only on separate blocks."""
        appended = self.profile.separate_modifier.at(self.facts.as_of)
        if appended is None or len(lines) < 2:  # noqa: PLR2004 - a pair
            return
        marked: set[Hcpcs] = set()
        for first, second in self.parameters.pairs_among({line.code for line in lines}, self.profile, self.facts.as_of):
            blocks = blocks_of(self.facts.treatments, first, second)
            if blocks.evidence is not Evidence.SEPARATE or second in marked:
                continue
            marked.add(second)
            self.decisions.append(
                Decision(
                    station="modifiers",
                    subject=second,
                    rule="modifiers.separate_services",
                    value=appended,
                    working=(f"{second} is part of {first} unless done apart; on record: {blocks.text}",),
                    parameters=(self.parameters.use(self.profile.separate_modifier, self.facts.as_of),),
                    citation=NCCI,
                    otherwise=(
                        "blocks that overlap, or without start and stop, would have left it off and held the pair",
                    ),
                )
            )
        for line in lines:
            if line.code in marked:
                line.modifiers.append(appended)

    # --- telehealth, habilitative -------------------------------------------------------------------------------------

    def add_telehealth(self, lines: Sequence[_Line]) -> None:
        """The payer's telehealth modifier; audio only apart from video, an institution apart from private practice."""
        if self.facts.modality in {Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO}:
            for line in lines:
                procedure = self.parameters.procedure(line.code, self.facts.as_of)
                if procedure is None or not procedure.remote:  # monitoring and e-visits are not telehealth
                    self._add_telehealth(line)

    def _add_telehealth(self, line: _Line) -> None:
        facts, profile = self.facts, self.profile
        in_force = profile.telehealth.on(facts.as_of)
        rule = in_force.value
        if not rule.covered:
            self.findings.append(_telehealth_not_covered(line.code, profile.label, rule.citation))
            return
        listed = self.parameters.telehealth_codes.get(rule.codes)
        if listed is not None and line.code not in (listed.find(facts.as_of) or ()):
            self.findings.append(_telehealth_code_not_listed(line.code, profile.label, rule.citation))
        if facts.modality is Modality.TELEHEALTH_AUDIO:
            modifier = rule.audio_modifier
        else:
            modifier = rule.institution_modifier if facts.setting != "private_practice" else rule.video_modifier
        mode = (facts.modality or Modality.TELEHEALTH_VIDEO).value
        self.decisions.append(
            Decision(
                station="modifiers",
                subject=line.code,
                rule="modifiers.telehealth",
                value=modifier or "none",
                working=(f"{mode} for {profile.label}: {modifier or 'place of service alone says it'}",),
                parameters=(
                    ParameterUse(
                        name=f"{profile.key}.telehealth",
                        value=modifier or "none",
                        in_force_from=in_force.effective_from,
                    ),
                ),
                citation=rule.citation,
                otherwise=IN_PERSON,
            )
        )
        if modifier:
            line.modifiers.append(modifier)

    def add_habilitative(self, lines: Sequence[_Line]) -> None:
        """96 or 97 for plans that count habilitative and rehabilitative care apart."""
        if not self.profile.habilitative_modifiers.at(self.facts.as_of) or not lines:
            return
        if self.facts.habilitative is None:
            self.findings.append(_habilitative_unknown(self.profile.citation))
            return
        for line in lines:
            line.modifiers.append(HABILITATIVE if self.facts.habilitative else REHABILITATIVE)

    # --- sent, order --------------------------------------------------------------------------------------------------

    def add_sent(self, lines: Sequence[_Line]) -> None:
        """Modifiers only a person can know, as the EMR sent them."""
        if not self.sent:
            return
        billed: dict[int, set[Modifier]] = {}  # of a code split in two lines either may carry what was sent
        for line in lines:
            for place in line.places:
                billed.setdefault(place, set()).update(line.modifiers)
        told: set[tuple[Hcpcs, Modifier]] = set()
        for line in lines:
            apart = not SEPARATE.isdisjoint(line.modifiers)
            for place in line.places:
                for modifier in self.facts.treatments[place].modifiers:
                    if modifier in line.modifiers or (apart and modifier in SEPARATE):
                        continue
                    if modifier not in COMPUTED or (modifier == KX and self._not_necessary(line)):
                        line.modifiers.append(modifier)  # KX beside a notice is stopped by an edit
                    elif modifier not in billed[place] and (line.code, modifier) not in told:
                        told.add((line.code, modifier))
                        self._doubt(line, place, modifier)

    def _not_necessary(self, line: _Line) -> bool:
        """A notice stands or is sent on the line: the service is not claimed to be necessary."""
        sent = (m for place in line.places for m in self.facts.treatments[place].modifiers)
        return not NOTICE.isdisjoint(line.modifiers) or (
            self.profile.advance_notices.at(self.facts.as_of) and not NOTICE.isdisjoint(sent)
        )

    def _doubt(self, line: _Line, place: int, modifier: Modifier) -> None:
        facts, rule = self.facts, self.parameters.assistant.at(self.facts.as_of)
        assistants = self.parameters.assistant_modifiers
        if modifier in assistants.values() and line.share_unknown:
            return  # told already
        treatments = [facts.treatments[one] for one in line.places]
        sent = Sent(
            modifier=modifier,
            code=line.code,
            place=place,
            discipline=facts.discipline,
            modality=facts.modality,
            helped=any(t.assistant_minutes for t in treatments),
            assistants_marked=self._assistants_marked() and rule.used and facts.setting not in rule.exempt_settings,
            threshold_asked=self.profile.threshold.at(facts.as_of),
            payer=self.profile.label,
        )
        self.findings.append(doubt_about(sent, self.parameters.discipline_modifiers, assistants))

    def finished(self, line: _Line) -> CodedLine:
        """The line with its modifiers in the payer's order; more than four hold."""
        rank = self.rank
        if len(line.modifiers) > 1:
            line.modifiers.sort(key=lambda modifier: rank.get(modifier, len(rank)))
        if len(line.modifiers) > MOST_MODIFIERS:
            self.findings.append(_too_many(line.code, line.modifiers))
        return CodedLine(
            code=line.code,
            units=line.units,
            places=line.places,
            by_assistant=line.by_assistant,
            modifiers=tuple(line.modifiers),
        )


def _lines(
    service: Service, without: int, with_it: int, modifier: Modifier | None = None, *, marked_first: bool = False
) -> list[_Line]:
    """Lines without and with the assistant modifier; of a family, the first unit is the first code's."""
    lines = []
    first_given = False
    parts = ((without, None), (with_it, modifier))
    for units, mark in reversed(parts) if marked_first else parts:
        left = units
        if not left:
            continue
        marks = [mark] if mark else []
        if service.further is None:
            lines.append(_Line(service.code, left, service.places, marks))
            continue
        if not first_given:
            lines.append(_Line(service.code, 1, service.places, marks))
            first_given, left = True, left - 1
        if left:
            lines.append(_Line(service.further.code, left, service.further_places or service.places, list(marks)))
    return lines


def _notice_modifiers(expected: DenialExpected | None, signed: AdvanceNotice | None) -> tuple[Modifier, ...]:
    """Source  CMS Pub 100-04 ch. 30 §50: GA with the required notice, GZ without, GX voluntary, GY excluded."""
    table: dict[tuple[DenialExpected | None, AdvanceNotice | None], tuple[Modifier, ...]] = {
        (DenialExpected.NOT_NECESSARY, AdvanceNotice.REQUIRED): (GA,),
        (DenialExpected.NOT_NECESSARY, None): (GZ,),
        (DenialExpected.EXCLUDED, AdvanceNotice.VOLUNTARY): (GX, GY),
        (DenialExpected.EXCLUDED, None): (GY,),
        (None, AdvanceNotice.VOLUNTARY): (GX,),  # a voluntary notice is for excluded services; GY may stand beside it
    }
    return table.get((expected, signed), ())


def _amount(exact: Decimal | None, each: Decimal | None, units: int) -> str:
    if each is None:
        return "an amount that is not loaded"
    return f"{each} x {units}" if exact is not None else f"at most its charge, {each} x {units}"


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


def _share_not_addressed(service: Service, doubt: str, citation: Citation) -> Finding:
    return Finding(
        id="modifiers.assistant_split_review",
        severity=Severity.WARNING,
        text=f"{service.code}: {doubt}.",
        fix="Have compliance look at the minutes.",
        owner="compliance",
        subject=f"encounter.treatments[{service.places[0]}]",
        citation=citation,
    )


def _not_attested(code: Hcpcs, citation: Citation | None) -> Finding:
    return Finding(
        id="documentation.threshold_not_attested",
        severity=Severity.ERROR,
        text=f"{code} takes the year over the therapy threshold, and medical necessity is not attested.",
        fix="Document why skilled therapy beyond the threshold is necessary and attest it, or give the patient an ABN.",
        owner="treating clinician",
        subject="encounter.medical_necessity_attested",
        expected="attested",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def _threshold_by_charge(code: Hcpcs, citation: Citation | None) -> Finding:
    return Finding(
        id="configuration.allowed_amount_missing",
        severity=Severity.ERROR,
        text=f"The allowed amount of {code} is not loaded; by its charge the year may be over the therapy threshold.",
        fix="Load the payer's fee schedule for this code in mappings/practice.yaml; the day is adjudicated again.",
        owner="interface administrator",
        subject=f"practice.allowed {code}",
        queue=Queue.INTERFACE,
        outcome=Outcome.NOT_CHECKED,
        citation=citation,
    )


def _threshold_undecided(codes: Sequence[Hcpcs], left: Decimal, citation: Citation | None) -> Finding:
    return Finding(
        id="modifiers.threshold_undecided",
        severity=Severity.WARNING,
        text=f"KX was not decided: {left} is left below the threshold, and the allowed amount of {', '.join(codes)} is not known.",
        fix="Load the payer's fee schedule for these codes in mappings/practice.yaml, or decide KX by hand.",
        owner="biller",
        subject="threshold",
        observed=str(left),
        outcome=Outcome.NOT_CHECKED,
        citation=citation,
    )


def _may_be_reviewed(bucket: str, running: Decimal, amount: Decimal, citation: Citation | None) -> Finding:
    return Finding(
        id="modifiers.medical_review",
        severity=Severity.INFORMATION,
        text=f"The year's {bucket} amount is {running}, above {amount}: the claim may be picked for medical review.",
        fix="Have the records ready; nothing changes on the claim.",
        owner="compliance",
        subject="threshold",
        observed=str(running),
        expected=str(amount),
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
        citation=THRESHOLD,
    )


def _notice_not_allowed(code: Hcpcs, sent: tuple[Modifier, ...], payer: str) -> Finding:
    return Finding(
        id="modifiers.notice_not_allowed",
        severity=Severity.ERROR,
        text=f"{' '.join(sent) or 'An expected denial or a signed notice'} stands on {code}, and {payer} takes no advance notices.",
        fix="Ask the plan for its own decision before treating, and take the notice or the modifier out.",
        owner="biller",
        subject=f"line {code}",
        observed=" ".join(sent),
        queue=Queue.EDITS,
        citation=Citation(document="CMS letter to Medicare Advantage plans", section="2014-05-05"),
    )


def _notice_unclear(code: Hcpcs) -> Finding:
    return Finding(
        id="documentation.notice_unclear",
        severity=Severity.ERROR,
        text=f"For {code} the notice that was signed does not fit the reason a denial is expected for.",
        fix="Say whether the service is not necessary (required notice) or excluded (voluntary notice).",
        owner="front desk",
        subject=f"line {code}.advance_notice",
        queue=Queue.DOCUMENTATION,
        citation=ABN,
    )


def _telehealth_not_covered(code: Hcpcs, payer: str, citation: Citation | None) -> Finding:
    return Finding(
        id="modifiers.telehealth_not_covered",
        severity=Severity.ERROR,
        text=f"{payer} does not cover therapy by telehealth on this date.",
        fix="Correct the modality, or bill the patient who was told before the visit.",
        owner="biller",
        subject="encounter.modality",
        observed=code,
        queue=Queue.EDITS,
        citation=citation,
    )


def _telehealth_code_not_listed(code: Hcpcs, payer: str, citation: Citation | None) -> Finding:
    return Finding(
        id="modifiers.telehealth_code_not_listed",
        severity=Severity.ERROR,
        text=f"{code} is not on the list of codes that {payer} takes by telehealth on this date.",
        fix="Correct the modality or the code, or add the code with its source to mappings/codes/telehealth.yaml.",
        owner="treating clinician",
        subject=f"line {code}",
        queue=Queue.EDITS,
        citation=citation,
    )


def _habilitative_unknown(citation: Citation) -> Finding:
    return Finding(
        id="documentation.habilitative_missing",
        severity=Severity.ERROR,
        text="This plan counts habilitative and rehabilitative care apart, and the visit does not say which it was.",
        fix="Record whether the treatment builds a skill never had (habilitative) or restores one.",
        owner="treating clinician",
        subject="encounter.habilitative",
        expected="yes or no",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def _too_many(code: Hcpcs, modifiers: Sequence[Modifier]) -> Finding:
    return Finding(
        id="edits.too_many_modifiers",
        severity=Severity.ERROR,
        text=f"{code} would need {len(modifiers)} modifiers and a line carries four.",
        fix="Decide which modifiers this payer needs, and override; none is dropped silently.",
        owner="biller",
        subject=f"line {code}",
        observed=" ".join(modifiers),
        expected="at most 4",
        queue=Queue.EDITS,
        citation=GUIDE,
    )
