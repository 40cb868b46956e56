"""Pages of reminders: nothing is on without a choice, nothing tells without a warning, and nobody else's is seen."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from patient_app.accounts.models import Person
from patient_app.core import clock, ical
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.home.reminder_lines import reminder_lines
from patient_app.medications import dose_log, doses
from patient_app.medications.dose_log import Slot
from patient_app.medications.dose_log import Told as Tap
from patient_app.medications.models import DoseState
from patient_app.reminders import calendar, choosing, handling, own
from patient_app.reminders.models import Handled, Kind, Wording
from patient_app.reminders.schedule import Quiet
from tests.factories import Made, make_check_in, make_patient, make_practice, sign_in
from tests.features.medications.plans import doses as planned
from tests.features.medications.regimens import NALTREXONE, at, daily, started
from tests.features.offline.phone import Phone
from tests.features.reminders.made import Counting, occurrences, remind, run
from tests.page import Client, text_of

SetTime = Callable[[datetime], None]
LIST = "/settings/reminders"
SUMMARY = "Water the plants"


@pytest.fixture
def patient(store: Store, client: Client, set_time: SetTime) -> Made:
    set_time(at("03-02 07:00").occurred_at)
    made = make_patient(store, make_practice(store))
    sign_in(client, made)
    return made


def own_of(store: Store, patient: Made) -> list[own.OwnReminder]:
    with store.work(writes=False):
        return own.own_reminders(patient.viewer)


def sent(**more: object) -> dict[str, object]:
    """Return what the form of a reminder of one's own sends."""
    usual = {"id": str(new_id()), "kind": "own", "about": SUMMARY, "time_1": "08:00", "weekdays": ["1", "3"]}
    return {**usual, "wording": "discreet", **more}


