"""A safety plan is read by clinicians with a consent to it, step by step, recorded; and by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from patient_app.access_log.models import AccessRecord
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Reader
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.reading import service as reading
from patient_app.safety.models import Step
from patient_app.safety.plan import StepWords, save_step
from tests import factories
from tests.factories import Made

PLAN, USE, MOOD = Category.SAFETY_PLAN, Category.SUBSTANCE_USE, Category.MOOD
DETAIL = Level.DETAIL


@dataclass(frozen=True)
class World:
    """A patient with a plan of three steps, two of them about use; a prescriber on the team, and a supporter."""

    patient: Made
    prescriber: Made
    supporter: Made


@pytest.fixture
def world(store: Store) -> World:
    practice = factories.make_practice(store)
    made = World(
        factories.make_patient(store, practice),
        factories.make_clinician(store, practice, Discipline.PRESCRIBER),
        factories.make_supporter(store, practice),
    )
    factories.assign_team(store, made.patient, made.prescriber, factories.make_administrator(store, practice))
    factories.tie_supporter(store, made.patient, made.supporter)
    save(store, made.patient, Step.SIGNS, StepWords(text="I pace"))
    save(store, made.patient, Step.SAFER, StepWords(text="No bottles at home", about_use=True))
    save(store, made.patient, Step.NALOXONE, StepWords(text="Hall table", about_use=True))
    return made


def save(store: Store, patient: Made, step: Step, words: StepWords, base: int = 0) -> None:
    with store.work(writes=True):
        save_step(patient.viewer, step, new_id(), words, base=base)


def read(store: Store, world: World) -> list[Step]:
    with store.work(writes=True):
        return [written.step for written in reading.read_patient(world.prescriber.viewer, world.patient.id).plan]


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ({MOOD: DETAIL, USE: DETAIL}, []),
        ({PLAN: DETAIL}, [Step.SIGNS]),
        ({PLAN: DETAIL, USE: Level.SUMMARY}, [Step.SIGNS]),
        ({PLAN: DETAIL, USE: DETAIL}, [Step.SIGNS, Step.SAFER, Step.NALOXONE]),
        ({PLAN: Level.SUMMARY, USE: DETAIL}, []),
    ],
)
def test_a_step_is_open_with_all_that_it_needs(
    store: Store, world: World, scope: Mapping[Category, Level], seen: list[Step]
) -> None:
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, scope)
    assert read(store, world) == seen


def test_without_a_consent_nothing_is_read(store: Store, world: World) -> None:
    assert read(store, world) == []


def test_a_consent_from_a_day_on_opens_what_was_written_since(store: Store, world: World) -> None:
    tomorrow = clock.moment(clock.now(), world.patient.zone).day + timedelta(days=1)
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {PLAN: DETAIL}, entries_from=tomorrow)
    assert read(store, world) == []


def test_what_a_step_said_before_is_not_read_in_place_of_what_is_closed(store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {PLAN: DETAIL})
    save(store, world.patient, Step.SIGNS, StepWords(text="I drink", about_use=True), base=1)
    assert read(store, world) == []
    save(store, world.patient, Step.SIGNS, StepWords(), base=2)
    assert read(store, world) == []


def test_a_supporter_reads_none_of_it_whatever_a_consent_says(store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, world.supporter, {PLAN: DETAIL, USE: DETAIL})
    with store.work(writes=True):
        assert reading.read_supported(world.supporter.viewer, world.patient.id).plan == ()


def test_the_reading_is_recorded_with_its_category(store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {PLAN: DETAIL})
    read(store, world)
    with store.work(writes=False):
        record = db().scalars(select(AccessRecord)).one()
        assert (list(record.categories), record.highest_seq) == ([PLAN], 3)


def test_the_patient_sees_what_they_see_and_it_is_not_recorded(store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, {PLAN: DETAIL})
    picture = Reader(None, world.patient.practice_id, Role.CLINICIAN, Discipline.PRESCRIBER, world.patient.id)
    with store.work(writes=False):
        shown = reading.preview(world.patient.viewer, picture).plan
        assert [written.words.text for written in shown] == ["I pace"]
        assert db().scalars(select(AccessRecord)).all() == []
