"""What a phone has to fetch for /today, counted by a real Chromium: bytes on the wire, headers included."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from bench.figures import CannotMeasure
from bench.ground import Ground
from bench.served import application
from patient_app.accounts import sessions

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

KB = 1000
MOST_FIRST, MOST_SCRIPT, MOST_STYLE, MOST_REPEATED = 45, 24, 10, 8
BLOCKING = frozenset({"Document", "Font", "Script", "Stylesheet"})
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage")


def find_chromium() -> str:
    """Return the path of the browser; raise `CannotMeasure` when there is none."""
    for name in (os.environ.get("CHROMIUM", ""), *_NAMES):
        if name and (found := shutil.which(name)):
            return found
    raise CannotMeasure("Chromium is missing: install the package chromium, or name another one in CHROMIUM.")


def weight(ground: Ground) -> None:
    """First and repeated load of /today."""
    path = find_chromium()
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow to import.
    except ImportError:
        raise CannotMeasure("playwright is missing; scripts/setup.sh dev installs it.") from None
    with application(ground) as (port, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))
        context = _signed_in(browser, ground, port)
        first, repeated = _loads(context, f"http://localhost:{port}/today")
        browser.close()
    add = ground.report.add
    add("today-first-load", sum(first.values()) / KB, "kB", MOST_FIRST)
    for kind, limit in (("Document", None), ("Script", MOST_SCRIPT), ("Stylesheet", MOST_STYLE)):
        add(f"today-first-load-{kind.lower()}", first.get(kind, 0) / KB, "kB", limit)
    add("today-repeat-load", sum(repeated.values()) / KB, "kB", MOST_REPEATED)
    add("today-repeat-blocking", len(BLOCKING & repeated.keys()), "kinds", 1)


def _signed_in(browser: Browser, ground: Ground, port: int) -> BrowserContext:
    # Without the worker, which would answer from what it keeps: what it fetches is not seen by the page.
    context = browser.new_context(
        viewport={"width": 360, "height": 780}, is_mobile=True, has_touch=True, service_workers="block"
    )
    name, token = sessions.session_cookie_name(ground.config), ground.people.three_years.token
    context.add_cookies([{"name": name, "value": token, "url": f"http://localhost:{port}"}])
    return context


def _loads(context: BrowserContext, address: str) -> tuple[dict[str, int], dict[str, int]]:
    """Load twice; return the bytes by kind of resource that came over the wire each time."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    taken: dict[str, int] = {}

    def received(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def finished(event: dict[str, Any]) -> None:
        size = int(event["encodedDataLength"])
        if size:  # Nothing came over the wire for what the browser had kept.
            kind = kinds.get(event["requestId"], "Other")
            taken[kind] = taken.get(kind, 0) + size

    session.on("Network.responseReceived", received)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    found = []
    for _turn in range(2):
        taken.clear()
        page.goto(address, wait_until="networkidle")  # Scripts come after the page is drawn, and count with it.
        found.append(dict(taken))
    return found[0], found[1]
