"""Every professional case as a story: from the visit, by the shipped rules, to the segments, judged by pyx12 and read back.

``golden/<story>/claim.x12`` holds one segment a line; ``pytest --update-golden`` writes them anew, and the diff is the review.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integration_engine.adapters.x12_gate import X12Gate
from integration_engine.core.codes import Hcpcs, Icd10
from integration_engine.core.findings import Severity
from integration_engine.crosswalk.claim_reader import Internals, read_claims
from integration_engine.crosswalk.claim_writer import render
from integration_engine.domain.claim import Claim, ClaimDraft
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.encounter import Accident, ClaimSupplement, Enclosure
from integration_engine.domain.parties import Discipline, PersonName, Sex
from integration_engine.domain.treatment import Treatment
from integration_engine.rules.answers.life_cycle import Standing
from integration_engine.rules.claim_file.check import check_claim_file
from integration_engine.rules.claim_file.compiling import compile_claim_file
from integration_engine.rules.claims.lines import split
from integration_engine.rules.corrections.judging import Submitted, correct
from integration_engine.rules.later_payers.coordination import match_by_control, secondary_draft
from integration_engine.rules.parameters.practice import DirectoryNumber
from tests.crosswalk.claim_drafts import FILES, GOLDEN, NUMBERS, RECEIVER, TABLE
from tests.rules.claim_visits import (
    DECIDED,
    HOME,
    INJURY,
    PARAMETERS,
    PATIENT,
    PHYSICIAN,
    cas,
    coverage,
    drafts_of,
    encounter,
    numbered,
    remit_of,
    therapist,
    treatment,
    visit,
)

SUMMIT = coverage("SUMMITCOM")
GRANITE = coverage("GRANITE", 2, group_number="GRP7")
MEDICARE = coverage("MEDB", 2, insurance_type="12")
PARENT = {
    "relationship": Relationship.CHILD,
    "subscriber_name": PersonName(last="Testparent", first="Bo"),
    "subscriber_birth_date": date(1985, 2, 3),
    "subscriber_sex": Sex.MALE,
    "subscriber_address": HOME,
}
PAID = (
    ("70.00", (cas("CO", "45", "30.00"), cas("PR", "2", "20.00"))),
    ("80.00", (cas("CO", "45", "20.00"), cas("PR", "1", "20.00"))),
)


def later(original: ClaimDraft, remit, cover) -> ClaimDraft:
    entry = PARAMETERS.practice.payers[cover.payer_id]
    answer = secondary_draft(
        original, remit, DECIDED, match_by_control(original, remit), cover, entry, PATIENT, PARAMETERS
    )
    assert answer.draft is not None, answer.findings
    return answer.draft


def first(*coverages) -> ClaimDraft:
    [draft] = drafts_of(visit(coverages))
    return numbered(draft)


def secondary() -> tuple[ClaimDraft, ...]:
    original = first(SUMMIT, GRANITE)
    return (later(original, remit_of(original, *PAID), GRANITE),)


def secondary_for_a_dependent() -> tuple[ClaimDraft, ...]:
    covers = (replace(SUMMIT, **PARENT), replace(GRANITE, **PARENT))
    original = first(*covers)
    return (later(original, remit_of(original, *PAID), covers[1]),)


def secondary_claim_level() -> tuple[ClaimDraft, ...]:
    original = first(SUMMIT, GRANITE)
    whole = (cas("CO", "45", "50.00"), cas("PR", "1", "15.00"), cas("PR", "2", "25.00"))
    remit = remit_of(original, paid=Decimal("150.00"), adjustments=whole, remarks=("MA01",))
    return (later(original, remit, GRANITE),)


def medicare_secondary() -> tuple[ClaimDraft, ...]:
    original = first(SUMMIT, MEDICARE)
    return (later(original, remit_of(original, *PAID), MEDICARE),)


def tertiary() -> tuple[ClaimDraft, ...]:
    third = replace(MEDICARE, rank=3)
    original = first(SUMMIT, GRANITE, third)
    second = numbered(later(original, remit_of(original, *PAID), GRANITE), "C2")
    answer = remit_of(
        second,
        ("10.00", (cas("OA", "23", "100.00"), cas("PR", "3", "10.00"))),
        ("15.00", (cas("OA", "23", "100.00"), cas("PR", "3", "5.00"))),
        payer_control_number="ICN0002",
    )
    return (later(second, answer, third),)


def two_lines_paid_as_one() -> tuple[ClaimDraft, ...]:
    """The first payer paid both codes under the first one's; the second line names the line it was paid with."""
    original = first(SUMMIT, GRANITE)
    decisions = (("80.00", (cas("CO", "45", "20.00"), cas("PR", "2", "20.00"))), ("0.00", (cas("CO", "97", "120.00"),)))
    remit = remit_of(original, *decisions)
    one, other = remit.lines
    changed = replace(other, code=one.code, submitted_code=other.code, submitted_modifiers=other.modifiers)
    return (later(original, replace(remit, lines=(one, changed)), GRANITE),)


