"""What is sent to one device: opaque ids, and words that tell no more than the person chose."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass

from flask_babel import force_locale, gettext

from patient_app.core.i18n import time_in_words
from patient_app.core.times import as_field
from patient_app.reminders import wording
from patient_app.reminders.models import Kind, Wording
from patient_app.reminders.ways import Device, Payload
from patient_app.reminders.wording import About

OPENS = "/reminders"
# Check-ins and doses are done there; the next appointment and a word when it is quiet stand there.
TODAY = "/today"
_ON_TODAY = frozenset({Kind.CHECK_IN, Kind.DOSES, Kind.APPOINTMENT, Kind.FOLLOW_UP})
_TOPIC_LENGTH = 32  # RFC 8030, 5.4


@dataclass(frozen=True, slots=True)
class Told:
    """An occurrence as it is told: by what words, of what, for which minute of the day, and in which language."""

    id: uuid.UUID
    wording: Wording
    of: About
    minute: int | None
    language: str

    @property
    def asks_mood(self) -> bool:
        """Whether it asks how somebody is: only where they chose that others may read that it does."""
        return self.of.kind is Kind.CHECK_IN and self.wording is Wording.DETAILED


def payload(device: Device, told: Told) -> Payload:
    """Return what is sent to one device. Called in the claim's unit of work, so that it may store what it needs."""
    with force_locale(told.language):
        shown = wording.lock_screen(told.wording, told.of, told.minute)
        body = shown.body
        if told.asks_mood and told.minute is not None:
            body = gettext("Reminder for %(time)s: how are you now?", time=time_in_words(told.minute))
    return {
        "id": str(told.id),
        "title": shown.title,
        "body": body,
        "lang": told.language,
        "at": "" if told.minute is None else as_field(told.minute),
        "asks_mood": told.asks_mood,
        "url": TODAY if told.of.kind in _ON_TODAY else OPENS,
    }


def topic(occurrence_id: uuid.UUID) -> str:
    """Return the topic under which a newer message replaces one that was not delivered yet; it tells nothing."""
    digest = hashlib.sha256(b"reminder " + occurrence_id.bytes).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")[:_TOPIC_LENGTH]


def is_urgent(kind: Kind) -> bool:
    """Whether a phone is to be woken for it."""
    return kind is Kind.DOSES
