"""In real Chromium without a network: a side effect is kept, what cannot wait is told, and it arrives once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from patient_app.effects import service
from tests.browser.phones import Phone
from tests.conftest import LiveServer
from tests.factories import Made, make_patient, make_practice
from tests.features.effects.world import takes
from tests.features.medications.regimens import SERTRALINE

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.fixture
def patient(live_server: LiveServer) -> Made:
    return make_patient(live_server.store, make_practice(live_server.store))


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Phone]:
    phone = Phone(browser, live_server)
    yield phone
    phone.throw_away()


def test_a_side_effect_without_network_tells_what_cannot_wait_and_arrives_once(
    phone: Phone, patient: Made, live_server: LiveServer
) -> None:
    takes(live_server.store, patient, SERTRALINE)
    phone.sign_in(patient)
    phone.cut()
    kept = phone.page.locator("[data-later-part=kept]")
    for label, shows_help in (("Dry mouth", False), ("Chest pain", True)):
        phone.page.goto("/medications/side-effects/new")
        phone.page.get_by_role("radio", name=label).check(force=True)
        phone.page.get_by_role("button", name="Save").click()
        expect(kept).to_be_visible()
        expect(kept.locator("a[href='tel:911']")).to_be_visible(visible=shows_help)
    phone.mend()
    phone.page.goto("/today")
    phone.wait_for("outbox", 0)
    with live_server.store.work(writes=False):
        assert {one.said.pick for one in service.own_effects(patient.viewer)} == {"dry_mouth", "flag:chest_pain"}
