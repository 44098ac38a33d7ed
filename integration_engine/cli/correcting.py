"""Correcting what a payer has: a person says that a sent claim has to say what its visit says now."""

from __future__ import annotations

import sys

from integration_engine.adapters.clock import system_clock
from integration_engine.bootstrap import decide_again, open_store, rules_in_force
from integration_engine.domain.sent_claim import SentState
from integration_engine.settings import Settings
from integration_engine.stages.adjudicate import Adjudicate

WRONG_USE = 2


def correct_claim(settings: Settings, number: str, by: str, reason: str) -> int:
    """Draw the visit of a claim up again; a replacement, or a void and a new claim, waits for its batch where it differs."""
    if not by.strip() or not reason.strip():
        sys.stderr.write("--by and --reason must not be empty: they are kept in the audit\n")
        return WRONG_USE
    with open_store(settings) as store:
        now = system_clock()
        with store.database.write() as connection:
            claim = store.submissions.by_number(connection, [number]).get(number)
            if claim is None:
                sys.stderr.write(f"no claim with the number {number} has left\n")
                return WRONG_USE
            if claim.state is SentState.REFUSED or claim.draft.sequence != "P":
                sys.stderr.write(f"{number} {_waits_elsewhere(claim.state)}\n")
                return WRONG_USE
            store.submissions.draw_again(connection, claim, now)
            store.audit.append(connection, who=by, what="correct", subject=f"claim {claim.id}", reason=reason, now=now)
        decide_again(Adjudicate(store=store, rules=rules_in_force(settings)))
        with store.database.read() as connection:
            frequencies = store.submissions.drawn_up(connection, claim.day_id)
    print(f"{number}: {_told(frequencies)}")
    return 0


def _waits_elsewhere(state: SentState) -> str:
    if state is SentState.REFUSED:
        return "was refused: its visit waits in the rejections queue, and goes again when it has changed"
    return "went to a later payer: it follows the claim of the payer before by itself"


def _told(frequencies: list[str]) -> str:
    """What waits for the next batch, in a biller's words."""
    names = {"1": "a new claim", "7": "its replacement", "8": "its void"}
    going = " and ".join(names[one] for one in sorted(frequencies, reverse=True))
    if not going:
        return "nothing goes; the payer has what the visit says, or a hold of the visit says what it waits for"
    return f"{going} will go with the next batch, unless a hold of the visit says what it waits for"
