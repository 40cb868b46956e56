"""Which browsers get messages: those that were asked there, as long as the session that asked is live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from patient_app import diagnosis
from patient_app.backup import quieting
from patient_app.core import clock
from patient_app.core.config import Config
from patient_app.core.work import Store, db
from patient_app.push import actions, sending, vapid
from patient_app.push import service as devices
from patient_app.push.models import PushSubscription
from patient_app.push.outcomes import Outcome, Result
from patient_app.reminders import by_push, engine
from patient_app.reminders.models import State
from tests.factories import PASSWORD, Made, MadePractice, make_patient, make_supporter, sign_in, sign_in_by_form
from tests.features.push.receivers import Browser
from tests.features.reminders.made import occurrences, remind
from tests.page import Client

SetTime = Callable[[datetime | str], None]
ADDRESS = "/settings/notifications/device"


def tell(client: Client, browser: Browser, what: str, key: str, **more: Any) -> dict[str, Any]:
    """Say to the server what a browser's script says; return its answer."""
    page = client.post(ADDRESS, json=browser.told(what, key, **more))
    assert page.status_code == 200, page.text
    assert page.json is not None
    answer: dict[str, Any] = page.json
    return answer


def reached(store: Store, person: Made) -> list[str]:
    """Return the addresses to which messages for a person go now."""
    with store.work(writes=False):
        return [device.endpoint for device in devices.devices_of(person.id)]


def rows(store: Store) -> list[PushSubscription]:
    """Return all rows."""
    with store.work(writes=False):
        found = list(db().query(PushSubscription).order_by(PushSubscription.created_at, PushSubscription.id))
        db().expunge_all()
        return found


@pytest.fixture
def here(app: Flask, patient: Made) -> Client:
    """A browser on which the patient is signed in."""
    client = Client(app)
    sign_in(client, patient)
    return client


def test_a_browser_that_was_asked_gets_messages_and_is_one_device_however_often_it_says_so(
    here: Client, store: Store, patient: Made, own_key: str
) -> None:
    browser = Browser()
    answer = tell(here, browser, "on", own_key)
    assert answer["result"] == "on"
    assert answer["key"] == own_key
    assert answer["letterbox"]
    assert tell(here, browser, "on", own_key)["device"] == answer["device"]
    assert tell(here, browser, "seen", own_key)["device"] == answer["device"]
    with store.work(writes=False):
        [device] = devices.devices_of(patient.id)
        assert devices.devices_of_many([patient.id]) == {patient.id: [device]}
    offered = browser.offered(own_key)
    assert (device.endpoint, device.p256dh, device.auth) == (offered.endpoint, offered.p256dh, offered.auth)
    assert offered.endpoint not in repr(device)
    [row] = rows(store)
    for secret in (offered.endpoint, offered.p256dh, offered.auth):
        assert secret.encode() not in b"".join(
            (row.endpoint_sealed or b"", row.keys_sealed or b"", row.endpoint_hash or b"")
        )


def test_signing_out_ends_it_in_the_same_moment_and_signing_in_does_not_bring_it_back(
    app: Flask, here: Client, store: Store, patient: Made, own_key: str
) -> None:
    browser = Browser()
    tell(here, browser, "on", own_key)
    here.post("/sign-out")
    assert reached(store, patient) == []
    sign_in(here, patient)
    assert tell(here, browser, "seen", own_key)["result"] == "off"
    assert reached(store, patient) == []
    # Asked for anew it is on again, and once.
    assert tell(here, browser, "on", own_key)["result"] == "on"
    assert reached(store, patient) == [browser.endpoint]


def test_signing_out_elsewhere_and_everywhere_ends_it(
    app: Flask, here: Client, store: Store, patient: Made, own_key: str
) -> None:
    there = Client(app)
    sign_in(there, patient)
    first, second = Browser(), Browser("https://fcm.googleapis.com/fcm/send/two")
    tell(here, first, "on", own_key)
    tell(there, second, "on", own_key)
    assert set(reached(store, patient)) == {first.endpoint, second.endpoint}
    there.post("/settings/devices/end-others")
    assert reached(store, patient) == [second.endpoint]
    assert here.post(ADDRESS, json=first.told("seen", own_key)).status_code == 401


