"""A phone for the tests of what works without a network: what a browser keeps for one person, behind a wire.

It is a part of the tests' one browser that shares nothing with the others, or, where it is to be killed or is sent
messages, a browser of its own with a folder. Killing it is SIGKILL to the browser, as when a phone needs the memory or
its battery is empty: nothing is written down first.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Page as BrowserPage

from patient_app.skills import library
from tests.browser.wire import Proxy, Wire
from tests.conftest import CHROMIUM_ARGUMENTS, LiveServer, find_chromium
from tests.factories import Made

# What the worker keeps without being asked, once somebody signed in.
KEPT = [
    "/appointments",
    "/appointments/new",
    "/appointments/to-raise",
    "/check-in",
    "/help",
    "/history",
    "/history/days",
    "/learn",
    "/learn/given",
    "/learn/near-by",
    "/learn/saved",
    "/medications",
    "/medications/counts",
    "/medications/side-effects",
    "/medications/side-effects/new",
    "/medications/week-note",
    "/more",
    "/safety",
    "/settings/lock",
    "/settings/phone",
    "/simple",
    "/skills",
    "/skills/assigned",
    "/skills/done",
    "/skills/now",
    "/skills/signs",
    "/today",
    "/waiting",
]
# And once in each release, every exercise that a person may start.
EXERCISES = [f"/skills/{one.id}" for one in library.startable()]
# Opens a database that is there already, and waits for a request. Who opens it first makes it: the page is to.
_HELPS = """
  const start = document.querySelector('script[src*="/phone/start.js"]');
  if (start) await (await import(start.src)).ready;
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onupgradeneeded = () => request.transaction.abort();
  });
  const everyOne = (opened, store, how) => done(opened.transaction(store).objectStore(store)[how]());
