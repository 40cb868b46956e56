"""How a person wants things shown: language, time zone, and the hour at which their day starts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from patient_app.accounts.models import Person
from patient_app.accounts.registry import FOR_CHANGE
from patient_app.core import changed, clock, faces
from patient_app.core.i18n import LANGUAGES
from patient_app.core.identity import Viewer
from patient_app.core.outbox import SaidAt
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
    person = db().get_one(Person, viewer.id, with_for_update=FOR_CHANGE)
    person.language = chosen.language
    _move_to(person, chosen.zone)
    person.day_start_minutes = chosen.day_start_minutes


def set_language(viewer: Viewer, language: str) -> None:
    """Keep a person's language from now on, and nothing else; one that does not exist changes nothing."""
    if language in LANGUAGES:
        db().get_one(Person, viewer.id, with_for_update=FOR_CHANGE).language = language


def set_zone(viewer: Viewer, zone: str) -> None:
    """Keep in which zone a person is from now on, and nothing else."""
    if clock.find_zone(zone) is None:
        raise ValueError("Choose a zone that exists.")
    _move_to(db().get_one(Person, viewer.id, with_for_update=FOR_CHANGE), zone)


def _move_to(person: Person, zone: str) -> None:
    if person.zone != zone:
        person.zone = zone
        changed.tell(changed.What.ZONE, person.id)


def show_as(viewer: Viewer, word: str) -> None:
    """Keep under which name and icon a person sees the application, and use it from this request on."""
    if word not in faces.FACES:
        raise ValueError("Choose a name that exists.")
    db().get_one(Person, viewer.id, with_for_update=FOR_CHANGE).shown_as = word
    faces.use(word)


def was_wished(viewer: Viewer, item: uuid.UUID) -> bool:
    """Whether what a person last wished by a phone came with this item: then it is kept, whatever its clock says."""
    return db().get_one(Person, viewer.id).shown_simply_item == item


def show_simply(viewer: Viewer, *, wish: bool, said: SaidAt | None = None) -> None:
    """Keep whether a person wants their pages simple, until they say otherwise; said twice it is the same.

    What waited on a phone (`said`) changes nothing where they said something else later.
    """
    said = said or SaidAt.now()
    person = db().get_one(Person, viewer.id, with_for_update=FOR_CHANGE)
    if said.is_news_to(person.shown_simply_at, person.shown_simply_item):
        person.shown_simply, person.shown_simply_at = wish, said.at
        person.shown_simply_item = said.item or person.shown_simply_item
