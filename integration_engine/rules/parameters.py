"""Everything a rule may look up, as frozen, dated records. Compiled from mappings/ by rule_files.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import permutations
from typing import Any, TypeVar

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.findings import Citation, ParameterUse, Severity
from integration_engine.domain.claim import Payer
from integration_engine.domain.parties import Address, Discipline, LicenceLevel, Organization, Practitioner
from integration_engine.rules.conditions import Condition, Test

T = TypeVar("T")
ALWAYS = date.min  # from when a value is in force that its file states without dates
# Facts of a line that take few values: edits on them alone are answered once for all lines that agree in them.
PLAIN_FIELDS = (
    "line.code",
    "line.modifiers",
    "line.is_timed",
    "line.is_evaluation",
    "line.is_hands_on",
    "line.disciplines",
    "claim.discipline",
    "claim.place_of_service",
    "encounter.modality",
)
PLAIN = frozenset(PLAIN_FIELDS)
MOST_REMEMBERED = 20_000  # answers kept by one set of parameters


def used(dated: Dated[Any], on: date) -> ParameterUse:
    """A dated value as the decisions that lean on it cite it: its name, the value, and since when it is in force."""
    found = dated.on(on)
    value = (
        "none"
        if found.value is None
        else str(found.value).lower()
        if isinstance(found.value, bool)
        else str(found.value)
    )
    return ParameterUse(
        name=dated.name, value=value, in_force_from=None if found.effective_from == ALWAYS else found.effective_from
    )


def modifier_rank(order: Sequence[str]) -> Mapping[str, int]:
    """The place of each modifier on the line, from groups of modifiers in order."""
    return {modifier: rank for rank, group in enumerate(order) for modifier in group.split()}


def without_dates(name: str, value: T, citation: Citation | None = None) -> Dated[T]:
    """A value that is in force always."""
    return Dated(name, (DatedValue(value=value, effective_from=ALWAYS, citation=citation),))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsMethod:
    """How minutes become units.

    Units    unit_minutes: length of one unit. earned_at: minutes of a unit that earn it. pooled: minutes of all
             15-minute codes of the treatment day are counted together.
    """

    key: str
    label: str
    earned_at: int
    unit_minutes: int
    pooled: bool
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsRule:
    """Which units method a payer has. visit_code: what a contract pays for the whole visit, for a flat method."""

    method: str
    visit_code: Hcpcs | None


class DeliveryRule(StrEnum):
    """What happens to minutes of a one-on-one code that were not one-on-one."""

    HOLD = "hold"
    COUNT = "count"  # the payer makes no difference
    GROUP = "group"  # they are billed as the discipline's group code


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCap:
    """The most a payer pays for one visit. None: no cap of that kind."""

    most_units: int | None
    most_codes: int | None
    most_minutes: int | None
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class TelehealthRule:
    """What a payer wants on a telehealth line. A modifier of None means: none is sent.

    Shapes   codes: name of the list in mappings/codes/telehealth.yaml, or ``any``. institution_modifier: in place of
             video_modifier where an institution bills.
    """

    covered: bool
    codes: str
    video_modifier: Modifier | None
    institution_modifier: Modifier | None
    audio_modifier: Modifier | None
    places_of_service: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingLimit:
    """How long after the date of service a claim may be filed: days, calendar months, or to the end of a later year."""

    days: int | None
    months: int | None
    year_ends: int | None = None

    def last_day(self, on: date) -> date:
        """The last day a claim of a date of service may arrive."""
        if self.days is not None:
            return on + timedelta(days=self.days)
        if self.year_ends is not None:
            return date(on.year + self.year_ends, 12, 31)
        month = on.month - 1 + (self.months or 0)
        year, month = on.year + month // 12, month % 12 + 1
        for day in (on.day, 30, 29, 28):
            try:
                return date(year, month, day)
            except ValueError:
                continue
        raise AssertionError


class CorrectionWay(StrEnum):
    """How a claim that a payer has adjudicated is put right."""

    REPLACEMENT = "replacement"  # frequency 7 or 8 with the payer's own number
    REOPENING = "reopening"  # asked of the payer by a person; a claim is only sent once


class CaseNumber(StrEnum):
    """Whether the liable insurer's number of the case goes with a claim."""

    REQUIRED = "required"
    SENT = "sent"  # where it is known
    NOT_SENT = "not_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRule:
    """How claims to a payer are made.

    Shapes   authorizations_split: lines under other authorizations go on a claim of their own, since the payer reads
             none at lines. members_have_ids: every member has an id of their own, so that the patient is sent as the
             subscriber whoever holds the policy. later_payers: the patient's other payers are named on the first one's claim.
             insurance_types: codes that say why the payer is not the first, () where it does not ask. assignment: CLM07,
             as agreed with the payer. benefits_assigned, release_of_information: CLM08 and CLM09 as the practice's intake
             forms have them, where the EMR does not say. The others: whether the payer wants the ordering and the primary
             care provider, the first treatment's date, and dates of work lost.
    """

    corrections: CorrectionWay
    authorizations_split: bool
    members_have_ids: bool
    later_payers: bool
    ordering_sent: bool
    initial_treatment_sent: bool
    work_dates_sent: bool
    case_number: CaseNumber
    primary_care_sent: bool
    assignment: str
    benefits_assigned: str
    release_of_information: str
    insurance_types: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerProfile:
    """One payer's rules, each asked by date of service.

    Shapes   a value that a file states without dates is in force always. units_sent: what to do when the EMR's units differ: hold, warn or accept. modifier_rank: place of each
             modifier on the line. discipline_modifiers: all, always_therapy or none. progress_note_every: treatment
             days, progress_note_days: calendar days, None: not asked. minutes_checks: hold or warn. separate_modifier:
             added where the record shows separate blocks, None: only proposed. code_pairs: names of the pair tables.
    """

    key: str
    label: str
    segment: str
    units_method: Dated[UnitsRule]
    units_sent: Dated[str]
    rest_counts: Dated[bool]
    not_one_on_one: Dated[DeliveryRule]
    caps: Dated[VisitCap] | None
    minutes_checks: Dated[str]
    discipline_modifiers: Dated[str]
    assistant_modifiers: Dated[bool]
    threshold: Dated[bool]
    advance_notices: Dated[bool]
    habilitative_modifiers: Dated[bool]
    separate_modifier: Dated[Modifier | None]
    plan_of_care: Dated[bool]
    progress_note_every: Dated[int | None]
    progress_note_days: Dated[int | None]
    progress_note_grace_days: Dated[int]
    referring_required: Dated[bool]
    supervising_sent: Dated[bool]
    modifier_rank: Dated[Mapping[str, int]]
    telehealth: Dated[TelehealthRule]
    code_pairs: Dated[tuple[str, ...]]
    most_units: Dated[str | None]
    filing_limit: Dated[FilingLimit]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureFacts:
    """What a procedure code is.

    Shapes   further_code: takes every unit after the first. once: at most one unit. remote: remote monitoring, never
             telehealth. live_contact: only with one in the month. always_therapy: always under a therapy plan of care.
             reduced: multiple-procedure reduction applies.
    Units    unit_minutes: length of its unit, None for untimed codes. earned_at: minutes that earn a unit where the
             family has its own rule; None: the payer's method decides. device_days: least and most days with data.
    """

    code: Hcpcs
    unit_minutes: int | None
    earned_at: int | None
    further_code: Hcpcs | None
    add_on_to: tuple[Hcpcs, ...]
    disciplines: tuple[Discipline, ...]
    evaluation: bool
    group: bool
    hands_on: bool
    once: bool
    remote: bool
    live_contact: bool
    always_therapy: bool
    reduced: bool
    device_days: tuple[int, int] | None
    citation: Citation
    use: tuple[ParameterUse, ...] = ()  # this line of the code table, as decisions cite it


