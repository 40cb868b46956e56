"""Writing iCalendar (RFC 5545): instants under one fixed title, which says nothing of what they are.

Written by ourselves: what is needed of the format is the escaping of text and the folding of lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from patient_app.core.work import config

# A line has at most so many bytes, without its end (RFC 5545, 3.1).
_LINE_BYTES = 75


@dataclass(frozen=True, slots=True)
class Event:
    """Something at an instant. `uid` stays the same for the same thing, and says nothing of it.

    `sequence` counts its versions, so that a newer one takes the place of what a calendar holds.
    """

    uid: str
    starts_at: datetime
    minutes: int
    sequence: int | None = None
    cancelled: bool = False


def written(events: Iterable[Event], title: str, name: str = "", *, feed: bool = False) -> str:
    """Return events as iCalendar, each with its alarm, all under the same title.

    `name` is what the calendar is called; a `feed` says how often it is worth asking again.
    """
    return "".join(f"{part}\r\n" for line in _lines(events, title, name, feed=feed) for part in folded(line))


def _lines(events: Iterable[Event], title: str, name: str, *, feed: bool) -> Iterator[str]:
    host = config().origin.rpartition("/")[2]
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//reminders//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH")
    if name:
        yield f"X-WR-CALNAME:{escaped(name)}"
    if feed:
        yield from ("REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H")
    for event in events:
        stamp = f"{event.starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        yield from ("BEGIN:VEVENT", f"UID:{event.uid}@{host}", f"DTSTAMP:{stamp}", f"DTSTART:{stamp}")
        yield f"DURATION:PT{event.minutes}M"
        if event.sequence is not None:
            yield f"SEQUENCE:{event.sequence}"
        yield from (f"SUMMARY:{escaped(title)}", "CLASS:PRIVATE")
        if event.cancelled:
            yield "STATUS:CANCELLED"
        else:
            yield "TRANSP:TRANSPARENT"
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
