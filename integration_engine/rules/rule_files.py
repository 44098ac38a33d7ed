"""Rule files to parameters: every file checked whole, every problem with file, line and column.

Shapes   practice.yaml · payers/*.yaml · rules/{units,modifiers,thresholds,certification}.yaml ·
         gates/*.yaml · edits/*.yaml · codes/{procedures,ncci_pairs,most_units}.yaml
An unset units method is a configuration error, never a fallback; overlapping dates and missing citations are refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from integration_engine.core import codes
from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.core.findings import Citation, Severity
from integration_engine.core.money import parse_money
from integration_engine.domain.claim import Payer
from integration_engine.domain.parties import Address, Discipline, LicenceLevel, Organization, PersonName, Practitioner
from integration_engine.rules import parameters as p
from integration_engine.rules.conditions import compile_condition
from integration_engine.rules.gates import NEEDS
from integration_engine.rules.scrubber import CLAIM_FIELDS, LINE_FIELDS

T = TypeVar("T")


def _iso(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _money(value: Any) -> Any:
    return parse_money(value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_iso)]
Money = Annotated[Decimal, BeforeValidator(_money)]
Npi = Annotated[str, BeforeValidator(lambda value: codes.parse_npi(str(value)))]
Taxonomy = Annotated[str, BeforeValidator(lambda value: codes.parse_taxonomy(str(value)))]
Code = Annotated[str, BeforeValidator(lambda value: codes.parse_hcpcs(str(value)))]
Mod = Annotated[str, BeforeValidator(lambda value: codes.parse_modifier(str(value)))]
Disc = Literal["PT", "OT", "SLP"]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_File):
    """Where a value comes from. status: confirmed, or unconfirmed where the primary text was not read."""

    document: str
    section: str = ""
    effective: Day | None = None
    status: Literal["confirmed", "unconfirmed", "derived", "house"] = "confirmed"


class Span(_File):
    """Dates a value is in force; both ends included."""

    effective_from: Day
    effective_to: Day | None = None
    source: Source


# --- practice.yaml ---------------------------------------------------------------------------------------------------


class AddressFile(_File):
    line1: str
    line2: str | None = None
    city: str
    state: str
    postal_code: str


class OrganizationFile(_File):
    name: str
    npi: Npi | None = None
    tax_id: str | None = None
    taxonomy: Taxonomy | None = None
    address: AddressFile
    phone: str | None = None
    contact: str | None = None


class LocationFile(_File):
    place_of_service: str
    billing_provider: str
    facility: OrganizationFile | None = None


class PractitionerFile(_File):
    npi: Npi | None = None
    local_id: str | None = None
    last: str
    first: str
    licence: LicenceLevel
    credential: str | None = None
    taxonomy: Taxonomy | None = None


class AllowedFile(Span):
    amounts: dict[Code, Money]


class PayerFile(_File):
    name: str
    payer_id: str
    claim_filing: str
    profile: str
    receiver: str
    sender_ids: list[str]
    authorization_required: list[Disc] = Field(default_factory=list)
    authorization_exempt: list[Code] = Field(default_factory=list)
    timely_filing_days: int | None = None
    allowed: list[AllowedFile] = Field(default_factory=list)


class PracticeFile(_File):
    """The practice's own directory."""

    description: str
    time_zone: str
    default_location: str | None = None
    billing_providers: dict[str, OrganizationFile]
    locations: dict[str, LocationFile]
    practitioners: list[PractitionerFile]
    payers: dict[str, PayerFile]


# --- payers/*.yaml ---------------------------------------------------------------------------------------------------


class MethodSpan(Span):
    method: str


class TelehealthSpan(Span):
    video_modifier: Mod | None
    audio_modifier: Mod | None
    places_of_service: list[str]


class ProfileFile(_File):
    """How one payer counts units and wants modifiers."""

    label: str
    segment: str
    source: Source
    units_method: list[MethodSpan] = Field(min_length=1)
    units_sent: Literal["hold", "warn", "accept"]
    discipline_modifiers: bool
    assistant_modifiers: bool
    threshold: bool
    plan_of_care: bool
    progress_note_every: int | None
    referring_required: bool
    supervising_sent: bool
    modifier_order: list[str]
    telehealth: list[TelehealthSpan] = Field(min_length=1)


# --- rules/ ----------------------------------------------------------------------------------------------------------


class MethodFile(_File):
    label: str
    earned_at: int = Field(ge=1)
    unit_minutes: int = Field(ge=1)
    pooled: bool
    source: Source


class UnitsFile(_File):
    """How minutes become units."""

    description: str
    methods: dict[str, MethodFile]


