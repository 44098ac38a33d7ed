"""What becomes of a modifier that the EMR sent and the engine did not compute?

Discipline, assistant, threshold and telehealth modifiers are computed from what was documented. Where the EMR sent one
that the record does not bear out, it is not billed, and it is never dropped without a word: what contradicts the record
holds, what the payer merely does not want is told.
Authority: CMS Pub 100-04 ch. 5 §§10.3, 20.1; 42 CFR 410.59(a)(4), 410.60(a)(4); Noridian modifier pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.domain.encounter import Modality
from integration_engine.domain.parties import Discipline

KX = "KX"
VIDEO = frozenset({"95", "GT"})
AUDIO = frozenset({"93", "FQ"})
TELEHEALTH = VIDEO | AUDIO
MODIFIER_PAGES = Citation(document="Noridian modifier pages")
SHARE = Citation(document="42 CFR", section="410.60(a)(4)")
THERAPY = Citation(document="CMS Pub 100-04 ch. 5", section="§20.1")
THRESHOLD = Citation(document="42 USC", section="1395l(g)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One modifier as the EMR put it on a line that does not carry it.

    Shapes   place: index of the treatment. helped: assistant minutes are documented and judged. asked: the payer takes
             this kind of modifier on this date and in this setting.
    """

    modifier: Modifier
    code: Hcpcs
    place: int
    discipline: Discipline
    modality: Modality | None
    helped: bool
    assistants_marked: bool
    threshold_asked: bool
    payer: str


def doubt_about(sent: Sent, disciplines: Mapping[str, Modifier], assistants: Mapping[str, Modifier]) -> Finding:
    """Why the modifier is not billed as sent, and whether a person has to settle it first."""
    modifier = sent.modifier
    if modifier in disciplines.values():
        if modifier != disciplines[sent.discipline]:
            return _of_another_discipline(sent)
        return _left_off(sent, f"{sent.payer} does not ask for it on this code", THERAPY, Severity.INFORMATION)
    if modifier in assistants.values():
        return _assistant(sent, assistants)
    if modifier == KX:
        if not sent.threshold_asked:
            return _left_off(sent, f"{sent.payer} has no therapy threshold", THRESHOLD, Severity.INFORMATION)
        why = "the year is not known to be above the therapy threshold with this line"
        return _left_off(sent, why, THRESHOLD, Severity.WARNING)
    wanted = {Modality.TELEHEALTH_VIDEO: VIDEO, Modality.TELEHEALTH_AUDIO: AUDIO}
    if sent.modality is None or modifier not in wanted.get(sent.modality, frozenset()):
        return _another_modality(sent)
    return _left_off(sent, f"{sent.payer} is told of telehealth in another way", MODIFIER_PAGES, Severity.WARNING)


def _assistant(sent: Sent, assistants: Mapping[str, Modifier]) -> Finding:
    if sent.modifier != assistants.get(sent.discipline):
        return _of_another_discipline(sent)
    if not sent.assistants_marked:
        return _left_off(sent, f"{sent.payer} takes no assistant modifiers here", SHARE, Severity.INFORMATION)
    if sent.helped:
        return _left_off(sent, "by its minutes the assistant's share does not count", SHARE, Severity.WARNING)
    return Finding(
        id="documentation.assistant_share_unknown",
        severity=Severity.ERROR,
        text=f"The EMR put {sent.modifier} on {sent.code}, and the note gives no minutes of an assistant.",
        fix="Enter the assistant's minutes without the therapist, and the joint minutes, or take the modifier out.",
        owner="treating clinician",
        subject=f"encounter.treatments[{sent.place}].assistant_minutes",
        observed=str(sent.modifier),
        expected="whole minutes",
        queue=Queue.DOCUMENTATION,
        citation=SHARE,
    )


def _of_another_discipline(sent: Sent) -> Finding:
    return Finding(
        id="modifiers.another_discipline",
        severity=Severity.ERROR,
        text=f"The EMR put {sent.modifier} on {sent.code}, and the visit is {sent.discipline}.",
        fix="Correct the discipline of the visit, or take the modifier out; the right one is added by itself.",
        owner="treating clinician",
        subject=f"encounter.treatments[{sent.place}].modifiers",
        observed=str(sent.modifier),
        queue=Queue.EDITS,
        citation=THERAPY,
    )


def _another_modality(sent: Sent) -> Finding:
    modality = sent.modality.value.replace("_", " ") if sent.modality is not None else "not stated"
    return Finding(
        id="modifiers.modality_differs",
        severity=Severity.ERROR,
        text=f"The EMR put {sent.modifier} on {sent.code}, and the visit's modality is {modality}.",
        fix="Correct the modality of the visit, or take the modifier out; what the payer wants is added by itself.",
        owner="treating clinician",
        subject="encounter.modality",
        observed=str(sent.modifier),
        queue=Queue.EDITS,
        citation=MODIFIER_PAGES,
    )


def _left_off(sent: Sent, why: str, citation: Citation, severity: Severity) -> Finding:
    return Finding(
        id="modifiers.sent_left_off",
        severity=severity,
        text=f"The EMR put {sent.modifier} on {sent.code}; it is not billed: {why}.",
        fix="Nothing to do when the record is right; else correct what the modifier should follow from.",
        owner="biller",
        subject=f"encounter.treatments[{sent.place}].modifiers",
        observed=str(sent.modifier),
        citation=citation,
    )
