"""The practice itself: its opening hours and the telephone numbers that the help page shows.

The help page has to work when the database does not: `help_numbers` and its neighbours never raise, and give what was
last read when nothing can be read now.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from babel import Locale
from flask_babel import LazyString, get_locale, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from patient_app.accounts.models import OpeningHours, Practice, PracticeNumber
from patient_app.accounts.number_kinds import in_own_language
from patient_app.accounts.registry import Actor, IdInUse, one_line, store_once
from patient_app.core import clock, i18n, work
from patient_app.core.db import DatabaseBusy, DatabaseMissing
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import db
from patient_app.core.zone_words import zone_in_words

WEEKDAYS: tuple[LazyString, ...] = (
    _l("Monday"),
    _l("Tuesday"),
    _l("Wednesday"),
    _l("Thursday"),
    _l("Friday"),
    _l("Saturday"),
    _l("Sunday"),
)
UNREADABLE = (SQLAlchemyError, DatabaseBusy, DatabaseMissing)
_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class HelpNumber:
    """A telephone number of the practice; the list is in the order in which the help page shows it."""

    id: uuid.UUID
    label: str
    phone: str
    note: str

    @property
    def shown(self) -> LazyString | str:
        """What it is for, in the language of who reads it where there are words for it."""
        return in_own_language(self.label)


@dataclass(frozen=True, slots=True)
class Hours:
    """When the practice is open on a weekday (Monday is 0): minutes after midnight in the practice's zone."""

    weekday: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Reachable:
    """How a practice can be reached."""

    name: str = ""
    numbers: tuple[HelpNumber, ...] = ()
    hours: tuple[Hours, ...] = ()
    # By whose clock the hours are.
    zone: str = ""


NOWHERE = Reachable()
_last_known: dict[tuple[str, uuid.UUID | None], Reachable] = {}


# -------------------------------------------------------------------------------------------------- for the help page
def help_numbers(practice_id: uuid.UUID | None = None) -> tuple[HelpNumber, ...]:
    """Return the practice's numbers; never raises. Without a practice: those of the only one, if there is only one."""
    return reachable(practice_id).numbers


def opening_hours_text(practice_id: uuid.UUID | None = None) -> list[tuple[str, str]]:
    """Return (days, hours) in words, days with equal hours joined; empty when none are kept. Never raises."""
    return hours_in_words(reachable(practice_id).hours)


def reachable(practice_id: uuid.UUID | None = None, *, ask: bool = True) -> Reachable:
    """Return name, numbers and hours together; the last known ones when the database cannot be read. Never raises.

    Without `ask` the database is not asked at all.
    """
    memory = (str(work.unit().store.database.url), practice_id)
    if not ask:
        return _last_known.get(memory, NOWHERE)
    try:
        with work.reading() as session:
            found = _read(session, practice_id)
    except UNREADABLE:
        return _last_known.get(memory, NOWHERE)
    if len(_last_known) < _REMEMBERED or memory in _last_known:
        _last_known[memory] = found
    return found


def _read(session: Session, practice_id: uuid.UUID | None) -> Reachable:
    query = select(Practice).limit(2)
    if practice_id is not None:
        query = query.where(Practice.id == practice_id)
    practices = session.scalars(query).all()
    if len(practices) != 1:
        return NOWHERE
    only = practices[0]
    return Reachable(only.name, tuple(_numbers(session, only.id)), tuple(_hours(session, only.id)), only.zone)


def _numbers(session: Session, practice_id: uuid.UUID) -> list[HelpNumber]:
    query = select(PracticeNumber).where(PracticeNumber.practice_id == practice_id)
    rows = session.scalars(query.order_by(PracticeNumber.position, PracticeNumber.id))
    return [HelpNumber(row.id, row.label, row.phone, row.note) for row in rows]


def _hours(session: Session, practice_id: uuid.UUID) -> list[Hours]:
    query = select(OpeningHours).where(OpeningHours.practice_id == practice_id).order_by(OpeningHours.weekday)
    return [Hours(row.weekday, row.opens, row.closes) for row in session.scalars(query)]


def hours_in_words(hours: Sequence[Hours]) -> list[tuple[str, str]]:
    """Return (days, hours) in the reader's language; neighbouring days with equal hours share a line."""
    groups: list[list[Hours]] = []
    for day in hours:
        last = groups[-1][-1] if groups else None
        if last and (last.weekday + 1, last.opens, last.closes) == (day.weekday, day.opens, day.closes):
            groups[-1].append(day)
        else:
            groups.append([day])
    return [(_days(group), _span(group[0])) for group in groups]


def _days(group: Sequence[Hours]) -> str:
    first = str(WEEKDAYS[group[0].weekday])
    if len(group) == 1:
        return first
    # Within a sentence, some languages write a day small.
    last = (get_locale() or Locale("en")).days["format"]["wide"][group[-1].weekday]
    return gettext("%(first)s to %(last)s", first=first, last=last)


def _span(day: Hours) -> str:
    opens, closes = i18n.time_in_words(day.opens), i18n.time_in_words(day.closes)
    return i18n.at_head(gettext("%(opens)s to %(closes)s", opens=opens, closes=closes))


