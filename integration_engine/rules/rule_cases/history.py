"""What came before the visit of a case, and what lay beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

from integration_engine.core.codes import Hcpcs
from integration_engine.domain.clinician_time import ClinicianTime, identity_of
from integration_engine.domain.parties import (
    Discipline,
)
from integration_engine.domain.treatment_day import History, PriorDay
from integration_engine.rules.rule_cases.case import Case
from integration_engine.rules.rule_cases.models import (
    GivenElsewhere,
    GivenPriorDay,
)
from integration_engine.rules.rule_cases.usual import THERAPISTS


def case_history(case: Case) -> History:
    """The patient's earlier days and the clinicians' other visits, as the case states them."""
    given = case.given
    before = [
        PriorDay(
            date_of_service=case.on - timedelta(days=ago),
            discipline=case.discipline,
            state="billed",
            therapist_took_part=given.therapist_took_part_before,
        )
        for ago in range(given.treatment_days_before, 0, -1)
    ]
    bucket = case.rules.buckets[case.discipline]
    return History(
        days=(*(_prior(case, prior) for prior in given.history), *before),
        prior_allowed=((bucket, given.prior_allowed),) if given.prior_allowed is not None else (),
        elsewhere=tuple(_elsewhere(case, one) for one in given.elsewhere),
    )


def _elsewhere(case: Case, one: GivenElsewhere) -> ClinicianTime:
    start, stop = datetime.combine(case.on, one.start), datetime.combine(case.on, one.stop)
    therapist = case.person("rendering", case.given.rendering, THERAPISTS[case.discipline])
    return ClinicianTime(
        practitioner=one.practitioner or identity_of(therapist) or "",
        start=start,
        stop=stop,
        minutes=int((stop - start).total_seconds() // 60) if one.minutes is None else one.minutes,
        code=Hcpcs(one.code),
        visit=one.visit,
    )


def _prior(case: Case, prior: GivenPriorDay) -> PriorDay:
    return PriorDay(
        date_of_service=prior.date_of_service,
        discipline=Discipline(prior.discipline) if prior.discipline else case.discipline,
        state=prior.state,
        codes=tuple((Hcpcs(code), units) for code, units in prior.codes.items()),
        allowed=prior.allowed,
        evaluation=prior.evaluation,
        authorizations=tuple(prior.authorizations.items()),
        separated=tuple(Hcpcs(code) for code in prior.separated),
        therapist_took_part=prior.therapist_took_part,
        minutes=prior.minutes,
        habilitative=prior.habilitative,
        billing_provider=prior.billing_provider,
    )
