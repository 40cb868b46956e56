"""Whether one more of a medicine taken as needed keeps to what was told about it. It informs, it never forbids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from patient_app.core.clock import Moment
from patient_app.medications.schedule import AsNeeded, Schedule


@dataclass(frozen=True, slots=True)
class Advice:
    """What is to be said before one more is recorded.

    `clear_from` (UTC) is the first moment, not before the one that was asked about, that keeps the gap to all others;
    `within_gap` says that it is later than that moment. `taken` counts those already recorded on that `day`;
    `over_most` says that one more would be too many for it. `day_amount` is what that day would come to with this one,
    where that is more than the plan has for a day; `over_at_once`, that this one is more than it has at a time.
    """

    within_gap: bool
    clear_from: datetime
    taken: int
    over_most: bool
    day_amount: Decimal | None = None
    over_at_once: bool = False

    @property
    def fits(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.within_gap or self.over_most or self.day_amount is not None or self.over_at_once)


@dataclass(frozen=True, slots=True)
class Taken:
    """One that was taken, or is to be: when, and how much; None where it is as much as the plan says, or not known."""

    at: Moment
    amount: Decimal | None = None


def as_needed_advice(log: Iterable[Taken], schedule: Schedule, new: Taken) -> Advice:
    """Return what one more, `new`, would mean, by what was taken of the medicine, in any order.

    It may lie in the past, for one that is written down later: those taken after it count too. Days are the person's
    own (`Moment.day`). Exactly one gap apart is apart enough. What the plan has for a day is its amount, as often as it
    says: three at once are three. A limit that was not told, and a schedule that is not as needed, give nothing to say.
    """
    plan = schedule.plan if isinstance(schedule.plan, AsNeeded) else AsNeeded()
    taken, now = list(log), new.at.occurred_at
    that_day = [one for one in taken if one.at.day == new.at.day]
    clear_from = _clear_from([one.at.occurred_at for one in taken], now, plan.gap_minutes)
    return Advice(
        within_gap=clear_from > now,
        clear_from=clear_from,
        taken=len(that_day),
        over_most=plan.most_a_day is not None and len(that_day) >= plan.most_a_day,
        day_amount=_day_amount([*that_day, new], plan),
        over_at_once=plan.amount is not None and new.amount is not None and new.amount > plan.amount,
    )


def _day_amount(taken: Sequence[Taken], plan: AsNeeded) -> Decimal | None:
    """Return how much these are together, where that is more than the plan has for a day."""
    if plan.amount is None or plan.most_a_day is None:
        return None
    together = sum((plan.amount if one.amount is None else one.amount for one in taken), Decimal(0))
    return together if together > plan.amount * plan.most_a_day else None


def _clear_from(taken: list[datetime], moment: datetime, gap_minutes: int | None) -> datetime:
    if gap_minutes is None:
        return moment
    gap = timedelta(minutes=gap_minutes)
    for other in sorted(taken):
        if abs(other - moment) < gap:
            moment = other + gap
    return moment
