"""What TA1, 999 and 277CA say comes as text, fix, owner and queue; a code nobody knows is never an acceptance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.findings import Outcome, Queue, Severity
from integration_engine.domain.answers import (
    GroupAnswer,
    InterchangeAnswer,
    SegmentProblem,
    StatusCode,
    StatusSource,
    TransactionAnswer,
)
from integration_engine.rules.answers.fixes import Answer, fix_for, takes
from integration_engine.rules.responses.files import compile_responses
from integration_engine.rules.responses.in_force import AnswerCodes

RESPONSES = compile_responses(MappingFiles(shipped_folder()).read())
LISTS = (
    "verdicts",
    "interchange_notes",
    "segment_errors",
    "element_errors",
    "set_errors",
    "status_categories",
    "statuses",
    "entities",
)


@pytest.mark.parametrize(
    ("answer", "severity", "owner", "words"),
    [
        (InterchangeAnswer(interchange="000000007", code="A", note="000"), Severity.INFORMATION, "biller", "taken"),
        (InterchangeAnswer(interchange="000000007", code="E", note="019"), Severity.WARNING, "biller", "not send it again"),
        (InterchangeAnswer(interchange="000000007", code="R", note="020"), Severity.ERROR, "interface administrator", "usage"),
        (InterchangeAnswer(interchange="000000007", code="R", note="25"), Severity.ERROR, "interface administrator", "came before"),
        (GroupAnswer(functional_code="HC", group="7", code="P"), Severity.ERROR, "biller", "in part"),
        (GroupAnswer(functional_code="HC", group="7", code=""), Severity.ERROR, "biller", "not known"),
        (TransactionAnswer(transaction="0001", code="A"), Severity.INFORMATION, "biller", "taken"),
        (TransactionAnswer(transaction="0001", code="R", reasons=("5",)), Severity.ERROR, "biller", "whole set"),
        (TransactionAnswer(transaction="0001", code="Z"), Severity.ERROR, "biller", "not known"),
        (StatusCode(category="A2", status="20", entity="PR"), Severity.INFORMATION, "biller", "(payer)"),
        (StatusCode(category="A7", status="562", entity="85"), Severity.ERROR, "compliance", "NPI (billing provider)"),
        (StatusCode(category="A3", status="21", entity="82"), Severity.ERROR, "biller", "rendering provider"),
        (StatusCode(category="A3", status="99999"), Severity.ERROR, "biller", "99999 is not known"),
        (StatusCode(category="A9", status="20"), Severity.ERROR, "biller", "A9 is not known"),
        (StatusCode(category="E1", status="0"), Severity.WARNING, "biller", "did not answer"),
    ],
)  # fmt: skip
def test_answer_is_told_with_its_fix_and_owner(answer: Answer, severity: Severity, owner: str, words: str) -> None:
    finding = fix_for(answer, RESPONSES)
    assert (finding.severity, finding.owner) == (severity, owner)
    assert words in f"{finding.text} {finding.fix}"
    assert finding.citation is not None
    assert finding.queue is (None if severity is Severity.INFORMATION else Queue.REJECTIONS)
    assert finding.fix


def test_problem_names_our_field_and_position() -> None:
    problem = SegmentProblem(
        segment="CLM", segment_number=22, loop="2300", segment_code="8", element=5, component=3, element_code="7"
    )
    finding = fix_for(problem, RESPONSES, position="2300/CLM-05-3", field="claim.place_and_frequency")
    assert (finding.id, finding.position, finding.subject) == (
        "rejections.element", "2300/CLM-05-3", "claim.place_and_frequency",
    )  # fmt: skip
    told = "Refused at claim.place_and_frequency, written at 2300/CLM-05-3: the code is not valid"
    assert finding.text.startswith(told)
    assert finding.holds
    alone = fix_for(problem, RESPONSES, refused=False)
    assert (alone.severity, alone.position) == (Severity.WARNING, "segment 22, 2300/CLM-05-3")


def test_missing_segment_tells_what_made_it_required() -> None:
    problem = SegmentProblem(segment="REF", segment_number=57, segment_code="I6", trigger="CLM 43 5-3")
    finding = fix_for(problem, RESPONSES)
    assert finding.id == "rejections.segment"
    assert "CLM 43 5-3" in finding.text


def test_payer_and_clearinghouse_are_told_apart() -> None:
    status = StatusCode(category="A7", status="507")
    texts = {source: fix_for(status, RESPONSES, source=source).text for source in StatusSource}
    assert len(set(texts.values())) == len(StatusSource)
    assert texts[StatusSource.PAYER].startswith("The payer says")


@pytest.mark.parametrize("name", LISTS)
def test_every_code_says_something_and_what_refuses_says_what_to_do(name: str) -> None:
    codes: AnswerCodes = getattr(RESPONSES, name)
    assert codes.codes
    for code in codes.codes.values():
        assert code.says
        assert not (code.taken and code.refused)
        assert code.fix or not code.refused
        if name in {"segment_errors", "element_errors", "set_errors"}:
            assert code.fix


@given(
    st.text(max_size=3), st.text(max_size=4), st.one_of(st.none(), st.text(max_size=2)), st.sampled_from(StatusSource)
)
def test_no_unknown_status_is_an_acceptance(
    category: str, status: str, entity: str | None, source: StatusSource
) -> None:
    code = StatusCode(category=category, status=status, entity=entity)
    finding = fix_for(code, RESPONSES, source=source)
    known = RESPONSES.status_categories.get(category)
    assert (finding.severity is Severity.INFORMATION) == (known is not None and known.taken)
    assert (takes(code, RESPONSES) is True) == (finding.severity is Severity.INFORMATION)
    if known is None:
        assert finding.outcome is Outcome.NOT_CHECKED or finding.severity is Severity.ERROR
