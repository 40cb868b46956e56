"""The engine: what is due is made once, sent once, never after its window, and not at all where no reason is left."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from patient_app.accounts import preferences
from patient_app.accounts.models import MailMessage, Person, PersonState
from patient_app.accounts.preferences import Preferences
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.medications import changing, dose_log
from patient_app.medications import regimen as regimen_reads
from patient_app.medications.changing import Author
from patient_app.medications.dose_log import Slot
from patient_app.medications.dose_log import Told as Tap
from patient_app.medications.models import DoseState
from patient_app.refills import service as refills
from patient_app.refills.models import Kind as Counted
from patient_app.reminders import choosing, engine, handling, over, own
from patient_app.reminders.models import Delivery, Handled, Kind, Reason, ReminderOutage, State, Wording
from patient_app.reminders.schedule import Quiet
from patient_app.reminders.ways import GONE, LATER, REFUSED
from tests.factories import Made, make_check_in, make_patient, make_practice
from tests.features.medications.plans import doses as planned
from tests.features.medications.regimens import at, daily, started
from tests.features.reminders.made import Counting, Phone, Told, occurrences, remind, run

SetTime = Callable[[datetime], None]
EIGHT = 8 * 60
PHONES = [Phone(uuid.UUID(int=number)) for number in (1, 2, 3)]


def moment(text: str) -> datetime:
    """Return the instant of a wall time of 2026 in New York."""
    return at(text).occurred_at


@pytest.fixture(autouse=True)
def _words(app: Flask, set_time: SetTime) -> object:
    set_time(moment("03-02 07:00"))
    with app.app_context():
        yield


@pytest.fixture
def patient(store: Store) -> Made:
    return make_patient(store, make_practice(store))


def state(store: Store) -> list[tuple[State, Reason | None]]:
    return [(State(one.state), one.reason and Reason(one.reason)) for one in occurrences(store)]


def test_it_is_sent_once_at_its_time_and_tells_nothing(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    push = Counting()
    assert run(store, push) == 0
    for minute in (0, 0, 1, 20):
        set_time(moment(f"03-02 08:{minute:02d}"))
        run(store, push)
    ((_device, payload),) = push.sent
    assert (payload["title"], payload["body"]) == ("You have a reminder", "Reminder for 8:00\u00a0AM")
    assert 7190 <= push.ttls[0] <= 7200
    (one,) = occurrences(store)
    assert (one.state, one.local_day, one.slot, one.sent_at) == (State.SENT, date(2026, 3, 2), "480", one.due_at)


def test_many_workers_at_once_make_and_send_each_once(
    store: Store, patient: Made, set_time: SetTime, app: Flask
) -> None:
    remind(store, patient, *range(EIGHT - 60, EIGHT, 5))
    remind(store, patient, *range(EIGHT - 60, EIGHT, 5), about="Walk")
    set_time(moment("03-02 07:56"))
    push = Counting()

    def work(_number: int) -> None:
        with app.app_context():
            engine.make_due(store, clock.now())
            engine.deliver_due(store, push, threads=2)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(occurrences(store)) == 24
    # Of each reminder only the last still makes sense: nobody gets a bunch at once.
    assert sorted(push.counts.values()) == [1] * len(push.counts)
    assert {one.state for one in occurrences(store)} == {State.SENT, State.DROPPED}


def test_never_after_the_window_and_that_is_kept(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    push = Counting()
    run(store, push)
    set_time(moment("03-03 07:00"))  # nobody ran for a day
    run(store, push)
    assert state(store) == [(State.DROPPED, Reason.TOO_LATE)]
    assert not push.sent
    with store.work(writes=False):
        (gap,) = db().scalars(select(ReminderOutage))
    assert (gap.began_at, gap.ended_at) == (moment("03-02 07:00"), moment("03-03 07:00"))


def test_after_weeks_of_silence_nobody_gets_a_heap(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, *range(0, 1440, 120))
    push = Counting()
    run(store, push)
    set_time(moment("04-02 09:00"))
    run(store, push)
    assert len(push.sent) == 1
    assert len(occurrences(store)) == 12


def test_what_died_in_flight_is_taken_up_within_a_minute(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    set_time(moment("03-02 08:00"))

    class Dies(Counting):
        def send(self, *given: object, **more: object) -> Told:
            super().send(*given, **more)  # type: ignore[arg-type]
            raise KeyboardInterrupt  # As good as killed: nothing after it runs.

    push = Dies()
    engine.make_due(store, clock.now())
    with pytest.raises(KeyboardInterrupt):
        engine.deliver_one(store, clock.now(), push)
    alive = Counting()
    assert run(store, alive) == 0  # The lease holds.
    set_time(moment("03-02 08:00") + timedelta(seconds=46))
    assert run(store, alive) == 1
    assert len(push.sent) == len(alive.sent) == 1


def test_a_worker_that_slept_over_its_lease_writes_over_nothing(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    set_time(moment("03-02 08:00"))
    engine.make_due(store, clock.now())
    second = Counting()

    def slept(_device: object, _number: int) -> Told:
        set_time(moment("03-02 08:01"))
        run(store, second)
        return Told(REFUSED)

    engine.deliver_one(store, clock.now(), Counting(answers=slept))
    assert len(second.sent) == 1
    assert state(store) == [(State.SENT, None)]


def test_each_device_gets_it_once_and_only_those_that_could_not_are_tried_again(
    store: Store, patient: Made, set_time: SetTime
) -> None:
    remind(store, patient, EIGHT)
    begun = moment("03-02 08:00")
    set_time(begun)
    words = {1: [Told()], 2: [Told(LATER, begun + timedelta(minutes=5)), Told()], 3: [Told(GONE)]}
    push = Counting(PHONES, lambda device, _number: words[device.id.int].pop(0))
    run(store, push)
    set_time(begun + timedelta(minutes=4))
    assert run(store, push) == 0
    set_time(begun + timedelta(minutes=5))
    run(store, push)
    assert [device.int for device, _payload in push.sent] == [1, 2, 3, 2]
    assert state(store) == [(State.SENT, None)]
    with store.work(writes=False):
        rows = {row.device_id.int: (row.outcome, row.attempts) for row in db().scalars(select(Delivery))}
    assert rows == {1: ("accepted", 1), 2: ("accepted", 2), 3: ("gone", 1)}


def test_a_push_service_that_is_down_is_asked_again_until_the_window_ends(
    store: Store, patient: Made, set_time: SetTime
) -> None:
    remind(store, patient, EIGHT)
    push = Counting(answers=lambda _device, _number: Told(LATER))
    for minutes in range(0, 240, 4):
        set_time(moment("03-02 08:00") + timedelta(minutes=minutes))
        run(store, push)
    assert state(store) == [(State.LISTED, Reason.NOT_REACHED)]
    assert 4 < len(push.sent) < 10
    assert min(push.ttls) > 0


def test_one_device_that_raises_keeps_no_other_from_it(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    set_time(moment("03-02 08:00"))

    def answer(device: object, _number: int) -> Told:
        if device == PHONES[0]:
            raise OSError("no network")
        return Told()

    push = Counting(PHONES[:2], answer)
    run(store, push)
    assert [device.int for device, _payload in push.sent] == [1, 2]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ended", Reason.OFF),
        ("changed", Reason.OFF),
        ("closed", Reason.OFF),
        ("paused", Reason.PAUSED),
        ("all paused", Reason.PAUSED),
        ("quiet", Reason.QUIET),
        ("done", Reason.SETTLED),
    ],
)
def test_all_is_asked_again_when_it_is_to_be_sent(
    store: Store, patient: Made, set_time: SetTime, name: str, reason: Reason
) -> None:
    reminder_id = remind(store, patient, EIGHT)
    set_time(moment("03-02 08:00"))
    engine.make_due(store, clock.now())
    (occurrence,) = occurrences(store)
    who, tomorrow = patient.viewer, date(2026, 3, 3)
    with store.work(writes=True):
        match name:
            case "ended":
                choosing.end(who, reminder_id)
            case "changed":
                choosing.change(who, reminder_id, own.Chosen(Kind.OWN, (EIGHT + 60,), about="x"))
            case "closed":
                db().get_one(Person, patient.id).state = PersonState.CLOSED
            case "paused":
                choosing.pause(who, reminder_id, tomorrow)
            case "all paused":
                choosing.pause_all(who, tomorrow)
            case "quiet":
                choosing.set_quiet(who, Quiet(7 * 60, 11 * 60))
            case _:
                handling.settle(patient.id, occurrence.id, Handled.IN_APP)
    push = Counting()
    run(store, push)
    if name == "done":
        assert state(store) == [(State.LISTED, None)]
    else:
        assert state(store) == [(State.DROPPED, reason)]
    assert not push.sent


def test_in_quiet_hours_it_waits_for_their_end(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    with store.work(writes=True):
        choosing.set_quiet(patient.viewer, Quiet(22 * 60, 8 * 60 + 30))
    push = Counting()
    for minute in (0, 29):
        set_time(moment(f"03-02 08:{minute:02d}"))
        run(store, push)
    assert not push.sent
    set_time(moment("03-02 08:30"))
    run(store, push)
    assert push.sent[0][1]["body"] == "Reminder for 8:00\u00a0AM"


def test_a_pause_ends_on_its_day(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    with store.work(writes=True):
        choosing.pause_all(patient.viewer, date(2026, 3, 5))
    push, days = Counting(), []
    for day in range(2, 8):
        set_time(moment(f"03-{day:02d} 08:00"))
        run(store, push)
        days.append(len(push.sent))
    assert days == [0, 0, 0, 1, 2, 3]


def test_a_check_in_that_was_made_is_not_reminded_of(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, 9 * 60, 19 * 60, kind=Kind.CHECK_IN)
    push = Counting()
    make_check_in(store, patient, at=moment("03-02 07:00"))
    for hour in (9, 19):
        set_time(moment(f"03-02 {hour:02d}:00"))
        run(store, push)
    assert state(store) == [(State.DROPPED, Reason.SETTLED), (State.SENT, None)]


def test_an_e_mail_goes_out_once_where_something_is_due_on_the_day(
    store: Store, patient: Made, set_time: SetTime
) -> None:
    remind(store, patient, 7 * 60 + 30, kind=Kind.DIGEST)
    remind(store, patient, EIGHT, weekdays=(1,))  # Mondays
    for day in (2, 3):
        for minute in (30, 30, 31):
            set_time(moment(f"03-{day:02d} 07:{minute}"))
            run(store, Counting(devices=()))
    with store.work(writes=False):
        (letter,) = db().scalars(select(MailMessage))
        assert letter.subject == "You have a reminder"
        assert "plants" not in (letter.body or "")


# --- doses -----------------------------------------------------------------------------------------------------


@pytest.fixture
def regimen(store: Store, patient: Made) -> tuple[uuid.UUID, uuid.UUID]:
    first = started(store, patient, daily(*planned("08:00", "20:00")), at("02-01 12:00"))
    second = started(store, patient, daily(*planned("08:00")), at("02-01 12:00"))
    return first, second


def tap(store: Store, patient: Made, medicine: uuid.UUID, what: DoseState, **given: object) -> None:
    slot = Slot(medicine, date(2026, 3, 2), "08:00")
    now = clock.moment(clock.now(), patient.zone)
    with store.work(writes=True):
        dose_log.log_due(patient.viewer, uuid.uuid4(), {slot: Tap(what, now, **given)}, now)  # type: ignore[arg-type]


@pytest.mark.usefixtures("regimen")
def test_doses_that_are_due_together_are_one_reminder(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, kind=Kind.DOSES, wording=Wording.DETAILED)
    push = Counting()
    for hour in (8, 20):
        set_time(moment(f"03-02 {hour:02d}:00"))
        run(store, push)
    assert [(sent["title"], sent["body"]) for _device, sent in push.sent] == [
        ("sertraline", "Reminder for 8:00\u00a0AM"),
        ("sertraline", "Reminder for 8:00\u00a0PM"),
    ]


def test_a_dose_that_was_logged_is_not_reminded_of_and_one_put_off_waits(
    store: Store, patient: Made, set_time: SetTime, regimen: tuple[uuid.UUID, uuid.UUID]
) -> None:
    remind(store, patient, kind=Kind.DOSES)
    push = Counting()
    tap(store, patient, regimen[0], DoseState.TAKEN)
    tap(store, patient, regimen[1], DoseState.LATER, later_until=moment("03-02 08:40"))
    for minute in (0, 39, 40):
        assert not push.sent
        set_time(moment(f"03-02 08:{minute:02d}"))
        run(store, push)
    assert len(push.sent) == 1
    tap(store, patient, regimen[1], DoseState.SKIPPED)
    assert len(occurrences(store)) == 1


def test_another_regimen_is_followed_at_once(
    store: Store, patient: Made, set_time: SetTime, regimen: tuple[uuid.UUID, uuid.UUID]
) -> None:
    remind(store, patient, kind=Kind.DOSES)
    run(store, Counting())
    now = at("03-02 07:10")
    set_time(now.occurred_at)
    with store.work(writes=True):
        for medicine in regimen:
            changing.stop(Author.patient(patient.viewer), medicine, uuid.uuid4(), moment=now)
    started(store, patient, daily(*planned("07:20")), now)
    push = Counting()
    for minute in (20, 59):
        set_time(moment(f"03-02 07:{minute}"))
        run(store, push)
    set_time(moment("03-02 08:00"))
    run(store, push)
    assert [sent["at"] for _device, sent in push.sent] == ["07:20"]


def test_a_refill_is_reminded_of_only_while_something_runs_low(store: Store, patient: Made, set_time: SetTime) -> None:
    medicine_id = started(store, patient, daily(*planned("08:00")), at("02-01 12:00"))
    remind(store, patient, EIGHT, kind=Kind.REFILL, wording=Wording.DETAILED)
    push = Counting()
    for day, left in ((2, 30), (3, 5)):
        now = at(f"03-{day:02d} 07:00")
        set_time(now.occurred_at)
        with store.work(writes=True):
            medicine = regimen_reads.own_medicine(patient.viewer, medicine_id)
            said = refills.New(new_id(), Counted.COUNTED, now.local_date, Decimal(left))
            refills.record(patient.viewer, medicine, said, now)
        set_time(moment(f"03-{day:02d} 08:00"))
        run(store, push)
    assert [sent["title"] for _device, sent in push.sent] == ["Getting more of sertraline"]
    assert state(store) == [(State.DROPPED, Reason.NOT_NEEDED), (State.SENT, None)]


# --- later, clocks, travel, restore ----------------------------------------------------------------------------


def test_put_off_comes_again_and_twice_is_once(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    push = Counting()
    set_time(moment("03-02 08:00"))
    run(store, push)
    (one,) = occurrences(store)
    with store.work(writes=True):
        again = handling.put_off(patient.id, one.id, 30)
        assert handling.put_off(patient.id, one.id, 60) == again
    for minute in (29, 30, 31):
        set_time(moment(f"03-02 08:{minute}"))
        run(store, push)
    assert len(push.sent) == 2
    for minutes in (40, 50):
        with store.work(writes=True):
            handling.put_off(patient.id, one.id, 10)
        set_time(moment(f"03-02 08:{minutes}") + timedelta(minutes=10))
        run(store, push)
    with store.work(writes=True), pytest.raises(handling.PutOffTooOften):
        handling.put_off(patient.id, one.id, 10)
    with store.work(writes=True):
        handling.settle(patient.id, one.id, Handled.NOTIFICATION)
        handling.settle(patient.id, one.id, Handled.IN_APP)
        assert handling.put_off(patient.id, one.id, 10) is None
    (one,) = occurrences(store)
    assert (one.handled_how, one.state) == (Handled.NOTIFICATION, State.SENT)


@pytest.mark.parametrize("hours", [2, 24, 24 * 400])
def test_a_clock_that_runs_ahead_and_is_put_right_neither_doubles_nor_skips(
    store: Store, patient: Made, set_time: SetTime, hours: int
) -> None:
    remind(store, patient, EIGHT, 20 * 60)
    push = Counting()
    set_time(moment("03-02 07:30"))
    run(store, push)
    set_time(moment("03-02 07:30") + timedelta(hours=hours))
    run(store, push)
    right = Counting()
    for half in range(2 * 48):
        set_time(moment("03-02 07:31") + timedelta(minutes=30 * half))
        run(store, right)
    days = {(one.local_day.day, one.slot) for one in occurrences(store) if one.sent_at}
    assert {(2, "480"), (2, "1200"), (3, "480"), (3, "1200")} <= days
    assert set(right.counts.values()) == {1}
    assert len(right.sent) == (3 if hours == 2 else 4)


def test_travel_keeps_a_time_once_a_day(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    push = Counting()
    set_time(moment("03-02 08:00"))
    run(store, push)

    def move(zone: str) -> None:
        with store.work(writes=True):
            preferences.set_preferences(patient.viewer, Preferences("en", zone, 240))

    move("America/Los_Angeles")
    for hour in range(8, 24):
        set_time(moment(f"03-02 {hour:02d}:00"))
        run(store, push)
    assert len(push.sent) == 1
    # To Paris in the night: its 8:00 was an hour ago, and is not left out.
    set_time(datetime(2026, 3, 3, 8, 0, tzinfo=UTC))
    move("Europe/Paris")
    run(store, push)
    assert len(push.sent) == 2
    assert [one.local_day.day for one in occurrences(store)] == [2, 3]


def test_what_came_up_long_ago_goes_with_what_became_of_it(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT)
    for day in ("03-02", "05-25"):
        set_time(moment(f"{day} 08:00"))
        run(store, Counting())
    set_time(moment("06-10 12:00"))
    with store.work(writes=True):
        assert over.prune() == 1
    assert {one.local_day.month for one in occurrences(store)} == {5}
    with store.work(writes=False):
        assert len(db().scalars(select(Delivery)).all()) == 1


def test_after_a_restore_nothing_of_the_past_acts(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT, 9 * 60)
    run(store, Counting())
    set_time(moment("03-02 08:00"))
    engine.make_due(store, clock.now())
    set_time(moment("03-02 09:10"))
    with store.work(writes=True):
        assert over.quiet_all() == 1
        assert over.quiet_all() == 0
    push = Counting()
    run(store, push)
    assert not push.sent
    set_time(moment("03-03 08:00"))
    run(store, push)
    assert len(push.sent) == 1


def test_quiet_hours_of_one_hold_beside_those_of_all(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT, quiet=Quiet(7 * 60, 8 * 60 + 20))
    remind(store, patient, EIGHT, about="Walk")
    with store.work(writes=True):
        choosing.set_quiet(patient.viewer, Quiet(7 * 60 + 30, 8 * 60 + 10))
    push = Counting()
    sent = []
    for minute in (0, 10, 19, 20, 21):
        set_time(moment(f"03-02 08:{minute:02d}"))
        run(store, push)
        sent.append(len(push.sent))
    assert sent == [0, 1, 1, 2, 2]


def test_quiet_hours_of_one_that_outlast_its_window_drop_it(store: Store, patient: Made, set_time: SetTime) -> None:
    remind(store, patient, EIGHT, quiet=Quiet(22 * 60, 11 * 60))
    set_time(moment("03-02 08:00"))
    run(store, Counting())
    assert state(store) == [(State.DROPPED, Reason.QUIET)]
