"""A patient's own reminders: read, added, changed, paused, ended. Nobody else reads them, and no consent opens them.

A session that began with a clinic code, and is still in question, sees none and changes none.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from patient_app.accounts import preferences
from patient_app.accounts.models import Person
from patient_app.checkins.models import CheckIn
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault
from patient_app.reminders import sources
from patient_app.reminders.models import Kind, Reminder, ReminderSettings, Wording
from patient_app.reminders.schedule import EVERY_DAY, Quiet
from patient_app.reminders.sources import Rule, Whose

MOST_REMINDERS = 20
# Where the phone was longer ago says nothing of where it is.
LATELY = timedelta(days=2)
MOST_TIMES = 12
LONGEST_WORDS = 120
# Of these a patient has one at most.
ONE_ONLY = frozenset({Kind.DOSES, Kind.REFILL, Kind.DIGEST})

_OWN = (
    select(
        Reminder.id,
        Reminder.kind,
        Reminder.times,
        Reminder.weekdays,
        Reminder.only,
        Reminder.wording,
        Reminder.paused_until,
        Reminder.about_sealed,
        Reminder.words_sealed,
        Reminder.patient_id,
    )
    .where(Reminder.patient_id == bindparam("patient_id"), Reminder.ended_at.is_(None))
    .order_by(Reminder.created_at, Reminder.id)
)
_SETTINGS = select(
    ReminderSettings.quiet_from,
    ReminderSettings.quiet_to,
    ReminderSettings.paused_until,
    ReminderSettings.zone_asked,
    ReminderSettings.offer_answered_at,
    ReminderSettings.feed_sealed,
    ReminderSettings.patient_id,
).where(ReminderSettings.patient_id == bindparam("patient_id"))


_NEWEST_ZONE = (
    select(CheckIn.zone)
    .where(
        CheckIn.patient_id == bindparam("patient_id"),
        CheckIn.removed_at.is_(None),
        CheckIn.time_known,
        CheckIn.occurred_at > bindparam("lately"),
    )
    .order_by(CheckIn.occurred_at.desc())
    .limit(1)
    .scalar_subquery()
)
_HAS_ANY = select(Reminder.id).where(Reminder.patient_id == bindparam("patient_id")).limit(1).scalar_subquery()
_TODAY = select(
    ReminderSettings.zone_asked,
    ReminderSettings.offer_answered_at,
    _NEWEST_ZONE.label("phone_zone"),
    _HAS_ANY.label("any_reminder"),
).select_from(
    select(Person.id)
    .where(Person.id == bindparam("patient_id"))
    .subquery("who")
    .outerjoin(ReminderSettings, ReminderSettings.patient_id == bindparam("patient_id"))
)


class TooMany(Exception):
    """No more reminders fit; one has to be ended first."""


class OneOnly(Exception):
    """There is one of this kind already, and it can be changed."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose for a reminder. `about` is what one of kind `OWN` is of; `words` are for the lock screen."""

    kind: Kind
    times: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = EVERY_DAY
    only: tuple[str, ...] | None = None
    wording: Wording = Wording.DISCREET
    about: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class OwnReminder:
    """A reminder as its owner reads it."""

    id: uuid.UUID
    chosen: Chosen
    paused_until: date | None

    @property
    def kind(self) -> Kind:
        """What it is of."""
        return self.chosen.kind

    @property
    def rule(self) -> Rule:
        """What it says of its times."""
        return Rule(self.id, self.kind, self.chosen.times, self.chosen.weekdays, self.chosen.only)


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all reminders of a person; one who chose nothing has quiet hours of no length."""

    quiet: Quiet | None = None
    paused_until: date | None = None
    zone_asked: str | None = None
    offer_answered: bool = False
    feed: str = ""


def own_reminders(patient: Viewer) -> list[OwnReminder]:
    """Return the patient's own reminders, the oldest first. One SQL statement."""
    if patient.entries_closed_from is not None:
        return []
    return [_as_own(row) for row in connection().execute(_OWN, {"patient_id": patient.id})]


def own_reminder(patient: Viewer, reminder_id: uuid.UUID) -> OwnReminder:
    """Return one of the patient's own; raise `NotFound` for "not yours", "ended" and "not there" alike."""
    for found in own_reminders(patient):
        if found.id == reminder_id:
            return found
    raise NotFound


