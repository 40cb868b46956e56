"""Every page, for each kind of person, in a real browser: axe, and what axe cannot see.

Every page is looked at in light, in dark at 320 CSS px, in forced colours, at 400% zoom (1280 x 1024 is then
320 x 256), with the text spacing of WCAG 1.4.12, and with both, one after the other while it is open. The whole of axe
is asked in light, in dark at 320 px, in forced colours, and at 400% zoom with text spacing; at 400% zoom alone and with
text spacing alone only the rules that a size can change. A few pages that hold every component between them are also
loaded in each mode; of them the whole of axe is asked at 400% zoom alone and with text spacing alone too.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from patient_app.accounts import sessions
from patient_app.accounts.models import Person
from patient_app.checkins import recording, rules
from patient_app.checkins.answers import Answers, ThingSaid
from patient_app.core import clock
from patient_app.core.identity import Stage, Viewer
from patient_app.core.ids import new_id
from patient_app.core.installation import open_store
from patient_app.core.work import db
from patient_app.medications import changing
from patient_app.medications.changing import Author
from patient_app.medications.said import Said
from patient_app.medications.schedule import Dose, EveryDays, Regular, Schedule
from patient_app.profile.things import Kind, Thing
from tests import factories
from tests.browser.conftest import PEOPLE, Survey
from tests.conftest import NO_WORKER, LiveServer, Watched, serving
from tests.nursery import Nursery
from tests.sweeps.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What can differ between light and dark.
COLOURS = ["color-contrast", "link-in-text-block"]
# What can differ between one size and another. Colours can only where one thing lies over another: everything is asked
# again at 400% zoom with text spacing, where most does.
PLACED = ["target-size", "scrollable-region-focusable"]
EXPERIMENTAL = ["css-orientation-lock", "label-content-name-mismatch"]
# For these axe fetches every style sheet once more.
OF_STYLE_SHEETS = ["css-orientation-lock"]
# What axe could not decide, looked at by a person: rule, a part of the element, why it is right.
REVIEWED: tuple[tuple[str, str, str], ...] = (
    ("color-contrast", "<text ", "labels of drawings: their colours are in the tokens' contrast pairs"),
    ("color-contrast", "<td", "cells off the edge of a table that scrolls by itself look as those in view"),
    ("color-contrast", "<th", "likewise"),
    ("color-contrast", "<caption", "likewise, of a caption as wide as its table"),
)
# Bars that stand still hide what is below them from axe, not from a person who scrolls; what they hide from the focus
# is looked at apart.
LAY_BARS_FLAT = ".app-bar, .nav, .save-bar { position: static !important; }"

# A page that is not there, or not for this person, is an error to the console, and right.
NOT_THERE = tuple(f"the server responded with a status of {status}" for status in (404, 409, 410))
PHONE, SMALLEST, ZOOMED = (
    ViewportSize(width=width, height=height) for width, height in ((360, 780), (320, 568), (320, 256))
)
# Between them these hold every component and every layout.
REPRESENTATIVE = (
    ("anonymous", "/styleguide"),
    ("anonymous", "/help"),
    ("anonymous", "/sign-in"),
    ("anonymous", "/no-such-page"),
    ("owner", "/today"),
    ("owner", "/check-in"),
    ("owner", "/history"),
    ("owner", "/sharing"),
    ("s-with", "/supporting"),
    ("c-with", "/team"),
    ("admin", "/practice"),
)
TEXT_SPACING = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }"
    " p { margin-block-end: 2em !important; }"
)

RUN_AXE = """
async ([tags, experimental, only, off, again]) => {
  const rules = Object.fromEntries([
    ...experimental.map((name) => [name, { enabled: true }]), ...off.map((name) => [name, { enabled: false }])]);
  const found = await axe.run(document, {
    ...(only.length ? { runOnly: only } : { runOnly: { type: "tag", values: tags }, rules }),
    resultTypes: ["violations", "incomplete"],
    preload: !again,
  });
  const told = (kind) => found[kind].flatMap((rule) => rule.nodes.map((node) => [
    kind, rule.id, node.html.slice(0, 200),
    (node.any[0] ?? node.all[0] ?? node.none[0])?.message?.slice(0, 200) ?? ""]));
  return [...told("violations"), ...told("incomplete")];
}
"""
COUNT_SHIFTS = """
globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    globalThis.shifts.push(`${entry.value} ${entry.sources.map((source) => source.node?.outerHTML?.slice(0, 120))}`);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
# Links in running text are exempt (2.5.8); what is inside a label is as large as the label.
SMALL_TARGETS = """
(least) => [...document.querySelectorAll("a[href], button, summary, input, select, textarea")].flatMap((control) => {
  const target = control.closest("label") ?? control;
  const style = getComputedStyle(target);
  if (control.type === "hidden" || style.display === "inline" || control.matches(".skip")
      || !target.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true })) { return []; }
  const box = target.getBoundingClientRect();
  return box.width < least - 0.01 || box.height < least - 0.01
    ? [`${target.outerHTML.slice(0, 120)} is ${box.width.toFixed(1)} x ${box.height.toFixed(1)}`] : [];
})
"""
TOO_WIDE = """
() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) { return []; }
  return [...document.querySelectorAll("body *")].filter((element) =>
    element.getBoundingClientRect().right > width + 1 && !element.closest(".table-scroll, .visually-hidden, .skip"))
    .slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
}
"""
# Moves the focus through the page, as Tab does, and asks whether any corner of what has it can be seen.
HIDDEN_FOCUS = """
() => [...document.querySelectorAll("a[href], button, summary, input, select, textarea, [tabindex='0']")]
  .flatMap((control) => {
    const shown = control.checkVisibility({ visibilityProperty: true });
    if (control.type === "hidden" || control.matches(".skip") || !shown) { return []; }
    control.focus();
    const box = (control.closest("label") ?? control).getClientRects()[0];
    const points = [[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]];
    const seen = box && points.some(([x, y]) => {
      const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
      return top && (control.contains(top) || top.contains(control) && !top.matches(".app-bar, .nav, .save-bar")
        || control.closest("label")?.contains(top));
    });
    return seen ? [] : [control.outerHTML.slice(0, 120)];
  })
"""
MOVING = """
() => [...document.querySelectorAll("body *")].filter((element) => {
  const style = getComputedStyle(element);
  return style.animationName !== "none" || style.transitionDuration.split(",").some((time) => parseFloat(time) > 0);
}).slice(0, 3).map((element) => element.outerHTML.slice(0, 120))
"""
# Without a wish for less motion, a second after it was loaded at the latest: whatever was to fade in has done so.
STILL_MOVING = """
() => new Promise((done) => {
  if (document.getAnimations().length) setTimeout(done, Math.max(0, 1000 - performance.now()));
  else done();
}).then(() => [
  ...document.getAnimations().map((one) => `${one.constructor.name}: ${one.effect?.target?.outerHTML.slice(0, 120)}`),
  ...[...document.querySelectorAll("animate, animateTransform, animateMotion, set, marquee, video, audio, blink")]
    .map((one) => one.outerHTML.slice(0, 120)),
])
"""


