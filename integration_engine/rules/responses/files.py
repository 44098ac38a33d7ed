"""mappings/responses/ to ``Responses``: every file checked whole, every problem with file, line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.documents import FileReading, read_document
from integration_engine.core.errors import MappingError
from integration_engine.domain.denial import Books, DenialCategory, Remedy
from integration_engine.rules.responses import in_force as r
from integration_engine.rules.responses import models as m
from integration_engine.rules.rule_files.dating import cite
from integration_engine.rules.scrubber.conditions import compile_condition

FOLDER = "responses/"
DENIALS, OVERRIDES, APPEALS, CODES, PROVIDER = (
    f"{FOLDER}{name}.yaml"
    for name in ("denials", "overrides", "appeals", "acknowledgment_codes", "provider_adjustments")
)
PRACTICE, PROFILES = "practice.yaml", "payers/"
FINDINGS, EDITS = "findings.yaml", "edits/"
ANY = "any"

T = TypeVar("T")


def compile_responses(files: Mapping[str, str]) -> r.Responses:
    """What payers' codes mean, from a mappings folder.

    Shapes   files: path below mappings/ → text. Beside those below responses/ only the names of payers, profiles, gates
             and edits are looked at, so that a rule for a payer nobody has is refused.
    Raises   MappingError with every problem found.
    """
    ours = {name: text for name, text in files.items() if name.startswith(FOLDER)}
    return _Reading(ours, _payers(files), _checks(files)).responses()


class _Reading(FileReading):
    """One reading of the files. payers, checks: the names that rules may speak of."""

    def __init__(self, files: Mapping[str, str], payers: frozenset[str], checks: frozenset[str]) -> None:
        super().__init__(files)
        self.payers = payers
        self.checks = checks

    def responses(self) -> r.Responses:
        denials = self.one(DENIALS, m.DenialsFile)
        overrides = self.one(OVERRIDES, m.OverridesFile)
        appeals = self.one(APPEALS, m.AppealsFile)
        codes = self.one(CODES, m.AcknowledgmentCodesFile)
        provider = self.one(PROVIDER, m.ProviderAdjustmentsFile)
        if self.problems:
            raise MappingError(tuple(self.problems))
        assert denials and overrides and appeals and codes and provider  # noqa: PT018 - no problems: all read
        self._check(denials)
        self._known(APPEALS, ("appeals",), appeals.appeals)
        compiled = r.Responses(
            version=self._version(),
            reasons=self._dated(DENIALS, ("reasons",), "denial reasons", denials.reasons, _reasons),
            remarks=self._dated(DENIALS, ("remarks",), "denial remarks", denials.remarks, _remarks),
            no_appeal=self._dated(
                DENIALS, ("no_appeal",), "no_appeal", denials.no_appeal, lambda span: frozenset(span.remarks)
            ),
            actions={
                category: _action(denials.actions.categories[category.value])
                for category in DenialCategory
                if category.value in denials.actions.categories
            },
            actions_citation=cite(denials.actions.source),
            rules=(*self._rules(OVERRIDES, overrides.rules), *self._rules(DENIALS, denials.rules)),
            appeals={
                payer: self._dated(APPEALS, ("appeals", payer), f"appeal {payer}", spans, _limit)
                for payer, spans in appeals.appeals.items()
            },
            unmapped_limit_percent=denials.unmapped_limit_percent,
            provider_adjustments=_codes(provider.provider_adjustments),
            **{name: _codes(getattr(codes, name)) for name in _CODE_LISTS},
        )
        if self.problems:
            raise MappingError(tuple(self.problems))
        return compiled

    def _dated(
        self, name: str, path: tuple[str | int, ...], label: str, spans: Iterable[Any], value: Callable[[Any], T]
    ) -> Dated[T]:
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

    def _known(self, name: str, path: tuple[str | int, ...], payers: Iterable[str]) -> None:
        """Every name is a payer of the practice or a profile."""
        for payer in payers:
            if payer != ANY and payer not in self.payers:
                self.wrong(name, path, f"there is no payer and no profile {payer!r}")

    def _check(self, denials: m.DenialsFile) -> None:
        """Every category has its action."""
        known = {category.value for category in DenialCategory}
        for category in sorted(known - set(denials.actions.categories)):
            self.wrong(DENIALS, ("actions", "categories"), f"there is no action for {category}")
        for category in sorted(set(denials.actions.categories) - known):
            self.wrong(DENIALS, ("actions", "categories", category), f"there is no category {category!r}")
        self._check_prevention(denials)
        self._check_codes(denials)

    def _check_prevention(self, denials: m.DenialsFile) -> None:
        """What prevents a category is a gate or an edit that there is."""
        for category, action in denials.actions.categories.items():
            for check in action.prevented_by:
                if self.checks and check not in self.checks:
                    path = ("actions", "categories", category, "prevented_by")
                    self.wrong(DENIALS, path, f"there is no finding and no edit {check!r}")
        named = {check for action in denials.actions.categories.values() for check in action.prevented_by}
        for check in denials.actions.prevents_nothing:
            place = ("actions", "prevents_nothing", check)
            if check in named:
                self.wrong(DENIALS, place, f"{check} stands under prevented_by, too; keep one")
            elif self.checks and not check.endswith(".*") and check not in self.checks:
                self.wrong(DENIALS, place, f"there is no finding and no edit {check!r}")

    def _check_codes(self, denials: m.DenialsFile) -> None:
        """Every remark has one category, every replacement of a reason exists."""
        for index, span in enumerate(denials.reasons):
            for code, reason in span.codes.items():
                for other in reason.instead:
                    if other not in span.codes:
                        path = ("reasons", index, "codes", code, "instead")
                        self.wrong(DENIALS, path, f"{other} stands in no list, so it cannot take the place of {code}")
        for index, remarks in enumerate(denials.remarks):
            seen: dict[str, str] = {}
            for category, listed in remarks.codes.items():
                for code in listed:
                    if code in seen:
                        path = ("remarks", index, "codes", category, code)
                        self.wrong(DENIALS, path, f"{code} already stands under {seen[code]}; keep one")
                    seen[code] = category

    def _rules(self, name: str, rules: Iterable[m.DenialRuleFile]) -> list[r.DenialRule]:
        found: list[r.DenialRule] = []
        for index, rule in enumerate(rules):
            path = ("rules", index)
            self._known(name, (*path, "payers"), rule.payers)
            if any(rule.id == other.id for other in found):
                self.wrong(name, (*path, "id"), f"the id {rule.id} stands here twice")
            try:
                when = compile_condition(rule.when, r.DENIAL_FIELDS)
            except ValueError as error:
                self.wrong(name, (*path, "when"), str(error))
                continue
            for case in ("fires", "spares"):
                for field in getattr(rule, case):
                    if field not in r.DENIAL_FIELDS:
                        self.wrong(name, (*path, case, field), f"there is no field {field!r}")
            found.append(
                r.DenialRule(
                    id=rule.id,
                    when=when,
                    category=_category(rule.category),
                    detail=rule.detail,
                    payers=tuple(rule.payers),
                    in_force=self._dated(name, (*path, "in_force"), rule.id, rule.in_force, lambda _: True),
                    remedy=Remedy(rule.remedy) if rule.remedy else None,
                    owner=rule.owner,
                    next_action=rule.next_action,
                    books=Books(rule.books) if rule.books else None,
                    citation=cite(rule.in_force[0].source),
                    fires=rule.fires,
                    spares=rule.spares,
                )
            )
        return found

    def _version(self) -> str:
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(name.encode() + b"\0" + self.files[name].encode() + b"\0")
        return digest.hexdigest()


_CODE_LISTS = (
    "verdicts",
    "interchange_notes",
    "segment_errors",
    "element_errors",
    "set_errors",
    "status_categories",
    "statuses",
    "entities",
)


def _payers(files: Mapping[str, str]) -> frozenset[str]:
    """The payers of the practice and the profiles, as far as their files can be read; their own compiler tells the rest."""
    profiles = {name.removeprefix(PROFILES).removesuffix(".yaml") for name in files if name.startswith(PROFILES)}
    try:
        practice = read_document(PRACTICE, files.get(PRACTICE, "")).value
    except MappingError:
        practice = None
    listed = practice.get("payers") if isinstance(practice, dict) else None
    return frozenset(profiles) | frozenset(listed if isinstance(listed, dict) else ())


def _checks(files: Mapping[str, str]) -> frozenset[str]:
    """The ids of gates and edits, as far as their files can be read; empty where there are none to ask."""
    found: set[str] = set()
    for name in (FINDINGS, *(name for name in files if name.startswith(EDITS))):
        try:
            value = read_document(name, files.get(name, "")).value
        except MappingError:
            continue
        listed = value if isinstance(value, dict) else {}
        found.update(listed.get("findings") or ())
        found.update(edit["id"] for edit in listed.get("edits") or () if isinstance(edit, dict) and "id" in edit)
    return frozenset(found)


def _category(name: str) -> DenialCategory | None:
    return None if name == "none" else DenialCategory(name)


def _reasons(span: m.ReasonsSpan) -> Mapping[str, r.Reason]:
    return {
        code: r.Reason(
            code=code,
            says=reason.says,
            category=_category(reason.category),
            books=Books(reason.books or ("contractual" if reason.category == "none" else "open")),
            by_remark=reason.by_remark,
            therapy=reason.therapy,
            ended=reason.ended,
            instead=tuple(reason.instead),
        )
        for code, reason in span.codes.items()
    }


def _remarks(span: m.RemarksSpan) -> Mapping[str, r.Remark]:
    return {
        code: r.Remark(code=code, says=says, category=_category(category))
        for category, listed in span.codes.items()
        for code, says in listed.items()
    }


def _action(file: m.ActionFile) -> r.Action:
    return r.Action(
        remedy=Remedy(file.remedy),
        owner=file.owner,
        follow_up_days=file.follow_up_days,
        next_action=file.next_action,
        queue=file.queue,
        prevented_by=tuple(file.prevented_by),
    )


def _limit(span: m.AppealSpan) -> r.AppealLimit:
    return r.AppealLimit(days=span.days, first_level=span.first_level)


def _codes(file: m.AnswerCodesFile) -> r.AnswerCodes:
    return r.AnswerCodes(
        codes={
            code: r.AnswerCode(
                code=code, says=one.says, fix=one.fix, owner=one.owner, taken=one.taken, refused=one.refused
            )
            for code, one in file.codes.items()
        },
        citation=cite(file.source),
    )