class AssistantSpan(Span):
    share_over_tenths: int
    therapist_midpoint: int | None
    two_units_from: int
    two_units_to: int


class ModifiersFile(_File):
    """Discipline and assistant modifiers."""

    description: str
    discipline_modifiers: dict[Disc, Mod]
    discipline_source: Source
    assistant_modifiers: dict[Disc, Mod]
    assistant: list[AssistantSpan]


class ThresholdSpan(Span):
    amount: Money


class ThresholdsFile(_File):
    """The yearly therapy threshold of each bucket, and which disciplines share one."""

    description: str
    buckets: dict[Disc, str]
    thresholds: dict[str, list[ThresholdSpan]]


class CertificationSpan(Span):
    signature_days: int
    longest_interval_days: int
    order_exception: bool
    transmission_days: int


class CertificationFile(_File):
    """The clocks of a plan of care."""

    description: str
    certification: list[CertificationSpan]


class RequirementFile(_File):
    need: str
    encounter_types: list[str]
    segments: list[str]
    finding: str
    text: str
    fix: str
    owner: str
    queue: Literal["documentation", "authorization", "edits", "interface"]
    source: Source


class GatesSpan(Span):
    requirements: list[RequirementFile]


class GatesFile(_File):
    """Minimum documentation by encounter type and payer segment."""

    description: str
    minimum_documentation: list[GatesSpan]


class CaseFile(_File):
    facts: dict[str, Any]


class EditFile(_File):
    id: str
    scope: Literal["claim", "line"]
    severity: Severity
    queue: Literal["documentation", "authorization", "edits", "interface"] = "edits"
    text: str
    why: str
    fix: str
    owner: str
    payers: list[str] = Field(default_factory=list)
    in_force: list[Span] = Field(min_length=1)
    when: dict[str, Any]
    fails: dict[str, Any]
    passes: dict[str, Any]


class EditsFile(_File):
    """Scrubber edits; each with a failing and a passing case."""

    description: str
    edits: list[EditFile]


# --- codes/ ----------------------------------------------------------------------------------------------------------


class ProcedureFile(_File):
    codes: list[Code]
    minutes: int | None = None
    earned_at: int | None = None
    further_code: Code | None = None
    add_on_to: list[Code] = Field(default_factory=list)
    disciplines: list[Disc]
    evaluation: bool = False
    group: bool = False
    hands_on: bool = False


class ProceduresSpan(Span):
    procedures: list[ProcedureFile]


class ProceduresFile(_File):
    """What each procedure code is: timed or not, whose, and how. No descriptors."""

    description: str
    code_table: list[ProceduresSpan]


class PairsSpan(Span):
    pairs: dict[Code, dict[Literal["1", "0"], str]]


class PairsFile(_File):
    """Column-1/column-2 pairs of a quarter."""

    description: str
    ncci_pairs: list[PairsSpan]


class MostUnitsSpan(Span):
    most_units: dict[Code, int]


class MostUnitsFile(_File):
    """Most units a day of a quarter."""

    description: str
    most_units: list[MostUnitsSpan]


class PlaceholdersFile(_File):
    """Numbers that are no authorization numbers."""

    description: str
    placeholders: list[str]
    source: Source


