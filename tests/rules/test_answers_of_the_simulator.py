"""The whole way back: a payer's answers read, matched, categorized and posted come to what the payer knows to be true."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.findings import Severity
from integration_engine.core.money import ZERO, to_cents
from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.crosswalk.answers.places import place_of, read_places
from integration_engine.crosswalk.claim_table import compile_claim_table
from integration_engine.domain.answers import StatusSource
from integration_engine.domain.ledger import Account, Entry
from integration_engine.domain.posting import Posting
from integration_engine.domain.remit import Remit
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine
from integration_engine.rules.answers.fixes import fix_for, takes
from integration_engine.rules.answers.remit_matching import match, match_status
from integration_engine.rules.posting.balance import balance
from integration_engine.rules.posting.ledger import difference, entries_for_claim, open_balance, total_of
from integration_engine.rules.posting.remits import post
from integration_engine.rules.responses.files import compile_responses
from integration_engine.simulator.answering import answer
from integration_engine.simulator.truth import Simulation
from tests.simulator.claims import NUMBERS, TODAY, Claim, Line, everyday, text_837

FILES = MappingFiles(shipped_folder()).read()
RESPONSES = compile_responses(FILES)
TABLE = compile_claim_table(FILES)
CODES = ("97110:GP", "97140:GP", "97530:GP:59")
COUNT = 400


def claims() -> tuple[Claim, ...]:
    """Many claims to two payers, of one to three lines."""
    return tuple(
        Claim(
            number=f"N{number:05d}",
            payer=("SUMM1", "MEDB1")[number % 2],
            filing=("CI", "MB")[number % 2],
            lines=tuple(Line(procedure=code, charge=str(60 + number % 7)) for code in CODES[: 1 + number % 3]),
        )
        for number in range(1, COUNT + 1)
    )


def sent(number: int, claim: Claim) -> SubmittedClaim:
    lines = tuple(
        SubmittedLine(
            number=n,
            line_control=f"{claim.number}{line.control}{n}",
            code=line.procedure.split(":")[0],
            modifiers=tuple(line.procedure.split(":")[1:]),
            units=int(line.units),
            charge=Decimal(line.charge),
            date_of_service=date(2026, 10, 5),
        )
        for n, line in enumerate(claim.lines, start=1)
    )
    return SubmittedClaim(
        id=number,
        number=claim.number,
        payer_key=claim.payer,
        payer_id=claim.payer,
        profile="commercial_ama",
        date_of_service=date(2026, 10, 5),
        total=sum((line.charge for line in lines), ZERO),
        lines=lines,
    )


CLAIMS = claims()
OURS = {claim.number: sent(number, claim) for number, claim in enumerate(CLAIMS, start=1)}
TEXT = text_837(*CLAIMS)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return answer(TEXT, replace(everyday(), file_shares=()), TODAY, NUMBERS)


@pytest.fixture(scope="module")
def answers(simulation: Simulation) -> list[Answers]:
    return [read_answers(file.text.encode()) for file in simulation.files]


@pytest.fixture(scope="module")
def postings(answers: list[Answers]) -> list[Posting]:
    entries: list[Entry] = [entry for claim in OURS.values() for entry in entries_for_claim(claim, TODAY)]
    found = []
    for remit in (remit for one in answers for remit in one.remits):
        matches = [match(claim, [OURS[claim.number]] if claim.number in OURS else []) for claim in remit.claims]
        found.append(post(remit, matches, RESPONSES, TODAY, earlier=entries))
        entries.extend(found[-1].entries)
    return found


def stated(remit: Remit) -> Remit:
    """A remit without what an 835 cannot carry: places in the file, a share of nothing, filing codes it does not list."""
    return replace(
        remit,
        position=0,
        payer_ids=(),  # the record names the payer once, the file in every way an 835 has
        provider_adjustments=tuple(replace(one, position=0) for one in remit.provider_adjustments),
        claims=tuple(
            replace(
                claim,
                position=0,
                claim_filing=None,
                patient_responsibility=claim.patient_responsibility or None,
                lines=tuple(replace(line, position=0) for line in claim.lines),
            )
            for claim in remit.claims
        ),
    )


def test_every_answer_is_read_without_a_problem(simulation: Simulation, answers: list[Answers]) -> None:
    assert len(answers) > 4
    assert [problem for one in answers for problem in one.problems] == []
    read = [remit for one in answers for remit in one.remits]
    assert [stated(remit) for remit in read] == [stated(remit) for remit in simulation.remits]
    assert all(balance(remit) == () for one in answers for remit in one.remits)


def test_every_claim_is_matched_and_every_line_that_can_be(answers: list[Answers], postings: list[Posting]) -> None:
    assert all(posting.posted for posting in postings)
    unmatched = [result for posting in postings for result in posting.claims if result.claim is None]
    assert unmatched == []
    errors = {f.id for posting in postings for f in posting.findings if f.severity is Severity.ERROR}
    assert errors <= {"remittance.line_ambiguous"}


def test_categories_are_those_the_payer_denied_for(simulation: Simulation, postings: list[Posting]) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for posting in postings:
        for result in posting.claims:
            if result.denial.denied and result.claim is not None:
                assert result.denial.category is not None
                found[result.claim.number].add(result.denial.category.value)
    wanted = {truth.number: {truth.category} for truth in simulation.truth if truth.category is not None}
    assert len(wanted) > 20
    assert {number: found.get(number) for number in wanted} == wanted
    never = {truth.number for truth in simulation.truth if truth.outcome in {"paid", "paid_deductible", "paid_nothing"}}
    assert not never & set(found)


def test_ledger_holds_what_was_paid_and_is_at_zero_difference(simulation: Simulation, postings: list[Posting]) -> None:
    charged = tuple(entry for claim in OURS.values() for entry in entries_for_claim(claim, TODAY))
    entries = (*charged, *(entry for posting in postings for entry in posting.entries))
    assert difference(entries) == 0
    assert total_of(entries, Account.CASH) == sum(to_cents(remit.amount) for remit in simulation.remits)
    assert total_of(entries, Account.UNAPPLIED) == 0
    by_claim: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_claim[entry.claim or ""].append(entry)
    for truth in simulation.truth:
        legs = by_claim[truth.number]
        assert total_of(legs, Account.CASH) == to_cents(truth.paid), truth.outcome
        if truth.outcome in {"paid", "paid_deductible", "paid_nothing", "paid_without_modifiers", "paid_in_parts"}:
            assert open_balance(legs, truth.number).payer == 0, truth.outcome
        if not truth.payments:
            assert open_balance(legs, truth.number).total == to_cents(OURS[truth.number].total)


def test_claim_status_of_both_stages_is_kept_apart_and_matched(simulation: Simulation, answers: list[Answers]) -> None:
    told: dict[tuple[StatusSource, str], set[bool | None]] = defaultdict(set)
    for report in (report for one in answers for report in one.reports):
        for status in report.claims:
            found = match_status(status, [OURS[status.number]] if status.number in OURS else list(OURS.values()))
            assert found.claim is not None
            said = (*status.statuses, *(code for line in status.lines for code in line.statuses))
            told[report.source, found.claim.number].update(takes(code, RESPONSES) for code in said)
            for code in said:
                assert "not known here" not in fix_for(code, RESPONSES, source=report.source).text
    for truth in simulation.truth:
        for source, category in ((StatusSource.CLEARINGHOUSE, truth.clearinghouse), (StatusSource.PAYER, truth.payer)):
            wanted = set() if category is None else {RESPONSES.status_categories.codes[category].taken}
            assert told[source, truth.number] == wanted, truth.outcome


def test_refused_set_names_the_element_of_our_file() -> None:
    scenario = everyday()
    refusing = replace(scenario, shares=(), choices=(), otherwise="set_refused")
    simulation = answer(text_837(*CLAIMS[:3]), refusing, TODAY, NUMBERS)
    places = read_places(text_837(*CLAIMS[:3]).encode())
    (group,) = (group for file in simulation.files for group in read_answers(file.text.encode()).groups)
    wanted = {truth.refused_position for truth in simulation.truth if truth.refused_position}
    problems = [(p, places[one.transaction]) for one in group.transactions for p in one.problems]
    assert {place_of(problem, TABLE, at).position for problem, at in problems} == wanted
    for problem, at in problems:
        place = place_of(problem, TABLE, at)
        finding = fix_for(problem, RESPONSES, position=place.position, field=place.field)
        assert finding.holds
        assert finding.position in wanted
        assert place.claim_number in {claim.number for claim in CLAIMS[:3]}
