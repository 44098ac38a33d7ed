"""Records as canonical JSON text, and back. Same record, same bytes: amounts as text, dates in ISO, keys in order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from pydantic import TypeAdapter

from integration_engine.core.codes import Hcpcs
from integration_engine.domain.answer_remark import Remark
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.remit import Remit, RemitClaim

_REMIT: TypeAdapter[Remit] = TypeAdapter(Remit)
_REMIT_CLAIM: TypeAdapter[RemitClaim] = TypeAdapter(RemitClaim)
_REMARKS: TypeAdapter[tuple[Remark, ...]] = TypeAdapter(tuple[Remark, ...])
_DRAFT: TypeAdapter[ClaimDraft] = TypeAdapter(ClaimDraft)


def encode(record: Any) -> str:
    """Any record, or a mapping of records, as canonical JSON."""
    return orjson.dumps(record, default=str, option=orjson.OPT_SORT_KEYS).decode()


def decode_draft(document: str) -> ClaimDraft:
    """The claim draft that ``encode`` wrote."""
    return _DRAFT.validate_json(document)


def decode_remarks(document: str) -> tuple[Remark, ...]:
    """The remarks on an answer file that ``encode`` wrote."""
    return _REMARKS.validate_json(document)


def decode_remit(document: str) -> Remit:
    """The remit that ``encode`` wrote."""
    return _REMIT.validate_json(document)


def decode_remit_claim(document: str) -> RemitClaim:
    """The claim of a remit that ``encode`` wrote."""
    return _REMIT_CLAIM.validate_json(document)


def decode_codes(document: str) -> tuple[tuple[Hcpcs, int], ...]:
    """Codes with their units."""
    return tuple((Hcpcs(code), units) for code, units in orjson.loads(document))


def decode_list(document: str) -> tuple[Hcpcs, ...]:
    """A list of procedure codes."""
    return tuple(Hcpcs(code) for code in orjson.loads(document))


def decode_consumed(document: str) -> tuple[tuple[str, Decimal], ...]:
    """Authorization numbers with the quantity used."""
    return tuple((number, Decimal(quantity)) for number, quantity in orjson.loads(document))
