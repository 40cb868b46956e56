"""In real Chromium: the application can be installed under each name, and every picture of its manifest opens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as BrowserPage

from patient_app.core.faces import FACES
from tests.conftest import CHROMIUM_ARGUMENTS, LiveServer, find_chromium

MANIFEST = "link[rel=manifest]"
pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.mark.parametrize("word", FACES)
def test_chromium_finds_nothing_that_keeps_it_from_being_installed(
    phone: BrowserPage, live_server: LiveServer, word: str
) -> None:
    phone.context.add_cookies([{"name": "face", "value": word, "url": live_server.url}])
    phone.goto("/sign-in")
    phone.locator(MANIFEST).wait_for(state="attached")  # Linked once the page is on the screen.
    protocol = phone.context.new_cdp_session(phone)
    found = protocol.send("Page.getAppManifest")
    assert found["errors"] == []
    assert json.loads(found["data"])["name"] == {"own": "Tandem", "notes": "Notes", "days": "Days"}[word]
    # A context of a test is a private window, and a private window installs nothing; that is all it may object to.
    errors = protocol.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {error["errorId"] for error in errors} <= {"in-incognito"}
    made = json.loads(found["data"])
    for picture in made["icons"] + made.get("screenshots", []):
        size = phone.evaluate(
            """async (address) => {
                const image = new Image();
                image.src = address;
                await image.decode();
                return `${image.naturalWidth}x${image.naturalHeight}`;
            }""",
            picture["src"],
        )
        assert size == picture["sizes"]


def test_the_button_comes_with_the_browsers_question_and_no_other_page_lets_it_ask(phone: BrowserPage) -> None:
    asks = """() => {
        const event = new Event("beforeinstallprompt", { cancelable: true });
        event.prompt = () => { document.documentElement.dataset.asked = "yes"; };
        dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    phone.goto("/sign-in")
    assert phone.evaluate(asks) is True
    phone.goto("/install")
    button = phone.get_by_role("button", name="Add it now")
    expect(button).to_be_hidden()
    assert phone.evaluate(asks) is True
    button.click()
    expect(button).to_be_hidden()
    assert phone.evaluate("document.documentElement.dataset.asked") == "yes"


def test_opened_as_an_app_the_page_says_so_and_nothing_is_in_the_way_of_installing(
    browser: Browser, live_server: LiveServer, tmp_path: Path
) -> None:
    window = browser.browser_type.launch_persistent_context(
        tmp_path / "profile",
        executable_path=find_chromium(),
        args=[*CHROMIUM_ARGUMENTS, f"--app={live_server.url}/install"],
    )
    page = window.pages[0]
    expect(page.locator(".installed")).to_be_visible()
    expect(page.locator(".not-installed").first).to_be_hidden()
    page.locator(MANIFEST).wait_for(state="attached")
    found = window.new_cdp_session(page).send("Page.getInstallabilityErrors")
    assert found["installabilityErrors"] == []
    page.close()
    window.close()
