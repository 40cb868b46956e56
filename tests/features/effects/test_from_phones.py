"""What was written without a network: stored once under its id, at its time, whatever has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.effects import weekly
from patient_app.effects.service import Said
from patient_app.effects.weekly import Answers
from patient_app.medications import changing
from tests.factories import Made, make_person, make_practice
from tests.features.effects.test_side_effects import counted
from tests.features.effects.world import LAMOTRIGINE, log, own, takes
from tests.features.offline.phone import Phone

NEW, WEEK = "/medications/side-effects/new", "/medications/week-note"


@pytest.fixture
def patient(store: Store, set_time: Callable[[datetime | str], None]) -> Made:
    set_time("2026-03-06 15:00")
    return make_person(store, make_practice(store), Role.PATIENT, zone="Europe/Paris")


def test_a_side_effect_that_waited_is_stored_once_and_raised_once(app: Flask, store: Store, patient: Made) -> None:
    medicine, phone, item_id = takes(store, patient, LAMOTRIGINE), Phone(app, store, patient), new_id()
    fields = [("effect", "rash"), ("medicine", str(medicine)), ("severity", "3"), ("note", "on my arms")]
    made_at = (clock.now() - timedelta(hours=20)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    letter = phone.letter(NEW, fields, made_at=made_at)
    first = phone.send(letter, item_id)
    assert first["result"] == "stored"
    assert first["next"] == f"/medications/side-effects/{item_id}?done=effect-saved"
    # Off the list by now: what is known is answered alike.
    with store.work(writes=True):
        changing.remove(patient.viewer, medicine)
    assert phone.send(letter, item_id) == first
    assert counted(store) == (1, 1, 1)
    entry = own(store, patient, item_id)
    assert (entry.day, entry.said.note) == (date(2026, 3, 5), "on my arms")


def test_other_words_under_a_known_id_are_refused_and_what_is_there_stays(
    app: Flask, store: Store, patient: Made
) -> None:
    phone, item_id = Phone(app, store, patient), new_id()
    log(store, patient, Said("nausea"), entry_id=item_id)
    answer = phone.send(phone.letter(NEW, [("effect", "dizzy")]), item_id)
    assert (answer["result"], answer["errors"][0][0]) == ("refused", "id")
    assert own(store, patient, item_id).said.pick == "nausea"


def test_an_item_of_somebody_elses_id_and_one_without_words_are_refused(
    app: Flask, store: Store, patient: Made
) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    theirs, phone = log(store, other, Said("nausea")), Phone(app, store, patient)
    assert phone.send(phone.letter(NEW, [("effect", "dizzy")]), theirs)["result"] == "refused"
    assert phone.send(phone.letter(NEW, []), new_id())["errors"][0][0] == "effect"
    unknown = phone.letter(NEW, [("effect", "dizzy"), ("medicine", str(new_id()))])
    assert phone.send(unknown, new_id())["errors"][0][0] == "medicine"
    assert counted(store) == (1, 1, 0)


def test_the_note_of_a_week_belongs_to_the_week_it_was_written_in(app: Flask, store: Store, patient: Made) -> None:
    phone, item_id = Phone(app, store, patient), new_id()
    made_at = (clock.now() - timedelta(days=6)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    letter = phone.letter(WEEK, [("helps", "3"), ("bothers", "0")], made_at=made_at)
    for _ in range(2):
        assert phone.send(letter, item_id)["result"] == "stored"
    with store.work(writes=False):
        notes = weekly.own_notes(patient.viewer, date(2026, 2, 16), date(2026, 3, 2))
    assert [(note.week, note.answers) for note in notes] == [(date(2026, 2, 23), Answers(3, 0))]
    other = phone.letter(WEEK, [("helps", "0")], made_at=made_at)
    assert phone.send(other, item_id)["errors"][0][0] == "id"


def test_a_clock_that_is_far_off_is_refused_unless_it_is_known(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    phone, item_id = Phone(app, store, patient), new_id()
    letter = phone.letter(NEW, [("effect", "dizzy")])
    assert phone.send(letter, item_id)["result"] == "stored"
    phone.ahead = timedelta(days=3)
    assert phone.send(letter, item_id)["result"] == "stored"
    assert phone.send(phone.letter(NEW, [("effect", "dizzy")]), new_id())["result"] == "refused"
    assert counted(store)[0] == 1
