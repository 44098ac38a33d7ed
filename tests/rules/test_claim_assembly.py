"""What a visit becomes on a claim, and what it cannot be claimed without."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integration_engine.core.dated import Dated
from integration_engine.core.findings import Queue
from integration_engine.crosswalk.claim_balance import check
from integration_engine.domain.claim import Attachment, ClaimDraft, Contract
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.encounter import ClaimSupplement, Enclosure
from integration_engine.domain.parties import LicenceLevel, PersonName, Practitioner
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.adjudicate import adjudicate
from integration_engine.rules.claims.lines import split
from integration_engine.rules.parameters.claims import ClaimRule
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import DirectoryNumber
from tests.rules.claim_visits import (
    HOME,
    INJURY,
    PARAMETERS,
    PHYSICIAN,
    claim,
    coverage,
    drafts_of,
    encounter,
    therapist,
    treatment,
    visit,
)

SUMMIT, GRANITE = coverage("SUMMITCOM"), coverage("GRANITE", 2)
EMPLOYER = coverage(
    "WCOMP", relationship=Relationship.EMPLOYEE, subscriber_name=PersonName(last="Sample Bakery"), member_id="POLICY1"
)
RULE = PARAMETERS.claims["commercial_ama"].at(date(2026, 10, 5))


def ruled(**change) -> Parameters:
    """The shipped parameters with another claim rule for every payer."""

    def changed(rules: Dated[ClaimRule]) -> Dated[ClaimRule]:
        return Dated(rules.name, tuple(replace(one, value=replace(one.value, **change)) for one in rules.values))

    return replace(PARAMETERS, claims={key: changed(rules) for key, rules in PARAMETERS.claims.items()})


def held(day: TreatmentDay, parameters: Parameters = PARAMETERS) -> set[str]:
    answer = adjudicate(day, parameters, History())
    assert answer.drafts == ()
    return {finding.id for finding in answer.holds if finding.id.startswith("claim.")}


def only(day: TreatmentDay, parameters: Parameters = PARAMETERS) -> ClaimDraft:
    [draft] = drafts_of(day, parameters)
    check(claim(draft))
    return draft


def test_shipped_rules_differ_between_medicare_compensation_and_others() -> None:
    said = {
        key: (rules.at(date(2026, 1, 1)).corrections.value, rules.at(date(2026, 1, 1)).case_number.value)
        for key, rules in PARAMETERS.claims.items()
    }
    assert said["medicare_part_b"] == ("reopening", "not_sent")
    assert said["workers_compensation_minutes"] == ("replacement", "required")
    assert said["commercial_ama"] == ("replacement", "not_sent")


@pytest.mark.parametrize(
    ("injury", "finding"),
    [
        (replace(INJURY, claim_number=None), "claim.case_number"),
        (replace(INJURY, occurred_on=None), "claim.accident_date"),
        (replace(INJURY, kind="AA"), "claim.accident_state"),
        (None, "claim.case_number"),
    ],
)
def test_accident_claim_is_held_when_a_fact_is_missing(injury, finding: str) -> None:
    assert held(visit([EMPLOYER], encounter(accident=injury))) == {finding}


def test_employer_is_the_subscriber_of_a_compensation_claim() -> None:
    draft = only(visit([EMPLOYER], encounter(accident=INJURY)))
    assert draft.subscriber.organization
    assert draft.property_casualty_number == "CASE77"
    assert draft.disabled_from == date(2026, 8, 19)


def test_person_with_a_first_name_is_no_employer() -> None:
    person = replace(EMPLOYER, subscriber_name=PersonName(last="Testparent", first="Bo"))
    assert not only(visit([person], encounter(accident=INJURY))).subscriber.organization


def test_dates_of_work_stay_home_when_the_payer_does_not_ask() -> None:
    draft = only(visit([SUMMIT], encounter(accident=INJURY)))
    assert draft.accident is not None
    assert draft.accident.occurred_on == INJURY.occurred_on
    assert (draft.property_casualty_number, draft.disabled_from, draft.last_worked_on) == (None, None, None)


def test_later_payers_are_named_by_rank_and_only_where_the_first_wants_them() -> None:
    third = coverage("MEDB", 3, insurance_type="12")
    day = visit([SUMMIT, third, GRANITE])
    assert [other.sequence for other in only(day).other_payers] == ["S", "T"]
    assert only(day, ruled(later_payers=False)).other_payers == ()


def test_payer_in_force_comes_first_whatever_rank_it_once_had() -> None:
    ended = replace(SUMMIT, ends_on=date(2026, 9, 30))
    draft = only(visit([ended, GRANITE, coverage("MEDB", 3)]))
    assert (draft.sequence, draft.payer.key) == ("P", "GRANITE")
    assert [other.sequence for other in draft.other_payers] == ["S"]


def test_later_payer_without_a_whole_subscriber_is_left_to_its_own_claim() -> None:
    assert only(visit([SUMMIT, replace(GRANITE, member_id=None)])).other_payers == ()


def test_dependent_is_the_subscriber_where_every_member_has_an_id() -> None:
    child = {
        "relationship": Relationship.CHILD,
        "subscriber_name": PersonName(last="Testparent", first="Bo"),
    }
    day = visit([coverage("SUMMITCOM", **child), coverage("GRANITE", 2, **child)])
    assert only(day).subscriber.relationship is Relationship.CHILD
    draft = only(day, ruled(members_have_ids=True))
    assert draft.subscriber.relationship is Relationship.SELF
    assert draft.subscriber.name == draft.patient.name
    assert [other.subscriber.relationship for other in draft.other_payers] == [Relationship.SELF]


def test_home_visit_names_no_facility() -> None:
    draft = only(visit([SUMMIT], encounter(location="CLINIC2", place_of_service="12")))
    assert (draft.place_of_service, draft.service_facility) == ("12", None)


def test_line_names_only_what_is_other_than_its_claim() -> None:
    line = only(visit([SUMMIT], encounter(supervising=therapist("1999900024")))).lines[0]
    assert (line.rendering, line.supervising, line.referring, line.service_facility, line.place_of_service) == (
        None,
    ) * 5


def test_line_names_its_place_when_part_of_the_day_was_at_home() -> None:
    home = encounter(treatment("97140", 24), location="HOME")
    draft = only(visit([SUMMIT], encounter(treatment()), home))
    assert [(line.code, line.place_of_service) for line in draft.lines] == [("97110", None), ("97140", "12")]


def test_assistant_is_never_the_rendering_provider_of_a_line() -> None:
    assistant = Practitioner(local_id="E201", licence=LicenceLevel.ASSISTANT)
    draft = only(visit([SUMMIT], encounter(treatment(), treatment("97140", 24, rendering=assistant))))
    assert all(line.rendering is None for line in draft.lines)


def test_ordering_provider_goes_with_lines_only_where_asked_for() -> None:
    day = visit([SUMMIT], encounter(treatment(ordering=encounter().referring)))
    assert only(day).lines[0].ordering is None
    ordering = only(day, ruled(ordering_sent=True)).lines[0].ordering
    assert ordering is not None
    assert ordering.npi == "1999901014"


def test_authorizations_stand_with_lines_or_split_the_claim_as_the_payer_reads_them() -> None:
    day = visit(
        [GRANITE],
        encounter(treatment(authorization_number="AUTH1"), treatment("97140", 24, authorization_number="AUTH2")),
    )
    assert [line.authorization_number for line in only(day).lines] == ["AUTH1", "AUTH2"]
    parts = drafts_of(day, ruled(authorizations_split=True))
    assert [(part.part, part.authorization_number, len(part.lines)) for part in parts] == [
        (1, "AUTH1", 1),
        (2, "AUTH2", 1),
    ]
    for part in parts:
        check(claim(part))


@pytest.mark.parametrize(("lines", "sizes"), [(50, [50]), (51, [50, 1]), (120, [50, 50, 20])])
def test_more_lines_than_a_claim_holds_are_split_into_claims_that_balance(lines: int, sizes: list[int]) -> None:
    whole = only(visit([SUMMIT]))
    one = whole.lines[0]
    many = replace(
        whole,
        lines=tuple(replace(one, number=n) for n in range(1, lines + 1)),
        total_charge=one.charge * lines,
        patient_paid=Decimal("20.00"),
    )
    parts = split(many, RULE)
    assert [len(part.lines) for part in parts] == sizes
    assert [part.part for part in parts] == list(range(1, len(sizes) + 1))
    assert [part.patient_paid for part in parts] == [Decimal("20.00"), *[None] * (len(sizes) - 1)]
    assert sum(part.total_charge for part in parts) == many.total_charge
    for part in parts:
        check(claim(part))


def test_what_the_emr_says_for_the_claim_goes_with_it() -> None:
    stated = ClaimSupplement(
        note="Seen twice",
        note_kind="CER",
        delay_reason="11",
        special_program="09",
        authorization_exception="3",
        last_seen_on=date(2026, 9, 30),
        admitted_on=date(2026, 9, 1),
        discharged_on=date(2026, 9, 20),
        signature_source="P",
        contract_kind="09",
        contract_amount=Decimal("90.00"),
        contract_code="PLAN7",
    )
    draft = only(visit([SUMMIT], encounter(supplement=stated)))
    assert (draft.note, draft.note_kind, draft.delay_reason, draft.special_program) == ("Seen twice", "CER", "11", "09")
    assert (draft.authorization_exception, draft.signature_source) == ("3", "P")
    assert (draft.last_seen_on, draft.admitted_on, draft.discharged_on) == (
        date(2026, 9, 30),
        date(2026, 9, 1),
        date(2026, 9, 20),
    )
    assert draft.contract == Contract(kind="09", amount=Decimal("90.00"), code="PLAN7")


def test_documents_go_with_the_claim_or_with_the_line_they_name() -> None:
    plan = Enclosure(report="08", transmission="FX", number="PLAN1")
    kept = Enclosure(report="09", transmission="AA", line_id="L2")
    lines = (treatment(line_id="L1"), treatment("97140", 24, line_id="L2"))
    draft = only(visit([SUMMIT], encounter(*lines, enclosures=(plan, kept, plan))))
    assert draft.attachments == (Attachment(report="08", transmission="FX", number="PLAN1"),)
    assert [line.attachments for line in draft.lines] == [(), (Attachment(report="09", transmission="AA"),)]


@pytest.mark.parametrize(
    ("enclosures", "finding"),
    [
        ((Enclosure(report="08"),), "claim.attachment_incomplete"),
        ((Enclosure(report="08", transmission="FX"),), "claim.attachment_number"),
        ((Enclosure(report="08", transmission="AA", line_id="L9"),), "claim.attachment_line"),
        (
            tuple(Enclosure(report="08", transmission="FX", number=f"D{n}") for n in range(11)),
            "claim.too_many_attachments",
        ),
    ],
)
def test_claim_is_held_when_a_document_is_not_said_whole(enclosures: tuple[Enclosure, ...], finding: str) -> None:
    assert held(visit([SUMMIT], encounter(enclosures=enclosures))) == {finding}


def test_consent_comes_from_the_coverage_and_else_from_the_practice_forms() -> None:
    draft = only(visit([SUMMIT, replace(GRANITE, benefits_assigned="N", release_of_information="I")]))
    assert (draft.benefits_assigned, draft.release_of_information, draft.assignment) == ("Y", "Y", "A")
    [other] = draft.other_payers
    assert (other.benefits_assigned, other.release_of_information) == ("N", "I")
    told = only(visit([replace(SUMMIT, benefits_assigned="W", release_of_information="I")]), ruled(assignment="C"))
    assert (told.benefits_assigned, told.release_of_information, told.assignment) == ("W", "I", "C")


def test_claim_is_held_when_the_patient_allows_no_release() -> None:
    assert held(visit([replace(SUMMIT, release_of_information="N")])) == {"claim.release_of_information"}
    assert only(visit([SUMMIT, replace(GRANITE, release_of_information="N")])).other_payers == ()


def test_numbers_of_the_later_payer_stand_with_it() -> None:
    draft = only(visit([SUMMIT, replace(GRANITE, authorization_number="GA1", referral_number="GR1")]))
    assert [(o.authorization_number, o.referral_number) for o in draft.other_payers] == [("GA1", "GR1")]


def test_primary_care_provider_goes_along_only_where_the_payer_wants_it() -> None:
    day = visit([SUMMIT], encounter(primary_care=PHYSICIAN))
    assert only(day).primary_care is None
    sent = only(day, ruled(primary_care_sent=True)).primary_care
    assert sent is not None
    assert sent.npi == PHYSICIAN.npi


def test_line_names_its_own_referral_description_and_screening() -> None:
    first = encounter(treatment(description="Contrast bath", screening_referral=True), referral_number="R1")
    draft = only(visit([SUMMIT], first, encounter(treatment("97140", 24), referral_number="R2")))
    assert draft.referral_number == "R1"
    assert [line.referral_number for line in draft.lines] == [None, "R2"]
    assert [line.description for line in draft.lines] == ["Contrast bath", None]
    assert [line.screening_referral for line in draft.lines] == [True, False]


def known_by(numbers: dict[str, tuple[DirectoryNumber, ...]], **more) -> Parameters:
    return replace(PARAMETERS, practice=replace(PARAMETERS.practice, numbers=numbers, **more))


def test_providers_are_named_by_the_numbers_their_payers_know_them_by() -> None:
    licence = DirectoryNumber(qualifier="0B", number="PT7", payers=frozenset())
    own = DirectoryNumber(qualifier="G2", number="SUMMIT7", payers=frozenset({"SUMMIT"}))
    others = DirectoryNumber(qualifier="G2", number="GRANITE7", payers=frozenset({"GRANITE"}))
    parameters = known_by({"1999900016": (licence, own, others), "1999902004": (own, others)})
    draft = only(visit([SUMMIT, GRANITE]), parameters)
    said = [(n.role, n.qualifier, n.number) for n in draft.provider_numbers]
    assert said == [("85", "G2", "SUMMIT7"), ("82", "0B", "PT7"), ("82", "G2", "SUMMIT7")]
    [other] = draft.other_payers
    assert [(n.role, n.number) for n in other.provider_numbers] == [("85", "GRANITE7"), ("82", "GRANITE7")]


def test_line_names_the_numbers_of_its_own_therapist() -> None:
    parameters = known_by(
        {"1999900024": (DirectoryNumber(qualifier="LU", number="ROOM7", payers=frozenset({"SUMMIT"})),)}
    )
    second = treatment("97140", 24, rendering=therapist("1999900024"))
    draft = only(visit([SUMMIT], encounter(treatment(), second)), parameters)
    assert [[n.number for n in line.provider_numbers] for line in draft.lines] == [[], ["ROOM7"]]


def test_payments_go_to_the_address_the_directory_gives() -> None:
    assert only(visit([SUMMIT])).pay_to_address is None
    assert only(visit([SUMMIT]), known_by({}, pay_to={"TESTREHAB": HOME})).pay_to_address == HOME


def test_missing_member_id_is_told_to_the_front_desk() -> None:
    answer = adjudicate(visit([replace(SUMMIT, member_id=None)]), PARAMETERS, History())
    [finding] = [one for one in answer.findings if one.id == "claim.member_id"]
    assert (finding.owner, finding.queue) == ("front desk", Queue.EDITS)
