"""Each exercise, by its file: done as a page and from a phone without a network, read back, and changed."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.core.ids import new_id, parse_id
from patient_app.core.not_now import NotNow
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.skills import files, forms, library, service
from patient_app.skills.answers import Said
from patient_app.skills.facts import Exercise, Kind, Start
from patient_app.skills.models import ExerciseRun, ExerciseVersion
from tests.factories import Made, make_person, make_practice, sign_in
from tests.features.offline.phone import Phone, fields_of
from tests.features.skills.filling import well_filled, worked_example
from tests.page import Client, Page

STARTABLE = [*(one for one in files.exercises().values() if one.start is Start.ALONE), worked_example()]
LOCKED = [one for one in files.exercises().values() if one.start is not Start.ALONE]
each = pytest.mark.parametrize("exercise", STARTABLE, ids=lambda exercise: exercise.id)


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the file of the worked example beside the others."""
    known = {**files.exercises(), "look-outside": worked_example()}
    monkeypatch.setattr(files, "exercises", lambda: known)


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def client(app: Flask, patient: Made) -> Client:
    browser = Client(app)
    sign_in(browser, patient)
    return browser


def run_of(page: Page) -> uuid.UUID:
    """Return the run to which a form led."""
    assert page.status_code == 303, page.text
    found = parse_id((page.location or "").partition("?")[0].rpartition("/")[2])
    assert found is not None
    return found


def said_in(store: Store, patient: Made, run_id: uuid.UUID) -> Said:
    """Return what a run says, as its author reads it."""
    with store.work(writes=False):
        return service.own_run(patient.viewer, run_id).said


def counted(store: Store) -> tuple[int, int]:
    """Return how many runs and versions there are."""
    with store.work(writes=False):
        found = [db().scalar(select(func.count()).select_from(of)) for of in (ExerciseRun, ExerciseVersion)]
    return int(found[0] or 0), int(found[1] or 0)


@each
@pytest.mark.sqlite
def test_it_is_done_kept_read_back_and_changed(exercise: Exercise, client: Client, store: Store, patient: Made) -> None:
    page = client.get(f"/skills/{exercise.id}")
    assert len([part for part in page.all("section") if part.get("class") == "step"]) == len(exercise.steps) + 2
    sent = well_filled(page.form(action=f"/skills/{exercise.id}"))
    run_id = run_of(client.post(f"/skills/{exercise.id}", data=sent))
    assert run_of(client.post(f"/skills/{exercise.id}", data=sent)) == run_id  # Sent twice, stored once.
    assert counted(store) == (1, 1)
    said = said_in(store, patient, run_id)
    asked = [one.id for one in exercise.fields if one.kind is not Kind.PACER]
    assert list(said.answers) == asked
    assert (said.finished, said.about_use) == (True, exercise.about_use)
    shown = client.get(f"/skills/runs/{run_id}")
    for one in exercise.fields:
        if one.kind in (Kind.TEXT, Kind.LIST):
            assert f"Words of a_{one.id}" in shown.text
    # The form, filled with it and sent as it is, changes nothing: no answer is lost on its way back into the page.
    again = client.get(f"/skills/runs/{run_id}/change").form(action=f"/skills/runs/{run_id}/change").filled()
    run_of(client.post(f"/skills/runs/{run_id}/change", data={**again, "finish": "done"}))
    assert said_in(store, patient, run_id) == said
    assert counted(store) == (1, 1)


@each
@pytest.mark.sqlite
def test_from_a_phone_it_is_stored_once_whatever_comes_again(
    exercise: Exercise, app: Flask, store: Store, patient: Made
) -> None:
    phone, item_id = Phone(app, store, patient), new_id()
    form = phone.browser.get(f"/skills/{exercise.id}").form(action=f"/skills/{exercise.id}")
    letter = phone.letter(f"/skills/{exercise.id}", fields_of(dict(well_filled(form))))
    first = phone.send(letter, item_id)
    assert (first["result"], first["next"]) == ("stored", f"/skills/runs/{item_id}?done=skill-saved")
    assert phone.send(letter, item_id) == first
    assert counted(store) == (1, 1)
    assert said_in(store, patient, item_id).finished