def seven_reasons_of_one_group() -> tuple[ClaimDraft, ...]:
    original = first(SUMMIT, GRANITE)
    reasons = tuple(cas("PR", reason, "10.00") for reason in ("1", "2", "3", "66", "100", "177", "187"))
    remit = remit_of(original, ("50.00", reasons), ("120.00", ()))
    return (later(original, remit, GRANITE),)


def corrected(*drafts: ClaimDraft) -> tuple[ClaimDraft, ...]:
    earlier = Submitted(number="C0", draft=first(SUMMIT), standing=Standing.PAID, payer_control_number="ICN0001")
    [answer] = correct([earlier], drafts, PARAMETERS)
    assert answer.draft is not None
    return (answer.draft,)


def many_lines() -> tuple[ClaimDraft, ...]:
    """More lines than a claim holds: two claims, each balanced alone."""
    [whole] = drafts_of(visit([SUMMIT]))
    lines = tuple(replace(whole.lines[0], number=n) for n in range(1, 53))
    return split(replace(whole, lines=lines), PARAMETERS.claims["commercial_ama"].at(whole.date_of_service))


def compensation() -> tuple[ClaimDraft, ...]:
    employer = coverage(
        "WCOMP",
        relationship=Relationship.EMPLOYEE,
        subscriber_name=PersonName(last="Sample Bakery"),
        member_id="POLICY1",
    )
    return drafts_of(visit([employer], encounter(accident=INJURY)))


def auto() -> tuple[ClaimDraft, ...]:
    crash = Accident(occurred_on=date(2026, 8, 18), kind="AA", state="NY", claim_number="CRASH5")
    return drafts_of(visit([coverage("AUTOMUTUAL")], encounter(accident=crash)))


def roles() -> tuple[ClaimDraft, ...]:
    """Supervising and referring on the claim, ordering and another referring provider with the lines."""
    asking = replace(PARAMETERS.claims["commercial_ama"].values[0].value, ordering_sent=True)
    dated = replace(PARAMETERS.claims["commercial_ama"].values[0], value=asking)
    parameters = replace(
        PARAMETERS,
        claims={**PARAMETERS.claims, "commercial_ama": type(PARAMETERS.claims["commercial_ama"])("c", (dated,))},
    )
    one = encounter(treatment(ordering=PHYSICIAN), supervising=therapist("1999900024"), referring=PHYSICIAN)
    other = encounter(
        treatment("97140", 24),
        referring=replace(PHYSICIAN, npi=therapist("1999902012").npi, name=PersonName(last="Testother", first="Ida")),
    )
    return drafts_of(visit([SUMMIT], one, other), parameters)


def in_two_places() -> tuple[ClaimDraft, ...]:
    """A visit in the clinic and one in the branch on one day: the second line names its own facility."""
    return drafts_of(visit([SUMMIT], encounter(treatment()), encounter(treatment("97140", 24), location="CLINIC2")))


def two_therapists() -> tuple[ClaimDraft, ...]:
    second = treatment("97140", 24, rendering=therapist("1999900024"))
    return drafts_of(visit([SUMMIT], encounter(treatment(), second)))


