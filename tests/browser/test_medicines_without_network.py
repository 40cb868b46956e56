"""In real Chromium, the network cut: what the medicines promise offline, and what they say of what needs a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, expect

from patient_app.core import clock
from patient_app.effects import service, weekly
from patient_app.medications import doses, regimen
from patient_app.medications.models import DoseState
from patient_app.medications.said import Said
from patient_app.medications.schedule import AsNeeded, Dose, EveryDays, Regular, Schedule
from tests.browser.phones import Phone
from tests.conftest import LiveServer
from tests.factories import Made, make_patient, make_practice
from tests.features.medications.regimens import started

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.fixture
def patient(live_server: LiveServer) -> Made:
    """Somebody with one medicine at any time of the day, and one as needed."""
    made = make_patient(live_server.store, make_practice(live_server.store), zone="UTC")
    ago = clock.moment(clock.now() - timedelta(days=20), made.zone)
    for name, plan in (("Alder", Regular(EveryDays(), (Dose(None, Decimal(1)),))), ("Cedar", AsNeeded(Decimal(1)))):
        started(live_server.store, made, Schedule(ago.day, None, "tablet", plan), ago, Said(name))
    return made


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Phone]:
    phone = Phone(browser, live_server, timezone_id="UTC")
    yield phone
    phone.throw_away()


def test_the_list_a_dose_one_as_needed_a_side_effect_and_the_weeks_note_all_work_without_a_network(
    phone: Phone, patient: Made, live_server: LiveServer
) -> None:
    store, page = live_server.store, phone.page
    phone.sign_in(patient)
    phone.cut()
    page.goto("/medications")
    expect(phone.line("No network now")).to_be_visible()
    expect(page.get_by_role("heading", name="My medicines")).to_be_visible()
    expect(page.locator(".row.medicine").filter(has_text="Cedar")).to_be_visible()
    saved = page.get_by_role("heading", name="Saved on this phone")
    page.get_by_role("button", name="Taken", exact=True).click()
    page.get_by_role("button", name="Took one now").click()
    expect(saved).to_have_count(2)
    # Adding and changing cannot wait here, and say so before they are pressed.
    expect(page.get_by_role("link", name=re.compile("Add a medicine.*Needs internet"))).to_be_visible()
    page.goto("/medications/side-effects/new")
    page.get_by_role("radio", name="Dry mouth").check(force=True)
    page.get_by_role("button", name="Save").click()
    expect(saved).to_be_visible()
    page.goto("/medications/week-note")
    page.get_by_role("group", name=re.compile("how much do your medicines help")).get_by_text("A lot").click()
    page.get_by_role("button", name="Save").click()
    expect(saved).to_be_visible()
    phone.mend()
    page.goto("/today")
    phone.wait_for("outbox", 0)
    today = clock.now().date()
    with store.work(writes=False):  # Before four in the morning it is still yesterday's dose.
        logged = doses.logged_between(patient.viewer, today - timedelta(days=1), today + timedelta(days=1))
        assert sorted((row.slot is None, row.state) for row in logged) == [
            (False, DoseState.TAKEN),
            (True, DoseState.TAKEN),
        ]
        assert [one.said.pick for one in service.own_effects(patient.viewer)] == ["dry_mouth"]
        note = weekly.own_note(patient.viewer, weekly.week_of(clock.moment(clock.now(), patient.zone).day))
        assert note is not None
        assert note.answers.helps is not None


def test_the_words_of_a_medicine_outlive_a_network_that_fails_and_are_each_medicines_own(
    phone: Phone, patient: Made, live_server: LiveServer
) -> None:
    page = phone.page
    phone.sign_in(patient)

    def open_form(name: str) -> None:
        page.goto("/medications/new")
        page.get_by_label("What is it called?").fill(name)
        page.get_by_role("button").filter(has_text=re.compile("Search|Look|Find")).click()
        page.get_by_role("link", name=re.compile(name, re.IGNORECASE)).first.click()
        page.get_by_role("link", name=re.compile("Once a day")).click()

    open_form("lithium")
    address = page.url
    page.get_by_label("Strength").fill("300 mg")
    phone.until(lambda: len(phone.stores("drafts")["drafts"]) == 1)
    phone.cut()
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.get_by_role("button", name=re.compile("Add it.*Needs internet"))).to_be_visible()
    phone.mend()
    page.goto(address)
    expect(page.get_by_label("Strength")).to_have_value("300 mg")
    # The words typed for one are never filled in for another.
    open_form("sertraline")
    expect(page.get_by_label("Strength")).to_have_value("")
    page.goto(address)
    expect(page.get_by_label("Strength")).to_have_value("300 mg")
    page.get_by_label("How much?").fill("1")
    page.get_by_text("No", exact=True).first.click()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("Added to what you take.")).to_be_visible()
    page.goto(address)  # It was taken: nothing of it comes back.
    phone.wait_for("drafts", 0)
    expect(page.get_by_label("Strength")).to_have_value("")
    with live_server.store.work(writes=False):
        assert "lithium" in [one.catalogue for one in regimen.own_medicines(patient.viewer)]
