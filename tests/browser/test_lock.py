"""In real Chromium: the lock of a phone. What it guards cannot be read while it is closed; what helps stays open."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize, expect

from patient_app.core.config import Config
from patient_app.core.keys import make_master_key
from tests.browser.phones import kill_browser
from tests.browser.wire import Proxy, Wire
from tests.conftest import CHEAP, CHROMIUM_ARGUMENTS, LiveServer, Watched, find_chromium, serving
from tests.factories import Made, make_patient, make_practice
from tests.nursery import Nursery

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

PIN, OTHER_PIN = "274951", "860274"
CANARY = "Zaunkoenig"
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALL = ViewportSize(width=320, height=568)

# One value of the phone's database, or all of a store.
READ = """async ([store, key]) => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open("tandem");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const items = database.transaction(store).objectStore(store);
  const request = key ? items.get(key) : items.getAll();
  const found = await new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  database.close();
  return found ?? null;
}"""
CHANGE = """async ([store, key, change, pressed]) => {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open("tandem");
    request.onsuccess = () => resolve(request.result);
  });
  const changes = database.transaction(store, "readwrite");
  const items = changes.objectStore(store);
  items.get(key).onsuccess = ({ target }) => items.put({ ...target.result, ...change }, key);
  await new Promise((resolve) => { changes.oncomplete = resolve; });
  database.close();
  if (pressed) { document.querySelector(pressed).click(); }
}"""
# Every place of this origin in which a word can lie: the page, Cache Storage, and all of the database, byte by byte.
WORDS_THAT_LIE_HERE = """async (words) => {
  const places = [];
  const look = (where, text) => words.filter((word) => text.includes(word))
    .forEach((word) => places.push(`${word} in ${where}`));
  look("the page", document.documentElement.outerHTML);
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) look(`${name} ${request.url}`, await (await cache.match(request)).text());
  }
  look("localStorage", JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }));
  const database = await new Promise((resolve) => {
    const request = indexedDB.open("tandem");
    request.onsuccess = () => resolve(request.result);
  });
  const told = (value) => {
    if (value instanceof CryptoKey) return value.extractable ? "AN EXTRACTABLE KEY" : "";
    if (value instanceof ArrayBuffer) value = new Uint8Array(value);
    if (ArrayBuffer.isView(value)) return new TextDecoder("latin1").decode(value) + new TextDecoder().decode(value);
    if (value && typeof value === "object") {
      return Object.entries(value).map(([key, part]) => key + told(part)).join(" ");
    }
    return String(value);
  };
  for (const name of database.objectStoreNames) {
    const store = database.transaction(name).objectStore(name);
    const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()].map((request) =>
      new Promise((resolve) => { request.onsuccess = () => resolve(request.result); })));
    keys.forEach((key, number) => look(`${name} ${key}`, String(key) + told(values[number])));
  }
  database.close();
  return places;
}"""
IS_GUARDED = "() => !!navigator.serviceWorker.controller"


class Phone:
    """A phone of a patient: a browser with a folder of its own, over a wire that can be cut."""

    def __init__(self, open_context: Callable[[], BrowserContext], wire: Proxy, person: Made, origin: str) -> None:
        self._open, self.wire, self.person, self.origin = open_context, wire, person, origin
        self.context = open_context()
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()

    def sign_in(self) -> None:
        self.page.goto("/sign-in")
        self.page.get_by_label("E-mail or sign-in name").fill(self.person.sign_in_name)
        self.page.get_by_label("Password").fill(self.person.password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda address: "/sign-in" not in address)
        self.wait_for_worker()

    def wait_for_worker(self) -> None:
        """Wait until the worker stands behind the page; a busy browser opens one past a worker that is late."""
        for turn in range(200):
            # A page that finds another person signed in loads itself again, perhaps in this very moment.
            with contextlib.suppress(Error):
                if self.page.evaluate(IS_GUARDED):
                    return
            self.page.wait_for_timeout(100)
            if turn % 50 == 49:
                self.page.reload()
        pytest.fail("no worker stands behind the page")

    def write_plan(self) -> None:
        self.page.goto("/safety/signs")
        self.page.get_by_label("In your own words").fill(f"I stop singing. {CANARY}")
        began = self.page.evaluate("() => Date.now()")
        self.page.get_by_role("button", name="Save").click()
        self.page.wait_for_url("**/safety?done=*")
        self.page.goto("/safety")
        self.wait_until_kept("/safety", since=began)

    def set_lock(self, pin: str = PIN, *, after: str = "After 1 minute without a tap") -> None:
        self.page.goto("/settings/lock")
        self.page.get_by_label("New PIN", exact=True).first.fill(pin)
        self.page.get_by_label("The same PIN again").first.fill(pin)
        self.page.get_by_label(after).first.check()
        self.page.get_by_role("button", name="Turn the lock on").click()
        expect(self.page.get_by_text("The lock is on.")).to_be_visible(timeout=30_000)
        self.wait_until_kept("/today")
        self.wait_until_kept("/settings/lock")

    def wait_until_kept(self, address: str, since: int = 0) -> None:
        for _ in range(100):
            if any(page["at"] >= since for page in [self.read("pages", address)] if page):
                return
            self.page.wait_for_timeout(100)
        pytest.fail(f"{address} was not kept")

    def wait_for_draft(self) -> None:
        for _ in range(100):
            if self.read("drafts"):
                return
            self.page.wait_for_timeout(100)
        pytest.fail("what was typed was not kept")

    def lock(self) -> None:
        self.page.goto("/settings/lock")
        self.page.get_by_role("button", name="Lock it now").click()
        expect(self.page.locator("#unlock-pin")).to_be_visible()

    def unlock(self, pin: str = PIN) -> None:
        self.page.locator("#unlock-pin").fill(pin)
        self.page.get_by_role("button", name="Unlock").click()

    def read(self, store: str, key: str | None = None) -> Any:
        return self.page.evaluate(READ, [store, key])

    def change(self, store: str, key: str, change: dict[str, Any]) -> None:
        self.page.evaluate(CHANGE, [store, key, change])

    def time_is_over(self, pressed: str = "") -> None:
        """Let the time of the key be over, and press something in that very moment: the page may notice by itself."""
        self.page.evaluate(CHANGE, ["keys", "reading", {"until": 1}, pressed])

    def words_here(self, *words: str) -> list[str]:
        found: list[str] = self.page.evaluate(WORDS_THAT_LIE_HERE, list(words))
        return found

    def is_killed(self) -> None:
        """End the browser as a phone does that needs the memory, and start it again."""
        kill_browser(self.profile)
        self.context.close()
        self.context = self._open()
        self.page = self.context.pages[0]

    profile = Path()


@pytest.fixture(scope="module")
def server(migrated: Path, tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[LiveServer]:
    """Serve one installation for all tests here; each has a patient of its own."""
    instance = tmp_path_factory.mktemp("locks")
    for file in migrated.glob("*.sqlite"):
        shutil.copy(file, instance)
    config = Config(
        instance=instance,
        base_url="http://localhost",
        database_url=f"sqlite:///{instance / 'tandem.sqlite'}",
        keys_database_url=f"sqlite:///{instance / 'keys.sqlite'}",
        master_key=make_master_key(),
        argon2=CHEAP,
    )
    with serving(config, instance / "server.log", nursery) as served:
        yield served


@pytest.fixture
def patient(server: LiveServer, request: pytest.FixtureRequest) -> Made:
    return make_patient(server.store, make_practice(server.store, request.node.name[:60]))


@contextmanager
def _phone(browser: Browser, server: LiveServer, person: Made, folder: Path | None = None) -> Iterator[Phone]:
    """Give a phone on which a patient is signed in and has a safety plan; with a folder, a browser of its own."""
    with Proxy(int(server.url.rpartition(":")[2])) as wire:
        options: dict[str, Any] = {"base_url": wire.url, "viewport": {"width": 360, "height": 780}}

        def open_context() -> BrowserContext:
            if folder:
                opened = browser.browser_type.launch_persistent_context(
                    folder, executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS), **options
                )
            else:
                opened = browser.new_context(**options)
            opened.set_default_timeout(15_000)
            return opened

        made = Phone(open_context, wire, person, wire.url)
        if folder:
            made.profile = folder
        made.sign_in()
        made.write_plan()
        yield made
        made.context.close()


@pytest.fixture
def phone(browser: Browser, server: LiveServer, patient: Made) -> Iterator[Phone]:
    """Return a phone of the patient: a part of the tests' one browser that shares nothing with the others."""
    with _phone(browser, server, patient) as made:
        yield made


