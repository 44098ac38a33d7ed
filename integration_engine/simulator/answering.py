"""The whole answer to one 837P: front door, clearinghouse, payers, payments; and the truth of every claim.

Pure: the same text, scenario, date, numbers and history give the same bytes. Order of the files: TA1, 999, the
clearinghouse's 277CA, each payer's 277CA, each payer's first remit, each payer's later one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.simulator.acknowledging import ACCEPTED, REFUSED, Refused, acknowledge, position_in, ta1
from integration_engine.simulator.adjudicating import REVERSAL, Decided, History, decide, payer_number, rank_procedures
from integration_engine.simulator.claim_status import Said, Speaker, report
from integration_engine.simulator.receiving import read_sent
from integration_engine.simulator.remitting import payment, remit_set, unbalanced
from integration_engine.simulator.scenario import (
    OF_A_FILE,
    Ending,
    Outcome,
    ProviderTake,
    Scenario,
    choose,
    choose_for_file,
    number_from,
)
from integration_engine.simulator.sent import SentClaim, SentFile, SentSet
from integration_engine.simulator.truth import ClaimTruth, Simulation, TruePayment
from integration_engine.simulator.writing import AnswerFile, AnswerNumbers, Desk, Kind

NO_HISTORY: History = {}


def answer(
    text: str, scenario: Scenario, as_of: date, numbers: AnswerNumbers, history: History = NO_HISTORY
) -> Simulation:
    """Answer an 837P file.

    Shapes   history: what earlier files were paid, by payer control number, so that a replacement or void can reverse
             it (truth.history_of); one that names an unknown number is denied as ``unknown_original``.
    Raises   InboundError where the text cannot be answered.
    """
    files: list[AnswerFile] = []
    truth: list[ClaimTruth] = []
    remits: list[Remit] = []
    for sent in read_sent(text):
        one = _File(sent, scenario, as_of, numbers, history).answered()
        files += one.files
        truth += one.truth
        remits += one.remits
        numbers = replace(numbers, interchange=one.next_interchange)
    return Simulation(
        files=tuple(files), truth=tuple(truth), remits=tuple(remits), next_interchange=numbers.interchange
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """A claim on its way through."""

    sent: SentSet
    claim: SentClaim
    outcome: Outcome

    @property
    def key(self) -> tuple[str, int]:
        """Where the claim stands in the file: its number may stand there twice."""
        return self.sent.control, self.claim.segments[0].number


class _File:
    """One interchange on its way through."""

    def __init__(
        self, sent: SentFile, scenario: Scenario, as_of: date, numbers: AnswerNumbers, history: History
    ) -> None:
        self.sent = sent
        self.scenario = scenario
        self.as_of = as_of
        self.history = history
        self.desk = Desk(sent, numbers)
        self.truth: dict[tuple[str, int], ClaimTruth] = {}
        self.remits: list[Remit] = []
        self.forwarded = {
            one.payment.forwarded_to[0]: one.payment.forwarded_to[1]
            for one in scenario.outcomes.values()
            if one.payment.forwarded_to
        }

    def answered(self) -> Simulation:
        fates = [
            _Fate(sent=one, claim=claim, outcome=choose(claim, self.scenario))
            for group in self.sent.groups
            for one in group.sets
            for claim in one.claims
        ]
        for fate in fates:
            self._note(fate, ending=fate.outcome.ending, outcome=fate.outcome.name)
        whole = self._fate_of_the_file(fates)
        if whole is None or whole.ending is Ending.SET_REFUSED:
            fates = self._front_door(fates, whole)
            fates = self._clearinghouse(fates)
            fates = self._payers(fates)
            self._payments(fates)
        elif whole.ending is Ending.INTERCHANGE_REFUSED:
            self.desk.write_ta1(ta1(self.sent, whole.refusal))
            for fate in fates:
                self._note(fate, ending=whole.ending, outcome=whole.name, interchange_code=REFUSED)
        else:
            for fate in fates:
                self._note(fate, ending=whole.ending, outcome=whole.name)
        return Simulation(
            files=tuple(self.desk.files),
            truth=tuple(self.truth.values()),
            remits=tuple(self.remits),
            next_interchange=self.desk.next_number,
        )

    def _note(self, fate: _Fate, **facts: Any) -> None:
        """Add to what is true of a claim."""
        known = self.truth.get(fate.key)
        if known is None:
            known = ClaimTruth(
                number=fate.claim.number,
                interchange=self.sent.control,
                transaction=fate.sent.control,
                outcome=fate.outcome.name,
                ending=fate.outcome.ending,
            )
        self.truth[fate.key] = replace(known, **facts)

    def _fate_of_the_file(self, fates: list[_Fate]) -> Outcome | None:
        chosen = [fate.outcome for fate in fates if fate.outcome.ending in OF_A_FILE - {Ending.SET_REFUSED}]
        return chosen[0] if chosen else choose_for_file(self.sent, self.scenario)

    def _front_door(self, fates: list[_Fate], whole: Outcome | None) -> list[_Fate]:
        """TA1 and 999; what is left are the claims of the sets that were taken."""
        accepted = ta1(self.sent, None) if self.sent.acknowledgment_requested else ""
        if accepted:
            if not self.scenario.ta1_with_999:
                self.desk.write_ta1(accepted)
            for fate in fates:
                self._note(fate, interchange_code=ACCEPTED)
        culprits = {fate.sent.control: fate for fate in reversed(fates) if fate.outcome.ending is Ending.SET_REFUSED}
        if whole is not None and not culprits:
            index = int(number_from(self.scenario.seed, self.sent.control, digits=9)) % len(fates)
            culprits[fates[index].sent.control] = replace(fates[index], outcome=whole)
        refused: dict[str, Refused] = {}
        for control, culprit in culprits.items():
            position = position_in(culprit.claim, culprit.outcome)
            refused[control] = (culprit.outcome, culprit.claim, position)
            self._note(culprit, refused_position=position)
        self.desk.write(
            Kind.ACKNOWLEDGMENT,
            [acknowledge(group, refused, number) for number, group in enumerate(self.sent.groups, start=1)],
            accepted if self.scenario.ta1_with_999 else "",
        )
        for fate in fates:
            if fate.sent.control in refused:
                name = refused[fate.sent.control][0].name
                self._note(fate, ending=Ending.SET_REFUSED, outcome=name, set_code=REFUSED)
            else:
                self._note(fate, set_code=ACCEPTED)
        return [fate for fate in fates if fate.sent.control not in refused]

    def _clearinghouse(self, fates: list[_Fate]) -> list[_Fate]:
        said = []
        for fate in fates:
            refuses = fate.outcome.ending is Ending.CLEARINGHOUSE_REJECTED
            status = fate.outcome.status if refuses else self.scenario.clearinghouse_accepts
            assert status is not None
            number = number_from("clearinghouse", fate.claim.number, digits=12)
            said.append((fate, Said(claim=fate.claim, status=status, clearinghouse_number=number)))
            self._note(fate, clearinghouse=status.category)
        self._reports({"": said}, Speaker.clearinghouse(self.sent))
        return [fate for fate, one in said if one.accepted]

    def _payers(self, fates: list[_Fate]) -> list[_Fate]:
        by_payer: dict[str, list[tuple[_Fate, Said]]] = defaultdict(list)
        going_on = []
        for fate in fates:
            refuses = fate.outcome.ending is Ending.PAYER_REJECTED
            status = fate.outcome.status if refuses else self.scenario.payer_accepts
            assert status is not None
            number = "" if refuses else payer_number(fate.claim.number)
            by_payer[fate.claim.payer_id].append((fate, Said(claim=fate.claim, status=status, payer_number=number)))
            self._note(fate, payer=status.category, payer_control_number=number or None)
            if not refuses:
                going_on.append(fate)
        self._reports(by_payer, None)
        return going_on

    def _reports(self, groups: Mapping[str, list[tuple[_Fate, Said]]], speaker: Speaker | None) -> None:
        """One 277CA file a speaker, one set in it for each of our sets."""
        for members in groups.values():
            if not members:
                continue
            by_set: dict[str, list[tuple[_Fate, Said]]] = defaultdict(list)
            for fate, said in members:
                by_set[fate.sent.control].append((fate, said))
            voice = speaker or Speaker.payer(members[0][0].claim)
            created = f"{self.desk.numbers.created}{self.desk.next_number:09d}"
            self.desk.write(
                Kind.CLAIM_STATUS,
                [
                    report(voice, part[0][0].sent, [said for _, said in part], self.as_of, created, number)
                    for number, part in enumerate(by_set.values(), start=1)
                ],
            )

    def _payments(self, fates: list[_Fate]) -> None:
        ranking = rank_procedures((fate.claim for fate in fates), self.scenario)
        now: dict[str, list[tuple[_Fate, RemitClaim]]] = defaultdict(list)
        later: dict[str, list[tuple[_Fate, RemitClaim]]] = defaultdict(list)
        for fate in fates:
            if fate.outcome.ending is Ending.PENDING:
                continue
            decided = decide(fate.claim, fate.outcome, self.scenario, ranking, self.history)
            self._note_decision(fate, decided)
            for decisions, when in ((decided.first, now), (decided.later, later)):
                for one in decisions:
                    when[fate.claim.payer_id].append((fate, replace(one, received_on=self.as_of)))
        imbalance = self.scenario.imbalance is not None
        for when, first in ((now, True), (later, False)):
            for payer_id, decisions_of_payer in when.items():
                takes = [take for take in self.scenario.takes if first and take.payer == payer_id]
                imbalance = self._remits(decisions_of_payer, takes, imbalance=imbalance)

    def _note_decision(self, fate: _Fate, decided: Decided) -> None:
        """The last outcome that took effect names the denial, if there is one."""
        effective = decided.outcome
        if effective.ending is Ending.CORRECTED:
            effective = self.scenario.outcomes[effective.then]
        last = (*decided.first, *decided.later)[-1]
        denied = effective.cause is not None and effective.ending is Ending.DENIED and last.status != REVERSAL
        self._note(
            fate,
            outcome=decided.outcome.name,
            ending=decided.outcome.ending,
            category=effective.cause.category if effective.cause and denied else None,
            payer_control_number=last.payer_control_number,
        )

    def _remits(
        self, decisions: list[tuple[_Fate, RemitClaim]], takes: Sequence[ProviderTake], *, imbalance: bool
    ) -> bool:
        """One 835 file of one payer, a set for each payee; says whether the stated imbalance is still to be made."""
        by_payee: dict[str, list[tuple[_Fate, RemitClaim]]] = defaultdict(list)
        for fate, decision in decisions:
            by_payee[fate.claim.provider.npi].append((fate, decision))
        size = self.scenario.claims_per_payment
        parts = [
            members[start : start + size] for members in by_payee.values() for start in range(0, len(members), size)
        ]
        sets = []
        for number, part in enumerate(parts, start=1):
            sample = part[0][0].claim
            trace = f"{number_from('trace', sample.payer_id, digits=4)}{self.desk.next_number:09d}{number:04d}"
            claims = [decision for _, decision in part]
            remit = payment(
                number, trace, claims, sample, takes if number == 1 else (), self.scenario.office, self.as_of
            )
            if imbalance and self.scenario.imbalance is not None:
                wrong = unbalanced(remit, self.scenario.imbalance)
                imbalance, remit = wrong == remit, wrong
            segments, remit = remit_set(remit, sample, self.scenario.office, self.forwarded)
            sets.append(segments)
            self.remits.append(remit)
            for (fate, _), claim in zip(part, remit.claims, strict=True):
                known = self.truth[fate.key].payments
                paid = TruePayment(trace=trace, payer_id=sample.payer_id, claim=claim)
                self._note(fate, payments=(*known, paid))
        self.desk.write(Kind.REMIT, sets)
        return imbalance
