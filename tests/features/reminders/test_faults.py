"""What goes wrong with one row, one phone or one key: it is set aside, and everybody else is reminded."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from flask import Flask

from patient_app.accounts.models import Person
from patient_app.backup import quieting
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.work import Store, db
from patient_app.reminders import calendar, choosing, engine, own
from patient_app.reminders.models import Kind, Reason, State, Wording
from patient_app.reminders.own import Chosen
from patient_app.reminders.schedule import Quiet
from patient_app.reminders.ways import LATER, Device
from tests.factories import Made, make_patient, make_practice
from tests.features.medications.plans import doses as planned
from tests.features.medications.regimens import at, daily, started
from tests.features.reminders.made import Counting, Phone, Told, occurrences, remind, run

SetTime = Callable[[datetime], None]
EIGHT = 8 * 60


def moment(text: str) -> datetime:
    """Return the instant of a wall time of 2026 in New York."""
    return at(text).occurred_at


@pytest.fixture(autouse=True)
def _words(app: Flask, set_time: SetTime) -> object:
    set_time(moment("03-02 07:00"))
    with app.app_context():
        yield


@pytest.fixture
def people(store: Store) -> list[Made]:
    practice = make_practice(store)
    return [make_patient(store, practice) for _each in range(3)]


def test_a_key_that_was_destroyed_stops_nobody_elses_reminders(
    store: Store, people: list[Made], set_time: SetTime
) -> None:
    for person in people:
        started(store, person, daily(*planned("08:00")), at("03-01 12:00"))
        remind(store, person, kind=Kind.DOSES)
    store.keys.destroy(people[0].id)
    push = Counting()
    for minute in (0, 1):
        set_time(moment(f"03-02 08:0{minute}"))
        run(store, push)
    assert len(push.sent) == 2
    assert {one.patient_id for one in occurrences(store)} == {person.id for person in people[1:]}


class Spiteful(Counting):
    """Fails for one person."""

    whom: uuid.UUID

    def devices_of(self, person_id: uuid.UUID) -> Sequence[Device]:
        """Return the devices, of all but one."""
        if person_id == self.whom:
            raise ValueError("a row that cannot be read")
        return super().devices_of(person_id)


def test_an_occurrence_that_cannot_be_sent_waits_with_a_reason_and_the_others_come(
    store: Store, people: list[Made], set_time: SetTime
) -> None:
    for person in people:
        remind(store, person, EIGHT)
    push = Spiteful()
    push.whom = people[1].id
    begun = moment("03-02 08:00")
    set_time(begun)
    run(store, push)
    assert len(push.sent) == 2
    bad = next(one for one in occurrences(store) if one.patient_id == push.whom)
    assert (bad.state, bad.reason) == (State.WAITING, Reason.FAULT)
    assert bad.act_at == begun + timedelta(minutes=10)
    for minutes in range(10, 121, 10):
        set_time(begun + timedelta(minutes=minutes))
        run(store, push)
    bad = next(one for one in occurrences(store) if one.patient_id == push.whom)
    assert (bad.state, bad.reason, bad.act_at) == (State.DROPPED, Reason.FAULT, None)
    assert len(push.sent) == 2


def test_an_occurrence_whose_fault_is_over_comes_in_its_window(
    store: Store, people: list[Made], set_time: SetTime
) -> None:
    remind(store, people[0], EIGHT)
    push = Spiteful()
    push.whom = people[0].id
    set_time(moment("03-02 08:00"))
    run(store, push)
    push.whom = people[1].id
    set_time(moment("03-02 08:10"))
    run(store, push)
    (one,) = occurrences(store)
    assert (one.state, one.reason) == (State.SENT, None)


@pytest.mark.parametrize("what", ["wording", "regimen", "pause ended", "pause of all ended", "quiet"])
def test_what_is_due_and_not_made_yet_survives_a_change(
    store: Store, people: list[Made], set_time: SetTime, what: str
) -> None:
    patient = people[0]
    kind = Kind.DOSES if what == "regimen" else Kind.OWN
    started(store, patient, daily(*planned("08:00")), at("03-01 12:00"))
    times = () if kind is Kind.DOSES else (EIGHT,)
    reminder = remind(store, patient, *times, kind=kind)
    push = Counting()
    run(store, push)
    now = at("03-02 08:01")
    set_time(now.occurred_at)  # The engine did not look since eight.
    if what == "regimen":
        started(store, patient, daily(*planned("20:00")), now)
    with store.work(writes=True):
        if what == "wording":
            chosen = Chosen(Kind.OWN, (EIGHT,), about="Walk")
            choosing.change(patient.viewer, reminder, chosen)
        elif what == "pause ended":
            choosing.pause(patient.viewer, reminder, None)
        elif what == "pause of all ended":
            choosing.pause_all(patient.viewer, None)
        elif what == "quiet":
            choosing.set_quiet(patient.viewer, Quiet(22 * 60, 6 * 60))
    run(store, push)
    assert len(push.sent) == 1


def test_times_that_are_chosen_anew_are_not_looked_for_in_the_past(
    store: Store, people: list[Made], set_time: SetTime
) -> None:
    reminder = remind(store, people[0], 9 * 60)
    set_time(moment("03-02 09:30"))
    with store.work(writes=True):
        choosing.change(people[0].viewer, reminder, Chosen(Kind.OWN, (9 * 60 + 15,), about="Walk"))
    push = Counting()
    run(store, push)
    assert not push.sent


def test_each_device_is_tried_again_at_its_own_time_and_told_how_often_it_was(
    store: Store, people: list[Made], set_time: SetTime
) -> None:
    remind(store, people[0], EIGHT)
    begun = moment("03-02 08:00")
    phones = [Phone(uuid.UUID(int=number)) for number in (1, 2)]
    waits = {1: timedelta(minutes=40), 2: timedelta(minutes=5)}
    times: list[tuple[int, datetime]] = []

    def answer(device: Device, _number: int) -> Told:
        times.append((device.id.int, clock.now()))
        return Told(LATER, clock.now() + waits[device.id.int])

    push = Counting(phones, answer)
    for minutes in range(45):
        set_time(begun + timedelta(minutes=minutes))
        run(store, push)
    tried = {number: [at - begun for one, at in times if one == number] for number in waits}
    assert tried[1] == [timedelta(), timedelta(minutes=40)]
    assert tried[2] == [timedelta(minutes=5 * each) for each in range(9)]
    told = [attempt for (device, _payload), attempt in zip(push.sent, push.attempts, strict=True) if device.int == 2]
    assert told == list(range(9))


def close_entries(store: Store, person: Made, until: datetime) -> None:
    """Have somebody come in with a code from the clinic."""
    with store.work(writes=True):
        row = db().get_one(Person, person.id)
        row.entries_closed_from, row.entries_closed_until = until - timedelta(days=3), until


def test_after_the_time_in_question_words_and_calendar_are_as_they_were(
    store: Store, people: list[Made], set_time: SetTime
) -> None:
    remind(store, people[0], EIGHT, wording=Wording.DETAILED)
    with store.work(writes=True):
        token = calendar.open_feed(people[0].viewer)
    close_entries(store, people[0], moment("03-02 12:00"))
    push = Counting()
    set_time(moment("03-02 08:00"))
    run(store, push)
    with store.work(writes=False), pytest.raises(NotFound):
        calendar.feed(token, clock.now())
    set_time(moment("03-03 08:00"))
    run(store, push)
    titles = [payload["title"] for _device, payload in push.sent]
    assert titles[0] == "You have a reminder"
    assert titles[1] != titles[0]
    with store.work(writes=False):
        assert "BEGIN:VEVENT" in calendar.feed(token, clock.now())


def test_after_a_restore_that_lost_something_no_e_mail_goes_out_and_no_phone_tells(
    store: Store, people: list[Made]
) -> None:
    remind(store, people[0], EIGHT, wording=Wording.OWN, words="Swim")
    remind(store, people[0], EIGHT, kind=Kind.DIGEST)
    remind(store, people[1], EIGHT)

    def told() -> list[tuple[Kind, Wording]]:
        with store.work(writes=False):
            found = [own.own_reminders(person.viewer) for person in people]
        return [(one.kind, one.chosen.wording) for each in found for one in each]

    name = "reminders by e-mail: ended; on locked phones: only that there is one"
    assert name not in quieting.quiet(store, nothing_lost=True)
    assert set(told()) == {(Kind.OWN, Wording.OWN), (Kind.DIGEST, Wording.DISCREET), (Kind.OWN, Wording.DISCREET)}
    assert quieting.quiet(store, nothing_lost=False)[name] == 2
    assert told() == [(Kind.OWN, Wording.DISCREET)] * 2
    assert quieting.quiet(store, nothing_lost=False)[name] == 0


def test_the_window_of_a_dose_ends_at_its_own_next_one_and_not_at_another_medicines(
    store: Store, people: list[Made], set_time: SetTime
) -> None:
    started(store, people[0], daily(*planned("08:00", "10:00")), at("03-01 12:00"))
    started(store, people[0], daily(*planned("08:30")), at("03-01 12:00"))
    remind(store, people[0], kind=Kind.DOSES)
    set_time(moment("03-02 10:00"))
    engine.make_due(store, clock.now())
    lasts = {one.slot: one.until for one in occurrences(store)}
    assert lasts == {
        "480": moment("03-02 10:00"),
        "510": moment("03-02 11:30"),
        "600": moment("03-02 13:00"),
    }


def test_a_worker_that_is_to_end_begins_nothing_more_and_loses_nothing(
    store: Store, people: list[Made], set_time: SetTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STOPPING", threading.Event())
    for person in people:
        remind(store, person, EIGHT)
    set_time(moment("03-02 08:00"))
    engine.make_due(store, clock.now())

    def answer(_device: Device, _number: int) -> Told:
        engine.STOPPING.set()
        return Told()

    push = Counting([Phone(uuid.UUID(int=number)) for number in (1, 2)], answer)
    engine.deliver_due(store, push, threads=1)
    assert len(push.sent) == 1
    engine.STOPPING.clear()
    set_time(moment("03-02 08:01"))
    push.answers = lambda _device, _number: Told()
    run(store, push)
    assert len(push.sent) == 6
