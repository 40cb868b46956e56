"""Notifications in the real browser: turned on by a tap, a message shown, Done tapped, and what signing out ends.

Chromium has no push service here, so its two calls to one are stood in for; all else is real: the server sends to the
receiver of `web-push-testing`, what that decrypted is handed to the service worker, and the worker shows it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from patient_app.accounts import sessions
from patient_app.core import clock
from patient_app.core.config import Config
from patient_app.core.ids import new_id
from patient_app.factory import create_app
from patient_app.medications import doses
from patient_app.medications.models import DoseState
from patient_app.push import actions, vapid
from patient_app.push import service as devices
from patient_app.push.sending import Sender
from patient_app.reminders import engine
from patient_app.reminders.by_push import ByPush
from patient_app.reminders.models import Kind
from tests.browser.phones import Phone
from tests.conftest import LiveServer, serving
from tests.factories import Made, make_patient, make_practice
from tests.features.medications.plans import doses as planned
from tests.features.medications.regimens import daily, started
from tests.features.push.receivers import RealReceiver, real_receiver
from tests.features.reminders.made import remind
from tests.nursery import Nursery

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

# In place of the browser's push service: `subscribe` gives what the receiver gave, as long as it is not given up.
STAND_IN = """(told) => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const subscription = {
    endpoint: told.endpoint,
    options: { applicationServerKey: bytes(told.key).buffer },
    toJSON: () => ({ endpoint: told.endpoint, keys: told.keys }),
    unsubscribe: async () => { localStorage.removeItem("stand-in"); return true; },
  };
  PushManager.prototype.subscribe = async () => { localStorage.setItem("stand-in", "1"); return subscription; };
  PushManager.prototype.getSubscription = async () => (localStorage.getItem("stand-in") ? subscription : null);
}"""
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
  .map(({ title, body, tag, actions }) => ({ title, body, tag, actions: actions.map((one) => one.action) }))"""
WAITS = "There is no network. It is kept on this phone and sent later."
SIGNED_OUT = "You are signed out here, so nothing was saved. Open the app to sign in."
TAP = """([action, tag]) => registration.getNotifications({ tag }).then(([notification]) => {
  dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
})"""


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealReceiver]:
    """Start the receiver."""
    with real_receiver(tmp_path_factory.mktemp("receiver") / "log.txt") as started:
        yield started


@pytest.fixture
def server(config: Config, receiver: RealReceiver, tmp_path: Path, nursery: Nursery) -> Iterator[LiveServer]:
    """Serve an installation whose push service is the receiver."""
    vapid.make_keys(config)
    settings = replace(config, push_services=receiver.url)
    with serving(settings, tmp_path / "server.log", nursery) as running:
        yield running


@pytest.fixture
def patient(server: LiveServer) -> Made:
    return make_patient(server.store, make_practice(server.store))


@pytest.fixture
def phone(browser: Browser, server: LiveServer, tmp_path: Path) -> Iterator[Phone]:
    made = Phone(browser, server, tmp_path / "profile", permissions=["notifications"])
    yield made
    made.throw_away()


class Worker:
    """The service worker of a phone, seen through the browser's own protocol."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self._protocol = phone.context.new_cdp_session(phone.page)
        self._active: dict[str, Any] | None = None
        self._protocol.on("ServiceWorker.workerVersionUpdated", self._see)
        self._protocol.send("ServiceWorker.enable")

    def _see(self, found: dict[str, Any]) -> None:
        for version in found["versions"]:
            if version["status"] == "activated":
                self._active = version

    def deliver(self, text: str, shown: int) -> None:
        """Hand a message to the worker, as a push service does, and wait until so many are shown.

        The browser's protocol loses one now and then (nothing reaches the worker); a push service would not.
        """
        self.phone.until(lambda: self._active is not None)
        assert self._active is not None
        told = {"origin": self.phone.wire.url, "registrationId": self._active["registrationId"], "data": text}
        for _time in range(5):
            self._protocol.send("ServiceWorker.deliverPushMessage", told)
            for _look in range(40):
                if len(self.shown()) == shown:
                    return
                self.phone.page.wait_for_timeout(50)
        raise AssertionError(self.shown())

    def shown(self) -> list[dict[str, Any]]:
        """Return the notifications that are shown."""
        found: list[dict[str, Any]] = self.phone.page.evaluate(SHOWN)
        return found

    def tap(self, action: str, tag: str) -> None:
        """Tap a button of a notification, or (without an action) the notification itself."""
        [worker] = self.phone.context.service_workers
        worker.evaluate(TAP, [action, tag])


def _turn_on(phone: Phone, server: LiveServer, receiver: RealReceiver, patient: Made) -> str:
    """Turn notifications on as a person does; return the receiver's word for the subscription."""
    key = vapid.read_keys(server.config)[0].public
    told = receiver.subscribe(key)
    stand_in = json.dumps({"endpoint": told["endpoint"], "keys": told["keys"], "key": key})
    phone.context.add_init_script(f"({STAND_IN})({stand_in})")
    phone.sign_in(patient)
    phone.page.goto("/settings/notifications")
    phone.page.get_by_role("button", name="Turn on for this phone").click()
    expect(phone.page.get_by_text("It is on here.")).to_be_visible()
    return str(told["clientHash"])


