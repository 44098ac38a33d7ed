"""Denials: one primary category each, the patient's share never one, what nobody mapped is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.errors import MappingError
from integration_engine.domain.denial import Books, DenialCategory, DenialContext, Remedy
from integration_engine.domain.remit import Adjustment, RemitClaim, RemitLine
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine
from integration_engine.rules.denials.categories import categorize, categorize_claim, judge, unmapped_share
from integration_engine.rules.denials.context import denial_context
from integration_engine.rules.responses.files import compile_responses
from integration_engine.rules.responses.in_force import DenialRule
from integration_engine.rules.responses.models import json_schemas
from integration_engine.rules.rule_files.compiling import compile_rules
from tests.rules.denial_codes import REASONS, REMARKS

FILES = MappingFiles(shipped_folder()).read()
RESPONSES = compile_responses(FILES)
PARAMETERS = compile_rules(FILES)
DAY = date(2026, 11, 3)
C = DenialCategory
NOTHING = DenialContext()
MEDICARE = DenialContext(
    payer_key="MEDICARE", profile="medicare_part_b", segment="medicare", modifiers=("GP",), split_pair=False
)


def adjustments(text: str) -> tuple[Adjustment, ...]:
    """``CO-45 20 PR-1 30``."""
    parts = text.split()
    return tuple(
        Adjustment(group=code.split("-")[0], reason=code.split("-")[1], amount=Decimal(amount))
        for code, amount in zip(parts[::2], parts[1::2], strict=True)
    )


def answer(
    reasons: str, *remarks: str, paid: str = "0", code: str = "97110", status: str = "1", of_claim: str = ""
) -> tuple[RemitLine, RemitClaim]:
    line = RemitLine(
        number=1,
        code=code,
        charge=Decimal(100),
        paid=Decimal(paid),
        adjustments=adjustments(reasons),
        remarks=remarks,
        position=9,
    )
    claim = RemitClaim(
        number="C1",
        status=status,
        charge=Decimal(100),
        paid=Decimal(paid),
        position=5,
        adjustments=adjustments(of_claim),
        lines=(line,),
    )
    return line, claim


CASES: tuple[tuple[str, tuple[str, ...], DenialContext, C], ...] = (
    ("CO-197 100", (), NOTHING, C.AUTHORIZATION),
    ("CO-198 100", (), NOTHING, C.AUTHORIZATION),
    ("CO-4 100", (), NOTHING, C.MODIFIER),
    ("CO-16 100", ("N822",), NOTHING, C.MODIFIER),
    ("CO-16 100", ("N823", "M76"), NOTHING, C.MODIFIER),
    ("CO-16 100", ("M76",), NOTHING, C.TECHNICAL),
    ("CO-16 100", ("MA18", "N706"), NOTHING, C.DOCUMENTATION),
    ("CO-16 100", (), NOTHING, C.TECHNICAL),
    ("CO-16 100", ("M62",), NOTHING, C.AUTHORIZATION),
    ("CO-A1 100", ("N362",), NOTHING, C.UNITS),
    ("CO-252 100", (), NOTHING, C.DOCUMENTATION),
    ("CO-B12 100", (), NOTHING, C.DOCUMENTATION),
    ("CO-151 100", (), NOTHING, C.UNITS),
    ("CO-151 100", ("N115",), NOTHING, C.UNITS),
    ("CO-50 100", ("N115",), NOTHING, C.MEDICAL_NECESSITY),
    ("CO-50 100", ("N706",), NOTHING, C.MEDICAL_NECESSITY),
    ("CO-119 100", (), MEDICARE, C.MODIFIER),
    ("CO-119 100", (), replace(MEDICARE, modifiers=("GP", "KX")), C.BENEFIT_LIMIT),
    ("CO-119 100", (), NOTHING, C.BENEFIT_LIMIT),
    ("CO-97 100", (), replace(MEDICARE, pair_on_date=True), C.MODIFIER),
    ("CO-97 100", ("M144",), NOTHING, C.TECHNICAL),
    ("OA-18 100", (), replace(MEDICARE, split_pair=True), C.TECHNICAL),
    ("CO-183 100", ("N574",), NOTHING, C.TECHNICAL),
    ("CO-B7 100", (), NOTHING, C.TECHNICAL),
    ("CO-109 100", ("N418",), NOTHING, C.ELIGIBILITY),
    ("CO-96 100", (), NOTHING, C.ELIGIBILITY),
    ("CO-96 100", ("N587",), NOTHING, C.BENEFIT_LIMIT),
    ("PI-29 100", (), NOTHING, C.TECHNICAL),
    ("OA-22 100", (), NOTHING, C.ELIGIBILITY),
    ("CO-45 20 CO-197 80", (), NOTHING, C.AUTHORIZATION),
    ("CO-197 40 CO-50 60", (), NOTHING, C.MEDICAL_NECESSITY),
    ("CO-15 100", (), NOTHING, C.AUTHORIZATION),
    ("CO-999 100", (), NOTHING, C.UNMAPPED),
    ("XX-197 100", (), NOTHING, C.AUTHORIZATION),
)


@pytest.mark.parametrize(("reasons", "remarks", "context", "category"), CASES)
def test_denied_line_has_its_one_category(
    reasons: str, remarks: tuple[str, ...], context: DenialContext, category: C
) -> None:
    decision = categorize(*answer(reasons, *remarks), context, RESPONSES, DAY)
    assert decision.denied
    assert decision.category is category
    assert decision.text
    assert decision.next_action
    assert decision.owner
    assert decision.remedy is not None
    assert decision.working


@pytest.mark.parametrize(
    ("reasons", "remarks", "paid", "status"),
    [
        ("PR-1 100", (), "0", "1"),
        ("PR-1 60 CO-45 40", (), "0", "1"),
        ("CO-45 100", (), "0", "1"),
        ("CO-253 2 PR-2 98", (), "0", "1"),
        ("OA-23 100", (), "0", "2"),
        ("CO-197 50", (), "50", "1"),
        ("CR-197 100", (), "0", "1"),
        ("CO-97 100", ("M15",), "0", "1"),
        ("CO-197 -100", (), "0", "22"),
        ("OA-101 100", (), "0", "25"),
        ("CO-197 0 PR-1 100", (), "0", "1"),
        ("PR-204 100", (), "0", "1"),
    ],
)
def test_line_is_not_denied_when_no_money_was_to_be_had_or_the_patient_owes_it(
    reasons: str, remarks: tuple[str, ...], paid: str, status: str
) -> None:
    code = "97010" if remarks else "97110"
    line, claim = answer(reasons, *remarks, paid=paid, status=status, code=code)
    decision = categorize(line, claim, NOTHING, RESPONSES, DAY)
    assert not decision.denied
    assert decision.category is None
    assert decision.appeal_days is None


def test_claim_level_reason_counts_when_the_line_has_none_of_its_own() -> None:
    decision = categorize(*answer("", of_claim="CO-197 100"), NOTHING, RESPONSES, DAY)
    assert decision.category is C.AUTHORIZATION
    explained = categorize(*answer("PR-1 100", of_claim="CO-197 100"), NOTHING, RESPONSES, DAY)
    assert not explained.denied


def test_claim_is_denied_by_one_line_or_by_its_status() -> None:
    line, claim = answer("CO-197 100")
    paid = replace(line, number=2, paid=Decimal(100), adjustments=())
    decision, lines = categorize_claim(replace(claim, lines=(line, paid)), NOTHING, RESPONSES, DAY)
    assert decision.category is C.AUTHORIZATION
    assert [one.denied for one in lines] == [True, False]
    _, of_patient = answer("PR-27 100", status="4")
    decision, (first,) = categorize_claim(of_patient, NOTHING, RESPONSES, DAY)
    assert (decision.denied, decision.category, first.denied) == (True, C.ELIGIBILITY, False)
    bare = replace(claim, lines=(), status="4", adjustments=())
    assert categorize_claim(bare, NOTHING, RESPONSES, DAY)[0].category is C.UNMAPPED
    no_lines = replace(claim, lines=(), adjustments=adjustments("CO-50 100"))
    assert categorize_claim(no_lines, NOTHING, RESPONSES, DAY)[0].category is C.MEDICAL_NECESSITY
    _, fine = answer("PR-1 100")
    assert not categorize_claim(fine, NOTHING, RESPONSES, DAY)[0].denied


def test_secondary_category_is_the_next_other_cause() -> None:
    decision = categorize(*answer("CO-197 40 CO-50 60"), NOTHING, RESPONSES, DAY)
    assert (decision.category, decision.secondary) == (C.MEDICAL_NECESSITY, C.AUTHORIZATION)
    decision = categorize(*answer("CO-50 100", "N706"), NOTHING, RESPONSES, DAY)
    assert decision.secondary is C.DOCUMENTATION
    assert decision.amount == Decimal(100)


def test_unprocessable_claim_is_sent_new_and_has_no_appeal_clock() -> None:
    decision = categorize(*answer("CO-16 100", "N822", "MA130"), MEDICARE, RESPONSES, DAY)
    assert (decision.category, decision.remedy, decision.appeal_days) == (C.MODIFIER, Remedy.NEW_CLAIM, None)
    assert decision.appeal_by(DAY) is None
    assert any("nothing to appeal" in text for text in decision.working)


@pytest.mark.parametrize(
    ("context", "on", "days"),
    [
        (MEDICARE, DAY, 120),
        (DenialContext(payer_key="MA", profile="medicare_advantage"), date(2024, 6, 1), 60),
        (DenialContext(payer_key="MA", profile="medicare_advantage"), DAY, 65),
        (DenialContext(payer_key="SUMMIT", profile="commercial_ama"), DAY, 60),
        (NOTHING, DAY, 60),
    ],
)
def test_appeal_limit_is_the_payers_on_that_date(context: DenialContext, on: date, days: int) -> None:
    decision = categorize(*answer("CO-50 100"), context, RESPONSES, on)
    assert decision.appeal_days == days
    assert decision.appeal_citation is not None
    assert (decision.appeal_by(on) - on).days == days  # type: ignore[operator]
    assert on <= decision.follow_up_on(on) <= decision.appeal_by(on)  # type: ignore[operator]


def test_code_that_ended_names_what_took_its_place() -> None:
    decision = categorize(*answer("CO-15 100"), NOTHING, RESPONSES, DAY)
    assert "ended 2018-05-01" in decision.text
    assert "197" in decision.text
    assert "ended" not in categorize(*answer("CO-15 100"), NOTHING, RESPONSES, date(2017, 1, 1)).text


def test_no_code_is_mapped_before_the_lists_begin() -> None:
    decision = categorize(*answer("CO-197 100"), NOTHING, RESPONSES, date(2002, 1, 1))
    assert decision.category is C.UNMAPPED


def test_unmapped_share_is_counted_with_its_codes() -> None:
    lines = ["CO-999 100", "CO-999 100", "CO-197 100", "CO-50 100", "PR-1 100"]
    share = unmapped_share([categorize(*answer(r), NOTHING, RESPONSES, DAY) for r in lines], RESPONSES)
    assert (share.denied, share.unmapped, share.percent) == (4, 2, Decimal("50.00"))
    assert share.codes == (("CO-999", 2),)
    assert share.over_limit
    assert unmapped_share([], RESPONSES).percent is None


OVERRIDE = """description: Local exceptions
rules:
  - id: overrides.capitated
    category: none
    payers: [SUMMIT]
    when: {all: [{field: denial.group, is: CO}, {field: denial.reason, is: "24"}]}
    in_force: [{effective_from: 2026-01-01, source: {document: contract, status: house}}]
    fires: {denial.group: CO, denial.reason: "24"}
    spares: {denial.group: PR, denial.reason: "24"}