def test_a_phone_keeps_no_exercise_that_was_stopped_with_nothing_said(app: Flask, store: Store, patient: Made) -> None:
    phone = Phone(app, store, patient)
    for ahead in (timedelta(), timedelta(days=-900)):  # With a clock that lost its time, too.
        phone.ahead = ahead
        for name in ("worry-time", LOCKED[0].id):
            letter = phone.letter(f"/skills/{name}", [("before", ""), ("finish", "later")])
            answer = phone.send(letter, new_id())
            assert (answer["result"], answer["next"]) == ("stored", "/skills")
    phone.ahead = timedelta()
    for fields in ([("before", ""), ("finish", "done")], [("a_not_asked_any_more", "words"), ("finish", "later")]):
        letter = phone.letter("/skills/worry-time", fields)
        assert phone.send(letter, new_id())["result"] == "refused", "what may hold words stays on the phone"
    assert counted(store) == (0, 0)


@pytest.mark.parametrize("exercise", LOCKED, ids=lambda exercise: exercise.id)
def test_what_needs_a_clinician_is_not_opened_alone(
    exercise: Exercise, app: Flask, store: Store, patient: Made, client: Client
) -> None:
    assert exercise.id not in client.get("/skills").text
    assert client.get(f"/skills/{exercise.id}").status_code == 404
    assert client.post(f"/skills/{exercise.id}", data={"before": "1", "id": str(new_id())}).status_code == 404
    phone = Phone(app, store, patient)
    answer = phone.send(phone.letter(f"/skills/{exercise.id}", [("before", "1")]), new_id())
    assert answer["result"] == "refused"
    assert counted(store) == (0, 0)


def test_the_library_offers_every_exercise_by_a_need_and_no_jargon(client: Client) -> None:
    page = client.get("/skills")
    offered = {link.get("href") for link in page.all("a")}
    assert {f"/skills/{one.id}" for one in STARTABLE} <= offered


def test_where_alcohol_and_drugs_play_no_part_no_exercise_about_them_is_offered(
    app: Flask, store: Store, patient: Made
) -> None:
    with app.test_request_context(), store.work(writes=False):
        offered = library.offered(NotNow(patient.viewer), asks_about_use=False)
        shown = [one for _, those in library.by_need(offered.needs, offered.exercises) for one in those]
    assert shown
    assert not [one.id for one in shown if one.about_use]


def test_an_empty_exercise_is_not_kept_and_a_stopped_one_is(client: Client, store: Store, patient: Made) -> None:
    form = client.get("/skills/worry-time").form(action="/skills/worry-time")
    nothing = client.post("/skills/worry-time", data=form.filled())
    assert nothing.status_code == 422
    assert "Answer one question" in nothing.text
    # Who stops there has nothing to keep, and may go; so has a phone that sends it later, whatever its clock says.
    left = client.post("/skills/worry-time", data={**form.filled(), "finish": ["later"]})
    assert (left.status_code, left.location) == (303, "/skills")
    assert counted(store) == (0, 0)
    sent = {**form.filled(a_worries="rent\n\n  the car  \n"), "finish": ["later"]}
    run_id = run_of(client.post("/skills/worry-time", data=sent))
    said = said_in(store, patient, run_id)
    assert (said.finished, said.answers) == (False, {"worries": ["rent", "the car"]})
    assert "Go on" in client.get(f"/skills/runs/{run_id}").text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("before", "11"),
        ("before", "1e399990"),
        ("a_thoughts", "x" * 4001),
        ("a_thoughts", "nul \x00"),
        ("a_wave_5", "-1"),
        ("a_where", "elsewhere"),
        ("a_outcome", "unheard"),
    ],
)
def test_what_is_not_an_answer_is_said_beside_its_field_and_all_words_stay(
    name: str, value: str, client: Client, store: Store
) -> None:
    form = client.get("/skills/ride-the-wave").form(action="/skills/ride-the-wave")
    sent = {**form.filled(a_helped="a walk"), name: [value]}
    page = client.post("/skills/ride-the-wave", data=sent)
    assert page.status_code == 422
    assert "a walk" in page.text
    assert page.all("div", class_name="error-summary")
    assert counted(store) == (0, 0)


def test_a_rating_of_nothing_is_an_answer(client: Client, store: Store, patient: Made) -> None:
    form = client.get("/skills/both-sides").form(action="/skills/both-sides")
    run_id = run_of(client.post("/skills/both-sides", data={**form.filled(), "a_sure": "0", "after": "0"}))
    said = said_in(store, patient, run_id)
    assert (said.answers, said.after, said.before) == ({"sure": 0}, 0, None)


def test_forms_of_all_exercises_are_made_once() -> None:
    exercise = files.exercises()["five-senses"]
    assert forms.form_class(exercise) is forms.form_class(exercise)
