"""Rule files to parameters: every file checked whole, every problem with file, line and column.

Shapes   practice.yaml · findings.yaml · payers/*.yaml · rules/*.yaml · gates/*.yaml · edits/*.yaml · codes/*.yaml ·
         codes/{ncci_pairs,most_units,icd10_cm}/<date>.yaml, one a quarter or year; a folder below names another table.
An unset payer rule is a configuration error, never a fallback; overlapping dates and missing citations are refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar

from integration_engine.core import codes
from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.core.findings import Citation, ParameterUse, Severity
from integration_engine.domain.claim import Payer
from integration_engine.domain.parties import Address, Discipline, Organization, PersonName, Practitioner
from integration_engine.rules.conditions import compile_condition
from integration_engine.rules.edit_facts import CLAIM_FIELDS, LINE_FIELDS
from integration_engine.rules.gates.minimum_documentation import NEEDS
from integration_engine.rules.parameters.claims import CaseNumber, ClaimRule, CorrectionWay
from integration_engine.rules.parameters.codes import DiagnosisCodes, MostUnits, PairEdits, ProcedureFacts
from integration_engine.rules.parameters.dating import without_dates
from integration_engine.rules.parameters.documentation import Mending, Requirement, WhoMay
from integration_engine.rules.parameters.edits import Edit, Repair
from integration_engine.rules.parameters.in_force import Parameters
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
from integration_engine.rules.parameters.practice import DirectoryNumber, Location, PayerEntry, Practice
from integration_engine.rules.parameters.therapy import AssistantRule, CertificationRule, ShareMethod
from integration_engine.rules.rule_models.codes import (
    DiagnosesFile,
    DiagnosisSpan,
    MostUnitsFile,
    MostUnitsSpan,
    PairsFile,
    PairsSpan,
    ProcedureFile,
    ProceduresFile,
    TelehealthFile,
)
from integration_engine.rules.rule_models.edits import EditsFile, RepairsFile
from integration_engine.rules.rule_models.gates import FindingsFile, GatesFile, RequirementFile, WhoMayFile, WhoMayTable
from integration_engine.rules.rule_models.kinds import Since, Source
from integration_engine.rules.rule_models.payers import CapSpan, MethodSpan, ProfileFile, TelehealthSpan
from integration_engine.rules.rule_models.practice import (
    AddressFile,
    AllowedFile,
    OrganizationFile,
    PayerFile,
    PracticeFile,
    PractitionerFile,
)
from integration_engine.rules.rule_models.rules import (
    AssistantSpan,
    CertificationFile,
    CertificationSpan,
    ClaimsFile,
    ClaimsSpan,
    MethodFile,
    ModifiersFile,
    PlaceholdersFile,
    SupervisionFile,
    ThresholdsFile,
    UnitsFile,
)
from integration_engine.rules.source_review import citations, is_reviewed
from integration_engine.rules.who_may import ACTIONS

T = TypeVar("T")
MEDICARE = "medicare"  # the table that files directly in codes/ncci_pairs and codes/most_units belong to
ANY = "any"
# What lies in edits/ without being a scrubber edit: repairs, and the edits of a whole claim file (claim_file/catalogue).
OTHER_EDITS = frozenset({"edits/repairs.yaml", "edits/claim_file.yaml"})


class RemarkKind(StrEnum):
    """What a remark is about."""

    GAP = "gap"  # dates that no value covers
    ENDS = "ends"  # nothing follows yet
    UNCONFIRMED = "unconfirmed"
    DISAGREEMENT = "disagreement"
    NO_SECTION = "no section"

    @property
    def fails(self) -> bool:
        """True for what `rules check` counts as a finding; the others are only told."""
        return self is RemarkKind.GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something an admin should know about a file that compiles: a gap in dates, a source in doubt."""

    file: str
    line: int
    text: str
    kind: RemarkKind


def compile_rules(files: Mapping[str, str]) -> Parameters:
    """All rule files of a mappings folder as one set of parameters.

    Shapes   files: path below mappings/ → text; paths of other kinds (hl7/, claims/, cases/) are left alone.
    Raises   MappingError with every problem found.
    """
    return _Reading(files).parameters()


