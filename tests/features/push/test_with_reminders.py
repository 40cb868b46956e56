"""The whole way of a reminder: made, sent, opened on the device, Done tapped there, and the dose in the log."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from patient_app.checkins import service as own_check_ins
from patient_app.checkins.models import CheckIn
from patient_app.checkins.service import OwnCheckIn
from patient_app.core import clock, letterbox
from patient_app.core.config import Config
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.medications import changing, dose_log, doses
from patient_app.medications.dose_log import Slot
from patient_app.medications.dose_log import Told as Tapped
from patient_app.medications.models import DoseState
from patient_app.push.sending import Sender
from patient_app.reminders import engine
from patient_app.reminders.by_push import ByPush
from patient_app.reminders.models import Handled, Kind, Occurrence, State, Wording
from tests.factories import Made, sign_in
from tests.features.medications.plans import doses as planned
from tests.features.medications.regimens import at, daily, started
from tests.features.offline.phone import Phone
from tests.features.push.receivers import Browser, Service
from tests.features.push.test_devices import tell
from tests.features.reminders.made import occurrences, remind
from tests.page import Client

SetTime = Callable[[datetime | str], None]
ACT = "/reminders/act"
DAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def _at_seven(set_time: SetTime) -> None:
    set_time(at("03-02 07:00").occurred_at)


class Way(ByPush):
    """The way by push, and the application in which the engine finds its words."""

    def __init__(self, app: Flask, config: Config, sender: Sender) -> None:
        super().__init__(config, sender)
        self.app = app


@pytest.fixture
def way(app: Flask, config: Config, service: Service) -> Iterator[Way]:
    """The way by push, to a service that answers as it is told."""
    sender = Sender(config, httpx.MockTransport(service))
    yield Way(app, config, sender)
    sender.close()


@pytest.fixture
def phone(app: Flask, store: Store, patient: Made) -> Phone:
    """The patient's phone."""
    return Phone(app, store, patient, zone="America/New_York")


@pytest.fixture
def browser(phone: Phone, own_key: str) -> Browser:
    """The browser on it, which gets messages."""
    made = Browser()
    tell(phone.browser, made, "on", own_key)
    return made


@pytest.fixture
def medicines(store: Store, patient: Made) -> list[uuid.UUID]:
    """Two medicines that are due at eight."""
    return [started(store, patient, daily(*planned("08:00")), at("03-01 12:00")) for _each in range(2)]


def come(store: Store, way: Way, set_time: SetTime, when: str) -> None:
    """Let it be a time, and the engine do what is due then."""
    set_time(at(when).occurred_at)
    with way.app.app_context():
        engine.make_due(store, clock.now())
        while engine.deliver_one(store, clock.now(), way):
            pass


def last(browser: Browser, service: Service) -> dict[str, Any]:
    """Return the last message, opened by its browser."""
    told: dict[str, Any] = json.loads(browser.opened(service.last.content))
    return told


def tap(client: Client, told: dict[str, Any], wish: str = "done") -> str:
    """Tap a button of a notification."""
    page = client.post(ACT, data={"token": told["act"]["token"], "do": wish})
    assert page.json is not None
    return str(page.json["result"])


def logged(store: Store, patient: Made) -> list[tuple[uuid.UUID, DoseState, int | None, str]]:
    """Return what stands in the dose log of the day, with the wall time."""
    with store.work(writes=False):
        found = doses.logged_between(patient.viewer, DAY, DAY)
    return sorted((one.medicine_id, one.state, one.amount, f"{one.local_time:%H:%M}") for one in found)


