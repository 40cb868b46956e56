"""The whole loop in a real browser at phone size, on the real server: check in, share, read, revoke, nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Page as BrowserPage

from patient_app.core.roles import Discipline
from tests.conftest import LiveServer, Watched
from tests.factories import (
    Made,
    assign_team,
    make_administrator,
    make_clinician,
    make_patient,
    make_practice,
    make_supporter,
    tie_supporter,
)

pytestmark = pytest.mark.browser

NOTE = "Walked home the long way instead."
Open = Callable[..., BrowserPage]


@pytest.fixture(params=["scripts on", "scripts off"])
def open_phone(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, watched: Watched
) -> Iterator[Open]:
    """Return a function that signs a person in on a phone of their own and returns its page."""
    contexts: list[BrowserContext] = []

    def open_for(person: Made) -> BrowserPage:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": 360, "height": 780},
            is_mobile=True,
            has_touch=True,
            java_script_enabled=request.param == "scripts on",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page)
        sign_in(page, person)
        return page

    yield open_for
    for context in contexts:
        context.close()


def sign_in(page: BrowserPage, person: Made) -> None:
    page.goto("/")
    page.get_by_label("E-mail or sign-in name").fill(person.sign_in_name)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").tap()
    if person.totp_secret is not None:
        page.locator("main input[name=code]").fill(person.code)
        page.locator("main form button[type=submit]").first.tap()
    page.wait_for_url(lambda address: "/sign-in" not in address)


def choose(page: BrowserPage, group: str, answer: str) -> None:
    """Tap an answer as a thumb does: on its words."""
    found = page.get_by_role("group", name=group).locator("label").filter(has_text=re.compile(rf"^\s*{answer}"))
    found.first.tap()


def share(page: BrowserPage, with_whom: str, answers: dict[str, str], name: str) -> None:
    page.goto("/sharing")
    card = page.locator("details.recipient", has_text=with_whom)
    card.locator("summary").first.tap()
    card.get_by_role("link", name="Choose what to share").tap()
    for category, answer in answers.items():
        choose(page, category, answer)
    choose(page, "From when?", "Also what I wrote before")
    choose(page, "Until when?", "Until I end it")
    page.get_by_label("Your name").fill(name)
    page.locator("main form button[type=submit]:visible").first.tap()
    expect(page.get_by_text("Signed. It holds from now on.")).to_be_visible()


def test_check_in_is_read_by_whom_the_patient_chose_until_they_end_it(
    live_server: LiveServer, open_phone: Open
) -> None:
    store = live_server.store
    practice = make_practice(store)
    patient = make_patient(store, practice, name="Robin Vale")
    prescriber = make_clinician(store, practice, Discipline.PRESCRIBER)
    supporter = make_supporter(store, practice, name="Kim Vale")
    assign_team(store, patient, prescriber, make_administrator(store, practice))
    tie_supporter(store, patient, supporter, name="Kim")

    # The patient checks in and reads it back.
    own = open_phone(patient)
    own.get_by_role("link", name="Today").first.tap()
    own.locator("main").get_by_role("link", name="Check in").tap()
    choose(own, "How are you now?", "Low")
    choose(own, "Any pull to drink or use?", "7")
    choose(own, "Since last time, did you drink or use?", "No")
    own.get_by_text("More, if you like").tap()
    own.get_by_label("A note, if you like").fill(NOTE)
    own.get_by_role("button", name="Save").tap()
    expect(own.get_by_role("heading", level=1)).to_have_text("Saved")
    expect(own.get_by_text("You share nothing of this with anyone.")).to_be_visible()
    expect(own.get_by_role("heading", name="For a strong pull")).to_be_visible()
    own.goto("/history")
    for words in ("Low", "7 of 10", NOTE):
        expect(own.get_by_text(words).filter(visible=True).first).to_be_visible()

    # Nothing is shared: nothing is read.
    clinic, home = open_phone(prescriber), open_phone(supporter)
    clinic.get_by_role("link", name=re.compile("Robin Vale")).tap()
    patient_address = clinic.url
    for page in (clinic, home):
        expect(page.get_by_text(NOTE)).to_have_count(0)
        expect(page.get_by_text("7 of 10")).to_have_count(0)

    # The prescriber gets everything, the supporter the mood alone.
    share(own, "Your prescriber", {"Mood": "Each", "Alcohol and drugs": "Each", "Notes": "Share"}, "Robin Vale")
    share(own, "Kim", {"Mood": "Each"}, "Robin Vale")
    clinic.reload()
    for words in ("Low", "7 of 10", NOTE):
        expect(clinic.get_by_text(words, exact=True).first).to_be_visible()
    expect(clinic.get_by_text("42 CFR part 2 prohibits unauthorized use")).to_be_visible()
    expect(clinic.get_by_text("You see only what this person chose to share.")).to_be_visible()
    home.goto("/supporting")
    home.get_by_role("link", name=re.compile("Robin Vale")).tap()
    supporter_address = home.url
    expect(home.get_by_text("Low", exact=True).first).to_be_visible()
    html = home.content()
    for absent in (NOTE, "7 of 10", "42 CFR", "Drank or used"):
        assert absent not in html, absent

    # The patient sees who looked, and ends both.
    own.goto("/sharing/access-log")
    expect(own.get_by_text(re.compile(prescriber.name)).first).to_be_visible()
    for who in ("Your prescriber", "Kim"):
        own.goto("/sharing")
        card = own.locator("details.recipient", has_text=who)
        card.locator("summary").first.tap()
        card.locator("summary", has_text="More").tap()
        card.locator("summary", has_text=re.compile(r"^\s*End\s*$")).tap()
        card.get_by_role("button", name="End", exact=True).tap()
        expect(own.get_by_text(re.compile("sees? nothing from now on")).first).to_be_visible()

    # The next request shows nothing.
    for page, address in ((clinic, patient_address), (home, supporter_address)):
        page.goto(address)
        html = page.content()
        for absent in (NOTE, "7 of 10", ">Low<", "42 CFR"):
            assert absent not in html, absent


def test_everything_is_within_the_phones_width_and_help_is_one_tap_away(
    live_server: LiveServer, open_phone: Open, watched: Watched
) -> None:
    watched.expect("the server responded with a status of 404")
    store = live_server.store
    practice = make_practice(store, "A practice with a rather long name in a town with a longer one")
    name = "Maximiliana-Theodora Featherstonehaugh-Cholmondeley de la Montaigne"
    patient = make_patient(store, practice, name=name)
    page = open_phone(patient)
    for address in ("/today", "/check-in", "/history", "/sharing", "/settings", "/help", "/nowhere"):
        page.goto(address)
        width = page.locator("body").bounding_box()
        assert width is not None
        assert width["width"] <= 360, address
        box = page.locator("main").bounding_box()
        assert box is not None
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360, address  # noqa: PT018 - one fact: inside.
    page.goto("/today")
    page.get_by_role("link", name="Help now").last.tap()
    expect(page.get_by_role("link", name=re.compile("Call 988")).first).to_be_visible()
