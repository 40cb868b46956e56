"""The walk with medicines in a real browser: add two, log, skip and undo, have a dose raised, answer, and be read.

Once with scripts, once without. The patient lives where it is between five and six in the morning, so that the dose of
eight o'clock is still to come whenever this runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect
from playwright.sync_api import Page as BrowserPage

from patient_app.consent.categories import Category, Level
from patient_app.core import clock
from patient_app.core.roles import Discipline
from tests.browser.test_whole_loop import choose, sign_in
from tests.conftest import LiveServer, Watched
from tests.factories import (
    Made,
    assign_team,
    give_consent,
    make_administrator,
    make_clinician,
    make_patient,
    make_practice,
)

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

REASON = "Your last level was a little low."
EARLY_HOUR = 5
DETAIL = Level.DETAIL
Open = Callable[[Made], BrowserPage]


@pytest.fixture(params=["scripts on", "scripts off"])
def open_phone(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, watched: Watched
) -> Iterator[Open]:
    """Return a function that signs a person in on a phone of their own, in their own zone, and returns its page."""
    contexts: list[BrowserContext] = []

    def open_for(person: Made) -> BrowserPage:
        context = browser.new_context(
            base_url=live_server.url,
            service_workers="block",
            viewport={"width": 360, "height": 780},
            is_mobile=True,
            has_touch=True,
            java_script_enabled=request.param == "scripts on",
            timezone_id=person.zone,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page)
        sign_in(page, person)
        return page

    yield open_for
    for context in contexts:
        context.close()


def early_zone() -> str:
    """Return a zone in which it is between five and six in the morning now."""
    west = (clock.now().hour - EARLY_HOUR + 12) % 24 - 12
    return "Etc/GMT" if west == 0 else f"Etc/GMT{west:+d}"


def group_of(page: BrowserPage, name: str) -> Locator:
    """Return the part of the day's list in which a medicine stands."""
    return page.locator(".dose-group").filter(has_text=name)


def look_for(page: BrowserPage, typed: str, found: str, kind: str) -> None:
    """Look for a medicine as it is typed, and choose what was found and how it is taken."""
    page.goto("/medications")
    page.get_by_role("link", name="Add a medicine").first.tap()
    page.get_by_label("What is it called?").fill(typed)
    page.get_by_role("button", name="Look for it").tap()
    page.locator(".found .row-title").get_by_text(found, exact=True).tap()
    page.get_by_role("link", name=re.compile(kind)).tap()


def add(page: BrowserPage) -> None:
    page.get_by_role("button", name="Add it").tap()
    expect(page.get_by_text("Added to what you take.")).to_be_visible()


def add_two(own: BrowserPage) -> None:
    """Add lithium at eight, found by what it sounds like, and an injection every four weeks."""
    look_for(own, "litium", "lithium", "At set times")
    first = own.get_by_role("group", name="Dose 1")
    first.get_by_label("When?").fill("8:00 AM")
    first.get_by_label("How much?").fill("1")
    choose(own, "Is this for alcohol or drugs?", "No")
    add(own)
    look_for(own, "naltrexone", "naltrexone", "Every few weeks")
    own.get_by_label("Every how many weeks?").fill("4")
    own.get_by_role("group", name="Dose 1").get_by_label("How much?").fill("1")
    own.get_by_label("Counted in").select_option("injection")
    add(own)


def log_and_undo(own: BrowserPage) -> None:
    """Log one dose with one tap; leave another out with a reason, and take that back."""
    own.goto("/medications")
    group_of(own, "lithium").get_by_role("button", name="Taken", exact=True).tap()
    expect(own.get_by_text("Written down: taken.")).to_be_visible()
    expect(group_of(own, "lithium").get_by_text(re.compile(r"Taken at (\d+:\d\d\sAM|midnight)"))).to_be_visible()
    injection = group_of(own, "naltrexone")
    injection.get_by_text("Later, or skipped").tap()
    injection.locator(".mark").get_by_text("Skipped", exact=True).tap()
    injection.get_by_text("Could not get to it").tap()
    injection.get_by_role("button", name="Save").tap()
    expect(group_of(own, "naltrexone").get_by_text("Skipped: Could not get to it")).to_be_visible()
    group_of(own, "naltrexone").get_by_role("button", name="Undo").tap()
    expect(own.get_by_text("Taken back. It is open again.")).to_be_visible()
    expect(group_of(own, "naltrexone").get_by_role("button", name="Taken", exact=True)).to_be_visible()


def raise_dose(clinic: BrowserPage) -> None:
    """Raise the dose as the prescriber, who has to say why."""
    clinic.get_by_role("link", name=re.compile("Robin Vale")).tap()
    clinic.get_by_role("link", name="Medicines", exact=True).tap()
    expect(clinic.get_by_role("link", name="naltrexone").first).to_be_visible()
    clinic.get_by_role("link", name="lithium").first.tap()
    clinic.get_by_role("link", name="Change it").tap()
    clinic.get_by_role("group", name="Dose 1").get_by_label("How much?").fill("2")
    clinic.get_by_role("button", name="Save").tap()
    expect(clinic.get_by_text("Write why. The patient reads it with the change.").first).to_be_visible()
    clinic.get_by_label("Why? The patient reads this").fill(REASON)
    clinic.get_by_role("button", name="Save").tap()
    expect(clinic.get_by_text("Not answered yet").first).to_be_visible()


def answer(own: BrowserPage) -> None:
    """See the change at once, with its reason, and want to talk."""
    own.goto("/medications")
    asked = own.locator(".asked")
    expect(asked).to_contain_text("Changed by Dr. Ana Ruiz")
    expect(asked).to_contain_text(REASON)
    asked.get_by_role("button", name="I want to talk about this").tap()
    expect(own.get_by_text("Written down. Your prescriber sees it when they next look.")).to_be_visible()
    expect(own.locator(".asked")).to_have_count(0)


def test_medicines_are_added_logged_raised_answered_and_read(live_server: LiveServer, open_phone: Open) -> None:
    store = live_server.store
    practice = make_practice(store)
    patient = make_patient(store, practice, name="Robin Vale", zone=early_zone())
    prescriber = make_clinician(store, practice, Discipline.PRESCRIBER, name="Dr. Ana Ruiz")
    therapist = make_clinician(store, practice, Discipline.THERAPIST, name="Tom Birch")
    for clinician in (prescriber, therapist):
        assign_team(store, patient, clinician, make_administrator(store, practice))
    # They are open for what was written since yesterday, wherever the patient lives.
    both = {Category.MEDICATIONS: DETAIL, Category.SUBSTANCE_USE: DETAIL}
    give_consent(store, patient, Discipline.PRESCRIBER, both)
    give_consent(store, patient, Discipline.THERAPIST, {Category.MEDICATIONS: DETAIL})

    own, clinic = open_phone(patient), open_phone(prescriber)
    add_two(own)
    log_and_undo(own)
    raise_dose(clinic)
    answer(own)

    # The therapist reads the plan, the reason and the wish; what tells of use is not there.
    other = open_phone(therapist)
    other.get_by_role("link", name=re.compile("Robin Vale")).tap()
    other.get_by_role("link", name="Medicines", exact=True).tap()
    change = other.locator(".of-medicine", has_text=REASON).first
    expect(change).to_contain_text("Wants to talk about this")
    expect(change).to_contain_text("8:00\u00a0AM")
    expect(other.get_by_role("row", name="7 days 1 0 0").first).to_be_visible()
    assert "naltrexone" not in other.content()
    clinic.goto(clinic.url.partition("?")[0])
    expect(clinic.get_by_text("Wants to talk about this").first).to_be_visible()
