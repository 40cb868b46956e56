"""From a form of the dose log to what is logged: the same for a page and for what waited on a phone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import parse_id
from patient_app.medications import dose_log, doses, regimen, when
from patient_app.medications.dose_forms import UNDO, AsNeededForm, DayForm, DoseForm, When
from patient_app.medications.dose_log import Sent, Slot, Told
from patient_app.medications.doses import DayList, Line, WhenNeeded
from patient_app.medications.models import DoseState


class NothingMarked(Exception):
    """No dose was marked."""


class NotAllTaken(Exception):
    """All was to be logged as taken, and something was said of doses that were not: neither is guessed."""


class NotYet(Exception):
    """The time that was told has not come."""


class Warned(Exception):
    """One more as needed is too soon, or too many for the day, and nobody said "anyway"; `one` tells more."""

    def __init__(self, one: WhenNeeded) -> None:
        super().__init__()
        self.one = one


@dataclass(frozen=True, slots=True)
class Tap:
    """Who tapped when, and of what waited on a phone: when it was written, and when it came."""

    patient: Viewer
    now: Moment
    sent: Sent | None = None
    recorded_at: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone that the phone was in."""
        return clock.find_zone(self.now.zone) or ZoneInfo("UTC")


class Done(NamedTuple):
    """What was done: a word for the notice, and the state of all, if it is one."""

    word: str
    state: DoseState | None


def log_day(tap: Tap, form: DayForm, day: date) -> Done:
    """Log the doses of a list; raise `NothingMarked`, `NotAllTaken`, and as `dose_log.log_due` does."""
    if form.contradicts:
        raise NotAllTaken
    states = form.states(day)
    if not states:
        raise NothingMarked
    lines = _lines(doses.on_date(tap.patient, day, tap.now.occurred_at))
    if tap.sent is not None:  # A medicine that was taken off the list meanwhile keeps nothing of the others away.
        there = {one.id for one in regimen.own_medicines(tap.patient)}
        states = {slot: state for slot, state in states.items() if slot.medicine_id in there} or states
    taps = {slot: _plain(tap, form, slot, state, lines.get(slot)) for slot, state in states.items()}
    dose_log.log_due(tap.patient, form.id.value, taps, tap.now, sent=tap.sent, recorded_at=tap.recorded_at)
    return _done(set(states.values()))


def log_dose(tap: Tap, form: DoseForm, slot: Slot) -> Done:
    """Log one dose; raise `NotYet` for a time that has not come, and as `dose_log.log_due` does."""
    line = _lines(doses.on_date(tap.patient, slot.plan_date, tap.now.occurred_at)).get(slot)
    state = DoseState.OPEN if form.do.data == UNDO else DoseState(form.state.data)
    told = _plain(tap, form, slot, state, line)
    if state is DoseState.TAKEN and (form.typed or form.when.data == When.NOW):
        amount = form.amount.thousandths or told.amount
        told = Told(state, _when_taken(tap, form, slot, line, told.moment), amount, typed=form.typed)
    dose_log.log_due(tap.patient, form.id.value, {slot: told}, tap.now, sent=tap.sent, recorded_at=tap.recorded_at)
    return _done({state})


def log_as_needed(tap: Tap, form: AsNeededForm, medicine_id: uuid.UUID, *, warns: bool) -> Done:
    """Log one taken as needed, or take one back.

    With `warns`, raise `Warned` first where one more is too soon or too many, unless the form says "anyway" or that
    very one is stored. Raise `NotYet`, and as `dose_log.log_as_needed` does.
    """
    medicine = regimen.own_medicine(tap.patient, medicine_id)
    if form.takes_back:
        dose_id = parse_id(form.undo.data)
        if dose_id is None:
            raise NotFound
        dose_log.undo_as_needed(
            tap.patient, form.id.value, medicine_id, dose_id, tap.now, sent=tap.sent, recorded_at=tap.recorded_at
        )
        return _done({DoseState.OPEN})
    moment = as_needed_moment(tap, form)
    one = doses.one_more(tap.patient, medicine, moment, form.amount.thousandths)
    asks = warns and not form.anyway.data and not one.advice.fits
    if asks and not dose_log.is_there(tap.patient, form.id.value):
        raise Warned(one)
    planned = one.plan.amount
    amount = form.amount.thousandths or (None if planned is None else int(planned * 1000))
    told = Told(DoseState.TAKEN, moment, amount, typed=form.typed)
    dose_log.log_as_needed(
        tap.patient, form.id.value, medicine_id, told, tap.now, sent=tap.sent, recorded_at=tap.recorded_at
    )
    return _done({DoseState.TAKEN})


