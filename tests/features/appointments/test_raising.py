"""The three things to raise: the patient's alone until somebody is picked, carried on until ticked off, never lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.appointments import raising, writing
from patient_app.appointments.models import ToRaise
from patient_app.appointments.raising import IdTaken, Listed, Stale, Wishes
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.reading import appointments as reading
from tests import factories
from tests.factories import Made
from tests.features.appointments.world import NOW, World, author, enter, said
from tests.features.offline.phone import Phone, fields_of
from tests.page import Client

PAGE = "/appointments/to-raise"
NOTES, USE = Category.NOTES, Category.SUBSTANCE_USE


def save(
    store: Store, world: World, *lines: str, base: int = 0, id_: uuid.UUID | None = None, **options: Any
) -> uuid.UUID:
    list_id = id_ or new_id()
    with store.work(writes=True):
        raising.save(world.patient.viewer, list_id, Wishes(lines, **options), base=base)
    return list_id


def listed(store: Store, world: World) -> Listed:
    with store.work(writes=False):
        found = raising.own_list(world.patient.viewer)
    assert found is not None
    return found


def seen_by(store: Store, world: World, by: Made) -> tuple[str, ...]:
    """Return the lines that a clinician reads on the page of the appointments."""
    with store.work(writes=True):
        raised = reading.read_appointments(by.viewer, world.patient.id).raised
    return raised.lines if raised else ()


def share(store: Store, world: World, to: Made, *scope: Category) -> uuid.UUID:
    return factories.give_consent(store, world.patient, to, dict.fromkeys(scope, Level.DETAIL))


@pytest.fixture
def visit(store: Store, world: World) -> uuid.UUID:
    return enter(store, world, said(2, clinician_id=world.prescriber.id))


# --- kept once -------------------------------------------------------------------------------------------------


def test_the_same_list_sent_again_is_one_and_a_stale_one_writes_nothing(store: Store, world: World) -> None:
    first = save(store, world, "One", "Two")
    save(store, world, "One", "Two", id_=first)
    with pytest.raises(Stale):
        save(store, world, "Other")
    with pytest.raises(Stale):
        save(store, world, "Other", id_=first, base=1)
    save(store, world, "Two", base=1)
    assert (listed(store, world).lines, listed(store, world).version, rows(store)) == (("Two",), 2, 2)


def test_an_id_of_another_patient_is_refused(store: Store, world: World) -> None:
    first = save(store, world, "One")
    other = factories.make_patient(store, world.practice)
    with pytest.raises(IdTaken), store.work(writes=True):
        raising.save(other.viewer, first, Wishes(("One",)), base=0)


def test_words_are_sealed_and_a_session_in_question_reads_and_writes_none(store: Store, world: World) -> None:
    save(store, world, "canary")
    with store.work(writes=True):
        assert b"canary" not in (db().scalars(select(ToRaise)).one().lines_sealed or b"")
        closed = replace(world.patient.viewer, entries_closed_from=clock.now())
        with pytest.raises(NotFound):
            raising.own_list(closed)
        with pytest.raises(NotFound):
            raising.save(closed, new_id(), Wishes(("x",)), base=1)


# --- who reads it ----------------------------------------------------------------------------------------------


def test_nobody_reads_it_until_picked_and_then_only_who_was_picked(
    store: Store, world: World, visit: uuid.UUID
) -> None:
    for clinician in (world.prescriber, world.therapist):
        share(store, world, clinician, NOTES, USE, Category.PLAN)
    save(store, world, "canary", appointment_id=visit)
    assert seen_by(store, world, world.prescriber) == ()
    save(store, world, "canary", appointment_id=visit, shares=True, base=1)
    assert seen_by(store, world, world.prescriber) == ("canary",)
    assert seen_by(store, world, world.therapist) == ()
    save(store, world, "canary", appointment_id=visit, base=2)
    assert seen_by(store, world, world.prescriber) == ()


def test_a_pick_opens_nothing_that_no_consent_opens(store: Store, world: World, visit: uuid.UUID) -> None:
    save(store, world, "canary", appointment_id=visit, shares=True)
    assert seen_by(store, world, world.prescriber) == ()
    consent = share(store, world, world.prescriber, NOTES)
    assert seen_by(store, world, world.prescriber) == ("canary",)
    save(store, world, "canary", appointment_id=visit, shares=True, about_use=True, base=1)
    assert seen_by(store, world, world.prescriber) == ()
    both = share(store, world, world.prescriber, USE)
    assert seen_by(store, world, world.prescriber) == ("canary",)
    for one in (consent, both):
        with store.work(writes=True):
            db().get_one(Consent, one).state = ConsentState.PAUSED
        assert seen_by(store, world, world.prescriber) == ()


def test_a_summary_of_notes_or_a_later_start_opens_no_list(store: Store, world: World, visit: uuid.UUID) -> None:
    save(store, world, "canary", appointment_id=visit, shares=True)
    tomorrow = (NOW + timedelta(days=1)).date()
    scope = {NOTES: Level.DETAIL}
    factories.give_consent(store, world.patient, world.prescriber, scope, entries_from=tomorrow)
    assert seen_by(store, world, world.prescriber) == ()


def test_the_pick_ends_with_the_appointment_or_its_clinician(store: Store, world: World, visit: uuid.UUID) -> None:
    share(store, world, world.prescriber, NOTES)
    share(store, world, world.therapist, NOTES)
    save(store, world, "canary", appointment_id=visit, shares=True)
    with store.work(writes=True):
        writing.change(author(world), visit, said(2, clinician_id=world.therapist.id), base=1)
    assert seen_by(store, world, world.prescriber) == seen_by(store, world, world.therapist) == ()
    with store.work(writes=True):
        writing.change(author(world), visit, said(2, clinician_id=world.prescriber.id), base=2)
    assert seen_by(store, world, world.prescriber) == ("canary",)
    with store.work(writes=True):
        writing.change(author(world), visit, said(2, clinician_id=world.prescriber.id, cancelled=True), base=3)
    assert seen_by(store, world, world.prescriber) == ()
    assert listed(store, world).shared_with is None


def test_who_was_ticked_reads_it_or_nobody(client: Client, store: Store, world: World, visit: uuid.UUID) -> None:
    """Between the tick and its arrival the visit was given to somebody else: the words are kept, and read by nobody."""
    for clinician in (world.prescriber, world.therapist):
        share(store, world, clinician, NOTES)
    factories.sign_in(client, world.patient)
    form = client.get(PAGE).form(field="one")
    with store.work(writes=True):
        writing.change(author(world), visit, said(2, clinician_id=world.therapist.id), base=1)
    assert client.submit(form, one="canary", shares="y").status_code == 303
    assert seen_by(store, world, world.prescriber) == seen_by(store, world, world.therapist) == ()
    assert listed(store, world).lines == ("canary",)
    shown = client.get(PAGE).form(field="one")
    assert "shares" not in dict(shown.values)
    assert client.submit(form, one="other", shares="y").status_code == 422  # Stale; now it asks for the therapist.
    assert client.submit(shown, shares="y").status_code == 303
    assert seen_by(store, world, world.therapist) == ("canary",)
    with store.work(writes=True):
        writing.change(author(world), visit, said(2, clinician_id=world.prescriber.id), base=2)
        raising.add_line(world.patient.viewer, new_id(), "more", about_use=False)
    assert seen_by(store, world, world.prescriber) == seen_by(store, world, world.therapist) == ()


def test_nobody_elses_appointment_and_no_outsider_can_be_picked(store: Store, world: World) -> None:
    other = factories.make_patient(store, world.practice)
    with store.work(writes=True):
        theirs = new_id()
        writing.enter(writing.Author.patient(other.viewer), theirs, said(2, clinician_id=world.therapist.id))
    for base, id_ in enumerate((theirs, enter(store, world, said(2, who="Dentist")), new_id())):
        save(store, world, "canary", appointment_id=None if base == 2 else id_, shares=True, base=base)
        assert listed(store, world).shared_with is None


# --- the page --------------------------------------------------------------------------------------------------


def test_what_is_ticked_leaves_the_list_and_the_rest_is_carried_on(
    client: Client, store: Store, world: World, visit: uuid.UUID, set_time: Callable[[datetime], None]
) -> None:
    share(store, world, world.prescriber, NOTES)
    factories.sign_in(client, world.patient)
    form = client.get(PAGE).form(action=PAGE)
    assert "shares" in form.names
    page = client.follow(client.submit(form, one="Sleep", two="Work\r\nand money", shares="y"))
    assert "You and Dr Pia can read these." in page.words
    assert listed(store, world).lines == ("Sleep", "Work and money")
    seen_by(store, world, world.prescriber)
    assert "Read on Tuesday 3 November." in client.get(PAGE).words
    enter(store, world, said(9, clinician_id=world.therapist.id))
    set_time(NOW + timedelta(days=3))
    factories.sign_in(client, world.patient)
    page = client.get(PAGE)
    assert "Tom" in page.words
    form = page.form(action=PAGE)
    assert ("shares", "y") not in form.values
    client.submit(form, done_one="y")
    assert (listed(store, world).lines, listed(store, world).shared_with) == (("Work and money",), None)


def test_it_says_beforehand_when_sharing_does_not_let_them_read(
    client: Client, store: Store, world: World, visit: uuid.UUID
) -> None:
    factories.sign_in(client, world.patient)
    page = client.get(PAGE)
    assert "Only you can read this list." in page.words
    assert "You do not share notes with them now." in page.words
    client.submit(page.form(action=PAGE), one="Sleep", shares="y")
    assert "You picked Dr Pia, but they cannot read it" in client.get(PAGE).words


def test_without_a_visit_it_waits_for_the_next(client: Client, store: Store, world: World) -> None:
    factories.sign_in(client, world.patient)
    page = client.get(PAGE)
    assert "No visit is planned yet." in page.words
    assert "shares" not in page.form(action=PAGE).names
    client.submit(page.form(action=PAGE), one="Sleep")
    assert "Sleep" in client.get("/appointments").words


@pytest.mark.parametrize(("field", "value"), [("one", "x" * 201), ("two", "a\x00b"), ("id", "none")])
def test_what_cannot_be_kept_is_said_with_the_words_kept(
    client: Client, store: Store, world: World, field: str, value: str
) -> None:
    factories.sign_in(client, world.patient)
    form = client.get(PAGE).form(action=PAGE)
    page = client.post(PAGE, data={**form.filled(three="Canary"), field: value})
    assert (page.status_code, "Canary" in page.html, rows(store)) == (422, True, 0)


def test_a_list_changed_on_another_device_is_shown_and_both_are_kept(
    client: Client, store: Store, world: World
) -> None:
    factories.sign_in(client, world.patient)
    form = client.get(PAGE).form(action=PAGE)
    save(store, world, "From the other phone")
    page = client.submit(form, one="Typed here")
    assert page.status_code == 422
    assert "From the other phone" in page.words
    assert "Typed here" in page.html
    assert client.submit(page.form(action=PAGE)).status_code == 303
    assert (listed(store, world).lines, rows(store)) == (("Typed here",), 2)


# --- while there is no network ---------------------------------------------------------------------------------


def test_from_a_phone_it_is_stored_once_and_never_over_another(app: Flask, store: Store, world: World) -> None:
    phone, item_id = Phone(app, store, world.patient), new_id()
    form = phone.browser.get(PAGE).form(action=PAGE)
    letter = phone.letter(PAGE, fields_of(form.filled(one="Written without a network")))
    for _ in range(2):
        assert phone.send(letter, item_id)["result"] == "stored"
    late = phone.letter(PAGE, fields_of(form.filled(one="Stale")))
    assert phone.send(late, new_id())["result"] == "refused"
    assert (listed(store, world).lines, rows(store)) == (("Written without a network",), 1)


def rows(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(ToRaise)) or 0
