"""Who types a password on a phone can look at it; nobody else can, once it is sent or the page is left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as BrowserPage

from tests.browser.test_accessibility import axe, told, what_axe_cannot_see
from tests.browser.test_parts import sign_in
from tests.conftest import LiveServer, Watched
from tests.factories import make_patient, make_practice

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
CARET = "(field) => [field.selectionStart, field.selectionEnd]"


def test_a_password_is_shown_by_touch_and_hidden_when_it_is_sent(phone: BrowserPage, watched: Watched) -> None:
    watched.expect("status of 422")
    phone.goto("/sign-in")
    field, show = phone.get_by_label("Password"), phone.get_by_role("button", name="Show")
    field.press_sequentially("quiet harbor")
    field.press("ArrowLeft")
    show.tap()
    expect(field).to_have_attribute("type", "text")
    expect(field).to_be_focused()
    assert field.evaluate(CARET) == [11, 11]
    expect(field).to_have_attribute("spellcheck", "false")
    expect(phone.get_by_text("Your password can be seen now.")).to_have_count(1)
    phone.keyboard.press("u")
    phone.get_by_role("button", name="Hide").tap()
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_value("quiet harbour")
    assert field.evaluate(CARET) == [12, 12]

    found = [f"hidden: {one}" for one in [*axe(phone), *what_axe_cannot_see(phone, 48)]]
    # By keys the focus stays on the button, which says what it is for.
    show.press("Enter")
    expect(phone.get_by_role("button", name="Hide")).to_be_focused()
    expect(phone.get_by_role("button", name="Hide")).to_have_accessible_description("Password")
    phone.evaluate("() => document.querySelector('main form').addEventListener('submit', (e) => e.preventDefault())")
    field.press("Enter")
    expect(field).to_have_attribute("type", "password")
    assert not found, told({"/sign-in": found})


def test_a_new_password_can_be_looked_at_too(phone: BrowserPage, live_server: LiveServer) -> None:
    sign_in(phone, make_patient(live_server.store, make_practice(live_server.store)))
    phone.goto("/settings/password")
    phone.get_by_label("New password").fill("a few plain words")
    phone.get_by_role("button", name="Show").last.tap()
    expect(phone.get_by_label("New password")).to_have_attribute("type", "text")
    expect(phone.get_by_label("Password you have now")).to_have_attribute("type", "password")
    # Who puts the phone away, or comes back to the page, leaves nothing to read.
    phone.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    expect(phone.get_by_label("New password")).to_have_attribute("type", "password")


def test_without_scripts_no_button_is_there(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    assert page.get_by_role("button").all_text_contents() == ["Sign in"]
    context.close()
