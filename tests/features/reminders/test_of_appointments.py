"""Reminders of appointments: so long before as was chosen, anew when one is moved, never of one that is cancelled."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime

import pytest
from flask import Flask

from patient_app.appointments import when, writing
from patient_app.appointments.said import Said
from patient_app.appointments.writing import Author
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.reminders.models import Kind, Reason, State
from patient_app.reminders.schedule import Quiet
from tests.factories import Made, make_patient, make_practice, sign_in
from tests.features.medications.regimens import at
from tests.features.reminders.made import Counting, occurrences, remind, run
from tests.page import Client

NEW_YORK = "America/New_York"
DAY, HOUR = 1440, 60


@pytest.fixture
def patient(app: Flask, store: Store, set_time: Callable[[datetime], None]) -> Iterator[Made]:
    set_time(at("03-02 07:00").occurred_at)
    with app.app_context():
        yield make_patient(store, make_practice(store))


def enter(store: Store, patient: Made, day: date, hour: int) -> uuid.UUID:
    appointment_id, said = new_id(), Said(when.start(day, hour * 60, NEW_YORK), place="Room 3, Elm House")
    with store.work(writes=True):
        writing.enter(Author.patient(patient.viewer), appointment_id, said)
    return appointment_id


def change(store: Store, patient: Made, appointment_id: uuid.UUID, said: Said, base: int = 1) -> None:
    with store.work(writes=True):
        writing.change(Author.patient(patient.viewer), appointment_id, said, base=base)


def passes(store: Store, set_time: Callable[[datetime], None], push: Counting, *walls: str) -> list[int]:
    counts = []
    for wall in walls:
        set_time(at(wall).occurred_at)
        run(store, push)
        counts.append(len(push.sent))
    return counts


def test_it_comes_as_long_before_as_was_chosen_and_tells_nothing(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    remind(store, patient, DAY, HOUR, kind=Kind.APPOINTMENT)
    # The clocks go forward in the night of 8 March: a day before is at the same time of the clock.
    enter(store, patient, date(2026, 3, 8), 10)
    push = Counting()
    walls = ("03-07 09:59", "03-07 10:00", "03-07 10:01", "03-08 08:59", "03-08 09:00", "03-08 11:00")
    assert passes(store, set_time, push, *walls) == [0, 1, 1, 1, 2, 2]
    for _device, payload in push.sent:
        assert (payload["title"], payload["body"], payload["url"]) == (
            "You have a reminder",
            "You have a reminder",
            "/today",
        )


def test_one_that_is_moved_is_told_of_anew_and_one_that_is_cancelled_is_not(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    remind(store, patient, HOUR, kind=Kind.APPOINTMENT)
    moved = enter(store, patient, date(2026, 3, 3), 10)
    push = Counting()
    assert passes(store, set_time, push, "03-03 09:00") == [1]
    said = Said(when.start(date(2026, 3, 3), 15 * 60, NEW_YORK))
    change(store, patient, moved, said)
    assert passes(store, set_time, push, "03-03 09:30", "03-03 14:00") == [1, 2]
    change(store, patient, moved, replace(said, start=when.start(date(2026, 3, 4), 9 * 60, NEW_YORK)), base=2)
    run(store, push)
    change(store, patient, moved, replace(said, cancelled=True), base=3)
    assert passes(store, set_time, push, "03-04 08:00", "03-04 08:30") == [2, 2]


def test_one_that_waits_still_comes_when_only_its_place_was_changed(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    remind(store, patient, HOUR, kind=Kind.APPOINTMENT, quiet=Quiet(6 * 60, 9 * 60 + 30))
    said = Said(when.start(date(2026, 3, 3), 600, NEW_YORK), place="Room 3, Elm House")
    other = enter(store, patient, date(2026, 3, 3), 10)
    push = Counting()
    assert passes(store, set_time, push, "03-03 09:00") == [0]
    change(store, patient, other, replace(said, place="Room 4"))
    assert passes(store, set_time, push, "03-03 09:10", "03-03 09:30", "03-03 09:40") == [0, 1, 1]
    # Moved while it waits: the old one does not come.
    change(store, patient, other, replace(said, start=when.start(date(2026, 3, 4), 600, NEW_YORK)), base=2)
    assert passes(store, set_time, push, "03-04 09:00") == [1]
    change(store, patient, other, replace(said, start=when.start(date(2026, 3, 5), 600, NEW_YORK)), base=3)
    assert passes(store, set_time, push, "03-04 09:30", "03-04 10:30") == [1, 1]


def test_never_once_it_has_begun(store: Store, patient: Made, set_time: Callable[[datetime], None]) -> None:
    remind(store, patient, HOUR, kind=Kind.APPOINTMENT)
    enter(store, patient, date(2026, 3, 3), 10)
    push = Counting()
    run(store, push)
    assert passes(store, set_time, push, "03-03 10:00") == [0]
    assert [(one.state, one.reason) for one in occurrences(store)] == [(State.DROPPED, Reason.TOO_LATE)]


def test_how_long_before_is_chosen_on_its_page(store: Store, client: Client, patient: Made) -> None:
    sign_in(client, patient)
    data = {"id": str(new_id()), "kind": "appointment", "wording": "discreet"}
    for wrong in ([], ["61"], ["-1"], ["1e9"]):
        assert client.post("/settings/reminders/new", data={**data, "leads": wrong}).status_code == 422
    assert client.post("/settings/reminders/new", data={**data, "leads": ["60", "1440"]}).status_code == 303
    assert "An hour before, The day before" in client.get("/settings/reminders").text
    assert (
        client.post("/settings/reminders/new", data={**data, "id": str(new_id()), "leads": ["60"]}).status_code == 422
    )