@dataclass
class Site:
    """The world of the sweeps on the real server, and who can open which page of it."""

    server: LiveServer
    world: World
    browser: Browser
    pages: dict[str, tuple[str, ...]]
    contexts: dict[tuple[Any, ...], BrowserContext] = field(default_factory=dict)

    def open(self, person: str, **options: Any) -> Page:
        """Return an empty page of a person's own browser."""
        key = (person, *sorted((name, str(value)) for name, value in options.items()))
        if key not in self.contexts:
            context = self.browser.new_context(
                base_url=self.server.url, viewport=PHONE, service_workers="block", **options
            )
            context.set_default_timeout(15_000)
            context.add_init_script(COUNT_SHIFTS)
            if token := self.world.tokens.get(person):
                name = sessions.session_cookie_name(self.world.config)
                context.add_cookies([{"name": name, "value": token, "url": self.server.url}])
            self.contexts[key] = context
        return self.contexts[key].new_page()


@pytest.fixture(scope="module")
def site(
    survey: Survey, tmp_path_factory: pytest.TempPathFactory, browser: Browser, nursery: Nursery
) -> Iterator[Site]:
    """Serve a copy of the world."""
    folder = tmp_path_factory.mktemp("accessibility")
    world = survey.world.copy(folder / "instance")
    with serving(world.config, folder / "server.log", nursery, DEVELOPMENT="1") as server:
        found = Site(server, world, browser, survey.pages)
        yield found
        for context in found.contexts.values():
            context.close()


