"""Makes occurrences of what is due. Unique by reminder, civil day and slot: nothing is made twice."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Insert, Table, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from patient_app.accounts.models import Person, PersonState
from patient_app.core import changed, clock
from patient_app.core.changed import What
from patient_app.core.ids import new_id
from patient_app.core.work import connection
from patient_app.medications.due import instant
from patient_app.reminders import sources
from patient_app.reminders.models import (
    Kind,
    Occurrence,
    Reason,
    Reminder,
    ReminderOutage,
    ReminderSettings,
    ReminderTick,
    State,
)
from patient_app.reminders.schedule import LOOK_AGAIN, LOOK_BACK, Slot, due_between, next_after
from patient_app.reminders.sources import Rule, Whose
from patient_app.reminders.ways import Unsound

BATCH = 100
TICK_KEPT_EVERY = timedelta(minutes=1)
# Longer without a look is an outage of ours.
OUTAGE = timedelta(minutes=5)
# A reminder that could not be looked at is looked at again after that, from where it was looked at last.
AFTER_FAULT = timedelta(minutes=10)
# A clock that goes back less than this is only put right.
SET_BACK = timedelta(minutes=2)
# What was sent so much too early, by a clock that was wrong, is sent again at its time.
FAR_TOO_EARLY = timedelta(hours=4)
# Kinds whose times come from elsewhere are looked at again, in case that changed and nobody said so.
_DERIVED = frozenset({Kind.DOSES, Kind.APPOINTMENT, Kind.FOLLOW_UP, Kind.PLAN})

_HAS_DUE = select(Reminder.id).where(Reminder.next_at <= bindparam("now")).limit(1)
DUE = (
    select(
        Reminder.id,
        Reminder.practice_id,
        Reminder.patient_id,
        Reminder.kind,
        Reminder.times,
        Reminder.weekdays,
        Reminder.only,
        Reminder.paused_until,
        Reminder.next_at,
        Reminder.fault_since,
        Person.state,
        Person.zone,
        Person.language,
        Person.day_start_minutes,
        ReminderSettings.paused_until.label("all_paused_until"),
    )
    .join(Person, Person.id == Reminder.patient_id)
    .outerjoin(ReminderSettings, ReminderSettings.patient_id == Reminder.patient_id)
    .where(Reminder.next_at <= bindparam("now"))
    .order_by(Reminder.next_at, Reminder.id)
    .limit(BATCH)
    .with_for_update(of=Reminder, skip_locked=True)
)
_REMINDERS = cast("Table", Reminder.__table__)
_NEXT = (
    update(_REMINDERS)
    .where(_REMINDERS.c.id == bindparam("reminder"))
    .values(next_at=bindparam("next"), fault_since=None)
)
_NEW: dict[str, Insert] = {
    name: dialect.insert(Occurrence.__table__)
    .on_conflict_do_nothing(index_elements=["reminder_id", "local_day", "slot"])
    .returning(Occurrence.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_TICKED = select(ReminderTick.ticked_at)


def has_due(now: datetime) -> bool:
    """Whether any reminder has to be looked at."""
    return connection().scalar(_HAS_DUE, {"now": now}) is not None


def wants_tick(now: datetime) -> bool:
    """Whether it has to be kept that the engine looked now."""
    ticked_at = connection().scalar(_TICKED)
    return ticked_at is None or not ticked_at - SET_BACK <= now < ticked_at + TICK_KEPT_EVERY


def tick(now: datetime) -> None:
    """Keep that the engine looked now, and notice a clock that was set back, and an outage. Needs a writing unit."""
    ticked_at = connection().scalar(_TICKED.with_for_update())
    if ticked_at is None:
        dialect = {"sqlite": sqlite, "postgresql": postgresql}[connection().dialect.name]
        connection().execute(
            dialect.insert(ReminderTick.__table__).on_conflict_do_nothing(), {"id": 1, "ticked_at": now}
        )
        return
    connection().execute(update(ReminderTick).values(ticked_at=now))
    if now < ticked_at - SET_BACK:
        _go_back(now)
    elif now > ticked_at + OUTAGE:
        gap = {"id": new_id(), "began_at": ticked_at, "ended_at": now}
        connection().execute(ReminderOutage.__table__.insert(), gap)  # type: ignore[attr-defined]


def _go_back(now: datetime) -> None:
    """The clock was ahead, and is right now: what it made or gave up too early gets its time back."""
    connection().execute(update(Reminder).where(Reminder.next_at > now).values(next_at=now))
    ahead = update(Occurrence).where(Occurrence.due_at > now, Occurrence.handled_at.is_(None))
    back = {"state": State.WAITING, "act_at": Occurrence.due_at, "claim": None, "reason": None, "attempts": 0}
    unsent = or_(
        Occurrence.state.in_([State.WAITING, State.SENDING]),
        Occurrence.reason.in_([Reason.TOO_LATE, Reason.QUIET]),
    )
    connection().execute(ahead.where(unsent).values(back))
    too_early = ahead.where(Occurrence.state.in_([State.SENT, State.LISTED]), Occurrence.due_at > now + FAR_TOO_EARLY)
    connection().execute(too_early.values({**back, "round": Occurrence.round + 1, "sent_at": None}))
    # What is due by now and waits for a time that is far ahead: a lease, or a second try.
    stuck = update(Occurrence).where(
        Occurrence.act_at > now,
        Occurrence.due_at <= now,
        or_(Occurrence.state == State.SENDING, Occurrence.act_at > Occurrence.until),
    )
    connection().execute(stuck.values(act_at=now))


def make_batch(now: datetime) -> tuple[int, int]:
    """Make what is due of some reminders; return how many were looked at, and how many occurrences are new.

    Needs a writing unit. Reminders that another process looks at right now are left to it. Raise `Unsound` for one that
    cannot be looked at; `set_aside` takes it in a fresh unit.
    """
    rows = connection().execute(DUE, {"now": now}).all()
    people: dict[uuid.UUID, Whose] = {}
    new: list[dict[str, Any]] = []
    looked_at: list[dict[str, Any]] = []
    for row in rows:
        try:
            whose = people.setdefault(row.patient_id, whose_of(row))
            slots, next_at = _due_of(row, whose, now)
        except OperationalError:  # The database's own, not the row's: the next tick tries again.
            raise
        except Exception as fault:
            raise Unsound(row.id) from fault
        new += [_as_row(row, slot, now) for slot in slots]
        looked_at.append({"reminder": row.id, "next": next_at})
    if looked_at:
        connection().execute(_NEXT, looked_at)
    if not new:
        return len(rows), 0
    return len(rows), len(connection().execute(_NEW[connection().dialect.name], new).all())


def set_aside(reminder_id: uuid.UUID, now: datetime) -> None:
    """Look at a reminder that could not be looked at again later. Needs a fresh writing unit.

    What was due meanwhile is made then, if its window lasts: since when that is, is kept.
    """
    one = update(Reminder).where(Reminder.id == reminder_id, Reminder.next_at <= now)
    since = func.coalesce(Reminder.fault_since, Reminder.next_at)
    connection().execute(one.values(fault_since=since, next_at=now + AFTER_FAULT))


def whose_of(row: Any) -> Whose:
    """Return whose a row is that has the columns of its person."""
    zone = clock.find_zone(row.zone) or ZoneInfo("UTC")
    return Whose(row.patient_id, row.practice_id, zone, row.day_start_minutes, row.language)


def _due_of(row: Any, whose: Whose, now: datetime) -> tuple[list[Slot], datetime]:
    if row.state != PersonState.ACTIVE or row.kind not in sources.known():
        return [], now + LOOK_AGAIN
    rule = Rule(row.id, Kind(row.kind), row.times, row.weekdays, row.only)
    slots_in = sources.slots_in(rule, whose)
    begins = paused_until(row.paused_until, row.all_paused_until)
    since = row.next_at if row.fault_since is None else min(row.fault_since, row.next_at)
    found = due_between(slots_in, whose.zone, max(since, now - LOOK_BACK), now)
    after = now
    if begins is not None:
        found = [slot for slot in found if slot.local_day >= begins]
        after = max(now, instant(begins, 0, whose.zone) - timedelta(seconds=1))
    next_at = next_after(slots_in, whose.zone, after) or after + LOOK_AGAIN
    return found, min(next_at, now + LOOK_AGAIN) if rule.kind in _DERIVED else next_at


def paused_until(*dates: date | None) -> date | None:
    """Return the latest of some dates; None for none."""
    return max((day for day in dates if day is not None), default=None)


def _as_row(row: Any, slot: Slot, now: datetime) -> dict[str, Any]:
    is_over = slot.until <= now
    return {
        "id": new_id(),
        "practice_id": row.practice_id,
        "patient_id": row.patient_id,
        "reminder_id": row.id,
        "kind": row.kind,
        "local_day": slot.local_day,
        "slot": slot.key,
        "due_at": slot.due_at,
        "until": slot.until,
        "state": State.DROPPED if is_over else State.WAITING,
        "reason": Reason.TOO_LATE if is_over else None,
        "act_at": None if is_over else slot.due_at,
    }


# --- what changed below ----------------------------------------------------------------------------------------

_OF_PERSON = update(Reminder).where(Reminder.patient_id == bindparam("patient"), Reminder.ended_at.is_(None))
_LOOK_AT_KIND = _OF_PERSON.where(Reminder.kind == bindparam("of_kind")).values(next_at=bindparam("at"))
# What is due and not made yet stays due.
_SOONER = case((Reminder.next_at < bindparam("at"), Reminder.next_at), else_=bindparam("at"))
_LOOK_AT_DERIVED = _OF_PERSON.where(Reminder.kind.in_(_DERIVED)).values(next_at=_SOONER)


def look_again(person_id: uuid.UUID) -> None:
    """After another zone: look at all of a person's reminders, back as far as each still makes sense."""
    now = clock.now()
    for kind in sources.known():
        asked = {"patient": person_id, "of_kind": kind, "at": now - sources.window_of(kind)}
        connection().execute(_LOOK_AT_KIND, asked)


def look_at_derived_again(person_id: uuid.UUID) -> None:
    """After another regimen, or another appointment: look at the reminders that take their times from there."""
    connection().execute(_LOOK_AT_DERIVED, {"patient": person_id, "at": clock.now()})


changed.listen(What.ZONE, look_again)
changed.listen(What.REGIMEN, look_at_derived_again)
changed.listen(What.APPOINTMENTS, look_at_derived_again)
