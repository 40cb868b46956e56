"""The calendar: an address with a secret, where a calendar app reads when there is a reminder, and nothing of what.

Each entry is an instant and one fixed sentence (`core/ical.py`). Whoever has the address reads times; so it can be
closed.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale, gettext
from sqlalchemy import bindparam, or_, select, update

from patient_app.accounts.models import Person, PersonState
from patient_app.core import changed, clock, ical
from patient_app.core.errors import NotFound
from patient_app.core.ical import Event
from patient_app.core.identity import Viewer
from patient_app.core.work import connection
from patient_app.reminders import choosing, sources
from patient_app.reminders.making import paused_until
from patient_app.reminders.models import Kind, Reminder, ReminderSettings
from patient_app.reminders.sources import Rule, Whose

DAYS_BEFORE, DAYS_AHEAD = 1, 30
MOST_ENTRIES = 1000
LONGEST_TOKEN = 64
# What comes at times of the day that a person chose, or that their plan has; and what they planned in exercises.
SHOWN = frozenset({Kind.CHECK_IN, Kind.DOSES, Kind.OWN, Kind.PLAN})
_MINUTES = 5
_FOUND = (
    select(
        Person.id,
        Person.practice_id,
        Person.zone,
        Person.day_start_minutes,
        Person.language,
        ReminderSettings.paused_until.label("all_paused_until"),
    )
    .join(ReminderSettings, ReminderSettings.patient_id == Person.id)
    .where(
        ReminderSettings.feed_hash == bindparam("feed_hash"),
        Person.state == PersonState.ACTIVE,
        or_(Person.entries_closed_until.is_(None), Person.entries_closed_until <= bindparam("now")),
    )
)
_RULES = select(
    Reminder.id, Reminder.kind, Reminder.times, Reminder.weekdays, Reminder.only, Reminder.paused_until
).where(Reminder.patient_id == bindparam("patient_id"), Reminder.ended_at.is_(None))


_CLOSE = (
    update(ReminderSettings)
    .where(ReminderSettings.patient_id == bindparam("patient"), ReminderSettings.feed_hash.is_not(None))
    .values(feed_hash=None, feed_sealed=None)
)


def open_feed(patient: Viewer) -> str:
    """Make a new secret, of 256 random bits, and return it; an earlier one is closed. Needs a writing unit."""
    row = choosing.settings_row(patient)
    token = secrets.token_urlsafe(32)
    row.feed_hash, row.feed = _hash(token), token
    return token


def close_feed(patient: Viewer) -> None:
    """Close the calendar: its address opens nothing any more. Needs a writing unit."""
    row = choosing.settings_row(patient)
    row.feed_hash, row.feed = None, None


def close_with_sessions(person_id: uuid.UUID) -> None:
    """Close the calendar of who signed out all other devices: whoever has its address was let in once, like these."""
    connection().execute(_CLOSE, {"patient": person_id})


def feed(token: str, now: datetime) -> str:
    """Return the calendar behind a secret; raise `NotFound` for one that opens nothing."""
    found = None
    if token.isascii() and len(token) <= LONGEST_TOKEN:
        found = connection().execute(_FOUND, {"feed_hash": _hash(token), "now": now}).one_or_none()
    if found is None:
        raise NotFound
    zone = clock.find_zone(found.zone) or ZoneInfo("UTC")
    whose = Whose(found.id, found.practice_id, zone, found.day_start_minutes, found.language)
    with force_locale(found.language):
        events = [Event(uid, at, _MINUTES) for uid, at in _entries(whose, found.all_paused_until, now)]
        return ical.written(events, gettext("Reminder"), gettext("Reminders"), feed=True)


Entry = tuple[str, datetime]


def _entries(whose: Whose, all_paused_until: date | None, now: datetime) -> list[Entry]:
    today = now.astimezone(whose.zone).date()
    first, last = today - timedelta(days=DAYS_BEFORE), today + timedelta(days=DAYS_AHEAD)
    entries: list[Entry] = []
    for row in connection().execute(_RULES, {"patient_id": whose.patient_id}):
        if row.kind not in SHOWN:
            continue
        begins = paused_until(row.paused_until, all_paused_until) or first
        rule = Rule(row.id, Kind(row.kind), row.times, row.weekdays, row.only)
        slots = sources.slots_of(rule, whose, max(first, begins), last) if begins <= last else []
        entries += [(_uid(rule.id, slot.local_day, slot.key), slot.due_at) for slot in slots]
    return sorted(entries, key=lambda entry: (entry[1], entry[0]))[:MOST_ENTRIES]


def _uid(reminder_id: uuid.UUID, day: date, key: str) -> str:
    """Return a name that stays the same for the same entry, and says nothing of which reminder it is."""
    return hashlib.sha256(f"{reminder_id} {day} {key}".encode()).hexdigest()[:32]


def _hash(token: str) -> bytes:
    return hashlib.sha256(b"calendar " + token.encode("ascii", "replace")).digest()


changed.listen(changed.What.SIGNED_OUT, close_with_sessions)