class ShareMethod(StrEnum):
    """How the tenth is rounded: not at all, or by one of the two ways CMS published."""

    STRICT = "strict"
    PERCENTAGE = "percentage"
    SIMPLE = "simple"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantRule:
    """How assistant minutes are judged.

    Shapes   share_over: tenths that trigger. therapist_midpoint: the 2022 exception. exempt_settings: places whose
             claims carry no assistant modifier.
    Units    unit_minutes: length of the units that the regulation tells how to share.
    """

    used: bool
    share_method: ShareMethod
    share_over: int
    unit_minutes: int
    therapist_midpoint: int | None
    two_units_from: int
    two_units_to: int
    exempt_settings: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationRule:
    """The clocks of a plan of care, in calendar days.

    Shapes   delayed_holds: a late signature without evidence on record holds, however few days late.
             recertification_open_days: days of a later interval that pass while its signature is out.
    """

    signature_days: int
    verbal_order_days: int
    delayed_days: int
    delayed_holds: bool
    recertification_open_days: int
    longest_interval: int
    order_exception: bool
    transmission_days: int
    may_certify: tuple[LicenceLevel, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoMay:
    """Which licences may do one thing, and what is found when another did."""

    action: str
    segments: tuple[str, ...]
    licences: tuple[LicenceLevel, ...]
    finding: str
    text: str
    fix: str
    owner: str
    queue: str
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """Why a finding matters and where in the EMR, or in mappings/, it is mended."""

    why: str
    screen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that must be documented, for an encounter type and a payer segment (``any``: all).

    Shapes   severity: an error holds the visit, a warning travels with it.
    """

    need: str
    encounter_types: tuple[str, ...]
    segments: tuple[str, ...]
    severity: Severity
    finding: str
    text: str
    fix: str
    owner: str
    queue: str
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementsInForce:
    """The requirements of one encounter type and payer segment on one date, and the text that lists them."""

    requirements: tuple[Requirement, ...]
    text: str
    use: ParameterUse
    citation: Citation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One scrubber edit as an admin wrote it; ``when`` finds the fault."""

    id: str
    scope: str  # claim or line
    severity: Severity
    queue: str
    text: str
    why: str
    fix: str
    owner: str
    payers: tuple[str, ...]
    segments: tuple[str, ...]
    when: Condition
    in_force: Dated[bool]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class EditsInForce:
    """The edits of one payer on one date, sorted by what they can hold for.

    Shapes   of_plain_line: those that look at nothing but ``PLAIN_FIELDS``, which most lines share with others.
             of_code: of a line of a code that some edit names, those of any line first; of_any_line: of the others.
    """

    ids: tuple[str, ...]
    of_claim: tuple[tuple[Test, Edit], ...]
    of_plain_line: tuple[tuple[Test, Edit], ...]
    of_any_line: tuple[tuple[Test, Edit], ...]
    of_code: Mapping[str, tuple[tuple[Test, Edit], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEdits:
    """Column-1/column-2 pairs of one quarter; indicator 1: a modifier may separate them, 0: never.

    Shapes   complete: read from a whole official file for the codes known here, not an excerpt.
    """

    pairs: Mapping[tuple[str, str], int]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MostUnits:
    """Most units a day of one quarter: code → (units, adjudication indicator); complete as for pairs."""

    values: Mapping[str, tuple[int, int]]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisCodes:
    """ICD-10-CM codes valid for submission, without dots; not complete: an excerpt that can only confirm."""

    valid: frozenset[str]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Something about a claim that is put right without a person, never its clinical content.

    Shapes   kind: replace_code (the payer's own code for the same service) or leave_out (bundled, never paid apart).
    """

    id: str
    kind: str
    code: Hcpcs
    becomes: Hcpcs | None
    text: str
    why: str
    payers: tuple[str, ...]
    segments: tuple[str, ...]
    in_force: Dated[bool]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place of the practice: its place of service, billing provider and facility; setting for telehealth and supervision."""

    key: str
    setting: str
    place_of_service: str
    billing_provider: str
    facility: Organization | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerEntry:
    """A payer of the practice: its claim facts, its profile, and what this practice agreed with it."""

    payer: Payer
    authorization_required: tuple[Discipline, ...]
    authorization_exempt: tuple[Hcpcs, ...]
    visit_counts: str
    timely_filing_days: int | None
    allowed: Mapping[str, Dated[Decimal]]
    practice_expense: Mapping[str, Dated[Decimal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryNumber:
    """A number beside the NPI of a provider (REF of its loop). payers: keys of those it is meant for, empty for all."""

    qualifier: str
    number: str
    payers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """The practice's own directory, from mappings/practice.yaml.

    Shapes   pay_to: by billing provider, where payments go to another address. numbers: beside the NPI, by NPI, else by our
             own key or the EMR's id.
    """

    time_zone: str
    default_location: str | None
    billing_providers: Mapping[str, Organization]
    locations: Mapping[str, Location]
    practitioners: Mapping[str, Practitioner]
    payers: Mapping[str, PayerEntry]
    charges: Mapping[str, Dated[Decimal]]
    pay_to: Mapping[str, Address] = field(default_factory=dict)
    numbers: Mapping[str, tuple[DirectoryNumber, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """One consistent reading of all rule files. version: content hash over them."""

    version: str
    methods: Mapping[str, UnitsMethod]
    group_codes: Mapping[str, Hcpcs]
    profiles: Mapping[str, PayerProfile]
    procedures: Mapping[str, Dated[ProcedureFacts]]
    discipline_modifiers: Mapping[str, Modifier]
    assistant: Dated[AssistantRule]
    assistant_modifiers: Mapping[str, Modifier]
    thresholds: Mapping[str, Dated[Decimal]]
    buckets: Mapping[str, str]
    review_amount: Dated[Decimal]
    undecided_within: Dated[Decimal]
    certification: Dated[CertificationRule]
    supervision: Mapping[str, Dated[str]]
    requirements: Dated[tuple[Requirement, ...]]
    who_may: Dated[tuple[WhoMay, ...]]
    edits: tuple[Edit, ...]
    repairs: tuple[Repair, ...]
    code_pairs: Mapping[str, Dated[PairEdits]]
    most_units: Mapping[str, Dated[MostUnits]]
    diagnosis_codes: Dated[DiagnosisCodes]
    telehealth_codes: Mapping[str, Dated[frozenset[str]]]
    claims: Mapping[str, Dated[ClaimRule]]  # by profile
    mending: Mapping[str, Mending]
    placeholders: frozenset[str]
    practice: Practice
    citations: Mapping[str, Citation] = field(default_factory=dict)
    _asked: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def with_practice(self, practice: Practice) -> Parameters:
        """The same rules for another practice; nothing that was remembered for this one goes along."""
        return replace(self, practice=practice, _asked={})

    def with_profile(self, profile: PayerProfile) -> Parameters:
        """The same rules with one payer profile in place of the one of its name."""
        return replace(self, profiles={**self.profiles, profile.key: profile}, _asked={})

    def remember(self, key: Hashable, answer: Callable[[], T]) -> T:
        """An answer that is the same for every treatment day that asks with the same key, given once."""
        found: T | None = self._asked.get(key)
        if found is None:
            if len(self._asked) > MOST_REMEMBERED:
                self._asked.clear()
            found = self._asked[key] = answer()
        return found

    def edits_for(self, payer: Payer, segment: str, on: date) -> EditsInForce:
        """The edits in force for a payer on a date."""
        return self.remember(("edits", payer.key, on), lambda: self._edits_for(payer, segment, on))

    def _edits_for(self, payer: Payer, segment: str, on: date) -> EditsInForce:
        edits = [
            edit
            for edit in self.edits
            if (not edit.payers or payer.profile in edit.payers or payer.key in edit.payers)
            and (not edit.segments or segment in edit.segments)
            and edit.in_force.find(on)
        ]
        lines = [edit for edit in edits if edit.scope == "line"]
        codes: frozenset[str] = frozenset().union(*(edit.when.codes or () for edit in lines))
        anywhere = [edit for edit in lines if edit.when.codes is None]
        of_any_line = tuple((edit.when.holds, edit) for edit in anywhere if not edit.when.fields <= PLAIN)
        return EditsInForce(
            ids=tuple(edit.id for edit in edits),
            of_claim=tuple((edit.when.holds, edit) for edit in edits if edit.scope == "claim"),
            of_plain_line=tuple((edit.when.holds, edit) for edit in anywhere if edit.when.fields <= PLAIN),
            of_any_line=of_any_line,
            of_code={
                code: (
                    *of_any_line,
                    *((e.when.holds, e) for e in lines if e.when.codes and code in e.when.codes),
                )
                for code in codes
            },
        )

    def requirements_for(self, encounter_type: str | None, segment: str, on: date) -> RequirementsInForce:
        """What must be documented for an encounter type and a payer segment on a date."""
        return self.remember(
            ("requirements", encounter_type, segment, on), lambda: self._requirements_for(encounter_type, segment, on)
        )

    def _requirements_for(self, encounter_type: str | None, segment: str, on: date) -> RequirementsInForce:
        in_force = self.requirements.on(on)
        applying = tuple(
            r
            for r in in_force.value
            if ("any" in r.encounter_types or encounter_type in r.encounter_types)
            and ("any" in r.segments or segment in r.segments)
        )
        needs = ", ".join(r.need.replace("_", " ") for r in applying)
        return RequirementsInForce(
            requirements=applying,
            text=f"{encounter_type or 'encounter'} for {segment} payers needs: {needs}",
            use=ParameterUse(
                name="minimum_documentation",
                value=f"{len(applying)} requirements",
                in_force_from=in_force.effective_from,
            ),
            citation=in_force.citation,
        )

    def procedure(self, code: str, as_of: date) -> ProcedureFacts | None:
        """What a code is on a date; None where mappings/codes/procedures.yaml does not know it."""
        key = (code, as_of)
        if key in self._asked:
            found: ProcedureFacts | None = self._asked[key]
            return found
        dated = self.procedures.get(code)
        self._asked[key] = found = dated.find(as_of) if dated is not None else None
        return found

    def use(self, dated: Dated[Any], on: date) -> ParameterUse:
        """A setting as the decisions of a day cite it."""
        return self.remember((dated.name, on), lambda: used(dated, on))

    def table_use(self, name: str, in_force: DatedValue[Any]) -> ParameterUse:
        """A quarter of a table as decisions cite it, and whether all of it is loaded."""
        value = "whole" if in_force.value.complete else "an excerpt"
        since = in_force.effective_from
        return self.remember(("table", name, since), lambda: ParameterUse(name=name, value=value, in_force_from=since))

    def pairs_among(
        self, codes: Collection[str], profile: PayerProfile, as_of: date
    ) -> tuple[tuple[Hcpcs, Hcpcs], ...]:
        """Pairs of these codes that a modifier may separate, by the latest quarter loaded."""
        tables = [t.value.pairs for name in profile.code_pairs.at(as_of) if (t := self.code_pairs[name].latest(as_of))]
        return tuple(
            (Hcpcs(first), Hcpcs(second))
            for first, second in permutations(sorted(codes), 2)
            if any(pairs.get((first, second)) == 1 for pairs in tables)
        )

    def licence_of(self, stated: Practitioner | None) -> LicenceLevel | None:
        """The licence a message states, else the one in the practice's directory."""
        if stated is None or stated.licence is not None:
            return stated.licence if stated is not None else None
        people = self.practice.practitioners
        known = people.get(stated.npi or "") or people.get(stated.local_id or "")
        return known.licence if known is not None else None

    def practitioner(self, stated: Practitioner | None) -> Practitioner | None:
        """What the message says about a practitioner, filled up from the practice's directory by NPI or local id."""
        if stated is None:
            return None
        known = self.practice.practitioners.get(stated.npi or "") or self.practice.practitioners.get(
            stated.local_id or ""
        )
        if known is None:
            return stated
        return Practitioner(
            npi=stated.npi or known.npi,
            local_id=stated.local_id or known.local_id,
            name=known.name or stated.name,
            credential=stated.credential or known.credential,
            licence=stated.licence or known.licence,
            taxonomy=known.taxonomy or stated.taxonomy,
        )
