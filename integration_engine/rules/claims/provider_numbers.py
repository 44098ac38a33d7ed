"""Numbers beside the NPI: which of a provider's own numbers stand on a claim to this payer, and for the claim's other payers.

A state licence or UPIN goes to every payer unless the directory names some; a payer's own number for a provider goes to
that payer alone. Authority: X222A1 2010AA, 2010BB, 2310A to 2310D, 2330C to 2330G and 2420A to 2420F, REF of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from integration_engine.domain.claim import ClaimDraft, ProviderNumber, ServiceLine
from integration_engine.domain.parties import Organization, Practitioner
from integration_engine.rules.parameters.practice import Practice

OF_PAYER = frozenset({"G2", "LU"})
BILLING, PRIMARY_CARE, FACILITY = "85", "P3", "77"
NO_LOCATION = frozenset({"DN", "P3", "DK"})  # roles whose loop takes no location number
Provider = Organization | Practitioner | None


def with_provider_numbers(draft: ClaimDraft, practice: Practice) -> ClaimDraft:
    """The draft with the numbers its payers know its providers by; the same draft where the directory has none."""
    if not practice.numbers:
        return draft
    payer, on_claim = draft.payer.key, _on_claim(draft)
    return replace(
        draft,
        provider_numbers=tuple(_numbers(on_claim, practice, payer)),
        lines=tuple(_line(line, practice, payer) for line in draft.lines),
        other_payers=tuple(
            replace(
                other,
                provider_numbers=tuple(
                    number
                    for number in _numbers(on_claim, practice, other.payer.key, named=True)
                    if number.role != PRIMARY_CARE and (number.role != BILLING or number.qualifier in OF_PAYER)
                ),
            )
            for other in draft.other_payers
        ),
    )


def _on_claim(draft: ClaimDraft) -> tuple[tuple[str, Provider], ...]:
    """The claim's providers by role, in the order of their loops; a therapist who bills has no loop of their own."""
    rendering = draft.rendering
    if rendering is not None and rendering.npi == draft.billing_provider.npi:
        rendering = None
    return (
        (BILLING, draft.billing_provider),
        ("DN", draft.referring),
        (PRIMARY_CARE, draft.primary_care),
        ("82", rendering),
        (FACILITY, draft.service_facility),
        ("DQ", draft.supervising),
    )


def _line(line: ServiceLine, practice: Practice, payer: str) -> ServiceLine:
    on_line = (
        ("82", line.rendering),
        (FACILITY, line.service_facility),
        ("DQ", line.supervising),
        ("DK", line.ordering),
        ("DN", line.referring),
    )
    found = tuple(_numbers(on_line, practice, payer, licences=False))
    return replace(line, provider_numbers=found) if found or line.provider_numbers else line


def _numbers(
    providers: tuple[tuple[str, Provider], ...],
    practice: Practice,
    payer: str,
    *,
    named: bool = False,
    licences: bool = True,
) -> Iterator[ProviderNumber]:
    """The numbers of several providers for one payer.

    Shapes   named: only those the directory keeps for this payer by name, as another payer's loop takes no others.
             licences: False where the facility's loop takes none, as at a line.
    """
    for role, provider in providers:
        key = _key(provider)
        for one in practice.numbers.get(key, ()) if key else ():
            meant = payer in one.payers if one.payers else not named
            if meant and _taken(role, one.qualifier, licences=licences):
                yield ProviderNumber(role=role, qualifier=one.qualifier, number=one.number)


def _taken(role: str, qualifier: str, *, licences: bool) -> bool:
    """The loop of this role has a place for a number of this kind."""
    if role == FACILITY:
        return qualifier != "1G" and (licences or qualifier != "0B")
    return role not in NO_LOCATION or qualifier != "LU"


def _key(provider: Provider) -> str:
    if provider is None:
        return ""
    if isinstance(provider, Organization):
        return provider.npi or provider.key
    return provider.npi or provider.local_id or ""
