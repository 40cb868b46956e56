"""Which place the bar of a phone and the one of a wide screen mark as the one where the person is: one, or none."""

from __future__ import annotations

import pytest
from flask import Flask

from patient_app.core.work import Store
from patient_app.factory import NAVIGATION
from tests.factories import make_clinician, make_patient, make_practice, make_supporter, sign_in
from tests.page import Client, Page, text_of

PLACES = [
    # address, what is marked on a phone, what is marked on a wide screen
    ("/today", "Today", "Today"),
    ("/check-in", "Today", "Check in"),
    ("/medications/counts", "Medicines", "Medicines"),
    ("/skills/done", "Skills", "Skills"),
    ("/learn/search", "Learn", "Learn"),
    ("/history?period=7", "More", "History"),
    ("/history/days", "More", "History"),
    ("/appointments/to-raise", "More", "Visits"),
    ("/safety", "More", "Safety plan"),
    ("/sharing", "More", "Sharing"),
    ("/settings/reminders", "More", "Settings"),
    ("/more", "More", "More"),
    ("/simple", "More", "More"),
    ("/waiting", "More", "More"),
    ("/help", None, None),
]


def marked(page: Page, hidden: str) -> list[str]:
    """Return what is marked in the bar of one width, where the entries of the other one are not shown."""
    shown = [one for one in page.one("nav", class_name="nav").iter("li") if one.get("class") != hidden]
    return [text_of(link) for one in shown for link in one.iter("a") if link.get("aria-current") == "page"]


def entries(page: Page, hidden: str) -> list[str]:
    """Return all that stands in the bar of one width."""
    return [text_of(one) for one in page.one("nav", class_name="nav").iter("li") if one.get("class") != hidden]


@pytest.mark.sqlite
def test_a_patients_page_is_marked_where_it_is_found_on_this_width(app: Flask, store: Store) -> None:
    browser = Client(app)
    sign_in(browser, make_patient(store, make_practice(store)))
    today = browser.get("/today")
    for address, phone, wide in PLACES:
        page = browser.get(address)
        assert marked(page, "wide") == ([phone] if phone else []), address
        assert marked(page, "narrow") == ([wide] if wide else []), address
        # Whichever is marked, the same places stand in the same order.
        for hidden in ("wide", "narrow"):
            assert entries(page, hidden) == entries(today, hidden), address


@pytest.mark.sqlite
def test_others_have_one_bar_and_one_mark(app: Flask, store: Store) -> None:
    practice = make_practice(store)
    for person, addresses in (
        (make_clinician(store, practice), ("/team", "/team/worries", "/settings/password")),
        (make_supporter(store, practice), ("/supporting", "/supporting/worried", "/settings/password")),
    ):
        browser = Client(app)
        sign_in(browser, person)
        for address in addresses:
            page = browser.get(address)
            assert len(marked(page, "wide")) == 1, address
            assert marked(page, "wide") == marked(page, "narrow"), address


@pytest.mark.sqlite
def test_a_lesson_of_a_supporter_is_found_in_learn(app: Flask, store: Store) -> None:
    browser = Client(app)
    sign_in(browser, make_supporter(store, make_practice(store)))
    assert marked(browser.get("/supporting/lessons/help-that-helps"), "wide") == ["Learn"]


def test_what_stands_in_the_side_bar_alone_is_within_a_place_of_the_same_persons_phone() -> None:
    places = {item.endpoint: item for item in NAVIGATION}
    for item in NAVIGATION:
        if item.within is not None:
            assert not places[item.within].wide
            assert item.roles <= places[item.within].roles