MODELS: Mapping[str, type[BaseModel]] = {
    "practice": PracticeFile,
    "payer": ProfileFile,
    "units": UnitsFile,
    "modifiers": ModifiersFile,
    "thresholds": ThresholdsFile,
    "certification": CertificationFile,
    "gates": GatesFile,
    "edits": EditsFile,
    "procedures": ProceduresFile,
    "ncci_pairs": PairsFile,
    "most_units": MostUnitsFile,
    "placeholders": PlaceholdersFile,
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each kind of rule file, for editors."""
    return {name: model.model_json_schema() for name, model in MODELS.items()}


def compile_rules(files: Mapping[str, str]) -> p.Parameters:
    """All rule files of a mappings folder as one set of parameters.

    Shapes   files: path below mappings/ → text; paths of other kinds (hl7/, claims/) are left alone.
    Raises   MappingError with every problem found.
    """
    own = {name: text for name, text in files.items() if not name.startswith(("hl7/", "claims/", "schema/"))}
    reading = _Reading(own)
    return reading.parameters()


class _Reading:
    """One reading of the rule files; collects problems instead of stopping at the first."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {name: text for name, text in files.items() if name.endswith(".yaml")}
        self.problems: list[MappingProblem] = []
        self.documents: dict[str, Document] = {}

    def parameters(self) -> p.Parameters:
        practice = self.one("practice.yaml", PracticeFile)
        units = self.one("rules/units.yaml", UnitsFile)
        modifiers = self.one("rules/modifiers.yaml", ModifiersFile)
        thresholds = self.one("rules/thresholds.yaml", ThresholdsFile)
        certification = self.one("rules/certification.yaml", CertificationFile)
        placeholders = self.one("rules/placeholders.yaml", PlaceholdersFile)
        gates = self.one("gates/minimum_documentation.yaml", GatesFile)
        procedures = self.one("codes/procedures.yaml", ProceduresFile)
        pairs = self.one("codes/ncci_pairs.yaml", PairsFile)
        most = self.one("codes/most_units.yaml", MostUnitsFile)
        profiles = {name: self.one(name, ProfileFile) for name in self._below("payers/")}
        edit_files = {name: self.one(name, EditsFile) for name in self._below("edits/")}
        if self.problems:
            raise MappingError(tuple(self.problems))
        assert practice and units and modifiers and thresholds and certification  # noqa: PT018 - no problems: all read
        assert placeholders and gates and procedures and pairs and most  # noqa: PT018
        methods = {
            key: p.UnitsMethod(
                key=key,
                label=m.label,
                earned_at=m.earned_at,
                unit_minutes=m.unit_minutes,
                pooled=m.pooled,
                citation=cite(m.source),
            )
            for key, m in units.methods.items()
        }
        compiled_profiles = {
            _stem(name): self.profile(name, profile, methods) for name, profile in profiles.items() if profile
        }
        self._check_needs(gates)
        parameters_ = p.Parameters(
            version=version_of(self.files),
            methods=methods,
            profiles=compiled_profiles,
            procedures=self.procedures(procedures),
            discipline_modifiers={d: codes.Modifier(m) for d, m in modifiers.discipline_modifiers.items()},
            assistant=self.dated(
                "rules/modifiers.yaml",
                ("assistant",),
                "assistant_rule",
                modifiers.assistant,
                lambda s: p.AssistantRule(
                    share_over=s.share_over_tenths,
                    therapist_midpoint=s.therapist_midpoint,
                    two_units_from=s.two_units_from,
                    two_units_to=s.two_units_to,
                    citation=cite(s.source),
                ),
            ),
            assistant_modifiers={d: codes.Modifier(m) for d, m in modifiers.assistant_modifiers.items()},
            thresholds={
                bucket: self.dated(
                    "rules/thresholds.yaml", ("thresholds", bucket), f"threshold {bucket}", spans, lambda s: s.amount
                )
                for bucket, spans in thresholds.thresholds.items()
            },
            buckets={str(d): bucket for d, bucket in thresholds.buckets.items()},
            certification=self.dated(
                "rules/certification.yaml",
                ("certification",),
                "certification",
                certification.certification,
                lambda s: p.CertificationRule(
                    signature_days=s.signature_days,
                    longest_interval=s.longest_interval_days,
                    order_exception=s.order_exception,
                    transmission_days=s.transmission_days,
                    citation=cite(s.source),
                ),
            ),
            requirements=self.dated(
                "gates/minimum_documentation.yaml",
                ("minimum_documentation",),
                "minimum_documentation",
                gates.minimum_documentation,
                lambda s: tuple(_requirement(r) for r in s.requirements),
            ),
            edits=tuple(edit for name, file in sorted(edit_files.items()) if file for edit in self.edits(name, file)),
            pair_edits=self.dated(
                "codes/ncci_pairs.yaml", ("ncci_pairs",), "ncci_pairs", pairs.ncci_pairs, _pair_edits
            ),
            most_units=self.dated(
                "codes/most_units.yaml", ("most_units",), "most_units", most.most_units, lambda s: dict(s.most_units)
            ),
            placeholders=frozenset(text.upper() for text in placeholders.placeholders),
            practice=self.practice(practice, compiled_profiles),
            citations={"discipline_modifiers": cite(modifiers.discipline_source)},
        )
        if self.problems:
            raise MappingError(tuple(self.problems))
        return parameters_

    # --- files --------------------------------------------------------------------------------------------------------

    def _below(self, folder: str) -> list[str]:
        return [name for name in sorted(self.files) if name.startswith(folder)]

    def one(self, name: str, model: type[T]) -> T | None:
        """One file as its model, or None with its problems noted."""
        text = self.files.get(name)
        if text is None:
            self.problems.append(MappingProblem(file=name, line=1, column=1, where="file", text="this file is missing"))
            return None
        try:
            document = read_document(name, text)
            self.documents[name] = document
            return document.check(model)  # type: ignore[type-var]
        except MappingError as error:
            self.problems.extend(error.problems)
            return None

    def wrong(self, name: str, path: tuple[str | int, ...], text: str) -> None:
        """Note a problem at a place of a file."""
        self.problems.append(self.documents[name].problem(path, text))

    def dated(
        self, name: str, path: tuple[str | int, ...], label: str, spans: list[Any], value: Callable[[Any], T]
    ) -> Dated[T]:
        """Spans of a file as a dated value."""
        values = tuple(
            DatedValue(
                value=value(span),
                effective_from=span.effective_from,
                effective_to=span.effective_to,
                citation=cite(span.source),
            )
            for span in spans
        )
        try:
            return Dated(label, values)
        except ValueError as error:
            self.wrong(name, path, str(error))
            return Dated(label, values[:1])

    # --- parts --------------------------------------------------------------------------------------------------------

    def profile(self, name: str, file: ProfileFile, methods: Mapping[str, p.UnitsMethod]) -> p.PayerProfile:
        key = _stem(name)
        for index, span in enumerate(file.units_method):
            if span.method not in methods:
                path = ("units_method", index, "method")
                self.wrong(name, path, f"rules/units.yaml has no method {span.method!r}; it has {', '.join(methods)}")
        return p.PayerProfile(
            key=key,
            label=file.label,
            segment=file.segment,
            units_method=self.dated(
                name, ("units_method",), f"{key}.units_method", file.units_method, lambda s: s.method
            ),
            units_sent=file.units_sent,
            discipline_modifiers=file.discipline_modifiers,
            assistant_modifiers=file.assistant_modifiers,
            threshold=file.threshold,
            plan_of_care=file.plan_of_care,
            progress_note_every=file.progress_note_every,
            referring_required=file.referring_required,
            supervising_sent=file.supervising_sent,
            modifier_order=tuple(file.modifier_order),
            telehealth=self.dated(
                name,
                ("telehealth",),
                f"{key}.telehealth",
                file.telehealth,
                lambda s: p.TelehealthRule(
                    video_modifier=s.video_modifier,
                    audio_modifier=s.audio_modifier,
                    places_of_service=tuple(s.places_of_service),
                    citation=cite(s.source),
                ),
            ),
            citation=cite(file.source),
        )

    def procedures(self, file: ProceduresFile) -> dict[str, Dated[p.ProcedureFacts]]:
        values: dict[str, list[DatedValue[p.ProcedureFacts]]] = {}
        for span in file.code_table:
            for group in span.procedures:
                for code in group.codes:
                    facts = p.ProcedureFacts(
                        code=codes.Hcpcs(code),
                        unit_minutes=group.minutes,
                        earned_at=group.earned_at,
                        further_code=codes.Hcpcs(group.further_code) if group.further_code else None,
                        add_on_to=tuple(codes.Hcpcs(c) for c in group.add_on_to),
                        disciplines=tuple(Discipline(d) for d in group.disciplines),
                        evaluation=group.evaluation,
                        group=group.group,
                        hands_on=group.hands_on,
                        citation=cite(span.source),
                    )
                    values.setdefault(code, []).append(
                        DatedValue(
                            value=facts,
                            effective_from=span.effective_from,
                            effective_to=span.effective_to,
                            citation=cite(span.source),
                        )
                    )
        found = {}
        for code, dated in values.items():
            try:
                found[code] = Dated(code, tuple(dated))
            except ValueError as error:
                self.wrong("codes/procedures.yaml", ("code_table",), str(error))
        return found

    def edits(self, name: str, file: EditsFile) -> list[p.Edit]:
        found = []
        for index, edit in enumerate(file.edits):
            fields = LINE_FIELDS if edit.scope == "line" else CLAIM_FIELDS
            try:
                when = compile_condition(edit.when, fields)
            except ValueError as error:
                self.wrong(name, ("edits", index, "when"), str(error))
                continue
            found.append(
                p.Edit(
                    id=edit.id,
                    scope=edit.scope,
                    severity=edit.severity,
                    queue=edit.queue,
                    text=edit.text,
                    why=edit.why,
                    fix=edit.fix,
                    owner=edit.owner,
                    payers=tuple(edit.payers),
                    when=when,
                    in_force=self.dated(name, ("edits", index, "in_force"), edit.id, edit.in_force, lambda _: True),
                    citation=cite(edit.in_force[0].source),
                )
            )
        return found

    def _check_needs(self, file: GatesFile) -> None:
        for s, span in enumerate(file.minimum_documentation):
            for r, requirement in enumerate(span.requirements):
                if requirement.need not in NEEDS:
                    path = ("minimum_documentation", s, "requirements", r, "need")
                    self.wrong(
                        "gates/minimum_documentation.yaml",
                        path,
                        f"there is no need {requirement.need!r}; there are {', '.join(NEEDS)}",
                    )

    def practice(self, file: PracticeFile, profiles: Mapping[str, p.PayerProfile]) -> p.Practice:
        practitioners: dict[str, Practitioner] = {}
        for person in file.practitioners:
            record = Practitioner(
                npi=codes.Npi(person.npi) if person.npi else None,
                local_id=person.local_id,
                name=PersonName(last=person.last, first=person.first),
                credential=person.credential,
                licence=person.licence,
                taxonomy=codes.Taxonomy(person.taxonomy) if person.taxonomy else None,
            )
            for key in (person.npi, person.local_id):
                if key:
                    practitioners[key] = record
        payers: dict[str, p.PayerEntry] = {}
        for key, payer in file.payers.items():
            if payer.profile not in profiles:
                path = ("payers", key, "profile")
                self.wrong(
                    "practice.yaml", path, f"there is no payers/{payer.profile}.yaml; there are {', '.join(profiles)}"
                )
                continue
            entry = self._payer(key, payer)
            for identity in payer.sender_ids:
                if identity in payers:
                    self.wrong("practice.yaml", ("payers", key, "sender_ids"), f"{identity} names two payers")
                payers[identity] = entry
        for key, location in file.locations.items():
            if location.billing_provider not in file.billing_providers:
                self.wrong("practice.yaml", ("locations", key, "billing_provider"), "no such billing provider")
        return p.Practice(
            time_zone=file.time_zone,
            default_location=file.default_location,
            billing_providers={key: _organization(key, o) for key, o in file.billing_providers.items()},
            locations={
                key: p.Location(
                    key=key,
                    place_of_service=location.place_of_service,
                    billing_provider=location.billing_provider,
                    facility=_organization(key, location.facility) if location.facility else None,
                )
                for key, location in file.locations.items()
            },
            practitioners=practitioners,
            payers=payers,
        )

    def _payer(self, key: str, file: PayerFile) -> p.PayerEntry:
        allowed: dict[str, list[DatedValue[Decimal]]] = {}
        for span in file.allowed:
            for code, amount in span.amounts.items():
                allowed.setdefault(code, []).append(
                    DatedValue(value=amount, effective_from=span.effective_from, effective_to=span.effective_to)
                )
        return p.PayerEntry(
            payer=Payer(
                key=key,
                name=file.name,
                payer_id=file.payer_id,
                claim_filing=file.claim_filing,
                profile=file.profile,
                receiver=file.receiver,
            ),
            authorization_required=tuple(Discipline(d) for d in file.authorization_required),
            authorization_exempt=tuple(codes.Hcpcs(c) for c in file.authorization_exempt),
            timely_filing_days=file.timely_filing_days,
            allowed={code: Dated(f"{key} {code}", tuple(values)) for code, values in allowed.items()},
        )


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].removesuffix(".yaml")


