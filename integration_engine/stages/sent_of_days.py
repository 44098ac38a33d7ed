"""What has left of the days of a batch: asked of the store once, when the first day wants to know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from integration_engine.domain.record import DayState, PatientRecord
from integration_engine.domain.sent_claim import SentClaim


class SentOfDays:
    """Tells of each day which claims have left, oldest first.

    Shapes   records: of the batch, as they were read. ask: the store's answer for several days.
    Why      A refused file opens thousands of days at once, and each would ask for itself. Billed days are seldom asked
             of, and a patient may have hundreds, so they are not among those asked of together.
    """

    def __init__(
        self, records: Mapping[int, PatientRecord], ask: Callable[[Collection[int]], Sequence[SentClaim]]
    ) -> None:
        days = (day for record in records.values() for day in record.days)
        self._together = {day.id for day in days if day.sent and day.state is not DayState.BILLED}
        self._ask = ask
        self._known: dict[int, list[SentClaim]] = {}

    def __call__(self, day_id: int) -> Sequence[SentClaim]:
        """The claims that have left for a day."""
        if day_id not in self._known:
            wanted = self._together - self._known.keys() if day_id in self._together else {day_id}
            self._known.update((day, []) for day in wanted)
            for claim in self._ask(wanted):
                self._known[claim.day_id].append(claim)
        return self._known[day_id]
