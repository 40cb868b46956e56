"""A visit in a real browser: a patient writes it down with three things, a clinician reads them and marks one kept.

And while there is no network: written down, changed, and sent once there is one again.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from patient_app.appointments import service, writing
from patient_app.appointments.said import Said
from patient_app.appointments.when import start
from patient_app.appointments.writing import Author
from patient_app.consent.categories import Category, Level
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from tests import factories
from tests.browser.phones import Phone
from tests.browser.test_whole_loop import sign_in
from tests.conftest import LiveServer, Watched

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_visit_is_written_down_read_and_marked_as_kept(
    live_server: LiveServer, browser: Browser, watched: Watched, scripts: bool
) -> None:
    store = live_server.store
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice, name="Ada")
    doctor = factories.make_clinician(store, practice, Discipline.PRESCRIBER, name="Dr Pia")
    factories.assign_team(store, patient, doctor, factories.make_administrator(store, practice))
    factories.give_consent(store, patient, doctor, {Category.NOTES: Level.DETAIL})
    today = clock.moment(clock.now(), patient.zone).local_date
    with store.work(writes=True):
        begins = start(today - timedelta(days=2), 600, patient.zone)
        author = Author.clinician(doctor.viewer, patient.id, today)
        writing.enter(author, new_id(), Said(begins, clinician_id=doctor.id))
    pages = []
    for person in (patient, doctor):
        context = browser.new_context(
            base_url=live_server.url,
            service_workers="block",
            viewport={"width": 360, "height": 780},
            is_mobile=True,
            has_touch=True,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        watched.watch(page)
        sign_in(page, person)
        pages.append(page)
    own, theirs = pages

    own.goto("/appointments")
    own.get_by_role("link", name="Write one down").tap()
    own.get_by_label("With whom").select_option(label="Dr Pia, prescriber")
    own.get_by_label("On which day").fill((today + timedelta(days=1)).isoformat())
    own.get_by_label("At what time").fill("10:30")
    own.get_by_label("Where").fill("Room 3")
    own.get_by_role("button", name="Save").tap()
    expect(own.get_by_text("Room 3")).to_be_visible()
    own.get_by_role("link", name="Write them down").tap()
    own.get_by_label("First").fill("Sleep")
    own.get_by_label("Second").fill("The evening dose")
    own.get_by_label("Let Dr Pia read this").check()
    own.get_by_role("button", name="Save").tap()
    expect(own.get_by_text("You and Dr Pia can read these.")).to_be_visible()

    theirs.goto(f"/team/{patient.id}")
    theirs.get_by_role("link", name="Visits").first.tap()
    expect(theirs.get_by_text("The evening dose")).to_be_visible()
    theirs.get_by_role("button", name="It took place").tap()
    expect(theirs.get_by_text("By the practice: It took place")).to_be_visible()
    theirs.get_by_role("link", name="Shared with you").tap()
    expect(theirs.get_by_text("Your last visit:")).to_be_visible()

    own.goto("/appointments")
    expect(own.get_by_text("Read on")).to_be_visible()
    expect(own.get_by_text("The practice said: It took place")).to_be_visible()
    for page in pages:
        page.context.close()


def test_a_visit_is_written_down_and_changed_without_a_network(live_server: LiveServer, browser: Browser) -> None:
    store = live_server.store
    patient = factories.make_patient(store, factories.make_practice(store), name="Ada")
    tomorrow = clock.moment(clock.now(), patient.zone).local_date + timedelta(days=1)
    phone = Phone(browser, live_server)
    page = phone.page

    def own() -> list[tuple[str, str]]:
        with store.work(writes=False):
            found = service.own_appointments(patient.viewer, clock.now()).to_come
        return sorted((one.with_whom, one.said.place) for one in found)

    phone.sign_in(patient)
    phone.cut()
    page.goto("/appointments")
    page.get_by_role("link", name="Write one down").click()
    for who in ("Dentist", "Eye doctor"):
        page.goto("/appointments/new")
        page.get_by_label("Their name, if it is somebody else").fill(who)
        page.get_by_label("On which day").fill(tomorrow.isoformat())
        page.get_by_label("At what time").fill("10:30")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    phone.wait_for("outbox", 2)
    assert own() == []
    phone.mend()
    page.goto("/appointments")
    phone.wait_for("outbox", 0)
    assert own() == [("Dentist", ""), ("Eye doctor", "")]

    page.goto("/appointments")
    page.get_by_role("link", name="Change or cancel").first.click()
    page.wait_for_url("**/change")
    phone.until(lambda: any(one.endswith("/change") for one in phone.kept_addresses()))
    phone.cut()
    page.reload()
    page.get_by_label("Where").fill("Elm House")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    phone.mend()
    page.goto("/appointments")
    phone.until(lambda: "Elm House" in [place for _who, place in own()])
    assert len(own()) == 2
    phone.throw_away()
