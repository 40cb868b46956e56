"""A visit written down while there was no network: stored once, as it was meant, and never over another."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import func, select, update

from patient_app.accounts.models import Person, TeamMembership
from patient_app.appointments import writing
from patient_app.appointments.models import AppointmentVersion
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from tests import factories
from tests.features.appointments.world import NOW, World, author, enter, moved, own, said
from tests.features.offline.phone import Phone, fields_of

NEW = "/appointments/new"
TOLD = {"on": "2026-11-09", "at": "10:30", "minutes": "30", "place": "Room 3"}


def versions(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(AppointmentVersion)) or 0


def test_it_is_stored_once_whatever_has_changed_since(app: Flask, store: Store, world: World) -> None:
    phone, item_id = Phone(app, store, world.patient), new_id()
    form = phone.browser.get(NEW).form(action=NEW)
    letter = phone.letter(NEW, fields_of(form.filled(with_whom=str(world.specialist.id), **TOLD)))
    assert phone.send(letter, item_id)["result"] == "stored"
    # The specialist has left the team, and the phone's clock has lost its time.
    with store.work(writes=True):
        left = update(TeamMembership).where(TeamMembership.clinician_id == world.specialist.id)
        db().execute(left.values(ended_at=clock.now()))
    phone.ahead = timedelta(days=-3000)
    assert phone.send(letter, item_id)["result"] == "stored"
    [one] = own(store, world)
    assert (one.id, one.name, one.said.place, one.said.about_use) == (item_id, "Ines", "Room 3", True)
    assert versions(store) == 1
    # With whom nobody can be met any more, nothing new is written.
    phone.ahead = timedelta()
    assert phone.send(phone.letter(NEW, letter["fields"]), new_id())["result"] == "refused"
    assert versions(store) == 1


def test_its_time_is_by_the_clock_that_the_page_named(app: Flask, store: Store, world: World) -> None:
    phone = Phone(app, store, world.patient)
    form = phone.browser.get(NEW).form(action=NEW)
    with store.work(writes=True):
        db().get_one(Person, world.patient.id).zone = "Asia/Tokyo"
    letter = phone.letter(NEW, fields_of(form.filled(who="Dentist", with_whom="", **TOLD)))
    assert phone.send(letter, new_id())["result"] == "stored"
    [one] = own(store, world)
    assert (one.said.start.zone, one.said.start.at.isoformat()) == ("America/New_York", "2026-11-09T15:30:00+00:00")


def test_what_is_wrong_is_refused_and_stays_on_the_phone(app: Flask, store: Store, world: World) -> None:
    phone = Phone(app, store, world.patient)
    form = phone.browser.get(NEW).form(action=NEW)
    for wrong in (
        {"on": "9999-12-31"},
        {"at": "1e399990"},
        {"zone": "Mars/Crater"},
        {"zone": "x" * 10_000},
        {"link": "http://plain.example.org"},
        {"place": "x" * 1000},
        {"place": "a\x00b"},
        {"with_whom": str(new_id())},
        {"minutes": "-1"},
    ):
        sent = form.filled(**{"who": "Dentist", "with_whom": "", **TOLD, **wrong})
        answer = phone.send(phone.letter(NEW, fields_of(sent)), new_id())
        assert answer["result"] == "refused", wrong
    phone.ahead = timedelta(days=3)
    right = phone.letter(NEW, fields_of(form.filled(who="Dentist", with_whom="", **TOLD)))
    assert phone.send(right, new_id())["result"] == "refused"
    assert versions(store) == 0


def test_an_id_of_somebody_elses_or_with_other_words_stores_nothing(app: Flask, store: Store, world: World) -> None:
    other = factories.make_patient(store, world.practice)
    phone, item_id = Phone(app, store, world.patient), new_id()
    enter(store, replace(world, patient=other), said(3, who="Theirs"), id_=item_id)
    form = phone.browser.get(NEW).form(action=NEW)
    fields = fields_of(form.filled(who="Dentist", with_whom="", **TOLD))
    assert phone.send(phone.letter(NEW, fields), item_id)["errors"][0][0] == "id"
    mine = new_id()
    assert phone.send(phone.letter(NEW, fields), mine)["result"] == "stored"
    fields = fields_of(form.filled(who="Dentist", with_whom="", **{**TOLD, "at": "11:00"}))
    answer = phone.send(phone.letter(NEW, fields), mine)
    assert (answer["result"], versions(store)) == ("refused", 2)


def _change(phone: Phone, appointment_id: uuid.UUID, **told: str) -> dict[str, object]:
    path = f"/appointments/{appointment_id}/change"
    form = phone.browser.get(path).form(action=path)
    return phone.letter(path, fields_of(form.filled(**told)))


def test_a_change_is_stored_once_and_one_of_an_older_version_is_refused(app: Flask, store: Store, world: World) -> None:
    told = said(6, clinician_id=world.prescriber.id)
    id_ = enter(store, world, told)
    phone = Phone(app, store, world.patient)
    late, item_id = _change(phone, id_, place="Stale"), new_id()
    letter = _change(phone, id_, at="11:00")
    for _ in range(2):
        assert phone.send(letter, item_id)["result"] == "stored"
    assert own(store, world)[0].local_time.hour == 11
    answer = phone.send(late, new_id())
    assert (answer["result"], answer["errors"][0][0]) == ("refused", "on")
    # It was stored, so it is said to be, though the practice moved the visit since.
    with store.work(writes=True):
        writing.change(author(world, world.prescriber), id_, moved(told, 720), base=2)
    assert phone.send(letter, item_id)["result"] == "stored"
    assert (own(store, world)[0].local_time.hour, versions(store)) == (12, 3)


def test_what_the_practice_wrote_is_not_changed_from_a_phone(app: Flask, store: Store, world: World) -> None:
    id_ = enter(store, world, said(6, clinician_id=world.prescriber.id), world.prescriber)
    mine = enter(store, world, said(5, who="Dentist"))
    phone = Phone(app, store, world.patient)
    letter = _change(phone, mine, place="Mine")
    answer = phone.send({**letter, "action": f"/appointments/{id_}/change"}, new_id())
    assert answer["result"] != "stored"
    assert versions(store) == 2


def test_in_a_session_in_question_nothing_is_taken(
    app: Flask, store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    phone = Phone(app, store, world.patient)
    form = phone.browser.get(NEW).form(action=NEW)
    letter = phone.letter(NEW, fields_of(form.filled(who="Dentist", with_whom="", **TOLD)))
    with store.work(writes=True):
        row = db().get_one(Person, world.patient.id)
        row.entries_closed_from, row.entries_closed_until = NOW, NOW + timedelta(hours=24)
    set_time(NOW + timedelta(minutes=1))
    late = Phone(app, store, world.patient)
    assert late.send(letter, new_id())["result"] == "refused"
    assert versions(store) == 0
