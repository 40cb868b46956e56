"""A new release on a phone: it comes quietly, is used when the person says so, and never mixes with the one before."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.phones import Phone
from tests.conftest import ROOT, LiveServer, serving_release
from tests.factories import make_patient, make_practice

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

RELEASE = re.compile(r"/static/([0-9a-f]+)/")
FETCHED = "() => performance.getEntriesByType('resource').map(({ name }) => name).join(' ')"
ALL_STYLED = """() => document.styleSheets.length > 0
  && [...document.styleSheets].every((sheet) => sheet.cssRules.length > 0)"""


@pytest.fixture
def next_release(live_server: LiveServer, tmp_path: Path) -> Iterator[LiveServer]:
    """Serve the same practice from a second folder, in which one stylesheet and one script differ."""
    root = tmp_path / "next"
    for name in ("patient_app", "service_worker"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", root)
    for name in ("css/app.css", "js/phone/main.js"):
        with (root / "patient_app" / "static" / name).open("a", encoding="utf-8") as file:
            file.write("\n/* the next release */\n")
    with serving_release(live_server.config, tmp_path / "next.log", root) as server:
        yield server


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer, tmp_path: Path) -> Iterator[Phone]:
    made = Phone(browser, live_server, tmp_path / "profile")
    yield made
    made.throw_away()


def _release_of(phone: Phone) -> str:
    """Return the one release that the open page names."""
    named = set(RELEASE.findall(phone.page.content()))
    assert len(named) == 1, named
    return str(named.pop())


def _caches(phone: Phone) -> set[str]:
    return set(phone.page.evaluate("() => caches.keys()"))


def test_a_new_release_waits_until_it_is_asked_for_and_takes_no_file_of_the_other(
    phone: Phone, live_server: LiveServer, next_release: LiveServer
) -> None:
    patient = make_patient(live_server.store, make_practice(live_server.store))
    phone.sign_in(patient)
    before = _release_of(phone)
    # The new release is there. The page that is open stays as it is.
    phone.wire.lead_to(int(next_release.url.rsplit(":", 1)[1]))
    assert _release_of(phone) == before
    phone.page.goto("/today")
    after = _release_of(phone)
    assert after != before
    offer = phone.line("A newer version of this app is ready.")
    expect(offer).to_be_visible()
    phone.until(lambda: f"files {after}" in _caches(phone))
    assert f"files {before}" in _caches(phone)

    # Without a network, before it was asked for: each kept page with the files it was made with.
    phone.cut()
    for address in ("/today", "/check-in", "/history", "/safety"):
        phone.page.goto(address)
        release = _release_of(phone)
        assert release in {before, after}
        assert set(RELEASE.findall(phone.page.evaluate(FETCHED))) == {release}, address
        assert phone.page.evaluate(ALL_STYLED), address
    phone.mend()

    # Asked for: the page loads once more, all of it new, and what was before is gone.
    phone.page.goto("/today")
    expect(offer).to_be_visible()
    with phone.page.expect_navigation():
        offer.get_by_role("button").click()
    assert _release_of(phone) == after
    phone.until(lambda: f"files {before}" not in _caches(phone))
    phone.cut()
    phone.page.goto("/check-in")
    assert _release_of(phone) == after
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("Check in")
