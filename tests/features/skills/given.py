"""A patient, who may give them something, and what was given: for the tests of assignments."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.skills import assignments, files, recording
from patient_app.skills.answers import Said
from patient_app.skills.assignments import Given, OwnAssignment
from patient_app.skills.models import Often
from tests import factories
from tests.factories import Made, MadePractice

LOCKED, PLAIN, OF_USE = "brave-steps", "small-thing", "ride-the-wave"


@dataclass(frozen=True)
class World:
    """A patient; two clinicians on the team; another patient of theirs, and who made the teams."""

    practice: MadePractice
    patient: Made
    therapist: Made
    prescriber: Made
    other: Made
    administrator: Made
    membership: uuid.UUID


def make_world(store: Store) -> World:
    """Make them."""
    practice = factories.make_practice(store)
    patient, other = (factories.make_patient(store, practice, name=name) for name in ("Pat Reed", "Otto Hill"))
    therapist = factories.make_clinician(store, practice, Discipline.THERAPIST, name="Tom Birch")
    prescriber = factories.make_clinician(store, practice, Discipline.PRESCRIBER, name="Dr Ana Ruiz")
    administrator = factories.make_administrator(store, practice)
    membership = factories.assign_team(store, patient, therapist, administrator)
    factories.assign_team(store, patient, prescriber, administrator)
    factories.assign_team(store, other, therapist, administrator)
    return World(practice, patient, therapist, prescriber, other, administrator, membership)


def now_of(patient: Made) -> Moment:
    """Return the patient's moment of now."""
    return clock.moment(clock.now(), patient.zone)


def give(
    store: Store,
    world: World,
    name: str = LOCKED,
    often: Often = Often.DAILY,
    *,
    days: int = 14,
    note: str = "",
    by: Made | None = None,
    assignment_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Have a clinician give an exercise for so many days."""
    moment, found = now_of(world.patient), assignment_id or new_id()
    given = Given(files.exercises()[name], often, moment.day + timedelta(days=days), note)
    with store.work(writes=True):
        assignments.give((by or world.therapist).viewer, world.patient.id, found, given, moment)
    return found


def did(
    store: Store,
    world: World,
    name: str = LOCKED,
    *,
    finished: bool = True,
    session: Viewer | None = None,
    **said: object,
) -> uuid.UUID:
    """Have the patient do an exercise now, in an ordinary session or another."""
    run_id = new_id()
    with store.work(writes=True):
        moment, words = now_of(world.patient), Said(before=5, after=3, finished=finished, **said)  # type: ignore[arg-type]
        recording.record(session or world.patient.viewer, files.exercises()[name], run_id, words, moment)
    return run_id


def own(store: Store, world: World, assignment_id: uuid.UUID) -> OwnAssignment:
    """Return what was given as the patient reads it now."""
    with store.work(writes=False):
        return assignments.own_assignment(world.patient.viewer, assignment_id, now_of(world.patient).day)