def as_needed_moment(tap: Tap, form: AsNeededForm) -> Moment:
    """Return when one as needed was taken: now, at a time of today or of a past day, or on a day; raise `NotYet`."""
    if form.when.data == When.NOW:  # Whatever day the page was opened on: it may have lain open, or on a phone.
        return tap.now
    day = day_of(form.day.data, tap.now)
    if form.when.data == When.TIME and form.time.time is not None:
        instant = when.on_day(form.time.time, day, tap.now.occurred_at, tap.zone, tap.patient.day_start_minutes)
        if instant is None:
            raise NotYet
        return _moment(tap, instant)
    if form.when.data == When.DAY or day != tap.now.day:
        return clock.noon_of(day, tap.now.zone)
    return tap.now


def day_of(text: str | None, now: Moment) -> date:
    """Return the past day that a form or an address names; this day where it names none that can be filled in."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return now.day
    return day if (now.day - day).days in range(when.PAST_DAYS + 1) else now.day


def _plain(tap: Tap, form: DayForm | DoseForm, slot: Slot, state: DoseState, line: Line | None) -> Told:
    """Return what a mere tap says: now, or on a past day at no known time, the amount of the plan."""
    minute = line.minute if line else None
    is_now = when.is_tapped_now(slot.plan_date, minute, tap.now)
    moment = tap.now if is_now or state in {DoseState.OPEN, DoseState.LATER} else _noon(tap, slot)
    if state is DoseState.TAKEN:
        return Told(state, moment, line.thousandths if line else None)
    if state is DoseState.LATER:
        choices = when.later_choices(tap.now.occurred_at, tap.zone, regimen.hours_of(tap.patient))
        until = choices.get(form.chosen_later) or max(choices.values())
        return Told(state, moment, later_until=until, typed=form.chosen_later)
    return Told(state, moment, why=form.reason if state is DoseState.SKIPPED else None)


def _when_taken(tap: Tap, form: DoseForm, slot: Slot, line: Line | None, plain: Moment) -> Moment:
    if form.when.data == When.DAY:
        return _noon(tap, slot)
    if form.when.data == When.NOW:  # Also of a dose of a day before.
        return tap.now
    said = form.time.time if form.when.data == When.TIME else _planned(line) if form.when.data == When.PLANNED else None
    if said is None:
        return plain
    minute = line.minute if line else None
    instant = when.taken_at(
        said, (slot.plan_date, minute), tap.now.occurred_at, tap.zone, tap.patient.day_start_minutes
    )
    if instant is None:
        raise NotYet
    return _moment(tap, instant)


def _planned(line: Line | None) -> time | None:
    if line is None or line.minute is None:
        return None
    return time(line.minute // 60 % 24, line.minute % 60)


def _noon(tap: Tap, slot: Slot) -> Moment:
    """Return the moment of a dose of which only the day is known; of one of today, not later than now."""
    noon = clock.noon_of(slot.plan_date, tap.now.zone)
    if noon.occurred_at <= tap.now.occurred_at:
        return noon
    return replace(noon, occurred_at=tap.now.occurred_at)


def _moment(tap: Tap, instant: datetime) -> Moment:
    return clock.moment(min(instant, tap.now.occurred_at), tap.now.zone, tap.patient.day_start_minutes)


def _lines(listed: DayList) -> dict[Slot, Line]:
    return {line.slot: line for line in listed.lines}


def _done(states: set[DoseState]) -> Done:
    words = {
        DoseState.TAKEN: "dose-taken",
        DoseState.LATER: "dose-later",
        DoseState.SKIPPED: "dose-skipped",
        DoseState.OPEN: "dose-undone",
    }
    if len(states) > 1:
        return Done("doses-saved", None)
    (only,) = states
    return Done(words[only], only)
