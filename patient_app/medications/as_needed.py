"""Whether one more of a medicine taken as needed keeps to what was told about it. It informs, it never forbids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from patient_app.core.clock import Moment
from patient_app.medications.schedule import AsNeeded, Schedule


@dataclass(frozen=True, slots=True)
class Advice:
    """What is to be said before one more is recorded.

    `clear_from` (UTC) is the first moment, not before the one that was asked about, that keeps the gap to all others;
    `within_gap` says that it is later than that moment. `taken` counts those already recorded on that `day`;
    `over_most` says that one more would be too many for it.
    """

    within_gap: bool
    clear_from: datetime
    taken: int
    over_most: bool

    @property
    def fits(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.within_gap or self.over_most)


def as_needed_advice(log: Iterable[Moment], schedule: Schedule, now: Moment) -> Advice:
    """Return what one more taken at `now` would mean, by the moments at which the medicine was taken, in any order.

    `now` may lie in the past, for one that is written down later: those taken after it count too. Days are the
    person's own (`Moment.day`). Exactly one gap apart is apart enough. A limit that was not told, and a schedule that
    is not as needed, give nothing to say.
    """
    plan = schedule.plan if isinstance(schedule.plan, AsNeeded) else AsNeeded()
    taken = list(log)
    that_day = sum(moment.day == now.day for moment in taken)
    clear_from = _clear_from([moment.occurred_at for moment in taken], now.occurred_at, plan.gap_minutes)
    return Advice(
        within_gap=clear_from > now.occurred_at,
        clear_from=clear_from,
        taken=that_day,
        over_most=plan.most_a_day is not None and that_day >= plan.most_a_day,
    )


def _clear_from(taken: list[datetime], moment: datetime, gap_minutes: int | None) -> datetime:
    if gap_minutes is None:
        return moment
    gap = timedelta(minutes=gap_minutes)
    for other in sorted(taken):
        if abs(other - moment) < gap:
            moment = other + gap
    return moment
