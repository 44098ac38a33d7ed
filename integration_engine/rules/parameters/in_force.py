"""One consistent reading of all rule files, and the questions that rules ask it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.findings import Citation, ParameterUse
from integration_engine.domain.claim import Payer
from integration_engine.domain.parties import LicenceLevel, Practitioner
from integration_engine.rules.parameters.claims import ClaimRule
from integration_engine.rules.parameters.codes import DiagnosisCodes, MostUnits, PairEdits, ProcedureFacts
from integration_engine.rules.parameters.dating import T, used
from integration_engine.rules.parameters.documentation import Mending, Requirement, RequirementsInForce, WhoMay
from integration_engine.rules.parameters.edits import PLAIN, Edit, EditsInForce, Repair
from integration_engine.rules.parameters.payers import PayerProfile, UnitsMethod
from integration_engine.rules.parameters.practice import Practice
from integration_engine.rules.parameters.therapy import AssistantRule, CertificationRule

MOST_REMEMBERED = 20_000  # answers kept by one set of parameters


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