def test_a_session_that_goes_on_under_a_new_token_keeps_its_messages(
    app: Flask, store: Store, patient: Made, own_key: str
) -> None:
    here, browser = Client(app), Browser()
    sign_in_by_form(here, patient)
    tell(here, browser, "on", own_key)
    form = here.get("/settings/password").form(field="new_password")
    here.submit(form, current_password=PASSWORD, new_password="another quiet harbour")
    assert reached(store, patient) == [browser.endpoint]
    assert tell(here, browser, "seen", own_key)["result"] == "on"


def test_a_session_that_ran_out_gets_nothing_until_the_phone_is_back(
    here: Client, store: Store, patient: Made, own_key: str, set_time: SetTime
) -> None:
    browser = Browser()
    tell(here, browser, "on", own_key)
    set_time(clock.now() + timedelta(days=31))
    assert reached(store, patient) == []
    sign_in(here, patient)
    assert tell(here, browser, "seen", own_key)["result"] == "on"
    assert reached(store, patient) == [browser.endpoint]


def test_another_person_in_the_same_browser_ends_it_and_takes_it_over_only_by_asking(
    app: Flask, here: Client, store: Store, patient: Made, practice: MadePractice, own_key: str
) -> None:
    browser, other = Browser(), make_patient(store, practice)
    mine = tell(here, browser, "on", own_key)["device"]
    second = Client(app)
    sign_in(second, other)
    # Whoever is signed in there now did not ask for it; and the first one's messages would be on their screen.
    assert tell(second, browser, "renewed", own_key, before=browser.endpoint)["result"] == "off"
    assert (reached(store, patient), reached(store, other)) == ([], [])
    assert tell(second, browser, "seen", own_key)["result"] == "off"
    # The first one is back in time, and the browser still has it.
    assert tell(here, browser, "seen", own_key)["device"] == mine
    assert reached(store, patient) == [browser.endpoint]
    theirs = tell(second, browser, "on", own_key)["device"]
    assert theirs != mine
    assert (reached(store, patient), reached(store, other)) == ([], [browser.endpoint])
    # And what was theirs says nothing of the one before.
    assert tell(here, browser, "seen", own_key)["result"] == "off"
    assert second.post(f"/settings/notifications/{mine}/off").status_code == 404
    assert second.post(f"/settings/notifications/{mine}/test").status_code == 404


def test_a_subscription_that_the_browser_made_anew_is_the_same_device(
    here: Client, store: Store, patient: Made, own_key: str
) -> None:
    before, after = Browser(), Browser("https://updates.push.services.mozilla.com/wpush/v2/two")
    first = tell(here, before, "on", own_key)["device"]
    for _time in range(2):
        assert tell(here, after, "renewed", own_key, before=before.endpoint)["device"] == first
    assert reached(store, patient) == [after.endpoint]
    # One whose renewal did not get through is known by itself.
    third = Browser("https://updates.push.services.mozilla.com/wpush/v2/three")
    assert tell(here, third, "renewed", own_key)["result"] == "on"


def test_turned_off_it_stays_off_until_it_is_asked_for(here: Client, store: Store, patient: Made, own_key: str) -> None:
    browser = Browser()
    device = tell(here, browser, "on", own_key)["device"]
    here.post(f"/settings/notifications/{device}/off")
    page = here.post(f"/settings/notifications/{device}/off")
    assert page.location == "/settings/notifications?done=notifications-off"
    assert "Nothing is sent to that device any more." in here.follow(page).words
    assert reached(store, patient) == []
    [row] = rows(store)
    assert row.endpoint_sealed is None
    assert row.keys_sealed is None
    assert tell(here, browser, "seen", own_key)["result"] == "off"
    renewed = Browser("https://updates.push.services.mozilla.com/wpush/v2/two")
    assert tell(here, renewed, "renewed", own_key, before=browser.endpoint)["result"] == "off"
    assert tell(here, browser, "on", own_key)["device"] == device


