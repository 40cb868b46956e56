"""Sending in time: bounded whatever a push service does, recorded whatever the database does, and nobody waits."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from patient_app.accounts import preferences
from patient_app.accounts.models import Person
from patient_app.accounts.preferences import Preferences
from patient_app.core import clock
from patient_app.core.db import LOCK_SECONDS, DatabaseBusy
from patient_app.core.work import Store, connection, db
from patient_app.reminders import claiming, engine, making, over, recording
from patient_app.reminders.models import Delivery, Reason, Reminder, State
from patient_app.reminders.ways import Device, Payload
from tests.factories import Made, make_patient, make_practice
from tests.features.medications.regimens import at
from tests.features.reminders.made import Counting, Phone, Told, occurrences, remind, run

SetTime = Callable[[datetime], None]
EIGHT = 8 * 60
PHONES = [Phone(uuid.UUID(int=number)) for number in (1, 2, 3)]


@pytest.fixture(autouse=True)
def _words(app: Flask) -> object:
    with app.app_context():
        yield


@pytest.fixture
def people(store: Store) -> list[Made]:
    practice = make_practice(store, zone="UTC")
    return [make_patient(store, practice) for _each in range(4)]


@pytest.fixture
def due(store: Store, people: list[Made]) -> list[Made]:
    """People with a reminder that is due now, by the real clock."""
    _have_due(store, people)
    return people


def _have_due(store: Store, people: list[Made]) -> None:
    now = clock.now()
    for person in people:
        reminder = remind(store, person, now.hour * 60 + now.minute)
        with store.work(writes=True):
            db().get_one(Reminder, reminder).next_at = now.replace(second=0, microsecond=0)
    engine.make_due(store, clock.now())
    assert len(occurrences(store)) == len(people)


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """What a service that hangs waits for."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.sqlite
def test_the_lease_outlasts_the_lock_of_the_database_and_is_soon_over() -> None:
    assert engine.SLOW + timedelta(seconds=LOCK_SECONDS) < engine.LEASE < timedelta(seconds=15)


class Slow(Counting):
    """A service that hangs for some people."""

    hangs: threading.Event
    whom: frozenset[uuid.UUID] = frozenset()

    def devices_of(self, person_id: uuid.UUID) -> list[Device]:
        """Return a device of one's own."""
        return [Phone(person_id)]

    def send(self, device: Device, payload: Payload, **given: object) -> Told:
        """Hang, or answer."""
        if device.id in self.whom:
            self.hangs.wait(30)
        return super().send(device, payload, **given)  # type: ignore[arg-type]


@pytest.mark.sqlite
@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_service_that_hangs_is_left_behind_and_nobody_else_waits_for_it(
    store: Store, due: list[Made], hanging: threading.Event, monkeypatch: pytest.MonkeyPatch, one_by_one: bool
) -> None:
    monkeypatch.setattr(engine, "LONGEST_SENDING", timedelta(seconds=0.6))
    push = Slow()
    push.hangs, push.whom = hanging, frozenset({due[0].id})
    begun = time.monotonic()
    if one_by_one:
        while engine.deliver_one(store, clock.now(), push):
            pass
    else:
        engine.deliver_due(store, push)
    assert time.monotonic() - begun < 5
    found = {one.patient_id: one for one in occurrences(store)}
    assert {found[person.id].state for person in due[1:]} == {State.SENT}
    late = found[due[0].id]
    assert (late.state, late.claim) == (State.WAITING, None)
    assert late.act_at is not None
    assert timedelta(seconds=20) < late.act_at - clock.now() <= timedelta(seconds=30)
    # What it answers after that is not heard any more.
    hanging.set()
    time.sleep(0.1)
    assert {one.patient_id: one.state for one in occurrences(store)}[due[0].id] == State.WAITING


@pytest.mark.parametrize("one_by_one", [True, False])
def test_what_a_service_is_slow_with_no_other_worker_takes_meanwhile(
    store: Store, people: list[Made], monkeypatch: pytest.MonkeyPatch, one_by_one: bool
) -> None:
    monkeypatch.setattr(engine, "LEASE", timedelta(seconds=0.8))
    monkeypatch.setattr(engine, "SLOW", timedelta(seconds=0.1))
    _have_due(store, people[:1])
    to_take: list[uuid.UUID | None] = []

    def answer(_device: Device, _number: int) -> Told:
        for _look in range(20):
            time.sleep(0.1)
            with store.work(writes=False):
                to_take.append(connection().scalar(claiming.ANY_DUE, {"now": clock.now()}))
        return Told()

    push = Counting(answers=answer)
    if one_by_one:
        engine.deliver_one(store, clock.now(), push)
    else:
        engine.deliver_due(store, push)
    assert to_take == [None] * 20
    assert [one.state for one in occurrences(store)] == [State.SENT]


