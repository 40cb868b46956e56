"""What a supporter sees: the person's own words first, kind words next, and nothing that was not shared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from patient_app.consent.categories import Category, Level
from patient_app.consent.models import ConsentState
from patient_app.core.work import Store
from patient_app.supporting import guide
from tests import factories
from tests.factories import Made
from tests.features.supporting.conftest import World
from tests.page import Client, Page, text_of

MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
NOTICE = "42 CFR part 2 prohibits unauthorized use"


def signed_in(app: Flask, person: Made) -> Client:
    """Return a browser in which somebody has signed in."""
    client = Client(app)
    factories.sign_in(client, person)
    return client


def hard_week(store: Store, patient: Made) -> None:
    """Let the patient write of four hard days."""
    for days in range(4):
        at = datetime.now(UTC) - timedelta(days=days, hours=1)
        factories.make_check_in(store, patient, at=at, mood=2, craving=8, use=days == 1, note="zanarq note")


def page_of(client: Client, patient: Made) -> Page:
    """Open a person's page."""
    return client.get(f"/supporting/{patient.id}")


def test_how_they_are_comes_first_then_what_they_ask_then_how_to_act_then_the_entries(
    app: Flask, world: World, store: Store
) -> None:
    hard_week(store, world.patient)
    factories.give_consent(store, world.patient, world.mother, {MOOD: Level.DETAIL})
    words = page_of(signed_in(app, world.mother), world.patient).main_words
    order = [
        "in short",
        "low mood",
        "On most days the mood was low.",
        "Call me, do not text.",
        "I am worried",
        "MoodLow",
    ]
    assert sorted(order, key=words.index) == order
    for closed in ("pull", "drink", "zanarq", NOTICE):
        assert closed not in words


def test_every_view_with_substance_use_carries_the_notice_and_what_was_agreed(
    app: Flask, world: World, store: Store
) -> None:
    hard_week(store, world.patient)
    client = signed_in(app, world.mother)
    for address in ("/supporting", f"/supporting/{world.patient.id}"):
        assert NOTICE not in client.get(address).words
    consent = {USE: Level.SUMMARY, MOOD: Level.DETAIL}
    factories.give_consent(store, world.patient, world.mother, consent)
    for address in ("/supporting", f"/supporting/{world.patient.id}"):
        page = client.get(address)
        notice = text_of(page.one("aside", class_name="legal"))
        assert NOTICE in notice
        assert "Alcohol and drugs (a summary of each week)" in notice
    assert "Robin Vale: " in text_of(client.get("/supporting").one("aside", class_name="legal"))


@pytest.mark.parametrize("scope", [{MOOD: Level.DETAIL}, {USE: Level.DETAIL, NOTES: Level.DETAIL}])
def test_nothing_shared_paused_and_ended_are_one_page_and_one_overview(
    app: Flask, world: World, store: Store, scope: dict[Category, Level]
) -> None:
    hard_week(store, world.patient)
    client = signed_in(app, world.mother)
    never = [page.html for page in (client.get("/supporting"), page_of(client, world.patient))]
    for state in (ConsentState.PAUSED, ConsentState.REVOKED, ConsentState.EXPIRED, ConsentState.DRAFT):
        factories.give_consent(store, world.patient, world.mother, scope, state=state)
        assert [page.html for page in (client.get("/supporting"), page_of(client, world.patient))] == never
    words = page_of(client, world.patient).main_words
    assert "Nothing is shared right now." in words
    assert "Call me, do not text." in words  # What they ask is no data, and stays.
    assert "in short" not in words


def test_the_ways_to_act_are_on_the_page_and_the_numbers_beside_them(app: Flask, world: World) -> None:
    client = signed_in(app, world.mother)
    for page in (client.get("/supporting"), page_of(client, world.patient)):
        assert page.by_id("tonight") is not None
        assert {"tel:988", "sms:988", "tel:911", "/help", "/help#overdose"} <= set(page.links)
        assert any(link.startswith("/supporting/worried") for link in page.links)
    assert f"/supporting/worried?about={world.patient.id}" in page_of(client, world.patient).links


def test_the_tips_are_the_same_whatever_is_shared(app: Flask, world: World, store: Store) -> None:
    client = signed_in(app, world.mother)
    before = text_of(page_of(client, world.patient).one("aside", class_name="beside"))
    hard_week(store, world.patient)
    factories.give_consent(store, world.patient, world.mother, {USE: Level.DETAIL})
    assert text_of(page_of(client, world.patient).one("aside", class_name="beside")) == before


def test_the_patients_picture_says_the_same_kind_words(app: Flask, world: World, store: Store) -> None:
    hard_week(store, world.patient)
    factories.give_consent(store, world.patient, world.mother, {MOOD: Level.DETAIL, USE: Level.DETAIL})
    picture = signed_in(app, world.patient).get("/sharing/preview", query_string={"to": f"person:{world.mother.id}"})
    for sentence in ("On most days the mood was low.", "On most days the pull to drink or use was strong."):
        assert sentence in picture.main_words


def test_reviewed_words_name_their_source_and_day(app: Flask) -> None:
    tips, poison = guide.tonight(), guide.poison_help()
    assert tips["reviewed_on"].year >= 2026
    assert [part["id"] for part in tips["parts"]] == ["do", "say", "leave_out", "overdose", "you"]
    assert all(part["source"] and 3 <= len(part["words"]["en"]["tips"]) <= 4 for part in tips["parts"])
    assert poison["call"] == "1-800-222-1222"
    assert poison["verified_on"].year >= 2026
    assert poison["source"]