def authorizations_by_line() -> tuple[ClaimDraft, ...]:
    """Two codes under two numbers: no number on the claim, each with its line."""
    return drafts_of(
        visit(
            [SUMMIT],
            encounter(treatment(authorization_number="AUTH1"), treatment("97140", 24, authorization_number="AUTH2")),
        )
    )


def unlisted() -> tuple[ClaimDraft, ...]:
    [draft] = drafts_of(visit([SUMMIT]))
    line = replace(draft.lines[0], code=Hcpcs("97039"), description="Contrast bath with timer")
    return (replace(draft, lines=(line, *draft.lines[1:])),)


def sent_with_documents() -> tuple[ClaimDraft, ...]:
    """Attachments and a note on the claim, notes with a line."""
    documents = (
        Enclosure(report="08", transmission="FX", number="PLAN1"),
        Enclosure(report="09", transmission="AA"),
    )
    note = treatment(note="Longer rest for dizziness")
    said = ClaimSupplement(note="Two visits this day on the physician's order")
    return drafts_of(visit([SUMMIT], encounter(note, enclosures=documents, supplement=said)))


def late_under_a_contract() -> tuple[ClaimDraft, ...]:
    """Why it is late, under which program and contract, a stay around the visit, and a document with one line."""
    said = ClaimSupplement(
        note="Plan certified on the last day of the stay",
        note_kind="CER",
        delay_reason="11",
        special_program="09",
        authorization_exception="3",
        admitted_on=date(2026, 9, 28),
        discharged_on=date(2026, 10, 5),
        signature_source="P",
        contract_kind="09",
        contract_amount=Decimal("90.00"),
        contract_code="PLAN7",
    )
    report = Enclosure(report="09", transmission="EL", number="NOTE9", line_id="L2")
    lines = (treatment(line_id="L1", screening_referral=True), treatment("97140", 24, line_id="L2"))
    return drafts_of(visit([SUMMIT], encounter(*lines, supplement=said, enclosures=(report,))))


def known_by_other_numbers() -> tuple[ClaimDraft, ...]:
    """Licence and payers' own numbers beside the NPIs, a primary care provider, and payments to a lockbox."""
    licence = DirectoryNumber(qualifier="0B", number="PT7", payers=frozenset())
    own = DirectoryNumber(qualifier="G2", number="SUMMIT7", payers=frozenset({"SUMMIT"}))
    of_other = DirectoryNumber(qualifier="G2", number="GRANITE7", payers=frozenset({"GRANITE"}))
    rules = PARAMETERS.claims["commercial_ama"]
    asking = replace(rules.values[0], value=replace(rules.values[0].value, primary_care_sent=True))
    payer = PARAMETERS.practice.payers["SUMMITCOM"]
    known = replace(payer, payer=replace(payer.payer, naic="99999", tax_id="987654321"))
    practice = replace(
        PARAMETERS.practice,
        numbers={
            "1999900016": (licence, own, of_other),
            "1999900024": (licence,),
            "1999901014": (licence,),
            "1999902004": (own, of_other),
            "1999902012": (own,),
        },
        pay_to={"TESTREHAB": replace(HOME, line1="PO Box 7")},
        payers={**PARAMETERS.practice.payers, "SUMMITCOM": known},
    )
    parameters = replace(
        PARAMETERS,
        practice=practice,
        claims={**PARAMETERS.claims, "commercial_ama": type(rules)(rules.name, (asking,))},
    )
    family = replace(PHYSICIAN, npi=therapist("1999902020").npi, name=PersonName(last="Testfamily", first="Ann"))
    first_visit = encounter(
        treatment(),
        treatment("97140", 24, rendering=therapist("1999900024")),
        primary_care=family,
        location="CLINIC2",
    )
    return drafts_of(visit([SUMMIT, GRANITE], first_visit), parameters)


def refusing_assignment() -> tuple[ClaimDraft, ...]:
    """The patient assigns no benefits to the practice, and the later payer has numbers of its own."""
    cover = replace(SUMMIT, benefits_assigned="W", release_of_information="I")
    return drafts_of(visit([cover, replace(GRANITE, authorization_number="GA1", referral_number="GR1")]))