def review_rules(files: Mapping[str, str]) -> tuple[Remark, ...]:
    """What deserves a look in files that compile: gaps in dates, values that end, sources in doubt or without a section."""
    reading = _Reading(files)
    reading.parameters()
    reading.review_others(files)
    remarks = dict.fromkeys(reading.remarks)  # two lists of one anchor say the same
    return tuple(sorted(remarks, key=lambda remark: (remark.file, remark.line)))


class _Reading:
    """One reading of the rule files; collects problems instead of stopping at the first."""

    def __init__(self, files: Mapping[str, str]) -> None:
        others = ("hl7/", "claims/", "schema/", "cases/", "responses/")
        self.files = {
            name: text for name, text in files.items() if name.endswith(".yaml") and not name.startswith(others)
        }
        self.problems: list[MappingProblem] = []
        self.remarks: list[Remark] = []
        self.documents: dict[str, Document] = {}

    def parameters(self) -> Parameters:
        practice = self.one("practice.yaml", PracticeFile)
        findings = self.one("findings.yaml", FindingsFile)
        units = self.one("rules/units.yaml", UnitsFile)
        modifiers = self.one("rules/modifiers.yaml", ModifiersFile)
        thresholds = self.one("rules/thresholds.yaml", ThresholdsFile)
        certification = self.one("rules/certification.yaml", CertificationFile)
        supervision = self.one("rules/supervision.yaml", SupervisionFile)
        placeholders = self.one("rules/placeholders.yaml", PlaceholdersFile)
        claims = self.one("rules/claims.yaml", ClaimsFile)
        gates = self.one("gates/minimum_documentation.yaml", GatesFile)
        who_may = self.one("gates/who_may.yaml", WhoMayTable)
        procedures = self.one("codes/procedures.yaml", ProceduresFile)
        telehealth = self.one("codes/telehealth.yaml", TelehealthFile)
        repairs = self.one("edits/repairs.yaml", RepairsFile)
        diagnoses = self._all("codes/icd10_cm/", DiagnosesFile)
        pairs = self._all("codes/ncci_pairs/", PairsFile)
        most = self._all("codes/most_units/", MostUnitsFile)
        profiles = self._all("payers/", ProfileFile)
        edit_files = self._all("edits/", EditsFile, but=OTHER_EDITS)
        if self.problems:
            raise MappingError(tuple(self.problems))
        assert practice and findings and units and modifiers and thresholds  # noqa: PT018 - no problems: all read
        assert certification and supervision and placeholders and gates and who_may  # noqa: PT018
        assert procedures and telehealth and repairs and claims  # noqa: PT018
        code_pairs = self._tables(pairs, "codes/ncci_pairs/", lambda file: file.ncci_pairs, _pair_edits)
        most_units = self._tables(most, "codes/most_units/", lambda file: file.most_units, _most_units)
        telehealth_codes = self._telehealth_codes(telehealth)
        methods = {key: _method(key, method) for key, method in units.methods.items()}
        compiled_profiles = {
            _stem(name): self.profile(name, profile, methods, code_pairs, most_units, telehealth_codes)
            for name, profile in profiles.items()
        }
        self._check_needs(gates, who_may)
        self._doubts(
            "rules/modifiers.yaml", ("discipline_source",), "discipline_modifiers", modifiers.discipline_source
        )
        self._doubts("rules/placeholders.yaml", ("source",), "placeholders", placeholders.source)
        for key, method in units.methods.items():
            self._doubts("rules/units.yaml", ("methods", key), f"units method {key}", method.source)
        compiled = Parameters(
            version=version_of(self.files),
            methods=methods,
            group_codes={d: codes.Hcpcs(code) for d, code in units.group_codes.items()},
            profiles=compiled_profiles,
            procedures=self.procedures(procedures),
            discipline_modifiers={d: codes.Modifier(mod) for d, mod in modifiers.discipline_modifiers.items()},
            assistant=self.dated(
                "rules/modifiers.yaml", ("assistant",), "assistant_rule", modifiers.assistant, _assistant_rule
            ),
            assistant_modifiers={d: codes.Modifier(mod) for d, mod in modifiers.assistant_modifiers.items()},
            thresholds={
                bucket: self.dated(
                    "rules/thresholds.yaml", ("thresholds", bucket), f"threshold {bucket}", spans, lambda s: s.amount
                )
                for bucket, spans in thresholds.thresholds.items()
            },
            buckets={str(d): bucket for d, bucket in thresholds.buckets.items()},
            review_amount=self.dated(
                "rules/thresholds.yaml",
                ("medical_review",),
                "medical_review",
                thresholds.medical_review,
                lambda s: s.amount,
            ),
            undecided_within=self.dated(
                "rules/thresholds.yaml",
                ("undecided_within",),
                "undecided_within",
                thresholds.undecided_within,
                lambda s: s.amount,
            ),
            certification=self.dated(
                "rules/certification.yaml",
                ("certification",),
                "certification",
                certification.certification,
                _certification_rule,
            ),
            supervision={
                setting: self.dated(
                    "rules/supervision.yaml",
                    ("supervision", setting),
                    f"supervision {setting}",
                    spans,
                    lambda s: s.level,
                )
                for setting, spans in supervision.supervision.items()
            },
            requirements=self.dated(
                "gates/minimum_documentation.yaml",
                ("minimum_documentation",),
                "minimum_documentation",
                gates.minimum_documentation,
                lambda s: tuple(_requirement(r) for r in s.requirements),
            ),
            who_may=self.dated(
                "gates/who_may.yaml",
                ("who_may",),
                "who_may",
                who_may.who_may,
                lambda s: tuple(_who_may(action) for action in s.actions),
            ),
            edits=tuple(edit for name, file in edit_files.items() for edit in self.edits(name, file)),
            repairs=self.repairs(repairs),
            code_pairs=code_pairs,
            most_units=most_units,
            diagnosis_codes=self._tables(
                diagnoses, "codes/icd10_cm/", lambda file: file.icd10_cm, _diagnosis_codes
            ).get(MEDICARE, Dated("icd10_cm", ())),
            telehealth_codes=telehealth_codes,
            claims=self._claim_rules(claims, compiled_profiles),
            mending={identity: Mending(why=one.why, screen=one.screen) for identity, one in findings.findings.items()},
            placeholders=frozenset(text.upper() for text in placeholders.placeholders),
            practice=self.practice(practice, compiled_profiles),
            citations={"discipline_modifiers": cite(modifiers.discipline_source)},
        )
        if self.problems:
            raise MappingError(tuple(self.problems))
        return compiled

    def review_others(self, files: Mapping[str, str]) -> None:
        """Remark on the sources of files that are compiled elsewhere; what is wrong with them is told there."""
        for name in (name for name in files if is_reviewed(name)):
            self.documents[name] = document = read_document(name, files[name])
            for path, label, stated in citations(document.value):
                known = {field: stated[field] for field in Source.model_fields if stated.get(field) is not None}
                self._doubts(name, path, label, Source.model_validate(known))

    # --- files --------------------------------------------------------------------------------------------------------

    def _all(self, folder: str, model: type[T], but: frozenset[str] = frozenset()) -> dict[str, T]:
        """Every file below a folder that reads as its model."""
        names = [name for name in sorted(self.files) if name.startswith(folder) and name not in but]
        return {name: file for name in names if (file := self.one(name, model)) is not None}

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

    def remark(self, name: str, path: tuple[str | int, ...], kind: RemarkKind, text: str) -> None:
        """Note something that is not wrong at a place of a file."""
        self.remarks.append(Remark(file=name, line=self.documents[name].place(path)[0], text=text, kind=kind))

    def dated(
        self, name: str, path: tuple[str | int, ...], label: str, spans: Iterable[Any], value: Callable[[Any], T]
    ) -> Dated[T]:
        """Spans of a file as a dated value."""
        spans = list(spans)
        for index, span in enumerate(spans):
            self._doubts(name, (*path, index), label, span.source)
        return self._join(name, path, label, [_in_force(span, value) for span in spans], one_a_place=True)

    def _join(
        self,
        name: str,
        path: tuple[str | int, ...],
        label: str,
        values: list[DatedValue[T]],
        *,
        one_a_place: bool = False,
    ) -> Dated[T]:
        """One dated value. one_a_place: the values are the items of the list at ``path``, so that each has a line."""

        def place(of: DatedValue[T]) -> tuple[str | int, ...]:
            return (*path, values.index(of)) if one_a_place else path

        try:
            found = Dated(label, tuple(values))
        except ValueError as error:
            self.wrong(name, place(_runs_into(values)), str(error))
            return Dated(label, tuple(values[:1]))
        for start, end in found.gaps():
            after = next(value for value in found.values if value.effective_from > end)
            self.remark(name, place(after), RemarkKind.GAP, f"{label}: nothing is in force from {start} to {end}")
        if found.values and (last := found.values[-1].effective_to) is not None:
            self.remark(
                name,
                place(found.values[-1]),
                RemarkKind.ENDS,
                f"{label}: ends on {last}; load what follows before that day",
            )
        return found

    def _doubts(self, name: str, path: tuple[str | int, ...], label: str, source: Source) -> None:
        if source.status == "unconfirmed":
            text = f"{label}: the source is unconfirmed ({source.document})"
            self.remark(name, path, RemarkKind.UNCONFIRMED, text)
        if source.other_reading:
            self.remark(name, path, RemarkKind.DISAGREEMENT, f"{label}: sources disagree; {source.other_reading}")
        if not source.section and source.status != "house":
            self.remark(name, path, RemarkKind.NO_SECTION, f"{label}: {source.document} is cited without a section")

    def _tables(
        self,
        files: Mapping[str, Any],
        folder: str,
        spans: Callable[[Any], Iterable[Any]],
        value: Callable[[Any], T],
    ) -> dict[str, Dated[T]]:
        """Tables that come in one file a quarter; a folder below ``folder`` names a table of its own."""
        found: dict[str, list[DatedValue[T]]] = {}
        last: dict[str, str] = {}
        for name, file in files.items():
            inner = name.removeprefix(folder).rpartition("/")[0]
            table = inner or MEDICARE
            last[table] = name
            found.setdefault(table, []).extend(_in_force(span, value) for span in spans(file))
        return {
            table: self._join(last[table], (), f"{folder}{table}", _one_after_another(values))
            for table, values in found.items()
        }

    # --- parts --------------------------------------------------------------------------------------------------------

    def profile(
        self,
        name: str,
        file: ProfileFile,
        methods: Mapping[str, UnitsMethod],
        code_pairs: Mapping[str, Any],
        most_units: Mapping[str, Any],
        telehealth_codes: Mapping[str, Any],
    ) -> PayerProfile:
        key = _stem(name)
        self._check_names(name, file, methods, code_pairs, most_units, telehealth_codes)
        self._doubts(name, ("source",), key, file.source)

        def dated(field: str, value: Callable[[Any], T]) -> Dated[T]:
            return self.dated(name, (field,), f"{key}.{field}", getattr(file, field), value)

        def setting(field: str, value: Callable[[Any], Any] = lambda stated: stated) -> Dated[Any]:
            stated = getattr(file, field)
            if _is_dated(stated):
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
            filing_limit=dated(
                "filing_limit", lambda s: FilingLimit(days=s.days, months=s.months, year_ends=s.year_ends)
            ),
            citation=cite(file.source),
        )

    def _check_names(
        self,
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
                self.wrong(name, place, f"rules/units.yaml has no method {span.method!r}; it has {', '.join(methods)}")
        for path, tables in _stated("code_pairs", file.code_pairs):
            for table in (t for t in tables if t not in code_pairs):
                self.wrong(name, path, f"codes/ncci_pairs/ has no table {table!r}")
        for path, table in _stated("most_units", file.most_units):
            if table is not None and table not in most_units:
                self.wrong(name, path, f"codes/most_units/ has no table {table!r}")
        for index, one in enumerate(file.telehealth):
            if one.codes != ANY and one.codes not in telehealth_codes:
                self.wrong(name, ("telehealth", index, "codes"), f"codes/telehealth.yaml has no list {one.codes!r}")

    def _claim_rules(self, file: ClaimsFile, profiles: Mapping[str, PayerProfile]) -> dict[str, Dated[ClaimRule]]:
        """How claims are made, by profile: the profile's own, else its segment's, else any payer's."""
        name = "rules/claims.yaml"
        known = {ANY, *profiles, *(profile.segment for profile in profiles.values())}
        for key in file.claims.keys() - known:
            self.wrong(name, ("claims", key), f"{key!r} is no payer profile and no segment")
        rules = {
            key: self.dated(name, ("claims", key), f"claims.{key}", spans, _claim_rule)
            for key, spans in file.claims.items()
        }
        return {key: rules.get(key) or rules.get(profile.segment) or rules[ANY] for key, profile in profiles.items()}

    def procedures(self, file: ProceduresFile) -> dict[str, Dated[ProcedureFacts]]:
        values: dict[str, list[DatedValue[ProcedureFacts]]] = {}
        for s, span in enumerate(file.code_table):
            for g, group in enumerate(span.procedures):
                source = group.source or span.source
                if group.source is not None:
                    path = ("code_table", s, "procedures", g)
                    self._doubts("codes/procedures.yaml", path, " ".join(group.codes), group.source)
                for code in group.codes:
                    values.setdefault(code, []).append(
                        DatedValue(
                            value=_procedure(code, group, cite(source), group.effective_from or span.effective_from),
                            effective_from=group.effective_from or span.effective_from,
                            effective_to=group.effective_to or span.effective_to,
                            citation=cite(source),
                        )
                    )
        return {
            code: self._join("codes/procedures.yaml", ("code_table",), code, dated) for code, dated in values.items()
        }

    def _telehealth_codes(self, file: TelehealthFile) -> dict[str, Dated[frozenset[str]]]:
        """Lists of codes: several groups of one list may run side by side, each with its own source and dates."""
        name = "codes/telehealth.yaml"
        found = {}
        for key, groups in file.telehealth_codes.items():
            for index, group in enumerate(groups):
                self._doubts(name, ("telehealth_codes", key, index), f"telehealth {key}", group.source)
            starts = sorted({group.effective_from for group in groups})
            values = []
            for index, start in enumerate(starts):
                here = [g for g in groups if g.effective_from <= start and (g.effective_to or start) >= start]
                ends = [g.effective_to for g in here if g.effective_to is not None]
                if index + 1 < len(starts):
                    ends.append(starts[index + 1] - timedelta(days=1))
                values.append(
                    DatedValue(
                        value=frozenset(code for g in here for code in g.codes),
                        effective_from=start,
                        effective_to=min(ends, default=None),
                        citation=cite(here[0].source),
                    )
                )
            found[key] = self._join(name, ("telehealth_codes", key), f"telehealth {key}", values)
        return found

    def edits(self, name: str, file: EditsFile) -> list[Edit]:
        found = []
        for index, edit in enumerate(file.edits):
            fields = LINE_FIELDS if edit.scope == "line" else CLAIM_FIELDS
            try:
                when = compile_condition(edit.when, fields)
            except ValueError as error:
                self.wrong(name, ("edits", index, "when"), str(error))
                continue
            for case in ("fails", "passes"):
                for field in getattr(edit, case):
                    if field not in fields:
                        self.wrong(name, ("edits", index, case, field), f"there is no field {field!r}")
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
                    in_force=self.dated(name, ("edits", index, "in_force"), edit.id, edit.in_force, lambda _: True),
                    citation=cite(edit.in_force[0].source),
                )
            )
        return found

    def repairs(self, file: RepairsFile) -> tuple[Repair, ...]:
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
                in_force=self.dated(
                    "edits/repairs.yaml", ("repairs", index, "in_force"), repair.id, repair.in_force, lambda _: True
                ),
                citation=cite(repair.in_force[0].source),
            )
            for index, repair in enumerate(file.repairs)
        )

    def _check_needs(self, file: GatesFile, who_may: WhoMayTable) -> None:
        for s, span in enumerate(file.minimum_documentation):
            for r, requirement in enumerate(span.requirements):
                if requirement.need not in NEEDS:
                    path: tuple[str | int, ...] = ("minimum_documentation", s, "requirements", r, "need")
                    text = f"there is no need {requirement.need!r}; there are {', '.join(NEEDS)}"
                    self.wrong("gates/minimum_documentation.yaml", path, text)
                where = ("minimum_documentation", s, "requirements", r)
                self._doubts("gates/minimum_documentation.yaml", where, requirement.need, requirement.source)
        for s, span_ in enumerate(who_may.who_may):
            for a, action in enumerate(span_.actions):
                if action.action not in ACTIONS:
                    path = ("who_may", s, "actions", a, "action")
                    text = f"there is no action {action.action!r}; there are {', '.join(ACTIONS)}"
                    self.wrong("gates/who_may.yaml", path, text)
                self._doubts("gates/who_may.yaml", ("who_may", s, "actions", a), action.action, action.source)

    def practice(self, file: PracticeFile, profiles: Mapping[str, PayerProfile]) -> Practice:
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
        payers: dict[str, PayerEntry] = {}
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
        return Practice(
            time_zone=file.time_zone,
            default_location=file.default_location,
            billing_providers={key: _organization(key, o) for key, o in file.billing_providers.items()},
            locations={
                key: Location(
                    key=key,
                    setting=location.setting,
                    place_of_service=location.place_of_service,
                    billing_provider=location.billing_provider,
                    facility=_organization(key, location.facility) if location.facility else None,
                )
                for key, location in file.locations.items()
            },
            practitioners=practitioners,
            payers=payers,
            charges=_amounts("practice.charges", file.charges),
            pay_to={key: _address(o.pay_to) for key, o in file.billing_providers.items() if o.pay_to},
            numbers=self._numbers(file),
        )

    def _numbers(self, file: PracticeFile) -> dict[str, tuple[DirectoryNumber, ...]]:
        """The numbers beside the NPI, by NPI, else by our own key or the EMR's id."""
        found: dict[str, tuple[DirectoryNumber, ...]] = {}
        facilities = {key: one.facility for key, one in file.locations.items() if one.facility}
        stated: list[tuple[tuple[str | int, ...], str | None, OrganizationFile | PractitionerFile]] = [
            *((("billing_providers", key), one.npi or key, one) for key, one in file.billing_providers.items()),
            *((("locations", key, "facility"), one.npi or key, one) for key, one in facilities.items()),
            *((("practitioners", i), one.npi or one.local_id, one) for i, one in enumerate(file.practitioners)),
        ]
        for place, key, one in stated:
            for index, number in enumerate(one.numbers):
                for payer in number.payers:
                    if payer not in file.payers:
                        self.wrong("practice.yaml", (*place, "numbers", index, "payers"), f"there is no payer {payer}")
            if one.numbers and key:
                found[key] = tuple(
                    DirectoryNumber(qualifier=n.qualifier, number=n.number, payers=frozenset(n.payers))
                    for n in one.numbers
                )
        return found

    def _payer(self, key: str, file: PayerFile) -> PayerEntry:
        return PayerEntry(
            payer=Payer(
                key=key,
                name=file.name,
                payer_id=file.payer_id,
                claim_filing=file.claim_filing,
                profile=file.profile,
                receiver=file.receiver,
                address=_address(file.address) if file.address else None,
                claim_office=file.claim_office,
                second_id=file.second_id,
                tax_id=file.tax_id,
                naic=file.naic,
            ),
            authorization_required=tuple(Discipline(d) for d in file.authorization_required),
            authorization_exempt=tuple(codes.Hcpcs(c) for c in file.authorization_exempt),
            visit_counts=file.visit_counts,
            timely_filing_days=file.timely_filing_days,
            allowed=_amounts(f"{key}.allowed", file.allowed),
            practice_expense=_amounts(f"{key}.practice_expense", file.practice_expense),
        )