def test_a_key_of_before_is_asked_to_be_made_anew(here: Client, store: Store, config: Config, own_key: str) -> None:
    browser = Browser()
    tell(here, browser, "on", own_key)
    vapid.rotate(config)
    answer = tell(here, browser, "seen", own_key)
    newest = vapid.read_keys(config)[0].public
    assert (answer["result"], answer["key"]) == ("new-key", newest)
    fresh = Browser("https://updates.push.services.mozilla.com/wpush/v2/two")
    assert tell(here, fresh, "renewed", newest, before=browser.endpoint)["result"] == "on"
    assert [row.vapid_key for row in rows(store)] == [newest]


def test_what_comes_of_sending_is_kept_and_a_late_word_of_an_old_address_ends_nothing(
    here: Client, store: Store, patient: Made, own_key: str
) -> None:
    before, after = Browser(), Browser("https://updates.push.services.mozilla.com/wpush/v2/two")
    tell(here, before, "on", own_key)
    with store.work(writes=True):
        [device] = devices.devices_of(patient.id)
        devices.record(device, Outcome(Result.ACCEPTED, 201))
        devices.record(device, Outcome(Result.LATER, 500))
        devices.record(device, Outcome(Result.REFUSED, 403))
    assert reached(store, patient) == [before.endpoint]
    assert rows(store)[0].last_success_at is not None
    tell(here, after, "renewed", own_key, before=before.endpoint)
    with store.work(writes=True):
        devices.record(device, Outcome(Result.GONE, 410))
    assert reached(store, patient) == [after.endpoint]
    with store.work(writes=True):
        [device] = devices.devices_of(patient.id)
        devices.record(device, Outcome(Result.GONE, 404))
    assert reached(store, patient) == []
    # The browser has it still: what its service said once may have been an error, so it may say that it is there.
    assert tell(here, after, "seen", own_key)["result"] == "on"


def test_after_a_restore_nobody_is_sent_to_until_their_phone_is_back(
    here: Client, store: Store, patient: Made, own_key: str
) -> None:
    browser = Browser()
    tell(here, browser, "on", own_key)
    with store.work(writes=True):
        [device] = devices.devices_of(patient.id)
        actions.issue(device, device.id, clock.now() + timedelta(hours=1))
    done = quieting.quiet(store, nothing_lost=True)
    assert done["devices that get messages: none, until each is opened by who turned it on"] == 1
    assert done["answers on notifications: taken no more"] == 1
    assert reached(store, patient) == []
    sign_in(here, patient)
    assert reached(store, patient) == []
    assert tell(here, browser, "seen", own_key)["result"] == "on"
    assert reached(store, patient) == [browser.endpoint]
    # One that was made after the backup, so that no row knows it.
    later = Browser("https://updates.push.services.mozilla.com/wpush/v2/later")
    assert tell(here, later, "seen", own_key)["result"] == "on"


def test_what_is_over_is_retired_and_removed(here: Client, store: Store, own_key: str, set_time: SetTime) -> None:
    tell(here, Browser(), "on", own_key)
    here.post("/sign-out")
    with store.work(writes=True):
        assert devices.prune() == 1
        assert devices.prune() == 0
    [row] = rows(store)
    assert (row.retired_why, row.endpoint_sealed) == ("signed_out", None)
    set_time(clock.now() + devices.KEPT_AFTER_END + timedelta(days=1))
    with store.work(writes=True):
        assert devices.prune() == 1
    assert rows(store) == []


def test_a_person_has_a_bounded_number_of_devices(here: Client, store: Store, patient: Made, own_key: str) -> None:
    for number in range(devices.MOST_DEVICES + 2):
        tell(here, Browser(f"https://fcm.googleapis.com/fcm/send/{number}"), "on", own_key)
    found = reached(store, patient)
    assert len(found) == devices.MOST_DEVICES
    assert f"https://fcm.googleapis.com/fcm/send/{devices.MOST_DEVICES + 1}" in found


