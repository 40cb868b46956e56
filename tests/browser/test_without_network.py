"""In real Chromium, the network cut for real: what a person wrote is not lost, not doubled, and reaches nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, Worker, expect
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import func, select, update

from patient_app.accounts.models import DeviceSession
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.core import clock
from patient_app.core.clock import moment
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.safety import plan as plans
from patient_app.safety.models import Step
from tests.browser.phones import KEPT, REFRESH, Phone
from tests.browser.wire import Wire
from tests.conftest import LiveServer
from tests.factories import Made, MadePractice, make_check_in, make_patient, make_practice, make_supporter

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
CANARY = "the grey heron stood very still"
GetPhone = Callable[..., Phone]


@pytest.fixture
def practice(live_server: LiveServer) -> MadePractice:
    return make_practice(live_server.store)


@pytest.fixture
def patient(live_server: LiveServer, practice: MadePractice) -> Made:
    return make_patient(live_server.store, practice)


@pytest.fixture
def get_phone(browser: Browser, live_server: LiveServer, tmp_path: Path) -> Iterator[GetPhone]:
    """Return a function that gives a new phone; one that can be killed, where that is asked for."""
    phones: list[Phone] = []

    def get(*, killed: bool = False) -> Phone:
        phones.append(Phone(browser, live_server, tmp_path / f"phone-{len(phones)}" if killed else None))
        return phones[-1]

    yield get
    for phone in phones:
        phone.throw_away()


def stored(store: Store, person: Made) -> list[tuple[int | None, str]]:
    """Return mood and note of every check-in of a person, oldest first, as it is shown."""
    query = (
        select(CheckInVersion)
        .join(CheckIn, (CheckIn.id == CheckInVersion.check_in_id) & (CheckIn.newest_version == CheckInVersion.version))
        .where(CheckIn.patient_id == person.id)
        .order_by(CheckIn.occurred_at, CheckIn.recorded_seq)
    )
    with store.work(writes=False):
        return [(row.mood, row.note or "") for row in db().scalars(query)]


def number_of_entries(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(CheckIn)) or 0


def end_sessions(store: Store) -> None:
    with store.work(writes=True):
        db().execute(update(DeviceSession).values(ended_at=clock.now()))


def test_pages_open_without_network_as_they_were_and_say_so(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.cut()
    for address in KEPT:
        phone.page.goto(address)
        expect(phone.line("No network now")).to_be_visible()
        expect(phone.page.locator("h1")).not_to_have_text("No network right now")
        expect(phone.page.get_by_role("link", name="Help now").last).to_be_visible()
    phone.page.goto("/sharing")
    expect(phone.page.locator("h1")).to_have_text("No network right now")


def test_what_waits_arrives_from_a_browser_of_before_2022_too(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone()
    # It cannot end a request by itself after a while, and does not wake the worker when there is a network.
    phone.context.add_init_script("delete AbortSignal.timeout; delete ServiceWorkerRegistration.prototype.sync;")
    phone.sign_in(patient)
    phone.cut()
    phone.check_in_without_network("In between", CANARY)
    assert phone.page.evaluate("!AbortSignal.timeout && !('sync' in ServiceWorkerRegistration.prototype)")
    phone.mend()
    phone.page.goto("/today")
    phone.wait_for("outbox", 0)
    assert stored(live_server.store, patient) == [(3, CANARY)]


def test_five_check_ins_without_network_outlive_the_browser_and_arrive_once(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone(killed=True)
    phone.sign_in(patient)
    phone.write_cookies()
    phone.cut()
    for number in range(5):
        phone.check_in_without_network("In between", f"entry {number}")
    phone.page.goto("/waiting")
    rows = phone.page.locator("#waiting-list > li")
    expect(rows).to_have_count(5)
    rows.nth(2).get_by_role("link", name="Change").click()
    expect(phone.page.get_by_label("A note, if you like")).to_have_value("entry 2")
    phone.page.get_by_label("A note, if you like").fill("entry 2, changed")
    phone.page.get_by_role("button", name="Save").click()
    expect(phone.page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    phone.kill()

    phone.start()
    phone.page.goto("/today")
    expect(phone.line(re.compile("5 entries wait on this phone"))).to_be_visible()
    phone.page.goto("/waiting")
    expect(phone.page.locator("#waiting-list > li")).to_have_count(5)
    assert number_of_entries(live_server.store) == 0

    phone.mend()
    phone.page.goto("/today")
    phone.wait_for("outbox", 0)
    expected = [(3, f"entry {number}{', changed' if number == 2 else ''}") for number in range(5)]
    assert stored(live_server.store, patient) == expected
    phone.page.reload()
    assert phone.stores("outbox")["outbox"] == []
    assert number_of_entries(live_server.store) == 5


def test_a_network_that_hangs_is_like_none_after_a_bounded_wait(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/check-in")
    phone.cut(Wire.HANGS)
    phone.page.goto("/check-in")
    expect(phone.line("No network now")).to_be_visible()
    phone.page.locator('.faces label:has(input[value="4"])').click()
    phone.page.get_by_role("button", name="Save").click()
    expect(phone.page.get_by_role("heading", name="Saved on this phone")).to_be_visible(timeout=20_000)
    phone.mend()
    phone.page.goto("/today")
    phone.wait_for("outbox", 0)
    assert len(stored(live_server.store, patient)) == 1


def test_an_answer_that_is_cut_off_after_the_commit_stores_once(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/check-in")
    phone.page.locator('.faces label:has(input[value="4"])').click()
    phone.cut(Wire.CUT_BEFORE_ANSWER)
    phone.page.get_by_role("button", name="Save").click()
    expect(phone.page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    assert number_of_entries(live_server.store) == 1
    phone.mend()
    phone.page.goto("/today")
    phone.wait_for("outbox", 0)
    assert number_of_entries(live_server.store) == 1


def test_two_tabs_send_what_waits_once(get_phone: GetPhone, patient: Made, live_server: LiveServer) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.cut()
    for number in range(3):
        phone.check_in_without_network("In between", f"entry {number}")
    other = phone.context.new_page()
    other.goto("/today")
    phone.mend()
    for page in (phone.page, other):
        page.evaluate("dispatchEvent(new Event('online'))")
    phone.wait_for("outbox", 0)
    assert [note for _, note in stored(live_server.store, patient)] == ["entry 0", "entry 1", "entry 2"]


# Puts pages into the phone's store beside those that are there, so many days old.
_KEEP_MORE = """async ([number, days]) => {
  const opened = await new Promise((resolve) => {
    const request = indexedDB.open("tandem");
    request.onsuccess = () => resolve(request.result);
  });
  const changes = opened.transaction(["pages", "meta"], "readwrite");
  const [pages, meta] = [changes.objectStore("pages"), changes.objectStore("meta")];
  meta.get("owner").onsuccess = ({ target: { result: { tag } } }) => {
    const at = Date.now() - days * 24 * 60 * 60 * 1000;
    for (let one = 0; one < number; one += 1) {
      const address = `/history?day=${days}-${one}`;
      pages.put({ address, tag, release: "", at: at + one, box: new Uint8Array(20000) }, address);
    }
  };
  await new Promise((resolve) => { changes.oncomplete = resolve; });
  opened.close();
}"""
_COUNT_READS = """() => {
  const all = IDBObjectStore.prototype.getAll;
  self.reads = 0;
  IDBObjectStore.prototype.getAll = function (...asked) {
    if (this.name === "pages") self.reads += 1;
    return all.apply(this, asked);
  };
}"""
_OF_DAYS = "/history?period="


_KEPT_AT = """(address) => new Promise((done) => {
  indexedDB.open("tandem").onsuccess = ({ target: { result: database } }) => {
    database.transaction(["pages"]).objectStore("pages").get(address).onsuccess = ({ target: { result } }) => {
      database.close();
      done(result?.at ?? 0);
    };
  };
})"""


def _is_refreshed(phone: Phone) -> bool:
    """Whether the worker is done with what it fetches after a sign-in."""
    return any(isinstance(one, dict) and "release" in one for one in phone.stores("meta")["meta"])


def _worker_at_rest(phone: Phone, patient: Made, script: str) -> Worker:
    """Sign in, wait until the worker is done with its round (at its end it looks at all pages), and run this in it."""
    phone.sign_in(patient)
    phone.until(lambda: _is_refreshed(phone))
    (worker,) = phone.context.service_workers
    worker.evaluate(script)
    return worker


# In the worker: what it fetches by itself is written down, and from the sixth on waits until it may go.
_FETCHES_FIVE = """() => {
  const real = self.fetch.bind(self);
  const goes = new Promise((done) => { self.letGo = done; });
  self.asked = [];
  self.fetch = async (what, ...rest) => {
    if (what instanceof URL && asked.push(what.pathname + what.search) > 5) await goes;
    return real(what, ...rest);
  };
}"""
_COUNT_GREETINGS = """() => {
  self.greeted = 0;
  addEventListener("message", ({ data }) => { self.greeted += data.type === "hello" && data.keeps ? 1 : 0; });
}"""
_FORGET_WHEN = """() => new Promise((done) => {
  indexedDB.open("tandem").onsuccess = ({ target: { result: database } }) => {
    const changes = database.transaction(["meta"], "readwrite");
    changes.objectStore("meta").delete("refreshed");
    changes.oncomplete = () => done(database.close());
  };
})"""


def test_the_pages_are_fetched_in_one_round_however_often_that_is_asked_for(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    worker = _worker_at_rest(phone, patient, _FETCHES_FIVE)
    phone.page.evaluate(_FORGET_WHEN)
    for _ in range(3):  # As pages that open one after the other do.
        phone.page.evaluate(REFRESH, False)
    phone.until(lambda: len(worker.evaluate("self.asked")) > 5)
    worker.evaluate("self.letGo()")
    phone.until(lambda: _is_refreshed(phone))
    asked = worker.evaluate("self.asked")
    assert len(asked) == len(set(asked))
    phone.page.evaluate(_FORGET_WHEN)
    for _ in range(3):  # As entries that arrive one after the other do; the second round has what the first has not.
        phone.page.evaluate(REFRESH, True)
    phone.until(lambda: all(worker.evaluate("self.asked").count(one) == 3 for one in KEPT))


def test_a_round_in_which_another_person_signs_in_begins_anew_for_them(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone()
    worker = _worker_at_rest(phone, patient, _FETCHES_FIVE)
    phone.page.evaluate(REFRESH, True)
    phone.until(lambda: len(worker.evaluate("self.asked")) > 5)
    other = make_patient(live_server.store, make_practice(live_server.store))
    page = phone.page
    page.goto("/more")
    page.get_by_role("button", name="Sign out", exact=True).last.click()
    expect(page).to_have_url(re.compile("/sign-in"))
    worker.evaluate(_COUNT_GREETINGS)
    page.get_by_label("E-mail or sign-in name").fill(other.sign_in_name)
    page.get_by_label("Password").fill(other.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    phone.until(lambda: worker.evaluate("self.greeted") > 0)  # So it has asked for a round; no other page opens.
    worker.evaluate("self.letGo()")
    phone.until(lambda: _is_refreshed(phone))
    assert set(KEPT) <= set(phone.kept_addresses())


# In the worker: all pages are let go of at the end of a round, after its last fetch.
_CLEARS_AT_THE_END = """() => {
  const all = IDBObjectStore.prototype.getAll;
  IDBObjectStore.prototype.getAll = function (...asked) {
    if (this.name === "pages" && !self.isCleared) {
      self.isCleared = true;
      const changes = this.transaction.db.transaction(["meta", "pages"], "readwrite");
      const [meta, pages] = ["meta", "pages"].map((name) => changes.objectStore(name));
      pages.clear();
      meta.delete("refreshed");
      meta.get("cleared").onsuccess = ({ target }) => meta.put(target.result + 1, "cleared");
    }
    return all.apply(this, asked);
  };
}"""


def test_pages_that_are_let_go_of_at_the_end_of_a_round_are_fetched_again(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    worker = _worker_at_rest(phone, patient, _CLEARS_AT_THE_END)
    phone.page.evaluate(_FORGET_WHEN)
    phone.page.evaluate(REFRESH, False)
    phone.until(lambda: worker.evaluate("self.isCleared === true") and _is_refreshed(phone))
    assert set(KEPT) <= set(phone.kept_addresses())


_ENDS_WHEN_TOLD = """() => {
  const endings = [];
  AbortSignal.timeout = () => {
    endings.push(new AbortController());
    return endings.at(-1).signal;
  };
  self.endNow = () => endings.forEach((one) => one.abort());
}"""


def test_a_round_that_hangs_on_a_network_ends_and_another_one_can_begin(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    worker = _worker_at_rest(phone, patient, _ENDS_WHEN_TOLD)
    phone.page.evaluate(_FORGET_WHEN)
    phone.wire.hold_answers()
    phone.page.evaluate(REFRESH, False)
    phone.until(lambda: phone.wire.held > 0)
    phone.wire.wire = Wire.WHOLE  # But what was held back stays so.
    worker.evaluate("self.endNow()")

    def is_there() -> bool:
        phone.page.evaluate(REFRESH, False)
        return _is_refreshed(phone)

    phone.until(is_there)


def test_a_page_is_kept_without_reading_all_that_are_and_of_too_many_the_newest_stay(
    get_phone: GetPhone, patient: Made
) -> None:
    phone = get_phone()
    worker = _worker_at_rest(phone, patient, _COUNT_READS)

    def open_page(days: int) -> None:
        began = phone.page.evaluate("() => Date.now()")
        phone.page.goto(f"{_OF_DAYS}{days}")
        phone.until(lambda: phone.page.evaluate(_KEPT_AT, f"{_OF_DAYS}{days}") >= began)

    for days in (7, 30, 90):
        open_page(days)
    assert worker.evaluate("self.reads") == 0
    phone.page.evaluate(_KEEP_MORE, [200, 1])
    open_page(365)
    phone.until(lambda: len(phone.kept_addresses()) == 90)
    reads = worker.evaluate("self.reads")
    kept = phone.kept_addresses()
    assert {f"{_OF_DAYS}{days}" for days in (7, 30, 90, 365)} < set(kept)
    assert "/history?day=1-199" in kept
    assert "/history?day=1-0" not in kept
    open_page(7)
    assert worker.evaluate("self.reads") == reads


def test_a_page_that_is_a_month_old_is_let_go_of_when_the_pages_are_fetched_anew(
    get_phone: GetPhone, patient: Made
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.evaluate(_KEEP_MORE, [2, 31])
    phone.page.evaluate(_KEEP_MORE, [1, 29])

    def is_gone() -> bool:
        # Asked for again: one that is under way already, since the sign-in, may have looked before they were there.
        phone.page.evaluate(REFRESH, True)
        return not any("day=31-" in one for one in phone.kept_addresses())

    phone.until(is_gone)
    assert "/history?day=29-0" in phone.kept_addresses()


@pytest.mark.parametrize("has_locks", [True, False])
def test_what_a_form_is_sending_is_sent_by_nobody_else(
    get_phone: GetPhone, patient: Made, live_server: LiveServer, has_locks: bool
) -> None:
    phone, held = get_phone(), list[Route]()
    if not has_locks:  # A browser of before March 2022.
        phone.context.add_init_script("delete Navigator.prototype.locks;")
    phone.sign_in(patient)
    other = phone.context.new_page()
    other.goto("/today")

    def hold(route: Route) -> None:
        held.append(route)

    phone.context.route("**/outbox", hold)
    phone.check_in("In between", CANARY)
    phone.until(lambda: len(held) == 1)
    for page in (phone.page, other) if has_locks else (phone.page,):
        page.evaluate("dispatchEvent(new Event('online'))")
    phone.page.wait_for_timeout(1500)
    assert len(held) == 1
    for page in (phone.page, other):  # Nor is it said to wait: the form tells what comes of it.
        expect(page.locator("#phone-lines p", has_text="wait on this phone")).to_be_hidden()
        expect(page.locator("#phone-lines p", has_text="waits on this phone")).to_be_hidden()
    held[0].continue_()
    phone.page.wait_for_url("**/check-in/*?done=saved")
    phone.wait_for("outbox", 0)
    assert stored(live_server.store, patient) == [(3, CANARY)]
    assert len(held) == 1


def test_a_form_waits_while_what_it_changes_is_sent(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone, asked = get_phone(), list[Route]()
    phone.sign_in(patient)
    phone.cut()
    phone.check_in_without_network("In between", "as it was")
    phone.page.goto("/waiting")
    phone.page.get_by_role("link", name="Change").click()
    note = phone.page.get_by_label("A note, if you like")
    expect(note).to_have_value("as it was")

    def answer(route: Route) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    phone.context.route("**/outbox", answer)
    phone.mend()
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.until(lambda: len(asked) == 1)
    note.fill("as it is now")
    phone.page.get_by_role("button", name="Save").click()
    phone.page.wait_for_timeout(1000)
    assert len(asked) == 1
    asked[0].continue_()
    phone.page.wait_for_url(re.compile(r"/check-in/.*done=saved"))
    phone.wait_for("outbox", 0)
    assert stored(live_server.store, patient) == [(3, "as it is now")]


def back_online(phone: Phone) -> None:
    """Give the network back, and let the browser say so to its pages."""
    phone.mend()
    phone.context.set_offline(False)


def go_offline(phone: Phone) -> None:
    phone.cut()
    phone.context.set_offline(True)


@pytest.mark.parametrize("is_kept", [True, False])
def test_an_open_page_says_what_is_true_once_there_is_a_network_again(
    get_phone: GetPhone, patient: Made, live_server: LiveServer, is_kept: bool
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    page, panel = phone.page, phone.page.locator("[data-later-part=kept]")
    page.goto("/check-in")
    go_offline(phone)
    if is_kept:
        page.goto("/check-in")
        expect(phone.line("No network now")).to_be_visible()
    page.locator('.faces label:has(input[value="4"])').click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    expect(panel).to_contain_text("nobody has seen it yet")
    place = panel.bounding_box()
    back_online(phone)
    expect(panel.get_by_role("heading")).to_have_accessible_name("It has been sent")
    expect(panel.get_by_text("You find it in your history.")).to_be_visible()
    expect(panel.locator("[data-why=later]")).to_be_hidden()
    expect(panel.get_by_role("link", name="See what waits")).to_be_hidden()
    expect(phone.line("has been sent")).to_be_visible()
    expect(page.get_by_text("No network now")).to_be_hidden()
    expect(phone.line("You see this page as it was")).to_be_visible(visible=is_kept)
    after = panel.bounding_box()
    assert place is not None
    assert after is not None
    assert after["y"] == place["y"]
    assert len(stored(live_server.store, patient)) == 1
    panel.get_by_role("link", name="Look at it").click()
    page.wait_for_url(re.compile(r"/check-in/[0-9a-f-]+"))


def test_a_kept_page_is_loaded_again_only_by_who_asks_for_it(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    page, line = phone.page, phone.line("You see this page as it was")
    page.goto("/safety/signs")
    phone.until(lambda: "/safety/signs" in phone.kept_addresses())
    go_offline(phone)
    page.goto("/safety/signs")
    page.get_by_label("In your own words").fill(CANARY)
    again = page.get_by_role("link", name="Load it again")
    expect(phone.line("No network now")).to_be_visible()
    expect(again).to_be_hidden()
    before = line.bounding_box()
    back_online(phone)
    expect(page.get_by_text("No network now")).to_be_hidden()
    expect(again).to_be_visible()
    assert line.bounding_box() == before
    go_offline(phone)
    expect(page.get_by_text("No network now")).to_be_visible()
    expect(again).to_be_hidden()
    back_online(phone)
    expect(page.get_by_label("In your own words")).to_have_value(CANARY)
    phone.wait_for("drafts", 1)
    again.click()
    expect(line).to_be_hidden()
    expect(page.get_by_label("In your own words")).to_have_value(CANARY)


def test_a_network_that_leads_nowhere_is_not_said_to_be_there(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    go_offline(phone)
    phone.check_in_without_network("In between", CANARY)
    with phone.page.expect_request("**/outbox"):
        phone.context.set_offline(False)  # As in a hotel, before somebody signs in there.
    phone.page.wait_for_timeout(500)  # For what must not come.
    expect(phone.line("No network now")).to_be_visible()
    expect(phone.page.locator("p[data-why=later]")).to_be_visible()
    phone.mend()  # It is tried again by itself.
    expect(phone.page.get_by_role("heading", name="It has been sent")).to_be_visible(timeout=15_000)
    expect(phone.page.get_by_text("No network now")).to_be_hidden()


def test_an_open_page_says_so_when_what_waited_could_not_be_taken_or_is_gone(
    get_phone: GetPhone, patient: Made
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    go_offline(phone)
    phone.check_in_without_network("In between", "x" * 4100)
    other = phone.context.new_page()
    back_online(phone)
    expect(phone.page.get_by_text("It could not be taken as it is.")).to_be_visible()
    expect(phone.page.locator("p[data-why=later]")).to_be_hidden()
    other.goto("/waiting")
    other.get_by_role("button", name="Take away").click()
    expect(other.locator("#nothing-waits")).to_be_visible()
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    expect(phone.page.get_by_role("heading", name="It does not wait here any more")).to_be_visible()
    expect(phone.page.get_by_text("Saved on this phone")).to_be_hidden()


def test_a_hard_entry_has_help_beside_it(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.cut()
    phone.check_in_without_network("In between")
    expect(phone.page.locator("[data-later-part=kept] a[href='tel:988']")).to_be_hidden()
    phone.check_in_without_network("Very low")
    expect(phone.page.locator("[data-later-part=kept] a[href='tel:988']")).to_be_visible()
    phone.check_in_without_network("In between", "I want to die")
    expect(phone.page.locator("[data-later-part=kept] a[href='tel:988']")).to_be_visible()


def test_who_told_of_use_finds_what_cannot_wait_and_what_follows_once_it_is_sent(
    get_phone: GetPhone, patient: Made
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.cut()
    phone.page.goto("/check-in")
    phone.page.locator("[name=use][value=yes]").check(force=True)
    phone.page.get_by_role("button", name="Save").click()
    signs = phone.page.get_by_role("link", name="Signs of an overdose")
    expect(signs).to_be_visible()
    signs.click()
    expect(phone.page.locator("#overdose a[href='tel:911']")).to_be_in_viewport()
    phone.mend()
    phone.page.goto("/today")
    phone.line("has been sent").get_by_role("link", name="Look at it").click()
    expect(phone.page.get_by_text("Thank you for telling us.")).to_be_visible()


def test_who_was_signed_out_meanwhile_signs_in_and_what_waits_is_sent(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/check-in")
    phone.page.locator('.faces label:has(input[value="4"])').click()
    end_sessions(live_server.store)
    phone.page.get_by_role("button", name="Save").click()
    expect(phone.line("You are signed out")).to_be_visible()
    assert number_of_entries(live_server.store) == 0
    phone.sign_in(patient)
    assert len(stored(live_server.store, patient)) == 1


def test_a_shared_phone_shows_nothing_of_one_person_to_the_next_and_loses_nothing(
    get_phone: GetPhone, patient: Made, practice: MadePractice, live_server: LiveServer
) -> None:
    other = make_patient(live_server.store, practice)
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/settings")
    phone.cut()
    phone.check_in_without_network("In between", CANARY)
    phone.page.goto("/settings/phone")
    sign_out_form = """() => {
        const form = document.createElement("form");
        form.method = "post"; form.action = "/sign-out";
        document.body.append(form);
        form.requestSubmit();
    }"""
    phone.page.evaluate(sign_out_form)
    question = phone.page.locator("#leaving")
    expect(question).to_be_visible()
    question.get_by_role("button", name="Keep them locked here, and sign out").click()
    expect(phone.page.locator("h1")).to_have_text("No network right now")
    for address in KEPT:
        phone.page.goto(address)
        assert CANARY not in phone.page.content()
        assert "data-person" not in phone.page.content()
    assert CANARY not in phone.everything()
    assert phone.stores("pages", "keys") == {"pages": [], "keys": []}

    phone.mend()
    phone.page.goto("/today")
    expect(phone.page).to_have_url(re.compile("/sign-in"))
    phone.sign_in(other)
    expect(phone.line(re.compile("entry waits|entries wait"))).to_have_count(2)
    expect(phone.page.locator("#phone-lines p:visible")).to_have_count(0)
    phone.page.goto("/waiting")
    expect(phone.page.locator("#nothing-waits")).to_be_visible()
    assert CANARY not in phone.everything()
    assert number_of_entries(live_server.store) == 0
    phone.page.goto("/settings")
    phone.page.get_by_role("button", name="Sign out", exact=True).last.click()
    expect(phone.page).to_have_url(re.compile("/sign-in"))

    phone.sign_in(patient)
    assert stored(live_server.store, patient) == [(3, CANARY)]
    assert stored(live_server.store, other) == []


@pytest.mark.parametrize("choice", ["Stay signed in", "Delete them, and sign out"])
def test_signing_out_with_entries_asks_and_does_what_was_chosen(
    get_phone: GetPhone, patient: Made, live_server: LiveServer, choice: str
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/settings")
    phone.cut()
    settings = phone.page
    writing = phone.context.new_page()
    phone.page = writing
    phone.check_in_without_network("In between", CANARY)
    settings.get_by_role("button", name="Sign out", exact=True).last.click()
    settings.locator("#leaving").get_by_role("button", name=choice).click()
    if choice == "Stay signed in":
        expect(settings.locator("#leaving")).to_be_hidden()
        assert len(phone.stores("outbox")["outbox"]) == 1
        return
    expect(settings.locator("h1")).to_have_text("No network right now")
    assert phone.stores("outbox", "pages", "keys") == {"outbox": [], "pages": [], "keys": []}
    phone.mend()
    settings.goto("/today")
    expect(settings).to_have_url(re.compile("/sign-in"))  # The server was told first.
    assert number_of_entries(live_server.store) == 0


def test_signing_out_with_a_network_sends_first(get_phone: GetPhone, patient: Made, live_server: LiveServer) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/settings")
    settings, phone.page = phone.page, phone.context.new_page()
    phone.cut()
    phone.check_in_without_network("In between", CANARY)
    phone.mend()
    settings.get_by_role("button", name="Sign out", exact=True).last.click()
    expect(settings).to_have_url(re.compile("/sign-in"))
    assert stored(live_server.store, patient) == [(3, CANARY)]
    assert phone.stores("outbox", "pages", "keys") == {"outbox": [], "pages": [], "keys": []}


def test_what_was_on_its_way_when_somebody_signed_out_is_not_kept(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/settings")
    settings, phone.page = phone.page, phone.context.new_page()
    phone.page.goto("/help")
    phone.wire.hold_answers()
    phone.page.evaluate(REFRESH, True)
    phone.until(lambda: phone.wire.held > 0)
    settings.get_by_role("button", name="Sign out", exact=True).last.click()
    phone.until(lambda: phone.kept_addresses() == [])
    phone.wire.let_go()
    expect(settings).to_have_url(re.compile("/sign-in"))
    phone.page.wait_for_timeout(500)  # For what must not come.
    assert phone.stores("pages", "keys") == {"pages": [], "keys": []}
    assert not [one for one in phone.stores("meta")["meta"] if isinstance(one, dict) and "tag" in one]


def test_what_is_refused_for_good_stays_with_the_reason_and_can_be_changed(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.cut()
    phone.check_in_without_network("In between", "x" * 4100)
    phone.mend()
    phone.page.goto("/today")
    expect(phone.line("could not be taken")).to_be_visible()
    phone.page.goto("/waiting")
    row = phone.page.locator("#waiting-list > li")
    expect(row.locator("[data-put=why]")).to_contain_text("too long by 100 letters")
    row.get_by_role("link", name="Change").click()
    note = phone.page.get_by_label("A note, if you like")
    expect(note).to_have_value("x" * 4100)
    note.fill("shorter now")
    phone.page.get_by_role("button", name="Save").click()
    phone.page.wait_for_url("**/check-in/*done=saved")
    assert stored(live_server.store, patient) == [(3, "shorter now")]
    phone.page.goto("/waiting")
    expect(phone.page.locator("#nothing-waits")).to_be_visible()


def test_a_step_that_was_changed_elsewhere_meanwhile_is_shown_beside_what_waited(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/safety/signs")
    phone.cut()
    phone.page.get_by_label("In your own words").fill("written here")
    phone.page.get_by_role("button", name="Save").click()
    expect(phone.page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    with live_server.store.work(writes=True):
        plans.save_step(patient.viewer, Step.SIGNS, new_id(), plans.StepWords(text="written elsewhere"), base=0)
    phone.mend()
    phone.page.goto("/waiting")
    phone.page.locator("#waiting-list > li").get_by_role("link", name="Change").click()
    expect(phone.page.get_by_label("In your own words")).to_have_value("written here")
    phone.page.get_by_role("button", name="Save").click()
    expect(phone.page.get_by_role("heading", name="As it is now, from your other device")).to_be_visible()
    expect(phone.page.get_by_text("written elsewhere")).to_be_visible()
    assert len(phone.stores("drafts")["drafts"]) == 1  # Between the one place and the other, the words lie in a third.
    expect(phone.page.get_by_label("In your own words")).to_have_value("written here")
    phone.page.get_by_role("button", name="Save").click()
    phone.page.wait_for_url("**/safety?done=*")
    expect(phone.page.get_by_text("written here")).to_be_visible()
    assert phone.stores("outbox", "drafts") == {"outbox": [], "drafts": []}


def test_an_entry_is_taken_away_and_brought_back(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.cut()
    phone.check_in_without_network("In between", CANARY)
    phone.page.goto("/waiting")
    phone.page.get_by_role("button", name="Take away").click()
    expect(phone.page.locator("#nothing-waits")).to_be_visible()
    phone.page.get_by_role("button", name="Undo").click()
    expect(phone.page.locator("#waiting-list")).to_contain_text(CANARY)


def test_with_no_room_on_the_phone_the_words_stay_on_the_screen(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    full = """() => {
        IDBObjectStore.prototype.put = () => { throw new DOMException("Full.", "QuotaExceededError"); };
    }"""
    phone.page.goto("/check-in")
    phone.page.locator("form details.more summary").click()
    phone.page.get_by_label("A note, if you like").fill(CANARY)
    phone.page.evaluate(full)
    phone.cut()
    phone.page.get_by_role("button", name="Save").click()
    expect(phone.page.get_by_role("heading", name="Not saved yet")).to_be_visible()
    expect(phone.page.get_by_label("A note, if you like")).to_have_value(CANARY)
    phone.mend()
    phone.page.get_by_role("button", name="Save").click()
    phone.page.wait_for_url("**/check-in/*done=saved")
    assert stored(live_server.store, patient) == [(None, CANARY)]


def test_words_that_were_typed_survive_a_reload_a_killed_browser_and_the_end_of_a_session(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    phone = get_phone(killed=True)
    phone.sign_in(patient)

    def write(words: str) -> None:
        phone.page.locator("form details.more summary").click()
        phone.page.get_by_label("A note, if you like").fill(words)
        phone.wait_for("drafts", 1)

    phone.page.goto("/check-in")
    write(CANARY)
    assert CANARY not in phone.everything()
    phone.page.reload()
    expect(phone.page.get_by_label("A note, if you like")).to_have_value(CANARY)
    expect(phone.line("What you wrote here before is back")).to_be_visible()
    phone.kill()
    phone.start()
    end_sessions(live_server.store)
    phone.page.goto("/check-in")
    expect(phone.page).to_have_url(re.compile("/sign-in"))
    phone.sign_in(patient)
    phone.page.goto("/check-in")
    expect(phone.page.get_by_label("A note, if you like")).to_have_value(CANARY)
    phone.page.get_by_role("button", name="Save").click()
    phone.page.wait_for_url("**/check-in/*done=saved")
    assert phone.stores("drafts")["drafts"] == []
    phone.page.goto("/check-in")
    expect(phone.page.get_by_label("A note, if you like")).to_have_value("")
    assert stored(live_server.store, patient) == [(None, CANARY)]


def test_words_typed_before_older_ones_are_back_stay_and_so_do_the_older(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/check-in")
    phone.page.locator("form details.more summary").click()
    phone.page.get_by_label("A note, if you like").fill("older words")
    phone.wait_for("drafts", 1)
    phone.page.goto("/settings")
    phone.page.get_by_role("button", name="Sign out", exact=True).last.click()
    expect(phone.page).to_have_url(re.compile("/sign-in"))
    phone.sign_in(patient)
    held: list[Any] = []

    def hold(route: Any) -> None:  # Only the server can open them now, and it takes its time.
        held.append(route)

    phone.page.route("**/outbox/open", hold)
    phone.page.goto("/check-in")
    phone.page.locator("form details.more summary").click()
    note = phone.page.get_by_label("A note, if you like")
    note.fill("newer words")
    phone.until(lambda: len(held) == 1)
    held[0].continue_()
    expect(note).to_have_value("older words\n\nnewer words")
    expect(phone.line("is back")).to_be_visible()


def save(page: BrowserPage) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Saved on this phone")).to_be_visible()


def write_three(page: BrowserPage, addresses: list[str]) -> None:
    """Change a check-in, write a step of a plan, and check in for a past day."""
    page.goto(addresses[0])
    page.get_by_label("A note, if you like").fill("as it is")
    save(page)
    page.goto(addresses[1])
    page.get_by_label("In your own words").fill("I stop singing")
    save(page)
    page.goto(addresses[2])
    page.locator('.faces label:has(input[value="2"])').click()
    page.locator('[name=craving][value="7"]').check(force=True)
    save(page)


def test_what_waits_says_what_it_is_and_each_kind_can_be_changed(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    entry = make_check_in(live_server.store, patient, mood=4, note="as it was")
    phone = get_phone()
    page = phone.page
    phone.sign_in(patient)
    yesterday = moment(clock.now(), patient.zone, patient.viewer.day_start_minutes).day - timedelta(days=1)
    addresses = [f"/check-in/{entry}/change", "/safety/signs", f"/check-in?day={yesterday}"]
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("networkidle")
    phone.until(lambda: set(addresses) <= set(phone.kept_addresses()))
    phone.cut()

    write_three(page, addresses)
    page.goto("/waiting")
    rows = page.locator("#waiting-list > li")
    day = f"{yesterday:%A} {yesterday.day} {yesterday:%B}"
    expect(rows.nth(0)).to_contain_text("Change of the check-in of")
    expect(rows.nth(0)).to_contain_text("as it is")
    expect(rows.nth(1)).to_contain_text("Safety plan: ")
    expect(rows.nth(1)).to_contain_text("I stop singing")
    expect(rows.nth(2)).to_contain_text(f"Check-in for {day}")
    expect(rows.nth(2)).to_contain_text("How are you now? Low · Any pull to drink or use? 7")
    expect(rows.nth(2)).to_contain_text("Written:")
    for kind, label, words in (
        ("Change of", "A note, if you like", "as it is"),
        ("Safety plan", "In your own words", "I stop singing"),
    ):
        page.goto("/waiting")
        rows.filter(has_text=kind).get_by_role("link", name="Change").click()
        expect(page.get_by_label(label)).to_have_value(words)
        page.get_by_label(label).fill("and changed")
        save(page)
    page.goto("/waiting")
    rows.filter(has_text="Check-in for").get_by_role("link", name="Change").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Check in for {day}")
    expect(page.locator('.faces input[value="2"]')).to_be_checked()
    page.locator('.faces label:has(input[value="3"])').click()
    save(page)
    assert "singing" not in phone.everything()

    phone.mend()
    page.goto("/today")
    phone.wait_for("outbox", 0)
    assert sorted(stored(live_server.store, patient)) == [(3, ""), (4, "and changed")]
    with live_server.store.work(writes=False):
        written = plans.own_step(patient.viewer, Step.SIGNS)
        assert written is not None
        assert written.words.text == "and changed"
        assert db().scalars(select(CheckIn.day).where(CheckIn.id != entry)).all() == [yesterday]


def test_what_needs_a_network_says_so_and_does_not_fail(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    page = phone.page
    phone.cut()
    page.goto("/settings/phone")
    button = page.get_by_role("button", name="This is a shared phone")
    expect(button).to_contain_text("Needs internet")
    button.click(force=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("What is kept on this phone")
    page.goto("/today")
    # What waits here, and what is kept here, does not.
    expect(page.locator("main a[href='/welcome']")).to_contain_text("Needs internet")
    expect(page.locator("main a[href='/check-in']").first).not_to_contain_text("Needs internet")
    page.goto("/check-in")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_enabled()
    page.goto("/more")
    expect(page.get_by_role("link", name="Sharing")).to_have_accessible_name("Sharing (Needs internet)")
    phone.mend()
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(page.get_by_role("link", name="Sharing", exact=True)).to_be_visible()


# The first reading of this phone's memory takes as long as a test wants: it is asked something again and again.
READS_SLOWLY = """() => {
  const get = IDBObjectStore.prototype.get;
  IDBObjectStore.prototype.get = function (key) {
    const asked = get.call(this, key);
    const again = () => globalThis.goOn || (get.call(this, "nothing").onsuccess = again);
    if (key === "leaving") asked.addEventListener("success", again);
    return asked;
  };
}"""


def test_a_network_that_comes_back_before_the_page_is_ready_is_heard(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    page = phone.page
    phone.cut()
    page.add_init_script(f"({READS_SLOWLY})()")
    page.goto("/more")
    expect(page.get_by_role("link", name="Sharing")).to_have_accessible_name("Sharing (Needs internet)")
    phone.mend()
    page.evaluate("() => { dispatchEvent(new Event('online')); globalThis.goOn = true; }")
    expect(page.get_by_role("link", name="Sharing", exact=True)).to_be_visible()


def test_thirty_days_of_own_words_are_read_without_a_network(
    get_phone: GetPhone, patient: Made, live_server: LiveServer
) -> None:
    for days in range(1, 32, 3):
        at = clock.now() - timedelta(days=days)
        make_check_in(live_server.store, patient, at=at, mood=3, note=f"{days} days ago")
    phone = get_phone()
    phone.sign_in(patient)
    phone.cut()
    page = phone.page
    page.goto("/history")
    expect(page.get_by_text("1 days ago", exact=True)).to_be_visible()
    expect(page.get_by_text("28 days ago")).to_be_hidden()
    page.get_by_role("link", name="All check-ins of the last 30 days").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The last 30 days")
    for days in range(1, 29, 3):
        expect(page.get_by_text(f"{days} days ago", exact=True)).to_be_visible()
    expect(page.get_by_text("31 days ago")).to_be_hidden()
    expect(phone.line("No network now")).to_be_visible()
    assert "days ago" not in phone.everything()


# Types into the field for long words as soon as it stands there, before any script of the page has run.
TYPES_AT_ONCE = """
  const words = new URLSearchParams(location.search).get("types");
  const seen = words && new MutationObserver(() => {
    const field = document.querySelector("textarea");
    if (!field) return;
    seen.disconnect();
    field.value = words;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  seen?.observe(document, { childList: true, subtree: true });
"""


def test_words_typed_before_any_script_ran_are_kept_and_stay(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.context.add_init_script(TYPES_AT_ONCE)
    phone.page.goto("/safety/signs?types=a+heron")
    phone.wait_for("drafts", 1)
    words = phone.page.get_by_label("In your own words")
    phone.page.goto("/safety/signs")
    expect(words).to_have_value("a heron")
    # And older words do not take their place.
    phone.page.goto("/safety/signs?types=a+stork")
    expect(phone.line("is back")).to_be_visible()
    expect(words).to_have_value("a heron\n\na stork")


def test_a_shared_phone_keeps_nothing_and_help_still_opens(get_phone: GetPhone, patient: Made) -> None:
    phone = get_phone()
    phone.sign_in(patient)
    phone.page.goto("/settings/phone")
    phone.page.get_by_role("button", name="This is a shared phone").click()
    expect(phone.page.locator("#notice")).to_contain_text("keeps nothing")
    phone.page.goto("/check-in")
    phone.page.goto("/today")
    phone.until(lambda: phone.stores("pages", "keys") == {"pages": [], "keys": []})
    phone.cut()
    phone.page.goto("/today")
    expect(phone.page.locator("h1")).to_have_text("No network right now")
    phone.page.goto("/help")
    expect(phone.page.locator("a[href='tel:988']").first).to_be_visible()


def test_readers_pages_are_never_kept(get_phone: GetPhone, practice: MadePractice, live_server: LiveServer) -> None:
    supporter = make_supporter(live_server.store, practice)
    phone = get_phone()
    phone.page.goto("/sign-in")
    phone.page.get_by_label("E-mail or sign-in name").fill(supporter.sign_in_name)
    phone.page.get_by_label("Password").fill(supporter.password)
    phone.page.get_by_role("button", name="Sign in").click()
    phone.page.wait_for_url("**/supporting")
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    phone.page.reload()
    phone.page.goto("/supporting")
    assert phone.kept_addresses() in ([], ["/help"])
    phone.cut()
    phone.page.goto("/supporting")
    expect(phone.page.locator("h1")).to_have_text("No network right now")


def test_without_network_help_opens_for_who_never_signed_in(get_phone: GetPhone) -> None:
    phone = get_phone()
    phone.page.goto("/sign-in")
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    phone.page.wait_for_function("navigator.serviceWorker.controller !== null")
    phone.cut()
    phone.page.goto("/help")
    for number in ("tel:988", "sms:988", "tel:911"):
        expect(phone.page.locator(f"a[href='{number}']").first).to_be_visible()
    phone.page.goto("/")
    expect(phone.page.locator("h1")).to_have_text("No network right now")