@pytest.mark.sqlite
def test_many_that_hang_hold_up_the_others_for_a_second_and_no_more(
    store: Store, hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LONGEST_SENDING", timedelta(seconds=2))
    monkeypatch.setattr(engine, "SLOW", timedelta(seconds=0.2))
    practice = make_practice(store, zone="UTC")
    crowd = [make_patient(store, practice) for _each in range(engine.IN_FLIGHT + 4)]
    now = clock.now().replace(second=0, microsecond=0)
    for person in crowd:
        reminder = remind(store, person, now.hour * 60 + now.minute)
        with store.work(writes=True):
            db().get_one(Reminder, reminder).next_at = now
    engine.make_due(store, clock.now())
    in_order = [one.patient_id for one in occurrences(store)]
    push = Slow()
    push.hangs, push.whom = hanging, frozenset(in_order[: engine.IN_FLIGHT])
    came: dict[uuid.UUID, float] = {}
    begun = time.monotonic()

    def answer(device: Device, _number: int) -> Told:
        came[device.id] = time.monotonic() - begun
        return Told()

    push.answers = answer
    engine.deliver_due(store, push)
    assert set(in_order[engine.IN_FLIGHT :]) <= set(came)
    assert max(came[person] for person in in_order[engine.IN_FLIGHT :]) < 1.5


@pytest.mark.parametrize("one_by_one", [True, False])
def test_what_was_sent_is_recorded_though_the_database_is_busy_for_a_while(
    store: Store, due: list[Made], monkeypatch: pytest.MonkeyPatch, one_by_one: bool
) -> None:
    record, busy = recording.record, [True] * 3

    def recorded(*given: object) -> None:
        if busy:
            busy.pop()
            raise DatabaseBusy
        record(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(recording, "record", recorded)
    monkeypatch.setattr(engine, "_PAUSE", 0.01)
    push = Counting()
    if one_by_one:
        while engine.deliver_one(store, clock.now(), push):
            pass
    else:
        engine.deliver_due(store, push)
    assert not busy
    assert sorted(push.counts.values()) == [1] * len(due)
    assert {one.state for one in occurrences(store)} == {State.SENT}
    with store.work(writes=False):
        assert len(db().scalars(select(Delivery)).all()) == len(due)


@pytest.mark.sqlite
def test_one_result_that_cannot_be_recorded_takes_no_other_along(
    store: Store, due: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(_push: Counting, device: Device, _outcome: object) -> None:
        if device.id == due[1].id:
            raise ValueError("a row that cannot be written")

    monkeypatch.setattr(Slow, "keep", keep)
    engine.deliver_due(store, Slow())
    states = {one.patient_id: one.state for one in occurrences(store)}
    assert states.pop(due[1].id) == State.SENDING
    assert set(states.values()) == {State.SENT}


def test_a_worker_that_is_to_end_leaves_what_hangs_to_its_lease_and_what_was_not_begun_to_the_next(
    store: Store, due: list[Made], hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STOPPING", threading.Event())
    monkeypatch.setattr(engine, "STOPS_WITHIN", timedelta(seconds=0.5))
    push = Slow()
    push.hangs, push.whom = hanging, frozenset({due[0].id})
    threading.Timer(0.3, engine.STOPPING.set).start()
    begun = time.monotonic()
    engine.deliver_due(store, push, threads=1)
    assert time.monotonic() - begun < 4
    waiting = [one for one in occurrences(store) if one.state == State.WAITING]
    assert due[0].id in {one.patient_id for one in waiting}
    assert all(one.claim is None for one in occurrences(store))
    engine.STOPPING.clear()
    engine.deliver_due(store, push2 := Counting())
    assert len(push2.sent) == len(waiting) - 1, "what may have gone out waits a little"


# --- words ------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite
def test_everybody_gets_their_own_language_however_many_are_sent_to_at_once(
    store: Store, due: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.work(writes=True):
        for number, person in enumerate(due):
            db().get_one(Person, person.id).language = ("xx", "en")[number % 2]

    class Lingers(Slow):
        def pack(self, device: Device, payload: Payload, until: datetime) -> Payload:
            with force_locale(payload["lang"]):
                time.sleep(0.05)
                return {**payload, "word": gettext("You have a reminder")}

    push = Lingers()
    engine.deliver_due(store, push)
    for _device, payload in push.sent:
        assert payload["title"] == payload["word"]
        assert (payload["title"] == "You have a reminder") == (payload["lang"] == "en")


# --- what waits for each other on PostgreSQL ----------------------------------------------------------------------


def test_making_what_is_due_and_saving_a_zone_do_not_wait_for_each_other_for_ever(
    app: Flask, store: Store, people: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine holds the reminder and is to name the person; the page holds the person and wants the reminder."""
    if store.database.is_sqlite:
        return  # There is one writer at a time.
    person, now = people[0], clock.now()
    reminder = remind(store, person, now.hour * 60 + now.minute)
    with store.work(writes=True):
        db().get_one(Reminder, reminder).next_at = now.replace(second=0, microsecond=0)
    due_of, holds = making._due_of, threading.Event()

    def slowly(*given: object) -> object:
        holds.set()
        time.sleep(1.0)
        return due_of(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(making, "_due_of", slowly)
    faults: list[OperationalError] = []

    def make() -> None:
        try:
            with app.app_context():
                engine.make_due(store, clock.now())
        except OperationalError as fault:
            faults.append(fault)

    engine_thread = threading.Thread(target=make)
    engine_thread.start()
    assert holds.wait(10)
    with store.work(writes=True):
        preferences.set_preferences(person.viewer, Preferences("en", "Europe/Paris", 240))
    engine_thread.join(20)
    assert faults == []
    assert len(occurrences(store)) == 1


# --- faults that are mended ---------------------------------------------------------------------------------------


def test_a_slot_of_a_reminder_that_could_not_be_looked_at_comes_once_it_was_mended(
    store: Store, people: list[Made], set_time: SetTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time(at("03-02 07:00").occurred_at)
    patient = make_patient(store, make_practice(store))
    remind(store, patient, EIGHT)
    due_of = making._due_of

    def broken(*_given: object) -> object:
        raise ValueError("a row that cannot be read")

    monkeypatch.setattr(making, "_due_of", broken)
    push = Counting()
    for minute in (0, 5, 12, 23):
        set_time(at(f"03-02 08:{minute:02d}").occurred_at)
        run(store, push)
    assert not push.sent
    monkeypatch.setattr(making, "_due_of", due_of)
    for minute in (30, 35, 40):
        set_time(at(f"03-02 08:{minute}").occurred_at)
        run(store, push)
    (one,) = occurrences(store)
    assert (one.slot, one.state, len(push.sent)) == ("480", State.SENT, 1)
    with store.work(writes=False):
        assert db().scalars(select(Reminder.fault_since)).all() == [None]


def test_a_slot_whose_window_ended_before_it_was_mended_is_kept_as_too_late(
    store: Store, set_time: SetTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time(at("03-02 07:00").occurred_at)
    remind(store, make_patient(store, make_practice(store)), EIGHT)
    with monkeypatch.context() as patch:
        patch.setattr(making, "_due_of", lambda *_given: 1 / 0)
        set_time(at("03-02 08:00").occurred_at)
        run(store, Counting())
    set_time(at("03-02 11:00").occurred_at)
    run(store, push := Counting())
    (one,) = occurrences(store)
    assert (one.state, one.reason, push.sent) == (State.DROPPED, Reason.TOO_LATE, [])


@pytest.mark.sqlite
def test_after_a_restore_a_fault_of_before_brings_nothing_back(
    store: Store, set_time: SetTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time(at("03-02 07:00").occurred_at)
    remind(store, make_patient(store, make_practice(store)), EIGHT)
    with monkeypatch.context() as patch:
        patch.setattr(making, "_due_of", lambda *_given: 1 / 0)
        set_time(at("03-02 08:00").occurred_at)
        run(store, Counting())
    set_time(at("03-02 08:30").occurred_at)
    with store.work(writes=True):
        over.quiet_all()
    run(store, push := Counting())
    assert (occurrences(store), push.sent) == ([], [])


def test_claiming_does_not_forget_to_write_what_it_decided(store: Store, due: list[Made]) -> None:
    with store.work(writes=True):
        found = claiming.claim(clock.now(), engine.LEASE, Counting(), most=3)
    assert (len(found.claimed), found.decided) == (3, 0)
    assert [one.state for one in occurrences(store)].count(State.SENDING) == 3
