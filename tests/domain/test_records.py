"""The domain records: frozen, comparable, and clear about what holds."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.crosswalk.feeds.model import KINDS
from integration_engine.domain.treatment_day import Adjudication


def finding(severity: Severity, queue: Queue | None) -> Finding:
    return Finding(id="a.b", severity=severity, text="t", fix="f", owner="o", queue=queue)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_statement_records_can_be_empty_and_never_change(kind: type) -> None:
    record = kind()
    assert record == kind()
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.__setattr__(dataclasses.fields(kind)[0].name, "x")


def test_only_errors_with_a_queue_hold() -> None:
    findings = (
        finding(Severity.ERROR, Queue.EDITS),
        finding(Severity.ERROR, None),
        finding(Severity.WARNING, Queue.EDITS),
        finding(Severity.INFORMATION, None),
    )
    answer = Adjudication(
        date_of_service=date(2026, 1, 1),
        discipline=None,
        payer=None,
        parameters_version="v",
        decisions=(),
        findings=findings,
        drafts=(),
    )
    assert answer.holds == findings[:1]
