"""A patient with a prescriber, a therapist and an addiction specialist on the team, on an afternoon in November."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from patient_app.appointments import service, writing
from patient_app.appointments.said import Entered, Said
from patient_app.appointments.when import start
from patient_app.appointments.writing import Author
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from tests import factories
from tests.factories import ZONE, Made

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)  # 13:00 in New York.
TODAY = date(2026, 11, 3)


@dataclass(frozen=True)
class World:
    """Who is there."""

    practice: factories.MadePractice
    administrator: Made
    patient: Made
    prescriber: Made
    therapist: Made
    specialist: Made


def make(store: Store) -> World:
    """Make them."""
    factories.make_installation(store)
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    patient = factories.make_patient(store, practice, name="Ada")
    team = [
        factories.make_clinician(store, practice, discipline, name=name)
        for discipline, name in (
            (Discipline.PRESCRIBER, "Dr Pia"),
            (Discipline.THERAPIST, "Tom"),
            (Discipline.ADDICTION_SPECIALIST, "Ines"),
        )
    ]
    for clinician in team:
        factories.assign_team(store, patient, clinician, administrator)
    return World(practice, administrator, patient, *team)


def said(days: int = 1, minute: int = 600, **options: Any) -> Said:
    """Return an appointment so many days from today."""
    return Said(start(TODAY + timedelta(days=days), minute, ZONE), **options)


def enter(store: Store, world: World, told: Said, by: Made | None = None, id_: uuid.UUID | None = None) -> uuid.UUID:
    """Keep one, written by the patient or by a clinician."""
    appointment_id = id_ or new_id()
    with store.work(writes=True):
        writing.enter(author(world, by), appointment_id, told)
    return appointment_id


def author(world: World, by: Made | None = None) -> Author:
    """Return who writes: the patient unless somebody else is named."""
    patient = world.patient.viewer
    return Author.patient(patient) if by is None else Author.clinician(by.viewer, world.patient.id, TODAY)


def own(store: Store, world: World) -> list[Entered]:
    """Return what the patient has, the earliest first."""
    with store.work(writes=False):
        found = service.own_appointments(world.patient.viewer, clock.now())
    return sorted((*found.to_come, *found.past), key=lambda one: one.starts_at)


def moved(told: Said, minutes: int) -> Said:
    """Return the same at another minute of its day."""
    return replace(told, start=start(told.start.local_date, minutes, told.start.zone))