def settings_of(patient: Viewer) -> Settings:
    """Return what holds for all of the patient's reminders."""
    row = connection().execute(_SETTINGS, {"patient_id": patient.id}).one_or_none()
    if row is None or patient.entries_closed_from is not None:
        return Settings()
    quiet = None if row.quiet_from is None or row.quiet_to is None else Quiet(row.quiet_from, row.quiet_to)
    feed = ""
    if row.feed_sealed is not None:
        feed = vault().open(
            Place(ReminderSettings.__tablename__, "feed_sealed", patient.id, patient.id), row.feed_sealed
        )
    return Settings(quiet, row.paused_until, row.zone_asked, row.offer_answered_at is not None, feed)


def whose(patient: Viewer) -> Whose:
    """Return what the sources want to know of a patient."""
    zone = clock.find_zone(patient.zone) or ZoneInfo("UTC")
    return Whose(patient.id, patient.practice_id, zone, patient.day_start_minutes, patient.language)


@dataclass(frozen=True, slots=True)
class ForToday:
    """What Today asks of reminders: whether to offer them, and which zone the person may have moved to."""

    may_offer: bool = False
    other_zone: str = ""


def for_today(patient: Viewer, now: datetime) -> ForToday:
    """Return what Today asks, from what the person said and where their last check-in was made. One SQL statement."""
    if patient.entries_closed_from is not None:
        return ForToday()
    row = connection().execute(_TODAY, {"patient_id": patient.id, "lately": now - LATELY}).one()
    settings = Settings(zone_asked=row.zone_asked)
    other = row.phone_zone or ""
    has_reminders = row.any_reminder is not None
    asks = has_reminders and asks_about_zone(patient, settings, other)
    return ForToday(row.offer_answered_at is None and not has_reminders, other if asks else "")


# --- changing --------------------------------------------------------------------------------------------------


def add(patient: Viewer, reminder_id: uuid.UUID, chosen: Chosen) -> uuid.UUID:
    """Add a reminder once and return its id; the same id again changes it to what was said. Needs a writing unit.

    Raise `TooMany`, `OneOnly` for a second one of a kind of which there is one, and `NotFound` for an id that cannot be
    used and for a session in question.
    """
    _settings_row(patient)  # One writer at a time for this patient.
    known = db().get(Reminder, reminder_id)
    if known is not None:
        _check_own(patient, known)
        _write(known, chosen)
        return known.id
    others = own_reminders(patient)
    if chosen.kind in ONE_ONLY and any(other.kind is chosen.kind for other in others):
        raise OneOnly
    if len(others) >= MOST_REMINDERS:
        raise TooMany
    now = clock.now()
    row = Reminder(
        id=reminder_id, practice_id=patient.practice_id, patient_id=patient.id, kind=chosen.kind, created_at=now
    )
    _write(row, chosen)
    db().add(row)
    db().flush()
    return row.id


def change(patient: Viewer, reminder_id: uuid.UUID, chosen: Chosen) -> None:
    """Change a reminder; its kind stays. Needs a writing unit. Raise `NotFound` as `own_reminder` does."""
    row = _row(patient, reminder_id)
    _write(row, replace(chosen, kind=Kind(row.kind)))


def end(patient: Viewer, reminder_id: uuid.UUID) -> None:
    """Turn a reminder off for good; what it said before stays in the history. Needs a writing unit."""
    row = _row(patient, reminder_id)
    row.ended_at, row.next_at = clock.now(), None


def pause(patient: Viewer, reminder_id: uuid.UUID, until: date | None) -> None:
    """Pause a reminder until a civil date, on which it reminds again; None ends the pause. Needs a writing unit."""
    row = _row(patient, reminder_id)
    row.paused_until, row.next_at = until, clock.now()


def pause_all(patient: Viewer, until: date | None) -> None:
    """Pause all until a civil date, as `pause`. Needs a writing unit; raise `NotFound` for a session in question."""
    row = _settings_row(patient)
    row.paused_until = until
    for reminder in own_reminders(patient):
        db().get_one(Reminder, reminder.id).next_at = clock.now()


