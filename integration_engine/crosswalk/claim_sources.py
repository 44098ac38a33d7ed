"""Where each field of the 837P comes from that no single position of an EMR's message fills.

Part of a name or address, a setting of the practice, a number the engine allots, a payer's earlier answer, or a reason
why the field stays empty: so that the crosswalk report has no field without an origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from integration_engine.crosswalk.claim_fields import MODEL_FIELDS


class Origin(StrEnum):
    """What kind of place a claim field comes from."""

    EMR = "emr"  # a field of the therapy model, which a feed fills
    SETTING = "setting"  # mappings/
    ENGINE = "engine"  # allotted, or worked out from other fields
    ANSWER = "answer"  # an earlier payer's remit or claim status
    NONE = "none"  # stays empty, and why


_PRACTICE = "practice.yaml"
_NUMBERS = f"{_PRACTICE}: numbers of the provider"
_REMIT = "835 of the earlier payer"
_WITH = "follows from the field beside it"

# Beginning of a claim field → its origin and where that is; the longest beginning counts.
_ORIGINS: Mapping[str, tuple[Origin, str]] = {
    "receiver": (Origin.SETTING, "claims/receivers.yaml"),
    "claim.number": (Origin.ENGINE, "allotted when the claim is made"),
    "claim.total_charge": (Origin.ENGINE, "sum of the lines"),
    "claim.sequence": (Origin.EMR, "coverage.rank"),
    "claim.self_relationship": (Origin.EMR, "coverage.relationship"),
    "claim.billing_provider": (Origin.SETTING, f"{_PRACTICE}: billing_providers"),
    "claim.pay_to_address": (Origin.SETTING, f"{_PRACTICE}: pay_to of the billing provider"),
    "claim.payer": (Origin.SETTING, f"{_PRACTICE}: payers"),
    "claim.payer.payer_id_kind": (Origin.ENGINE, "always PI: no national plan id (XV) is in force"),
    "claim.payer_control_number": (Origin.ANSWER, "277CA REF*1K or 835 CLP07 of the claim it corrects"),
    "claim.subscriber.name": (Origin.EMR, "coverage.subscriber_name, patient.name"),
    "claim.subscriber.address": (Origin.EMR, "coverage.subscriber_address, patient.address"),
    "claim.subscriber_kind": (Origin.EMR, "coverage.relationship, coverage.subscriber_name"),
    "claim.patient.name": (Origin.EMR, "patient.name"),
    "claim.patient.address": (Origin.EMR, "patient.address"),
    "claim.patient.weight": (Origin.NONE, "asked for equipment alone; read from foreign files, never sent"),
    "claim.weight_unit": (Origin.ENGINE, _WITH),
    "claim.death_format": (Origin.ENGINE, _WITH),
    "claim.provider_signature": (Origin.ENGINE, "always Y: an unsigned note is held before there is a claim"),
    "claim.assignment": (Origin.SETTING, "rules/claims.yaml: assignment"),
    "claim.disability_kind": (Origin.ENGINE, _WITH),
    "claim.disability_format": (Origin.ENGINE, _WITH),
    "claim.facility_npi_kind": (Origin.ENGINE, _WITH),
    "claim.service_facility": (Origin.SETTING, f"{_PRACTICE}: facility of the location"),
    "claim.referring": (Origin.EMR, "encounter.referring"),
    "claim.primary_care": (Origin.EMR, "encounter.primary_care"),
    "claim.rendering": (Origin.EMR, "encounter.rendering, treatment.rendering"),
    "claim.supervising": (Origin.EMR, "encounter.supervising"),
    "claim.billing_numbers": (Origin.SETTING, _NUMBERS),
    "claim.payer_billing_numbers": (Origin.SETTING, _NUMBERS),
    "claim.referring_numbers": (Origin.SETTING, _NUMBERS),
    "claim.primary_care_numbers": (Origin.SETTING, _NUMBERS),
    "claim.rendering_numbers": (Origin.SETTING, _NUMBERS),
    "claim.facility_numbers": (Origin.SETTING, _NUMBERS),
    "claim.supervising_numbers": (Origin.SETTING, _NUMBERS),
    "claim.attachments.number_kind": (Origin.ENGINE, _WITH),
    "other_payer.sequence": (Origin.EMR, "coverage.rank"),
    "other_payer.insurance_type": (Origin.EMR, "coverage.insurance_type"),
    "other_payer.subscriber": (Origin.EMR, "coverage and patient, as for the first payer"),
    "other_payer.subscriber_kind": (Origin.EMR, "coverage.relationship, coverage.subscriber_name"),
    "other_payer.group_name": (Origin.EMR, "coverage.group_name"),
    "other_payer.payer": (Origin.SETTING, f"{_PRACTICE}: payers"),
    "other_payer.benefits_assigned": (Origin.EMR, "coverage.benefits_assigned"),
    "other_payer.release_of_information": (Origin.EMR, "coverage.release_of_information"),
    "other_payer.signature_source": (Origin.NONE, "said for the claim (CLM10), not for each payer"),
    "other_payer.authorization_number": (Origin.EMR, "coverage.authorization_number"),
    "other_payer.referral_number": (Origin.EMR, "coverage.referral_number"),
    "other_payer.adjustments": (Origin.ANSWER, _REMIT),
    "other_payer.paid": (Origin.ANSWER, _REMIT),
    "other_payer.non_covered": (Origin.NONE, "an earlier payer that covers nothing answers with its adjustments"),
    "other_payer.remaining": (Origin.ANSWER, _REMIT),
    "other_payer.remark_codes": (Origin.ANSWER, _REMIT),
    "other_payer.adjudicated_on": (Origin.ANSWER, _REMIT),
    "other_payer.claim_number": (Origin.ANSWER, _REMIT),
    "other_payer.adjusted_mark": (
        Origin.NONE,
        "a reversed decision is waited for, and the new one is carried on whole",
    ),
    "other_payer.referring_numbers": (Origin.SETTING, _NUMBERS),
    "other_payer.rendering_numbers": (Origin.SETTING, _NUMBERS),
    "other_payer.facility_numbers": (Origin.SETTING, _NUMBERS),
    "other_payer.supervising_numbers": (Origin.SETTING, _NUMBERS),
    "other_payer.billing_numbers": (Origin.SETTING, _NUMBERS),
    "line.number": (Origin.ENGINE, "counted"),
    "line.line_control": (Origin.ENGINE, "claim number and line"),
    "line.place_of_service": (Origin.EMR, "encounter.place_of_service, encounter.location"),
    "line.attachments": (Origin.EMR, "enclosure with a line_id"),
    "line.attachments.number_kind": (Origin.ENGINE, _WITH),
    "line.initial_treatment_on": (Origin.NONE, "the lines of a day share the claim's (2300 DTP*454)"),
    "line.referral_number": (Origin.EMR, "encounter.referral_number"),
    "line.other_referrals": (Origin.NONE, "another payer's referral stands with that payer (2330B REF*9F)"),
    "line.other_authorizations": (Origin.NONE, "another payer's authorization stands with that payer (2330B REF*G1)"),
    "line.note_kind": (Origin.ENGINE, "always ADD: goals and plans (DCP) are the claim's note"),
    "line.rendering": (Origin.EMR, "treatment.rendering"),
    "line.service_facility": (Origin.SETTING, f"{_PRACTICE}: facility of the location"),
    "line.facility_npi_kind": (Origin.ENGINE, _WITH),
    "line.supervising": (Origin.EMR, "treatment.supervising"),
    "line.ordering": (Origin.EMR, "treatment.ordering, encounter.ordering"),
    "line.referring": (Origin.EMR, "encounter.referring"),
    "line.rendering_numbers": (Origin.SETTING, _NUMBERS),
    "line.facility_numbers": (Origin.SETTING, _NUMBERS),
    "line.supervising_numbers": (Origin.SETTING, _NUMBERS),
    "line.ordering_numbers": (Origin.SETTING, _NUMBERS),
    "line.referring_numbers": (Origin.SETTING, _NUMBERS),
    "adjudication": (Origin.ANSWER, _REMIT),
}
_FED = frozenset(source for source, _ in MODEL_FIELDS.values())


def origin_of(source: str) -> tuple[Origin, str] | None:
    """Where a claim field comes from; None where nobody has said it.

    Shapes   source: as in 837p.yaml, of a segment written for each of several with the records' name in front.
    """
    steps = source.split(".")
    for length in range(len(steps), 0, -1):
        stated = _ORIGINS.get(".".join(steps[:length]))
        if stated is not None:
            return stated
    if source in _FED:
        return Origin.EMR, ", ".join(path for path, (fed, _) in MODEL_FIELDS.items() if fed == source)
    return None
