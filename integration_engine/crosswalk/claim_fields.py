"""The claim fields that the 837P table may name, and the conditions it may write a segment under.

    claim.…          the draft             line.…           one service line
    other_payer.…    one other payer       adjudication.…   what another payer decided about a line
    receiver.…       the clearinghouse     item.…           one of what a segment is written ``each`` for

A path such as ``claim.rendering.name.last`` is followed through the records of domain/claim.py; claim_forms.py has what
an element says in a form of its own. Source  005010X222A1 loops 2000A to 2430.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, get_args, get_origin, get_type_hints

from integration_engine.crosswalk.claim_forms import (
    DERIVED,
    Context,
    Derived,
    Getter,
    adjudication_of,
    draft_of,
    is_subscriber,
    line_of,
    other_of,
)
from integration_engine.domain.claim import ClaimDraft, LineAdjudication, OtherPayer, Receiver, ServiceLine

# --- conditions -------------------------------------------------------------------------------------------------------


def _has_number(*roles: str) -> Getter:
    return lambda c: any(number.role in roles for number in other_of(c).provider_numbers)


def _bills_for(context: Context) -> bool:
    """The rendering provider is another than the billing provider."""
    draft = draft_of(context)
    return draft.rendering is not None and draft.rendering.npi != draft.billing_provider.npi


def _differs(field: str) -> Getter:
    """A number of a line is sent only where it is another than the claim's."""
    of_line, of_claim = attrgetter(f"line.{field}"), attrgetter(f"draft.{field}")
    return lambda c: (number := of_line(c)) is not None and number != of_claim(c)


CONDITIONS: Mapping[str, tuple[str, Getter]] = {
    "billing_taxonomy": ("claim", attrgetter("draft.billing_provider.taxonomy")),
    "billing_phone": ("claim", attrgetter("draft.billing_provider.phone")),
    "pay_to": ("claim", attrgetter("draft.pay_to_address")),
    "patient_is_subscriber": ("claim", is_subscriber),
    "patient_details": (
        "claim",
        lambda c: is_subscriber(c) and (draft_of(c).patient.died_on or draft_of(c).patient.weight),
    ),
    "property_casualty_of_subscriber": ("claim", lambda c: draft_of(c).property_casualty_number and is_subscriber(c)),
    "property_casualty": ("claim", attrgetter("draft.property_casualty_number")),
    "payer_address": ("claim", attrgetter("draft.payer.address")),
    "claim_office": ("claim", attrgetter("draft.payer.claim_office")),
    "payer_second_id": ("claim", attrgetter("draft.payer.second_id")),
    "payer_tax_id": ("claim", attrgetter("draft.payer.tax_id")),
    "payer_naic": ("claim", attrgetter("draft.payer.naic")),
    "onset": ("claim", attrgetter("draft.onset_on")),
    "initial_treatment": ("claim", attrgetter("draft.initial_treatment_on")),
    "last_seen": ("claim", attrgetter("draft.last_seen_on")),
    "accident_date": ("claim", lambda c: (a := draft_of(c).accident) is not None and a.occurred_on is not None),
    "disability": ("claim", lambda c: draft_of(c).disabled_from or draft_of(c).disabled_to),
    "last_worked": ("claim", attrgetter("draft.last_worked_on")),
    "returned_to_work": ("claim", attrgetter("draft.returned_to_work_on")),
    "admitted": ("claim", attrgetter("draft.admitted_on")),
    "discharged": ("claim", attrgetter("draft.discharged_on")),
    "first_contact": ("claim", attrgetter("draft.first_contact_on")),
    "contract": ("claim", attrgetter("draft.contract")),
    "patient_paid": ("claim", attrgetter("draft.patient_paid")),
    "authorization_exception": ("claim", attrgetter("draft.authorization_exception")),
    "referral_number": ("claim", attrgetter("draft.referral_number")),
    "authorization_number": ("claim", attrgetter("draft.authorization_number")),
    "payer_control_number": ("claim", attrgetter("draft.payer_control_number")),
    "medical_record_number": ("claim", attrgetter("draft.medical_record_number")),
    "claim_note": ("claim", attrgetter("draft.note")),
    "referring": ("claim", attrgetter("draft.referring")),
    "primary_care": ("claim", attrgetter("draft.primary_care")),
    "rendering": ("claim", _bills_for),
    "rendering_taxonomy": ("claim", lambda c: _bills_for(c) and c.draft.rendering.taxonomy),  # type: ignore[union-attr]
    "service_facility": ("claim", attrgetter("draft.service_facility")),
    "supervising": ("claim", attrgetter("draft.supervising")),
    "other_paid": ("other_payer", lambda c: other_of(c).paid is not None),
    "other_non_covered": ("other_payer", lambda c: other_of(c).non_covered is not None),
    "other_remaining": ("other_payer", lambda c: other_of(c).remaining is not None),
    "other_remarks": ("other_payer", attrgetter("other.remarks")),
    "other_subscriber_address": ("other_payer", attrgetter("other.subscriber.address")),
    "other_payer_address": ("other_payer", attrgetter("other.payer.address")),
    "other_adjudicated": ("other_payer", attrgetter("other.adjudicated_on")),
    "other_authorization": ("other_payer", attrgetter("other.authorization_number")),
    "other_referral": ("other_payer", attrgetter("other.referral_number")),
    "other_adjusted": ("other_payer", attrgetter("other.claim_adjusted")),
    "other_claim_number": ("other_payer", attrgetter("other.claim_number")),
    "other_claim_office": ("other_payer", attrgetter("other.payer.claim_office")),
    "other_second_id": ("other_payer", attrgetter("other.payer.second_id")),
    "other_tax_id": ("other_payer", attrgetter("other.payer.tax_id")),
    "other_naic": ("other_payer", attrgetter("other.payer.naic")),
    "other_referring": ("other_payer", _has_number("DN")),
    "other_rendering": ("other_payer", _has_number("82")),
    "other_facility": ("other_payer", _has_number("77")),
    "other_supervising": ("other_payer", _has_number("DQ")),
    "other_billing": ("other_payer", _has_number("85")),
    "line_initial_treatment": ("line", attrgetter("line.initial_treatment_on")),
    "line_referral": ("line", _differs("referral_number")),
    "line_authorization": ("line", _differs("authorization_number")),
    "line_note": ("line", attrgetter("line.note")),
    "line_rendering": ("line", attrgetter("line.rendering")),
    "line_rendering_taxonomy": ("line", lambda c: (r := line_of(c).rendering) is not None and r.taxonomy is not None),
    "line_service_facility": ("line", attrgetter("line.service_facility")),
    "line_supervising": ("line", attrgetter("line.supervising")),
    "line_ordering": ("line", attrgetter("line.ordering")),
    "line_referring": ("line", attrgetter("line.referring")),
    "adjudication_remaining": ("adjudication", lambda c: adjudication_of(c).remaining is not None),
}

