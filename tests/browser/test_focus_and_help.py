"""In a real browser: after an error the list of what to check has the focus, and Help now never scrolls away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.mark.parametrize("scripts", [True, False])
def test_after_an_error_the_focus_is_on_what_to_check(browser: Browser, live_server: LiveServer, scripts: bool) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#error-summary")).to_be_focused()
    context.close()


@pytest.mark.parametrize("size", [(640, 320), (320, 256)])
def test_help_stays_in_sight_where_there_is_little_height(
    browser: Browser, live_server: LiveServer, size: tuple[int, int]
) -> None:
    context = browser.new_context(base_url=live_server.url, viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    page.goto("/help")
    page.evaluate("scrollTo(0, 600)")
    expect(page.locator(".help-now")).to_be_in_viewport()
    bar = page.locator(".app-bar").bounding_box()
    assert bar
    assert bar["height"] <= 52
    context.close()
