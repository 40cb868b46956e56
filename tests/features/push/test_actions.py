"""What is done on a notification: once, for what it was sent for, on the device that got it, in its time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.outbox import Item
from patient_app.core.work import Store, connection, db
from patient_app.push import actions
from patient_app.push import service as devices
from patient_app.push.actions import Over
from patient_app.push.models import NotificationAction
from tests.factories import Made, MadePractice, make_patient, sign_in
from tests.features.offline.phone import Phone
from tests.features.push.receivers import Browser
from tests.features.push.test_devices import tell
from tests.page import Client

SetTime = Callable[[datetime | str], None]
ACT = "/reminders/act"


@dataclass
class Reminders:
    """Stands for the feature of reminders: keeps what it was asked."""

    asked: list[tuple[str, uuid.UUID, int, datetime]] = field(default_factory=list)
    over: bool = False

    def done(self, patient: Viewer, subject_id: uuid.UUID, tap_id: uuid.UUID, moment: Moment, item: Item | None) -> str:
        """Keep it, in the same unit of work."""
        return self._keep("done", subject_id, 0, moment)

    def later(self, patient: Viewer, subject_id: uuid.UUID, minutes: int, moment: Moment, item: Item | None) -> str:
        """Keep it."""
        return self._keep("later", subject_id, minutes, moment)

    def mood(self, patient: Viewer, subject_id: uuid.UUID, mood: int, moment: Moment, item: Item | None) -> str:
        """Keep it."""
        return self._keep("mood", subject_id, mood, moment)

    def _keep(self, word: str, subject_id: uuid.UUID, minutes: int, moment: Moment) -> str:
        if self.over:
            raise Over
        assert connection()
        self.asked.append((word, subject_id, minutes, moment.occurred_at))
        return "/today?done=noted"


@pytest.fixture
def reminders(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Reminders:
    """The feature that does what is tapped."""
    made = Reminders()
    monkeypatch.setattr(actions, "_acting", [made])
    return made


@pytest.fixture
def phone(app: Flask, store: Store, patient: Made) -> Phone:
    """The patient's phone, on which they are signed in."""
    return Phone(app, store, patient)


@pytest.fixture
def token(phone: Phone, store: Store, own_key: str) -> str:
    """The token of a notification on that phone, good for an hour."""
    tell(phone.browser, Browser(), "on", own_key)
    return issue(store, phone.person, SUBJECT)


SUBJECT = uuid.UUID(int=7)
HOUR = timedelta(hours=1)


def issue(store: Store, person: Made, subject: uuid.UUID, *, asks_mood: bool = False) -> str:
    """Issue a token for the newest device of a person."""
    with store.work(writes=True):
        return actions.issue(devices.devices_of(person.id)[0], subject, clock.now() + HOUR, asks_mood=asks_mood)


def tap(client: Client, token: str, wish: str = "done") -> tuple[int, str]:
    """Tap with a network; return status and result."""
    page = client.post(ACT, data={"token": token, "do": wish})
    assert page.json is not None
    return page.status_code, page.json["result"]


def test_it_is_done_once_however_often_it_is_tapped(phone: Phone, token: str, reminders: Reminders) -> None:
    for _time in range(3):
        assert tap(phone.browser, token) == (200, "stored")
    assert [asked[:3] for asked in reminders.asked] == [("done", SUBJECT, 0)]
    # What was used for one thing is good for no other.
    assert tap(phone.browser, token, "later 10") == (410, "over")
    assert len(reminders.asked) == 1


@pytest.mark.sqlite
def test_later_takes_the_minutes_that_were_offered(phone: Phone, token: str, reminders: Reminders) -> None:
    for minutes in (10, 30, 60):
        assert tap(phone.browser, issue(phone.store, phone.person, SUBJECT), f"later {minutes}") == (200, "stored")
    assert [asked[:3] for asked in reminders.asked] == [("later", SUBJECT, minutes) for minutes in (10, 30, 60)]


