"""In real Chromium: a dose logged without a network arrives once, and one tapped twice is one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import func, select

from patient_app.core import clock
from patient_app.core.work import Store, db
from patient_app.medications import doses
from patient_app.medications.models import DoseState, DoseVersion
from patient_app.medications.said import Said
from patient_app.medications.schedule import AsNeeded, Dose, EveryDays, Regular, Schedule
from tests.browser.phones import Phone
from tests.browser.test_parts import sign_in
from tests.conftest import LiveServer
from tests.factories import Made, make_patient, make_practice
from tests.features.medications.regimens import started

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.fixture
def patient(live_server: LiveServer) -> Made:
    """Somebody with two medicines at any time of the day, and one as needed."""
    made = make_patient(live_server.store, make_practice(live_server.store), zone="UTC")
    for name in ("Alder", "Birch"):
        begin(live_server.store, made, name, Regular(EveryDays(), (Dose(None, Decimal(1)),)))
    begin(live_server.store, made, "Cedar", AsNeeded(Decimal(1), 2, 60))
    return made


def begin(store: Store, patient: Made, name: str, plan: Regular | AsNeeded) -> uuid.UUID:
    ago = clock.moment(clock.now() - timedelta(days=20), patient.zone)
    return started(store, patient, Schedule(ago.day, None, "tablet", plan), ago, Said(name))


@pytest.fixture
def own_phone(browser: Browser, live_server: LiveServer) -> Iterator[Phone]:
    """A phone of the patient's own, whose network can be cut."""
    found = Phone(browser, live_server, timezone_id="UTC")
    yield found
    found.throw_away()


def logged(store: Store, patient: Made) -> list[tuple[bool, DoseState]]:
    """Return of each dose whether it is one as needed, and what is shown."""
    today: date = clock.now().date()
    with store.work(writes=False):
        rows = doses.logged_between(patient.viewer, today - timedelta(days=2), today)
    return sorted((row.slot is None, row.state) for row in rows)


def versions(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(DoseVersion)) or 0


def test_doses_logged_without_network_wait_with_their_names_can_be_changed_and_arrive_once(
    own_phone: Phone, patient: Made, live_server: LiveServer
) -> None:
    own_phone.sign_in(patient)
    page = own_phone.page
    own_phone.cut()
    page.goto("/medications")
    expect(own_phone.line("No network now")).to_be_visible()
    page.get_by_role("button", name="All taken").click()
    group = page.locator(".dose-group").filter(has_text="Alder")
    expect(group.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    page.get_by_role("button", name="Took one now").click()
    expect(page.get_by_role("heading", name="Saved on this phone")).to_have_count(2)
    page.goto("/medications")  # As it was kept; but what waits is said where it was tapped.
    expect(page.get_by_role("heading", name="Saved on this phone")).to_have_count(2)
    expect(page.get_by_role("button", name="All taken")).to_be_hidden()
    page.goto("/medications/counts")
    expect(page.get_by_text("These numbers may be incomplete.")).to_be_visible()
    page.goto("/waiting")
    rows = page.locator("#waiting-list > li")
    expect(rows.first).to_contain_text("Taken, Any time of the day: Alder, Birch")
    expect(rows.nth(1)).to_contain_text("Taken as needed: Cedar")
    rows.first.get_by_role("link", name="Change").click()
    group = page.locator(".dose-group").filter(has_text="Alder")
    group.locator(".mark", has_text="Alder").get_by_text("Skipped").click()
    group.locator(".mark", has_text="Birch").get_by_text("Taken").click()
    group.get_by_text("Forgot").click()
    group.get_by_role("button", name="Save").click()
    expect(group.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    assert versions(live_server.store) == 0

    own_phone.mend()
    page.goto("/today")
    own_phone.wait_for("outbox", 0)
    expected = [(False, DoseState.SKIPPED), (False, DoseState.TAKEN), (True, DoseState.TAKEN)]
    assert logged(live_server.store, patient) == expected
    page.goto("/medications")
    expect(page.get_by_text("Skipped: Forgot")).to_be_visible()
    assert versions(live_server.store) == 3


def test_a_double_tap_is_one_dose_and_undo_stands_ready(
    phone: BrowserPage, patient: Made, live_server: LiveServer
) -> None:
    phone.goto("/sign-in")
    phone.get_by_label("E-mail or sign-in name").fill(patient.sign_in_name)
    phone.get_by_label("Password").fill(patient.password)
    phone.get_by_role("button", name="Sign in").click()
    phone.wait_for_url(lambda address: "/sign-in" not in address)
    phone.goto("/medications")
    phone.get_by_role("button", name="All taken").dblclick()
    expect(phone.get_by_text("Written down: taken.")).to_be_visible()
    assert (logged(live_server.store, patient), versions(live_server.store)) == ([(False, DoseState.TAKEN)] * 2, 2)
    phone.get_by_role("button", name="Undo").click()
    expect(phone.get_by_text("Taken back. It is open again.")).to_be_visible()
    assert logged(live_server.store, patient) == [(False, DoseState.OPEN)] * 2
    phone.get_by_role("button", name="Took one now").click()
    expect(phone.get_by_text("Written down: taken.")).to_be_visible()
    phone.get_by_role("link", name="Write one down").click()
    expect(phone.get_by_role("button", name="Write it down anyway")).to_be_visible()


def test_a_list_that_lay_open_over_night_says_whose_day_it_is(phone: BrowserPage, patient: Made) -> None:
    phone.clock.install(time=clock.now())
    sign_in(phone, patient)
    phone.goto("/medications")
    title, list_of_day = phone.locator("#today"), phone.get_by_role("button", name="All taken")
    expect(title).to_contain_text("Today, ")
    expect(list_of_day).to_be_visible()
    named = (title.text_content() or "").removeprefix("Today, ")
    phone.clock.set_fixed_time(clock.now() + timedelta(days=1))
    phone.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(title).to_have_text(named)
    expect(phone.get_by_text("It is another day now.")).to_be_visible()
    expect(list_of_day).to_be_hidden()
    phone.get_by_role("button", name=f"Open the list of {named}").click()
    expect(list_of_day).to_be_visible()