def test_a_session_in_question_turns_nothing_on_and_gets_nothing(
    here: Client, store: Store, patient: Made, own_key: str
) -> None:
    from patient_app.accounts.models import Person  # noqa: PLC0415 - only this test closes entries.

    browser = Browser()
    device = tell(here, browser, "on", own_key)["device"]
    with store.work(writes=True):
        row = db().get_one(Person, patient.id)
        row.entries_closed_from = clock.now()
        row.entries_closed_until = clock.now() + timedelta(hours=24)
    # A session from before goes on, until the day is over.
    assert reached(store, patient) == [browser.endpoint]
    stranger = Client(here.application)
    sign_in(stranger, patient)
    assert tell(stranger, Browser("https://fcm.googleapis.com/fcm/send/two"), "on", own_key)["result"] == "off"
    assert reached(store, patient) == [browser.endpoint]
    page = stranger.get("/settings/notifications")
    assert "once all is open again" in page.main_words
    assert "Send a test" not in page.main_words
    for what in ("off", "test"):
        assert stranger.post(f"/settings/notifications/{device}/{what}").status_code == 404
    assert reached(store, patient) == [browser.endpoint]


NEVER_SAID: tuple[dict[str, Any], ...] = (
    {"endpoint": "https://169.254.169.254/a"},
    {"endpoint": "https://fcm.googleapis.com/" + "a" * 5000},
    {"endpoint": "https://fcm.googleapis.com@127.0.0.1/"},
    {"endpoint": "https://fcm.googleapis.com/\x00"},
    {"endpoint": "\udc80"},
    {"endpoint": None},
    {"endpoint": 7},
    {"p256dh": "AAAA"},
    {"p256dh": "!" * 87},
    {"p256dh": "B" * 87},
    {"auth": "AAAA"},
    {"auth": "é"},
    {"key": "k" * 300},
    {"key": "k" * 101},
    {"key": "k\x00"},
    {"key": "\udc80"},
    {"key": ""},
    {"do": "off"},
    {"do": ["on"]},
    {"before": 1},
)
NO_WORDS = (b"", b"null", b"[]", b"{}", b"[" * 5000, b"\xff", b"1e999999", b'"' + b"a" * 100_000 + b'"')


@pytest.mark.sqlite
def test_what_no_browser_says_is_refused_and_leaves_nothing(here: Client, store: Store, own_key: str) -> None:
    told = Browser().told("on", own_key)
    for change in NEVER_SAID:
        assert here.post(ADDRESS, json=told | change).status_code == 422, change
    for body in NO_WORDS:
        assert here.post(ADDRESS, data=body, content_type="application/json").status_code == 422, body[:20]
        assert here.post(ADDRESS, data=body).status_code == 415
    # An old address that is none is nobody's, and nothing more.
    assert here.post(ADDRESS, json=told | {"do": "renewed", "before": "\udc80"}).status_code == 200
    assert len(rows(store)) == 1


