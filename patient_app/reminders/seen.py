"""What a patient reads of their reminders: what waits on Today, and what was sent and done."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy import bindparam, func, select

from patient_app.core.i18n import time_in_words
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.work import connection
from patient_app.medications import doses
from patient_app.medications.models import DoseState
from patient_app.reminders import own, sources, wording
from patient_app.reminders.claiming import about_of
from patient_app.reminders.handling import MOST_ROUNDS
from patient_app.reminders.models import Handled, Kind, Occurrence, Reason, Reminder, State
from patient_app.reminders.sources import Rule, Whose
from patient_app.reminders.wording import About

HISTORY_DAYS = 14
MOST_SHOWN = 200
_COLUMNS = (
    Occurrence.id,
    Occurrence.reminder_id,
    Occurrence.patient_id,
    Occurrence.kind,
    Occurrence.local_day,
    Occurrence.slot,
    Occurrence.due_at,
    Occurrence.until,
    Occurrence.act_at,
    Occurrence.state,
    Occurrence.reason,
    Occurrence.round,
    Occurrence.sent_at,
    Occurrence.handled_at,
    Occurrence.handled_how,
    Reminder.times,
    Reminder.weekdays,
    Reminder.only,
    Reminder.about_sealed,
    Reminder.words_sealed,
)
_OWN = (
    select(*_COLUMNS)
    .join(Reminder, Reminder.id == Occurrence.reminder_id)
    .where(Occurrence.patient_id == bindparam("patient_id"))
)
_ALL_WAITING = _OWN.where(
    Occurrence.due_at <= bindparam("now"),
    Occurrence.due_at > bindparam("since"),
    Occurrence.handled_at.is_(None),
    Occurrence.state != State.DROPPED,
    Occurrence.kind != Kind.DIGEST,
    Reminder.ended_at.is_(None),
).order_by(Occurrence.due_at)
_ELSEWHERE = (Kind.CHECK_IN, Kind.DOSES, Kind.APPOINTMENT, Kind.FOLLOW_UP)
# What is done elsewhere, and then waits no longer.
_WITH_REASON = frozenset({*_ELSEWHERE, Kind.MEASURE})
_WAITING = Prepared(_ALL_WAITING.where(*(Occurrence.kind != kind for kind in _ELSEWHERE)))
_SINCE = (
    _OWN.where(Occurrence.due_at > bindparam("since"), func.coalesce(Occurrence.reason, "") != Reason.NOT_NEEDED)
    .order_by(Occurrence.due_at.desc())
    .limit(MOST_SHOWN)
)


@dataclass(frozen=True, slots=True)
class Seen:
    """An occurrence as its owner reads it: times are wall times where the person is now, naive.

    `taken` is when its doses were logged as taken, where all of them were.
    """

    id: uuid.UUID
    kind: Kind
    text: str
    local_day: date
    minute: int | None
    state: State
    reason: Reason | None
    sent: datetime | None
    handled: datetime | None
    handled_how: Handled | None
    again: datetime | None
    may_put_off: bool
    taken: datetime | None = None

    @property
    def clock(self) -> str:
        """The time that it was for; empty for one at no time."""
        return "" if self.minute is None else time_in_words(self.minute)

    @property
    def said(self) -> list[str]:
        """What became of it, in short sentences: "sent 8:00 AM", "taken 8:04 AM"."""
        return list(_became(self))


def _became(one: Seen) -> Iterator[str]:
    """Yield short sentences that say what became of an occurrence."""
    if one.sent is not None:
        yield gettext("sent %(time)s", time=_clock(one.sent))
    elif one.reason is not None:
        yield str(wording.REASONS[one.reason])
    if one.again is not None:
        yield gettext("comes again %(time)s", time=_clock(one.again))
    if one.handled is not None:
        yield _done(one, _clock(one.taken or one.handled))
    elif one.taken is not None:
        yield gettext("taken %(time)s", time=_clock(one.taken))


def _done(one: Seen, time: str) -> str:
    if one.handled_how is Handled.NOTIFICATION:
        if one.taken is not None:
            return gettext("taken %(time)s, from the notification", time=time)
        return gettext("done %(time)s, from the notification", time=time)
    return gettext("taken %(time)s", time=time) if one.taken is not None else gettext("done %(time)s", time=time)


def _clock(at: datetime) -> str:
    return time_in_words(at)


def waiting(patient: Viewer, now: datetime) -> list[Seen]:
    """Return what came up on this day and is not done, but for what Today shows by itself."""
    if patient.entries_closed_from is not None:
        return []
    whose = own.whose(patient)
    asked = {"patient_id": patient.id, "now": now, "since": now - timedelta(days=1)}
    today = now.astimezone(whose.zone).date()
    rows = [row for row in _WAITING.all(connection(), asked) if row.local_day >= today]
    return [_as_seen(row, whose) for row in rows if row.kind != Kind.MEASURE or _is_open(row, whose, now)]


def all_waiting(patient: Viewer, now: datetime) -> list[Seen]:
    """Return what came up on this day and is not done, check-ins and doses too while there is a reason for them.

    For the page that a reminder opens where notifications have no buttons: it has the same ones.
    """
    if patient.entries_closed_from is not None:
        return []
    whose = own.whose(patient)
    today = now.astimezone(whose.zone).date()
    asked = {"patient_id": patient.id, "now": now, "since": now - timedelta(days=1)}
    rows = [row for row in connection().execute(_ALL_WAITING, asked).all() if row.local_day >= today]
    return [_as_seen(row, whose) for row in rows if row.kind not in _WITH_REASON or _is_open(row, whose, now)]


def _is_open(row: Any, whose: Whose, now: datetime) -> bool:
    return not isinstance(sources.standing_of(_rule(row), whose, row, now), Reason)


def history(patient: Viewer, now: datetime) -> list[Seen]:
    """Return what came up in the last days, the newest first, with what became of it. Few SQL statements."""
    if patient.entries_closed_from is not None:
        return []
    whose = own.whose(patient)
    since = now - timedelta(days=HISTORY_DAYS)
    rows = connection().execute(_SINCE, {"patient_id": patient.id, "since": since}).all()
    taken = _taken(patient, rows)
    return [_as_seen(row, whose, taken=_taken_of(row, whose, taken)) for row in rows]


_Taken = dict[tuple[str, date, str | None], datetime]


def _taken(patient: Viewer, rows: Iterable[Any]) -> _Taken:
    days = [row.local_day for row in rows if row.kind == Kind.DOSES]
    if not days:
        return {}
    return {
        (str(one.medicine_id), one.plan_date, one.slot): one.occurred_at
        for one in doses.logged_between(patient, min(days), max(days))
        if one.state is DoseState.TAKEN and one.time_known
    }


def _taken_of(row: Any, whose: Whose, taken: _Taken) -> datetime | None:
    if row.kind != Kind.DOSES or not taken:
        return None
    due = sources.doses_at(_rule(row), whose, row.local_day, row.slot)
    times = [taken.get(dose.identity) for dose in due]
    known = [at for at in times if at is not None]
    return max(known) if known and len(known) == len(times) else None


def _rule(row: Any) -> Rule:
    return Rule(row.reminder_id, Kind(row.kind), row.times, row.weekdays, row.only)


def _as_seen(row: Any, whose: Whose, taken: datetime | None = None) -> Seen:
    state = State(row.state)
    waits = state is State.WAITING and row.act_at is not None
    return Seen(
        id=row.id,
        kind=Kind(row.kind),
        text=wording.in_app(_about(row, whose)),
        local_day=row.local_day,
        minute=int(row.slot) if row.slot.isdecimal() else None,
        state=state,
        reason=None if row.reason is None else Reason(row.reason),
        sent=_wall(row.sent_at, whose.zone),
        handled=_wall(row.handled_at, whose.zone),
        handled_how=None if row.handled_how is None else Handled(row.handled_how),
        again=_wall(row.act_at, whose.zone) if waits and row.round else None,
        may_put_off=row.round < MOST_ROUNDS,
        taken=_wall(taken, whose.zone),
    )


def _about(row: Any, whose: Whose) -> About:
    if row.kind == Kind.REFILL:  # What ran low then is not known any more.
        return About(Kind.REFILL)
    return about_of(row, _rule(row), whose, row)


def _wall(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone).replace(tzinfo=None)