# --- paths ------------------------------------------------------------------------------------------------------------

ROOTS: Mapping[str, tuple[str, type]] = {
    "receiver": ("receiver", Receiver),
    "claim": ("draft", ClaimDraft),
    "line": ("line", ServiceLine),
    "other_payer": ("other", OtherPayer),
    "adjudication": ("adjudication", LineAdjudication),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A claim field as the table names it. kind: the type of its value, str for a derived one."""

    source: str
    get: Getter
    kind: Any
    derived: Derived | None = None


def find_field(source: str, item: type | None) -> Field | None:
    """The field of a name, None if there is none. item: the kind of record the segment is written for, each."""
    if source in DERIVED:
        derived = DERIVED[source]
        return Field(source=source, get=derived.get, kind=str, derived=derived)
    root, _, path = source.partition(".")
    if root == "item" and item is not None:
        attribute, kind = "item", item
    elif root in ROOTS:
        attribute, kind = ROOTS[root]
    else:
        return None
    inner: Any = kind
    may_be_absent = False
    for step in path.split("."):
        found = hints_of(inner).get(step)
        if found is None:
            return None
        inner, absent = found
        may_be_absent = may_be_absent or absent
    if is_dataclass(inner):
        return None
    get = attrgetter(f"{attribute}.{path}")
    return Field(source=source, get=_absent_is_none(get) if may_be_absent and "." in path else get, kind=inner)


def _absent_is_none(get: Getter) -> Getter:
    def found(context: Context) -> Any:
        try:
            return get(context)
        except AttributeError:  # a step of the path is None
            return None

    return found


@cache
def hints_of(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    """Field → its type without ``None``, and whether None is allowed; nothing for what is no record."""
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return {}
    found = {}
    for name, hint in get_type_hints(kind).items():
        arguments = get_args(hint)
        absent = type(None) in arguments and get_origin(hint) is not tuple
        found[name] = (next(a for a in arguments if a is not type(None)) if absent else hint, absent)
    return found


# Therapy-model field → the claim field it becomes, and the component of its element.
MODEL_FIELDS: Mapping[str, tuple[str, str]] = {
    "patient.name": ("claim.patient.name.last", ""),
    "patient.birth_date": ("claim.patient.birth_date", ""),
    "patient.sex": ("claim.patient.sex", ""),
    "patient.address": ("claim.patient.address.line1", ""),
    "patient.identifiers": ("claim.medical_record_number", ""),
    "coverage.rank": ("claim.sequence", ""),
    "coverage.payer_id": ("claim.payer.payer_id", ""),
    "coverage.payer_name": ("claim.payer.name", ""),
    "coverage.member_id": ("claim.subscriber.member_id", ""),
    "coverage.group_number": ("claim.subscriber.group_number", ""),
    "coverage.group_name": ("claim.group_name", ""),
    "coverage.relationship": ("claim.subscriber.relationship", ""),
    "coverage.subscriber_name": ("claim.subscriber.name.last", ""),
    "coverage.subscriber_birth_date": ("claim.subscriber.birth_date", ""),
    "coverage.subscriber_sex": ("claim.subscriber.sex", ""),
    "coverage.subscriber_address": ("claim.subscriber.address.line1", ""),
    "coverage.referral_number": ("claim.referral_number", ""),
    "coverage.insurance_type": ("claim.insurance_type", ""),
    "encounter.referral_number": ("claim.referral_number", ""),
    "encounter.date_of_service": ("line.date_of_service", ""),
    "encounter.place_of_service": ("claim.place_and_frequency", "-1"),
    "encounter.modality": ("claim.place_and_frequency", "-1"),
    "encounter.location": ("claim.service_facility.name", ""),
    "encounter.discipline": ("line.procedure", "-3"),
    "encounter.rendering": ("claim.rendering.npi", ""),
    "encounter.supervising": ("claim.supervising.npi", ""),
    "encounter.referring": ("claim.referring.npi", ""),
    "encounter.accident.occurred_on": ("claim.accident.occurred_on", ""),
    "encounter.accident.kind": ("claim.related_causes", "-1"),
    "encounter.accident.state": ("claim.related_causes", "-4"),
    "encounter.accident.claim_number": ("claim.property_casualty_number", ""),
    "encounter.accident.disabled_from": ("claim.disability_dates", ""),
    "encounter.accident.disabled_to": ("claim.disability_dates", ""),
    "encounter.accident.last_worked_on": ("claim.last_worked_on", ""),
    "encounter.accident.returned_to_work_on": ("claim.returned_to_work_on", ""),
    "encounter.accident.first_contact_on": ("claim.first_contact_on", ""),
    "encounter.ordering": ("line.ordering.npi", ""),
    "encounter.patient_paid": ("claim.patient_paid", ""),
    "encounter.medical_necessity_attested": ("line.procedure", "-3"),
    "diagnosis.code": ("claim.diagnosis_composites", "-2"),
    "diagnosis.rank": ("claim.diagnosis_composites", "-1"),
    "diagnosis.onset_on": ("claim.onset_on", ""),
    "treatment.code": ("line.procedure", "-2"),
    "treatment.modifiers": ("line.procedure", "-3"),
    "treatment.minutes": ("line.units", ""),
    "treatment.start": ("line.units", ""),
    "treatment.stop": ("line.units", ""),
    "treatment.rest_minutes": ("line.units", ""),
    "treatment.assistant_minutes": ("line.procedure", "-4"),
    "treatment.joint_minutes": ("line.procedure", "-4"),
    "treatment.assistant": ("line.procedure", "-4"),
    "treatment.charge": ("line.charge", ""),
    "treatment.unit_charge": ("line.charge", ""),
    "treatment.diagnoses": ("line.pointer_composite", ""),
    "treatment.rendering": ("claim.rendering.npi", ""),
    "treatment.rendering.taxonomy": ("claim.rendering.taxonomy", ""),
    "treatment.supervising": ("line.supervising.npi", ""),
    "treatment.ordering": ("line.ordering.npi", ""),
    "treatment.authorization_number": ("line.authorization_number", ""),
    "treatment.note": ("line.note", ""),
    "treatment.description": ("line.procedure", "-7"),
    "treatment.screening_referral": ("line.screening_mark", ""),
    "encounter.primary_care": ("claim.primary_care.npi", ""),
    "encounter.supplement.note": ("claim.note", ""),
    "encounter.supplement.note_kind": ("claim.note_kind", ""),
    "encounter.supplement.delay_reason": ("claim.delay_reason", ""),
    "encounter.supplement.special_program": ("claim.special_program", ""),
    "encounter.supplement.authorization_exception": ("claim.authorization_exception", ""),
    "encounter.supplement.last_seen_on": ("claim.last_seen_on", ""),
    "encounter.supplement.admitted_on": ("claim.admitted_on", ""),
    "encounter.supplement.discharged_on": ("claim.discharged_on", ""),
    "encounter.supplement.signature_source": ("claim.signature_source", ""),
    "encounter.supplement.contract_kind": ("claim.contract.kind", ""),
    "encounter.supplement.contract_amount": ("claim.contract.amount", ""),
    "encounter.supplement.contract_code": ("claim.contract.code", ""),
    "enclosure.report": ("claim.attachments.report", ""),
    "enclosure.transmission": ("claim.attachments.transmission", ""),
    "enclosure.number": ("claim.attachments.number", ""),
    "enclosure.line_id": ("line.attachments.report", ""),
    "patient.death_date": ("claim.patient.died_on", ""),
    "coverage.benefits_assigned": ("claim.benefits_assigned", ""),
    "coverage.release_of_information": ("claim.release_of_information", ""),
    "authorization.number": ("claim.authorization_number", ""),
    "coverage.authorization_number": ("other_payer.authorization_number", ""),
    "plan_of_care.evaluation_on": ("claim.initial_treatment_on", ""),
    "plan_of_care.certified_from": ("claim.initial_treatment_on", ""),
}