def cite(source: Source) -> Citation:
    """A citation; one that nobody has read in the primary text says so."""
    doubt = " [unconfirmed]" if source.status == "unconfirmed" else ""
    return Citation(document=source.document + doubt, section=source.section, effective=source.effective)


def version_of(files: Mapping[str, str]) -> str:
    """Content hash of the rule files."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].encode() + b"\0")
    return digest.hexdigest()


def _organization(key: str, file: OrganizationFile) -> Organization:
    a = file.address
    return Organization(
        key=key,
        name=file.name,
        npi=codes.Npi(file.npi) if file.npi else None,
        tax_id=file.tax_id,
        taxonomy=codes.Taxonomy(file.taxonomy) if file.taxonomy else None,
        address=Address(line1=a.line1, line2=a.line2, city=a.city, state=a.state, postal_code=a.postal_code),
        phone=file.phone,
        contact=file.contact,
    )


def _requirement(file: RequirementFile) -> p.Requirement:
    return p.Requirement(
        need=file.need,
        encounter_types=tuple(file.encounter_types),
        segments=tuple(file.segments),
        finding=file.finding,
        text=file.text,
        fix=file.fix,
        owner=file.owner,
        queue=file.queue,
        citation=cite(file.source),
    )


def _pair_edits(span: PairsSpan) -> p.PairEdits:
    return p.PairEdits(
        pairs={
            (first, second): int(indicator)
            for first, groups in span.pairs.items()
            for indicator, listed in groups.items()
            for second in listed.split()
        }
    )