def set_quiet(patient: Viewer, quiet: Quiet | None) -> None:
    """Keep the quiet hours; None for none. Needs a writing unit; raise `NotFound` for a session in question."""
    row = _settings_row(patient)
    row.quiet_from, row.quiet_to = (None, None) if quiet is None else (quiet.first, quiet.last)


def answer_offer(patient: Viewer) -> None:
    """Keep that the offer of reminders was answered, whatever was said. Needs a writing unit."""
    row = _settings_row(patient)
    row.offer_answered_at = row.offer_answered_at or clock.now()


def asks_about_zone(patient: Viewer, settings: Settings, phone_zone: str) -> bool:
    """Whether a person is to be asked if their reminders move to the zone that their phone is in: once a change."""
    if patient.entries_closed_from is not None or clock.find_zone(phone_zone) is None:
        return False
    return phone_zone not in {patient.zone, settings.zone_asked}


def answer_zone(patient: Viewer, phone_zone: str, *, move: bool) -> None:
    """Keep the answer to that question, and move to the zone if it was yes. Needs a writing unit.

    Raise `NotFound` for a zone that we do not know, and for a session in question.
    """
    if clock.find_zone(phone_zone) is None:
        raise NotFound
    row = _settings_row(patient)
    if move:
        # Whoever goes back is asked again.
        row.zone_asked = None
        preferences.set_zone(patient, phone_zone)
    else:
        row.zone_asked = phone_zone


# --- how it is written -----------------------------------------------------------------------------------------


def _write(row: Reminder, chosen: Chosen) -> None:
    row.times, row.weekdays = sorted(set(chosen.times)), sorted(set(chosen.weekdays))
    row.only = None if chosen.only is None else list(chosen.only)
    row.wording = chosen.wording
    row.about, row.words = chosen.about or None, chosen.words or None
    row.changed_at = row.next_at = clock.now()


def _row(patient: Viewer, reminder_id: uuid.UUID) -> Reminder:
    _settings_row(patient)
    row = db().get(Reminder, reminder_id)
    if row is None:
        raise NotFound
    _check_own(patient, row)
    return row


def _check_own(patient: Viewer, row: Reminder) -> None:
    if row.patient_id != patient.id or row.ended_at is not None:
        raise NotFound


def settings_row(patient: Viewer) -> ReminderSettings:
    """Return the row of what holds for all, locked, and made where there is none. Needs a writing unit.

    Raise `NotFound` for a session in question.
    """
    return _settings_row(patient)


def _settings_row(patient: Viewer) -> ReminderSettings:
    if patient.entries_closed_from is not None:
        raise NotFound
    query = select(ReminderSettings).where(ReminderSettings.patient_id == patient.id).with_for_update()
    row = db().scalar(query)
    if row is None:
        try:
            with db().begin_nested():
                fresh = ReminderSettings(patient_id=patient.id, practice_id=patient.practice_id, changed_at=clock.now())
                db().add(fresh)
        except IntegrityError:
            db().expire_all()
        row = db().scalars(query).one()
    row.changed_at = clock.now()
    return row


def _as_own(row: Any) -> OwnReminder:
    def opened(column: str) -> str:
        blob = getattr(row, column)
        return "" if blob is None else vault().open(Place(Reminder.__tablename__, column, row.id, row.patient_id), blob)

    chosen = Chosen(
        kind=Kind(row.kind),
        times=tuple(row.times),
        weekdays=tuple(row.weekdays),
        only=None if row.only is None else tuple(row.only),
        wording=Wording(row.wording),
        about=opened("about_sealed"),
        words=opened("words_sealed"),
    )
    return OwnReminder(row.id, chosen, row.paused_until)


def kinds_to_add(reminders: Sequence[OwnReminder]) -> list[Kind]:
    """Return the kinds of which one more can be added, in the order in which they are offered."""
    there = {reminder.kind for reminder in reminders}
    return [kind for kind in Kind if kind in sources.known() and not (kind in ONE_ONLY and kind in there)]


def asking(patient: Viewer) -> uuid.UUID:
    """Return whose reminders are meant; raise `NotFound` for a session in question."""
    if patient.entries_closed_from is not None:
        raise NotFound
    return patient.id
