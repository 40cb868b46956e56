"""Notifications in the real browser: turned on by a tap, a message shown, Done tapped, and what signing out ends.

Chromium has no push service here, so its two calls to one are stood in for; all else is real: the server sends to the
receiver of `web-push-testing`, what that decrypted is handed to the service worker, and the worker shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from patient_app.core import clock
from patient_app.core.config import Config
from patient_app.core.work import Store, db
from patient_app.push import actions, vapid
from patient_app.push import service as devices
from patient_app.push.devices import Device
from patient_app.push.messages import Notice, payload
from patient_app.push.models import NotificationAction
from tests.browser.phones import Phone
from tests.conftest import LiveServer, serving
from tests.factories import Made, make_patient, make_practice
from tests.features.push.receivers import RealReceiver, real_receiver
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


def _device(store: Store, patient: Made) -> Device:
    with store.work(writes=False):
        [device] = devices.devices_of(patient.id)
    return device


def _notice(server: LiveServer, phone: Phone, patient: Made, receiver: RealReceiver, client: str, tag: str) -> str:
    """Send a reminder with buttons through the receiver; return what it decrypted."""
    from flask import Flask  # noqa: PLC0415 - for the words of the buttons alone.
    from flask_babel import Babel  # noqa: PLC0415 - likewise.

    from patient_app.push.sending import Result, Sender  # noqa: PLC0415 - likewise.

    app = Flask("words")
    Babel(app)
    device = _device(server.store, patient)
    with app.test_request_context(), server.store.work(writes=True):
        token = actions.issue(device, patient.id, clock.now() + timedelta(hours=1))
        told = payload(Notice("Reminder", "Reminder for 8:00", "/today", tag, token=token), device, phone.wire.url)
    sender = Sender(server.config)
    assert sender.send(device, told, ttl=600, topic=tag).result is Result.ACCEPTED
    sender.close()
    return receiver.messages(client)[-1]


def _used(store: Store) -> list[str | None]:
    with store.work(writes=False):
        return [row.used_as for row in db().query(NotificationAction).order_by(NotificationAction.issued_at)]


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


def test_done_is_tapped_without_opening_the_application(
    phone: Phone, server: LiveServer, receiver: RealReceiver, patient: Made
) -> None:
    client = _turn_on(phone, server, receiver, patient)
    worker = Worker(phone)
    told = _notice(server, phone, patient, receiver, client, "first")
    worker.deliver(told, 1)
    [shown] = worker.shown()
    assert shown["body"] == "Reminder for 8:00"
    assert shown["actions"][0] == "done"
    assert shown["actions"][1].startswith("later ")
    worker.tap("done", "first")
    # Nobody acts on it in this release's tests of push alone: the reminder's feature has its own. Said, not lost.
    phone.until(lambda: [one["tag"] for one in worker.shown()] == ["first said"])
    assert "/settings/notifications" in phone.page.url
