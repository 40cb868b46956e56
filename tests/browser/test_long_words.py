"""People, things and words as long as they may be stay on the screen of a small phone, on every page of a patient."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from playwright.sync_api import Browser, expect

from patient_app.accounts import sessions
from tests.browser import look
from tests.browser.test_accessibility import SMALLEST, TOO_WIDE
from tests.conftest import serving
from tests.nursery import Nursery
from tests.sweeps import world as worlds
from tests.sweeps.world import CANARIES, World

# Where nothing is locked this page goes on by itself, at some moment of its own.
GOES_ON = "/locked"


@pytest.fixture
def long_world(tmp_path: Path) -> Iterator[World]:
    with mock.patch.dict(CANARIES, look.LONG):
        yield worlds.build(tmp_path / "instance")


def test_the_longest_words_are_not_wider_than_the_screen(
    long_world: World, browser: Browser, nursery: Nursery, tmp_path: Path
) -> None:
    pages = look.pages(long_world.copy(tmp_path / "copy"), ("owner",))
    found = [one for one in pages if not one.is_refused and one.address != GOES_ON]
    assert len(found) > 80
    problems: dict[str, list[str]] = {}
    with serving(long_world.config, tmp_path / "server.log", nursery) as server:
        context = browser.new_context(base_url=server.url, viewport=SMALLEST, service_workers="block")
        cookie = sessions.session_cookie_name(long_world.config)
        context.add_cookies([{"name": cookie, "value": long_world.tokens["owner"], "url": server.url}])
        page = context.new_page()
        for one in found:
            page.goto(one.address)
            page.evaluate(look.OPEN_ALL)
            problems[one.address] = page.evaluate(TOO_WIDE)
        page.goto("/sharing")
        expect(page.get_by_text(look.LONG["supporter_name"]).first).to_be_visible()
        context.close()
    assert {address: wide for address, wide in problems.items() if wide} == {}