@cache
def _axe_source() -> str:
    return AXE.read_text(encoding="utf-8") + ";0"


def axe(page: Page, *, only: Sequence[str] = (), off: Sequence[str] = ()) -> list[str]:
    """Return what axe finds, without the reviewed cases it could not decide; everything that unfolds is open.

    The bars are flat for axe alone, and stand again afterwards: what they hide from the focus is looked at next.
    """
    again = page.evaluate("() => 'axe' in globalThis")
    if not again:
        page.evaluate(_axe_source())  # A script tag would be refused by the policy.
    page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    _add_style(page, LAY_BARS_FLAT)
    # What is read in the style sheets is the same in every mode of a page that is open.
    off = [*off, *(OF_STYLE_SHEETS if again else ())]
    found = page.evaluate(RUN_AXE, [TAGS, EXPERIMENTAL, list(only), off, again])
    page.evaluate("() => { document.adoptedStyleSheets.pop(); }")
    return [
        f"{kind}: {rule}: {html}\n      {message}"
        for kind, rule, html, message in found
        if not (kind == "incomplete" and any(rule == name and part in html for name, part, _why in REVIEWED))
    ]


def _add_style(page: Page, text: str) -> None:
    page.evaluate(
        """(text) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(text);
          document.adoptedStyleSheets.push(sheet);
        }""",
        text,
    )


def what_axe_cannot_see(page: Page, least: float) -> list[str]:
    """Return targets that are small, content that is too wide, and focus that is hidden."""
    return [
        *(f"small target: {told}" for told in page.evaluate(SMALL_TARGETS, least)),
        *(f"wider than the screen: {told}" for told in page.evaluate(TOO_WIDE)),
        *(f"focus is hidden: {told}" for told in page.evaluate(HIDDEN_FOCUS)),
    ]


def places(page: Page) -> list[Any]:
    """Return where help and the way out stand, and where the first link of the page leads."""
    found: list[Any] = page.evaluate(
        """() => [...document.querySelectorAll(".app-bar .help-now, .app-bar .quick-exit")]
          .map((link) => JSON.stringify(link.getBoundingClientRect()))
          .concat(document.querySelector("a[href], button, summary").getAttribute("href"))"""
    )
    assert found[-1] == "/help"
    assert len(found) == 3
    return found


def told(problems: dict[str, list[str]]) -> str:
    """Return the problems by page."""
    return "\n".join(f"{place}\n    " + "\n    ".join(found) for place, found in problems.items() if found)


MODES: dict[str, dict[str, Any]] = {
    "forced colours": {"forced_colors": "active"},
    "400% zoom": {},
    "text spacing": {},
    "reduced motion": {"reduced_motion": "reduce"},
}
# In these, pages that hold every component are loaded too.
LOADED_IN: dict[str, dict[str, Any]] = {**MODES, "dark": {"color_scheme": "dark"}, "320 px": {}}
# In which the whole of axe is not asked of every page.
ASKED_APART = ("400% zoom", "text spacing")
SIZES = {"400% zoom": ZOOMED, "320 px": SMALLEST}

# axe reads -webkit-text-fill-color, which Chromium does not force as it forces color.
NOT_IN_FORCED_COLOURS = ("color-contrast",)
AS_USUAL: dict[str, Any] = {"color_scheme": "light", "forced_colors": "none", "reduced_motion": "no-preference"}


def _as_loaded(page: Page, expected: list[Any]) -> list[str]:
    """Return what is wrong with a page as a phone shows it first."""
    shifts = page.evaluate("() => new Promise(requestAnimationFrame).then(() => globalThis.shifts)")
    found = [f"moves while it loads: {shift}" for shift in shifts]
    if places(page) != expected:
        found.append("Help now or Leave stands elsewhere than on the other pages")
    found += what_axe_cannot_see(page, 48)
    if page.locator("#notice[role=status]").count() != 1:
        found.append("no live region #notice")
    if page.locator("[draggable=true], input[type=range]").count():
        found.append("something has to be dragged")
    page.evaluate("() => scrollTo(0, 0)")
    found += [f"light: {one}" for one in axe(page)]
    return found + [f"moves by itself: {one}" for one in page.evaluate(STILL_MOVING)]