@pytest.mark.sqlite
@pytest.mark.parametrize("minutes", [-23 * 60, -40, -6, 6, 40, 23 * 60])
def test_a_phone_whose_clock_is_wrong_is_taken_at_its_word_as_far_as_ours_tells(
    phone: Phone, token: str, reminders: Reminders, minutes: int
) -> None:
    phone.ahead = timedelta(minutes=minutes)
    letter = phone.letter(ACT, [("token", token), ("do", "done")])
    assert phone.send(letter, new_id())["result"] == "stored"
    # What the person did says when, by their clock, as with every entry.
    [(_word, _subject, _number, at)] = reminders.asked
    assert abs(at - phone.now) < timedelta(seconds=5)


@pytest.mark.sqlite
def test_a_clock_that_is_slow_makes_no_tap_after_the_end_one_in_time(
    phone: Phone, token: str, reminders: Reminders, set_time: SetTime
) -> None:
    set_time(clock.now() + HOUR + timedelta(minutes=1))
    phone.ahead = timedelta(minutes=-30)
    assert phone.send(phone.letter(ACT, [("token", token), ("do", "done")]), new_id())["result"] == "refused"
    assert reminders.asked == []


@pytest.mark.sqlite
def test_only_a_notification_that_asks_takes_a_mood(phone: Phone, token: str, reminders: Reminders) -> None:
    assert tap(phone.browser, token, "mood 4") == (410, "over")
    for mood, expected in ((4, (200, "stored")), (1, (422, "malformed")), (6, (422, "malformed"))):
        asks = issue(phone.store, phone.person, SUBJECT, asks_mood=True)
        assert tap(phone.browser, asks, f"mood {mood}") == expected
    assert [asked[:3] for asked in reminders.asked] == [("mood", SUBJECT, 4)]
    assert tap(phone.browser, token) == (200, "stored"), "it is still good for what it offers"


NOT_OFFERED = ("", "later", "later 0", "later 11", "later -10", "later 10 ", "later 1e9", "taken", "DONE", "d" * 10**6)
NO_TOKENS = ("", "x", "x" * 43, "é" * 20, "\x00", "x" * 100_000)


@pytest.mark.sqlite
def test_what_was_not_offered_and_a_token_that_is_none_do_nothing(
    phone: Phone, token: str, reminders: Reminders
) -> None:
    for wish in NOT_OFFERED:
        assert tap(phone.browser, token, wish) == (422, "malformed")
    for wrong in NO_TOKENS:
        assert tap(phone.browser, wrong)[0] in {410, 422}
    assert reminders.asked == []
    assert tap(phone.browser, token) == (200, "stored"), "it is still good"


def test_after_signing_out_it_does_nothing_and_says_so(phone: Phone, token: str, reminders: Reminders) -> None:
    phone.browser.post("/sign-out")
    assert tap(phone.browser, token) == (401, "signed-out")
    # Nor when the same person signs in again: the device that it was for is no more.
    sign_in(phone.browser, phone.person)
    assert tap(phone.browser, token) == (410, "over")
    assert reminders.asked == []


def test_it_is_good_on_its_own_device_and_for_its_own_person_alone(
    app: Flask, phone: Phone, store: Store, practice: MadePractice, token: str, reminders: Reminders
) -> None:
    other, second = Client(app), make_patient(store, practice)
    sign_in(other, phone.person)
    assert tap(other, token) == (410, "over")
    sign_in(other, second)
    assert tap(other, token) == (410, "over")
    assert tap(Client(app), token) == (401, "signed-out")
    assert reminders.asked == []
    assert tap(phone.browser, token) == (200, "stored")


def test_a_device_that_was_turned_off_answers_nothing(
    phone: Phone, store: Store, token: str, reminders: Reminders
) -> None:
    with store.work(writes=False):
        [device] = devices.devices_of(phone.person.id)
    phone.browser.post(f"/settings/notifications/{device.id}/off")
    assert tap(phone.browser, token) == (410, "over")


def test_after_its_time_it_does_nothing(phone: Phone, token: str, reminders: Reminders, set_time: SetTime) -> None:
    set_time(clock.now() + HOUR + timedelta(seconds=1))
    assert tap(phone.browser, token) == (410, "over")
    assert reminders.asked == []


def test_what_could_not_be_done_is_not_used_up(phone: Phone, token: str, reminders: Reminders, store: Store) -> None:
    reminders.over = True
    assert tap(phone.browser, token) == (410, "over")
    reminders.over = False
    assert tap(phone.browser, token) == (200, "stored")


