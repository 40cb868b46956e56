"""After the day in which entries are closed the devices from before can still say "it was not me", and it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from patient_app.accounts import codes, second_factor, sessions
from patient_app.accounts.models import DeviceSession, Person
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from tests.factories import PASSWORD, Made, make_administrator, make_patient, make_practice, sign_in_by_form
from tests.features.accounts.test_addresses import can_sign_in
from tests.page import Client

FIRST = "a third harbour here"
SECOND = "yet another quiet harbour"


@dataclass
class World:
    """A patient whose phone was signed in before a stranger came in by a code, a day and an hour ago."""

    app: Flask
    store: Store
    administrator: Made
    patient: Made
    phone: Client
    stranger: Client
    set_time: Callable[[datetime], None]

    def issue(self) -> str:
        """Issue a code; return its text."""
        with self.store.work(writes=True):
            return codes.issue(self.administrator.viewer, self.patient.id, new_id()).text or ""

    def come_in(self, password: str) -> Client:
        """Come in on a new device by a new code."""
        client = Client(self.app)
        assert client.post("/join", data={"code": self.issue(), "password": password}).status_code == 303
        return client

    def later(self, **much: int) -> None:
        """Let time go by."""
        self.set_time(clock.now() + timedelta(**much))

    def person(self) -> Person:
        """Return the patient's row."""
        with self.store.work(writes=False):
            return db().get_one(Person, self.patient.id)

    def not_me(self) -> str | None:
        """Say on the phone that it was somebody else; return where that leads."""
        form = self.phone.get("/security-notice").form(field="answer")
        return self.phone.submit(form, answer="not-me").location


@pytest.fixture
def world(app: Flask, store: Store, backend: str, set_time: Callable[[datetime], None]) -> World:
    assert backend in {"sqlite", "postgresql"}
    set_time(clock.now())
    practice = make_practice(store)
    administrator, patient = make_administrator(store, practice), make_patient(store, practice)
    made = World(app, store, administrator, patient, Client(app), Client(app), set_time)
    sign_in_by_form(made.phone, patient)
    made.later(minutes=5)
    made.stranger = made.come_in(FIRST)
    made.later(hours=25)
    assert made.phone.get("/today").location == "/security-notice"  # It can answer, and do nothing else.
    return made


def change_password(world: World) -> None:
    form = world.stranger.get("/settings/password").form(field="new_password")
    assert world.stranger.submit(form, current_password=FIRST, new_password=SECOND).status_code == 303


def end_others(world: World) -> None:
    assert world.stranger.post("/settings/devices/end-others").status_code == 303


def end_that_one(world: World) -> None:
    with world.store.work(writes=False):
        query = select(DeviceSession.id).where(DeviceSession.person_id == world.patient.id)
        oldest = db().scalars(query.order_by(DeviceSession.created_at)).first()
    assert world.stranger.post(f"/settings/devices/{oldest}/end").status_code == 404


def answer_another_question(world: World) -> None:
    world.issue()
    assert world.stranger.get("/security-notice").location == "/settings"
    world.stranger.post("/security-notice", data={"about": "code_issued", "answer": "me"})


def come_in_again(world: World) -> None:
    world.come_in(SECOND)
    assert world.stranger.get("/security-notice").location == "/settings"


@pytest.mark.parametrize("tried", [change_password, end_others, end_that_one, answer_another_question, come_in_again])
def test_nothing_that_a_stranger_does_takes_the_answer_away_or_turns_it_round(
    world: World, tried: Callable[[World], None]
) -> None:
    since = world.person().entries_closed_from
    tried(world)
    assert world.person().entries_closed_from == since
    assert world.not_me() == "/settings?done=code-undone"
    assert world.stranger.get("/settings").status_code == 303
    assert [can_sign_in(world.app, world.patient, one) for one in (PASSWORD, FIRST, SECOND)] == [True, False, False]


def test_another_reset_closes_entries_anew_to_who_came_in_by_the_first(world: World) -> None:
    world.come_in(SECOND)
    person = world.person()
    assert person.entries_closed_until == clock.now() + timedelta(hours=24)
    assert "stays closed" in world.stranger.get("/history").words


def test_where_no_device_can_answer_any_more_the_next_reset_counts_for_itself(world: World) -> None:
    """Who came in by a code themselves, and lost the old phone, can object to a code that somebody uses later."""
    with world.store.work(writes=True):
        sessions.end_other_sessions(world.patient.id, None)
    world.later(days=40)
    sign_in_by_form(world.phone, replace(world.patient, password=FIRST))
    world.later(minutes=1)
    world.come_in(SECOND)
    assert world.person().entries_closed_from == clock.now()
    assert world.not_me() == "/settings?done=code-undone"
    assert can_sign_in(world.app, world.patient, FIRST)


def test_an_accepted_reset_is_over(world: World) -> None:
    form = world.phone.get("/security-notice").form(field="answer")
    world.phone.submit(form, answer="me")
    world.come_in(SECOND)
    assert world.person().entries_closed_from == clock.now()


def test_a_second_factor_that_a_stranger_turned_on_is_never_given_back(world: World) -> None:
    with world.store.work(writes=True):
        person = db().get_one(Person, world.patient.id)
        person.totp_secret, person.totp_confirmed_at = pyotp.random_base32(), clock.now()
    world.later(hours=1)
    world.come_in(SECOND)
    world.not_me()
    with world.store.work(writes=False):
        assert not second_factor.is_on(db().get_one(Person, world.patient.id))
    assert can_sign_in(world.app, world.patient, PASSWORD)
