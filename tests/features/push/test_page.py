"""The page about notifications, and the button that sends a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.config import Config, ConfigError
from patient_app.core.work import Store
from patient_app.factory import create_app
from patient_app.push import messages, vapid
from patient_app.push import service as devices
from patient_app.push.messages import Notice
from tests.factories import Made, sign_in
from tests.features.push.receivers import Browser, Service
from tests.features.push.test_devices import reached, tell
from tests.page import Client

SetTime = Callable[[datetime | str], None]
PAGE = "/settings/notifications"


@pytest.fixture
def here(app: Flask, patient: Made) -> Client:
    client = Client(app)
    sign_in(client, patient)
    return client


@pytest.mark.sqlite
def test_it_tells_before_it_asks_and_asks_nothing_by_itself(here: Client, own_key: str) -> None:
    page = here.get(PAGE)
    for words in ("What others can see", "Nothing is sent until you turn it on.", "They cannot read it.", "None yet."):
        assert words in page.main_words
    assert page.by_id("push").get("data-key") == own_key  # type: ignore[union-attr]
    assert [script for script in page.all("script") if "push" in script.get("src", "")]
    assert PAGE in here.get("/settings").links
    # No other page brings the script, and none of the subscription's.
    assert "js/push" not in here.get("/today").text


@pytest.mark.sqlite
def test_where_no_key_was_made_it_says_so_and_brings_no_script(here: Client, config: Config) -> None:
    vapid.key_file(config).unlink()
    page = here.get(PAGE)
    assert "not set up at your practice yet" in page.main_words
    assert "js/push" not in page.text


def test_each_device_has_its_row_and_a_silent_one_is_shown_as_such(
    app: Flask, here: Client, patient: Made, own_key: str, set_time: SetTime
) -> None:
    set_time("2026-05-01 12:00")
    tablet = Client(app)
    sign_in(tablet, patient)
    tell(tablet, Browser("https://fcm.googleapis.com/fcm/send/tablet"), "on", own_key)
    set_time("2026-05-20 12:00")
    sign_in(here, patient)
    tell(here, Browser(), "on", own_key)
    page = here.get(PAGE)
    assert page.main_words.count("Send a test") == 3  # Two buttons, and where the page speaks of them.
    assert page.main_words.count("Not used for a while.") == 1
    assert page.main_words.count("this device") == 1


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("status", "word", "stays"),
    [(201, "test-sent", True), (410, "test-gone", False), (503, "test-later", True), (403, "test-refused", True)],
)
def test_a_test_is_sent_at_once_and_the_page_says_what_came_of_it(
    here: Client, store: Store, patient: Made, own_key: str, all_sent: Service, status: int, word: str, stays: bool
) -> None:
    browser = Browser()
    device = tell(here, browser, "on", own_key)["device"]
    all_sent.status = status
    page = here.post(f"{PAGE}/{device}/test")
    assert page.location == f"{PAGE}?done={word}"
    shown = here.follow(page).main_words
    assert ("Last sent to" in shown) == (status == 201)
    assert bool(reached(store, patient)) == stays
    told = json.loads(browser.opened(all_sent.last.content))
    assert told["web_push"] == 8030
    assert told["notification"]["body"] == "This is a test. Reminders look like this."
    assert told["notification"]["navigate"] == f"http://localhost{PAGE}"
    assert "act" not in told
    assert patient.name not in json.dumps(told)


def test_a_second_test_waits_a_little(here: Client, own_key: str, all_sent: Service, set_time: SetTime) -> None:
    device = tell(here, Browser(), "on", own_key)["device"]
    here.post(f"{PAGE}/{device}/test")
    assert here.post(f"{PAGE}/{device}/test").location == f"{PAGE}?done=test-soon"
    assert len(all_sent.requests) == 1
    set_time(clock.now() + timedelta(seconds=11))
    assert here.post(f"{PAGE}/{device}/test").location == f"{PAGE}?done=test-sent"


@pytest.mark.sqlite
def test_a_message_is_readable_for_safari_alone_and_tells_nothing(
    app: Flask, store: Store, patient: Made, here: Client, own_key: str
) -> None:
    tell(here, Browser(), "on", own_key)
    notice = Notice("Reminder", "Reminder for 8:00", "/reminders", "a1b2", token="t" * 43)
    with app.test_request_context(), store.work(writes=False):
        [device] = devices.devices_of(patient.id)
        told = messages.payload(notice, device, "https://care.example")
    assert told["web_push"] == 8030
    shown = told["notification"]
    assert (shown["title"], shown["body"]) == ("Reminder", "Reminder for 8:00")
    assert shown["navigate"] == "https://care.example/reminders"
    assert [word for word, _label in told["act"]["buttons"]] == ["done", "later 10", "later 30", "later 60"]
    assert [label for _word, label in told["act"]["buttons"]] == [
        "Done",
        "Later: 10 min",
        "Later: 30 min",
        "Later: 60 min",
    ]
    written = json.dumps(told)
    for word in ("take", "dose", "medic", "pill", str(patient.id), patient.name):
        assert word not in written.lower()
    assert len(written) < 1024


def test_the_setting_of_services_is_looked_at_before_anything_starts(config: Config, store: Store) -> None:

    with pytest.raises(ConfigError, match="PUSH_SERVICES"):
        create_app(replace(config, push_services="http://push.example"), store)
