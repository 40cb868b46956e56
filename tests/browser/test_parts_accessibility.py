"""What htmx put in place is as good as the page was: axe after every swap, in every state that pages are seen in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, Route, expect

from patient_app.checkins.search import PAGE_HITS
from patient_app.core import clock, headers
from patient_app.core.installation import open_store
from tests.browser.conftest import Survey
from tests.browser.test_accessibility import (
    COLOURS,
    MODES,
    PHONE,
    SMALLEST,
    TEXT_SPACING,
    ZOOMED,
    Site,
    axe,
    told,
    what_axe_cannot_see,
)
from tests.browser.test_accessibility import _add_style as add_style
from tests.browser.test_accessibility import site as site  # noqa: PLC0414 - a fixture is taken by its name.
from tests.conftest import NO_WORKER, Watched
from tests.factories import make_check_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MANY = PAGE_HITS + 5


def period(page: Page) -> None:
    page.get_by_role("link", name="90 days").click()
    expect(page.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "true")


# Whether something has the focus: now, or within two seconds, since what was swapped in may have come this moment.
HAS_FOCUS = """() => new Promise((done) => {
  const look = (left) => document.activeElement !== document.body ? done(true)
    : left ? setTimeout(look, 50, left - 1) : done(false);
  look(40);
})"""


# Whether a listener learns what happened, now or within two seconds: a heading or message has the focus, or a live
# region has words that were not there before.
IS_SAID = """() => new Promise((done) => {
  const spoken = () => [...document.querySelectorAll("[role=status]:not(#phone-lines)")]
    .some((one) => one.textContent.trim() && one.textContent.trim() !== globalThis.spoken.get(one));
  const heard = "h1, h2, h3, [data-focus], [data-error-summary], [aria-invalid]";
  const look = (left) => document.activeElement.matches(heard) || spoken() ? done(true)
    : left ? setTimeout(look, 50, left - 1) : done(false);
  look(40);
})"""


def month(page: Page) -> None:
    page.get_by_role("link", name="Next month").click()
    expect(page.locator(".calendar a").first).to_be_visible()


def day(page: Page) -> None:
    page.locator(".calendar a").first.click()
    expect(page.locator("#entries")).to_be_visible()


def older(page: Page) -> None:
    first = page.locator("#entries h3").first.text_content() or ""
    page.get_by_role("link", name="Older").click()
    expect(page.locator("#entries h3").first).not_to_have_text(first)


def newer(page: Page) -> None:
    first = page.locator("#entries h3").first.text_content() or ""
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("#entries h3").first).not_to_have_text(first)


def further_back(page: Page) -> None:
    page.get_by_label("Words").fill("further")
    page.get_by_role("button", name="Look for it").click()
    expect(page.locator("#found-name")).to_have_text(f"{PAGE_HITS} notes")
    page.get_by_role("button", name="Look further back").click()
    expect(page.locator("#found-name")).to_have_text(f"{MANY - PAGE_HITS} notes")
    expect(page.locator("#found-name")).to_be_focused()


def found(page: Page) -> None:
    page.get_by_label("Words").fill("canary")
    page.get_by_role("button", name="Look for it").click()
    expect(page.locator("#found-name")).to_be_focused()


def refused_search(page: Page) -> None:
    page.get_by_role("button", name="Look for it").click()
    expect(page.locator("#error-summary")).to_be_visible()


def private(page: Page) -> None:
    before = page.locator("#private").get_attribute("value")
    page.locator("#private").click()
    expect(page.locator("#private")).not_to_have_attribute("value", before or "")


def reviewed(page: Page) -> None:
    page.locator("#reviewed").click()
    expect(page.locator("#notice")).to_contain_text("Marked as reviewed.")


def refused_review(page: Page) -> None:
    """As when two browsers made one id: the page has another one then, and says so."""
    page.evaluate("() => { document.querySelector('[name=review-id]').value = 'nonsense'; }")
    page.locator("#reviewed").click()
    expect(page.locator("#error-summary")).to_be_visible()


def refused_note(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('#team-side details').forEach((one) => { one.open = true; })")
    page.locator("#save-note").click()
    expect(page.locator("#error-summary")).to_be_visible()


def note(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('#team-side details').forEach((one) => { one.open = true; })")
    page.get_by_label("Your note").fill("Called on Monday")
    page.get_by_role("group", name="What does it touch on?").get_by_label("Mood").check()
    page.locator("#save-note").click()
    expect(page.locator("#notice")).to_contain_text("Saved.")


def taken_back(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('#team-side details').forEach((one) => { one.open = true; })")
    before = page.get_by_role("button", name="Take back").count()
    page.get_by_role("button", name="Take back").first.click()
    expect(page.get_by_role("button", name="Take back")).to_have_count(before - 1)
    expect(page.locator("#notice")).to_contain_text("Taken back.")


# Where everything stood when something was pressed, and afterwards what has moved that had no reason to. A tap is
# followed by no layout shift by definition (it counts none within half a second), and over a slow network by all of
# them; so it is asked what a person sees: only what was put in place has changed, and nothing but what lies below it
# moves, up or down. What stands still while the page scrolls is measured on the screen.
WATCH_PLACES = """() => {
  globalThis.stayed = true;
  const bars = [...document.querySelectorAll(".app-bar, .nav, .save-bar")].filter((bar) =>
    ["fixed", "sticky"].includes(getComputedStyle(bar).position)); // On a screen that is zoomed in they are not.
  const stuck = (one) => bars.some((bar) => bar.contains(one));
  const place = (one) => {
    const box = one.getBoundingClientRect(), [x, y] = stuck(one) ? [0, 0] : [scrollX, scrollY];
    return { left: box.left + x, top: box.top + y, right: box.right + x, bottom: box.bottom + y };
  };
  const inTurn = "[hx-target\\\\:inherited], [hx-select-oob\\\\:inherited]";
  const ids = [...document.querySelectorAll(inTurn)].flatMap((one) =>
    [one.getAttribute("hx-target:inherited"), ...(one.getAttribute("hx-select-oob:inherited") ?? "").split(",")])
    .filter(Boolean).map((one) => one.split(":")[0].replace("#", ""));
  const look = () => {
    globalThis.spoken = new Map([...document.querySelectorAll("[role=status]")]
      .map((one) => [one, one.textContent.trim()]));
    const parts = [...new Set(ids)].map((id) => document.getElementById(id)).filter(Boolean);
    globalThis.before = {
      parts: parts.map((one) => ({ id: one.id, html: one.outerHTML, ...place(one) })),
      others: [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility()
        && !parts.some((part) => part.contains(one))).map((one) => ({ one, holds: parts.some((part) =>
          one.contains(part)), ...place(one) })),
    };
  };
  addEventListener("click", look, { capture: true });
  globalThis.moved = () => {
    const changed = globalThis.before.parts.filter((one) => document.getElementById(one.id)?.outerHTML !== one.html);
    if (!changed.length) { return ["nothing was put in place"]; }
    return globalThis.before.others.flatMap((was) => {
      if (!was.one.isConnected) { return [`gone: ${was.one.outerHTML.slice(0, 120)}`]; }
      const now = place(was.one), near = (side) => Math.abs(now[side] - was[side]) < 1;
      const below = changed.some((part) => was.top >= part.bottom - 1);
      const kept = near("left") && near("right") && (below || near("top")) && (was.holds || below || near("bottom"));
      return kept ? [] : [`${was.one.outerHTML.slice(0, 120)} ${JSON.stringify([was, now])}`];
    });
  };
}"""


# What is pressed, on which page, for whom; what htmx then asks for, and which page answers with a part of itself.
SWAPS: tuple[tuple[str, str, Callable[[Page], None], str, str], ...] = (
    ("owner", "/history", period, "checkins.history", "checkins.history"),
    ("owner", "/history", older, "checkins.history", "checkins.history"),
    ("owner", "/history?until=before", newer, "checkins.history", "checkins.history"),
    ("owner", "/history?month=last", month, "checkins.history", "checkins.history"),
    ("owner", "/history?month=now", day, "checkins.history", "checkins.history"),
    ("owner", "/history/search", found, "checkins.search_notes", "checkins.search_notes"),
    ("owner", "/history/search", further_back, "checkins.search_notes", "checkins.search_notes"),
    ("owner", "/history/search", refused_search, "checkins.search_notes", "checkins.search_notes"),
    ("owner", "the entry", private, "checkins.keep_private", "checkins.show_check_in"),
    ("c-with", "the patient", reviewed, "care_team.mark_reviewed", "care_team.patient_page"),
    ("c-with", "the patient", refused_review, "care_team.mark_reviewed", "care_team.mark_reviewed"),
    ("c-with", "the patient", refused_note, "care_team.leave_note", "care_team.leave_note"),
    ("c-with", "the patient", note, "care_team.leave_note", "care_team.patient_page"),
    ("c-with", "the patient", taken_back, "care_team.take_back_note", "care_team.patient_page"),
)
# Answers with parts as they are asked for, and is never asked for one: its page is where a search begins.
NEVER_ASKED = frozenset({"checkins.show_search"})
STATES: dict[str, dict[str, Any]] = {"light, dark and 320 px": {}, **MODES}


def address(site: Site, name: str) -> str:
    """Return the address of a page of the world."""
    pages = [page for person in ("owner", "c-with") for page in site.pages[person]]
    if name == "the entry":
        return next(page for page in pages if page.startswith("/check-in/") and page.count("/") == 2)
    if name == "the patient":
        return next(page for page in pages if page.startswith("/team/") and len(page) > 30)
    today = clock.moment(clock.now(), site.world.people["owner"].zone).day
    last = today.replace(day=1) - timedelta(days=1)
    before = today - timedelta(days=50)
    name = name.replace("=before", f"={before:%Y-%m-%d}")
    return name.replace("=last", f"={last:%Y-%m}").replace("=now", f"={today:%Y-%m}")


@pytest.fixture(scope="module")
def endpoint_of(survey: Survey, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], str]:
    """Return a function from a method and an address to what answers it."""
    with survey.world.copy(tmp_path_factory.mktemp("map") / "instance").opened() as (app, _store):
        places = app.url_map.bind("localhost")
    return lambda method, where: str(places.match(urlsplit(where).path, method)[0])


class AskedByHtmx:
    """What htmx asks for on a page: what was asked last by itself, and what answered last with a part."""

    def __init__(self, page: Page, endpoint_of: Callable[[str, str], str]) -> None:
        self.asked, self.answered = "", ""
        self._endpoint_of = endpoint_of
        page.on("response", self._see)

    def _see(self, response: Response) -> None:
        request = response.request
        # Of a request that follows a redirect, Playwright does not tell every header.
        if "hx-request" in request.headers and request.redirected_from is None:
            self.asked = self._endpoint_of(request.method, request.url)
        if "x-page-part" in response.headers:
            self.answered = self._endpoint_of(request.method, request.url)


@pytest.fixture(scope="module")
def full_site(site: Site) -> Site:
    """Return the site, its owner with so many days of notes that there is something older, and further back."""
    store = open_store(site.world.config)
    make_check_in(store, site.world.people["owner"], mood=3)  # On the first of a month too, this month has an entry.
    for number in range(MANY):
        at = clock.now() - timedelta(days=40 + number)
        make_check_in(store, site.world.people["owner"], at=at, mood=3, note=f"further back {number}")
    store.close()
    return site


def after_swap(page: Page) -> list[str]:
    """Return what is wrong with what was put in place of something: for whom looks, listens, or goes on by keys."""
    if not page.evaluate("() => globalThis.stayed === true"):
        return ["a new page was loaded"]
    found = [] if page.evaluate(HAS_FOCUS) else ["the focus was lost"]
    found += [] if page.evaluate(IS_SAID) else ["nothing was said"]
    found += [] if page.locator("#notice[role=status]").count() == 1 else ["no live region #notice"]
    return found + [f"moved: {one}" for one in page.evaluate("() => globalThis.moved()")]


@pytest.mark.parametrize("state", STATES)
def test_after_every_swap(full_site: Site, endpoint_of: Callable[[str, str], str], state: str) -> None:
    site = full_site
    problems: dict[str, list[str]] = {}
    watched = Watched(site.server.url)
    watched.expect(NO_WORKER, "the server responded with a status of 422")
    for person, name, swap, asked, answered in SWAPS:
        page = site.open(person, **{"reduced_motion": "reduce", **STATES[state]})
        watched.watch(page)
        page.set_viewport_size(ZOOMED if state == "400% zoom" else PHONE)
        page.goto(address(site, name))
        page.wait_for_selector("[data-htmx-powered]")
        if state == "text spacing":
            add_style(page, TEXT_SPACING)
        page.evaluate(WATCH_PLACES)
        by_htmx = AskedByHtmx(page, endpoint_of)
        swap(page)
        seen = after_swap(page)
        if (by_htmx.asked, by_htmx.answered) != (asked, answered):
            seen.append(f"{by_htmx.asked} was asked, and {by_htmx.answered} answered: SWAPS says otherwise")
        seen += what_axe_cannot_see(page, 48 if state in {"light, dark and 320 px", "reduced motion"} else 44)
        seen += axe(page, off=["color-contrast"] if state == "forced colours" else ())
        if state == "light, dark and 320 px":
            page.emulate_media(color_scheme="dark")
            seen += [f"dark: {one}" for one in axe(page, only=COLOURS)]
            page.set_viewport_size(SMALLEST)
            seen += [f"320 px: {one}" for one in [*what_axe_cannot_see(page, 44), *axe(page)]]
        problems[f"{swap.__name__} on {name}"] = seen
        page.close()
    assert not told(problems), told(problems)
    assert not watched.problems


def test_every_address_that_answers_with_a_part_is_among_the_swaps() -> None:
    """`WITH_PARTS` is all: every test asks of every answer of another address that it does not load htmx."""
    answering = {answered for *_, answered in SWAPS}
    assert answering | NEVER_ASKED == headers.WITH_PARTS
    assert not answering & NEVER_ASKED


def test_every_link_and_form_that_asks_for_a_part_is_among_the_swaps(
    survey: Survey, endpoint_of: Callable[[str, str], str], tmp_path: Path
) -> None:
    asked: dict[str, str] = {}
    with survey.world.copy(tmp_path / "instance", development=True).opened() as (app, _store):
        for person in ("owner", "c-with"):
            client = survey.world.client(app, person)
            for where in survey.pages[person]:
                if endpoint_of("GET", where) in headers.WITH_PARTS:
                    asked |= {
                        endpoint_of(method, element.get(name) or ""): where
                        for method, name in (("GET", "hx-get"), ("POST", "hx-post"))
                        for element in client.get(where).document.iter()
                        if element.get(name)
                    }
    assert len(asked) > 1
    tried = {asked for *_, asked, _ in SWAPS}
    assert asked.keys() <= tried, {name: where for name, where in asked.items() if name not in tried}
    assert not asked.keys() & NEVER_ASKED


def is_part(route: Route) -> bool:
    return bool(route.request.headers.get("hx-request"))


def _failed(page: Page) -> None:
    """Have no part answered, so that the page is loaded as ever."""
    page.route("**/history?period=90", lambda route: route.abort() if is_part(route) else route.continue_())


def _silent(page: Page) -> None:
    """Have the part that is asked for answered without its words for the ear."""

    def answer(route: Route) -> None:
        if not is_part(route):
            route.continue_()
            return
        came = route.fetch()
        route.fulfill(response=came, body=re.sub(r'data-told="[^"]*"', 'data-told=""', came.text()))

    page.route("**/history?period=90", answer)


# What is broken, how, and what the check says of it.
FAULTS: dict[str, tuple[Callable[[Page], None], str]] = {
    "a new page in its place": (_failed, "a new page was loaded"),
    "the focus goes nowhere": (
        lambda page: page.evaluate("() => { HTMLElement.prototype.focus = () => {}; }"),
        "the focus was lost",
    ),
    "a part without words for the ear": (_silent, "nothing was said"),
    "words that stand in no live region": (
        lambda page: page.evaluate(
            "() => { document.querySelector('main > p[role=status]').removeAttribute('role'); }"
        ),
        "nothing was said",
    ),
    "the live region of notices is gone": (
        lambda page: page.evaluate("() => { document.querySelector('#notice').removeAttribute('role'); }"),
        "no live region #notice",
    ),
    "the heading moves": (
        lambda page: page.evaluate(
            """() => new MutationObserver(() => { document.querySelector("h1").style.paddingTop = "30px"; })
              .observe(document.querySelector("#history").parentElement, { childList: true })"""
        ),
        "moved: <h1",
    ),
    "something beside it goes": (
        lambda page: page.evaluate(
            """() => new MutationObserver(() => { document.querySelector(".views").remove(); })
              .observe(document.querySelector("#history").parentElement, { childList: true })"""
        ),
        "moved: gone: <nav",
    ),
}


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_a_planted_fault_of_a_swap_is_seen(full_site: Site, fault: str | None) -> None:
    """And the same swap has none where none was planted."""
    page = full_site.open("owner", reduced_motion="reduce")
    page.set_viewport_size(PHONE)
    page.goto("/history")
    page.wait_for_selector("[data-htmx-powered]")
    page.evaluate(WATCH_PLACES)
    if fault is None:
        period(page)
        assert after_swap(page) == []
    else:
        plant, words = FAULTS[fault]
        plant(page)
        period(page)
        found = after_swap(page)
        assert any(one.startswith(words) for one in found), found
    page.close()
