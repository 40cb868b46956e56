"""That a medicine ran out is among what clinicians see first, of what is open to them, until somebody has seen it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.effects.service import Said as Effect
from patient_app.medications import changing
from patient_app.medications.changing import Author
from patient_app.reading import concerns
from patient_app.reading.concerns import Raised, Waiting
from patient_app.refills import service as refills
from patient_app.refills.models import Kind, SupplyEntry
from patient_app.refills.service import New
from tests.factories import Made, give_consent, make_clinician, make_practice, sign_in
from tests.features.effects.world import log as log_effect
from tests.features.effects.world import now
from tests.features.medications.regimens import NALTREXONE, own
from tests.features.reading.medicines_world import (
    BOTH,
    DETAIL,
    LITHIUM,
    MED,
    MOOD,
    NOW,
    SUMMARY,
    TODAY,
    USE,
    World,
    ago,
    make_world,
    mark,
    share,
    start,
)
from tests.page import Client
from tests.sweeps.test_statements import counted


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime | str], None]) -> World:
    set_time(NOW)
    return make_world(store)


def say(store: Store, world: World, medicine_id: uuid.UUID, kind: Kind = Kind.RAN_OUT, amount: int = 0) -> uuid.UUID:
    """Have the patient say that nothing is left, or that something is."""
    medicine, entry_id = own(store, world.patient, medicine_id), new_id()
    with store.work(writes=True):
        new = New(entry_id, kind, now(world.patient).local_date, Decimal(amount))
        refills.record(world.patient.viewer, medicine, new, now(world.patient))
    return entry_id


def waiting(store: Store, who: Made) -> list[Waiting]:
    with store.work(writes=True):
        return concerns.waiting(who.viewer)


@pytest.mark.parametrize(
    ("scope", "plain", "use"),
    [
        ({}, False, False),
        ({MOOD: DETAIL, USE: DETAIL}, False, False),
        ({MED: SUMMARY}, False, False),
        ({MED: DETAIL}, True, False),
        ({MED: DETAIL, USE: SUMMARY}, True, False),
        (BOTH, True, True),
    ],
    ids=["nothing", "others", "summed up", "medicines", "use summed up", "both"],
)
def test_it_waits_before_those_alone_who_may_see_the_medicine(
    store: Store, world: World, scope: Mapping[Category, Level], plain: bool, use: bool
) -> None:
    if scope:
        share(store, world, scope)
    for said, seen in ((LITHIUM, plain), (NALTREXONE, use)):
        medicine_id = start(store, world, said)
        say(store, world, medicine_id)
        found = waiting(store, world.prescriber)
        assert [(one.person.id, one.what, one.about_use) for one in found] == (
            [(world.patient.id, frozenset({Raised.RAN_OUT}), said is NALTREXONE)] if seen else []
        )
        assert waiting(store, world.therapist) == []
        with store.work(writes=True):
            changing.remove(world.patient.viewer, medicine_id)
        assert waiting(store, world.prescriber) == []


def test_a_supporter_and_another_practice_are_shown_none(store: Store, world: World) -> None:
    entry = say(store, world, start(store, world, LITHIUM))
    elsewhere = make_clinician(store, make_practice(store, "Other"))
    for who in (world.supporter, elsewhere):
        give_consent(store, world.patient, who, BOTH)
        assert waiting(store, who) == []
        with store.work(writes=True), pytest.raises(NotFound):
            concerns.mark_seen(who.viewer, world.patient.id, entry)


@pytest.mark.parametrize("kept", [{"private": True}, {"removed_at": NOW}, {"while_closed": True}, {"about_use": True}])
def test_what_closes_the_medicine_closes_it_at_the_next_request(
    store: Store, world: World, kept: dict[str, Any]
) -> None:
    medicine_id = start(store, world, LITHIUM)
    entry = say(store, world, medicine_id)
    share(store, world, {MED: DETAIL})
    assert len(waiting(store, world.prescriber)) == 1
    mark(store, medicine_id, **kept)
    assert waiting(store, world.prescriber) == []
    with store.work(writes=True), pytest.raises(NotFound):
        concerns.mark_seen(world.prescriber.viewer, world.patient.id, entry)


def test_it_is_over_once_there_is_some_it_was_taken_back_or_the_medicine_was_stopped(
    store: Store, world: World
) -> None:
    share(store, world, {MED: DETAIL})
    medicine_id = start(store, world, LITHIUM)
    say(store, world, medicine_id)
    say(store, world, medicine_id, Kind.FILLED, 30)
    assert waiting(store, world.prescriber) == []
    again = say(store, world, medicine_id)
    assert len(waiting(store, world.prescriber)) == 1
    with store.work(writes=True):
        refills.take_back(world.patient.viewer, own(store, world.patient, medicine_id), again, TODAY)
    assert waiting(store, world.prescriber) == []
    say(store, world, medicine_id)
    with store.work(writes=True):
        changing.stop(Author.patient(world.patient.viewer), medicine_id, new_id(), moment=ago(0))
    assert waiting(store, world.prescriber) == []


def test_a_consent_from_a_later_day_or_one_that_was_tampered_with_opens_none(store: Store, world: World) -> None:
    say(store, world, start(store, world, LITHIUM))
    share(store, world, {MED: DETAIL}, entries_from=TODAY + timedelta(days=1))
    assert waiting(store, world.prescriber) == []
    consent = share(store, world, {MED: DETAIL})
    assert len(waiting(store, world.prescriber)) == 1
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(starts_at=clock.now() - timedelta(days=90)))
    assert waiting(store, world.prescriber) == []


def test_what_a_session_in_question_said_is_nobody_elses(store: Store, world: World) -> None:
    say(store, world, start(store, world, LITHIUM))
    share(store, world, {MED: DETAIL})
    with store.work(writes=True):
        db().execute(update(SupplyEntry).values(while_closed=True))
    assert waiting(store, world.prescriber) == []


def test_signs_come_before_it_and_one_row_tells_both(
    store: Store, world: World, set_time: Callable[[datetime | str], None]
) -> None:
    share(store, world, {MED: DETAIL})
    log_effect(store, world.patient, Effect("flag:chest_pain"))
    set_time(NOW + timedelta(days=1))
    say(store, world, start(store, world, LITHIUM))
    [one] = waiting(store, world.prescriber)
    assert (one.what, one.since) == (frozenset(Raised), TODAY)


def test_however_much_waits_it_is_one_statement(store: Store, world: World) -> None:
    share(store, world, {MED: DETAIL})
    with store.work(writes=False), counted(store.database) as nothing:
        concerns.waiting(world.prescriber.viewer)
    assert len(nothing.statements) == 1
    say(store, world, start(store, world, LITHIUM))
    found = []
    for _ in range(2):
        with store.work(writes=True), counted(store.database) as some:
            concerns.waiting(world.prescriber.viewer)
        found.append(len(some.statements))
        say(store, world, start(store, world, LITHIUM))
    assert found[1] < found[0], "recorded once a day"


def test_on_the_pages_until_it_was_seen(app: Flask, store: Store, world: World) -> None:
    medicine_id = start(store, world, LITHIUM)
    say(store, world, medicine_id)
    share(store, world, {MED: DETAIL})
    share(store, world, {MOOD: DETAIL}, to=Discipline.THERAPIST)
    prescriber, therapist, patient = Client(app), Client(app), Client(app)
    for browser, who in ((prescriber, world.prescriber), (therapist, world.therapist), (patient, world.patient)):
        sign_in(browser, who)
    at = f"/team/{world.patient.id}/medications"
    supply = f"/medications/{medicine_id}/supply"
    assert at not in therapist.get("/team").links
    page = prescriber.get("/team")
    assert at in page.links
    assert "A medicine ran out" in page.main_words
    assert "lithium" not in page.main_words.lower(), "a list does not tell which"
    assert "It comes first in their list" in patient.get(supply).main_words
    preview = patient.get("/sharing/preview?to=team:prescriber")
    assert "Ran out, not seen yet" in preview.main_words
    assert "I have seen this" not in preview.main_words
    page = prescriber.get(at)
    form = next(form for form in page.forms if form.action.endswith("/seen"))
    assert therapist.post(form.action, data={}).status_code == 404
    for _ in range(2):
        page = prescriber.follow(prescriber.submit(form))
    assert "Noted: you have seen it" in page.words
    assert "Ran out, not seen yet" not in page.main_words
    assert f"Seen by {world.prescriber.name}" in page.main_words
    assert at not in prescriber.get("/team").links
    assert "one of your team said that they have seen it" in patient.get(supply).main_words
    say(store, world, medicine_id)
    assert at in prescriber.get("/team").links, "said anew, it waits anew"
