"""GA, GX, GY and GZ: what the patient signed, and why a denial is expected."""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.findings import Citation, Decision, Finding, Queue, Severity
from integration_engine.domain.treatment import AdvanceNotice, DenialExpected
from integration_engine.rules.modifiers.day import Coding, Line
from integration_engine.rules.modifiers.marks import GA, GX, GY, GZ, NOTICE

ABN = Citation(document="CMS Pub 100-04 ch. 30", section="§50")


def add_notices(coding: Coding, lines: Sequence[Line]) -> None:
    """GA, GX, GY, GZ from what the patient signed and why a denial is expected."""
    if coding.noticed:
        for line in lines:
            _add_notice(coding, line)


def _add_notice(coding: Coding, line: Line) -> None:
    group = [coding.facts.treatments[place] for place in line.places]
    expected = next((t.denial_expected for t in group if t.denial_expected), None)
    signed = next((t.advance_notice for t in group if t.advance_notice), None)
    if not coding.profile.advance_notices.at(coding.facts.as_of):
        sent = NOTICE.intersection(m for t in group for m in t.modifiers)
        if sent or expected is not None or signed is not None:
            coding.findings.append(_notice_not_allowed(line.code, tuple(sorted(sent)), coding.profile.label))
        return
    if expected is None and signed is None:
        return
    modifiers = _notice_modifiers(expected, signed)
    if not modifiers:
        coding.findings.append(_notice_unclear(line.code))
        return
    line.modifiers.extend(modifiers)
    coding.decisions.append(
        Decision(
            station="modifiers",
            subject=line.code,
            rule="modifiers.advance_notice",
            value=" ".join(modifiers),
            working=(
                f"denial expected: {expected.value.replace('_', ' ') if expected else 'no'}",
                f"notice signed: {signed.value if signed else 'none'}",
            ),
            parameters=(coding.parameters.use(coding.profile.advance_notices, coding.facts.as_of),),
            citation=ABN,
            otherwise=("without a signed notice the practice, not the patient, is liable",)
            if GZ in modifiers
            else ("no denial expected and no notice signed: none of these modifiers",),
        )
    )


def _notice_modifiers(expected: DenialExpected | None, signed: AdvanceNotice | None) -> tuple[Modifier, ...]:
    """Source  CMS Pub 100-04 ch. 30 §50: GA with the required notice, GZ without, GX voluntary, GY excluded."""
    table: dict[tuple[DenialExpected | None, AdvanceNotice | None], tuple[Modifier, ...]] = {
        (DenialExpected.NOT_NECESSARY, AdvanceNotice.REQUIRED): (GA,),
        (DenialExpected.NOT_NECESSARY, None): (GZ,),
        (DenialExpected.EXCLUDED, AdvanceNotice.VOLUNTARY): (GX, GY),
        (DenialExpected.EXCLUDED, None): (GY,),
        (None, AdvanceNotice.VOLUNTARY): (GX,),  # a voluntary notice is for excluded services; GY may stand beside it
    }
    return table.get((expected, signed), ())


def _notice_not_allowed(code: Hcpcs, sent: tuple[Modifier, ...], payer: str) -> Finding:
    return Finding(
        id="modifiers.notice_not_allowed",
        severity=Severity.ERROR,
        text=f"{' '.join(sent) or 'An expected denial or a signed notice'} stands on {code}, and {payer} takes no advance notices.",
        fix="Ask the plan for its own decision before treating, and take the notice or the modifier out.",
        owner="biller",
        subject=f"line {code}",
        observed=" ".join(sent),
        queue=Queue.EDITS,
        citation=Citation(document="CMS letter to Medicare Advantage plans", section="2014-05-05"),
    )


def _notice_unclear(code: Hcpcs) -> Finding:
    return Finding(
        id="documentation.notice_unclear",
        severity=Severity.ERROR,
        text=f"For {code} the notice that was signed does not fit the reason a denial is expected for.",
        fix="Say whether the service is not necessary (required notice) or excluded (voluntary notice).",
        owner="front desk",
        subject=f"line {code}.advance_notice",
        queue=Queue.DOCUMENTATION,
        citation=ABN,
    )