def _in_other_modes(page: Page) -> list[str]:
    """Return what is wrong with an open page in each other mode."""
    page.emulate_media(**AS_USUAL | MODES["forced colours"])
    found = [f"forced colours: {one}" for one in axe(page, off=NOT_IN_FORCED_COLOURS)]
    page.emulate_media(**AS_USUAL | MODES["reduced motion"])
    found += [f"reduced motion: moves: {one}" for one in page.evaluate(MOVING)]
    page.emulate_media(**AS_USUAL | {"color_scheme": "dark"})
    page.set_viewport_size(SMALLEST)
    found += [f"dark, 320 px: {one}" for one in [*what_axe_cannot_see(page, 44), *axe(page)]]
    page.emulate_media(**AS_USUAL)
    page.set_viewport_size(ZOOMED)
    found += [f"400% zoom: {one}" for one in [*what_axe_cannot_see(page, 44), *axe(page, only=PLACED)]]
    _add_style(page, TEXT_SPACING)
    found += [f"400% zoom, text spacing: {one}" for one in [*what_axe_cannot_see(page, 44), *axe(page)]]
    page.set_viewport_size(PHONE)
    return found + [f"text spacing: {one}" for one in [*what_axe_cannot_see(page, 44), *axe(page, only=PLACED)]]


# Half of all pages are a patient's own: in one test they would take as long as all others, and near the time that a
# test may take on a busy machine.
SHARES = {"owner": 3}


@pytest.mark.parametrize(
    ("person", "share"), [(person, share) for person in PEOPLE for share in range(SHARES.get(person, 1))]
)
def test_every_page(site: Site, person: str, share: int) -> None:
    problems: dict[str, list[str]] = {}
    page = site.open(person)
    watched = Watched(site.server.url)
    watched.expect(NO_WORKER, *NOT_THERE)
    watched.watch(page)
    page.goto("/help")
    expected = places(page)
    for address in [*site.pages[person][share :: SHARES.get(person, 1)], "/no-such-page"]:
        page.set_viewport_size(PHONE)
        page.emulate_media(**AS_USUAL)
        page.goto(address)
        problems[f"{address} for {person}"] = _as_loaded(page, expected) + _in_other_modes(page)
    page.close()
    assert not told(problems), told(problems)
    assert not watched.problems, "\n".join(watched.problems)


def seen_in_mode(page: Page, mode: str, address: str) -> list[str]:
    """Open a page in a mode, and return what is wrong with it there that axe cannot see."""
    page.set_viewport_size(SIZES.get(mode, PHONE))
    page.goto(address)
    if mode == "text spacing":
        _add_style(page, TEXT_SPACING)
    found = what_axe_cannot_see(page, 44)
    if mode == "reduced motion":
        found += [f"moves: {one}" for one in page.evaluate(MOVING)]
    return found


@pytest.mark.parametrize("mode", LOADED_IN)
def test_pages_that_hold_everything_are_as_good_when_they_are_loaded_in_a_mode(site: Site, mode: str) -> None:
    problems: dict[str, list[str]] = {}
    for person, address in REPRESENTATIVE:
        page = site.open(person, **LOADED_IN[mode])
        found = seen_in_mode(page, mode, address)
        problems[f"{mode}: {address} for {person}"] = found + (axe(page) if mode in ASKED_APART else [])
        page.close()
    assert not told(problems), told(problems)


def test_a_link_to_a_door_opens_it_and_calls_need_no_second_tap(site: Site) -> None:
    page = site.open("anonymous")
    page.goto("/help")
    for number in ("tel:988", "sms:988", "tel:911"):
        expect(page.locator(f"main a[href='{number}']").first).to_be_in_viewport()
    page.goto("/help#overdose")
    expect(page.locator("#overdose a[href='tel:911']")).to_be_in_viewport()
    page.close()


@pytest.mark.parametrize("way", ["button", "Esc twice"])
def test_leaving_quickly_takes_the_page_away(site: Site, way: str) -> None:
    page = site.open("owner")
    page.route("https://www.weather.gov/**", lambda route: route.fulfill(body="<title>Weather</title>"))
    page.goto("/today")
    page.goto("/check-in")
    if way == "button":
        page.locator("[data-quick-exit]").click()
    else:
        page.keyboard.press("Escape")
        assert page.url.endswith("/check-in")
        page.keyboard.press("Escape")
    page.wait_for_url("https://www.weather.gov/")
    # The page's own entry in the history is gone: back leads to the one before.
    page.go_back()
    expect(page).to_have_url(re.compile("/today$"))
    page.close()


