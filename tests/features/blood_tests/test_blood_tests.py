"""Blood tests: entered by a prescriber who may read the medicine, seen by the patient, never overwritten unseen."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.blood_tests import service
from patient_app.blood_tests.models import BloodTest, BloodTestVersion
from patient_app.blood_tests.service import Due, IdTaken, Planned, Stale, What
from patient_app.consent.categories import Category, Level
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.medications import changing, regimen
from patient_app.medications.said import Said
from patient_app.reading import supplies
from tests import factories
from tests.factories import Made, MadePractice, sign_in
from tests.features.medications.plans import doses
from tests.features.medications.regimens import at, daily, started
from tests.page import Client

MEDS, USE = Category.MEDICATIONS, Category.SUBSTANCE_USE
TODAY = date(2026, 3, 2)
LEVEL = Planned(What("lithium_level"), date(2026, 3, 9))


@dataclass(frozen=True)
class World:
    """A patient who takes lithium, and naltrexone; a prescriber with a consent to medicines, and a therapist too."""

    practice: MadePractice
    patient: Made
    prescriber: Made
    therapist: Made
    lithium: uuid.UUID
    naltrexone: uuid.UUID


@pytest.fixture(autouse=True)
def march(set_time: Callable[[datetime | str], None]) -> None:
    set_time("2026-03-02 15:00")


@pytest.fixture
def world(store: Store) -> World:
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice)
    prescriber = factories.make_clinician(store, practice, Discipline.PRESCRIBER)
    therapist = factories.make_clinician(store, practice, Discipline.THERAPIST)
    by = factories.make_administrator(store, practice)
    for one in (prescriber, therapist):
        factories.assign_team(store, patient, one, by)
        factories.give_consent(store, patient, one, {MEDS: Level.DETAIL})
    medicines = (
        started(store, patient, daily(*doses("08:00")), at("02-01 07:00"), Said(name, name), about_use=False)
        for name in ("lithium", "naltrexone")
    )
    return World(practice, patient, prescriber, therapist, *medicines)


def enter(store: Store, world: World, planned: Planned = LEVEL, *, id_: uuid.UUID | None = None) -> uuid.UUID:
    test_id = id_ or new_id()
    with store.work(writes=True):
        service.enter(world.prescriber.viewer, world.patient.id, world.lithium, test_id, planned, day=TODAY)
    return test_id


def change(store: Store, world: World, test_id: uuid.UUID, planned: Planned, base: int) -> None:
    with store.work(writes=True):
        service.change(world.prescriber.viewer, world.patient.id, world.lithium, test_id, planned, day=TODAY, base=base)


def versions(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(BloodTestVersion)) or 0


def shown(store: Store, world: World) -> list[Planned]:
    with store.work(writes=False):
        return [test.planned for test in service.own_tests(world.patient.viewer, world.lithium)]


def due_soon(patient: Viewer) -> list[Due]:
    return service.due_soon(patient, TODAY, regimen.own_medicines(patient))


# --- kept once, never overwritten unseen -----------------------------------------------------------------------


def test_the_same_id_with_other_words_is_refused_and_the_same_change_twice_is_one(store: Store, world: World) -> None:
    test_id = enter(store, world)
    enter(store, world, id_=test_id)
    done = replace(LEVEL, done_on=TODAY)
    with pytest.raises(Stale):
        enter(store, world, done, id_=test_id)
    for _ in range(2):
        change(store, world, test_id, done, 1)
    assert (shown(store, world), versions(store)) == ([done], 2)
    with pytest.raises(Stale):
        change(store, world, test_id, replace(LEVEL, due_on=date(2026, 4, 1)), 1)
    with pytest.raises(NotFound):
        change(store, world, new_id(), done, 1)
    assert (shown(store, world), versions(store)) == ([done], 2)


def test_an_id_of_another_medicines_test_is_refused(store: Store, world: World) -> None:
    test_id = enter(store, world)
    with pytest.raises(IdTaken), store.work(writes=True):
        service.enter(world.prescriber.viewer, world.patient.id, world.naltrexone, test_id, LEVEL, day=TODAY)


@pytest.mark.parametrize(
    ("planned", "is_told"),
    [
        (LEVEL, True),
        (replace(LEVEL, due_on=date(2026, 3, 10)), False),
        (replace(LEVEL, due_on=date(2026, 2, 1)), True),
        (replace(LEVEL, due_on=date(2026, 1, 1)), False),
        (replace(LEVEL, done_on=TODAY), False),
        (replace(LEVEL, dropped=True), False),
    ],
)
@pytest.mark.sqlite
def test_today_tells_of_a_test_from_a_week_before_it(
    store: Store, world: World, planned: Planned, is_told: bool
) -> None:
    enter(store, world, planned)
    with store.work(writes=False):
        assert bool(due_soon(world.patient.viewer)) == is_told
        closed = replace(world.patient.viewer, entries_closed_from=datetime.fromisoformat("2026-03-02T14:00:00+00:00"))
        assert due_soon(closed) == []


def test_a_test_of_a_medicine_that_was_taken_away_is_told_no_more(store: Store, world: World) -> None:
    enter(store, world)
    with store.work(writes=True):
        changing.remove(world.patient.viewer, world.lithium)
    with store.work(writes=False):
        assert due_soon(world.patient.viewer) == []
        assert service.own_tests(world.patient.viewer, world.lithium) == []


@pytest.mark.parametrize("does", [changing.stop, changing.pause])
def test_a_test_of_a_medicine_that_is_not_taken_any_more_does_not_stand_on_today(
    app: Flask, store: Store, world: World, does: Callable[..., object]
) -> None:
    """It still stands on the medicine's own page."""
    enter(store, world)
    browser = Client(app)
    sign_in(browser, world.patient)
    assert f"/medications/{world.lithium}" in str(browser.get("/today").links)
    with store.work(writes=True):
        does(changing.Author.patient(world.patient.viewer), world.lithium, new_id(), moment=at("03-02 09:00"))
    with store.work(writes=False):
        assert due_soon(world.patient.viewer) == []
    assert f"/medications/{world.lithium}" not in str(browser.get("/today").links)
    assert shown(store, world) == [LEVEL]


