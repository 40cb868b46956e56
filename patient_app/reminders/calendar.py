"""The calendar: an address with a secret, where a calendar app reads when there is a reminder, and nothing of what.

Written as iCalendar (RFC 5545) by ourselves: each entry is an instant and one fixed sentence, so that what is needed of
the format is the escaping of text and the folding of lines. Whoever has the address reads times; so it can be closed.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale, gettext
from sqlalchemy import bindparam, or_, select, update

from patient_app.accounts.models import Person, PersonState
from patient_app.core import changed, clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.work import config, connection
from patient_app.reminders import choosing, sources
from patient_app.reminders.making import paused_until
from patient_app.reminders.models import Kind, Reminder, ReminderSettings
from patient_app.reminders.sources import Rule, Whose

DAYS_BEFORE, DAYS_AHEAD = 1, 30
MOST_ENTRIES = 1000
LONGEST_TOKEN = 64
# What comes at times of the day that a person chose, or that their plan has.
SHOWN = frozenset({Kind.CHECK_IN, Kind.DOSES, Kind.OWN})
# A line has at most so many bytes, without its end (RFC 5545, 3.1).
_LINE_BYTES = 75
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
        return written(_entries(whose, found.all_paused_until, now), gettext("Reminder"), gettext("Reminders"))


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


def written(entries: Iterable[Entry], title: str, name: str) -> str:
    """Return entries as iCalendar, each with its alarm, all under the same title."""
    return "".join(f"{part}\r\n" for line in _lines(entries, title, name) for part in folded(line))


def _lines(entries: Iterable[Entry], title: str, name: str) -> Iterator[str]:
    host = config().origin.rpartition("/")[2]
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//reminders//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH")
    yield f"X-WR-CALNAME:{escaped(name)}"
    yield from ("REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H")
    for uid, at in entries:
        stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        yield from ("BEGIN:VEVENT", f"UID:{uid}@{host}", f"DTSTAMP:{stamp}", f"DTSTART:{stamp}", "DURATION:PT5M")
        yield from (f"SUMMARY:{escaped(title)}", "CLASS:PRIVATE", "TRANSP:TRANSPARENT")
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{escaped(title)}", "TRIGGER:PT0S", "END:VALARM")
        yield "END:VEVENT"
    yield "END:VCALENDAR"


def escaped(text: str) -> str:
    """Return a text as a value (RFC 5545, 3.3.11)."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return "\\n".join(text.splitlines())


def folded(line: str) -> Iterator[str]:
    """Yield a line in parts of 75 bytes at most, each but the first after a space; no letter is cut in two."""
    part, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LINE_BYTES:
            yield part
            part, size = " ", 1
        part += letter
        size += width
    yield part


def _hash(token: str) -> bytes:
    return hashlib.sha256(b"calendar " + token.encode("ascii", "replace")).digest()


changed.listen(changed.What.SIGNED_OUT, close_with_sessions)