@pytest.fixture
def lasting_phone(browser: Browser, server: LiveServer, patient: Made, tmp_path: Path) -> Iterator[Phone]:
    """Return one that can be killed, and whose files can be looked through."""
    with _phone(browser, server, patient, tmp_path / "profile") as made:
        yield made


def _is_asked(phone: Phone) -> None:
    expect(phone.page.locator("#unlock-pin")).to_be_visible()
    expect(phone.page.locator(".app-bar .help-now")).to_be_visible()
    expect(phone.page.locator("[data-quick-exit]")).to_be_visible()


def test_a_lock_is_set_closes_and_opens_again(phone: Phone) -> None:
    phone.set_lock()
    phone.page.goto("/safety")
    expect(phone.page.get_by_text(CANARY)).to_be_visible()
    phone.wait_until_kept("/safety")
    phone.lock()
    for address in ("/safety", "/today", "/check-in", "/settings/lock"):
        phone.page.goto(address)
        _is_asked(phone)
        assert phone.page.url.endswith(address)
    assert phone.words_here(CANARY, PIN, "AN EXTRACTABLE KEY") == []
    assert phone.read("keys", "reading") is None
    phone.page.goto("/safety")
    phone.unlock()
    expect(phone.page.get_by_text(CANARY)).to_be_visible()
    lock = phone.read("meta", "lock")
    assert lock["pin"]["rounds"] >= 600_000
    assert len(lock["pin"]["salt"]) >= 16


