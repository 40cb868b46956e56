"""Who saves, goes back and finds their words in the form again: nothing is lost, and nothing is stored twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import Route, expect
from sqlalchemy import func, select

from patient_app.checkins.models import CheckIn
from patient_app.core.work import db
from patient_app.worries.models import Worry
from tests.browser.test_parts import sign_in
from tests.conftest import LiveServer, Watched
from tests.factories import make_patient, make_practice, make_supporter, tie_supporter

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
SAVED = "What you wrote here is saved."
# The script that listens comes after the page.
SCRIPTS_RAN = """async () => {
  const main = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/phone/main.js"));
  return Boolean(main && await import(main.name));
}"""


def stored(live_server: LiveServer, kind: type[CheckIn] | type[Worry]) -> int:
    with live_server.store.work(writes=False):
        return db().scalar(select(func.count()).select_from(kind)) or 0


def write_check_in(page: BrowserPage, note: str) -> None:
    page.locator("[name=mood][value='3']").check(force=True)
    page.get_by_text("More, if you like").click()
    page.locator("[name=note]").fill(note)


def save(page: BrowserPage) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def test_a_check_in_that_was_saved_is_known_again(
    phone: BrowserPage, live_server: LiveServer, watched: Watched
) -> None:
    watched.expect("status of 422")
    sign_in(phone, make_patient(live_server.store, make_practice(live_server.store)))
    phone.goto("/check-in")
    write_check_in(phone, "a long walk")
    phone.evaluate("() => scrollTo(0, 400)")  # A browser leads back to where somebody was.
    save(phone)
    phone.wait_for_url("**/check-in/*")
    entry = phone.url.partition("?")[0]
    phone.go_back()
    line = phone.get_by_text(SAVED)
    expect(line).to_be_visible()
    expect(line).to_be_in_viewport()
    expect(phone.locator("[name=mood]:checked")).to_have_count(0)
    expect(phone.locator("[name=note]")).to_have_value("")
    expect(phone.get_by_text("What you wrote here before is back.")).to_be_hidden()
    # Saved once more it holds nothing, so nothing is stored; what was saved is one tap away, to be changed.
    save(phone)
    expect(phone.locator("#error-summary")).to_be_visible()
    assert stored(live_server, CheckIn) == 1
    phone.go_back()
    phone.goto("/check-in")
    expect(phone.locator("[name=note]")).to_have_value("")
    expect(phone.get_by_text(SAVED)).to_be_hidden()
    write_check_in(phone, "and tea")
    save(phone)
    phone.wait_for_url("**/check-in/*?done=saved")
    assert phone.url.partition("?")[0] != entry
    phone.go_back()
    phone.get_by_role("link", name="Look at it").last.click()
    phone.wait_for_url("**/check-in/*")
    assert stored(live_server, CheckIn) == 2
    # A browser that keeps the page whole shows it anew.
    phone.go_back()
    phone.wait_for_function(SCRIPTS_RAN)
    phone.evaluate("() => history.replaceState({sent: {action: '/check-in', next: '/history'}}, '')")
    phone.locator("[name=mood][value='3']").check(force=True)
    with phone.expect_navigation():
        phone.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(phone.get_by_text(SAVED)).to_be_visible()
    expect(phone.locator("[name=mood]:checked")).to_have_count(0)


def test_what_waits_on_the_phone_is_known_again_too(
    phone: BrowserPage, live_server: LiveServer, watched: Watched
) -> None:
    watched.expect("ERR_FAILED", "ERR_INTERNET_DISCONNECTED")
    sign_in(phone, make_patient(live_server.store, make_practice(live_server.store)))
    phone.goto("/check-in")
    write_check_in(phone, "by the river")
    phone.route("**/outbox", lambda route: route.abort())
    save(phone)
    expect(phone.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    phone.get_by_role("link", name="Done").first.click()
    phone.wait_for_url("**/today")
    phone.go_back()
    expect(phone.get_by_text(SAVED)).to_be_visible()
    expect(phone.locator("[name=note]")).to_have_value("")
    phone.unroute("**/outbox")
    phone.goto("/today")
    phone.wait_for_timeout(1500)
    assert stored(live_server, CheckIn) == 1


@pytest.fixture
def supporter(phone: BrowserPage, live_server: LiveServer) -> BrowserPage:
    """Return the page on which a supporter tells the practice something: the browser itself sends it."""
    store = live_server.store
    practice = make_practice(store)
    supporter = make_supporter(store, practice)
    tie_supporter(store, make_patient(store, practice), supporter)
    sign_in(phone, supporter)
    phone.goto("/supporting/worried/tell")
    phone.get_by_role("radio").first.check()
    phone.locator("textarea").fill("He did not sleep for days.")
    phone.wait_for_timeout(1200)  # Words are kept a moment after they were typed.
    return phone


def test_words_that_the_browser_sent_are_known_again(supporter: BrowserPage, live_server: LiveServer) -> None:
    supporter.get_by_role("button", name="Send").click()
    supporter.wait_for_url("**/supporting/worried/sent*")
    supporter.go_back()
    expect(supporter.get_by_text(SAVED)).to_be_visible()
    expect(supporter.locator("textarea")).to_have_value("")
    assert stored(live_server, Worry) == 1


@pytest.mark.parametrize("answers", [(200, 503), (500, 503), (422, 500), (0, 0), (503, 200)])
def test_after_two_taps_and_a_page_of_errors_nothing_typed_is_lost(
    supporter: BrowserPage, live_server: LiveServer, watched: Watched, answers: tuple[int, int]
) -> None:
    """What came of each tap: 200 was taken by the server, 0 met no network, the others were answered with a fault."""
    watched.expect("status of 5", "status of 422", "ERR_FAILED", "net::")
    left = list(answers)

    def answer(route: Route) -> None:
        if route.request.method != "POST" or not left:
            route.continue_()
            return
        status = left.pop(0)
        if status == 200:
            route.continue_()
        elif status == 0:
            route.abort()
        else:
            route.fulfill(status=status, content_type="text/html", body="<title>x</title><h1>Fault</h1>")

    supporter.context.route("**/supporting/worried/tell", answer)
    supporter.get_by_role("button", name="Send").dblclick(no_wait_after=True)
    supporter.wait_for_timeout(2500)
    supporter.context.unroute_all()
    supporter.goto("/supporting")
    supporter.goto("/supporting/worried/tell")
    supporter.wait_for_timeout(1500)
    is_stored = stored(live_server, Worry)
    assert is_stored == (200 in answers[: 2 - len(left)]), (answers, left)
    expect(supporter.locator("textarea")).to_have_value("" if is_stored else "He did not sleep for days.")
