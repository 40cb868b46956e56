"""One appointment as a file for a calendar app: when it is, and a title that says nothing of why."""

from __future__ import annotations

from flask_babel import gettext

from patient_app.appointments.said import USUAL_MINUTES, Entered
from patient_app.core import ical
from patient_app.core.ical import Event


def file_of(one: Entered) -> str:
    """Return the file: the time and how long it lasts, under a discreet title; no name, no place, no link.

    A calendar is read by others too: on a lock screen, at work, by whoever shares it.
    """
    minutes = one.said.minutes or USUAL_MINUTES
    # The version counts up, so that a calendar that holds it takes the newer one in its place.
    event = Event(one.id.hex, one.starts_at, minutes, sequence=one.version, cancelled=not one.stands)
    return ical.written([event], gettext("Reminder"))