# What is sent empty, one form of each make: fields, scales and chips, dates, choices of whom, and those of staff.
REFUSED = (
    ("anonymous", "/sign-in"),
    ("owner", "/settings/password"),
    ("owner", "/sharing/supporters/new"),
    ("owner", "/check-in"),
    ("owner", "/appointments/new"),
    ("owner", "/medications/side-effects/new"),
    ("s-with", "/supporting/worried/tell"),
    ("admin", "/practice/numbers"),
    ("admin", "/practice/staff/new"),
)


def test_a_form_that_is_refused_is_as_good(site: Site) -> None:
    problems: dict[str, list[str]] = {}
    watched = Watched(site.server.url)
    watched.expect(NO_WORKER, "the server responded with a status of 422")
    for person, address in REFUSED:
        page = site.open(person)
        watched.watch(page)
        page.goto(address)
        page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        page.locator("main form button[type=submit]").last.click()
        expect(page.locator("#error-summary")).to_be_visible()
        problems[address] = axe(page) + what_axe_cannot_see(page, 48)
        page.close()
    assert not told(problems), told(problems)
    assert not watched.problems


# For each card, the check-in that it follows: what it says, what was used, and on which days before it.
Day = dict[str, Any]
CARDS: dict[str, tuple[Day, Kind | None, tuple[int, ...]]] = {
    "simpler": ({"mood": 2}, None, ()),
    "urge": ({"craving": 8}, None, ()),
    "help": ({"mood": 1}, None, ()),
    "thanks": ({"use": True}, Kind.STIMULANTS, ()),
    "thanks_alone": ({"use": True}, Kind.ALCOHOL, ()),
    "tolerance": ({"use": True}, Kind.OPIOIDS, ()),
    "tolerance_and_help": ({"use": True, "mood": 1}, Kind.OPIOIDS, ()),
    "alcohol_withdrawal": ({"use": False}, Kind.ALCOHOL, (1, 2, 3, 4, 5)),
    "sedative_withdrawal": ({"use": False}, Kind.SEDATIVES, (1, 2, 3, 4, 5)),
    "tolerance_after_pause": ({"use": False}, Kind.OPIOIDS, (3,)),
    "withdrawal_and_help": ({"use": False, "mood": 1}, Kind.ALCOHOL, (1, 2, 3, 4, 5)),
    "tolerance_and_withdrawal": ({"use": True}, Kind.OPIOIDS, (1, 2, 3, 4, 5)),
}
# Where what was used before is not what is used now.
BEFORE = {"tolerance_and_withdrawal": Kind.ALCOHOL}


def _recorded(patient: Viewer, ago: int, said: Day, kind: Kind | None) -> uuid.UUID:
    things = (ThingSaid(Thing("one", kind), used=True),) if kind and said.get("use") else ()
    moment = clock.moment(clock.now() - timedelta(days=ago), patient.zone)
    return recording.record_check_in(patient, new_id(), Answers(**said, things=things), moment)


@pytest.fixture(scope="module")
def confirmations(site: Site) -> dict[str, str]:
    """Let a person save a check-in for each card, further apart than the rules look back; return where each is shown.

    They take medicines that have cards of their own beside what was used.
    """
    store = open_store(site.world.config)
    person = factories.make_patient(store, factories.make_practice(store), name="Cora Cards")
    daily = Regular(EveryDays(), (Dose(None, Decimal(1)),))
    began = clock.moment(clock.now() - timedelta(days=800), person.zone)
    found = {}
    with store.work(writes=True):
        for name in ("methadone", "lorazepam"):
            schedule = Schedule(began.local_date, None, "tablet", daily)
            author, said = Author.patient(person.viewer), Said(name, name)
            changing.start(author, new_id(), new_id(), said, schedule, about_use=False, moment=began)
        for number, (card, (says, kind, before)) in enumerate(CARDS.items()):
            ago = 60 * number
            for days in before:
                _recorded(person.viewer, ago + days, {"use": True}, BEFORE.get(card, kind))
            found[card] = f"/check-in/{_recorded(person.viewer, ago, says, kind)}?done=saved"
        row = db().get_one(Person, person.id)
        site.world.tokens["cards"] = sessions.begin_session(row, "Firefox, Linux", Stage.FULL)
    store.close()
    return found


