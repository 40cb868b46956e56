"""Reminders of the note of the week: only until it is written, and only of what there is something to say of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.effects.weekly import Answers
from patient_app.learn import service as lessons
from patient_app.reminders.models import Kind, Reason
from tests.factories import make_person, make_practice, sign_in
from tests.features.effects.world import note, takes
from tests.features.medications.regimens import SERTRALINE
from tests.features.reminders.made import Counting, occurrences, remind, run
from tests.page import Client

EVENING = 18 * 60
SetTime = Callable[[datetime | str], None]


@pytest.mark.parametrize(
    ("begun", "noted", "reason"),
    [
        ("2026-02-20 15:00", None, None),
        ("2026-02-20 15:00", "2026-03-08 20:00", Reason.SETTLED),
        ("2026-02-20 15:00", "2026-03-01 20:00", None),  # That one was of the week before.
        ("2026-03-06 15:00", None, Reason.NOT_NEEDED),  # Begun this week: there is nothing to say yet.
        (None, None, Reason.NOT_NEEDED),
    ],
)
def test_it_comes_at_its_time_until_the_note_of_that_week_is_written(
    app: Flask, store: Store, set_time: SetTime, begun: str | None, noted: str | None, reason: Reason | None
) -> None:
    set_time("2026-02-20 14:00")
    patient, push = make_person(store, make_practice(store), Role.PATIENT), Counting()
    if begun:
        set_time(begun)
        takes(store, patient, SERTRALINE)
    if noted:
        set_time(noted)
        note(store, patient, Answers(2, 2))
    set_time("2026-03-08 21:00")
    remind(store, patient, EVENING, kind=Kind.MEASURE, weekdays=(7,))
    with app.app_context():
        set_time("2026-03-08 22:00")  # Six in the evening on Sunday in New York, where the clocks changed that day.
        run(store, push)
        set_time("2026-03-09 22:00")
        run(store, push)
    assert [one.reason for one in occurrences(store)] == [reason]
    assert [payload["title"] for _device, payload in push.sent] == ["You have a reminder"] * (reason is None)


def test_it_rests_while_medicine_is_put_aside(app: Flask, store: Store, set_time: SetTime) -> None:
    set_time("2026-02-20 15:00")
    patient, push = make_person(store, make_practice(store), Role.PATIENT), Counting()
    takes(store, patient, SERTRALINE)
    with store.work(writes=True):
        lessons.choose(patient.viewer, not_now=["medicine"], suggests=True)
    set_time("2026-03-08 21:00")
    remind(store, patient, EVENING, kind=Kind.MEASURE, weekdays=(7,))
    with app.app_context():
        set_time("2026-03-08 22:00")
        run(store, push)
    assert [one.reason for one in occurrences(store)] == [Reason.OFF]
    assert push.sent == []


def test_it_is_turned_on_by_the_person_and_leads_to_the_two_questions(
    app: Flask, store: Store, set_time: SetTime
) -> None:
    set_time("2026-02-20 15:00")
    patient, client = make_person(store, make_practice(store), Role.PATIENT), Client(app)
    takes(store, patient, SERTRALINE)
    set_time("2026-03-08 15:00")
    sign_in(client, patient)
    address = next(link for link in client.get("/medications/week-note").links if "kind=measure" in link)
    form = client.get(address).form(field="time_1")
    assert [value for name, value in form.values if name == "weekdays"] == ["7"]  # Sunday, unless said otherwise.
    assert client.submit(form, time_1="18:00").status_code == 303
    assert "Note of the week" in client.get("/settings/reminders").words
    with app.app_context():
        set_time("2026-03-08 22:00")
        run(store, Counting(devices=()))
    sign_in(client, patient)
    assert "Note of the week" in client.get("/today").words
    page = client.get("/reminders")
    assert "/medications/week-note" in page.links
    note(store, patient, Answers(2, 2))
    assert "Note of the week" not in client.get("/reminders").main_words
