"""What the page after a check-in says, in both languages; and that what keeps a person alive is said on some day."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import update

from patient_app.checkins import rules
from patient_app.checkins.models import CheckInVersion, Source
from patient_app.core import clock
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.learn import word_rules
from patient_app.learn.facts import LANGUAGES
from patient_app.learn.spanish_rules import SPANISH, USTED
from patient_app.learn.word_rules import Text
from patient_app.medications import left_out
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from patient_app.profile.things import Kind, Thing
from tests.factories import Made, make_check_in, make_person, make_practice, sign_in
from tests.page import Client, text_of

PILLS = Thing("opioids", Kind.OPIOIDS)
# The numbers to call, and the key to press for Spanish.
NUMBERS = frozenset({"911", "988", "2"})
SPOKEN = re.compile(r"“[^”]*”")
AFTER_A_PAUSE = {"en": "One thing to know after a break", "es": "Algo que saber después de una pausa"}


def wrong_in(language: str, words: str) -> list[object]:
    """Return what a text shows that is a score, a streak or blame, or a word that is not used here."""
    numbers = [number for number in re.findall(r"\d+", words) if number not in NUMBERS]
    return [*numbers, *blame_in(language, words)]


def blame_in(language: str, words: str) -> list[object]:
    """Return the words of a text that blame, count a streak, or are not used here."""
    used = {"en": (*word_rules.WORDS, *word_rules.SAFE), "es": (*SPANISH, USTED)}[language]
    return [*word_rules.broken([Text("text", 0, SPOKEN.sub(" ", words))], used)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_card_shows_a_score_a_streak_or_a_blaming_word(language: str) -> None:
    seen = 0
    for file in (rules.CARDS, left_out.CARDS):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["cards"]:
            words = entry["words"][language]
            assert len(words["lines"]) <= 3
            assert wrong_in(language, " ".join([words["title"], *words["lines"], *words["links"]])) == [], entry["id"]
            seen += 1
    assert seen > 12


@pytest.fixture(params=LANGUAGES)
def patient(request: pytest.FixtureRequest, store: Store) -> Made:
    found = make_person(store, make_practice(store), Role.PATIENT, language=request.param)
    with store.work(writes=True):
        profiles.change(found.viewer, part=Part.YES, things=(PILLS,))
    return found


@pytest.fixture
def client(app: Flask, patient: Made) -> Client:
    browser = Client(app)
    sign_in(browser, patient)
    return browser


def offer_after(client: Client, entry: object) -> str:
    """Return what the page after a check-in offers."""
    page = client.get(f"/check-in/{entry}?done=saved")
    return " ".join(text_of(part) for part in page.all("section") if "offer" in (part.get("class") or ""))


def test_no_page_after_a_check_in_shows_one_either(
    store: Store, patient: Made, client: Client, language_of: dict[str, str]
) -> None:
    for said in ({"mood": 1}, {"craving": 9, "mood": 4}, {"use": True}, {"mood": 1, "use": True}, {"mood": 2}):
        entry, language = make_check_in(store, patient, **said), language_of[str(patient.id)]
        shown = offer_after(client, entry)
        assert shown
        assert wrong_in(language, shown) == []
        assert blame_in(language, text_of(client.get(f"/check-in/{entry}?done=saved").one("main"))) == []


@pytest.fixture
def language_of(patient: Made, request: pytest.FixtureRequest) -> dict[str, str]:
    return {str(patient.id): request.node.callspec.params["patient"]}


def days_ago(store: Store, patient: Made, number: int, **said: Any) -> Any:
    return make_check_in(store, patient, at=clock.now() - timedelta(days=number), **said)


def test_the_card_on_tolerance_that_gave_way_comes_at_the_next_check_in(
    store: Store, patient: Made, client: Client, language_of: dict[str, str]
) -> None:
    title = AFTER_A_PAUSE[language_of[str(patient.id)]]
    days_ago(store, patient, 6, use=True)
    assert title not in offer_after(client, days_ago(store, patient, 3, use=False, mood=1))
    assert title in offer_after(client, days_ago(store, patient, 2, use=False))
    assert offer_after(client, days_ago(store, patient, 1, use=False)) == ""


def test_who_is_low_each_day_is_not_offered_the_same_each_day(store: Store, patient: Made, client: Client) -> None:
    assert offer_after(client, days_ago(store, patient, 9, mood=2))
    assert offer_after(client, days_ago(store, patient, 1, mood=2))
    assert offer_after(client, make_check_in(store, patient, mood=2)) == ""
    assert offer_after(client, make_check_in(store, patient, mood=1))  # Very low: help, each time.


def test_what_was_sent_later_from_a_phone_told_nobody_anything(store: Store, patient: Made, client: Client) -> None:
    days_ago(store, patient, 6, use=True)
    sent_later = days_ago(store, patient, 2, use=False)
    today = make_check_in(store, patient, use=False)
    assert offer_after(client, today) == ""
    with store.work(writes=True):
        version = update(CheckInVersion).where(CheckInVersion.check_in_id == sent_later)
        db().execute(version.values(source=Source.OUTBOX))
    assert "naloxon" in offer_after(client, today)