def other_clock(zone: str, of_reader: str) -> str:
    """Return a practice's zone where it is another time there now than by its reader's clock; else nothing."""
    there, here = clock.find_zone(zone), clock.find_zone(of_reader)
    if there is None or here is None:
        return ""
    now = clock.now()
    return "" if now.astimezone(there).utcoffset() == now.astimezone(here).utcoffset() else zone


def when_read(viewer: Viewer) -> str:
    """Say when somebody at the caller's practice is there next, who may read what was shared.

    By the practice's clock, which is named where the caller's shows another time; of a practice without hours, that it
    can take days. It promises nothing: nobody watches, and nobody has to read then.
    """
    practice = db().get_one(Practice, viewer.practice_id)
    hours = {day.weekday: day for day in _hours(db(), viewer.practice_id)}
    told = _there_next(hours, clock.now().astimezone(clock.find_zone(practice.zone) or UTC))
    other = other_clock(practice.zone, viewer.zone) if hours else ""
    if not other:
        return told
    by_clock = gettext("By the clock in %(zone)s.", zone=zone_in_words(other))
    return f"{told} {by_clock}"


def _there_next(hours: Mapping[int, Hours], now: datetime) -> str:
    minutes = now.hour * 60 + now.minute
    for ahead in range(8):
        day = now.date() + timedelta(days=ahead)
        there = hours.get(day.weekday())
        if there is None or (ahead == 0 and there.closes <= minutes):
            continue
        if ahead == 0 and there.opens <= minutes:
            return gettext(
                "Your care team is there until %(time)s today. They may read it then, or later.",
                time=i18n.time_in_words(there.closes),
            )
        return gettext(
            "Your care team is there next on %(day)s from %(time)s. They may read it then, or later.",
            day=i18n.day_in_words(day, "EEEE d MMMM"),
            time=i18n.time_in_words(there.opens),
        )
    return gettext("Your care team reads when it is open. It can take some days.")


# --------------------------------------------------------------------------------------------- for the administrator
def own_practice(viewer: Actor) -> Reachable:
    """Return the caller's practice, its numbers and hours."""
    return _read(db(), viewer.practice_id)


def zone_of(viewer: Actor) -> str:
    """Return the time zone of the caller's practice."""
    return db().get_one(Practice, viewer.practice_id).zone


def hours_of(viewer: Actor) -> list[Hours]:
    """Return the opening hours of the caller's practice, Monday first."""
    return _hours(db(), viewer.practice_id)


def set_hours(viewer: Actor, hours: Mapping[int, tuple[int, int]]) -> None:
    """Replace the opening hours: weekday (Monday is 0) to minutes of opening and closing; a day left out is closed."""
    _lock(viewer)
    db().execute(delete(OpeningHours).where(OpeningHours.practice_id == viewer.practice_id))
    db().add_all(
        OpeningHours(id=new_id(), practice_id=viewer.practice_id, weekday=weekday, opens=opens, closes=closes)
        for weekday, (opens, closes) in sorted(hours.items())
    )


def numbers_of(viewer: Actor) -> list[HelpNumber]:
    """Return the telephone numbers of the caller's practice, in order."""
    return _numbers(db(), viewer.practice_id)


def add_number(viewer: Actor, number_id: uuid.UUID, label: str, phone: str, note: str = "") -> None:
    """Add a telephone number at the end; sent twice, added once. Raise `IdInUse` when the form's id is another's."""
    _lock(viewer)
    words = (one_line(label), one_line(phone), one_line(note))
    known = db().get(PracticeNumber, number_id)
    if known is None:
        number = PracticeNumber(id=number_id, practice_id=viewer.practice_id, position=len(numbers_of(viewer)))
        number.label, number.phone, number.note = words
        if not store_once(number):
            raise IdInUse
    elif known.practice_id != viewer.practice_id or (known.label, known.phone, known.note) != words:
        raise IdInUse


def remove_number(viewer: Actor, number_id: uuid.UUID) -> None:
    """Remove a telephone number; raise `NotFound`."""
    _reorder([row for row in _rows(viewer, number_id) if row.id != number_id])
    db().delete(db().get_one(PracticeNumber, number_id))


def move_number_up(viewer: Actor, number_id: uuid.UUID) -> None:
    """Swap a telephone number with the one before it; the first stays. Raise `NotFound`."""
    rows = _rows(viewer, number_id)
    place = next(index for index, row in enumerate(rows) if row.id == number_id)
    if place:
        rows[place - 1], rows[place] = rows[place], rows[place - 1]
    _reorder(rows)


def _rows(viewer: Actor, number_id: uuid.UUID) -> list[PracticeNumber]:
    """Return the practice's numbers in order, for changing them; raise `NotFound` unless this is one of them."""
    _lock(viewer)
    query = select(PracticeNumber).where(PracticeNumber.practice_id == viewer.practice_id)
    rows = list(db().scalars(query.order_by(PracticeNumber.position, PracticeNumber.id)))
    if number_id not in {row.id for row in rows}:
        raise NotFound
    return rows


def _reorder(rows: Sequence[PracticeNumber]) -> None:
    for position, row in enumerate(rows):
        row.position = position


def _lock(viewer: Actor) -> None:
    """Let one change of the practice's hours and numbers through at a time."""
    db().execute(select(Practice.id).where(Practice.id == viewer.practice_id).with_for_update())
