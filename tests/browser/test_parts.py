"""Parts of pages put in place by htmx: by touch and by keys, without scripts, and when the answer is not a part."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Route, expect
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import func, select

from patient_app.access_log.models import AccessRecord
from patient_app.consent.categories import Category, Level
from patient_app.core import clock
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.teamwork.models import TeamNote
from tests.conftest import LiveServer, Watched
from tests.factories import (
    Made,
    assign_team,
    give_consent,
    make_administrator,
    make_check_in,
    make_clinician,
    make_patient,
    make_practice,
)

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

# Stays on a page for as long as no other is loaded.
MARK = "() => { globalThis.stayed = true; }"
STAYED = "() => globalThis.stayed === true"
FOCUS = "() => document.activeElement.id || document.activeElement.textContent.trim()"
SAID = """() => [...document.querySelectorAll("[role=status]:not(#phone-lines)")]
  .map((one) => one.textContent.trim()).filter(Boolean)"""
IN_THE_WAY = ("status of 500", "status of 401", "net::ERR_FAILED", "htmx:error")


@dataclass(frozen=True)
class World:
    """A patient with entries over half a year, of which a prescriber reads the mood and the notes."""

    patient: Made
    prescriber: Made
    entry: str


@pytest.fixture
def world(live_server: LiveServer) -> World:
    store = live_server.store
    practice = make_practice(store)
    patient = make_patient(store, practice, name="Robin Vale")
    prescriber = make_clinician(store, practice, Discipline.PRESCRIBER)
    assign_team(store, patient, prescriber, make_administrator(store, practice))
    give_consent(store, patient, prescriber, {Category.MOOD: Level.DETAIL, Category.NOTES: Level.DETAIL})
    ids = [
        make_check_in(store, patient, at=clock.now() - timedelta(days=days), mood=3, note=f"words {days}")
        for days in (0, 1, 2, 20, 40, 100, 180)
    ]
    return World(patient, prescriber, f"/check-in/{ids[0]}")


def sign_in(page: BrowserPage, person: Made) -> None:
    page.emulate_media(reduced_motion="reduce")  # Chromium calls a fade that was cut short a fault.
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_label("E-mail or sign-in name").fill(person.sign_in_name)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    if person.totp_secret:
        page.get_by_label("Code").fill(person.code)
        page.get_by_label("Code").press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)


def open_ready(page: BrowserPage, address: str) -> None:
    """Open a page, wait until its links and forms are made smoother, and mark it."""
    page.goto(address)
    page.wait_for_selector("[data-htmx-powered]")
    page.evaluate(MARK)


def becomes(page: BrowserPage, script: str, value: object) -> None:
    """Wait until a script gives this: what is focused and said comes right after what is seen."""
    page.wait_for_function(f"(value) => JSON.stringify(({script})()) === JSON.stringify(value)", arg=value)


def cut(route: Route) -> None:
    """Lose what htmx asks for; what the browser asks for itself arrives."""
    route.abort() if route.request.headers.get("hx-request") else route.continue_()


def fail(route: Route) -> None:
    """Answer htmx with a fault, and the browser as ever."""
    route.fulfill(status=500, body="fault") if route.request.headers.get("hx-request") else route.continue_()


# --- the history ------------------------------------------------------------------------------------------------


def test_a_period_a_month_and_a_day_are_put_in_place(phone: BrowserPage, world: World) -> None:
    sign_in(phone, world.patient)
    open_ready(phone, "/history")
    phone.get_by_role("link", name="7 days").tap()
    expect(phone).to_have_url(re.compile(r"/history\?period=7$"))
    expect(phone.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    becomes(phone, FOCUS, "period-7")
    becomes(phone, SAID, ["Shown now: 7 days"])
    phone.get_by_role("link", name="90 days").tap()
    expect(phone).to_have_url(re.compile(r"/history\?period=90$"))
    assert phone.evaluate(STAYED)

    # Going back and on shows what stood there; nothing was kept for it.
    phone.go_back()
    expect(phone.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    expect(phone).to_have_url(re.compile(r"/history\?period=7$"))
    phone.go_forward()
    expect(phone.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "true")
    assert phone.evaluate("() => localStorage.length + sessionStorage.length") == 0

    month = clock.moment(clock.now(), world.patient.zone).day.strftime("%Y-%m")
    open_ready(phone, f"/history?month={month}")
    phone.get_by_role("link", name="Month before").tap()
    expect(phone).not_to_have_url(re.compile(month))
    becomes(phone, FOCUS, "page-before")
    becomes(phone, SAID, [phone.locator("caption").text_content()])
    phone.get_by_role("link", name="Next month").tap()
    expect(phone).to_have_url(re.compile(month))
    phone.locator(".calendar a").last.tap()
    expect(phone).to_have_url(re.compile(r"\?day=[0-9-]+#entries$"))
    expect(phone.get_by_role("heading", name="Check-ins")).to_be_focused()
    expect(phone.locator("#entries")).to_be_in_viewport()
    assert phone.evaluate(STAYED)


def test_who_goes_on_to_another_address_before_the_scripts_came_sees_what_stands_there(
    phone: BrowserPage, world: World
) -> None:
    sign_in(phone, world.patient)
    open_ready(phone, "/history?period=7")
    # Back and on again, faster than this file came: it comes only now.
    phone.evaluate("() => history.pushState(null, '', '/history?period=90')")
    late = "() => { import(`${document.querySelector('script[src*=\"/parts.js\"]').src}?late`).catch(() => {}); }"
    phone.evaluate(late)
    expect(phone.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "true")


def test_a_search_is_put_in_place_and_stands_in_no_address(phone: BrowserPage, world: World) -> None:
    sign_in(phone, world.patient)
    open_ready(phone, "/history/search")
    phone.get_by_label("Words").fill("words 10")
    phone.get_by_role("button", name="Look for it").tap()
    expect(phone.get_by_role("heading", name="1 note")).to_be_focused()
    expect(phone.get_by_label("Words")).to_have_value("words 10")
    assert phone.url.endswith("/history/search")
    phone.get_by_label("Words").fill(" ")
    phone.get_by_label("Words").press("Enter")
    expect(phone.get_by_label("Words")).to_be_focused()
    expect(phone.locator("#error-summary")).to_be_visible()
    expect(phone).to_have_title(re.compile("^Please check"))
    phone.get_by_label("Words").fill("nothing has these")
    phone.get_by_label("Words").press("Enter")
    expect(phone.get_by_role("heading", name="No note with these words")).to_be_focused()
    expect(phone).to_have_title(re.compile("^History"))
    assert phone.evaluate(STAYED)


def test_a_link_of_the_history_can_still_be_opened_beside_it(phone: BrowserPage, world: World) -> None:
    sign_in(phone, world.patient)
    open_ready(phone, "/history")
    with phone.context.expect_page() as opened:
        phone.get_by_role("link", name="7 days").click(modifiers=["Control"])
    expect(opened.value).to_have_url(re.compile(r"/history\?period=7$"))
    assert phone.url.endswith("/history")
    assert phone.evaluate(STAYED)


@pytest.mark.parametrize("answer", [cut, fail])
def test_a_link_leads_there_when_there_is_no_part(
    phone: BrowserPage, watched: Watched, world: World, answer: Callable[[Route], None]
) -> None:
    watched.expect(*IN_THE_WAY)
    sign_in(phone, world.patient)
    open_ready(phone, "/history")
    phone.route("**/history*", answer)
    phone.get_by_role("link", name="7 days").tap()
    expect(phone.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    expect(phone).to_have_url(re.compile(r"/history\?period=7$"))
    assert not phone.evaluate(STAYED)


def test_who_is_signed_out_meanwhile_signs_in_on_a_whole_page(phone: BrowserPage, world: World) -> None:
    sign_in(phone, world.patient)
    open_ready(phone, "/history")
    phone.context.clear_cookies()
    phone.get_by_role("link", name="7 days").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert "period" in phone.url


def test_who_goes_elsewhere_meanwhile_is_not_brought_back(phone: BrowserPage, watched: Watched, world: World) -> None:
    watched.expect(*IN_THE_WAY)
    sign_in(phone, world.patient)
    open_ready(phone, "/history")
    waiting: list[Route] = []

    def keep_waiting(route: Route) -> None:
        waiting.append(route)

    phone.route("**/history?period=7", keep_waiting)
    phone.get_by_role("link", name="7 days").tap()
    phone.wait_for_function("() => document.querySelector('.htmx-request')")
    phone.get_by_role("link", name="Help now").last.tap()
    phone.wait_for_url("**/help")
    for route in waiting:
        route.abort()
    phone.wait_for_timeout(300)
    assert phone.url.endswith("/help")


# --- keeping a check-in to oneself --------------------------------------------------------------------------------


def test_a_check_in_is_kept_to_oneself_in_place(phone: BrowserPage, world: World) -> None:
    sign_in(phone, world.patient)
    open_ready(phone, f"{world.entry}?done=saved")
    phone.get_by_role("button", name="Keep this one to myself").tap()
    back = phone.get_by_role("button", name="Let people I share with see it")
    expect(back).to_be_focused()
    expect(phone.locator("#notice")).to_have_text("Only you can see this check-in now.")
    expect(phone.get_by_text("Only you. You keep this one to yourself.")).to_be_visible()
    back.press("Enter")
    expect(phone.get_by_role("button", name="Keep this one to myself")).to_be_focused()
    expect(phone.locator("#notice")).to_have_text("People you share with can see this check-in again.")
    assert phone.evaluate(STAYED)
    assert phone.url.endswith("done=saved")


@pytest.mark.parametrize("answer", [cut, fail])
def test_a_form_is_sent_when_there_is_no_part(
    phone: BrowserPage, watched: Watched, world: World, answer: Callable[[Route], None]
) -> None:
    watched.expect(*IN_THE_WAY)
    sign_in(phone, world.patient)
    open_ready(phone, world.entry)
    phone.route("**/private", answer)
    phone.get_by_role("button", name="Keep this one to myself").tap()
    expect(phone.get_by_role("button", name="Let people I share with see it")).to_be_visible()
    expect(phone.locator("#notice")).to_have_text("Only you can see this check-in now.")
    assert not phone.evaluate(STAYED)


# --- the clinician's page of a patient ----------------------------------------------------------------------------


def readings(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(AccessRecord)) or 0


def notes(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(TeamNote)) or 0


def write_note(page: BrowserPage, words: str, *touches: str) -> None:
    if not page.get_by_label("Your note").is_visible():
        page.locator("summary", has_text="Write a note").click()
    page.get_by_label("Your note").fill(words)
    for one in touches:
        page.get_by_role("group", name="What does it touch on?").get_by_label(one).check()
    page.get_by_role("button", name="Save note").click()


def test_a_review_and_a_note_are_kept_in_place(phone: BrowserPage, live_server: LiveServer, world: World) -> None:
    store = live_server.store
    sign_in(phone, world.prescriber)
    open_ready(phone, f"/team/{world.patient.id}")
    before = readings(store)
    phone.get_by_role("button", name="Mark as reviewed").tap()
    expect(phone.get_by_text("Marked as reviewed.")).to_be_visible()
    expect(phone.get_by_text("Nothing new since you last looked")).to_be_visible()
    expect(phone.get_by_role("button", name="Mark as reviewed")).to_be_focused()
    assert readings(store) == before + 1

    write_note(phone, "", "Mood")
    expect(phone.get_by_label("Your note")).to_be_focused()
    expect(phone.get_by_label("Your note")).to_have_attribute("aria-invalid", "true")
    write_note(phone, "Called on Monday")
    expect(phone.get_by_text("Called on Monday")).to_be_visible()
    expect(phone.locator("#notice")).to_contain_text("Saved.")
    expect(phone.locator("summary", has_text="Write a note")).to_be_focused()
    write_note(phone, "And on Tuesday", "Mood")
    expect(phone.get_by_text("And on Tuesday")).to_be_visible()
    phone.get_by_role("button", name="Take back").first.tap()
    expect(phone.get_by_text("Taken back: only you see it")).to_be_visible()
    assert phone.evaluate(STAYED)
    assert notes(store) == 2
    assert phone.url.endswith(f"/team/{world.patient.id}")


@pytest.mark.parametrize("answer", [cut, fail])
def test_a_note_is_stored_once_also_when_its_answer_was_lost(
    phone: BrowserPage, watched: Watched, live_server: LiveServer, world: World, answer: Callable[[Route], None]
) -> None:
    watched.expect(*IN_THE_WAY)
    sign_in(phone, world.prescriber)
    open_ready(phone, f"/team/{world.patient.id}")

    def lose(route: Route) -> None:
        if route.request.headers.get("hx-request"):
            route.fetch(max_redirects=0)  # It arrives, and is kept.
        answer(route)

    phone.route("**/notes", lose)
    write_note(phone, "Called on Monday", "Mood")
    expect(phone.get_by_text("Called on Monday")).to_be_visible()
    expect(phone.locator("#notice")).to_contain_text("Saved.")
    assert not phone.evaluate(STAYED)
    assert notes(live_server.store) == 1


def test_words_are_not_lost_when_the_session_ended_meanwhile(
    phone: BrowserPage, watched: Watched, world: World
) -> None:
    watched.expect(*IN_THE_WAY)
    sign_in(phone, world.prescriber)
    open_ready(phone, f"/team/{world.patient.id}")
    phone.context.clear_cookies()
    write_note(phone, "Called on Monday", "Mood")
    expect(phone.get_by_text("Your words are kept on this page.")).to_be_visible()
    expect(phone.get_by_label("Your note")).to_have_value("Called on Monday")


# --- what is put in place, and by whom ----------------------------------------------------------------------------


def test_nothing_planted_asks_by_itself_or_elsewhere(phone: BrowserPage, world: World) -> None:
    sign_in(phone, world.patient)
    open_ready(phone, "/history")
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    planted = phone.evaluate(
        """() => {
          const main = document.querySelector("#history");
          const add = (tag, attributes) => {
            const element = document.createElement(tag);
            for (const [name, value] of Object.entries(attributes)) { element.setAttribute(name, value); }
            element.textContent = "planted";
            main.append(element);
          };
          add("div", { "hx-post": "/sharing/pause", "hx-trigger": "load" });
          add("a", { "hx-get": "/today", "hx-trigger": "load", href: "/today" });
          add("a", { "hx-get": "/sharing", href: "#history", class: "other" });
          add("a", { "hx-boost": "true", href: "#history", "hx-on:click": "globalThis.ran = true" });
          const form = document.querySelector("#period-7");
          form.click();
          return [typeof globalThis.htmx];
        }"""
    )
    expect(phone).to_have_url(re.compile(r"period=7$"))
    assert planted == ["undefined"]
    # The page itself may still be fetching a file: its icon, for one.
    assert [address for address in asked if "period=7" not in address and "/static/" not in address] == []


@pytest.mark.parametrize("address", ["/today", "/sign-in", "/help", "/check-in"])
def test_pages_that_use_no_part_load_nothing_of_it(phone: BrowserPage, world: World, address: str) -> None:
    if address != "/sign-in":
        sign_in(phone, world.patient)
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(address)
    phone.wait_for_load_state("networkidle")
    assert not [one for one in asked if "htmx" in one or "parts" in one]


# What the policy must take, and what it must refuse: nothing of this is ever drawn by us.
TAKEN = (
    "",
    "words",
    "<p>5 &lt; 6, on = off, javascript: is a word, onclick=x too</p>",
    '<a id="a-1" href="/history?period=7" hx-get="/history?period=7" aria-current="true">7</a>',
    '<a href="/history?day=2026-01-01#entries">1</a><a href="#notes">n</a>',
    '<a href="tel:988">c</a><a href="sms:988">t</a>',
    '<form method="post" action="/a" novalidate hx-post="/a" hx-push-url="false"><button>x</button></form>',
    '<svg width="20" aria-hidden="true"><use href="/static/0123456789ab/icons/sprite.svg#eye"/></svg>',
    '<svg viewBox="0 0 9 9" preserveAspectRatio="none"><path d="M0 1H2"/><rect x="1"/><text x="1%">a</text></svg>',
    '<textarea>\n&lt;script&gt;</textarea><br><input type="checkbox" checked>',
    "<title>History · Tandem</title>",
)
REFUSED = (
    "<script>x()</script>",
    "<SCRIPT src=/x></SCRIPT>",
    "<p><style>p{}</style></p>",
    '<iframe src="/help"></iframe>',
    '<iframe srcdoc="&lt;script&gt;"></iframe>',
    '<object data="/x"></object>',
    '<embed src="/x">',
    '<base href="/x">',
    '<link rel="stylesheet" href="/x">',
    '<meta http-equiv="refresh" content="0">',
    '<img src="/x" alt="">',
    '<video poster="/x"></video>',
    "<math><mtext></mtext></math>",
    "<svg><foreignObject></foreignObject></svg>",
    '<svg><animate attributeName="href"/></svg>',
    '<svg><use href="data:image/svg+xml,x"/></svg>',
    '<svg><use href="https://elsewhere.example/static/x.svg#a"/></svg>',
    "<template><script>x()</script></template>",
    '<template shadowrootmode="open"></template>',
    "<noscript><p></noscript>",
    "<xmp></xmp>",
    "<!-- a comment -->",
    "<!doctype html><p>x</p>",
    "<html><body><p>x</p></body></html>",
    "<![CDATA[ x ]]>",
    "<?x?>",
    '<p onclick="x()">a</p>',
    '<p ONCLICK="x()">a</p>',
    "<p onclick>a</p>",
    '<p/onclick="x()">a</p>',
    '<p\nonclick="x()">a</p>',
    "<p onclick=x()>a</p>",
    "<p class='a' onclick='x()'>a</p>",
    '<p title=">" onclick="x()">a</p>',
    '<p title="<" onclick="x()">a</p>',
    '<a title=">" onclick=x() y',
    "<textarea><p title=\"</textarea><p onclick='x()'>\"></textarea>",
    '<p style="color:red">a</p>',
    '<a href="javascript:x()">a</a>',
    '<a href="JAVASCRIPT:x()">a</a>',
    '<a href=" javascript:x()">a</a>',
    '<a href="java&#10;script:x()">a</a>',
    '<a href="&#106;avascript:x()">a</a>',
    '<a href="data:text/html,x">a</a>',
    '<a href="//elsewhere.example/">a</a>',
    '<a href="/\\elsewhere.example/">a</a>',
    '<a href="https://elsewhere.example/">a</a>',
    '<a ping="/x" href="/a">a</a>',
    '<form method="post" action="https://elsewhere.example/"></form>',
    '<button formaction="//elsewhere.example/">a</button>',
    '<a href="/a" hx-get="https://elsewhere.example/">a</a>',
    '<a href="/a" hx-get="js:x()">a</a>',
    '<p hx-trigger="load" hx-get="/a">a</p>',
    '<p hx-on:click="x()">a</p>',
    '<p hx-vals="js:{a: x()}">a</p>',
    '<p hx-headers="js:x()">a</p>',
    '<p hx-boost="true">a</p>',
    "<p hx-preserve>a</p>",
    '<p hx-swap-oob="true">a</p>',
    '<p is="other">a</p>',
    "<a",
    "<",
    "<p",
    '</p onclick="x()">',
)


def test_html_is_written_by_the_one_policy_alone(phone: BrowserPage, watched: Watched, world: World) -> None:
    watched.expect("This document requires", "violates the following Content Security", "Refused: ")
    sign_in(phone, world.patient)
    open_ready(phone, "/history")
    module = phone.evaluate(
        "() => new URL('parts_policy.js', document.querySelector('script[src*=\"/parts.js\"]').src).pathname"
    )
    said: dict[str, str | None] = phone.evaluate(
        """async ([module, texts]) => {
          const { refusal } = await import(module);
          return Object.fromEntries(texts.map((text) => [text, refusal(text) ?? null]));
        }""",
        [module, [*TAKEN, *REFUSED]],
    )
    assert [text for text in TAKEN if said[text] is not None] == []
    assert [text for text in REFUSED if said[text] is None] == []

    # And the browser holds every script to it, ours too.
    tried: dict[str, str] = phone.evaluate(
        """async (module) => {
          const { policy, NoCode } = await import(module);
          const attempt = (work) => { try { work(); return "done"; } catch (error) { return error.name; } };
          const place = document.createElement("p");
          return {
            "plain text": attempt(() => { place.innerHTML = "<b>x</b>"; }),
            "another policy": attempt(() => trustedTypes.createPolicy("default", { createHTML: (text) => text })),
            "the same again": attempt(() => trustedTypes.createPolicy("tandem-parts", { createHTML: (text) => text })),
            "good html": attempt(() => { place.innerHTML = policy.createHTML("<b>x</b>"); }),
            "bad html": attempt(() => policy.createHTML("<img src=x>")),
            "a script": attempt(() => policy.createScript("1")),
            "its address": attempt(() => policy.createScriptURL("/x.js")),
            "words as code": attempt(() => new NoCode("1")),
            "eval": attempt(() => (0, eval)("1")),
          };
        }""",
        module,
    )
    assert tried.pop("good html") == "done"
    assert "done" not in tried.values(), tried

    # On every other page not even that.
    phone.goto("/today")
    attempt = "() => { try { trustedTypes.createPolicy('tandem-parts', {}); return 1; } catch { return 0; } }"
    assert phone.evaluate(attempt) == 0


@pytest.mark.parametrize("answer", ["a script in it", "a whole page", "nothing to replace"])
def test_what_is_not_a_part_is_never_put_in_place(
    phone: BrowserPage, watched: Watched, world: World, answer: str
) -> None:
    watched.expect("htmx:error", "Refused: ")
    sign_in(phone, world.patient)
    open_ready(phone, "/history")
    bodies = {
        "a script in it": '<div id="history">planted<img src="/x" alt=""></div><div id="notice"></div>',
        "a whole page": "<!DOCTYPE html><html><body>planted</body></html>",
        "nothing to replace": '<div id="history">planted</div>',
    }

    def plant(route: Route) -> None:
        if route.request.headers.get("hx-request"):
            route.fulfill(status=200, headers={"X-Page-Part": "1", "Content-Type": "text/html"}, body=bodies[answer])
        else:
            route.continue_()

    phone.route("**/history?period=7", plant)
    phone.get_by_role("link", name="7 days").tap()
    expect(phone.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    expect(phone.get_by_text("planted")).to_have_count(0)
    assert not phone.evaluate(STAYED)


def test_nothing_was_reported_and_everything_works_without_scripts(
    browser: Browser, live_server: LiveServer, watched: Watched, world: World
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    watched.watch(page)
    sign_in(page, world.patient)
    page.goto("/history")
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Calendar").click()
    page.get_by_role("link", name="Month before").click()
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Words").fill("words 10")
    page.get_by_role("button", name="Look for it").click()
    expect(page.get_by_role("heading", name="1 note")).to_be_visible()
    page.goto(world.entry)
    page.get_by_role("button", name="Keep this one to myself").click()
    expect(page.locator("#notice")).to_have_text("Only you can see this check-in now.")
    sign_in(page, world.prescriber)
    page.goto(f"/team/{world.patient.id}")
    page.get_by_role("button", name="Mark as reviewed").click()
    expect(page.get_by_text("Marked as reviewed.")).to_be_visible()
    write_note(page, "Called on Monday", "Mood")
    expect(page.get_by_text("Called on Monday")).to_be_visible()
    context.close()
    assert "policy report" not in live_server.log.read_text(encoding="utf-8")
