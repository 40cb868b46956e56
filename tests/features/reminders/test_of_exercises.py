"""Reminders of exercises: at the chosen times, and not where one was done since the time before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.learn import service as lessons
from patient_app.reminders import engine, own
from patient_app.reminders.models import Kind, Reason
from patient_app.skills import assignments
from patient_app.skills.models import ExerciseRun, Source
from tests.factories import make_patient, make_practice, sign_in
from tests.features.medications.regimens import at
from tests.features.reminders.made import Counting, occurrences, remind, run
from tests.features.skills.given import PLAIN, did, give, make_world
from tests.page import Client


@pytest.mark.parametrize("done", [None, "03-02 07:30", "03-02 19:00", "03-01 19:00"])
def test_it_comes_at_its_times_unless_one_was_done_since_the_time_before(
    app: Flask, store: Store, set_time: Callable[[datetime], None], done: str | None
) -> None:
    set_time(at("03-02 07:00").occurred_at)
    patient, push = make_patient(store, make_practice(store)), Counting()
    remind(store, patient, 8 * 60, 20 * 60, kind=Kind.EXERCISE)
    if done is not None:
        when = at(done).occurred_at
        row = {"practice_id": patient.practice_id, "patient_id": patient.id, "day": date(2026, 3, 2), "tag": b"one"}
        times = {"occurred_at": when, "recorded_at": when, "local_date": date(2026, 3, 2), "zone": "America/New_York"}
        more = {"utc_offset": -300, "recorded_seq": 1, "device_seq": None, "source": Source.FORM, "newest_version": 1}
        with store.work(writes=True):
            db().add(ExerciseRun(id=new_id(), **row, **times, **more))
    with app.app_context():
        for wall in ("03-02 08:00", "03-02 20:00"):
            set_time(at(wall).occurred_at)
            run(store, push)
    settled = {None: [], "03-02 07:30": ["480"], "03-02 19:00": ["1200"], "03-01 19:00": []}[done]
    assert [one.slot for one in occurrences(store) if one.reason == Reason.SETTLED] == settled
    assert len(push.sent) == 2 - len(settled)
    assert {payload["title"] for _device, payload in push.sent} <= {"You have a reminder"}


@pytest.mark.parametrize(
    ("end", "reasons"),
    [
        (None, [None, None]),
        ("done", [Reason.SETTLED, None]),
        ("withdrawn", [Reason.OFF]),
        ("over", [None]),
        ("put aside", [Reason.OFF, Reason.OFF]),
    ],
)
def test_one_of_what_was_given_comes_while_that_stands_and_is_not_done(
    app: Flask, store: Store, set_time: Callable[[datetime], None], end: str | None, reasons: list[Reason | None]
) -> None:
    set_time(at("03-02 07:00").occurred_at)
    world, push = make_world(store), Counting()
    given = give(store, world, days=0 if end == "over" else 14)
    assert remind(store, world.patient, 8 * 60, kind=Kind.EXERCISE, only=(str(given),))
    with app.app_context():
        set_time(at("03-02 08:00").occurred_at)
        engine.make_due(store, clock.now())
    with store.work(writes=True):
        if end == "withdrawn":
            assignments.withdraw(world.therapist.viewer, world.patient.id, given)
        if end == "put aside":
            lessons.choose(world.patient.viewer, not_now=["panic"], suggests=True)
    did(store, world, PLAIN)  # Another exercise settles nothing.
    if end == "done":
        did(store, world)
    with app.app_context():
        run(store, push)
        set_time(at("03-03 08:00").occurred_at)
        run(store, push)
    assert [one.reason for one in occurrences(store)] == reasons
    assert {payload["title"] for _device, payload in push.sent} <= {"You have a reminder"}


def test_it_is_turned_on_by_the_person_alone_kept_when_it_is_changed_and_made_once(app: Flask, store: Store) -> None:
    world, client = make_world(store), Client(app)
    given = give(store, world)
    sign_in(client, world.patient)
    assert client.get("/settings/reminders").words.count("Brave steps") == 0  # Never on by itself.
    link = next(
        one.get("href")
        for one in client.get(f"/skills/assigned/{given}").all("a")
        if (one.get("href") or "").startswith("/settings/reminders/new")
    )
    page = client.get(link)
    assert "It is of: Brave steps." in page.words
    assert client.submit(page.form(action="/settings/reminders/new"), time_1="08:30").status_code == 303
    assert "Brave steps" in client.get("/settings/reminders").words
    with store.work(writes=True):
        lessons.choose(world.patient.viewer, not_now=["panic"], suggests=True)
    assert "Brave steps" not in client.get("/settings/reminders").words
    there = client.get(link)
    assert there.status_code == 303  # To the one that is there.
    assert there.location
    form = client.follow(there).form(action=there.location)
    assert client.submit(form, time_1="09:15").status_code == 303
    with store.work(writes=False):
        (kept,) = own.own_reminders(world.patient.viewer)
    assert (kept.chosen.only, kept.chosen.times) == ((str(given),), (555,))
    theirs = Client(app)
    sign_in(theirs, world.other)
    assert "Brave steps" not in theirs.get(link).words
