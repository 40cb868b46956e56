"""Changing one's own reminders: added once by id, changed, paused, ended. Reading is `own`'s.

A session that began with a clinic code, and is still in question, changes none.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from patient_app.accounts import preferences
from patient_app.accounts.models import Person
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import db
from patient_app.reminders.models import Kind, Reminder, ReminderSettings
from patient_app.reminders.own import ELSEWHERE, ONE_ONLY, Chosen, own_reminders
from patient_app.reminders.schedule import Quiet

MOST_REMINDERS = 20
_PERSON = select(Person.id).where(Person.id == bindparam("person")).with_for_update(key_share=True)


class TooMany(Exception):
    """No more reminders fit; one has to be ended first."""


class OneOnly(Exception):
    """There is one of this kind already, and it can be changed."""


def add(patient: Viewer, reminder_id: uuid.UUID, chosen: Chosen) -> uuid.UUID:
    """Add a reminder once and return its id; the same id again changes it to what was said. Needs a writing unit.

    Raise `TooMany`, `OneOnly` for a second one of a kind of which there is one, and `NotFound` for an id that cannot be
    used and for a session in question.
    """
    settings_row(patient)  # One writer at a time for this patient.
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


def add_all(patient: Viewer, wished: Sequence[Chosen]) -> None:
    """Add some reminders, all or none. Needs a writing unit; raise as `add` does."""
    settings_row(patient)
    if len(own_reminders(patient)) + len(wished) > MOST_REMINDERS:
        raise TooMany
    for chosen in wished:
        add(patient, new_id(), chosen)


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
    row.paused_until = until
    _look_soon(row)


def pause_all(patient: Viewer, until: date | None) -> None:
    """Pause all until a civil date, as `pause`. Needs a writing unit; raise `NotFound` for a session in question."""
    row = settings_row(patient)
    row.paused_until = until
    for reminder in own_reminders(patient):
        _look_soon(db().get_one(Reminder, reminder.id))


def set_quiet(patient: Viewer, quiet: Quiet | None) -> None:
    """Keep the quiet hours; None for none. Needs a writing unit; raise `NotFound` for a session in question."""
    row = settings_row(patient)
    row.quiet_from, row.quiet_to = (None, None) if quiet is None else (quiet.first, quiet.last)


def answer_offer(patient: Viewer) -> None:
    """Keep that the offer of reminders was answered, whatever was said. Needs a writing unit."""
    row = settings_row(patient)
    row.offer_answered_at = row.offer_answered_at or clock.now()


def answer_zone(patient: Viewer, phone_zone: str, *, move: bool) -> None:
    """Keep the answer to that question, and move to the zone if it was yes. Needs a writing unit.

    Raise `NotFound` for a zone that we do not know, and for a session in question.
    """
    if clock.find_zone(phone_zone) is None:
        raise NotFound
    row = settings_row(patient)
    if move:
        # Whoever goes back is asked again.
        row.zone_asked = None
        preferences.set_zone(patient, phone_zone)
    else:
        row.zone_asked = phone_zone


def _write(row: Reminder, chosen: Chosen) -> None:
    before = row.times, row.weekdays, row.only
    row.times, row.weekdays = sorted(set(chosen.times)), sorted(set(chosen.weekdays))
    row.only = None if chosen.only is None else list(chosen.only)
    row.changed_at = clock.now()
    if before == (row.times, row.weekdays, row.only):
        _look_soon(row)
    else:  # Times that were chosen just now are not looked for in the past.
        row.next_at, row.fault_since = row.changed_at, None
    quiet = chosen.quiet
    row.quiet_from, row.quiet_to = (None, None) if quiet is None else (quiet.first, quiet.last)
    row.wording = chosen.wording
    row.about, row.words = chosen.about or None, chosen.words or None


def _look_soon(row: Reminder) -> None:
    """Have it looked at now; what is due already, and not made yet, stays due."""
    now = clock.now()
    row.next_at = now if row.next_at is None else min(row.next_at, now)


def _row(patient: Viewer, reminder_id: uuid.UUID) -> Reminder:
    settings_row(patient)
    row = db().get(Reminder, reminder_id)
    if row is None:
        raise NotFound
    _check_own(patient, row)
    return row


def _check_own(patient: Viewer, row: Reminder) -> None:
    if row.patient_id != patient.id or row.ended_at is not None or row.kind in ELSEWHERE:
        raise NotFound


def settings_row(patient: Viewer) -> ReminderSettings:
    """Return the row of what holds for all, locked, and made where there is none. Needs a writing unit.

    Raise `NotFound` for a session in question.
    """
    if patient.entries_closed_from is not None:
        raise NotFound
    # The person first: their language and zone are changed under the same lock, and that looks at reminders too.
    db().execute(_PERSON, {"person": patient.id})
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