"""


def test_override_holds_for_its_payer_and_its_dates_alone() -> None:
    responses = compile_responses(FILES | {"responses/overrides.yaml": OVERRIDE})
    summit = DenialContext(payer_key="SUMMIT")
    assert not categorize(*answer("CO-24 100"), summit, responses, DAY).denied
    assert categorize(*answer("CO-24 100"), summit, responses, date(2025, 12, 31)).denied
    assert categorize(*answer("CO-24 100"), DenialContext(payer_key="GRANITE"), responses, DAY).denied
    assert categorize(*answer("CO-24 100"), summit, RESPONSES, DAY).category is C.ELIGIBILITY


def from_facts(facts: dict[str, Any]) -> tuple[RemitLine, RemitClaim, DenialContext]:
    line, claim = answer(
        f"{facts.get('denial.group', 'CO')}-{facts.get('denial.reason', '45')} 100",
        *facts.get("denial.remarks", ()),
        code=facts.get("line.code", "97110"),
        paid="0" if facts.get("line.paid_nothing", True) else "10",
    )
    context = DenialContext(
        payer_key=facts.get("payer.key"),
        profile=facts.get("payer.profile"),
        segment=facts.get("payer.segment"),
        modifiers=tuple(facts["line.modifiers"]) if "line.modifiers" in facts else None,
        pair_on_date=facts.get("line.pair_on_date"),
        split_pair=facts.get("line.split_pair"),
        sent_before=facts.get("claim.sent_before"),
    )
    return line, claim, context


@pytest.mark.parametrize("rule", RESPONSES.rules, ids=lambda rule: rule.id)
def test_routing_rule_fires_on_its_case_and_spares_the_other(rule: DenialRule) -> None:
    for case, wanted in ((rule.fires, True), (rule.spares, False)):
        line, claim, context = from_facts(dict(case))
        judged = judge(line.adjustments[0], line, claim, context, RESPONSES, DAY)
        assert (judged.decided_by == rule.id) is wanted, case
        if wanted:
            assert judged.category is rule.category


@pytest.mark.parametrize(
    ("reasons", "books"),
    [
        ("CO-45 1", Books.CONTRACTUAL),
        ("CO-253 1", Books.PAYER_ADJUSTMENT),
        ("PI-45 1", Books.PAYER_ADJUSTMENT),
        ("OA-23 1", Books.PRIOR_PAYER),
        ("PR-1 1", Books.PATIENT),
        ("PR-999 1", Books.PATIENT),
        ("CO-197 1", Books.OPEN),
        ("CO-999 1", Books.OPEN),
        ("CO-133 1", Books.OPEN),
    ],
)
def test_adjustment_is_posted_by_its_reason_and_group(reasons: str, books: Books) -> None:
    line, claim = answer(reasons)
    assert judge(line.adjustments[0], line, claim, NOTHING, RESPONSES, DAY).books is books


def test_context_knows_pairs_splits_and_segment() -> None:
    lines = tuple(
        SubmittedLine(
            number=n, line_control=f"L{n}", code=code, modifiers=mods, units=1, charge=Decimal(50), date_of_service=DAY
        )
        for n, (code, mods) in enumerate(
            [("97530", ("GP",)), ("97530", ("GP", "CQ")), ("97542", ("GP",)), ("97110", ("GP",))], start=1
        )
    )
    claim = SubmittedClaim(
        id=1, number="C1", payer_key="MEDICARE", payer_id="MEDB1", profile="medicare_part_b", date_of_service=DAY,
        total=Decimal(200), lines=lines,
    )  # fmt: skip
    contexts = [denial_context(claim, line, PARAMETERS) for line in lines]
    assert [c.split_pair for c in contexts] == [True, True, False, False]
    assert contexts[2].pair_on_date is True
    assert contexts[3].pair_on_date is None  # the excerpt of pairs is not complete: it cannot say no
    assert contexts[0].segment == "medicare"
    assert denial_context(None, None, PARAMETERS) == NOTHING


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["CO", "PR", "OA", "PI", "CR", "XX"]),
            st.sampled_from([*RESPONSES.reasons.at(DAY), "999", "Z9"]),
            st.integers(-500, 500),
        ),
        max_size=5,
    ),
    st.lists(st.sampled_from([*RESPONSES.remarks.at(DAY), "N9999"]), max_size=3),
    st.sampled_from(["1", "2", "4", "19", "22", "25"]),
    st.booleans(),
)
def test_every_answer_is_denied_with_one_category_or_not_at_all(
    reasons: list[tuple[str, str, int]], remarks: list[str], status: str, known: bool
) -> None:
    text = " ".join(f"{group}-{reason} {amount}" for group, reason, amount in reasons)
    decision = categorize(*answer(text, *remarks, status=status), MEDICARE if known else NOTHING, RESPONSES, DAY)
    assert (decision.category is not None) == decision.denied
    assert decision.secondary is None or decision.secondary is not decision.category
    if decision.denied and reasons:
        assert decision.group not in {"PR", "CR"}
        assert decision.amount > 0


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("denials", "category: units, says", "category: unit, says", "Input should be"),
        ("denials", 'field: denial.reason, is: "119"', 'field: denial.reasons, is: "119"', "there is no field"),
        ("denials", 'instead: ["45"]', 'instead: ["4545"]', "stands in no list"),
        ("denials", "    unmapped: {remedy", "    unmaped: {remedy", "there is no action for unmapped"),
        ("denials", "      authorization:\n        M62", "      authorization:\n        M127: twice\n        M62", "already stands under"),
        ("appeals", "  tricare:", "  tricar:", "no payer and no profile 'tricar'"),
        ("appeals", "effective_to: 2024-12-31", "effective_to: 2026-12-31", "runs into"),
        ("acknowledgment_codes", "taken: true}", "takn: true}", "Extra inputs"),
    ],
)  # fmt: skip
def test_wrong_file_is_refused_with_its_line(file: str, old: str, new: str, problem: str) -> None:
    name = f"responses/{file}.yaml"
    assert old in FILES[name]
    with pytest.raises(MappingError) as caught:
        compile_responses(FILES | {name: FILES[name].replace(old, new, 1)})
    assert any(problem in str(p) and p.file == name and p.line > 1 for p in caught.value.problems), str(caught.value)


def test_override_for_a_payer_nobody_has_is_refused() -> None:
    with pytest.raises(MappingError, match="no payer and no profile 'SUMIT'"):
        compile_responses(FILES | {"responses/overrides.yaml": OVERRIDE.replace("[SUMMIT]", "[SUMIT]")})


def test_missing_file_is_refused_by_name() -> None:
    with pytest.raises(MappingError, match=r"responses/denials\.yaml"):
        compile_responses({})
    assert set(json_schemas()) == {
        "denials", "denial_overrides", "appeals", "acknowledgment_codes", "provider_adjustments",
    }  # fmt: skip


# --- every code has its one category ---------------------------------------------------------------------------------


REASON_CASES = sorted((code, category) for category, codes in REASONS.items() for code in codes.split())
REMARK_CASES = sorted((code, category) for category, codes in REMARKS.items() for code in codes.split())
# Reasons that say little by themselves: the remark decides. Source  X12 lists 139 and 411, usage of remarks.
BY_REMARK = ("16", "96", "97", "119", "129", "226", "227", "234", "237", "252", "267", "A1")


def test_a_code_is_counted_once() -> None:
    for cases in (REASON_CASES, REMARK_CASES):
        assert len({code for code, _ in cases}) == len(cases)
    in_force = RESPONSES.reasons.latest(DAY)
    assert in_force is not None
    assert {code for code, _ in REASON_CASES} <= in_force.value.keys()
    assert tuple(sorted(c for c, reason in in_force.value.items() if reason.by_remark)) == tuple(sorted(BY_REMARK))


@pytest.mark.parametrize(("code", "category"), REASON_CASES)
def test_reason_alone_has_its_one_category(code: str, category: str) -> None:
    line, claim = answer(f"CO-{code} 100")
    decision = categorize(line, claim, NOTHING, RESPONSES, DAY)
    assert (decision.category or "none") == category
    assert decision.denied is (category != "none")


@pytest.mark.parametrize("reason", ["16", "96", "97", "A1"])
@pytest.mark.parametrize(("code", "category"), REMARK_CASES)
def test_remark_decides_where_the_reason_says_little(code: str, category: str, reason: str) -> None:
    line, claim = answer(f"CO-{reason} 100", code)
    decision = categorize(line, claim, NOTHING, RESPONSES, DAY)
    left = {"16": "technical", "96": "eligibility", "97": "modifier", "A1": "technical"}[reason]
    wanted = left if category == "none" else category
    if (reason, code) == ("97", "M144"):
        wanted = "technical"
    assert decision.category == wanted


@pytest.mark.parametrize(
    ("reasons", "remarks", "context", "code", "category", "word"),
    [
        ("CO-96 100", ("N425",), NOTHING, "97110", C.ELIGIBILITY, "notice"),
        ("CO-96 100", ("N386",), NOTHING, "97110", C.MEDICAL_NECESSITY, "policy"),
        ("CO-96 100", (), NOTHING, "97110", C.ELIGIBILITY, "without a remark"),
        ("CO-96 100", ("N130",), NOTHING, "97110", C.BENEFIT_LIMIT, "limit"),
        ("CO-97 100", ("M80",), NOTHING, "97140", C.MODIFIER, "paid code"),
        ("CO-97 100", ("M144",), NOTHING, "97110", C.TECHNICAL, "surgeon"),
        ("CO-97 100", ("M80",), replace(MEDICARE, pair_on_date=True), "97140", C.MODIFIER, "done apart"),
    ],
)
def test_non_covered_and_bundled_are_worked_by_what_stands_beside_them(
    reasons: str, remarks: tuple[str, ...], context: DenialContext, code: str, category: C, word: str
) -> None:
    decision = categorize(*answer(reasons, *remarks, code=code), context, RESPONSES, DAY)
    assert decision.category is category
    assert word in decision.next_action
    assert decision.citation is not None


def test_a_code_that_is_never_paid_apart_is_no_denial_of_medicare() -> None:
    line, claim = answer("CO-97 100", code="97602")
    assert not categorize(line, claim, MEDICARE, RESPONSES, DAY).denied
    assert categorize(line, claim, NOTHING, RESPONSES, DAY).category is C.MODIFIER


def test_money_a_remark_calls_denied_stays_owed_by_the_payer() -> None:
    line, claim = answer("CO-237 100", "N706")
    judged = judge(line.adjustments[0], line, claim, NOTHING, RESPONSES, DAY)
    assert (judged.category, judged.books) == (C.DOCUMENTATION, Books.OPEN)
    line, claim = answer("CO-237 2", "MA01", paid="98")
    assert judge(line.adjustments[0], line, claim, NOTHING, RESPONSES, DAY).books is Books.PAYER_ADJUSTMENT


def test_a_check_that_prevents_both_something_and_nothing_is_refused() -> None:
    text = FILES["responses/denials.yaml"]
    twice = text.replace("  prevents_nothing:\n", "  prevents_nothing:\n    authorization.missing: nothing\n")
    with pytest.raises(MappingError, match="keep one"):
        compile_responses({**FILES, "responses/denials.yaml": twice})
    unknown = text.replace("  prevents_nothing:\n", "  prevents_nothing:\n    edits.nowhere: nothing\n")
    with pytest.raises(MappingError, match=r"edits\.nowhere"):
        compile_responses({**FILES, "responses/denials.yaml": unknown})
