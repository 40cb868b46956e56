"""Taking a medicine again after a break: what it goes on with is seen and chosen, and steps are never moved."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal

import pytest
from flask import Flask

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.medications import changing, due, regimen
from patient_app.medications.changing import Author, Refused
from patient_app.medications.models import Change
from patient_app.medications.regimen import Standing
from patient_app.medications.schedule import Dose, EveryDays, Schedule, Step, Stepwise
from tests.factories import ZONE, Made, make_person, make_practice, sign_in
from tests.features.medications.plans import day
from tests.features.medications.regimens import SERTRALINE, at, changed, daily, own, started
from tests.page import Client, Page

SetTime = Callable[[datetime | str], None]
ONE, TWO = Decimal(1), Decimal(2)
MORNING, NIGHT = Dose(time(8), ONE), Dose(time(20), ONE)
MORE, STRONG = daily(Dose(time(8), TWO)), replace(SERTRALINE, strength="100 mg")


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def client(app: Flask, patient: Made, set_time: SetTime) -> Client:
    set_time(at("03-12 12:00").occurred_at)
    browser = Client(app)
    sign_in(browser, patient)
    return browser


def paused(store: Store, patient: Made, schedule: Schedule, *, to_come: Schedule | None = None) -> uuid.UUID:
    """Have a medicine paused on 5 March; something else was to hold from 9 March on."""
    medicine = started(store, patient, schedule, at("03-02 07:00"))
    if to_come is not None:
        changed(store, patient, medicine, to_come, at("03-04 07:00"), since=day("2026-03-09"), said=STRONG)
    with store.work(writes=True):
        changing.pause(Author.patient(patient.viewer), medicine, new_id(), moment=at("03-05 09:00"))
    return medicine


def steps(*firsts: str) -> Stepwise:
    return Stepwise(tuple(Step(day(f"2026-{first}"), EveryDays(), (MORNING,)) for first in firsts))


def due_on(store: Store, patient: Made, medicine: uuid.UUID, on: str) -> list[tuple[str, Decimal | None]]:
    found = due.due_doses(regimen.due_versions([own(store, patient, medicine)]), day(on), day(on))
    return [(dose.slot, dose.amount) for dose in found]


def go_on(client: Client, medicine: uuid.UUID) -> Page:
    return client.get(f"/medications/{medicine}/go-on")


@pytest.mark.parametrize(("plan", "amount", "strength"), [("before", ONE, "50 mg"), ("meanwhile", TWO, "100 mg")])
def test_a_change_whose_day_passed_meanwhile_is_shown_and_the_person_chooses(
    client: Client, store: Store, patient: Made, plan: str, amount: Decimal, strength: str
) -> None:
    medicine = paused(store, patient, daily(MORNING), to_come=MORE)
    page = go_on(client, medicine)
    assert "As before the break50 mg · Tablet" in page.main_words
    assert "As was to come from 9 March 2026100 mg · Tablet" in page.main_words
    form = page.form(field="reason")
    refused = client.submit(form, reason="Better")
    assert (refused.status_code, "plan" in refused.errors, "Better" in refused.html) == (422, True, True)
    assert own(store, patient, medicine).newest.change is Change.PAUSED
    for _ in range(2):
        assert client.submit(form, plan=plan).status_code == 303
    found = own(store, patient, medicine)
    assert [one.change for one in found.versions][3:] == [Change.RESUMED]
    assert found.newest.said.strength == strength
    assert due_on(store, patient, medicine, "2026-03-12") == []  # This morning is over.
    assert due_on(store, patient, medicine, "2026-03-13") == [("08:00", amount)]


def test_what_holds_now_and_what_is_still_to_come_are_shown(
    client: Client, store: Store, patient: Made, set_time: SetTime
) -> None:
    set_time(at("03-06 12:00").occurred_at)
    medicine = paused(store, patient, daily(MORNING), to_come=MORE)
    page = go_on(client, medicine)
    assert "It goes on like this 50 mg · TabletEvery day8:00 AM: 1 tablet" in page.main_words
    assert "Then, from 9 March 2026100 mg · Tablet" in page.main_words
    assert client.submit(page.form(field="reason")).status_code == 303
    assert due_on(store, patient, medicine, "2026-03-09") == [("08:00", TWO)]


@pytest.mark.parametrize("how", ["pause", "stop"])
def test_new_steps_are_written_down_where_the_old_ones_were_broken_off(
    client: Client, store: Store, patient: Made, how: str
) -> None:
    schedule = daily(plan=steps("03-02", "03-09"), start="2026-03-02")
    medicine = started(store, patient, schedule, at("03-02 07:00"))
    with store.work(writes=True):
        hold = changing.pause if how == "pause" else changing.stop
        hold(Author.patient(patient.viewer), medicine, new_id(), moment=at("03-05 09:00"))
    page = go_on(client, medicine)
    assert "The steps need new days" in page.main_words
    address = f"/medications/{medicine}/change/steps"
    assert address in page.links
    assert not [form for form in page.forms if form.action.endswith("/go-on")]
    form = client.get(address).form(field="from_prescriber")
    assert "2026-03-02" not in client.get(address).html  # Nothing of the old days is filled in.
    answers = {
        "first_1": "2026-03-13",
        "doses_1": "8:00 x 1",
        "first_2": "2026-03-20",
        "doses_2": "8:00 x 1, bedtime x 2",
        "from_prescriber": "y",
        "reason": "My doctor wrote new ones",
    }
    for _ in range(2):
        page = client.submit(form, **answers)
        assert page.status_code == 303, page.errors
    assert "It is on your list again." in client.follow(page).main_words
    found = own(store, patient, medicine)
    assert [one.change for one in found.versions][2:] == [Change.RESUMED]
    assert due_on(store, patient, medicine, "2026-03-12") == []
    assert due_on(store, patient, medicine, "2026-03-20") == [("08:00", ONE), ("bedtime", TWO)]


def test_steps_that_were_to_begin_meanwhile_are_not_begun_late(client: Client, store: Store, patient: Made) -> None:
    new = daily(plan=steps("03-09", "03-16"), start="2026-03-09")
    medicine = paused(store, patient, daily(MORNING), to_come=new)
    page = go_on(client, medicine)
    assert "The steps need new days" in page.main_words
    assert "It goes on like this 50 mg" in page.main_words
    data = {"id": str(new_id()), "plan": "meanwhile"}  # No button of ours sends that here.
    assert client.post(f"/medications/{medicine}/go-on", data=data).status_code == 303
    assert due_on(store, patient, medicine, "2026-03-16") == [("08:00", ONE)]
    assert not isinstance(own(store, patient, medicine).newest.schedule.plan, Stepwise)
    with store.work(writes=True):
        changing.pause(Author.patient(patient.viewer), medicine, new_id(), moment=at("03-12 13:00"))


def test_taken_again_in_another_way_it_holds_from_now_on(client: Client, store: Store, patient: Made) -> None:
    medicine = paused(store, patient, daily(MORNING, NIGHT))
    number = own(store, patient, medicine).newest.number
    page = client.get(f"/medications/{medicine}/change")
    assert "Before the break" in page.main_words
    assert client.submit(page.form(field="strength"), time_1="9:00", time_2="21:00").status_code == 303
    found = own(store, patient, medicine)
    assert (found.newest.number, found.newest.change) == (number + 1, Change.RESUMED)
    assert found.standing(day("2026-03-12")) is Standing.TAKEN
    assert due_on(store, patient, medicine, "2026-03-12") == [("21:00", ONE)]
    assert due_on(store, patient, medicine, "2026-03-13") == [("09:00", ONE), ("21:00", ONE)]


@pytest.mark.parametrize("holds", ["keep", "drop"])
def test_what_was_planned_for_later_is_asked_about_with_the_new_steps(
    client: Client, store: Store, patient: Made, set_time: SetTime, holds: str
) -> None:
    """Nothing planned is lost unseen, and nothing of it holds again unless the person says so."""
    medicine = started(store, patient, daily(plan=steps("03-02", "03-09"), start="2026-03-02"), at("03-02 07:00"))
    changed(store, patient, medicine, MORE, at("03-04 07:00"), since=day("2026-04-01"), said=STRONG)
    with store.work(writes=True):
        changing.pause(Author.patient(patient.viewer), medicine, new_id(), moment=at("03-05 09:00"))
    page = client.get(f"/medications/{medicine}/change/steps")
    assert (
        "From 1 April 2026 100 mg · TabletEvery day8:00 AM: 2 tablets" in page.main_words.partition("Planned before")[2]
    )
    form = page.form(field="from_prescriber")
    answers = {"first_1": "2026-03-13", "doses_1": "8:00 x 1", "from_prescriber": "y", "reason": "New ones"}
    refused = client.submit(form, **answers)
    assert (refused.status_code, "later" in refused.errors, "New ones" in refused.html) == (422, True, True)
    late = client.submit(form, **{**answers, "first_1": "2026-04-01"}, later="keep")
    assert "begins on that day or after it" in late.errors["later"]
    assert own(store, patient, medicine).newest.change is Change.PAUSED
    for _ in range(2):
        assert client.submit(form, **answers, later=holds).status_code == 303
    found = own(store, patient, medicine)
    assert [one.change for one in found.versions][3:] == [Change.RESUMED, *([Change.CHANGED] * (holds == "keep"))]
    assert due_on(store, patient, medicine, "2026-03-31") == [("08:00", ONE)]
    assert due_on(store, patient, medicine, "2026-04-01") == [("08:00", TWO if holds == "keep" else ONE)]


def test_where_nothing_was_planned_nothing_is_asked(client: Client, store: Store, patient: Made) -> None:
    medicine = paused(store, patient, daily(MORNING))
    page = client.get(f"/medications/{medicine}/change")
    assert "Planned before the break" not in page.main_words
    assert "later" not in page.form(field="strength").names


def test_one_to_be_taken_again_later_stays_paused_until_then(client: Client, store: Store, patient: Made) -> None:
    medicine = paused(store, patient, daily(MORNING))
    page = client.get(f"/medications/{medicine}/change")
    client.submit(page.form(field="strength"), since="2026-03-20")
    assert due_on(store, patient, medicine, "2026-03-19") == []
    assert due_on(store, patient, medicine, "2026-03-20") == [("08:00", ONE)]


def test_buprenorphine_is_taken_again_by_no_steps_and_on_no_later_day(store: Store, patient: Made) -> None:
    said = replace(SERTRALINE, name="buprenorphine", catalogue="buprenorphine")
    medicine = started(store, patient, daily(MORNING), at("03-02 07:00"), said)
    author = Author.patient(patient.viewer)
    with store.work(writes=True):
        changing.pause(author, medicine, new_id(), moment=at("03-05 09:00"))
    new = daily(plan=steps("03-12", "03-16"), start="2026-03-12")
    with pytest.raises(Refused):
        changed(store, patient, medicine, new, at("03-12 07:00"))
    assert own(store, patient, medicine).newest.change is Change.PAUSED
    moment = clock.moment(at("03-12 07:00").occurred_at, ZONE)
    with store.work(writes=True):
        changing.resume(author, medicine, new_id(), moment=moment, changed_meanwhile=True)
    assert own(store, patient, medicine).newest.change is Change.RESUMED