def test_only_a_patient_in_a_session_of_their_own_may_say_so(
    app: Flask, store: Store, practice: MadePractice, own_key: str
) -> None:
    client, told = Client(app), Browser().told("on", own_key)
    page = client.post(ADDRESS, json=told)
    assert (page.status_code, page.json) == (401, {"result": "signed-out"})
    sign_in(client, make_supporter(store, practice))
    assert client.post(ADDRESS, json=told).status_code == 404
    assert client.post(ADDRESS, json=told, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert rows(store) == []


def test_a_person_who_left_gets_nothing(here: Client, store: Store, patient: Made, own_key: str) -> None:
    from patient_app.accounts.models import Person, PersonState  # noqa: PLC0415 - only this test closes an account.

    tell(here, Browser(), "on", own_key)
    with store.work(writes=True):
        db().get_one(Person, patient.id).state = PersonState.CLOSED
    assert reached(store, patient) == []


def test_a_device_without_a_sign_of_life_is_known_as_silent(key: str) -> None:
    device = Browser().device(key)
    moment = device.last_seen_at
    assert not device.is_silent(moment + timedelta(days=14))
    assert device.is_silent(moment + timedelta(days=15))
    assert not replace(device, last_seen_at=moment + timedelta(days=1)).is_silent(moment + timedelta(days=15))


def test_a_device_whose_address_cannot_be_opened_is_left_out_and_the_others_are_reached(
    here: Client, store: Store, patient: Made, practice: MadePractice, own_key: str
) -> None:
    first, second = Browser(), Browser("https://fcm.googleapis.com/fcm/send/two")
    tell(here, first, "on", own_key)
    tell(here, second, "on", own_key)
    with store.work(writes=True):
        broken = db().query(PushSubscription).order_by(PushSubscription.created_at, PushSubscription.id).first()
        assert broken is not None
        broken.keys_sealed = broken.endpoint_sealed
    assert len(reached(store, patient)) == 1
    store.keys.destroy(patient.id)
    with store.work(writes=False):
        assert devices.devices_of_many([patient.id]) == {}


@pytest.mark.parametrize("key", ["k" * 101, "k\x00", "\udc80", "é", "", " "])
def test_a_renewal_with_a_key_that_is_none_is_refused(here: Client, store: Store, own_key: str, key: str) -> None:
    first, second = Browser(), Browser("https://fcm.googleapis.com/fcm/send/two")
    tell(here, first, "on", own_key)
    assert here.post(ADDRESS, json=second.told("renewed", key, before=first.endpoint)).status_code == 422
    # One that looks like a key, and is none of ours, is never kept: the browser makes it anew.
    assert tell(here, second, "renewed", "B" * 87, before=first.endpoint)["result"] == "new-key"
    assert [row.vapid_key for row in rows(store)] == [own_key]


def test_the_same_browser_that_says_so_twice_at_once_is_one_device(
    store: Store, patient: Made, own_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered, real, looked = Browser().offered(own_key), devices._row_of, []

    def late(endpoint: str) -> PushSubscription | None:
        """Find nothing the first time: the other one is not committed yet."""
        looked.append(endpoint)
        return None if len(looked) == 1 else real(endpoint)

    with store.work(writes=True):
        first = devices.seen(patient.viewer, offered, "Firefox")
    monkeypatch.setattr(devices, "_row_of", late)
    with store.work(writes=True):
        assert devices.seen(patient.viewer, offered, "Firefox") == first
    looked.clear()
    with store.work(writes=True):
        assert devices.turn_on(patient.viewer, offered, "Firefox") == first
    assert len(rows(store)) == 1


def test_a_damaged_key_file_takes_no_page_and_no_device_away(
    here: Client, store: Store, patient: Made, config: Config, own_key: str
) -> None:
    browser = Browser()
    device = tell(here, browser, "on", own_key)["device"]
    file = vapid.key_file(config)
    file.write_text("damaged\n")
    assert tell(here, browser, "seen", own_key)["result"] == "on"
    assert tell(here, Browser("https://fcm.googleapis.com/fcm/send/two"), "on", own_key)["result"] == "new-key"
    assert here.get("/settings/notifications").status_code == 200
    sending._senders.pop(config, None)
    assert here.post(f"/settings/notifications/{device}/test").location.endswith("test-refused")
    assert reached(store, patient) == [browser.endpoint]
    found = [one for one in diagnosis.examine(config) if one.subject == "push key"]
    assert [one.state for one in found] == [diagnosis.State.FAULT]
    assert "is damaged" in found[0].words


def test_with_a_damaged_key_file_the_worker_goes_on_with_what_needs_no_push(
    app: Flask, store: Store, patient: Made, config: Config, set_time: SetTime
) -> None:
    set_time(datetime(2026, 3, 2, 12, tzinfo=UTC))
    remind(store, patient, 8 * 60)
    vapid.key_file(config).write_text("damaged\n")
    sending._senders.pop(config, None)
    set_time(datetime(2026, 3, 2, 13, tzinfo=UTC))
    with app.app_context():
        engine.make_due(store, clock.now())
        assert by_push.deliver_due(store) == 1
    assert [one.state for one in occurrences(store)] == [State.LISTED]
