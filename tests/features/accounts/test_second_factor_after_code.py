"""A reset by a clinic code asks for no second factor; who says "it was not me" has the one from before again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask

from patient_app.accounts import second_factor, security
from patient_app.accounts.models import Person, SecurityNotice
from patient_app.accounts.second_factor import CodeRefused
from patient_app.core import clock
from patient_app.core.work import Store, db
from tests.factories import PASSWORD, Made, make_clinician, make_patient, make_practice
from tests.features.accounts.test_reset import CameIn, is_signed_in
from tests.features.accounts.test_reset import answer as from_old_device
from tests.page import Client

BEGIN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
SECRET = pyotp.random_base32()


@pytest.fixture
def patient(store: Store, set_time: Callable[[datetime], None]) -> Made:
    """Make a patient with a second factor, of whom an old device is asked about a reset a minute later."""
    set_time(BEGIN)
    made = make_patient(store, make_practice(store))
    with store.work(writes=True):
        person = db().get_one(Person, made.id)
        person.totp_secret, person.totp_confirmed_at, person.totp_last_step = SECRET, BEGIN, 1
    return made


def reset(store: Store, patient: Made, moment: datetime) -> None:
    """Do to the row what a reset by a clinic code does."""
    with store.work(writes=True):
        person = db().get_one(Person, patient.id)
        if person.entries_closed_until is None or person.entries_closed_until <= moment:
            person.entries_closed_from = moment
        person.entries_closed_until = moment + timedelta(hours=24)
        person.security_notice = SecurityNotice.CODE_USED
        second_factor.set_aside(person, moment)


def answer(store: Store, patient: Made, say: Callable[..., None]) -> None:
    notice = SecurityNotice.CODE_USED
    with store.work(writes=True):
        say(replace(patient.viewer, security_notice=str(notice)), notice)


def row(store: Store, patient: Made) -> tuple[str | None, bool]:
    """Return the secret that is kept, and whether codes are asked for."""
    with store.work(writes=False):
        person = db().get_one(Person, patient.id)
        return person.totp_secret, second_factor.is_on(person)


def test_it_was_not_me_brings_the_second_factor_back_and_no_used_code_counts_again(
    store: Store, patient: Made, set_time: Callable[[datetime], None]
) -> None:
    used = pyotp.TOTP(SECRET).at(BEGIN)
    with store.work(writes=True):
        second_factor.accept_code(db().get_one(Person, patient.id), used)
    reset(store, patient, BEGIN)
    assert row(store, patient) == (SECRET, False)
    with store.work(writes=True), pytest.raises(CodeRefused):
        second_factor.accept_code(db().get_one(Person, patient.id), used)
    answer(store, patient, security.it_was_not_me)
    assert row(store, patient) == (SECRET, True)
    with store.work(writes=True), pytest.raises(CodeRefused):
        second_factor.accept_code(db().get_one(Person, patient.id), used)
    set_time(BEGIN + timedelta(minutes=2))
    with store.work(writes=True):
        second_factor.accept_code(db().get_one(Person, patient.id), pyotp.TOTP(SECRET).at(datetime.now(UTC)))


def test_a_second_code_in_that_day_takes_nothing_more_away(store: Store, patient: Made) -> None:
    for hours in (0, 1):
        reset(store, patient, BEGIN + timedelta(hours=hours))
    answer(store, patient, security.it_was_not_me)
    assert row(store, patient) == (SECRET, True)


def test_it_was_me_lets_go_of_it(store: Store, patient: Made) -> None:
    reset(store, patient, BEGIN)
    answer(store, patient, security.it_was_me)
    assert row(store, patient) == (None, False)


def test_a_reset_after_one_that_nobody_took_back_has_nothing_to_go_back_to(store: Store, patient: Made) -> None:
    """The password to go back to is then the one from between; so is the second factor, and there was none."""
    reset(store, patient, BEGIN)
    reset(store, patient, BEGIN + timedelta(hours=25))
    answer(store, patient, security.it_was_not_me)
    assert row(store, patient) == (None, False)


def test_what_was_turned_on_since_goes(store: Store, patient: Made) -> None:
    reset(store, patient, BEGIN)
    with store.work(writes=True):
        person = db().get_one(Person, patient.id)
        person.totp_secret, person.totp_confirmed_at = pyotp.random_base32(), BEGIN + timedelta(hours=25)
    answer(store, patient, security.it_was_not_me)
    assert row(store, patient) == (None, False)


def test_without_a_second_factor_there_is_none_afterwards(store: Store, patient: Made) -> None:
    with store.work(writes=True):
        person = db().get_one(Person, patient.id)
        person.totp_secret = person.totp_confirmed_at = None
    reset(store, patient, BEGIN)
    answer(store, patient, security.it_was_not_me)
    assert row(store, patient) == (None, False)


def test_staff_cannot_take_a_reset_back_and_nothing_is_kept(store: Store, patient: Made) -> None:
    clinician = make_clinician(store, make_practice(store))
    with store.work(writes=True):
        second_factor.set_aside(db().get_one(Person, clinician.id), BEGIN)
    assert row(store, clinician) == (None, False)


def test_after_a_real_code_the_old_device_brings_it_back_and_signing_in_asks_for_it(app: Flask, store: Store) -> None:
    came_in = CameIn(app, store, make_practice(store))
    with store.work(writes=True):
        person = db().get_one(Person, came_in.patient.id)
        person.totp_secret, person.totp_confirmed_at = SECRET, clock.now()
    came_in.come_in()
    assert is_signed_in(came_in.after), "the app may be lost with the phone"
    assert from_old_device(came_in.before, "not-me") == "/settings?done=code-undone"
    client = Client(app)
    page = client.post("/sign-in", data={"sign_in_name": came_in.patient.sign_in_name, "password": PASSWORD})
    assert (page.location or "").startswith("/sign-in/code")
    assert client.post("/sign-in/code", data={"code": pyotp.TOTP(SECRET).at(clock.now())}).status_code == 303
    assert is_signed_in(client)