def test_one_is_added_once_changed_paused_and_turned_off(store: Store, client: Client, patient: Made) -> None:
    data = sent()
    for _twice in range(2):
        page = client.post(f"{LIST}/new", data=data)
        assert page.location == f"{LIST}?done=reminder-kept"
    (one,) = own_of(store, patient)
    assert (one.chosen.about, one.chosen.times, one.chosen.weekdays) == (SUMMARY, (480,), (1, 3))
    page = client.get(LIST)
    assert SUMMARY in page.text
    assert "Mon, Wed" in page.text
    assert "You have a reminder" in page.text
    address = f"{LIST}/{one.id}"
    assert client.get(address).status_code == 200
    client.post(address, data=sent(about="Walk", time_1="", time_2="9:15 AM"))
    assert client.post(f"{address}/pause", data={"until": "2026-03-09"}).status_code == 303
    (one,) = own_of(store, patient)
    assert (one.chosen.about, one.chosen.times, one.paused_until) == ("Walk", (555,), date(2026, 3, 9))
    client.post(f"{address}/resume")
    assert own_of(store, patient)[0].paused_until is None
    client.post(address, data=sent(quiet_from="21:00", quiet_to="07:00"))
    assert own_of(store, patient)[0].chosen.quiet == Quiet(21 * 60, 7 * 60)
    assert "Not from 9:00 PM to 7:00 AM" in client.get(LIST).words
    assert ("quiet_from", "21:00") in client.get(address).form(field="about").values
    assert client.post(f"{address}/end").status_code == 303
    assert own_of(store, patient) == []
    assert client.get(address).status_code == client.post(f"{address}/end").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"about": ""}, "about"),
        ({"time_1": ""}, "time_1"),
        ({"time_1": "25:00"}, "time_1"),
        ({"time_3": "banana"}, "time_3"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["9"]}, "weekdays"),
        ({"wording": "own"}, "words"),
        ({"wording": "detailed"}, "understood"),
        ({"wording": "own", "words": "Plants"}, "understood"),
        ({"about": "x" * 200}, "about"),
        ({"quiet_from": "22:00"}, "quiet_to"),
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, "quiet_from"),
        ({"quiet_from": "22:00", "quiet_to": "08:30"}, "quiet_from"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_the_words_stay(
    store: Store, client: Client, patient: Made, wrong: dict[str, object], field: str
) -> None:
    page = client.post(f"{LIST}/new", data=sent(**wrong))
    assert page.status_code == 422
    assert f"#{field}" in [link.get("href") for link in page.all("a")]
    assert own_of(store, patient) == []
    assert str(wrong.get("words", "")) in page.text


def test_telling_words_need_the_warning_and_then_stand_on_the_phone(
    store: Store, client: Client, patient: Made, app: Flask, set_time: SetTime
) -> None:
    page = client.post(f"{LIST}/new", data=sent(wording="detailed", understood="y"))
    assert page.status_code == 303
    assert f"The phone shows: “{SUMMARY}”" in client.get(LIST).text
    push = Counting()
    set_time(at("03-02 08:00").occurred_at)
    with app.app_context():
        run(store, push)
    assert push.sent[0][1]["title"] == SUMMARY
    # Once it is in question whose hands an account is in, nothing tells.
    set_time(at("03-04 07:00").occurred_at)
    with store.work(writes=True):
        db().get_one(Person, patient.id).entries_closed_until = clock.now() + timedelta(days=3)
    set_time(at("03-04 08:00").occurred_at)
    with app.app_context():
        run(store, push)
    assert push.sent[1][1]["title"] == "You have a reminder"


def test_there_is_one_reminder_of_doses_and_it_names_medicines_of_the_list(
    store: Store, client: Client, patient: Made
) -> None:
    medicine = started(store, patient, daily(*planned("08:00")), at("02-01 12:00"))
    page = client.get(f"{LIST}/new?kind=doses")
    assert "sertraline" in page.text
    data = {"id": str(new_id()), "kind": "doses", "wording": "discreet"}
    assert client.post(f"{LIST}/new", data={**data, "only": str(new_id())}).status_code == 422
    assert client.post(f"{LIST}/new", data={**data, "only": str(medicine)}).status_code == 303
    assert own_of(store, patient)[0].chosen.only == (str(medicine),)
    again = client.post(f"{LIST}/new", data={**data, "id": str(new_id())})
    assert again.status_code == 422
    assert "You have one of these already" in again.text
    assert client.get(f"{LIST}/new?kind=doses").status_code == client.get(f"{LIST}/new?kind=x").status_code == 404


def test_nobody_opens_or_changes_anothers(store: Store, client: Client, patient: Made, app: Flask) -> None:
    theirs = remind(store, make_patient(store, make_practice(store)), 480)
    mine = remind(store, patient, 480)
    for path in ("", "/end", "/pause", "/resume"):
        assert client.post(f"{LIST}/{theirs}{path}", data=sent(until="2026-03-09")).status_code == 404
    # An id that is somebody else's answers like one that cannot be used.
    assert client.post(f"{LIST}/new", data=sent(id=str(theirs))).status_code == 422
    assert client.get(f"{LIST}/{theirs}").status_code == 404
    assert client.get(f"{LIST}/{mine}").status_code == 200


def test_a_session_in_question_sees_none_and_changes_none(store: Store, patient: Made) -> None:
    reminder = remind(store, patient, 480)
    viewer = patient.viewer
    closed = type(viewer)(**{**viewer.__dict__, "entries_closed_from": clock.now()})
    with store.work(writes=True):
        assert own.own_reminders(closed) == []
        assert own.settings_of(closed) == own.Settings()
        for attempt in (
            lambda: choosing.end(closed, reminder),
            lambda: choosing.pause_all(closed, None),
            lambda: calendar.open_feed(closed),
            lambda: own.asking(closed),
        ):
            with pytest.raises(NotFound):
                attempt()


def test_pauses_and_quiet_hours_of_all(store: Store, client: Client, patient: Made) -> None:
    remind(store, patient, 480)
    assert client.post(f"{LIST}/pause", data={"until": "2026-03-02"}).status_code == 422
    assert client.post(f"{LIST}/pause", data={"until": "9999-12-31"}).status_code == 422
    assert client.post(f"{LIST}/pause", data={"until": "2026-03-05"}).status_code == 303
    assert "They start again on 5 March 2026" in client.get(LIST).text
    client.post(f"{LIST}/resume")
    assert client.post(f"{LIST}/quiet", data={"quiet_from": "22:00"}).status_code == 422
    assert client.post(f"{LIST}/quiet", data={"quiet_from": "22:00", "quiet_to": "08:30"}).status_code == 303
    assert "in your quiet hours" in client.get(LIST).text
    client.post(f"{LIST}/quiet", data={"quiet_from": "", "quiet_to": ""})
    with store.work(writes=False):
        assert own.settings_of(patient.viewer).quiet is None


# --- Today -----------------------------------------------------------------------------------------------------


def test_reminders_are_offered_once_after_the_first_check_in_and_on_only_by_choice(
    store: Store, client: Client, patient: Made
) -> None:
    assert "Shall we remind you" not in client.get("/today").text
    make_check_in(store, patient)
    assert "Shall we remind you" in client.get("/today").text
    page = client.get(f"{LIST}/start")
    assert not [box for box in page.all("input") if box.get("checked") is not None]
    assert client.post(f"{LIST}/start", data={}).location == "/today?done=reminders-chosen"
    assert own_of(store, patient) == []
    assert "Shall we remind you" not in client.get("/today").text
    assert client.post(f"{LIST}/start", data={"check_in": "y"}).status_code == 422
    client.post(f"{LIST}/start", data={"check_in": "y", "check_in_at": "19:00", "doses": "y"})
    client.post(f"{LIST}/start", data={"check_in": "y", "check_in_at": "20:00"})
    assert {one.kind: one.chosen.times for one in own_of(store, patient)} == {Kind.CHECK_IN: (1140,), Kind.DOSES: ()}
    assert len(own_of(store, patient)) == 2
    assert all(one.chosen.wording is Wording.DISCREET for one in own_of(store, patient))


def test_what_came_waits_on_today_until_it_is_done_or_later(
    store: Store, client: Client, patient: Made, app: Flask, set_time: SetTime
) -> None:
    remind(store, patient, 480)
    set_time(at("03-02 08:00").occurred_at)
    with app.app_context():
        run(store, Counting(devices=()))
    assert SUMMARY in client.get("/today").text
    (one,) = occurrences(store)
    page = client.get("/reminders")
    assert "Reminder for 8:00 AM" in page.words
    assert client.post(f"/reminders/{one.id}/later", data={"minutes": "11"}).status_code == 404
    assert client.post(f"/reminders/{one.id}/later", data={"minutes": "30"}).status_code == 303
    assert SUMMARY not in client.get("/today").text
    assert "Comes again at 8:30 AM" in client.get("/reminders").words
    assert client.post(f"/reminders/{one.id}/done").status_code == 303
    assert "Nothing waits" in client.get("/reminders").text
    other = make_patient(store, make_practice(store))
    with store.work(writes=True), pytest.raises(NotFound):
        handling.settle(other.id, one.id, Handled.IN_APP)


def test_a_phone_that_travelled_is_asked_about_once(store: Store, client: Client, patient: Made) -> None:
    remind(store, patient, 480)
    make_check_in(store, patient, zone="America/Los_Angeles")
    question = "Shall your reminders and your days go by it?"
    assert question in client.get("/today").text
    client.post(f"{LIST}/zone", data={"zone": "America/Los_Angeles", "answer": "stay"})
    assert question not in client.get("/today").text
    make_check_in(store, patient, at=clock.now() + timedelta(seconds=1), zone="Europe/Paris")
    assert question in client.get("/today").text
    assert client.post(f"{LIST}/zone", data={"zone": "Mars/Base", "answer": "move"}).status_code == 404
    client.post(f"{LIST}/zone", data={"zone": "Europe/Paris", "answer": "move"})
    assert question not in client.get("/today").text
    with store.work(writes=False):
        assert db().get_one(Person, patient.id).zone == "Europe/Paris"


def test_a_phone_that_travelled_and_only_logs_doses_is_asked_about_too(
    app: Flask, store: Store, client: Client, patient: Made, set_time: SetTime
) -> None:
    medicine = started(store, patient, daily(*planned("08:00")), at("02-01 12:00"))
    remind(store, patient, kind=Kind.DOSES)
    question = "Shall your reminders and your days go by it?"
    make_check_in(store, patient)
    set_time(at("03-02 08:05").occurred_at)
    assert question not in client.get("/today").text
    phone = Phone(app, store, patient)
    fields = [("dose", f"{medicine}.08:00"), ("do", "taken"), ("back", "today")]
    letter = phone.letter("/medications/days/2026-03-02", fields, zone="America/Los_Angeles", offset=-480)
    assert phone.send(letter, new_id())["result"] == "stored"
    page = client.get("/today")
    assert question in page.text
    assert "Los Angeles" in page.text


# --- history ---------------------------------------------------------------------------------------------------


def test_the_history_says_when_it_was_sent_and_taken(
    store: Store, client: Client, patient: Made, app: Flask, set_time: SetTime
) -> None:
    medicine = started(store, patient, daily(*planned("08:00")), at("02-01 12:00"), NALTREXONE)
    remind(store, patient, kind=Kind.DOSES)
    set_time(at("03-02 08:00").occurred_at)
    with app.app_context():
        run(store, Counting())
    now = at("03-02 08:04")
    set_time(now.occurred_at)
    slot = Slot(medicine, date(2026, 3, 2), "08:00")
    with store.work(writes=True):
        dose_log.log_due(patient.viewer, new_id(), {slot: Tap(DoseState.TAKEN, now)}, now)
        handling.settle(patient.id, occurrences(store)[0].id, Handled.NOTIFICATION)
    page = client.get(f"{LIST}/history")
    row = text_of(page.one("li", class_name="row"))
    assert "8:00 AM · " in row
    assert "naltrexone" in row
    assert "sent 8:00 AM · taken 8:04 AM, from the notification" in row


def test_the_history_says_why_something_did_not_come(
    store: Store, client: Client, patient: Made, app: Flask, set_time: SetTime
) -> None:
    remind(store, patient, 480)
    set_time(at("03-03 07:00").occurred_at)
    with app.app_context():
        run(store, Counting())
    assert "our system did not run then" in client.get(f"{LIST}/history").text


# --- the calendar ----------------------------------------------------------------------------------------------


def feed_of(client: Client) -> str:
    page = client.get(f"{LIST}/calendar")
    return urlsplit(text_of(page.one("code", class_name="secret"))).path


def test_the_calendar_has_times_and_tells_nothing_else(store: Store, client: Client, patient: Made, app: Flask) -> None:
    started(store, patient, daily(*planned("08:00", "20:00")), at("02-01 12:00"), NALTREXONE)
    remind(store, patient, kind=Kind.DOSES)
    remind(store, patient, 600, wording=Wording.DETAILED)
    client.post(f"{LIST}/calendar")
    address = feed_of(client)
    answer = app.test_client().get(address)
    text = answer.get_data(as_text=True)
    assert answer.mimetype == "text/calendar"
    assert set(re.findall(r"^SUMMARY:(.*)\r$", text, re.MULTILINE)) == {"Reminder"}
    assert "DTSTART:20260302T130000Z" in text
    # The clocks go forward on 8 March: 8:00 is an hour earlier in UTC then.
    assert "DTSTART:20260309T120000Z" in text
    assert len(set(re.findall(r"^UID:(.*)\r$", text, re.MULTILINE))) == text.count("BEGIN:VEVENT") == 32 * 3
    lowered = text.lower()
    assert not [word for word in ("naltrexone", "plants", patient.name.lower(), "dose", "check") if word in lowered]
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert app.test_client().get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_an_old_a_closed_and_a_guessed_address_open_nothing(
    store: Store, client: Client, patient: Made, app: Flask
) -> None:
    remind(store, patient, 480)
    client.post(f"{LIST}/calendar")
    first = feed_of(client)
    client.post(f"{LIST}/calendar")
    second = feed_of(client)
    visitor = app.test_client()
    assert [visitor.get(path).status_code for path in (first, second)] == [404, 200]
    client.post(f"{LIST}/calendar/off")
    guessed = [f"/calendar/{token}/reminders.ics" for token in ("x", "x" * 500, "é", "a" * 43)]
    assert {visitor.get(path).status_code for path in (second, *guessed)} == {404}


def test_text_is_escaped_and_lines_are_folded_between_letters() -> None:
    assert ical.escaped("a, b; c\\d\ne") == "a\\, b\\; c\\\\d\\ne"
    line = "SUMMARY:" + "é" * 100
    parts = list(ical.folded(line))
    assert all(len(part.encode()) <= 75 for part in parts)
    assert "".join([parts[0], *(part[1:] for part in parts[1:])]) == line
    assert list(ical.folded("x" * 75)) == ["x" * 75]


def test_ids_say_nothing_of_their_reminder() -> None:
    one = uuid.uuid4()
    uid = calendar._uid(one, date(2026, 3, 2), "480")
    assert str(one)[:8] not in uid
    assert uid == calendar._uid(one, date(2026, 3, 2), "480") != calendar._uid(one, date(2026, 3, 3), "480")


@pytest.mark.parametrize("free", [0, 1])
def test_the_offer_with_a_full_list_says_so_and_keeps_nothing(
    store: Store, client: Client, patient: Made, free: int
) -> None:
    for _each in range(choosing.MOST_REMINDERS - free):
        remind(store, patient, 480)
    page = client.post(f"{LIST}/start", data={"check_in": "y", "check_in_at": "19:00", "doses": "y"})
    assert page.status_code == 422
    assert "Your list is full. Turn one off first." in page.text
    assert len(own_of(store, patient)) == choosing.MOST_REMINDERS - free
    with store.work(writes=False):
        assert not own.settings_of(patient.viewer).offer_answered


def test_a_refused_pause_leaves_the_other_forms_of_the_page_as_they_are(
    store: Store, client: Client, patient: Made
) -> None:
    reminder = remind(store, patient, 480)
    client.post(f"{LIST}/quiet", data={"quiet_from": "22:00", "quiet_to": "06:30"})
    page = client.post(f"{LIST}/pause", data={"until": "2026-03-02"})
    assert page.status_code == 422
    assert ("quiet_from", "22:00") in page.form(field="quiet_from").values
    page = client.post(f"{LIST}/{reminder}/pause", data={"until": "2026-03-02"})
    assert page.status_code == 422
    assert ("time_1", "08:00") in page.form(field="time_1").values
    assert ("about", SUMMARY) in page.form(field="about").values


def test_the_list_leads_to_what_waits_now(client: Client, patient: Made) -> None:
    assert [link for link in client.get(LIST).all("a") if link.get("href") == "/reminders"]


def test_today_asks_reminders_only_for_lines_that_can_be_shown(
    store: Store, patient: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    remind(store, patient, 420)
    run(store, Counting())
    monkeypatch.setattr(own, "for_today", None)  # Asked, it would raise.
    with store.work(writes=False):
        first = next(reminder_lines(patient.viewer, clock.now(), has_checked_in=True))
    assert first.count == 1


# --- later, and what closes -------------------------------------------------------------------------------------


def logged_later(store: Store, patient: Made, medicine: uuid.UUID, wall: str, until: str) -> None:
    """Put a dose off in the list."""
    now = at(wall)
    told = Tap(DoseState.LATER, now, later_until=at(until).occurred_at, typed=until)
    with store.work(writes=True):
        dose_log.log_due(patient.viewer, new_id(), {Slot(medicine, date(2026, 3, 2), "08:00"): told}, now)


def deliver(store: Store, app: Flask, set_time: SetTime, push: Counting, *walls: str) -> list[int]:
    """Let the engine look at some times, and return how many were sent by each."""
    counts = []
    for wall in walls:
        set_time(at(wall).occurred_at)
        with app.app_context():
            run(store, push)
        counts.append(len(push.sent))
    return counts


@pytest.fixture
def dose(store: Store, patient: Made) -> uuid.UUID:
    """A medicine that is due at eight, and a reminder of it."""
    medicine = started(store, patient, daily(*planned("08:00")), at("03-01 12:00"))
    remind(store, patient, kind=Kind.DOSES)
    return medicine


def test_a_dose_put_off_in_the_list_is_reminded_of_again_at_its_new_time(
    store: Store, app: Flask, patient: Made, dose: uuid.UUID, set_time: SetTime
) -> None:
    push = Counting()
    assert deliver(store, app, set_time, push, "03-02 07:00", "03-02 08:00") == [0, 1]
    for wall, until, before in (("08:05", "08:35", "08:34"), ("08:40", "09:40", "09:39"), ("09:45", "18:00", "17:59")):
        set_time(at(f"03-02 {wall}").occurred_at)
        logged_later(store, patient, dose, f"03-02 {wall}", f"03-02 {until}")
        sent_before = len(push.sent)
        assert deliver(store, app, set_time, push, f"03-02 {before}", f"03-02 {until}", f"03-02 {until}") == [
            sent_before,
            sent_before + 1,
            sent_before + 1,
        ]
    (one,) = occurrences(store)
    assert (one.round, one.sent_at) == (3, at("03-02 08:00").occurred_at)


def test_put_off_twice_before_its_time_it_comes_once_at_the_last(
    store: Store, app: Flask, patient: Made, dose: uuid.UUID, set_time: SetTime
) -> None:
    push = Counting()
    deliver(store, app, set_time, push, "03-02 07:00", "03-02 08:00")
    for wall, until in (("08:01", "08:11"), ("08:08", "09:08")):
        set_time(at(f"03-02 {wall}").occurred_at)
        logged_later(store, patient, dose, f"03-02 {wall}", f"03-02 {until}")
    assert deliver(store, app, set_time, push, "03-02 08:12", "03-02 09:07", "03-02 09:08", "03-02 10:00") == [
        1,
        1,
        2,
        2,
    ]


def test_put_off_before_it_was_reminded_of_it_comes_at_the_new_time_however_late(
    store: Store, app: Flask, patient: Made, dose: uuid.UUID, set_time: SetTime
) -> None:
    push = Counting()
    set_time(at("03-02 07:50").occurred_at)
    logged_later(store, patient, dose, "03-02 07:50", "03-02 18:00")
    assert deliver(store, app, set_time, push, "03-02 08:00", "03-02 11:30", "03-02 18:00", "03-02 18:10") == [
        0,
        0,
        1,
        1,
    ]


def test_put_off_and_then_taken_nothing_more_comes_and_the_history_keeps_what_was_sent(
    store: Store, app: Flask, client: Client, patient: Made, dose: uuid.UUID, set_time: SetTime
) -> None:
    push = Counting()
    deliver(store, app, set_time, push, "03-02 07:00", "03-02 08:00")
    logged_later(store, patient, dose, "03-02 08:05", "03-02 08:35")
    now = at("03-02 08:10")
    set_time(now.occurred_at)
    with store.work(writes=True):
        taken = {Slot(dose, date(2026, 3, 2), "08:00"): Tap(DoseState.TAKEN, now)}
        dose_log.log_due(patient.viewer, new_id(), taken, now)
    assert deliver(store, app, set_time, push, "03-02 08:35", "03-02 12:00") == [1, 1]
    assert "sent 8:00 AM · taken 8:10 AM" in client.get(f"{LIST}/history").words


def test_the_list_offers_ten_minutes_and_the_form_puts_off(
    store: Store, app: Flask, client: Client, patient: Made, dose: uuid.UUID, set_time: SetTime
) -> None:
    push = Counting()
    deliver(store, app, set_time, push, "03-02 07:00", "03-02 08:00")
    page = client.get(f"/medications/days/2026-03-02/{dose}/08:00")
    form = page.form(field="later")
    client.submit(form, state="later", later="10")
    assert deliver(store, app, set_time, push, "03-02 08:09", "03-02 08:10") == [1, 2]


def test_the_page_that_a_phone_without_buttons_opens_has_the_same_ones(
    store: Store, app: Flask, client: Client, patient: Made, dose: uuid.UUID, set_time: SetTime
) -> None:
    remind(store, patient, 8 * 60, kind=Kind.CHECK_IN)
    push = Counting()
    deliver(store, app, set_time, push, "03-02 07:00", "03-02 08:00")
    page = client.get("/reminders")
    assert [name in page.words for name in ("sertraline", "Your check-in")] == [True, True]
    by_kind = {one.kind: one.id for one in occurrences(store)}
    client.post(f"/reminders/{by_kind[Kind.CHECK_IN]}/later", data={"minutes": "10"})
    client.post(f"/reminders/{by_kind[Kind.DOSES]}/later", data={"minutes": "60"})
    assert "Comes again at 8:10 AM." in client.get("/reminders").words
    assert deliver(store, app, set_time, push, "03-02 08:10", "03-02 09:00") == [3, 4]
    # Taken, twice: logged once, and gone from the page. A check-in that was made is gone too.
    for _time in range(2):
        client.post(f"/reminders/{by_kind[Kind.DOSES]}/done")
    make_check_in(store, patient, at=at("03-02 09:01").occurred_at)
    set_time(at("03-02 09:02").occurred_at)
    assert "Nothing waits" in client.get("/reminders").words
    with store.work(writes=False):
        found = doses.logged_between(patient.viewer, date(2026, 3, 2), date(2026, 3, 2))
    assert [(one.medicine_id, one.state) for one in found] == [(dose, DoseState.TAKEN)]


def test_the_calendar_closes_with_the_sessions_that_are_ended_elsewhere(
    store: Store, client: Client, patient: Made
) -> None:
    other = make_patient(store, make_practice(store))
    with store.work(writes=True):
        token, others = calendar.open_feed(patient.viewer), calendar.open_feed(other.viewer)
    assert "ends when you sign out all else, or set a new password" in client.get(f"{LIST}/calendar").words
    assert client.get(f"/calendar/{token}/reminders.ics").status_code == 200
    client.post("/settings/devices/end-others")
    assert client.get(f"/calendar/{token}/reminders.ics").status_code == 404
    assert "Make the link" in client.get(f"{LIST}/calendar").words
    assert client.get(f"/calendar/{others}/reminders.ics").status_code == 200
