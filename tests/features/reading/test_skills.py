"""Exercises through the one door: only those that were shown, to those who may, without the lines that are kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.consent.categories import Category, Level
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading import skills
from patient_app.skills import files, recording
from patient_app.skills.answers import Said
from patient_app.skills.models import ExerciseRun
from tests.factories import Made, give_consent, make_clinician, sign_in
from tests.features.reading.medicines_world import DETAIL, MOOD, NOTES, NOW, SUMMARY, USE, World, make_world
from tests.page import Client

SKILLS = Category.SKILLS
ALL = dict.fromkeys(Category, DETAIL)


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime | str], None]) -> World:
    set_time(NOW)
    return make_world(store)


def did(store: Store, patient: Made, name: str, words: str, *, shared: bool | None = True, **said: object) -> uuid.UUID:
    """Have the patient do an exercise now, and say whether it is shown."""
    exercise, run_id = files.exercises()[name], new_id()
    field = next(one.id for one in exercise.fields if one.kind == "text")
    with store.work(writes=True):
        moment = clock.moment(clock.now(), patient.zone)
        recording.record(patient.viewer, exercise, run_id, replace(Said({field: words}), **said), moment)  # type: ignore[arg-type]
        if shared is not None:
            recording.set_shared(patient.viewer, run_id, shared=shared)
    return run_id


def told(store: Store, who: Made, patient: Made) -> set[str]:
    """Return all words of exercises that somebody reads."""
    with store.work(writes=True):
        found = skills.read_skills(who.viewer, patient.id)
    return {words for run in found.runs for line in run.lines for words in line.told}


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ({}, set[str]()),
        ({MOOD: DETAIL, NOTES: DETAIL, USE: DETAIL}, set[str]()),
        ({SKILLS: SUMMARY}, set[str]()),
        ({SKILLS: DETAIL}, {"plain"}),
        ({SKILLS: DETAIL, USE: DETAIL}, {"plain", "of use", "use was told"}),
        (ALL, {"plain", "of use", "use was told"}),
    ],
)
def test_nobody_sees_what_the_patient_did_not_agree_to(
    store: Store, world: World, scope: Mapping[Category, Level], seen: set[str]
) -> None:
    patient = world.patient
    did(store, patient, "worry-time", "plain")
    did(store, patient, "ride-the-wave", "of use")
    did(store, patient, "worry-time", "use was told", about_use=True)
    did(store, patient, "worry-time", "not shown", shared=None)
    did(store, patient, "worry-time", "kept to oneself", shared=False)
    did(store, patient, "worry-time", "not finished", finished=False)
    if scope:
        give_consent(store, patient, world.prescriber, scope)
    assert told(store, world.prescriber, patient) == seen


def test_a_line_that_is_kept_is_read_by_nobody_else(store: Store, world: World) -> None:
    give_consent(store, world.patient, world.prescriber, ALL)
    did(store, world.patient, "worry-time", "kept", kept=frozenset({"step"}))
    with store.work(writes=True):
        found = skills.read_skills(world.prescriber.viewer, world.patient.id)
    assert [run.lines for run in found.runs] == [()]


def test_an_exercise_that_is_always_shown_is_so_from_that_day_on_and_one_by_one_holds(
    store: Store, world: World, set_time: Callable[[datetime | str], None]
) -> None:
    patient, exercise = world.patient, files.exercises()["worry-time"]
    give_consent(store, patient, world.prescriber, ALL)
    did(store, patient, "worry-time", "before", shared=None)
    set_time(clock.now() + timedelta(days=2))
    with store.work(writes=True):
        recording.share_kind(patient.viewer, exercise, clock.moment(clock.now(), patient.zone).day)
    did(store, patient, "worry-time", "after", shared=None)
    did(store, patient, "worry-time", "this one not", shared=False)
    did(store, patient, "kind-pause", "of another kind", shared=None)
    assert told(store, world.prescriber, patient) == {"after"}
    with store.work(writes=True):
        recording.share_kind(patient.viewer, exercise, None)
    assert told(store, world.prescriber, patient) == set()


def test_what_was_taken_away_is_closed_at_the_next_reading(store: Store, world: World) -> None:
    give_consent(store, world.patient, world.prescriber, ALL)
    run_id = did(store, world.patient, "worry-time", "gone")
    assert told(store, world.prescriber, world.patient) == {"gone"}
    with store.work(writes=True):
        recording.remove(world.patient.viewer, run_id)
    assert told(store, world.prescriber, world.patient) == set()


def test_what_a_session_in_question_writes_is_read_by_nobody_else_and_it_decides_no_sharing(
    store: Store, world: World
) -> None:
    give_consent(store, world.patient, world.prescriber, ALL)
    since = clock.now() - timedelta(seconds=1)
    stranger = replace(world.patient.viewer, entries_closed_from=since, entries_closed_until=since)
    exercise, run_id = files.exercises()["worry-time"], new_id()
    with store.work(writes=True):
        recording.record(stranger, exercise, run_id, Said({"step": "planted"}), clock.moment(clock.now(), "UTC"))
        with pytest.raises(NotFound):
            recording.set_shared(stranger, run_id, shared=True)
        with pytest.raises(NotFound):
            recording.share_kind(stranger, exercise, clock.now().date())
        db().get_one(ExerciseRun, run_id).shared = True  # Whatever stands there.
    assert told(store, world.prescriber, world.patient) == set()


def test_a_reading_is_recorded_with_what_stood_there_and_a_stranger_reads_nothing(store: Store, world: World) -> None:
    did(store, world.patient, "worry-time", "plain")
    give_consent(store, world.patient, world.prescriber, {SKILLS: DETAIL, MOOD: DETAIL})
    told(store, world.prescriber, world.patient)
    with store.work(writes=False):
        record = db().scalars(select(AccessRecord).where(AccessRecord.kind == AccessKind.SKILLS)).one()
    assert (record.viewer_id, record.categories) == (world.prescriber.id, ["skills"])
    stranger = make_clinician(store, world.practice, Discipline.THERAPIST)
    with store.work(writes=True), pytest.raises(NotFound):
        skills.read_skills(stranger.viewer, world.patient.id)


def test_the_patient_shows_one_and_sees_what_they_see(app: Flask, store: Store, world: World) -> None:
    run_id = did(store, world.patient, "worry-time", "the rent", shared=None)
    give_consent(store, world.patient, Discipline.PRESCRIBER, {SKILLS: DETAIL})
    patient, prescriber = Client(app), Client(app)
    sign_in(patient, world.patient)
    sign_in(prescriber, world.prescriber)
    page = patient.get(f"/skills/runs/{run_id}")
    assert "Only you." in page.words
    assert "the rent" not in prescriber.get(f"/team/{world.patient.id}/skills").text
    patient.post(f"/skills/runs/{run_id}/shared", data={"shared": "yes"})
    assert world.prescriber.name in patient.get(f"/skills/runs/{run_id}").words
    assert "the rent" in prescriber.get(f"/team/{world.patient.id}/skills").text
    assert "the rent" in patient.get("/sharing/preview", query_string={"to": "team:prescriber"}).text
    patient.post(f"/skills/runs/{run_id}/lines", data={"kept": "step"})
    assert "the rent" not in prescriber.get(f"/team/{world.patient.id}/skills").text
    assert "the rent" not in patient.get("/sharing/preview", query_string={"to": "team:prescriber"}).text
    assert "page of your exercises" in patient.get("/sharing/access-log").words
