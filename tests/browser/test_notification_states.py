"""What the page about notifications says where they cannot be turned on: blocked, not on the home screen, not able."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from patient_app.core.config import Config
from patient_app.push import vapid
from tests.browser.test_whole_loop import sign_in
from tests.conftest import LiveServer, serving
from tests.factories import make_patient, make_practice
from tests.nursery import Nursery

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

PAGE = "/settings/notifications"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)
IPAD = (  # As iPads say it: a Mac, but for the fingers.
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Safari/605.1.15"
)
# In a tab, Safari on iPhones has no push at all.
WITHOUT_PUSH = "delete globalThis.PushManager;"
ON_HOME_SCREEN = "Object.defineProperty(navigator, 'standalone', { get: () => true });"
STATES = ("off", "on", "blocked", "install", "unable")


@pytest.fixture
def server(config: Config, tmp_path: Path, nursery: Nursery) -> Iterator[LiveServer]:
    """Serve an installation that has its push key."""
    vapid.make_keys(config)
    with serving(config, tmp_path / "server.log", nursery) as running:
        yield running


def _open(browser: Browser, server: LiveServer, script: str = "", **options: object) -> Page:
    """Sign a patient in on a phone-sized browser, and open the page."""
    patient = make_patient(server.store, make_practice(server.store))
    context: BrowserContext = browser.new_context(
        base_url=server.url,
        viewport={"width": 360, "height": 780},
        is_mobile=True,
        has_touch=True,
        **options,  # type: ignore[arg-type]
    )
    context.set_default_timeout(15_000)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    sign_in(page, patient)
    page.goto(PAGE)
    return page


def _allow(page: Page, setting: str) -> None:
    """Answer for the person what the browser asks: "denied", "granted", or "prompt"."""
    protocol = page.context.new_cdp_session(page)
    where = protocol.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    told = {"permission": {"name": "notifications"}, "setting": setting, "origin": page.evaluate("location.origin")}
    protocol.send("Browser.setPermission", {**told, "browserContextId": where})


def _shown(page: Page) -> list[str]:
    return [state for state in STATES if page.locator(f"[data-push={state}]").is_visible()]


def test_blocked_it_says_where_to_change_that_and_nothing_is_asked_before_a_tap(
    browser: Browser, server: LiveServer
) -> None:
    asks = "Notification.requestPermission = async () => { globalThis.asked = true; return Notification.permission; };"
    page = _open(browser, server, asks)
    _allow(page, "prompt")
    page.reload()
    expect(page.get_by_role("button", name="Turn on for this phone")).to_be_visible()
    assert page.evaluate("globalThis.asked") is None
    # The person says no to what the browser asks.
    _allow(page, "denied")
    page.get_by_role("button", name="Turn on for this phone").click()
    expect(page.get_by_text("Your browser blocks this. Only you can change that:")).to_be_visible()
    assert page.evaluate("globalThis.asked") is True
    assert _shown(page) == ["blocked"]
    for system, words in (
        ("Android", "Tap “Notifications” and turn them on."),
        ("iPhone and iPad", "Open “Settings” on your phone"),
        ("Computer", "Click the sign beside the address."),
    ):
        expect(page.get_by_text(words)).to_be_hidden()
        page.locator("summary", has_text=system).click()
        expect(page.get_by_text(words)).to_be_visible()
    # It stays so, without a question, until it is allowed.
    page.reload()
    expect(page.locator("[data-push=blocked]")).to_be_visible()
    assert page.evaluate("globalThis.asked") is None
    _allow(page, "granted")
    page.reload()
    expect(page.get_by_role("button", name="Turn on for this phone")).to_be_visible()
    page.context.close()


def test_where_the_push_service_says_no_that_is_said_and_it_can_be_tried_again(
    browser: Browser, server: LiveServer
) -> None:
    """This Chromium has no push service: it refuses as one that cannot be reached does."""
    page = _open(browser, server)
    _allow(page, "granted")
    page.reload()
    for _time in range(2):
        page.get_by_role("button", name="Turn on for this phone").click()
        expect(page.get_by_text("That did not work. Check that you are online, and try again.")).to_be_visible()
    assert _shown(page) == ["off"]
    page.context.close()


@pytest.mark.parametrize(("agent", "fingers"), [(IPHONE, 5), (IPAD, 5)])
def test_on_an_iphone_or_ipad_it_goes_on_the_home_screen_first(
    browser: Browser, server: LiveServer, agent: str, fingers: int
) -> None:
    touch = f"Object.defineProperty(navigator, 'maxTouchPoints', {{ get: () => {fingers} }});"
    page = _open(browser, server, WITHOUT_PUSH + touch, user_agent=agent)
    expect(page.get_by_text("add the app to your home screen first")).to_be_visible()
    assert _shown(page) == ["install"]
    page.get_by_role("link", name="Put it on your home screen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Put this on your home screen")
    page.context.close()


@pytest.mark.parametrize(
    "script",
    [
        WITHOUT_PUSH,
        "delete globalThis.Notification;",
        "delete Navigator.prototype.serviceWorker;",
        WITHOUT_PUSH + ON_HOME_SCREEN,
    ],
)
def test_a_browser_that_cannot_do_it_says_so_and_where_reminders_stand(
    browser: Browser, server: LiveServer, script: str
) -> None:
    agent = {"user_agent": IPHONE} if ON_HOME_SCREEN in script else {}
    page = _open(browser, server, script, **agent)
    expect(page.get_by_text("This browser cannot do it. What is due is on the Today page.")).to_be_visible()
    assert _shown(page) == ["unable"]
    page.context.close()