def plain(*treatments: Treatment, cover=SUMMIT, **more) -> tuple[ClaimDraft, ...]:
    return drafts_of(visit([cover], encounter(*treatments, **more)))


STORIES: dict[str, Callable[[], tuple[ClaimDraft, ...]]] = {
    "first_of_two_payers": lambda: (first(SUMMIT, GRANITE),),
    "secondary_after_lines_were_paid": secondary,
    "secondary_for_a_dependent": secondary_for_a_dependent,
    "secondary_after_the_claim_was_paid_as_a_whole": secondary_claim_level,
    "secondary_two_lines_paid_as_one": two_lines_paid_as_one,
    "secondary_seven_reasons_of_one_group": seven_reasons_of_one_group,
    "medicare_secondary_working_aged": medicare_secondary,
    "tertiary": tertiary,
    "dependent_child": lambda: plain(cover=replace(SUMMIT, **PARENT)),
    "replacement": lambda: corrected(*plain(treatment(minutes=45), treatment("97140", 24))),
    "void": corrected,
    "home_visit": lambda: plain(location="HOME"),
    "facility": lambda: plain(location="CLINIC2"),
    "in_two_places": in_two_places,
    "workers_compensation": compensation,
    "auto_accident": auto,
    "providers_in_every_role": roles,
    "two_therapists": two_therapists,
    "authorizations_by_line": authorizations_by_line,
    "unlisted_code": unlisted,
    "documents_and_notes": sent_with_documents,
    "late_under_a_contract": late_under_a_contract,
    "known_by_other_numbers": known_by_other_numbers,
    "refusing_assignment": refusing_assignment,
    "more_than_fifty_lines": many_lines,
    "onset_on_the_day_itself": lambda: plain(
        diagnoses=(replace(encounter().diagnoses[0], onset_on=date(2026, 10, 5), code=Icd10("M54.50")),)
    ),
}


EDITS = compile_claim_file(FILES)
# Stories that are made of what a check remarks on.
REMARKED = {"more_than_fifty_lines": {("claim_file.line_repeats", "2400/SV1-01")}}


def written(drafts: tuple[ClaimDraft, ...]) -> str:
    claims = [Claim(id=n, number=f"C{n}", draft=numbered(draft, f"C{n}")) for n, draft in enumerate(drafts, start=1)]
    return render(claims, RECEIVER, NUMBERS, TABLE).text


@pytest.fixture(scope="module")
def gate() -> Iterator[X12Gate]:
    with X12Gate() as gate:
        yield gate


@pytest.mark.parametrize("story", STORIES)
def test_story_is_written_as_its_golden_file(story: str, request: pytest.FixtureRequest) -> None:
    text = written(STORIES[story]())
    file = GOLDEN / story / "claim.x12"
    if request.config.getoption("--update-golden"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("~", "~\n"))
    assert file.read_text().replace("\n", "") == text


@pytest.mark.parametrize("story", STORIES)
def test_story_is_accepted_by_pyx12(gate: X12Gate, story: str) -> None:
    verdict = gate.check(written(STORIES[story]()))
    assert verdict.accepted, verdict.findings


@pytest.mark.parametrize("story", STORIES)
def test_story_has_no_error_and_no_warning_of_our_own_check(story: str) -> None:
    found = check_claim_file(written(STORIES[story]()).encode(), EDITS, PARAMETERS, date(2026, 11, 24))
    told = {(f.id, f.position) for f in found.findings if f.severity is not Severity.INFORMATION}
    assert told == REMARKED.get(story, set())


@pytest.mark.parametrize("story", STORIES)
def test_story_is_read_back_whole(story: str) -> None:
    drafts = STORIES[story]()
    text = written(drafts)
    read = read_claims(text, TABLE, Internals(discipline=Discipline.PT))
    assert read.unread == ()
    assert written_again(read.claims) == text
    assert [one.draft.total_charge for one in read.claims] == [draft.total_charge for draft in drafts]


def written_again(claims: tuple[Claim, ...]) -> str:
    return render(claims, RECEIVER, NUMBERS, TABLE).text
