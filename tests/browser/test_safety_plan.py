"""A safety plan made with one thumb on a small phone, with scripts and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import LiveServer, Watched
from tests.factories import make_patient, make_practice

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
SMALLEST_TARGET = 48


@pytest.mark.parametrize("scripts", [True, False])
def test_a_plan_is_made_and_people_can_be_called(
    live_server: LiveServer, browser: Browser, watched: Watched, scripts: bool
) -> None:
    patient = make_patient(live_server.store, make_practice(live_server.store))
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 360, "height": 780},
        is_mobile=True,
        has_touch=True,
        java_script_enabled=scripts,
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    watched.watch(page)
    page.goto("/sign-in")
    page.get_by_label("E-mail or sign-in name").fill(patient.sign_in_name)
    page.get_by_label("Password").fill(patient.password)
    page.get_by_role("button", name="Sign in").tap()
    page.wait_for_url(lambda address: "/sign-in" not in address)

    page.goto("/help")
    page.get_by_role("link", name="My safety plan").tap()
    page.get_by_role("link", name="Start with step 1").tap()
    page.get_by_label("In your own words").fill("I stop answering messages")
    page.get_by_role("button", name="Save").tap()
    expect(page.get_by_text("I stop answering messages")).to_be_visible()

    page.get_by_role("link", name="People I can ask for help").tap()
    page.get_by_label("Name").first.fill("Aunt Jo")
    page.get_by_label("Phone number").first.fill("call her")
    page.get_by_role("button", name="Save").tap()
    expect(page.get_by_text("Nothing you typed is lost.")).to_be_visible()
    page.get_by_label("Phone number").first.fill("(555) 010-0123")
    page.get_by_role("button", name="Save").tap()
    call = page.get_by_role("link", name="Aunt Jo")
    expect(call).to_have_attribute("href", "tel:5550100123")
    box = call.bounding_box()
    assert box is not None
    assert box["height"] >= SMALLEST_TARGET
    context.close()
