"""The application without a network: what the worker weighs, and how soon Today is there after a cold start."""

from __future__ import annotations

import gzip
import http.client
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.figures import CannotMeasure
from bench.ground import Ground
from bench.served import application
from bench.weight import CHROMIUM_ARGUMENTS, KB, find_chromium
from patient_app.accounts import sessions

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, BrowserType

MOST_WORKER_KB = 12
MOST_FIRST_PAINT_SECONDS = 1.0
SLOWER = 6
RUNS = 5
KEPT_WITHIN = 20.0
# Whether the worker has kept what it keeps without being asked. The database is the page's to make: not there is no.
_IS_KEPT = """async () => {
  const done = (request) => new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
    request.onupgradeneeded = () => request.transaction.abort();
  });
  const opened = await done(indexedDB.open("tandem"));
  if (!opened) return false;
  const found = await done(opened.transaction("meta").objectStore("meta").get("refreshed"));
  opened.close();
  return Boolean(found);
}"""
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def offline(ground: Ground) -> None:
    """Weigh the worker; keep Today on a phone, stop the server, start the browser anew, wait for the first paint."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow to import.
    except ImportError:
        raise CannotMeasure("playwright is missing; scripts/setup.sh dev installs it.") from None
    find_chromium()
    profile = ground.folder / "phone"
    with sync_playwright() as playwright:
        with application(ground) as (port, _):
            ground.report.add("worker-script", _gzipped(port) / KB, "kB", MOST_WORKER_KB)
            _keep(playwright.chromium, profile, ground, port)
        turns = range(1 if ground.report.quick else RUNS)
        paints = [_cold_start(playwright.chromium, profile, port) for _turn in turns]
    ground.report.add_seconds("offline-today-first-paint", median(paints) / 1000, MOST_FIRST_PAINT_SECONDS)


def _gzipped(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/sw.js")
    script = connection.getresponse().read()
    connection.close()
    return len(gzip.compress(script, 9))


def _start(chromium: BrowserType, profile: Path) -> BrowserContext:
    phone: dict[str, Any] = {"viewport": {"width": 360, "height": 780}, "is_mobile": True, "has_touch": True}
    return chromium.launch_persistent_context(
        profile, executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS), **phone
    )


def _keep(chromium: BrowserType, profile: Path, ground: Ground, port: int) -> None:
    context = _start(chromium, profile)
    name, token = sessions.session_cookie_name(ground.config), ground.people.three_years.token
    lasting = {"url": f"http://localhost:{port}", "expires": time.time() + 3600}
    context.add_cookies([{"name": name, "value": token, **lasting}])  # type: ignore[typeddict-item]  # mypy does not see the keys of `lasting`.
    page = context.pages[0]
    page.goto(f"http://localhost:{port}/today")
    deadline = time.monotonic() + KEPT_WITHIN
    while not page.evaluate(_IS_KEPT):
        if time.monotonic() > deadline:
            raise CannotMeasure("the phone did not keep its pages")
        page.wait_for_timeout(100)
    context.close()


def _cold_start(chromium: BrowserType, profile: Path, port: int) -> float:
    """Return the milliseconds to the first paint of Today in a browser that was just started, six times slower."""
    context = _start(chromium, profile)
    page = context.pages[0]
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(f"http://localhost:{port}/today")
    if page.locator('meta[name="kept"]').count() != 1:
        raise CannotMeasure("Today did not come from what is kept")
    page.wait_for_function(f"({_FIRST_PAINT}) > 0")
    painted = float(page.evaluate(_FIRST_PAINT))
    context.close()
    return painted