def test_done_on_a_reminder_of_doses_logs_them_once_and_says_where_it_came_from(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, kind=Kind.DOSES)
    come(store, way, set_time, "03-02 08:00")
    [sent] = service.requests
    assert 3 * 3600 - 60 < int(sent.headers["TTL"]) <= 3 * 3600
    assert sent.headers["Urgency"] == "high"
    assert len(sent.headers["Topic"]) == 32
    told = last(browser, service)
    shown = told["notification"]
    assert (shown["title"], shown["body"]) == ("You have a reminder", "Reminder for 8:00\u00a0AM")
    assert shown["navigate"] == "http://localhost/today"
    assert "sertraline" not in json.dumps(told)

    set_time(at("03-02 08:04").occurred_at)
    assert [tap(phone.browser, told) for _time in range(3)] == ["stored"] * 3
    expected = sorted((one, DoseState.TAKEN, 1000, "08:04") for one in medicines)
    assert logged(store, patient) == expected
    [one] = occurrences(store)
    assert (one.handled_how, one.state) == (Handled.NOTIFICATION, State.SENT)
    assert "taken 8:04 AM, from the notification" in phone.browser.get("/settings/reminders/history").main_words
    # Nothing more of it is sent.
    come(store, way, set_time, "03-02 09:00")
    assert len(service.requests) == 1


def test_done_leaves_what_was_said_of_a_dose_before_as_it_is(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, kind=Kind.DOSES)
    come(store, way, set_time, "03-02 08:00")
    told, now = last(browser, service), at("03-02 08:01")
    with store.work(writes=True):
        skipped = {Slot(medicines[0], DAY, "08:00"): Tapped(DoseState.SKIPPED, now)}
        dose_log.log_due(patient.viewer, new_id(), skipped, now)
    set_time(at("03-02 08:04").occurred_at)
    assert tap(phone.browser, told) == "stored"
    assert [one[:2] for one in logged(store, patient)] == sorted(
        [(medicines[0], DoseState.SKIPPED), (medicines[1], DoseState.TAKEN)]
    )


def test_done_on_two_devices_and_later_from_a_phone_without_a_network_is_one_dose(
    app: Flask,
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
    own_key: str,
) -> None:
    tablet, second = Client(app), Browser("https://fcm.googleapis.com/fcm/send/tablet")
    sign_in(tablet, patient)
    tell(tablet, second, "on", own_key)
    remind(store, patient, kind=Kind.DOSES)
    come(store, way, set_time, "03-02 08:00")
    by_endpoint = {str(sent.url): sent.content for sent in service.requests}
    here, there = (json.loads(one.opened(by_endpoint[one.endpoint])) for one in (browser, second))
    assert here["act"]["token"] != there["act"]["token"]
    set_time(at("03-02 08:03").occurred_at)
    letter, item = phone.letter(ACT, [("token", here["act"]["token"]), ("do", "done")], offset=-300), new_id()
    set_time(at("03-02 08:05").occurred_at)
    assert tap(tablet, there) == "stored"
    set_time(at("03-03 10:00").occurred_at)
    assert [phone.send(letter, item)["result"] for _time in range(2)] == ["stored", "stored"]
    assert logged(store, patient) == sorted((one, DoseState.TAKEN, 1000, "08:05") for one in medicines)


def test_later_sends_it_again_with_a_token_of_its_own(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, kind=Kind.DOSES)
    come(store, way, set_time, "03-02 08:00")
    first = last(browser, service)
    assert [tap(phone.browser, first, "later 10") for _time in range(2)] == ["stored", "stored"]
    assert tap(phone.browser, first) == "over"
    come(store, way, set_time, "03-02 08:09")
    assert len(service.requests) == 1
    come(store, way, set_time, "03-02 08:10")
    again = last(browser, service)
    assert again["act"]["token"] != first["act"]["token"]
    assert again["notification"]["tag"] == first["notification"]["tag"]
    assert tap(phone.browser, again) == "stored"
    assert len(logged(store, patient)) == len(medicines)


def test_done_on_another_reminder_marks_it_and_logs_nothing(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, 8 * 60, kind=Kind.CHECK_IN)
    come(store, way, set_time, "03-02 08:00")
    assert tap(phone.browser, last(browser, service)) == "stored"
    [one] = occurrences(store)
    assert one.handled_how == Handled.NOTIFICATION
    assert logged(store, patient) == []