def test_two_devices_have_a_token_each_and_the_feature_hears_of_both(
    app: Flask, phone: Phone, store: Store, token: str, reminders: Reminders, own_key: str
) -> None:
    tablet = Client(app)
    sign_in(tablet, phone.person)
    tell(tablet, Browser("https://fcm.googleapis.com/fcm/send/tablet"), "on", own_key)
    second = issue(store, phone.person, SUBJECT)
    assert {tap(phone.browser, token), tap(tablet, second)} == {(200, "stored")}
    assert [asked[1] for asked in reminders.asked] == [SUBJECT, SUBJECT]


def test_a_tap_without_a_network_is_sent_later_and_counts_as_of_then(
    phone: Phone, token: str, reminders: Reminders, set_time: SetTime
) -> None:
    set_time("2026-05-31 08:00")
    renewed = issue(phone.store, phone.person, SUBJECT)
    set_time("2026-05-31 08:04")
    letter, item = phone.letter(ACT, [("token", renewed), ("do", "done")]), new_id()
    set_time("2026-06-02 20:00")
    for _time in range(2):
        assert phone.send(letter, item)["result"] == "stored"
    # Another tap that waited, on the same notification: the same thing.
    assert phone.send(letter | {"device_seq": 2}, new_id())["result"] == "stored"
    assert reminders.asked == [("done", SUBJECT, 0, datetime.fromisoformat("2026-05-31T08:04:00+00:00"))]
    phone.ahead = timedelta(days=3)  # It was done: whatever the clock says since.
    assert phone.send(letter, item)["result"] == "stored"
    phone.ahead = timedelta()
    assert len(reminders.asked) == 1
    over = phone.send(letter | {"fields": [["token", renewed], ["do", "later 10"]]}, new_id())
    assert over["result"] == "refused"
    assert "You can still log it yourself." in over["errors"][0][1]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("tapped", "arrives", "result"),
    [
        ("2026-05-31 08:59", "2026-06-07 08:59", "stored"),
        ("2026-05-31 09:01", "2026-05-31 09:02", "refused"),
        # Nobody has a token before it is made: that clock was slow, and was put right since.
        ("2026-05-31 07:50", "2026-05-31 08:10", "stored"),
        ("2026-05-31 07:50", "2026-05-31 09:10", "refused"),
        ("2026-05-31 08:30", "2026-06-07 09:01", "refused"),
    ],
)
def test_a_tap_that_waited_is_taken_when_it_was_made_in_time_and_did_not_wait_for_ever(
    phone: Phone, token: str, reminders: Reminders, set_time: SetTime, tapped: str, arrives: str, result: str
) -> None:
    set_time("2026-05-31 08:00")
    own = issue(phone.store, phone.person, SUBJECT)
    set_time(tapped)
    letter = phone.letter(ACT, [("token", own), ("do", "done")])
    set_time(arrives)
    assert phone.send(letter, new_id())["result"] == result
    assert len(reminders.asked) == (result == "stored")


def test_without_a_feature_of_reminders_nothing_is_done(
    phone: Phone, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_acting", [])
    assert tap(phone.browser, token) == (410, "over")


def test_a_tap_is_a_sign_of_life_of_its_device(
    phone: Phone, store: Store, token: str, reminders: Reminders, set_time: SetTime
) -> None:
    later = clock.now() + timedelta(minutes=30)
    set_time(later)
    tap(phone.browser, token)
    with store.work(writes=False):
        [device] = devices.devices_of(phone.person.id)
    assert device.last_seen_at == later


def test_what_waits_and_cannot_be_changed_leads_on(phone: Phone) -> None:
    page = phone.browser.get(ACT)
    assert page.location == "/today?done=reminder-over"
    assert "You can still log it yourself." in phone.browser.follow(page).words


def test_tokens_are_kept_as_hashes_and_removed(phone: Phone, store: Store, token: str, set_time: SetTime) -> None:
    with store.work(writes=False):
        [row] = db().query(NotificationAction)
        assert token.encode() not in row.token_hash
        assert len(row.token_hash) == 32
    set_time(clock.now() + HOUR + actions.TAKEN_LATE + timedelta(seconds=1))
    with store.work(writes=True):
        assert actions.prune() == 1