# In the worker: what it closes waits, and says for which place it is.
HOLDS_WHAT_IT_CLOSES = """() => {
  const encrypt = crypto.subtle.encrypt.bind(crypto.subtle);
  globalThis.held = [];
  const goes = new Promise((done) => { globalThis.letGo = done; });
  crypto.subtle.encrypt = async (how, ...rest) => {
    held.push(new TextDecoder().decode(how.additionalData));
    await goes;
    return encrypt(how, ...rest);
  };
}"""


def test_a_page_that_is_on_its_way_while_a_lock_is_set_is_not_kept_under_the_key_from_before(phone: Phone) -> None:
    address = "/history?period=7"  # Not one that the worker fetches by itself.
    worker = phone.context.service_workers[0]
    worker.evaluate(HOLDS_WHAT_IT_CLOSES)
    phone.page.goto(address)
    for _ in range(100):
        if f"page {address}" in worker.evaluate("() => held"):
            break
        phone.page.wait_for_timeout(100)
    phone.page.goto("/settings/lock")
    phone.page.get_by_label("New PIN", exact=True).first.fill(PIN)
    phone.page.get_by_label("The same PIN again").first.fill(PIN)
    phone.page.get_by_role("button", name="Turn the lock on").click()
    expect(phone.page.get_by_text("The lock is on.")).to_be_visible(timeout=30_000)
    assert f"page {address}" in worker.evaluate("() => { letGo(); return held; }")
    phone.wait_until_kept("/today")
    assert phone.read("pages", address) is None
    phone.page.goto(address)
    phone.wait_until_kept(address)