def test_after_signing_out_nothing_is_sent_and_nothing_done(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, kind=Kind.DOSES)
    come(store, way, set_time, "03-02 08:00")
    told = last(browser, service)
    phone.browser.post("/sign-out")
    assert tap(phone.browser, told) == "signed-out"
    assert logged(store, patient) == []
    come(store, way, set_time, "03-03 08:00")
    assert len(service.requests) == 1
    assert occurrences(store)[-1].state == State.LISTED


def test_a_service_that_says_gone_ends_the_device_and_one_that_is_busy_is_asked_again(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, 8 * 60, kind=Kind.CHECK_IN)
    service.status, service.headers = 429, {"Retry-After": "120"}
    come(store, way, set_time, "03-02 08:00")
    come(store, way, set_time, "03-02 08:01")
    assert len(service.requests) == 1
    service.status = 410
    come(store, way, set_time, "03-02 08:02")
    assert len(service.requests) == 2
    with store.work(writes=False):
        assert list(way.devices_of(patient.id)) == []
    assert _only(store).state == State.LISTED


def _only(store: Store) -> Occurrence:
    [one] = occurrences(store)
    return one


def test_a_tap_to_put_off_that_comes_too_late_puts_nothing_off(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, 8 * 60, kind=Kind.CHECK_IN)
    come(store, way, set_time, "03-02 08:00")
    told = last(browser, service)
    letter = phone.letter(ACT, [("token", told["act"]["token"]), ("do", "later 10")], offset=-300)
    set_time(at("03-02 08:10").occurred_at + timedelta(seconds=1))
    assert phone.send(letter, new_id())["result"] == "refused"
    assert _only(store).round == 0


def test_done_with_nothing_to_log_says_that_it_is_over(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, kind=Kind.DOSES)
    come(store, way, set_time, "03-02 08:00")
    now = at("03-02 08:02")
    set_time(now.occurred_at)
    with store.work(writes=True):
        for medicine in medicines:
            changing.remove(patient.viewer, medicine)
    assert tap(phone.browser, last(browser, service)) == "over"
    assert logged(store, patient) == []
    assert _only(store).handled_at is None


def test_done_after_all_was_taken_is_stored_and_after_an_undo_another_device_logs_again(
    app: Flask,
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
    own_key: str,
) -> None:
    tablet, second = Client(app), Browser("https://fcm.googleapis.com/fcm/send/tablet")
    sign_in(tablet, patient)
    tell(tablet, second, "on", own_key)
    remind(store, patient, kind=Kind.DOSES)
    come(store, way, set_time, "03-02 08:00")
    by_endpoint = {str(sent.url): sent.content for sent in service.requests}
    here, there = (json.loads(one.opened(by_endpoint[one.endpoint])) for one in (browser, second))
    assert tap(phone.browser, here) == "stored"
    now = at("03-02 08:05")
    set_time(now.occurred_at)
    with store.work(writes=True):
        undone = {Slot(medicine, DAY, "08:00"): Tapped(DoseState.OPEN, now) for medicine in medicines}
        dose_log.log_due(patient.viewer, new_id(), undone, now)
    set_time(at("03-02 08:06").occurred_at)
    assert tap(tablet, there) == "stored"
    assert logged(store, patient) == sorted((one, DoseState.TAKEN, 1000, "08:06") for one in medicines)


# --- how are you ------------------------------------------------------------------------------------------------


def check_ins(store: Store, patient: Made) -> list[OwnCheckIn]:
    """Return all that stand in the history."""
    with store.work(writes=False):
        ids = db().scalars(select(CheckIn.id).order_by(CheckIn.id)).all()
        return [own_check_ins.own_check_in(patient.viewer, one) for one in ids]


def test_only_in_the_wording_that_tells_it_asks_how_somebody_is(
    store: Store, patient: Made, browser: Browser, way: Way, service: Service, set_time: SetTime
) -> None:
    remind(store, patient, 8 * 60, kind=Kind.CHECK_IN)
    come(store, way, set_time, "03-02 08:00")
    told = last(browser, service)
    assert [name for name, _words in told["act"]["buttons"]] == ["done", "later 10", "later 30", "later 60"]
    assert told["notification"]["body"] == "Reminder for 8:00\u00a0AM"
    remind(store, patient, 9 * 60, kind=Kind.CHECK_IN, wording=Wording.DETAILED)
    come(store, way, set_time, "03-02 09:00")
    told = last(browser, service)
    assert told["act"]["buttons"][:3] == [["mood 4", "Good"], ["mood 2", "Low"], ["mood 3", "In between"]]
    assert told["notification"]["body"] == "Reminder for 9:00\u00a0AM: how are you now?"


