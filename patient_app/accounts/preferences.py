"""How a person wants things shown: language, time zone, and the hour at which their day starts."""

from __future__ import annotations

from dataclasses import dataclass

from patient_app.accounts.models import Person
from patient_app.core import clock, faces
from patient_app.core.i18n import LANGUAGES
from patient_app.core.identity import Viewer
from patient_app.core.work import db

LATEST_DAY_START = 11 * 60


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person chose."""

    language: str
    zone: str
    day_start_minutes: int


def set_preferences(viewer: Viewer, chosen: Preferences) -> None:
    """Keep what a person chose. Entries written before keep the day and zone that they were written with."""
    if chosen.language not in LANGUAGES or clock.find_zone(chosen.zone) is None:
        raise ValueError("Choose a language and a zone that exist.")
    if not 0 <= chosen.day_start_minutes <= LATEST_DAY_START:
        raise ValueError("A day starts before noon.")
    person = db().get_one(Person, viewer.id, with_for_update=True)
    person.language = chosen.language
    person.zone = chosen.zone
    person.day_start_minutes = chosen.day_start_minutes


def show_as(viewer: Viewer, word: str) -> None:
    """Keep under which name and icon a person sees the application, and use it from this request on."""
    if word not in faces.FACES:
        raise ValueError("Choose a name that exists.")
    db().get_one(Person, viewer.id, with_for_update=True).shown_as = word
    faces.use(word)
