"""Sessions: limits by role, ended on the server, listed, and ended one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from patient_app.accounts import sessions
from patient_app.accounts.models import DeviceSession, Person, PersonState
from patient_app.core import clock, times
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests.factories import PASSWORD, Made, make_patient, make_person, make_practice, sign_in_by_form
from tests.page import Client, tidy

SetTime = Callable[[datetime | str], None]
BEGIN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def is_signed_in(client: Client) -> bool:
    page = client.get("/settings")
    assert page.status_code in {200, 303}
    return page.status_code == 200


def token_of(client: Client) -> str:
    cookie = client.get_cookie("session", domain="localhost")
    assert cookie is not None
    return cookie.value


# --- limits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "idle"),
    [
        (Role.CLINICIAN, timedelta(minutes=15)),
        (Role.ADMINISTRATOR, timedelta(minutes=15)),
        (Role.SUPPORTER, timedelta(days=7)),
        (Role.PATIENT, timedelta(days=30)),
    ],
)
def test_a_session_ends_when_it_is_not_used(
    client: Client, store: Store, set_time: SetTime, role: Role, idle: timedelta
) -> None:
    set_time(BEGIN)
    sign_in_by_form(client, make_person(store, make_practice(store), role))
    set_time(BEGIN + idle - timedelta(seconds=1))
    assert is_signed_in(client)
    set_time(BEGIN + idle * 2 - timedelta(seconds=2))
    assert is_signed_in(client), "using it began the time anew"
    set_time(BEGIN + idle * 3)
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("role", "step", "absolute"),
    [
        (Role.CLINICIAN, timedelta(minutes=14), timedelta(hours=12)),
        (Role.SUPPORTER, timedelta(days=6), timedelta(days=90)),
        (Role.PATIENT, timedelta(days=29), timedelta(days=180)),
    ],
)
def test_a_session_ends_however_much_it_is_used(
    client: Client, store: Store, set_time: SetTime, *, role: Role, step: timedelta, absolute: timedelta
) -> None:
    set_time(BEGIN)
    sign_in_by_form(client, make_person(store, make_practice(store), role))
    moment = BEGIN
    while moment + step < BEGIN + absolute:
        moment += step
        set_time(moment)
        assert is_signed_in(client), f"after {moment - BEGIN}"
    set_time(BEGIN + absolute)
    assert not is_signed_in(client)


def test_half_a_sign_in_ends_after_fifteen_minutes(client: Client, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    person = make_person(store, make_practice(store), Role.CLINICIAN)
    client.post("/sign-in", data={"sign_in_name": person.sign_in_name, "password": PASSWORD})
    set_time(BEGIN + timedelta(minutes=15))
    assert client.get("/sign-in/code").location == "/sign-in?next=/sign-in/code"


def test_use_is_written_at_most_once_a_minute(client: Client, patient: Made, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    sign_in_by_form(client, patient)
    written = []

    @event.listens_for(store.database.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE device_session"):
            written.append(statement)

    for second in (10, 30, 59, 61, 90, 119):
        set_time(BEGIN + timedelta(seconds=second))
        assert is_signed_in(client)
    assert len(written) == 1


def test_a_denied_request_does_not_keep_a_session_awake(
    client: Client, patient: Made, store: Store, set_time: SetTime
) -> None:
    set_time(BEGIN)
    sign_in_by_form(client, patient)
    set_time(BEGIN + timedelta(minutes=5))
    assert client.get("/practice").status_code == 404
    assert client.get("/nowhere").status_code == 404
    assert client.post(f"/settings/devices/{new_id()}/end").status_code == 404
    assert client.get("/help").status_code == 200
    with store.work(writes=False):
        assert db().scalars(select(DeviceSession.last_seen_at)).one() == BEGIN
    assert is_signed_in(client)
    with store.work(writes=False):
        assert db().scalars(select(DeviceSession.last_seen_at)).one() == BEGIN + timedelta(minutes=5)


# --- ended -----------------------------------------------------------------------------------------------------


def test_an_ended_session_is_refused_at_the_next_request(client: Client, patient: Made, store: Store) -> None:
    sign_in_by_form(client, patient)
    with store.work(writes=True):
        db().execute(update(DeviceSession).values(ended_at=clock.now()))
    assert not is_signed_in(client)
    assert client.post("/settings/devices/end-others").status_code == 401


def test_a_closed_account_is_refused_at_the_next_request(client: Client, patient: Made, store: Store) -> None:
    sign_in_by_form(client, patient)
    with store.work(writes=True):
        db().get_one(Person, patient.id).state = PersonState.CLOSED
    assert not is_signed_in(client)


def test_who_lost_their_key_is_nobody(client: Client, patient: Made, store: Store) -> None:
    sign_in_by_form(client, patient)
    store.keys.destroy(patient.id)
    assert not is_signed_in(client)


def test_a_phone_that_changes_its_network_stays_signed_in(client: Client, patient: Made) -> None:
    sign_in_by_form(client, patient)
    page = client.get(
        "/settings", environ_base={"REMOTE_ADDR": "198.51.100.7"}, headers={"User-Agent": "something else"}
    )
    assert page.status_code == 200


# --- the list of devices ---------------------------------------------------------------------------------------


def test_a_person_sees_their_devices_and_ends_one(app: Flask, patient: Made, store: Store) -> None:
    here, there = Client(app), Client(app)
    there.environ_base["HTTP_USER_AGENT"] = FIREFOX
    sign_in_by_form(here, patient)
    sign_in_by_form(there, patient)
    page = here.get("/settings")
    assert "Firefox, Android" in page.main_words
    (form,) = [form for form in page.forms if form.action.endswith("/end")]
    answer = here.submit(form)
    assert answer.location == "/settings?done=device-ended"
    assert "That device is signed out." in here.follow(answer).words
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert here.submit(form).status_code == 404, "ended already"


def test_a_person_ends_all_other_devices(app: Flask, patient: Made) -> None:
    here, *others = (Client(app) for _ in range(3))
    for browser in (here, *others):
        sign_in_by_form(browser, patient)
    form = here.get("/settings").form(action="/settings/devices/end-others")
    here.submit(form)
    assert is_signed_in(here)
    assert not any(is_signed_in(browser) for browser in others)
    assert not [form for form in here.get("/settings").forms if "devices" in form.action]


def test_ending_this_device_signs_out(client: Client, patient: Made, store: Store) -> None:
    sign_in_by_form(client, patient)
    with store.work(writes=False):
        session_id = db().scalars(select(DeviceSession.id)).one()
    assert client.post(f"/settings/devices/{session_id}/end").location == "/sign-in?done=signed-out"
    assert not is_signed_in(client)


def test_somebody_elses_device_is_answered_like_none(app: Flask, patient: Made, store: Store) -> None:
    stranger, owner = Client(app), Client(app)
    sign_in_by_form(owner, patient)
    with store.work(writes=False):
        session_id = db().scalars(select(DeviceSession.id)).one()
    sign_in_by_form(stranger, make_person(store, make_practice(store), Role.PATIENT))
    theirs = stranger.post(f"/settings/devices/{session_id}/end")
    nobodys = stranger.post(f"/settings/devices/{new_id()}/end")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.text == nobodys.text
    assert is_signed_in(owner)


def test_the_list_shows_only_living_sessions(client: Client, patient: Made, app: Flask, set_time: SetTime) -> None:
    set_time(BEGIN)
    old = Client(app)
    old.environ_base["HTTP_USER_AGENT"] = FIREFOX
    sign_in_by_form(old, patient)
    set_time(BEGIN + timedelta(days=31))
    sign_in_by_form(client, patient)
    assert "Firefox" not in client.get("/settings").main_words


def test_times_are_those_of_the_person(client: Client, store: Store, set_time: SetTime) -> None:
    set_time("2026-05-04 02:30")
    sign_in_by_form(client, make_person(store, make_practice(store), Role.PATIENT, zone="America/New_York"))
    assert "3 May 2026, 10:30 PM" in client.get("/settings").main_words


@pytest.mark.parametrize(
    ("heard", "label"),
    [
        (FIREFOX, "Firefox, Android"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
            "Chrome, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 Version/18.4 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge, Mac"),
        ("curl/8.1", ""),
        ("", ""),
        ("x" * 100_000, ""),
    ],
)
def test_a_device_is_named_after_browser_and_system(heard: str, label: str) -> None:
    assert sessions.browser_label(heard) == label


def test_old_sessions_and_devices_are_removed(client: Client, patient: Made, store: Store, set_time: SetTime) -> None:
    set_time(BEGIN)
    sign_in_by_form(client, patient)
    for days, left in ((200, 1), (211, 0)):
        set_time(BEGIN + timedelta(days=days))
        with store.work(writes=True):
            sessions.prune()
        with store.work(writes=False):
            assert len(db().scalars(select(DeviceSession)).all()) == left


# --- password, language and time -------------------------------------------------------------------------------


def test_a_changed_password_ends_the_other_sessions(app: Flask, patient: Made, store: Store) -> None:
    here, there = Client(app), Client(app)
    sign_in_by_form(here, patient)
    sign_in_by_form(there, patient)
    before = token_of(here)
    form = here.get("/settings/password").form(field="new_password")
    answer = here.submit(form, current_password=PASSWORD, new_password="another quiet harbour")
    assert answer.location == "/settings?done=password-changed"
    assert "Your password is changed." in here.follow(answer).words
    assert token_of(here) != before
    assert not is_signed_in(there)
    sign_in_by_form(there, replace(patient, password="another quiet harbour"))
    old = Client(app).post("/sign-in", data={"sign_in_name": patient.sign_in_name, "password": PASSWORD})
    assert old.status_code == 422


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", "another quiet harbour", "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "1q2w3e4r5t", "new_password"),
        ("", "another quiet harbour", "current_password"),
        (PASSWORD, "", "new_password"),
    ],
)
def test_a_refused_change_of_password_changes_nothing(
    app: Flask, patient: Made, current: str, new: str, field: str
) -> None:
    here, there = Client(app), Client(app)
    sign_in_by_form(here, patient)
    sign_in_by_form(there, patient)
    page = here.post("/settings/password", data={"current_password": current, "new_password": new})
    assert page.status_code == 422
    assert page.errors[field]
    assert "another quiet harbour" not in page.text
    assert is_signed_in(there)
    sign_in_by_form(Client(app), patient)


def test_language_zone_and_start_of_the_day_are_kept(client: Client, patient: Made, store: Store) -> None:
    sign_in_by_form(client, patient)
    page = client.get("/settings/language")
    answer = client.submit(page.form(field="zone"), language="es", zone="America/Puerto_Rico", day_start="120")
    assert answer.location == "/settings?done=preferences-kept"
    with store.work(writes=False):
        row = db().get_one(Person, patient.id)
        assert (row.language, row.zone, row.day_start_minutes) == ("es", "America/Puerto_Rico", 120)


def test_who_came_in_by_a_code_moves_no_reminders_into_the_night(client: Client, patient: Made, store: Store) -> None:
    with store.work(writes=True):
        row = db().get_one(Person, patient.id)
        before = (row.zone, row.day_start_minutes)
        row.entries_closed_from = datetime.now(UTC) - timedelta(hours=1)
        row.entries_closed_until = datetime.now(UTC) + timedelta(hours=23)
    sign_in_by_form(client, patient)
    form = client.get("/settings/language").form(field="language")
    assert "zone" not in form.names
    sent = {"language": "es", "zone": "Pacific/Auckland", "day_start": "660"}
    assert client.post("/settings/language", data=sent).status_code == 303
    with store.work(writes=False):
        row = db().get_one(Person, patient.id)
        assert (row.language, row.zone, row.day_start_minutes) == ("es", *before)


@pytest.mark.parametrize("field", ["language", "zone", "day_start"])
def test_a_choice_that_is_not_on_the_list_is_refused(client: Client, patient: Made, field: str) -> None:
    sign_in_by_form(client, patient)
    page = client.submit(client.get("/settings/language").form(field="zone"), **{field: "Nowhere/Land"})
    assert page.status_code == 422
    assert "Pick one from the list." in page.errors[field]


def test_the_list_of_zones_has_no_second_names(client: Client, store: Store, patient: Made) -> None:
    sign_in_by_form(client, patient)
    names = {option.get("value") for option in client.get("/settings/language").one("select", name="zone")}
    assert {"America/New_York", "Asia/Kolkata", "Europe/Kyiv", "America/Argentina/Buenos_Aires", "UTC"} <= names
    assert not {"Asia/Calcutta", "Europe/Kiev", "America/Buenos_Aires", "America/Fort_Wayne"} & names


def test_a_zone_under_an_old_name_is_still_the_one_a_person_has(client: Client, store: Store) -> None:
    sign_in_by_form(client, make_person(store, make_practice(store), Role.PATIENT, zone="Asia/Calcutta"))
    form = client.get("/settings/language").form(field="zone")
    assert form.filled()["zone"] == ["Asia/Calcutta"]
    assert client.submit(form).status_code == 303


def test_every_page_tells_the_same_moment_by_the_clock_of_who_reads(client: Client, store: Store) -> None:
    person = make_patient(store, make_practice(store), zone="Pacific/Auckland")
    until = datetime.now(UTC) + timedelta(hours=23)
    with store.work(writes=True):
        row = db().get_one(Person, person.id)
        row.entries_closed_from, row.entries_closed_until = datetime.now(UTC) - timedelta(hours=1), until
    sign_in_by_form(client, person)
    there = until.astimezone(ZoneInfo("Pacific/Auckland"))
    told = tidy(times.in_words(there.hour * 60 + there.minute, "en"))
    for page in ("/history", "/safety", "/medications", "/medications/hours", "/skills/signs", "/settings", "/sharing"):
        words = client.get(page).main_words
        assert set(re.findall(r"(?:[Uu]ntil [A-Z]|opens on )[^.]*?, (\d+:\d\d [AP]M|noon|midnight)", words)) == {
            told
        }, (page, words[:400])