def _is_dated(stated: Any) -> bool:
    return isinstance(stated, list) and bool(stated) and isinstance(stated[0], Since)


def _stated(field: str, stated: Any) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every value a setting states, with its place in the file."""
    if _is_dated(stated):
        return [((field, index, "value"), span.value) for index, span in enumerate(stated)]
    return [((field,), stated)]


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


def _address(file: AddressFile) -> Address:
    return Address(line1=file.line1, line2=file.line2, city=file.city, state=file.state, postal_code=file.postal_code)


def _organization(key: str, file: OrganizationFile) -> Organization:
    return Organization(
        key=key,
        name=file.name,
        npi=codes.Npi(file.npi) if file.npi else None,
        tax_id=file.tax_id,
        taxonomy=codes.Taxonomy(file.taxonomy) if file.taxonomy else None,
        address=_address(file.address),
        phone=file.phone,
        contact=file.contact,
    )


def _requirement(file: RequirementFile) -> Requirement:
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


def _pair_edits(span: PairsSpan) -> PairEdits:
    return PairEdits(
        pairs={
            (first, second): int(indicator)
            for first, groups in span.pairs.items()
            for indicator, listed in groups.items()
            for second in listed.split()
        },
        complete=span.complete,
    )


def _most_units(span: MostUnitsSpan) -> MostUnits:
    return MostUnits(
        values={code: (value.most, value.indicator) for code, value in span.most_units.items()}, complete=span.complete
    )


def _diagnosis_codes(span: DiagnosisSpan) -> DiagnosisCodes:
    return DiagnosisCodes(valid=frozenset(span.codes.split()), complete=span.complete)


def _method(key: str, file: MethodFile) -> UnitsMethod:
    return UnitsMethod(
        key=key,
        label=file.label,
        earned_at=file.earned_at,
        unit_minutes=file.unit_minutes,
        pooled=file.pooled,
        citation=cite(file.source),
    )


def _units_rule(span: MethodSpan) -> UnitsRule:
    return UnitsRule(method=span.method, visit_code=codes.Hcpcs(span.visit_code) if span.visit_code else None)


def _cap(span: CapSpan) -> VisitCap:
    return VisitCap(
        most_units=span.most_units,
        most_codes=span.most_codes,
        most_minutes=span.most_minutes,
        citation=cite(span.source),
    )


def _assistant_rule(span: AssistantSpan) -> AssistantRule:
    return AssistantRule(
        used=span.used,
        share_method=ShareMethod(span.share_method),
        share_over=span.share_over_tenths,
        unit_minutes=span.unit_minutes,
        therapist_midpoint=span.therapist_midpoint,
        two_units_from=span.two_units_from,
        two_units_to=span.two_units_to,
        exempt_settings=tuple(span.exempt_settings),
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


def _certification_rule(span: CertificationSpan) -> CertificationRule:
    return CertificationRule(
        signature_days=span.signature_days,
        verbal_order_days=span.verbal_order_days,
        delayed_days=span.delayed_days,
        delayed_holds=span.delayed_without_evidence == "hold",
        recertification_open_days=span.recertification_open_days,
        longest_interval=span.longest_interval_days,
        order_exception=span.order_exception,
        transmission_days=span.transmission_days,
        may_certify=tuple(span.may_certify),
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


def _procedure(code: str, group: ProcedureFile, citation: Citation, since: date) -> ProcedureFacts:
    kind = f"{group.minutes} minutes" if group.minutes is not None else "untimed"
    if group.device_days is not None:
        kind = f"{group.device_days[0]} to {group.device_days[1]} days with data"
    return ProcedureFacts(
        code=codes.Hcpcs(code),
        unit_minutes=group.minutes,
        earned_at=group.earned_at,
        further_code=codes.Hcpcs(group.further_code) if group.further_code else None,
        add_on_to=tuple(codes.Hcpcs(c) for c in group.add_on_to),
        disciplines=tuple(Discipline(d) for d in group.disciplines),
        evaluation=group.evaluation,
        group=group.group,
        hands_on=group.hands_on,
        once=group.once,
        remote=group.remote,
        live_contact=group.live_contact,
        always_therapy=group.always_therapy,
        reduced=group.reduced,
        device_days=group.device_days,
        citation=citation,
        use=(ParameterUse(name=f"code_table {code}", value=kind, in_force_from=since),),
    )


def _who_may(file: WhoMayFile) -> WhoMay:
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


def _in_force(span: Any, value: Callable[[Any], T]) -> DatedValue[T]:
    return DatedValue(
        value=value(span),
        effective_from=span.effective_from,
        effective_to=span.effective_to,
        citation=cite(span.source),
    )


def _runs_into(values: list[DatedValue[T]]) -> DatedValue[T]:
    """The first value that begins before the one before it ends."""
    ordered = sorted(values, key=lambda value: value.effective_from)
    return next(
        later
        for earlier, later in pairwise(ordered)
        if earlier.effective_to is None or earlier.effective_to >= later.effective_from
    )


def _one_after_another(values: list[DatedValue[T]]) -> list[DatedValue[T]]:
    """A file that begins inside another's span takes over on its first day, as an April update does."""
    ordered = sorted(values, key=lambda value: value.effective_from)
    for index, (earlier, later) in enumerate(pairwise(ordered)):
        if earlier.effective_to is None or earlier.effective_to >= later.effective_from > earlier.effective_from:
            ordered[index] = replace(earlier, effective_to=later.effective_from - timedelta(days=1))
    return ordered


def _amounts(label: str, spans: Iterable[AllowedFile]) -> dict[str, Dated[Decimal]]:
    found: dict[str, list[DatedValue[Decimal]]] = {}
    for span in spans:
        for code, amount in span.amounts.items():
            found.setdefault(code, []).append(
                DatedValue(value=amount, effective_from=span.effective_from, effective_to=span.effective_to)
            )
    return {code: Dated(f"{label} {code}", tuple(values)) for code, values in found.items()}