def test_an_answer_is_a_check_in_like_any_other_once(
    app: Flask,
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    way: Way,
    service: Service,
    set_time: SetTime,
    own_key: str,
) -> None:
    tablet, second = Client(app), Browser("https://fcm.googleapis.com/fcm/send/tablet")
    sign_in(tablet, patient)
    tell(tablet, second, "on", own_key)
    remind(store, patient, 8 * 60, kind=Kind.CHECK_IN, wording=Wording.DETAILED)
    come(store, way, set_time, "03-02 08:00")
    by_endpoint = {str(sent.url): sent.content for sent in service.requests}
    here, there = (json.loads(one.opened(by_endpoint[one.endpoint])) for one in (browser, second))
    set_time(at("03-02 08:03").occurred_at)
    assert [tap(phone.browser, here, "mood 2") for _time in range(3)] == ["stored"] * 3
    assert tap(phone.browser, here, "mood 4") == "over"
    [one] = check_ins(store, patient)
    assert (one.answers.mood, one.answers.private, one.answers.craving) == (2, False, None)
    assert (f"{one.local_time:%H:%M}", one.day, one.version) == ("08:03", DAY, 1)
    assert (_only(store).handled_how, _only(store).state) == (Handled.NOTIFICATION, State.SENT)
    # The same from the other device changes nothing; another word corrects it.
    assert tap(tablet, there, "mood 4") == "stored"
    [one] = check_ins(store, patient)
    assert (one.answers.mood, one.version) == (4, 2)
    come(store, way, set_time, "03-02 11:00")
    assert len(service.requests) == 2


def test_an_answer_without_a_network_counts_as_of_then_and_corrects_nothing(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, 8 * 60, kind=Kind.CHECK_IN, wording=Wording.DETAILED)
    come(store, way, set_time, "03-02 08:00")
    set_time(at("03-02 08:05").occurred_at)
    token = last(browser, service)["act"]["token"]
    letter, item = phone.letter(ACT, [("token", token), ("do", "mood 3")], offset=-300), new_id()
    set_time(at("03-04 20:00").occurred_at)
    assert [phone.send(letter, item)["result"] for _time in range(2)] == ["stored"] * 2
    [one] = check_ins(store, patient)
    assert (one.answers.mood, one.day, f"{one.local_time:%H:%M}") == (3, DAY, "08:05")


@pytest.mark.sqlite
def test_a_reminder_of_doses_takes_no_mood(
    store: Store,
    patient: Made,
    phone: Phone,
    browser: Browser,
    medicines: list[uuid.UUID],
    way: Way,
    service: Service,
    set_time: SetTime,
) -> None:
    remind(store, patient, kind=Kind.DOSES, wording=Wording.DETAILED)
    come(store, way, set_time, "03-02 08:00")
    assert tap(phone.browser, last(browser, service), "mood 4") == "over"
    assert (check_ins(store, patient), logged(store, patient)) == ([], [])


@pytest.mark.sqlite
def test_a_device_that_shows_no_buttons_is_led_to_the_page_that_has_them(
    store: Store, patient: Made, phone: Phone, own_key: str, way: Way, service: Service, set_time: SetTime
) -> None:
    apple = Browser("https://web.push.apple.com/one")
    tell(phone.browser, apple, "on", own_key)
    remind(store, patient, 8 * 60, kind=Kind.CHECK_IN)
    come(store, way, set_time, "03-02 08:00")
    told = last(apple, service)
    assert told["notification"]["navigate"] == "http://localhost/reminders"
    with store.work(writes=False):
        assert told["person"] == letterbox.person_tag(patient.id)
