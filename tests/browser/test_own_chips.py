"""A word of one's own becomes a ticked chip at once, by touch and by keys, and is sent as it always was."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import expect

from tests.browser.test_accessibility import axe, told, what_axe_cannot_see
from tests.browser.test_parts import sign_in
from tests.conftest import LiveServer
from tests.factories import make_patient, make_practice

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.fixture
def check_in(phone: BrowserPage, live_server: LiveServer) -> BrowserPage:
    sign_in(phone, make_patient(live_server.store, make_practice(live_server.store)))
    phone.goto("/check-in")
    phone.get_by_text("More, if you like").tap()
    return phone


def test_a_word_is_added_by_touch_and_by_keys(check_in: BrowserPage) -> None:
    harder = check_in.get_by_role("group", name="What made it harder?")
    helped = check_in.get_by_role("group", name="What helped?")
    harder.get_by_label("Something else that made it harder").fill("  the dentist ")
    harder.get_by_role("button", name="Add").tap()
    expect(harder.get_by_role("checkbox", name="the dentist")).to_be_checked()
    expect(harder.get_by_role("checkbox", name="the dentist")).to_be_focused()
    expect(harder.get_by_label("Something else that made it harder")).to_be_hidden()

    # What is too long is said at the field, and both words are still there.
    helped.get_by_label("Something else that helped").fill("w" * 60)
    helped.get_by_role("button", name="Add").tap()
    check_in.get_by_role("button", name="Save", exact=True).tap()
    expect(check_in.locator("#error-summary")).to_be_visible()
    expect(check_in.get_by_label("Something else that made it harder")).to_have_value("the dentist")
    expect(check_in.get_by_label("Something else that helped")).to_have_value("w" * 60)
    helped.get_by_label("Something else that helped").fill("<b>my dog</b>")
    helped.get_by_label("Something else that helped").press("Enter")
    expect(helped.get_by_role("checkbox", name="<b>my dog</b>")).to_be_focused()
    assert check_in.url.endswith("/check-in")
    check_in.get_by_role("button", name="Save", exact=True).tap()
    expect(check_in.get_by_role("heading", level=1)).to_contain_text("Saved")
    expect(check_in.get_by_text("<b>my dog</b>")).to_be_visible()
    expect(check_in.get_by_text("the dentist")).to_be_visible()
    check_in.goto("/check-in")
    check_in.get_by_text("More, if you like").tap()
    expect(check_in.get_by_role("checkbox", name="the dentist")).to_be_visible()


def test_a_word_is_taken_back_into_its_field(check_in: BrowserPage) -> None:
    harder = check_in.get_by_role("group", name="What made it harder?")
    field = harder.get_by_label("Something else that made it harder")
    harder.get_by_role("button", name="Add").tap()
    expect(field).to_be_focused()
    field.fill("rain")
    field.press("Enter")
    found = [f"added: {one}" for one in [*axe(check_in), *what_axe_cannot_see(check_in, 48)]]
    check_in.get_by_role("checkbox", name="rain").press("Space")
    expect(field).to_be_focused()
    expect(field).to_have_value("rain")
    expect(check_in.get_by_role("checkbox", name="rain")).to_have_count(0)
    found += [f"taken back: {one}" for one in [*axe(check_in), *what_axe_cannot_see(check_in, 48)]]
    assert not found, told({"/check-in": found})