def test_without_a_network_it_is_the_same(phone: Phone) -> None:
    phone.set_lock()
    phone.page.goto("/safety")
    phone.wait_until_kept("/safety")
    phone.wire.become(Wire.REFUSES)
    phone.lock()
    phone.page.goto("/safety")
    _is_asked(phone)
    phone.unlock()
    expect(phone.page.get_by_text(CANARY)).to_be_visible()


def test_its_time_is_over_in_an_open_page_and_in_a_browser_that_was_killed(lasting_phone: Phone) -> None:
    phone = lasting_phone
    phone.set_lock()
    phone.page.goto("/safety")
    expect(phone.page.get_by_text(CANARY)).to_be_visible()
    phone.wait_until_kept("/safety")
    phone.time_is_over()
    phone.page.wait_for_timeout(5_100)  # Touches are written at most as often as that.
    phone.page.keyboard.press("ArrowDown")
    phone.page.wait_for_url(re.compile("/locked#"))
    _is_asked(phone)
    assert phone.words_here(CANARY) == []
    phone.unlock()
    phone.page.wait_for_url("**/safety")
    expect(phone.page.get_by_text(CANARY)).to_be_visible()
    phone.time_is_over()
    phone.is_killed()
    phone.page.goto("/safety")
    _is_asked(phone)
    assert phone.words_here(CANARY) == []
    assert phone.read("keys", "reading") is None


def test_a_clock_that_is_set_back_keeps_nothing_open(phone: Phone) -> None:
    phone.set_lock()
    phone.change("keys", "reading", {"until": 9_999_999_999_999})
    phone.page.goto("/today")
    _is_asked(phone)


def test_a_page_is_covered_while_it_is_hidden(phone: Phone) -> None:
    phone.set_lock(after="After 5 minutes without a tap")
    phone.page.goto("/safety")
    words = phone.page.get_by_text(CANARY)
    expect(words).to_be_visible()
    phone.page.wait_for_timeout(500)
    say = """(state) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
        document.dispatchEvent(new Event("visibilitychange"));
        return document.documentElement.classList.contains("covered");
    }"""
    assert phone.page.evaluate(say, "hidden") is True
    expect(words).to_be_hidden()
    expect(phone.page.locator(".app-bar .help-now")).to_be_visible()
    expect(phone.page.locator("[data-quick-exit]")).to_be_visible()
    phone.page.evaluate(say, "visible")
    expect(words).to_be_visible()
    # While it was away its time ended: it does not come back.
    phone.page.evaluate(say, "hidden")
    phone.time_is_over()
    phone.page.evaluate(say, "visible")
    phone.page.wait_for_url(re.compile("/locked#"))
    _is_asked(phone)