"""
_STORES = (
    "async (names) => {"
    + _HELPS
    + """
  const opened = await done(indexedDB.open("tandem"));
  const found = {};
  for (const name of names) found[name] = await everyOne(opened, name, "getAll");
  opened.close();
  return found;
}"""
)
_KEYS = (
    "async (name) => {"
    + _HELPS
    + """
  const opened = await done(indexedDB.open("tandem"));
  const found = await everyOne(opened, name, "getAllKeys");
  opened.close();
  return found;
}"""
)
# Asks for a round of fetching. (A busy browser opens a page past a worker that is late: it has no controller then.)
REFRESH = "async (now) => (await navigator.serviceWorker.ready).active.postMessage({ type: 'refresh', now })"
# Waits until the worker is done with the pages that it fetches by itself, and so many are kept but for lessons. The
# page looks by itself: each look from the outside takes as long as the worker needs for a page.
_WHEN_KEPT = (
    "async (least) => {"
    + _HELPS
    + """
  const opened = await done(indexedDB.open("tandem"));
  const until = Date.now() + 20000;
  for (let isKept = false; !isKept && Date.now() < until; await new Promise((go) => setTimeout(go, 50))) {
    const meta = await everyOne(opened, "meta", "getAll");
    const pages = await everyOne(opened, "pages", "getAllKeys");
    isKept = meta.some((one) => one && typeof one === "object" && "release" in one)
      && pages.filter((address) => !address.startsWith("/learn/lessons/")).length >= least;
  }
  opened.close();
}"""
)
# Everything that is written on this phone, as one text: bytes as latin-1, so that plain words would be found.
_EVERYTHING = (
    "async () => {"
    + _HELPS
    + """
  const letters = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const shown = (value) => {
    if (value instanceof ArrayBuffer) return letters(new Uint8Array(value));
    if (ArrayBuffer.isView(value)) return letters(new Uint8Array(value.buffer));
    if (!value || typeof value !== "object") return String(value);
    return Object.entries(value).map(([key, one]) => `${key}: ${shown(one)}`).join("; ");
  };
  const parts = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie];
  for (const { name } of await indexedDB.databases()) {
    const opened = await done(indexedDB.open(name));
    for (const store of opened.objectStoreNames) {
      for (const how of ["getAllKeys", "getAll"]) parts.push(store, shown(await everyOne(opened, store, how)));
    }
    opened.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      parts.push(request.url);
      if (!request.url.includes("/static/")) parts.push(await (await cache.match(request)).text());
    }
  }
  return parts.join("\\n");
}"""
)


def kill_browser(profile: Path) -> None:
    """Send SIGKILL to the browser that runs with this folder; its other processes end with it."""
    wanted = f"--user-data-dir={profile}"
    killed = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            told = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # It ended meanwhile.
        if wanted in told and not any(word.startswith("--type=") for word in told):
            os.kill(int(folder.name), signal.SIGKILL)
            killed += 1
    assert killed == 1, f"{killed} browsers run with {profile}"


class Phone:
    """One person's phone (or one that several share)."""

    def __init__(self, browser: Browser, server: LiveServer, profile: Path | None = None, **options: Any) -> None:
        """Start it; with a `profile`, a folder, it is a browser of its own."""
        self.server = server
        self.wire = Proxy(int(server.url.rsplit(":", 1)[1]))
        self._browser, self._profile, self._options = browser, profile, options
        self.context: BrowserContext
        self.page: BrowserPage
        self.start()

    def start(self) -> None:
        """Start the browser."""
        options = {"base_url": self.wire.url, "viewport": {"width": 360, "height": 780}, **self._options}
        if self._profile:
            self.context = self._browser.browser_type.launch_persistent_context(
                self._profile, executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS), **options
            )
        else:
            self.context = self._browser.new_context(**options)
        self.context.set_default_timeout(15_000)
        self.page = self.context.pages[0] if self._profile else self.context.new_page()

    def kill(self) -> None:
        """End the browser at once, by SIGKILL; it has no time for anything."""
        assert self._profile is not None
        kill_browser(self._profile)
        self.context.close()

    def write_cookies(self) -> None:
        """Let the browser write its cookies to the disk: it does half a minute after one changed, or after 512 changes.

        So a browser that is killed now is one that was used for more than half a minute.
        """
        names = {cookie["name"] for cookie in self.context.cookies(self.wire.url)}
        self.context.add_cookies(
            [{"name": f"c{one}", "value": "x", "domain": f"d{one % 8}.example", "path": "/"} for one in range(600)]
        )
        self.until(lambda: names <= self._written_cookies())

    def _written_cookies(self) -> set[str]:
        assert self._profile is not None
        with contextlib.closing(sqlite3.connect(self._profile / "Default" / "Cookies")) as file:
            return {name for (name,) in file.execute("SELECT name FROM cookies WHERE host_key = 'localhost'")}

    def throw_away(self) -> None:
        """End the browser and its wire."""
        self.context.close()
        self.wire.__exit__(None, None, None)

    def cut(self, wire: Wire = Wire.REFUSES) -> None:
        """Cut the network."""
        self.wire.become(wire)

    def mend(self) -> None:
        """Give the network back; the page hears of it as a browser would say it."""
        self.wire.become(Wire.WHOLE)

    def sign_in(self, person: Made) -> None:
        """Sign in, and wait until the phone keeps what it keeps."""
        self.page.goto("/sign-in")
        self.page.get_by_label("E-mail or sign-in name").fill(person.sign_in_name)
        self.page.get_by_label("Password").fill(person.password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda address: "/sign-in" not in address)
        self.wait_until_kept()

    def wait_until_kept(self) -> None:
        """Wait until the worker has the pages that it fetches by itself."""
        self.page.goto("/today")
        wanted = sorted(KEPT + EXERCISES)
        self.page.evaluate(_WHEN_KEPT, len(wanted))
        # The lesson that Today suggests is kept with it; which one, if any, depends on the person.
        kept = [one for one in self.kept_addresses() if not one.startswith("/learn/lessons/")]
        assert kept == wanted, kept

    def kept_addresses(self) -> list[str]:
        """Return the addresses of the pages that are kept."""
        return sorted(self.page.evaluate(_KEYS, "pages"))

    def stores(self, *names: str) -> dict[str, list[Any]]:
        """Return what lies in stores of the phone's database."""
        found: dict[str, list[Any]] = self.page.evaluate(_STORES, list(names))
        return found

    def until(self, holds: Callable[[], bool]) -> None:
        """Ask again and again until something holds; the test fails when it does not."""
        for _ in range(300):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("This did not come true.")

    def wait_for(self, store: str, number: int) -> None:
        """Wait until so many things lie in a store."""
        self.until(lambda: len(self.page.evaluate(_KEYS, store)) == number)

    def everything(self) -> str:
        """Return all that is written on this phone, as one text."""
        return str(self.page.evaluate(_EVERYTHING))

    def check_in(self, mood: str, note: str = "") -> None:
        """Fill in a check-in and press Save."""
        self.page.goto("/check-in")
        self.page.locator(".faces label", has_text=re.compile(rf"^\s*{mood}\s*$")).click()
        if note:
            self.page.locator("form details.more summary").click()
            self.page.get_by_label("A note, if you like").fill(note)
        self.page.get_by_role("button", name="Save").click()

    def check_in_without_network(self, mood: str, note: str = "") -> None:
        """Check in, and see it kept on the phone."""
        self.check_in(mood, note)
        expect(self.page.get_by_role("heading", name="Saved on this phone")).to_be_visible()

    def line(self, words: str | re.Pattern[str]) -> Any:
        """Return the line of the status part with these words."""
        return self.page.locator("#phone-lines p", has_text=words)
