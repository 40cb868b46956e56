"""Words of the dose log: what is said of a dose, and of how many there were."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from patient_app.core.i18n import time_in_words
from patient_app.core.ids import new_id
from patient_app.medications.doses import Line, Logged, WhenNeeded
from patient_app.medications.models import DoseState
from patient_app.medications.skipping import WORDS as REASONS
from patient_app.medications.skipping import Reason
from patient_app.medications.when import Later
from patient_app.medications.words import FOODS, also_called, amount_words, gap_words

STATES = {DoseState.TAKEN: _l("Taken"), DoseState.LATER: _l("Later"), DoseState.SKIPPED: _l("Skipped")}
LATER = {
    Later.TEN_MINUTES: _l("10 minutes"),
    Later.HALF_AN_HOUR: _l("30 minutes"),
    Later.HOUR: _l("1 hour"),
    Later.TWO_HOURS: _l("2 hours"),
    Later.EVENING: _l("This evening"),
}


def thousandths_words(amount: int | None, unit: str) -> str:
    """Return an amount as it is logged, with its unit; empty for one that nobody told."""
    return amount_words(None if amount is None else Decimal(amount) / 1000, unit)


def line_words(line: Line) -> str:
    """Return what the plan says of one dose: its name in the reader's language, how much, and with what."""
    said = [amount_words(line.amount, line.unit), str(FOODS[line.food]) if line.food else ""]
    named = also_called(line.medicine.newest.said)
    return " · ".join(filter(None, [named, ", ".join(filter(None, said))]))


def state_words(line: Line) -> str:
    """Return what is logged of a dose; nothing for one that is open."""
    logged = line.logged
    if logged is None or logged.state is DoseState.OPEN:
        return ""
    if logged.state is DoseState.LATER:
        return gettext("Later, at %(time)s", time=_until(logged)) if logged.later_until else gettext("Later")
    if logged.state is DoseState.SKIPPED:
        return _skipped(logged)
    other = logged.amount not in {None, line.thousandths}
    amount = thousandths_words(logged.amount, line.unit) if other else ""
    taken = (
        gettext("Taken at %(time)s", time=time_in_words(logged.local_time)) if logged.time_known else gettext("Taken")
    )
    return ", ".join(filter(None, [taken, amount]))


def _skipped(logged: Logged) -> str:
    if logged.why is None:
        return gettext("Skipped")
    words = logged.why.words if logged.why.reason is Reason.OTHER and logged.why.words else REASONS[logged.why.reason]
    return gettext("Skipped: %(why)s", why=str(words))


def _until(logged: Logged) -> str:
    until = logged.later_until or logged.occurred_at
    return time_in_words(_local(until, logged.utc_offset))


def _local(instant: datetime, utc_offset: int) -> datetime:
    return (instant + timedelta(minutes=utc_offset)).replace(tzinfo=None)


def plan_words(one: WhenNeeded) -> str:
    """Return what was told about a medicine as needed: how much, how often, how far apart."""
    plan, said = one.plan, [amount_words(one.plan.amount, one.schedule.unit)]
    if plan.most_a_day is not None:
        said.append(gettext("at most %(number)s times a day", number=plan.most_a_day))
    if plan.gap_minutes is not None:
        said.append(gettext("%(time)s apart", time=gap_words(plan.gap_minutes)))
    return ", ".join(filter(None, said))


def advice_words(one: WhenNeeded, utc_offset: int) -> list[str]:
    """Return what is to be said before one more is written down, kindly; nothing where it fits.

    Times are told by the clock by which the last one was written down; without one, at `utc_offset`.
    """
    advice, unit, told = one.advice, one.schedule.unit, []
    offset = one.taken[-1].utc_offset if one.taken else utc_offset
    at_once = amount_words(one.plan.amount, unit)
    if advice.over_most:
        told.append(
            gettext(
                "You wrote down %(taken)s for this day. The plan says at most %(most)s.",
                taken=advice.taken,
                most=one.plan.most_a_day,
            )
        )
    elif advice.day_amount is not None:
        told.append(
            gettext(
                "With this one, it is %(taken)s for this day. The plan says %(amount)s, at most %(most)s times.",
                taken=amount_words(advice.day_amount, unit),
                amount=at_once,
                most=one.plan.most_a_day,
            )
        )
    elif advice.over_at_once:
        told.append(gettext("The plan says %(amount)s at a time.", amount=at_once))
    if advice.within_gap and one.plan.gap_minutes is not None:
        told.append(
            gettext(
                "The plan says %(gap)s between two. That is at %(time)s.",
                gap=gap_words(one.plan.gap_minutes),
                time=time_in_words(_local(advice.clear_from, offset)),
            )
        )
    return told


def times_words(one: WhenNeeded) -> str:
    """Return when the ones of a day were taken, as far as the times are known."""
    return ", ".join(_time(logged) for logged in one.taken)


def one_taken_words(one: WhenNeeded, logged: Logged) -> str:
    """Return one that was taken as needed: when, and how much."""
    return ", ".join(filter(None, [_time(logged), thousandths_words(logged.amount, one.schedule.unit)]))


def fresh_id() -> str:
    """Return an id for one form of a page."""
    return str(new_id())


def _time(logged: Logged) -> str:
    return time_in_words(logged.local_time) if logged.time_known else gettext("no time told")
