"""Answer files: told apart by content, read as they state it, and no bytes make the reader fall over."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_engine.core.findings import Queue, Severity
from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.domain.answers import StatusSource
from integration_engine.domain.remit import Adjustment

PROJECT = Path(__file__).parents[2]
REAL = Path(os.environ.get("INTEGRATION_ENGINE_SHARED", PROJECT.parent / "shared")) / "real-x12"
REAL_FILES = sorted(path for path in REAL.glob("*") if path.suffix in {".edi", ".txt"})

ISA = "ISA*00*          *00*          *ZZ*CLEARPATH      *ZZ*SUBMITTER01    *261105*0830*^*00501*000000301*0*P*:~"


def interchange(*sets: str, code: str = "HP", guide: str = "005010X221A1", before: str = "") -> bytes:
    """One interchange with one group; ``sets`` without ST and SE counts, which are added."""
    body = ""
    for number, text in enumerate(sets, start=1):
        segments = [part for part in text.replace("\n", "").split("~") if part.strip()]
        body += "~".join(segments) + f"~SE*{len(segments) + 1}*{number:04d}~"
    return f"{ISA}{before}GS*{code}*CLEAR*SUB*20261105*0830*301*X*{guide}~{body}GE*{len(sets)}*301~IEA*1*000000301~".encode()


HEAD = """ST*835*0001~BPR*I*{paid}*C*ACH*CCP*01*999999999*DA*1*1999999999**01*9*DA*9*20261103~TRN*1*TRACE1*1999999999~
DTM*405*20261102~N1*PR*SUMMIT COMMERCIAL*XV*SUMM1~N1*PE*TEST REHABILITATION CENTER*XX*1999902004~LX*1~"""
PAID = """CLP*C1*1*240.00*150.00*40*12*ICN1*11*1~CAS*OA*94*0~NM1*QC*1*TESTPATIENT*ALDA****MI*M123~
NM1*74*1*TESTPATIENT*ALDA****C*M124~NM1*82*1*TESTTHERAPIST*PETRA****XX*1999900016~NM1*TT*2*LATER PAYER*****PI*LATE1~
MOA***MA01*MA18~REF*F8*ICN0~DTM*232*20261005~DTM*050*20261010~AMT*AU*190~AMT*I*1.25~
SVC*HC:97110:GP:KX*180*110**2*HC:97112:GP*3~DTM*472*20261005~CAS*CO*45*30**253*2.00~CAS*PR*1*38~REF*6R*C1L01~
AMT*B6*148~LQ*HE*N851~LQ*HE*N123~SVC*HC:97140:GP*60*40**1~DTM*472*20261005~CAS*CO*45*18~CAS*PR*3*2~REF*6R*C1L02~"""
REMIT = HEAD.format(paid="150.00") + PAID

STATUS = """ST*277*0001*005010X214~BHT*0085*08*X*20261102*1635*TH~HL*1**20*1~NM1*{source}*2*SENDER*****46*S~TRN*1*T~
DTP*050*D8*20261101~HL*2*1*21*1~NM1*41*2*US*****46*U~TRN*2*B000000007~STC*A1:19:PR*20261102*WQ*540~QTY*90*1~
QTY*AA*2~AMT*YU*240~AMT*YY*300~HL*3*2*19*1~NM1*85*2*TEST REHABILITATION CENTER*****XX*1999902004~TRN*1*0~
STC*A7:562:85*20261102*U*540~HL*4*3*PT~NM1*QC*1*TESTPATIENT*ALDA****MI*M123~TRN*2*C1~
STC*A2:20:PR*20261102*WQ*240~REF*1K*ICN1~REF*D9*CH1~DTP*472*D8*20261005~HL*5*3*PT~
NM1*QC*1*TESTPATIENT*BO****MI*M124~TRN*2*0000~STC*A7:21:QC*20261102*U*300******A8:306:QC**MEMBER NOT FOUND~
DTP*472*RD8*20261006-20261007~SVC*HC:97110:GP*300~STC*A7:507**U~REF*FJ*C2L01~"""

ACKNOWLEDGMENT = """ST*999*0001*005010X231A1~AK1*HC*7*005010X222A1~AK2*837*0001~IK3*CLM*22*2300*8~CTX*CLM01:C1~
IK4*5:3*1325*7*9~IK4*2*782*1~IK3*REF*57**3~CTX*SITUATIONAL TRIGGER*CLM*43**5:3~CTX*CLM01:C2~IK5*R*5~
AK2*837*0002~IK5*A~AK9*P*2*2*1~"""
TA1 = "TA1*7*261101*1200*R*022~"


def amounts(*pairs: tuple[str, str, str]) -> tuple[Adjustment, ...]:
    return tuple(Adjustment(group=g, reason=r, amount=Decimal(a)) for g, r, a in pairs)


def test_remit_is_read_as_the_payer_states_it() -> None:
    answers = read_answers(interchange(REMIT + "PLB*1999902004*20261231*WO:C9*12.50*L6*-1.25~"))
    assert answers.problems == ()
    assert dict(answers.tolerances) == {"zero_adjustment": 1}
    (remit,) = answers.remits
    assert (remit.amount, remit.method, remit.trace, remit.payer_id) == (
        Decimal("150.00"),
        "ACH",
        "TRACE1",
        "1999999999",
    )
    assert (remit.paid_on, remit.produced_on, remit.payee_id) == (date(2026, 11, 3), date(2026, 11, 2), "1999902004")
    assert remit.complete
    assert [(p.reason, p.reference, p.amount) for p in remit.provider_adjustments] == [
        ("WO", "C9", Decimal("12.50")),
        ("L6", None, Decimal("-1.25")),
    ]
    (claim,) = remit.claims
    assert (claim.number, claim.status, claim.payer_control_number, claim.original_reference) == (
        "C1",
        "1",
        "ICN1",
        "ICN0",
    )
    assert (claim.charge, claim.paid, claim.patient_responsibility) == (Decimal(240), Decimal(150), Decimal(40))
    assert (claim.member_id, claim.corrected_member_id, claim.crossover_payer) == ("M123", "M124", "LATER PAYER")
    assert (claim.date_of_service, claim.received_on) == (date(2026, 10, 5), date(2026, 10, 10))
    assert (claim.allowed, claim.interest, claim.remarks) == (Decimal(190), Decimal("1.25"), ("MA01", "MA18"))
    first, second = claim.lines
    assert (first.code, first.modifiers, first.submitted_code, first.submitted_modifiers) == (
        "97110", ("GP", "KX"), "97112", ("GP",),
    )  # fmt: skip
    assert (first.units_paid, first.units_billed, first.line_control) == (Decimal(2), Decimal(3), "C1L01")
    assert first.adjustments == amounts(("CO", "45", "30"), ("CO", "253", "2"), ("PR", "1", "38"))
    assert (first.remarks, first.allowed) == (("N851", "N123"), Decimal(148))
    assert (second.number, second.paid, second.date_of_service) == (2, Decimal(40), date(2026, 10, 5))


@pytest.mark.parametrize(
    ("old", "new", "place", "lost"),
    [
        ("BPR*I*150.00", "BPR*I*15O.00", "segment 2, 835/BPR-02", "remit"),
        ("240.00*150.00", "2E2*150.00", "segment 8, 2100/CLP-03", "claim"),
        ("240.00*150.00", "240.00*", "segment 8, 2100/CLP-04", "claim"),
        ("*180*110*", "*180*11O*", "segment 20, 2110/SVC-03", "line"),
        ("CAS*PR*1*38", "CAS*PR*1*38.005", "segment 23, 2110/CAS-03", "adjustment"),
        ("CAS*PR*1*38", "CAS*PR**38", "segment 23, 2110/CAS-02", "adjustment"),
        ("CAS*PR*1*38", "CAS*PR*1", "segment 23, 2110/CAS-03", "adjustment"),
        ("TRN*1*TRACE1", "TRN*1*0000", "segment 33, 835/TRN-02", ""),
    ],
)
def test_what_cannot_be_read_is_named_and_left_out(old: str, new: str, place: str, lost: str) -> None:
    assert old in REMIT
    answers = read_answers(interchange(REMIT.replace(old, new, 1)))
    (problem,) = (p for p in answers.problems if p.severity is Severity.ERROR)
    assert problem.position == place
    assert (problem.subject, problem.queue) == ("835 0001", Queue.REMITTANCE)
    if lost == "remit":
        assert answers.remits == ()
        return
    (remit,) = answers.remits
    assert not remit.complete
    lines = [line for claim in remit.claims for line in claim.lines]
    count = (len(remit.claims), len(lines), sum(len(line.adjustments) for line in lines))
    assert count == {"claim": (0, 0, 0), "line": (1, 1, 2), "adjustment": (1, 2, 4)}.get(lost, (1, 2, 5))


def test_remit_without_its_end_is_not_complete() -> None:
    whole = interchange(REMIT)
    (remit,) = read_answers(whole[: whole.index(b"SE*")]).remits
    assert not remit.complete
    assert remit.claims[0].lines[1].paid == Decimal(40)


@pytest.mark.parametrize(
    ("qualifier", "source"),
    [("PR", StatusSource.PAYER), ("AY", StatusSource.CLEARINGHOUSE), ("85", StatusSource.UNKNOWN)],
)
def test_claim_status_keeps_payer_and_clearinghouse_apart(qualifier: str, source: StatusSource) -> None:
    answers = read_answers(interchange(STATUS.format(source=qualifier), code="HN", guide="005010X214"))
    (report,) = answers.reports
    assert report.source is source
    assert (report.reference, report.sent_on) == ("B000000007", date(2026, 11, 2))
    assert (report.accepted, report.rejected, report.accepted_amount, report.rejected_amount) == (
        1,
        2,
        Decimal(240),
        Decimal(300),
    )
    assert [(s.category, s.status, s.entity) for s in report.file_statuses] == [("A1", "19", "PR")]
    (provider,) = report.providers
    assert [(s.category, s.status, s.entity) for s in provider.statuses] == [("A7", "562", "85")]
    assert (provider.provider, provider.claims) == ("1999902004", range(2))
    taken, refused = report.claims
    assert (taken.number, taken.payer_control_number, taken.clearinghouse_number) == ("C1", "ICN1", "CH1")
    assert (taken.total_charge, taken.member_id, taken.date_of_service) == (Decimal(240), "M123", date(2026, 10, 5))
    assert refused.number == ""
    assert [(s.category, s.status, s.action, s.text) for s in refused.statuses] == [
        ("A7", "21", "U", "MEMBER NOT FOUND"),
        ("A8", "306", "U", "MEMBER NOT FOUND"),
    ]
    assert refused.date_of_service == date(2026, 10, 6)
    (line,) = refused.lines
    assert (line.line_control, line.code, line.statuses[0].status) == ("C2L01", "97110", "507")
    assert dict(answers.tolerances)["claim_number_of_zeros"] == 1


def test_acknowledgment_gives_a_problem_for_each_element() -> None:
    answers = read_answers(interchange(ACKNOWLEDGMENT, code="FA", guide="005010X231A1"))
    assert answers.problems == ()
    (group,) = answers.groups
    assert (group.functional_code, group.group, group.code) == ("HC", "7", "P")
    assert (group.included, group.received, group.accepted) == (2, 2, 1)
    refused, taken = group.transactions
    assert (refused.transaction, refused.code, refused.reasons, taken.code) == ("0001", "R", ("5",), "A")
    first, second, third = refused.problems
    assert (first.segment, first.segment_number, first.loop, first.segment_code) == ("CLM", 22, "2300", "8")
    assert (first.element, first.component, first.element_code, first.claim_number) == (5, 3, "7", "C1")
    assert (second.element, second.component, second.element_code) == (2, None, "1")
    assert (third.segment, third.element, third.segment_code, third.claim_number) == ("REF", None, "3", "C2")
    assert third.trigger == "CLM 43 5-3"


def test_older_acknowledgment_is_taken_under_its_name() -> None:
    old = ACKNOWLEDGMENT.replace("ST*999", "ST*997").replace("IK", "AK").replace("CTX*CLM01:C1~", "")
    answers = read_answers(interchange(old, code="FA", guide="005010"))
    assert dict(answers.tolerances)["old_acknowledgment_997"] == 1
    assert answers.groups[0].transactions[0].problems[0].element_code == "7"


@pytest.mark.parametrize("before_group", [True, False])
def test_interchange_answer_is_padded_and_found_before_or_without_a_group(*, before_group: bool) -> None:
    data = interchange(REMIT, before=TA1) if before_group else f"{ISA}{TA1}IEA*0*000000301~".encode()
    answers = read_answers(data)
    (answer,) = answers.interchanges
    assert (answer.interchange, answer.code, answer.note) == ("000000007", "R", "022")
    assert len(answers.remits) == before_group
    assert dict(answers.tolerances)["unpadded_control_number"] == 1


def test_one_file_may_hold_every_kind_of_answer() -> None:
    parts = (
        interchange(REMIT, REMIT.replace("0001", "0002"), before=TA1),
        interchange(STATUS.format(source="PR"), code="HN", guide="005010X214"),
        interchange(ACKNOWLEDGMENT, code="FA", guide="005010X231A1"),
    )
    answers = read_answers(b"\r\n".join(parts))
    found = (len(answers.interchanges), len(answers.groups), len(answers.reports), len(answers.remits))
    assert found == (1, 1, 1, 2)
    assert len(answers.envelopes) == 3
    assert not answers.test
    assert read_answers(parts[0].replace(b"*0*P*:", b"*0*T*:")).test


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "the file is empty"),
        (b"Dear biller, your claims were paid.", "no ISA segment"),
        (b"\x00\xff\xfe" * 40, "no ISA segment"),
        (interchange("ST*271*0001~BHT*0022*11*X*20261102*1635~", code="HB", guide="005010X279A1"), "271"),
        (interchange("ST*277*0001~BHT*0010*08*X*20261102*1635~", code="HN", guide="005010X212"), "277"),
    ],
)
def test_file_that_answers_nothing_says_so(data: bytes, text: str) -> None:
    answers = read_answers(data)
    assert answers.empty
    assert any(p.severity is Severity.ERROR and p.queue is Queue.INTERFACE for p in answers.problems)
    assert any(text.lower() in p.text.lower() for p in answers.problems)


def test_problems_never_repeat_what_the_file_says() -> None:
    marked = REMIT.replace("240.00*150.00", "MARKER*150.00").replace("HC:97110:GP:KX", "HC:97110:MARKER")
    marked = marked.replace("DTM*472*20261005", "DTM*472*MARKER").replace("**2*HC", "**MARKER*HC")
    answers = read_answers(interchange(marked))
    assert answers.problems
    assert "MARKER" not in repr(answers.problems)


# --- files that others wrote ------------------------------------------------------------------------------------------

# file → (TA1, 999, 277CA, 835, errors)
EXPECTED = {
    "277__11__277CA_example1.edi": (0, 0, 1, 0, 0),
    "277__12__277CA_example2.edi": (0, 0, 1, 0, 0),
    "277__13__277CA_example3.edi": (0, 0, 1, 0, 0),
    "835__00__1.edi": (0, 0, 0, 1, 0),
    "835__01__2.edi": (0, 0, 0, 1, 0),
    "835__02__3a.edi": (0, 0, 0, 1, 0),
    "835__03__dollars-and-data-sent-separate.edi": (0, 0, 0, 1, 0),
    "835__04__dollars-and-data-sent-together.edi": (0, 0, 0, 1, 0),
    "835__05__era-sample.edi": (0, 0, 0, 1, 0),
    "835__06__multiple-claims-single-check.edi": (0, 0, 0, 1, 0),
    "835__07__secondary-payment-with-higher-fee-schedule.edi": (0, 0, 0, 1, 0),
    "999__08__response-to-functional-group-containing-3-837s.edi": (0, 1, 0, 0, 0),
    "999__09__834_ls_le_ls_5010.999.txt": (0, 1, 0, 0, 0),
    "999__10__834_lui_id_5010.999.txt": (0, 4, 0, 0, 0),
}


def kinds(answers: Answers) -> tuple[int, ...]:
    errors = sum(1 for problem in answers.problems if problem.severity is Severity.ERROR)
    found = (answers.interchanges, answers.groups, answers.reports, answers.remits)
    return (*(len(part) for part in found), errors)


@pytest.mark.skipif(not REAL_FILES, reason="the folder of other people's answer files is not here")
def test_every_real_file_is_read_as_what_it_is() -> None:
    assert {path.name: kinds(read_answers(path.read_bytes())) for path in REAL_FILES} == EXPECTED


GENERATED = (
    interchange(REMIT),
    interchange(STATUS.format(source="PR"), code="HN", guide="005010X214"),
    interchange(ACKNOWLEDGMENT, code="FA", guide="005010X231A1", before=TA1),
)
SEEDS = (*GENERATED, *(path.read_bytes() for path in REAL_FILES))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_crash(data: bytes) -> None:
    assert read_answers(data).problems


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_cut_off_file_is_read_without_a_crash_and_never_complete(seed: bytes, data: st.DataObject) -> None:
    end = seed.rindex(b"SE*") if b"SE*" in seed else seed.rindex(b"SE+")
    answers = read_answers(seed[: data.draw(st.integers(0, end - 1))])
    assert answers.problems
    last = answers.remits[-1:]
    assert not any(remit.complete for remit in last)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(
            st.integers(0, 10_000),
            st.integers(0, 12),
            st.sampled_from([b"", b"*", b"~", b"-", b"9" * 30, b"\xff", b"NaN", b"1E9", b":"]),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_mutated_file_is_read_without_a_crash(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    for at, length, new in changes:
        place = at % len(seed)
        seed = seed[:place] + new + seed[place + length :]
    assert isinstance(read_answers(seed), Answers)
