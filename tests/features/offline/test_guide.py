"""Which way of adding the application stands open for which browser; all of them are always on the page."""

from __future__ import annotations

import pytest

from patient_app.offline.guide import Way, likely
from tests.page import Client

ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) "
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "

BROWSERS = [
    (ANDROID + "Chrome/140.0.0.0 Mobile Safari/537.36", {Way.ANDROID}),
    (ANDROID + "Chrome/140.0.0.0 Mobile Safari/537.36 EdgA/140.0.0.0", {Way.ANDROID}),
    (ANDROID + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", {Way.SAMSUNG}),
    ("Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0", {Way.ANDROID_FIREFOX}),
    (IPHONE + "Version/18.6 Mobile/15E148 Safari/604.1", {Way.IOS_SAFARI}),
    (IPHONE + "CriOS/140.0.7339.39 Mobile/15E148 Safari/604.1", {Way.IOS_OTHER}),
    (IPHONE + "FxiOS/143.0 Mobile/15E148 Safari/605.1.15", {Way.IOS_OTHER}),
    (MAC + "Version/18.6 Safari/605.1.15", {Way.IOS_SAFARI, Way.MAC_SAFARI}),
    (MAC + "Chrome/140.0.0.0 Safari/537.36", {Way.COMPUTER}),
    (WINDOWS + "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", {Way.COMPUTER}),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", {Way.COMPUTER_FIREFOX}),
    ("", {Way.COMPUTER}),
]


@pytest.mark.sqlite
@pytest.mark.parametrize(("user_agent", "ways"), BROWSERS)
def test_the_likely_way_stands_open_and_every_other_can_be_opened(
    client: Client, user_agent: str, ways: set[Way]
) -> None:
    page = client.get("/install", headers={"User-Agent": user_agent})
    shown = {element.get("id"): element.get("open") is not None for element in page.all("details")}
    assert {Way(word) for word, is_open in shown.items() if word and is_open} == ways
    assert set(shown) == set(Way)


def test_the_browsers_own_word_for_its_platform_counts() -> None:
    assert likely("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0", '"Android"') == {Way.ANDROID}


@pytest.mark.sqlite
def test_the_button_is_hidden_until_a_browser_can_open_its_own_question(client: Client) -> None:
    page = client.get("/install")
    (offer,) = [element for element in page.all("p") if element.get("data-install") is not None]
    assert offer.get("hidden") is not None
    assert "data-install" not in client.get("/sign-in").html