def _remind(server: LiveServer, patient: Made) -> uuid.UUID:
    """Let a medicine be due within two minutes, and the engine send its reminder as of then; return the medicine."""
    due_at = clock.now() + timedelta(minutes=2)
    wall = due_at.astimezone(clock.find_zone(patient.zone))
    before = clock.moment(due_at - timedelta(days=2), patient.zone)
    medicine = started(server.store, patient, daily(*planned(f"{wall:%H:%M}")), before)
    remind(server.store, patient, kind=Kind.DOSES)
    _send(server, due_at)
    return medicine


def _send(server: LiveServer, now: datetime) -> None:
    """Let the engine send what is due, as the worker does."""
    sender = Sender(server.config)
    with create_app(server.config, server.store).app_context():
        engine.make_due(server.store, now)
        while engine.deliver_one(server.store, now, ByPush(server.config, sender)):
            pass
    sender.close()


def _logged(server: LiveServer, patient: Made) -> list[DoseState]:
    """Return what is logged of the last days."""
    today = clock.now().date()
    with server.store.work(writes=False):
        found = doses.logged_between(patient.viewer, today - timedelta(days=2), today + timedelta(days=1))
    return [one.state for one in found]


def test_a_message_is_shown_and_signing_out_ends_it_here(
    phone: Phone, server: LiveServer, receiver: RealReceiver, patient: Made
) -> None:
    client = _turn_on(phone, server, receiver, patient)
    worker = Worker(phone)
    # The button beside the device sends one for real.
    phone.page.get_by_role("button", name="Send a test").click()
    expect(phone.page.get_by_text("A test is on its way.")).to_be_visible()
    [told] = receiver.messages(client)
    worker.deliver(told, 1)
    [shown] = worker.shown()
    assert (shown["title"], shown["body"]) == ("Reminder", "This is a test. Reminders look like this.")
    assert shown["actions"] == []
    # One that nobody can read is shown too, and says nothing of what came.
    worker.deliver("not what we send: zanarq", 2)
    assert {one["body"] for one in worker.shown()} == {shown["body"], "You have a reminder."}

    phone.page.goto("/settings")
    phone.page.get_by_role("button", name="Sign out", exact=True).last.click()
    phone.page.wait_for_url(lambda address: "/sign-in" in address)
    assert worker.shown() == []
    assert phone.page.evaluate("() => localStorage.getItem('stand-in')") is None
    with server.store.work(writes=False):
        assert devices.devices_of(patient.id) == []


def test_done_is_tapped_without_opening_the_application_and_the_dose_is_logged_once(
    phone: Phone, server: LiveServer, receiver: RealReceiver, patient: Made
) -> None:
    client = _turn_on(phone, server, receiver, patient)
    _remind(server, patient)
    [told] = receiver.messages(client)
    assert "sertraline" not in told
    tag = json.loads(told)["notification"]["tag"]
    worker = Worker(phone)
    # The same message twice, as when a push service sends it again: the second takes the place of the first.
    for _time in range(2):
        worker.deliver(told, 1)
        [shown] = worker.shown()
        assert (shown["title"], shown["body"][:13]) == ("You have a reminder", "Reminder for ")
        assert shown["actions"][0] == "done"
        assert shown["actions"][1].startswith("later ")
        worker.tap("done", tag)
        phone.until(lambda: worker.shown() == [])
        phone.until(lambda: _logged(server, patient) == [DoseState.TAKEN])
    phone.wait_for("outbox", 0)
    assert "/settings/notifications" in phone.page.url
    phone.page.goto("/settings/reminders/history")
    expect(phone.page.get_by_text("from the notification")).to_be_visible()