def test_what_follows_a_check_in_is_as_good_whatever_it_offers(site: Site, confirmations: dict[str, str]) -> None:
    assert confirmations.keys() == {rule.shows for rule in rules.rules()}
    problems: dict[str, list[str]] = {}
    page = site.open("cards")
    watched = Watched(site.server.url)
    watched.expect(NO_WORKER)
    watched.watch(page)
    page.goto("/help")
    expected = places(page)
    for name, address in confirmations.items():
        page.set_viewport_size(PHONE)
        page.emulate_media(**AS_USUAL)
        page.goto(address)
        offer, card = page.locator(".offer"), rules.card(name, "en")
        expect(offer.get_by_role("heading", name=card.title)).to_be_visible()
        expect(offer.get_by_text(card.lines[0])).to_be_visible()
        assert (page.locator("main a[href='tel:988']").count() > 0) >= card.crisis, name
        problems[name] = _as_loaded(page, expected)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(SMALLEST)
        problems[name] += [f"dark, 320 px: {one}" for one in [*what_axe_cannot_see(page, 44), *axe(page)]]
    page.goto(confirmations["tolerance"])
    expect(page.get_by_role("heading", name="With what you take")).to_be_visible()
    page.close()
    assert not told(problems), told(problems)
    assert not watched.problems, "\n".join(watched.problems)


def test_a_bar_is_seen_once_it_is_whole(site: Site) -> None:
    """While a slow page arrives, a bar would be drawn with the parts it has, and each further part would move them."""
    page = site.open("owner")
    page.goto("/today")
    shown = """() => [...document.querySelectorAll("body > :not(script)")].filter((part) => part.checkVisibility({
      visibilityProperty: true })).map((part) => part.localName)"""
    whole = page.evaluate(shown)
    assert whole == ["header", "nav", "div"]
    page.evaluate("() => document.querySelector('.column').remove()")
    assert page.evaluate(shown) == ["header"]
    page.evaluate("() => document.querySelector('.nav').remove()")
    assert page.evaluate(shown) == []
    page.close()


def test_the_longest_words_of_ones_own_stay_on_the_screen(site: Site) -> None:
    page = site.open("other")
    page.goto("/check-in")
    page.locator("summary", has_text="More").first.click()
    page.locator("[name=own_trigger]").fill("W" * 40)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saved")
    page.set_viewport_size(SMALLEST)
    for address in ("/check-in", "/settings/about-me"):
        page.goto(address)
        page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        expect(page.get_by_text("W" * 40)).to_be_visible()
        assert page.evaluate(TOO_WIDE) == [], address
    page.close()


def test_a_planted_fault_is_seen(site: Site) -> None:
    page = site.open("anonymous")
    page.goto("/sign-in")
    page.evaluate(
        """() => {
          const main = document.querySelector("main");
          const add = (tag, attributes, text) => {
            const element = document.createElement(tag);
            for (const [name, value] of Object.entries(attributes)) { element.setAttribute(name, value); }
            element.textContent = text;
            main.append(element);
            return element;
          };
          add("input", { name: "nameless" }, "");
          add("p", {}, "wide").style.width = "900px";
          const small = add("button", { type: "button" }, "x");
          small.style.cssText = "display: block; width: 20px; height: 20px; position: fixed; inset-block-end: 0";
          const cover = add("div", { class: "nav" }, "");
          cover.style.cssText = "position: fixed; inset: auto 0 0; height: 60px; background: gray; z-index: 99";
        }"""
    )
    found = "\n".join([*what_axe_cannot_see(page, 48), *axe(page)])
    for words in ("small target", "wider than the screen", "focus is hidden", "violations: label"):
        assert words in found, found
    assert page.evaluate(STILL_MOVING) == []
    page.locator("h1").evaluate("(one) => one.animate({ opacity: [1, 0.9] }, { duration: 5000 })")
    assert "Animation: <h1" in page.evaluate(STILL_MOVING)[0]
    # Bars that axe laid flat stand again for what is asked next.
    assert [one for one in what_axe_cannot_see(page, 48) if "focus is hidden" in one]
    page.close()
