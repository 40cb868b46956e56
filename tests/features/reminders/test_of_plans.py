"""What was planned in an exercise: reminded of once, at its time, if the person ticked that, and in their calendar."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.reminders import calendar, choosing, engine, own
from patient_app.reminders.models import Kind, Reason, State
from patient_app.skills import files, recording
from patient_app.skills.answers import Said
from patient_app.skills.models import ExercisePlan
from tests.factories import Made, make_patient, make_practice, sign_in
from tests.features.medications.regimens import at
from tests.features.reminders.made import Counting, occurrences, run
from tests.features.reminders.test_of_appointments import passes
from tests.page import Client

EXERCISE = files.exercises()["small-thing"]
WALK = {"activity": "a walk by the river", "day": "2026-03-03", "time": "10:30", "remind": "yes"}


@pytest.fixture
def patient(app: Flask, store: Store, set_time: Callable[[datetime], None]) -> Iterator[Made]:
    set_time(at("03-02 07:00").occurred_at)
    with app.app_context():
        yield make_patient(store, make_practice(store))


def plan(store: Store, patient: Made, run_id: uuid.UUID | None = None, **changed: str) -> uuid.UUID:
    said = Said({"plan": {name: value for name, value in {**WALK, **changed}.items() if value}}, finished=False)
    with store.work(writes=True):
        moment = clock.moment(clock.now(), patient.zone)
        return recording.record(patient.viewer, EXERCISE, run_id or new_id(), said, moment)


def kinds(store: Store, patient: Made) -> list[Kind]:
    with store.work(writes=False):
        return [one.kind for one in own.own_reminders(patient.viewer)]


def test_it_comes_once_at_its_time_and_tells_nothing(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    plan(store, patient)
    push = Counting()
    assert kinds(store, patient) == [Kind.PLAN]
    assert passes(store, set_time, push, "03-03 10:20", "03-03 10:30", "03-03 10:40", "03-04 10:30") == [0, 1, 1, 1]
    assert {payload["title"] for _device, payload in push.sent} == {"You have a reminder"}
    assert "river" not in str(push.sent)


def test_one_without_a_time_comes_at_nine_and_one_that_was_not_ticked_never(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    plan(store, patient, remind="")
    plan(store, patient, day="")
    assert kinds(store, patient) == []
    plan(store, patient, time="")
    push = Counting()
    assert passes(store, set_time, push, "03-03 08:50", "03-03 09:00", "03-03 10:30") == [0, 1, 1]


def test_one_that_was_moved_comes_at_its_new_time_alone_and_one_taken_away_not_at_all(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    moved, removed = plan(store, patient), plan(store, patient, time="11:30")
    plan(store, patient, moved, time="15:00")  # The same id with other words is a correction.
    with store.work(writes=True):
        recording.remove(patient.viewer, removed)
    push = Counting()
    assert passes(store, set_time, push, "03-03 10:30", "03-03 11:30", "03-03 15:00") == [0, 0, 1]


def test_one_taken_away_while_it_waits_is_not_sent(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    run_id, push = plan(store, patient), Counting(devices=())
    set_time(at("03-03 10:30").occurred_at)
    engine.make_due(store, clock.now())
    with store.work(writes=True):
        recording.remove(patient.viewer, run_id)
    while engine.deliver_one(store, clock.now(), push):
        pass
    assert [(one.state, one.reason) for one in occurrences(store)] == [(State.DROPPED, Reason.OFF)]


def test_it_can_be_turned_off_and_comes_back_with_the_next_plan_that_is_ticked(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    run_id = plan(store, patient)
    with store.work(writes=True):
        choosing.end(patient.viewer, own.own_reminders(patient.viewer)[0].id)
    plan(store, patient, run_id, activity="a walk, and tea")  # No other time: nothing is turned on again.
    assert kinds(store, patient) == []
    plan(store, patient, day="2026-03-05")
    assert kinds(store, patient) == [Kind.PLAN]


def test_the_calendar_has_it_and_says_nothing_of_it(store: Store, patient: Made) -> None:
    plan(store, patient)
    plan(store, patient, remind="", day="2026-03-04")
    with store.work(writes=True):
        token = calendar.open_feed(patient.viewer)
    with store.work(writes=False):
        text = calendar.feed(token, clock.now())
    assert [line for line in text.splitlines() if line.startswith("DTSTART")] == ["DTSTART:20260303T153000Z"]
    assert "river" not in text


def test_what_a_session_in_question_plans_reminds_nobody(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    since = clock.now() - timedelta(seconds=1)
    stranger = replace(patient.viewer, entries_closed_from=since, entries_closed_until=since)
    with store.work(writes=True):
        said = Said({"plan": WALK})
        recording.record(stranger, EXERCISE, new_id(), said, clock.moment(clock.now(), patient.zone))
        assert db().query(ExercisePlan).count() == 0
    assert kinds(store, patient) == []
    push = Counting()
    assert run(store, push) == 0


def test_the_form_keeps_the_tick_and_the_page_says_when(app: Flask, patient: Made) -> None:
    client = Client(app)
    sign_in(client, patient)
    form = client.get("/skills/small-thing").form(action="/skills/small-thing")
    words = {"a_plan_activity": "tea", "a_plan_day": "2026-03-03", "a_plan_time": "10:30", "a_plan_remind": "y"}
    saved = client.post("/skills/small-thing", data=form.filled(**words))
    page = client.get(saved.location or "")
    assert "You are reminded on Tuesday 3 March." in page.words
    assert "What I planned" in client.get("/settings/reminders").words
    change = client.get(str(saved.location).partition("?")[0] + "/change")
    again = change.form(action=str(saved.location).partition("?")[0] + "/change").filled()
    assert again["a_plan_remind"] == ["y"]
    far = client.post(
        "/skills/small-thing", data=form.filled(**{**words, "id": str(new_id()), "a_plan_day": "9999-12-31"})
    )
    assert client.get(far.location or "").status_code == 200
    assert client.get("/settings/reminders").status_code == 200
