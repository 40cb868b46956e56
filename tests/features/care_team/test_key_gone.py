"""One patient's destroyed key takes no list away: they are left out of it, and no page of theirs is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from patient_app.accounts import teams
from patient_app.consent.categories import OFFERED, Level
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.worries.models import Worry
from tests import factories
from tests.factories import Made
from tests.features.reading.medicines_world import NOW, World, make_world
from tests.page import Client

GONE = "Otto Hill"


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime | str], None]) -> World:
    set_time(NOW)
    return make_world(store)


@pytest.fixture
def gone(app: Flask, store: Store, world: World) -> Made:
    """A patient who shared everything, and whose key is destroyed after their list was opened and kept."""
    patient = factories.make_patient(store, world.practice, name=GONE)
    factories.assign_team(store, patient, world.prescriber, world.administrator)
    factories.tie_supporter(store, patient, world.supporter)
    factories.give_consent(store, patient, Discipline.PRESCRIBER, dict.fromkeys(OFFERED, Level.DETAIL))
    factories.make_check_in(store, patient, mood=1)
    with store.work(writes=True):
        row = Worry(id=new_id(), practice_id=patient.practice_id, sender_id=world.supporter.id, patient_id=patient.id)
        row.sent_at = NOW
        row.about, row.words = "him", "quiet"
        db().add(row)
    browser = Client(app)
    factories.sign_in(browser, world.prescriber)
    for order in ("hard", "name"):
        assert GONE in browser.get(f"/team?order={order}").main_words
    store.keys.destroy(patient.id)
    return patient


def test_lists_are_there_for_all_the_others(app: Flask, world: World, gone: Made) -> None:
    by_name = ("/team?order=name", "/team?order=name&page=2")
    for who, addresses in (
        (
            world.prescriber,
            ("/team?order=hard", *by_name, "/team/appointments", "/team/worries", f"/team/{world.patient.id}"),
        ),
        (
            world.administrator,
            ("/practice", "/practice/patients", "/practice/staff", "/practice/codes", "/practice/appointments"),
        ),
        (world.supporter, ("/supporting", "/supporting/worried", "/supporting/worried/tell", "/supporting/told")),
    ):
        browser = Client(app)
        factories.sign_in(browser, who)
        for address in addresses:
            page = browser.get(address)
            assert (address, page.status_code, GONE in page.words) == (address, 200, False)
            assert address not in ("/team?order=hard", *by_name) or world.patient.name in page.main_words


def test_no_page_of_theirs_is_there_and_none_is_a_fault(app: Flask, world: World, gone: Made) -> None:
    for who, base, addresses in (
        (world.prescriber, "/team", ("", "/medications", "/effects", "/skills", "/appointments", "/lessons")),
        (world.administrator, "/practice/people", ("", "/chart")),
        (world.supporter, "/supporting", ("", "/skills")),
    ):
        browser = Client(app)
        factories.sign_in(browser, who)
        for address in addresses:
            found = browser.get(f"{base}/{gone.id}{address}").status_code
            assert (base + address, found) == (base + address, 404)


def test_a_colleague_whose_account_closes_leaves_their_team_too(store: Store, world: World, gone: Made) -> None:
    with store.work(writes=True):
        teams.leave_all(world.administrator.viewer, world.prescriber.id)
    with store.work(writes=False):
        assert [one.name for one in teams.team_of(gone.id)] == []


def test_a_colleague_whose_key_is_gone_takes_no_patients_page_away(app: Flask, store: Store, world: World) -> None:
    store.keys.destroy(world.therapist.id)
    browser = Client(app)
    factories.sign_in(browser, world.patient)
    assert [browser.get(address).status_code for address in ("/today", "/sharing", "/sharing/access-log")] == [
        200,
        200,
        200,
    ]
