"""Who types words of danger to look for a lesson gets help beside the answer, whatever is found."""

from __future__ import annotations

import pytest
from flask import Flask

from patient_app.core.danger_words import sounds_like_danger
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.learn.library import Library
from tests.browser.test_near_words import HEAVY
from tests.factories import make_person, make_practice, sign_in
from tests.features.learn.test_danger_words import NAMES
from tests.page import Client, Page

LIGHT = ("", None, "sleep", "I took my pills", "voices", "bipolar", "knee", "naloxone", "no puedo dormir", "medicina")


def numbers(page: Page) -> list[str]:
    """Return the links to call, as often as they stand in the page itself."""
    links = (element.get("href") or "" for element in page.one("main").iter("a"))
    return [link for link in links if link in {"tel:988", "sms:988"}]


def test_what_sounds_like_danger() -> None:
    """All that the phone knows, all that a text of our own may not say by the way, and bare words."""
    bare = ("Suicidal", "suicide", "dying", "SELF HARM", "hacerme dano", "muerte")
    assert not [typed for typed in (*HEAVY, *NAMES, *bare) if not sounds_like_danger(typed)]


def test_what_does_not() -> None:
    assert not [typed for typed in LIGHT if sounds_like_danger(typed)]


@pytest.mark.parametrize("typed", ["suicidal", "kill myself", "quiero morir", "no puedo más " * 9])
def test_the_numbers_stand_once_beside_the_answer(client: Client, app: Flask, store: Store, typed: str) -> None:
    other = Client(app)
    sign_in(other, make_person(store, make_practice(store, "Other"), Role.SUPPORTER))
    for browser, address in ((client, "/learn/search"), (other, "/supporting/learn/search")):
        page = browser.post(address, data={"words": typed})
        # What is too long is said at the field, and help is there all the same.
        assert page.status_code == (422 if len(typed) > 100 else 200)
        assert numbers(page) == ["tel:988", "sms:988"]
        assert "That sounds heavy" in page.words
        assert numbers(browser.post(address, data={"words": "rest"})) == []


def test_where_what_was_found_names_danger_too_the_numbers_stand_once(client: Client, shelf: Library) -> None:
    assert shelf.find("thoughts suicide", "en", [shelf.lesson("low-days", "en")])
    assert numbers(client.post("/learn/search", data={"words": "thoughts of suicide"})) == ["tel:988", "sms:988"]