# --- who may -----------------------------------------------------------------------------------------------------


def may_enter(store: Store, reader: Made, patient: Made, medicine: uuid.UUID) -> bool:
    try:
        with store.work(writes=True):
            return supplies.to_enter(reader.viewer, patient.id, medicine).medicine.id == medicine
    except NotFound:
        return False


def test_only_a_prescriber_with_a_consent_to_the_medicine_may_enter_one(store: Store, world: World) -> None:
    assert may_enter(store, world.prescriber, world.patient, world.lithium)
    assert not may_enter(store, world.therapist, world.patient, world.lithium)
    # For alcohol or drugs, whatever was answered: it needs the other category as well.
    assert not may_enter(store, world.prescriber, world.patient, world.naltrexone)
    factories.give_consent(store, world.patient, world.prescriber, {USE: Level.DETAIL})
    assert may_enter(store, world.prescriber, world.patient, world.naltrexone)
    stranger = factories.make_clinician(store, world.practice, Discipline.PRESCRIBER)
    assert not may_enter(store, stranger, world.patient, world.lithium)
    with store.work(writes=True):
        changing.set_private(world.patient.viewer, world.lithium, private=True)
    assert not may_enter(store, world.prescriber, world.patient, world.lithium)


# --- the pages ---------------------------------------------------------------------------------------------------


@pytest.fixture
def doctor(app: Flask, world: World) -> Client:
    client = Client(app)
    sign_in(client, world.prescriber)
    return client


def address(world: World, medicine: uuid.UUID | None = None) -> str:
    return f"/team/{world.patient.id}/medications/{medicine or world.lithium}/tests"


def fill(doctor: Client, where: str, **said: Any) -> Any:
    return doctor.submit(doctor.get(where).form(action=where), **said)


def test_a_prescriber_enters_one_and_the_patient_sees_it(
    app: Flask, doctor: Client, world: World, store: Store
) -> None:
    saved = fill(doctor, address(world), what="lithium_level", due_on="2026-03-08")
    assert saved.status_code == 303
    assert "Lithium level" in doctor.follow(saved).main_words
    patient = Client(app)
    sign_in(patient, world.patient)
    assert "A blood test is planned for Sunday 8 March." in patient.get("/today").main_words
    assert shown(store, world) == [replace(LEVEL, due_on=date(2026, 3, 8))]


def test_two_who_change_the_same_test_are_shown_both(doctor: Client, world: World, store: Store) -> None:
    where = f"{address(world)}/{enter(store, world)}"
    form = doctor.get(where).form(action=where)
    assert doctor.submit(form, done_on="2026-03-01").status_code == 303
    page = doctor.submit(form, due_on="2026-03-20")
    assert page.status_code == 422
    assert "As it is now" in page.main_words
    assert "Done 1 Mar 2026." in page.main_words
    assert page.form(action=where).controls["due_on"].get("value") == "2026-03-20"
    assert doctor.submit(page.form(action=where)).status_code == 303
    assert shown(store, world) == [replace(LEVEL, due_on=date(2026, 3, 20))]


def test_a_new_one_sent_again_with_other_words_is_shown_beside_what_is_kept(
    doctor: Client, world: World, store: Store
) -> None:
    form = doctor.get(address(world)).form(action=address(world))
    assert doctor.submit(form, what="lithium_level", due_on="2026-03-09").status_code == 303
    page = doctor.submit(form, what="other", words="Kidneys", due_on="2026-03-09")
    assert page.status_code == 422
    assert "As it is now Lithium level" in page.main_words
    assert shown(store, world) == [LEVEL]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"due_on": ""}, "due_on"),
        ({"due_on": "0001-01-01"}, "due_on"),
        ({"due_on": "9999-12-31"}, "due_on"),
        ({"due_on": "a\0b"}, "due_on"),
        ({"due_on": "2026-03-09", "done_on": "2026-03-03"}, "done_on"),
        ({"due_on": "2026-03-09", "what": "other"}, "words"),
        ({"due_on": "2026-03-09", "what": "white_cells"}, "what"),
        ({"due_on": "2026-03-09", "what": "other", "words": "x" * 1_000_000}, "words"),
    ],
)
@pytest.mark.sqlite
def test_what_is_no_test_is_told_beside_its_field(
    doctor: Client, world: World, store: Store, said: dict[str, str], field: str
) -> None:
    page = fill(doctor, address(world), **said)
    assert (page.status_code, set(page.errors)) == (422, {field})
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(BloodTest)) == 0


@pytest.mark.sqlite
def test_others_get_no_page_and_change_nothing(app: Flask, doctor: Client, world: World, store: Store) -> None:
    test_id = enter(store, world)
    assert doctor.get(address(world, world.naltrexone)).status_code == 404
    therapist = Client(app)
    sign_in(therapist, world.therapist)
    said = {"id": str(new_id()), "what": "lithium_level", "due_on": "2026-03-09", "base": "1"}
    for where in (address(world), f"{address(world)}/{test_id}"):
        assert therapist.get(where).status_code == 404
        assert therapist.post(where, data=said).status_code == 404
    assert versions(store) == 1