def test_at_once_locks_when_the_app_is_left_and_not_on_the_way_to_the_next_page(phone: Phone) -> None:
    phone.set_lock(after="At once when I leave the app")
    phone.page.goto("/safety")
    phone.page.wait_for_timeout(500)
    phone.page.get_by_role("link", name="Today").first.click()
    phone.page.wait_for_url("**/today")
    expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
    phone.page.wait_for_timeout(1000)
    assert phone.page.url.endswith("/today")
    phone.page.evaluate(
        """() => {
          Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    phone.page.wait_for_url(re.compile("/locked#"))
    _is_asked(phone)


def test_words_that_were_being_typed_are_there_after_unlocking(phone: Phone) -> None:
    phone.set_lock()
    phone.page.goto("/safety/signs")
    phone.page.get_by_label("In your own words").fill("Not sent yet: a heron")
    phone.wait_for_draft()
    phone.lock()
    assert phone.words_here("heron") == []
    phone.page.goto("/safety/signs")
    phone.unlock()
    expect(phone.page.get_by_label("In your own words")).to_have_value("Not sent yet: a heron")


def test_what_is_sent_while_it_is_locked_is_not_lost(phone: Phone) -> None:
    phone.set_lock()
    phone.page.goto("/safety/signs")
    phone.page.get_by_label("In your own words").fill("A heron stood there")
    phone.wait_for_draft()
    phone.time_is_over()  # And the page did not notice yet.
    phone.page.get_by_role("button", name="Save").dispatch_event("click")
    # It goes out sealed, for which no key of this phone is needed; what came of it is read after unlocking.
    expect(phone.page.locator("#unlock-pin")).to_be_visible()
    assert phone.words_here("heron") == []
    phone.unlock()
    expect(phone.page.locator("main")).to_contain_text("A heron stood there")


def test_what_could_not_be_sent_while_it_is_locked_is_said_and_stays_in_its_form(phone: Phone) -> None:
    phone.set_lock()
    phone.page.goto("/settings/about-me")
    phone.page.get_by_label("What would you like to be called?").fill("Heron")
    phone.time_is_over(pressed=".save-bar .button.primary")
    expect(phone.page.locator("#unlock-pin")).to_be_visible()
    expect(phone.page.get_by_text("what you wrote was not sent")).to_be_visible()
    phone.unlock()
    expect(phone.page.get_by_label("What would you like to be called?")).to_have_value("Heron")


@pytest.mark.parametrize("wire", [Wire.WHOLE, Wire.REFUSES])
def test_ten_wrong_tries_take_what_can_be_read_and_never_what_waits(phone: Phone, wire: Wire) -> None:
    phone.set_lock()
    phone.wait_until_kept("/check-in")
    phone.wire.become(Wire.REFUSES)
    phone.page.goto("/check-in")
    phone.page.locator("[name=mood][value='3']").check(force=True)
    phone.page.get_by_role("button", name="Save", exact=True).click()
    expect(phone.page.get_by_text("Saved on this phone")).to_be_visible()
    (waiting,) = phone.read("outbox")
    assert waiting["own"] is not None
    phone.lock()
    for number in range(1, 11):
        phone.unlock(OTHER_PIN)
        if number < 10:
            expect(phone.page.get_by_text(f"Tries left: {10 - number}")).to_be_visible(timeout=30_000)
            if number == 5:  # From here on each try has to wait; the wait is on the disk.
                phone.unlock(PIN)
                expect(phone.page.get_by_text("Too many tries.")).to_be_visible()
                assert phone.read("meta", "lock")["tries"] == 5
            phone.change("meta", "lock", {"next": 0})
        if number == 9:
            phone.wire.become(wire)
    expect(phone.page.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=30_000)
    assert phone.read("meta", "lock") is None
    assert phone.read("keys") == []
    assert phone.read("pages") == []
    left = phone.read("outbox")
    # Over a whole wire the browser may have sent it before the session ended.
    assert [one["letter"] for one in left] in ([waiting["letter"]], *([[]] if wire is Wire.WHOLE else []))
    assert all(one["own"] is None for one in left)
    phone.wire.become(Wire.WHOLE)
    phone.page.goto("/today")
    expect(phone.page).to_have_url(re.compile("/sign-in"))


def test_a_try_counts_before_it_is_looked_at(phone: Phone) -> None:
    phone.set_lock()
    phone.lock()
    phone.page.evaluate("() => { crypto.subtle.deriveKey = () => new Promise(() => {}); }")
    phone.unlock(OTHER_PIN)
    for _ in range(50):
        if phone.read("meta", "lock")["tries"] == 1:
            break
        phone.page.wait_for_timeout(100)
    assert phone.read("meta", "lock")["tries"] == 1
    phone.change("meta", "lock", {"tries": 10})
    phone.page.reload()
    expect(phone.page.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=30_000)


def test_the_right_pin_ends_the_count(phone: Phone) -> None:
    phone.set_lock()
    phone.lock()
    phone.unlock(OTHER_PIN)
    expect(phone.page.get_by_text("Tries left: 9")).to_be_visible()
    phone.unlock(" 2749 51 ")  # As it may be pasted.
    expect(phone.page.get_by_text("This app has a lock on this phone.")).to_be_visible()
    assert phone.read("meta", "lock")["tries"] == 0


def test_leaving_quickly_locks(phone: Phone) -> None:
    phone.set_lock()
    phone.page.route("https://www.weather.gov/**", lambda route: route.fulfill(body="<title>Weather</title>"))
    phone.page.goto("/safety")
    phone.page.wait_for_timeout(500)
    phone.page.locator("[data-quick-exit]").click()
    phone.page.wait_for_url("https://www.weather.gov/")
    phone.page.goto("/safety")
    _is_asked(phone)
    assert phone.words_here(CANARY) == []


def test_help_opens_while_it_is_locked_and_the_plan_only_if_that_was_chosen(phone: Phone) -> None:
    phone.set_lock()
    phone.wait_until_kept("/safety")
    phone.lock()
    phone.page.locator(".app-bar .help-now").click()
    phone.page.wait_for_url("**/help")
    expect(phone.page.locator("main a[href='tel:988']").first).to_be_visible()
    expect(phone.page.get_by_role("link", name="My safety plan")).to_be_hidden()
    phone.page.goto("/settings/lock")
    phone.unlock()
    phone.page.get_by_label("Open my safety plan without a PIN").check()
    expect(phone.page.get_by_text("Your plan now opens without a PIN")).to_be_visible()
    phone.lock()
    phone.wire.become(Wire.REFUSES)
    phone.page.goto("/help")
    phone.page.get_by_role("link", name="My safety plan").click()
    expect(phone.page.get_by_text(CANARY)).to_be_visible()
    assert phone.page.locator("body").get_attribute("data-person") is None
    expect(phone.page.get_by_text("You chose that your plan opens here without a PIN.")).to_be_visible()
    phone.page.goto("/today")
    _is_asked(phone)
    # Signed out, too.
    phone.wire.become(Wire.WHOLE)
    phone.page.get_by_text("Did you forget your PIN?").click()
    phone.page.get_by_role("button", name="Sign out").click()
    phone.page.wait_for_url(lambda address: "/today" not in address)
    phone.page.goto("/safety")
    expect(phone.page.get_by_text(CANARY)).to_be_visible()
    assert phone.read("meta", "lock") is None
    # The lock is gone; the same person's choice is not. Taken back, nothing is left of it.
    phone.sign_in()
    phone.page.goto("/settings/phone")
    expect(phone.page.get_by_text("Your safety plan, which opens here without a PIN")).to_be_visible()
    phone.page.goto("/settings/lock")
    expect(phone.page.get_by_label("Open my safety plan without a PIN")).to_be_checked()
    phone.page.get_by_label("Open my safety plan without a PIN").uncheck()
    expect(phone.page.get_by_text("Your plan now opens only for you.")).to_be_visible()
    assert phone.read("meta", "plan") is None
    assert phone.read("keys", "plan") is None


def test_another_person_who_signs_in_finds_neither_lock_nor_plan(phone: Phone, server: LiveServer) -> None:
    phone.set_lock()
    phone.wait_until_kept("/safety")
    phone.page.get_by_label("Open my safety plan without a PIN").check()
    expect(phone.page.get_by_text("Your plan now opens without a PIN")).to_be_visible()
    phone.lock()
    phone.context.clear_cookies()  # The session is over, and nobody signed out here.
    phone.person = make_patient(server.store, make_practice(server.store, "Second Practice"))
    phone.sign_in()
    expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
    phone.page.goto("/help")
    phone.page.goto("/today")
    expect(phone.page.locator("#unlock-pin")).to_be_hidden()
    assert phone.read("meta", "lock") is None
    assert phone.read("meta", "plan") is None
    assert phone.words_here(CANARY) == []


# Where Chromium writes what a page stores; cookies lie elsewhere.
STORED_IN = ("IndexedDB", "Local Storage", "Session Storage", "Service Worker", "File System", "WebStorage")


def test_no_credential_lies_in_what_the_phone_stores(lasting_phone: Phone) -> None:
    """Nor does one while entries and words wait, while it is locked, and after its time: only the cookie signs in."""
    phone = lasting_phone
    long_pin = PIN + OTHER_PIN  # So long that it stands nowhere by chance.
    page = phone.page
    phone.set_lock(long_pin)
    page.goto("/safety/signs")
    page.get_by_label("In your own words").fill("Not sent yet: a heron")
    phone.wait_for_draft()
    phone.wire.become(Wire.REFUSES)
    page.goto("/check-in")
    page.locator("[name=mood][value='3']").check(force=True)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved on this phone")).to_be_visible()
    phone.wire.become(Wire.WHOLE)
    secrets = [phone.person.password, long_pin]
    secrets += [str(cookie["value"]) for cookie in phone.context.cookies(phone.origin) if len(cookie["value"]) > 20]
    assert len(secrets) > 2  # The session is among them.
    assert phone.words_here(*secrets) == []
    phone.lock()
    assert phone.words_here(*secrets) == []
    phone.unlock(long_pin)
    expect(page.get_by_text("This app has a lock on this phone.")).to_be_visible()
    # And of a password that is typed where words are kept, none is.
    page.goto("/settings/password")
    page.locator("input[type=password]").first.fill(phone.person.password)
    page.wait_for_timeout(1_000)
    page.goto("/settings/phone")
    assert phone.words_here(*secrets, "AN EXTRACTABLE KEY") == []
    phone.context.close()
    files = [file for name in STORED_IN for file in (phone.profile / "Default" / name).rglob("*") if file.is_file()]
    found = [f"{file}" for file in files for secret in secrets if secret.encode() in file.read_bytes()]
    assert any("IndexedDB" in str(file) for file in files)
    assert found == []


def test_a_finger_or_a_face_opens_it(phone: Phone) -> None:
    protocol = phone.context.new_cdp_session(phone.page)
    protocol.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": True,
    }
    finger = protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    phone.set_lock()
    phone.page.locator("summary", has_text="Use finger or face").click()
    phone.page.locator("#body-pin").fill(PIN)
    phone.page.get_by_role("button", name="Go on").click()
    expect(phone.page.get_by_text("Your finger or face unlocks this app.")).to_be_visible(timeout=30_000)
    phone.lock()
    phone.page.goto("/safety")
    phone.page.get_by_role("button", name="Use finger or face").click()
    expect(phone.page.get_by_text(CANARY)).to_be_visible(timeout=30_000)
    # A stranger's finger does not open it, is no try at the PIN, and the PIN still does.
    phone.lock()
    phone.page.goto("/safety")
    protocol.send("WebAuthn.setUserVerified", {"authenticatorId": finger, "isUserVerified": False})
    phone.page.get_by_role("button", name="Use finger or face").click()
    expect(phone.page.get_by_text("That did not work. Try again, or type your PIN.")).to_be_visible(timeout=70_000)
    assert phone.read("meta", "lock")["tries"] == 0
    phone.unlock()
    expect(phone.page.get_by_text(CANARY)).to_be_visible()
    phone.page.goto("/settings/lock")
    phone.page.get_by_role("button", name="Stop using finger or face").click()
    expect(phone.page.get_by_text("Your finger or face unlocks this app.")).to_be_hidden()
    assert "body" not in {key for key, value in phone.read("meta", "lock").items() if value}


def test_a_phone_that_gives_no_secret_is_told_so(phone: Phone) -> None:
    protocol = phone.context.new_cdp_session(phone.page)
    protocol.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    phone.set_lock()
    phone.page.locator("summary", has_text="Use finger or face").click()
    phone.page.locator("#body-pin").fill(PIN)
    phone.page.get_by_role("button", name="Go on").click()
    expect(phone.page.get_by_text("Your phone cannot do this for a web page.")).to_be_visible(timeout=30_000)
    assert not phone.read("meta", "lock").get("body")


def test_a_pin_is_changed_and_the_lock_turned_off(phone: Phone) -> None:
    page = phone.page
    phone.set_lock()
    page.locator("summary", has_text="Change the PIN").click()
    page.locator("#old-pin").fill(PIN)
    page.locator("#changed-pin").fill("1234")
    page.locator("#changed-pin-again").fill("1234")
    button = page.get_by_role("button", name="Change the PIN")
    button.click()
    expect(page.get_by_text("That one is easy to guess.").last).to_be_visible()
    expect(page.locator("#changed-pin")).to_be_focused()
    page.locator("#changed-pin").fill(OTHER_PIN)
    page.locator("#changed-pin-again").fill(PIN)
    button.click()
    expect(page.get_by_text("The two are not the same.").last).to_be_visible()
    page.locator("#changed-pin-again").fill(OTHER_PIN)
    button.click()
    expect(page.get_by_text("Your PIN is changed.")).to_be_visible(timeout=30_000)
    phone.lock()
    phone.unlock(PIN)
    expect(page.get_by_text("Tries left: 9")).to_be_visible()
    phone.unlock(OTHER_PIN)
    page.locator("summary", has_text="Turn the lock off").click()
    page.locator("#off-pin").fill(OTHER_PIN)
    page.get_by_role("button", name="Turn the lock off").click()
    expect(page.get_by_text("The lock is off.")).to_be_visible()
    assert phone.read("meta", "lock") is None
    phone.wire.become(Wire.REFUSES)
    page.goto("/safety")
    expect(page.get_by_text(CANARY)).to_be_visible()


def test_without_scripts_there_is_no_lock_and_the_page_says_so(
    browser: Browser, server: LiveServer, patient: Made
) -> None:
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail or sign-in name").fill(patient.sign_in_name)
    page.get_by_label("Password").fill(patient.password)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/settings/lock")
    # This way of turning scripts off leaves the parser its <noscript> as plain text.
    assert "Without scripts there is no lock" in (page.locator("noscript").text_content() or "")
    expect(page.locator("input[type=password]").first).to_be_hidden()
    page.goto("/locked")
    assert "This page needs scripts." in (page.locator("noscript").text_content() or "")
    expect(page.locator(".app-bar .help-now")).to_be_visible()
    context.close()


RUN_AXE = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`));
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _problems(page: Page) -> list[str]:
    found = []
    if page.evaluate("() => !('axe' in globalThis)"):
        page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found += [f"{scheme}: {one}" for one in page.evaluate(RUN_AXE, TAGS)]
    if page.evaluate(TOO_WIDE) > 0:
        found.append("wider than the screen")
    return found


def test_the_pages_are_for_everybody(phone: Phone) -> None:
    watched = Watched(phone.origin)
    watched.watch(phone.page)
    page = phone.page
    page.set_viewport_size(SMALL)
    page.goto("/settings/lock")
    expect(page.get_by_role("button", name="Turn the lock on")).to_be_visible()
    page.keyboard.press("Tab")
    page.locator("#new-pin").focus()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Use 4 digits or more.").first).to_be_visible()
    assert _problems(page) == []
    phone.set_lock()
    for sheet in page.locator("summary:visible").all():
        sheet.click()
    assert _problems(page) == []
    phone.lock()
    expect(page.locator("#unlock-pin")).to_be_focused()
    page.keyboard.type(OTHER_PIN)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tries left: 9")).to_be_visible()
    expect(page.locator("#unlock-pin")).to_be_focused()
    page.locator("summary:visible").click()
    assert _problems(page) == []
    page.locator("#unlock-pin").focus()
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    expect(page.get_by_text("This app has a lock on this phone.")).to_be_visible()
    assert watched.problems == []
