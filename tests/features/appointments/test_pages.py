"""The patient's pages: written down, changed, said of, in a calendar; and no other session reaches any of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from patient_app.accounts.models import Person
from patient_app.appointments import writing
from patient_app.appointments.forms import is_link
from patient_app.appointments.models import Took
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from tests import factories
from tests.features.appointments.world import NOW, World, author, enter, moved, own, said
from tests.features.reminders.test_lock_screen import telling
from tests.page import Client

NEW = "/appointments/new"


def test_a_patient_writes_one_down_and_sent_again_it_is_one(client: Client, store: Store, world: World) -> None:
    factories.sign_in(client, world.patient)
    form = client.get(NEW).form(action=NEW)
    told = {"with_whom": str(world.prescriber.id), "on": "2026-11-09", "at": "10:30", "minutes": "30"}
    for _ in range(2):
        page = client.submit(form, **told, place="  Room   3 ", link="https://meet.example.org/a?b=1")
        assert page.status_code == 303
    [one] = own(store, world)
    assert (one.with_whom, one.said.place, one.said.minutes, one.link_host) == (
        "Dr Pia",
        "Room 3",
        30,
        "meet.example.org",
    )
    page = client.follow(page)
    assert "Monday 9 November, 10:30 AM" in page.words
    assert "Video call at meet.example.org" in page.words
    assert "appointment" not in page.title.casefold()


def test_the_same_form_with_other_words_corrects_what_it_wrote(client: Client, store: Store, world: World) -> None:
    """Who goes back and changes the time means the same visit; without scripts nothing else knows that."""
    factories.sign_in(client, world.patient)
    form = client.get(NEW).form(action=NEW)
    told = {"with_whom": str(world.prescriber.id), "on": "2026-11-09", "minutes": "30"}
    for at in ("10:30", "11:00", "11:00", "10:30"):
        assert client.submit(form, **told, at=at).status_code == 303
    [one] = own(store, world)
    assert one.version == 2
    assert f"{one.said.start.at.astimezone(clock.find_zone(one.said.start.zone)):%H:%M}" == "11:00"


def test_a_form_with_the_id_of_what_the_practice_wrote_changes_nothing_of_it(
    client: Client, store: Store, world: World
) -> None:
    id_ = new_id()
    told = said(6, clinician_id=world.prescriber.id)
    with store.work(writes=True):
        writing.enter(author(world, world.prescriber), id_, told)
    factories.sign_in(client, world.patient)
    form = client.get(NEW).form(action=NEW)
    page = client.submit(form, id=str(id_), with_whom=str(world.prescriber.id), on="2026-11-09", at="10:30")
    assert page.status_code == 422
    assert [one.said for one in own(store, world)] == [told]
    assert client.submit(page.form(action=NEW)).status_code == 303
    assert len(own(store, world)) == 2


def test_of_an_appointment_with_an_addiction_specialist_nothing_has_to_be_marked(
    client: Client, store: Store, world: World
) -> None:
    factories.sign_in(client, world.patient)
    form = client.get(NEW).form(action=NEW)
    client.submit(form, with_whom=str(world.specialist.id), on="2026-11-09", at="10:30")
    assert own(store, world)[0].said.about_use


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("with_whom", "", "Type with whom it is."),
        ("with_whom", "0195f000-0000-7000-8000-000000000000", "Pick one from the list."),
        ("on", "", "Pick the day."),
        ("on", "9999-12-31", "Pick a day that is nearer to now."),
        ("on", "1926-11-09", "Pick a day that is nearer to now."),
        ("on", "31.5.2026", "Use a date such as 2026-05-31."),
        ("at", "", "Type the time."),
        ("at", "24:00", "Use a time such as 8:30 AM."),
        ("at", "1e399990", "Use a time such as 8:30 AM."),
        ("minutes", "1000000000", "Pick one from the list."),
        ("link", "http://meet.example.org", "Use a link that starts with https://"),
        ("link", "https://meet.example.org/" + "x" * 400, "Use"),
        ("place", "x" * 121, "too long"),
        ("place", "a\x00b", "hidden sign"),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field_with_the_words_kept(
    client: Client, store: Store, world: World, field: str, value: str, words: str
) -> None:
    factories.sign_in(client, world.patient)
    told = {"with_whom": str(world.prescriber.id), "on": "2026-11-09", "at": "10:30", "minutes": "", "place": "Canary"}
    form = client.get(NEW).form(action=NEW)
    sent = {**form.filled(), **{name: [text] for name, text in {**told, field: value}.items()}}
    page = client.post(NEW, data=sent)
    assert page.status_code == 422
    assert words in page.words
    assert field == "place" or "Canary" in page.html
    assert own(store, world) == []


def test_a_time_that_the_clocks_skip_is_said(client: Client, store: Store, world: World) -> None:
    factories.sign_in(client, world.patient)
    form = client.get(NEW).form(action=NEW)
    page = client.submit(form, with_whom="", who="Dentist", on="2027-03-14", at="02:30")
    assert (page.status_code, "The clocks are put forward then" in page.words) == (422, True)


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example.org",
        "https://a",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://a.example.org:8443/",
        "https://a.example.org@evil.example.org/",
        "https://user@a.example.org/",
        "https://a.example.org/<script>",
        "https://a.example.org/ b",
        "HTTPS:evil",
        "javascript:alert(1)",
        "https://аpple.example.org/",
        "https://a.example.org:99999/",
        "https://" + "a." * 150 + "org",
    ],
)
def test_a_link_that_hides_where_it_leads_is_none(text: str) -> None:
    assert not is_link(text)


def test_a_link_as_programs_for_video_calls_make_them_is_one() -> None:
    assert is_link("https://us02web.zoom.us/j/123?pwd=aB_c-1#x")


def test_one_changed_meanwhile_is_shown_beside_what_was_typed(client: Client, store: Store, world: World) -> None:
    told = said(6, clinician_id=world.prescriber.id)
    id_ = enter(store, world, told)
    factories.sign_in(client, world.patient)
    form = client.get(f"/appointments/{id_}/change").form(action=f"/appointments/{id_}/change")
    with store.work(writes=True):
        writing.change(author(world, world.prescriber), id_, moved(told, 660), base=1)
    page = client.submit(form, place="My words")
    assert page.status_code == 422
    assert "As it is now" in page.words
    assert "11:00 AM" in page.words
    assert "My words" in page.html
    assert own(store, world)[0].said.place == ""
    client.submit(page.form(action=f"/appointments/{id_}/change"))
    assert own(store, world)[0].said.place == "My words"


def test_cancelled_it_stays_where_it_is_seen_until_then(client: Client, store: Store, world: World) -> None:
    id_ = enter(store, world, said(6, who="Dentist"))
    factories.sign_in(client, world.patient)
    form = client.get(f"/appointments/{id_}/change").form(action=f"/appointments/{id_}/change")
    page = client.follow(client.submit(form, cancelled="y"))
    assert "Cancelled" in page.words
    assert "Nothing planned" in page.words


def test_what_the_practice_wrote_the_patient_does_not_change_but_says_whether_it_took_place(
    client: Client, store: Store, world: World
) -> None:
    id_ = enter(store, world, said(-1, clinician_id=world.prescriber.id), world.prescriber)
    factories.sign_in(client, world.patient)
    assert client.get(f"/appointments/{id_}/change").status_code == 404
    page = client.get("/appointments")
    client.submit(page.form(action=f"/appointments/{id_}/took"), word="missed")
    page = client.get("/appointments")
    assert "You said: It did not take place" in page.words
    assert "miss" not in page.words.replace("word", "").casefold()
    client.submit(page.form(action=f"/appointments/{id_}/took"), word="none")
    assert own(store, world)[0].patient_says is None
    assert client.post(f"/appointments/{id_}/took", data={"word": "x" * 10_000}).status_code == 303
    assert own(store, world)[0].patient_says is None


def test_another_patient_reaches_none_of_it(client: Client, store: Store, world: World) -> None:
    id_ = enter(store, world, said(-1, who="Canary"))
    factories.sign_in(client, factories.make_patient(store, world.practice))
    for path in (f"/appointments/{id_}/change", f"/appointments/{id_}/appointment.ics"):
        assert client.get(path).status_code == 404
    assert client.post(f"/appointments/{id_}/took", data={"word": "kept"}).status_code == 404
    assert "Canary" not in client.get("/appointments").html
    assert own(store, world)[0].patient_says is None


def test_the_file_for_a_calendar_tells_when_and_nothing_else(client: Client, store: Store, world: World) -> None:
    id_ = enter(
        store, world, said(6, place="canary", link="https://canary.example.org/", clinician_id=world.prescriber.id)
    )
    factories.sign_in(client, world.patient)
    answer = client.get(f"/appointments/{id_}/appointment.ics")
    text = answer.get_data(as_text=True)
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert {"DTSTART:20261109T150000Z", "DURATION:PT60M", "SUMMARY:Reminder", "SEQUENCE:1"} <= set(text.split("\r\n"))
    assert not telling(text.split("SUMMARY:")[1])
    assert "canary" not in text
    assert "Pia" not in text


def test_today_tells_of_it_once_it_is_near(
    client: Client, store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    enter(store, world, said(3, clinician_id=world.prescriber.id))
    factories.sign_in(client, world.patient)
    assert "next visit" not in client.get("/today").words
    set_time(NOW + timedelta(days=1))
    factories.sign_in(client, world.patient)
    page = client.get("/today")
    assert "Your next visit: Friday 6 November, 10:00 AM." in page.words
    assert "/appointments" in page.links


def test_times_of_another_zone_are_told_with_it(client: Client, store: Store, world: World) -> None:
    enter(store, world, said(3, who="Dentist"))
    with store.work(writes=True):
        db().get_one(Person, world.patient.id).zone = "Europe/Paris"
    factories.sign_in(client, replace(world.patient, zone="Europe/Paris"))
    assert "10:00 AM by the clock in New York (Eastern Time)" in client.get("/appointments").words


def test_a_session_in_question_names_nobody_and_sees_nothing_from_before(
    client: Client, store: Store, world: World
) -> None:
    enter(store, world, said(3, who="Canary"))
    with store.work(writes=True):
        row = db().scalars(select(Person).where(Person.id == world.patient.id)).one()
        row.entries_closed_from = clock.now() - timedelta(seconds=1)
        row.entries_closed_until = clock.now() + timedelta(hours=24)
    factories.sign_in(client, world.patient)
    page = client.get("/appointments")
    assert (page.status_code, "Canary" in page.html) == (200, False)
    form = client.get(NEW).form(action=NEW)
    assert "Pia" not in client.get(NEW).html
    client.submit(form, with_whom="", who="Written now", on="2026-11-09", at="10:30")
    assert "Written now" in client.get("/appointments").words
    page = client.get("/appointments/to-raise")
    assert "closed for now" in page.words
    assert client.post("/appointments/to-raise", data={"id": str(new_id())}).status_code == 422


def test_both_words_stand_beside_each_other(client: Client, store: Store, world: World) -> None:
    id_ = enter(store, world, said(-1, clinician_id=world.prescriber.id))
    with store.work(writes=True):
        writing.say(author(world), id_, Took.KEPT)
        writing.say(author(world, world.prescriber), id_, Took.MISSED)
    factories.sign_in(client, world.patient)
    words = client.get("/appointments").words
    assert "You said: It took place" in words
    assert "The practice said: It did not take place" in words
