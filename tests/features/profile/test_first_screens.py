"""The three screens of a first visit: each is led to once, and whoever turns aside is led on, not back."""

from __future__ import annotations

import pytest

from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.profile import service as profiles
from tests import factories
from tests.factories import Made
from tests.page import Client

ABOUT, SHARING, HELP = "/welcome", "/welcome/sharing", "/welcome/help"
PRIVATE_QUESTION = "Do alcohol or drugs play a part for you?"


@pytest.fixture
def patient(store: Store) -> Made:
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice)
    clinician = factories.make_clinician(store, practice, Discipline.PRESCRIBER)
    factories.assign_team(store, patient, clinician, factories.make_administrator(store, practice))
    return patient


@pytest.fixture
def browser(client: Client, patient: Made) -> Client:
    factories.sign_in(client, patient)
    return client


def led_to(browser: Client, address: str) -> str | None:
    """Return where an address leads, None where it shows its own page."""
    return browser.get(address).headers.get("Location")


def sent(browser: Client, address: str, **said: str) -> str | None:
    """Send a form; return where that leads."""
    answer = browser.post(address, data={"day_start": "240", **said})
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_who_turns_aside_to_choose_who_may_see_comes_to_help_once(browser: Client) -> None:
    assert led_to(browser, "/") == ABOUT
    assert sent(browser, ABOUT, part="yes") == SHARING
    assert sent(browser, SHARING, choose="1") == "/sharing"
    assert HELP in browser.get("/sharing").links
    assert led_to(browser, "/") == HELP
    assert led_to(browser, "/today") == HELP
    assert "How to reach help" in browser.get(HELP).words
    assert led_to(browser, "/") == "/today"
    assert led_to(browser, "/today") is None
    assert HELP not in browser.get("/sharing").links
    assert "short screen" not in browser.get("/today").words


@pytest.mark.parametrize("said", [{"part": "no"}, {"skip": "1"}], ids=["answered", "skipped"])
def test_the_private_question_is_asked_once(store: Store, patient: Made, browser: Client, said: dict[str, str]) -> None:
    assert PRIVATE_QUESTION in browser.get(ABOUT).words
    assert sent(browser, ABOUT, **said) == SHARING
    assert led_to(browser, "/") == SHARING
    today = browser.get("/today")
    assert "Two short screens are left." in today.words
    assert SHARING in today.links
    assert ABOUT not in today.links
    with store.work(writes=False):
        assert profiles.profile_of(patient.viewer).part == said.get("part")


def test_who_goes_on_sees_all_three(browser: Client) -> None:
    sent(browser, ABOUT, skip="1")
    assert sent(browser, SHARING) == HELP
    browser.get(HELP)
    assert sent(browser, "/welcome/done") == "/today"
    assert led_to(browser, "/") == "/today"


def test_who_looks_at_help_first_is_still_asked_the_rest(browser: Client) -> None:
    browser.get(HELP)
    assert led_to(browser, "/") == ABOUT


def test_what_was_told_in_the_settings_is_not_asked_again(browser: Client) -> None:
    sent(browser, "/settings/about-me", part="no")
    assert led_to(browser, "/") == SHARING
