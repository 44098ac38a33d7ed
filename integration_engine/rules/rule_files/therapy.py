"""rules/: units, modifiers, thresholds, certification and supervision, a stretch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from integration_engine.core.dated import Dated
from integration_engine.rules.parameters.payers import (
    UnitsMethod,
)
from integration_engine.rules.parameters.therapy import AssistantRule, CertificationRule, ShareMethod
from integration_engine.rules.rule_files.dating import cite
from integration_engine.rules.rule_files.reading import Reading
from integration_engine.rules.rule_models.rules import (
    AssistantSpan,
    CertificationSpan,
    MethodFile,
    SupervisionFile,
    ThresholdsFile,
    ThresholdSpan,
)


def units_method(key: str, file: MethodFile) -> UnitsMethod:
    """A way of turning minutes into units."""
    return UnitsMethod(
        key=key,
        label=file.label,
        earned_at=file.earned_at,
        unit_minutes=file.unit_minutes,
        pooled=file.pooled,
        citation=cite(file.source),
    )


def assistant_rule(span: AssistantSpan) -> AssistantRule:
    """How an assistant's share is judged."""
    return AssistantRule(
        used=span.used,
        share_method=ShareMethod(span.share_method),
        share_over=span.share_over_tenths,
        unit_minutes=span.unit_minutes,
        therapist_midpoint=span.therapist_midpoint,
        two_units_from=span.two_units_from,
        two_units_to=span.two_units_to,
        exempt_settings=tuple(span.exempt_settings),
        citation=cite(span.source),
    )


def certification_rule(span: CertificationSpan) -> CertificationRule:
    """The clocks of a plan of care."""
    return CertificationRule(
        signature_days=span.signature_days,
        verbal_order_days=span.verbal_order_days,
        delayed_days=span.delayed_days,
        delayed_holds=span.delayed_without_evidence == "hold",
        recertification_open_days=span.recertification_open_days,
        longest_interval=span.longest_interval_days,
        order_exception=span.order_exception,
        transmission_days=span.transmission_days,
        may_certify=tuple(span.may_certify),
        citation=cite(span.source),
    )


def thresholds_of(reading: Reading, file: ThresholdsFile) -> dict[str, Dated[Decimal]]:
    """The year's threshold of each bucket."""
    return {
        bucket: reading.dated(
            "rules/thresholds.yaml", ("thresholds", bucket), f"threshold {bucket}", spans, lambda s: s.amount
        )
        for bucket, spans in file.thresholds.items()
    }


def amount_of(reading: Reading, field: str, spans: Sequence[ThresholdSpan]) -> Dated[Decimal]:
    """One dated amount of the thresholds' file."""
    return reading.dated("rules/thresholds.yaml", (field,), field, spans, lambda s: s.amount)


def supervision_of(reading: Reading, file: SupervisionFile) -> dict[str, Dated[str]]:
    """How closely an assistant is supervised, by setting."""
    return {
        setting: reading.dated(
            "rules/supervision.yaml", ("supervision", setting), f"supervision {setting}", spans, lambda s: s.level
        )
        for setting, spans in file.supervision.items()
    }
