"""Clocks of phones: what is a little wrong is taken and told of, what is far wrong waits, and nothing is corrected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from patient_app.checkins.models import CheckIn
from patient_app.checkins.words import clock_off
from patient_app.consent.categories import Category, Level
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from tests.factories import Made, MadePractice, assign_team, give_consent, make_administrator, make_clinician, sign_in
from tests.features.offline.phone import Phone, as_sent, fields_of
from tests.page import Client

SetTime = Callable[[datetime | str], None]
NOON = datetime(2026, 5, 31, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _at_noon(set_time: SetTime) -> None:
    set_time(NOON)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("off", "skew", "result"),
    [
        (timedelta(), None, "stored"),
        (5 * MINUTE, None, "stored"),
        (5 * MINUTE + SECOND, 301, "stored"),
        (DAY, 86400, "stored"),
        (DAY + SECOND, None, "refused"),
        (400 * DAY, None, "refused"),
    ],
)
def test_a_clock_is_taken_up_to_a_day_and_told_of_from_five_minutes_on(
    phone: Phone, store: Store, off: timedelta, skew: int | None, result: str, sign: int
) -> None:
    phone.ahead, entry_id = sign * off, new_id()
    answer = phone.check_in(entry_id, mood="2")
    assert answer["result"] == result
    if result == "refused":
        ((field, message),) = answer["errors"]
        assert (field, "The time on your phone looks wrong" in message) == ("", True)
        phone.ahead = timedelta()
        assert phone.check_in(entry_id, mood="2")["result"] == "stored"
        return
    with store.work(writes=False):
        entry = db().get_one(CheckIn, entry_id)
        assert entry.clock_skew == (skew and sign * skew)
        assert entry.occurred_at == NOON + sign * off
    told = phone.browser.get(f"/check-in/{entry_id}").main_words
    assert ("The time shown is the phone's." in told) == (skew is not None)


def test_it_is_told_in_plain_words_to_the_person_and_to_who_reads_the_time(
    phone: Phone, app: Flask, store: Store, practice: MadePractice, patient: Made
) -> None:
    clinician = make_clinician(store, practice, Discipline.THERAPIST)
    assign_team(store, patient, clinician, make_administrator(store, practice))
    give_consent(store, patient, clinician, {Category.MOOD: Level.DETAIL})
    phone.ahead, entry_id = timedelta(hours=-3, minutes=-10), new_id()
    phone.check_in(entry_id, mood="2")
    told = phone.browser.get(f"/check-in/{entry_id}").main_words
    assert "This phone's clock was about 3 hours behind. The time shown is the phone's." in told
    browser = Client(app)
    sign_in(browser, clinician)
    assert "phone's clock was about 3 hours behind" in browser.get(f"/team/{patient.id}").main_words


def test_a_clock_that_was_put_back_after_writing_is_told_of_by_what_was_written(phone: Phone, store: Store) -> None:
    """Nothing is written later than it is received: so far ahead the clock was at least."""
    entry_id, wrong = new_id(), new_id()
    ahead = phone.letter("/check-in", [("mood", "2")], made_at=as_sent(NOON + timedelta(hours=2)))
    assert phone.send(ahead, entry_id)["result"] == "stored"
    with store.work(writes=False):
        assert db().get_one(CheckIn, entry_id).clock_skew == 7200
    for when in (NOON + DAY + SECOND, datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)):
        letter = phone.letter("/check-in", [("mood", "2")], made_at=as_sent(when))
        assert phone.send(letter, wrong)["result"] == "refused"
    with_the_time_of_now = phone.letter("/check-in", [("mood", "2")])
    assert phone.send(with_the_time_of_now, wrong)["result"] == "stored"


def test_what_was_stored_is_answered_alike_by_whatever_clock(phone: Phone) -> None:
    entry_id, step_id = new_id(), new_id()
    letter = phone.letter("/check-in", [("mood", "2")])
    step = phone.letter("/safety/signs", [("base", "0"), ("words", "not sleeping")])
    first = [phone.send(letter, entry_id), phone.send(step, step_id)]
    phone.ahead = 30 * DAY
    assert [phone.send(letter, entry_id), phone.send(step, step_id)] == first
    assert phone.send(letter, new_id())["result"] == "refused"


def test_a_change_with_a_wrong_clock_is_told_of_too(phone: Phone) -> None:
    entry_id = new_id()
    phone.check_in(entry_id, note="first")
    phone.ahead = timedelta(hours=2)
    phone.change(entry_id, 1, note="second")
    phone.ahead = timedelta(hours=3)
    phone.change(entry_id, 1, note="third")
    told = phone.browser.get(f"/check-in/{entry_id}").main_words
    assert "The phone's clock was about 2 hours ahead." in told


@pytest.mark.parametrize(
    ("made_at", "zone", "offset", "expected"),
    [
        ("2026-05-30T00:30", "Europe/Paris", 120, ("2026-05-30", "2026-05-29", 120, "Europe/Paris")),
        ("2026-03-29T00:59", "Europe/Paris", 60, ("2026-03-29", "2026-03-28", 60, "Europe/Paris")),
        ("2026-03-29T01:01", "Europe/Paris", 120, ("2026-03-29", "2026-03-28", 120, "Europe/Paris")),
        ("2025-10-26T00:30", "Europe/Paris", 120, ("2025-10-26", "2025-10-25", 120, "Europe/Paris")),
        ("2025-10-26T01:30", "Europe/Paris", 60, ("2025-10-26", "2025-10-25", 60, "Europe/Paris")),
        ("2026-05-30T03:00", "Pacific/Auckland", 720, ("2026-05-30", "2026-05-30", 720, "Pacific/Auckland")),
        ("2026-05-30T23:00", "Mars/Olympus", 330, ("2026-05-31", "2026-05-31", 330, "UTC")),
        ("2026-05-30T23:00", "", -600, ("2026-05-30", "2026-05-30", -600, "UTC")),
    ],
)
def test_the_day_is_that_of_the_phone_where_and_when_it_was_written(
    phone: Phone, store: Store, made_at: str, zone: str, offset: int, expected: tuple[str, str, int, str]
) -> None:
    entry_id = new_id()
    made_at += ":00.000Z"
    letter = phone.letter("/check-in", fields_of({"mood": "2"}), made_at=made_at, zone=zone, offset=offset)
    assert phone.send(letter, entry_id)["result"] == "stored"
    with store.work(writes=False):
        entry = db().get_one(CheckIn, entry_id)
        days = entry.local_date.isoformat(), entry.day.isoformat()
        assert (*days, entry.utc_offset, entry.zone) == expected
        assert as_sent(entry.occurred_at) == made_at


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (301, "about 5 minutes ahead"),
        (-3600, "about 60 minutes behind"),
        (5400, "about 2 hours ahead"),
        (-86400, "about 24 hours behind"),
    ],
)
def test_how_far_is_told_roundly(app: Flask, store: Store, seconds: int, words: str) -> None:
    with store.work(writes=False), app.test_request_context():
        assert clock_off(seconds) == words
