"""Whom an exercise is shown to: one person by name, a supporter, the team, from a day on; and nobody beside these."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from patient_app.appointments import raising
from patient_app.appointments import writing as visits
from patient_app.appointments.raising import Wishes
from patient_app.appointments.said import Said as VisitSaid
from patient_app.appointments.when import start as when
from patient_app.appointments.writing import Author as VisitAuthor
from patient_app.consent.categories import Category
from patient_app.consent.models import ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.reading import skills
from patient_app.skills import files, readers, recording
from patient_app.skills.answers import Said
from patient_app.skills.readers import Chosen
from tests.factories import Made, assign_team, give_consent, make_clinician, sign_in
from tests.features.reading.medicines_world import DETAIL, MOOD, NOW, USE, World, make_world
from tests.features.reading.test_skills import did, told
from tests.page import Client

SKILLS = Category.SKILLS


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime | str], None]) -> World:
    set_time(NOW)
    return make_world(store)


def choose(store: Store, world: World, run_id: uuid.UUID, *people: Made, team: bool = False) -> None:
    with store.work(writes=True):
        readers.choose_for_run(world.patient.viewer, run_id, Chosen(team, frozenset(one.id for one in people)))


def choose_kind(store: Store, world: World, *people: Made, team: bool = False) -> None:
    with store.work(writes=True):
        today = clock.moment(clock.now(), world.patient.zone).day
        chosen = Chosen(team, frozenset(one.id for one in people))
        readers.choose_for_kind(world.patient.viewer, files.exercises()["worry-time"], today, chosen)


def test_one_person_reads_what_was_shown_to_them_alone(store: Store, world: World) -> None:
    patient = world.patient
    for clinician in (world.prescriber, world.therapist):
        give_consent(store, patient, clinician, {SKILLS: DETAIL})
    run_id = did(store, patient, "worry-time", "for Tom", shared=None)
    did(store, patient, "worry-time", "for nobody", shared=None)
    choose(store, world, run_id, world.therapist)
    assert told(store, world.therapist, patient) == {"for Tom"}
    assert told(store, world.prescriber, patient) == set()
    choose(store, world, run_id, team=True)
    assert told(store, world.prescriber, patient) == {"for Tom"}
    choose(store, world, run_id)
    assert told(store, world.therapist, patient) == told(store, world.prescriber, patient) == set()


def test_a_supporter_reads_by_name_and_by_consent_and_by_nothing_less(store: Store, world: World) -> None:
    patient, supporter = world.patient, world.supporter
    run_id = did(store, patient, "worry-time", "for both", shared=True)
    of_use = did(store, patient, "ride-the-wave", "of use", shared=None)
    choose(store, world, run_id, supporter, team=True)
    choose(store, world, of_use, supporter)
    assert told(store, supporter, patient) == set()  # Named, and no consent.
    give_consent(store, patient, supporter, {SKILLS: DETAIL, MOOD: DETAIL})
    assert told(store, supporter, patient) == {"for both"}  # Of use needs that category too.
    did(store, patient, "worry-time", "for the team", shared=True)
    assert told(store, supporter, patient) == {"for both"}
    choose(store, world, run_id, team=True)
    assert told(store, supporter, patient) == set()


def test_a_supporter_who_may_read_of_use_reads_it(store: Store, world: World) -> None:
    of_use = did(store, world.patient, "ride-the-wave", "of use", shared=None)
    choose(store, world, of_use, world.supporter)
    give_consent(store, world.patient, world.supporter, {SKILLS: DETAIL, USE: DETAIL})
    assert told(store, world.supporter, world.patient) == {"of use"}


def test_what_was_written_in_question_is_told_as_shown_to_nobody_and_cannot_be_shown(
    app: Flask, store: Store, world: World
) -> None:
    """Also once the session is trusted again, and though the exercise as a whole is shown."""
    patient, tom = world.patient, world.therapist
    give_consent(store, patient, tom, {SKILLS: DETAIL})
    choose_kind(store, world, tom, team=True)
    since = clock.now() - timedelta(hours=1)
    exercise = files.exercises()["worry-time"]
    words = Said({next(one.id for one in exercise.fields if one.kind == "text"): "of a stranger"}, finished=True)
    stranger, run_id = replace(patient.viewer, entries_closed_from=since, entries_closed_until=since), new_id()
    with store.work(writes=True):
        moment = clock.moment(clock.now(), patient.zone)
        recording.record(stranger, exercise, run_id, words, moment)
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.get(f"/skills/runs/{run_id}")
    assert "Only you. It was written right after a new password, so nobody else ever sees it." in page.main_words
    assert tom.name not in page.main_words
    assert "/help#practice" in page.links
    assert browser.post(f"/skills/runs/{run_id}/shared", data={"shared": "yes"}).status_code == 404
    with pytest.raises(NotFound):
        choose(store, world, run_id, tom)
    assert told(store, tom, patient) == set()


def test_paused_it_opens_nothing(store: Store, world: World) -> None:
    run_id = did(store, world.patient, "worry-time", "paused", shared=None)
    choose(store, world, run_id, world.supporter)
    give_consent(store, world.patient, world.supporter, {SKILLS: DETAIL}, state=ConsentState.PAUSED)
    assert told(store, world.supporter, world.patient) == set()


def test_a_kind_is_shown_to_each_from_the_day_on_which_they_were_chosen(
    store: Store, world: World, set_time: Callable[[datetime | str], None]
) -> None:
    patient = world.patient
    for clinician in (world.prescriber, world.therapist):
        give_consent(store, patient, clinician, {SKILLS: DETAIL})
    did(store, patient, "worry-time", "before", shared=None)
    set_time(clock.now() + timedelta(days=1))
    choose_kind(store, world, world.therapist)
    did(store, patient, "worry-time", "second", shared=None)
    set_time(clock.now() + timedelta(days=1))
    choose_kind(store, world, world.therapist, world.prescriber)
    did(store, patient, "worry-time", "third", shared=None)
    assert told(store, world.therapist, patient) == {"second", "third"}
    assert told(store, world.prescriber, patient) == {"third"}
    set_time(clock.now() + timedelta(days=1))
    choose_kind(store, world, world.therapist, team=True)  # The prescriber reads by the team alone now.
    did(store, patient, "worry-time", "fourth", shared=None)
    assert told(store, world.therapist, patient) == {"second", "third", "fourth"}
    assert told(store, world.prescriber, patient) == {"fourth"}
    choose_kind(store, world)
    assert told(store, world.therapist, patient) == told(store, world.prescriber, patient) == set()


def test_a_run_that_was_kept_stays_so_whatever_is_said_of_its_kind(store: Store, world: World) -> None:
    give_consent(store, world.patient, world.therapist, {SKILLS: DETAIL})
    choose_kind(store, world, world.therapist)
    did(store, world.patient, "worry-time", "kept", shared=False)
    assert told(store, world.therapist, world.patient) == set()


def test_nobody_else_chooses_and_a_session_in_question_names_nobody(store: Store, world: World) -> None:
    run_id = did(store, world.patient, "worry-time", "mine", shared=None)
    since = clock.now() - timedelta(seconds=1)
    stranger = replace(world.patient.viewer, entries_closed_from=since, entries_closed_until=since)
    with store.work(writes=True):
        for person in (world.therapist.viewer, stranger):
            with pytest.raises(NotFound):
                readers.choose_for_run(person, run_id, Chosen(people=frozenset({world.therapist.id})))
        with pytest.raises(NotFound):
            readers.choose_for_kind(stranger, files.exercises()["worry-time"], since.date(), Chosen(team=True))


def test_the_page_offers_whom_a_consent_reaches_and_the_supporter_has_a_page_of_it(
    app: Flask, store: Store, world: World
) -> None:
    run_id = did(store, world.patient, "worry-time", "the rent", shared=None)
    other = make_clinician(store, world.practice, Discipline.NURSE, name="Nobody Shared")
    assign_team(store, world.patient, other, world.administrator)
    give_consent(store, world.patient, world.therapist, {SKILLS: DETAIL})
    give_consent(store, world.patient, world.supporter, {SKILLS: DETAIL})
    patient, supporter = Client(app), Client(app)
    sign_in(patient, world.patient)
    sign_in(supporter, world.supporter)
    address = f"/skills/runs/{run_id}/who"
    form = patient.get(f"/skills/runs/{run_id}").form(action=address)
    offered = {element.get("value") for element in form.element.iter("input") if element.get("name") == "readers"}
    assert offered == {"team", str(world.therapist.id), str(world.supporter.id)}
    for wrong in ([str(other.id)], ["team", "x" * 40], ["\x00"]):
        assert patient.post(address, data={"readers": wrong, "of": "run"}).status_code == 400
    assert patient.post(address, data={"readers": "team"}).status_code == 400
    assert "the rent" not in supporter.get(f"/supporting/{world.patient.id}/skills").text
    patient.post(address, data={"readers": str(world.supporter.id), "of": "run"})
    assert "the rent" in supporter.get(f"/supporting/{world.patient.id}/skills").text
    assert f"/supporting/{world.patient.id}/skills" in supporter.get(f"/supporting/{world.patient.id}").links
    assert "the rent" in patient.get("/sharing/preview", query_string={"to": f"person:{world.supporter.id}"}).text
    patient.post(f"/skills/runs/{run_id}/shared", data={"shared": "no"})
    assert "the rent" not in supporter.get(f"/supporting/{world.patient.id}/skills").text
    assert supporter.get(f"/supporting/{world.prescriber.id}/skills").status_code == 404
    with store.work(writes=True), pytest.raises(NotFound):
        skills.read_skills(world.administrator.viewer, world.patient.id)


def test_the_picture_of_one_person_has_what_is_for_them_by_name(app: Flask, store: Store, world: World) -> None:
    patient = world.patient
    second = make_clinician(store, world.practice, Discipline.THERAPIST, name="Second Therapist")
    give_consent(store, patient, Discipline.THERAPIST, {SKILLS: DETAIL, Category.NOTES: DETAIL})
    run_id = did(store, patient, "worry-time", "the rent", shared=None)
    choose(store, world, run_id, world.therapist)
    visit, today = new_id(), clock.moment(clock.now(), patient.zone).local_date
    told_of = VisitSaid(when(today + timedelta(days=1), 600, patient.zone), clinician_id=world.therapist.id)
    with store.work(writes=True):
        visits.enter(VisitAuthor.patient(patient.viewer), visit, told_of)
        raising.save(patient.viewer, new_id(), Wishes(("my sleep",), appointment_id=visit, shares=True), base=0)
    browser = Client(app)
    sign_in(browser, patient)
    address = "/sharing/preview?to=team:therapist"
    # There is one therapist: the picture is theirs.
    only = browser.get(address).text
    assert [words for words in ("the rent", "my sleep", "With you") if words not in only] == []
    assert "/appointments/" not in only  # Nothing that the therapist does there can be done here.
    assign_team(store, patient, second, world.administrator)
    page = browser.get(address)
    assert "the rent" not in page.text
    assert "my sleep" not in page.text
    links = {link.partition("of=")[2]: link for link in page.links if "of=" in link}
    assert set(links) == {str(world.therapist.id), str(second.id)}
    named, other = browser.get(links[str(world.therapist.id)]), browser.get(links[str(second.id)])
    for words in ("the rent", "my sleep"):
        assert words in named.text
        assert words not in other.text
    for wrong in (world.prescriber.id, patient.id, "x", ""):
        assert browser.get(f"{address}&of={wrong}").status_code == 404
    assert browser.get(f"/sharing/preview?to=person:{world.supporter.id}&of={world.therapist.id}").status_code == 404