def test_a_tap_without_a_network_waits_on_the_phone_and_one_after_signing_out_does_nothing(
    phone: Phone, server: LiveServer, receiver: RealReceiver, patient: Made
) -> None:
    client = _turn_on(phone, server, receiver, patient)
    _remind(server, patient)
    [told] = receiver.messages(client)
    tag = json.loads(told)["notification"]["tag"]
    worker = Worker(phone)
    worker.deliver(told, 1)
    phone.cut()
    worker.tap("done", tag)
    phone.until(lambda: [one["body"] for one in worker.shown()] == [WAITS])
    phone.wait_for("outbox", 1)
    assert _logged(server, patient) == []
    phone.mend()
    phone.page.goto("/today")
    phone.wait_for("outbox", 0)
    assert _logged(server, patient) == [DoseState.TAKEN]

    # Another one is still shown when the session is ended from elsewhere: nothing is done, and that is said.
    other = _remind_again(server, patient, receiver, client)
    worker.deliver(other, 2)
    with server.store.work(writes=True):
        sessions.end_all()
    worker.tap("done", tag)
    phone.until(lambda: SIGNED_OUT in [one["body"] for one in worker.shown()])
    phone.wait_for("outbox", 0)
    assert _logged(server, patient) == [DoseState.TAKEN]


def _remind_again(server: LiveServer, patient: Made, receiver: RealReceiver, client: str) -> str:
    """Send a message of the same occurrence with another token, as a later round does."""
    with server.store.work(writes=True):
        [device] = devices.devices_of(patient.id)
        token = actions.issue(device, new_id(), clock.now() + timedelta(hours=1))
    told: dict[str, Any] = json.loads(receiver.messages(client)[-1])
    told["act"]["token"] = token
    return json.dumps(told)


# The same in the worker, where pages cannot reach: what it finds, and what it gets when it asks for a new one.
STAND_IN_WORKER = """(told) => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const made = ({ endpoint, keys }) => ({
    endpoint,
    options: { applicationServerKey: bytes(told.key).buffer },
    toJSON: () => ({ endpoint, keys }),
    unsubscribe: async () => { self.found = null; return true; },
  });
  self.found = told.found && made(told.found);
  PushManager.prototype.subscribe = async () => (self.found = made(told.fresh));
  PushManager.prototype.getSubscription = async () => self.found;
}"""


def _in_worker(phone: Phone, server: LiveServer, *, found: dict[str, Any] | None, fresh: dict[str, Any]) -> None:
    key = vapid.read_keys(server.config)[0].public
    phone.until(lambda: len(phone.context.service_workers) == 1)
    [worker] = phone.context.service_workers
    worker.evaluate(STAND_IN_WORKER, {"key": key, "found": found, "fresh": fresh})


def _reached(server: LiveServer, person: Made) -> list[tuple[uuid.UUID, str]]:
    with server.store.work(writes=False):
        return [(device.id, device.endpoint) for device in devices.devices_of(person.id)]


def test_a_subscription_that_the_browser_lost_is_made_anew_when_the_application_is_opened(
    phone: Phone, server: LiveServer, receiver: RealReceiver, patient: Made
) -> None:
    _turn_on(phone, server, receiver, patient)
    [(device, before)] = _reached(server, patient)
    fresh = receiver.subscribe(vapid.read_keys(server.config)[0].public)
    _in_worker(phone, server, found=None, fresh={"endpoint": fresh["endpoint"], "keys": fresh["keys"]})
    phone.page.goto("/today")
    phone.until(lambda: _reached(server, patient) == [(device, fresh["endpoint"])])
    assert before != fresh["endpoint"]


def test_one_persons_message_is_not_shown_to_another_who_signed_in_on_the_same_browser(
    phone: Phone, server: LiveServer, receiver: RealReceiver, patient: Made
) -> None:
    other = make_patient(server.store, make_practice(server.store))
    client = _turn_on(phone, server, receiver, patient)
    _remind(server, patient)
    [told] = receiver.messages(client)
    [(_device, endpoint)] = _reached(server, patient)
    keys = receiver.subscribe(vapid.read_keys(server.config)[0].public)["keys"]
    _in_worker(phone, server, found={"endpoint": endpoint, "keys": keys}, fresh={"endpoint": endpoint, "keys": keys})
    # Their session is not ended: the browser only forgot its cookies.
    phone.context.clear_cookies()
    phone.sign_in(other)
    phone.until(lambda: _reached(server, patient) == [])
    assert _reached(server, other) == []
    # One that was on its way by then.
    worker = Worker(phone)
    worker.deliver(told, 0)
    phone.page.wait_for_timeout(1000)
    assert worker.shown() == []
    worker.deliver("what nobody can read is shown still", 1)
