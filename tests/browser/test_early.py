"""Who sends a form before the scripts of its page are there loses nothing, and sends it once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Request, Route, expect
from playwright.sync_api import Page as BrowserPage

from tests.browser.test_parts import sign_in
from tests.conftest import LiveServer, Watched
from tests.factories import make_patient, make_practice

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

MAIN = "**/js/phone/main.js"


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, watched: Watched) -> Iterator[BrowserPage]:
    """Return a page of somebody who signed in, without a worker: all that it loads can be held up."""
    context = browser.new_context(base_url=live_server.url, service_workers="block")
    context.set_default_timeout(10_000)
    page = context.new_page()
    watched.expect("Service Worker registration blocked by Playwright")
    watched.watch(page)
    sign_in(page, make_patient(live_server.store, make_practice(live_server.store)))
    yield page
    context.close()


@pytest.fixture
def posted(page: BrowserPage) -> list[str]:
    """Return how forms were sent, one word each: by the browser itself ("document"), or by a script ("fetch")."""
    found: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            found.append(request.resource_type)

    page.on("request", note)
    return found


def _press_save(page: BrowserPage) -> None:
    page.goto("/check-in")
    page.locator("[name=mood][value='3']").check(force=True)
    page.get_by_role("button", name="Save", exact=True).dblclick(no_wait_after=True)


def test_a_form_that_is_sent_before_the_scripts_came_waits_for_them_and_goes_once(
    page: BrowserPage, posted: list[str]
) -> None:
    held: list[Callable[[], None]] = []

    def hold(route: Route) -> None:
        held.append(route.continue_)

    page.route(MAIN, hold)
    _press_save(page)
    page.wait_for_timeout(300)
    assert page.url.endswith("/check-in")
    assert posted == []
    for let_go in held:
        let_go()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saved")
    assert posted == ["fetch"]


def test_where_the_scripts_do_not_come_the_browser_sends_it_by_itself(
    page: BrowserPage, posted: list[str], watched: Watched
) -> None:
    watched.expect("Failed to load resource")
    page.route(MAIN, lambda route: route.abort())
    _press_save(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saved")
    assert posted == ["document"]


# What browsers of before the autumn of 2022, and the spring of 2022, do not have.
NO_REQUEST = "delete HTMLFormElement.prototype.requestSubmit;"
NO_SUBMITTER = "delete SubmitEvent.prototype.submitter;"
# And of before 2023: which button was pressed is left out of what a form says.
NO_BUTTON = "globalThis.FormData = class extends FormData { constructor(form) { super(form); } };"


@pytest.mark.parametrize(
    ("lacks", "how"), [(NO_REQUEST, "fetch"), (NO_BUTTON, "fetch"), (NO_SUBMITTER + NO_REQUEST + NO_BUTTON, "document")]
)
def test_an_older_browser_sends_which_button_was_pressed_or_has_plain_pages(
    page: BrowserPage, lacks: str, how: str
) -> None:
    # On a busy machine what waits may be sent twice at one moment, by the page and for the form: one item, stored once.
    sent: dict[str, str] = {}

    def note(request: Request) -> None:
        if request.method == "POST":
            body = request.post_data or ""
            sent.setdefault(json.loads(body)["id"] if request.url.endswith("/outbox") else body, request.resource_type)

    page.on("request", note)
    held: list[Route] = []
    page.add_init_script(lacks)
    page.route(MAIN, lambda route: held.append(route))  # noqa: PLW0108 - a builtin is no handler to Playwright.
    page.goto("/simple", wait_until="commit")
    page.get_by_role("button", name="Keep it like this").click(no_wait_after=True)
    page.wait_for_timeout(700)
    for route in held:
        route.continue_()
    page.unroute(MAIN)
    expect(page.get_by_text("Your pages stay like this until you say otherwise.")).to_be_visible()
    assert [*sent.values()] == [how]
    page.goto("/simple", wait_until="networkidle")
    page.get_by_role("button", name="Show everything again").click()
    expect(page.get_by_text("Everything is shown again.")).to_be_visible()
    assert [*sent.values()] == [how, how]


def test_scripts_that_come_late_give_a_form_that_is_under_way_no_other_id(page: BrowserPage, watched: Watched) -> None:
    watched.expect("Failed to load resource")
    held: list[Route] = []
    posted: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        posted.append(route.request.post_data or "")
        route.abort("aborted")  # And the page stays, with what was typed.

    page.route(MAIN, lambda route: held.append(route))  # noqa: PLW0108 - a builtin is no handler to Playwright.
    page.route("**/check-in", lose)
    _press_save(page)
    held[0].abort()  # The form waits for it no longer: the browser sends it.
    expect(page.locator("form[data-under-way]")).to_have_count(1)
    own = page.locator("form[data-later] input[name=id]")
    sent = own.input_value()
    page.evaluate("(address) => import(address)", f"{held[0].request.url}?late")  # The same script, which comes now.
    assert own.input_value() == sent
    assert [f"id={sent}" in body for body in posted] == [True]
