"""The check-in of a tired evening: five taps from Today, each where the thumb can reach it, and it is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, expect
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import select

from patient_app.checkins.models import CheckIn
from patient_app.core import work
from patient_app.core.roles import Role
from tests.browser.phones import Phone
from tests.conftest import LiveServer
from tests.factories import make_patient, make_person, make_practice

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


def test_from_today_to_saved_in_five_taps(live_server: LiveServer, phone: BrowserPage) -> None:
    store = live_server.store
    patient = make_person(store, make_practice(store), Role.PATIENT)
    phone.goto("/sign-in")
    phone.get_by_label("E-mail or sign-in name").fill(patient.sign_in_name)
    phone.get_by_label("Password").fill(patient.password)
    phone.get_by_role("button", name="Sign in").click()
    phone.wait_for_url("**/welcome")
    phone.goto("/today")
    taps = 0

    def tap(what: Locator) -> None:
        nonlocal taps
        taps += 1
        what.click()

    tap(phone.locator("main").get_by_role("link", name="Check in"))
    tap(phone.get_by_role("group", name="How are you now?").get_by_role("radio", name="Low", exact=True))
    tap(phone.get_by_role("group", name="Any pull to drink or use?").get_by_role("radio", name="3", exact=True))
    save = phone.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_in_viewport(ratio=1)
    tap(phone.get_by_role("group", name="Since last time, did you drink or use?").get_by_role("radio", name="No"))
    expect(save).to_be_in_viewport(ratio=1)
    tap(save)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Saved")
    assert taps == 5


def test_an_entry_is_of_the_clock_of_the_phone_sent_at_once_or_later(browser: Browser, live_server: LiveServer) -> None:
    store = live_server.store
    patient = make_patient(store, make_practice(store), zone="America/New_York")
    phone = Phone(browser, live_server, timezone_id="Asia/Tokyo")
    phone.sign_in(patient)
    phone.check_in("Low")
    expect(phone.page.get_by_role("heading", level=1)).to_contain_text("Saved")
    phone.cut()
    phone.check_in_without_network("Good")
    phone.mend()
    phone.page.goto("/today")
    phone.wait_for("outbox", 0)
    phone.throw_away()
    with store.work(writes=False):
        zones = work.db().scalars(select(CheckIn.zone).where(CheckIn.patient_id == patient.id)).all()
    assert zones == ["Asia/Tokyo", "Asia/Tokyo"]
