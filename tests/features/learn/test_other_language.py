"""Words in another language than the page's say so: a lesson that is not translated, and what a lesson builds on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from flask_babel import force_locale

from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.learn import content, suggesting
from patient_app.learn import library as libraries
from patient_app.learn.facts import Audience, Words
from patient_app.learn.library import Library
from patient_app.learn.suggesting import Rule
from patient_app.learn.tables import WrongFile
from patient_app.profile import service as profiles
from tests.factories import (
    assign_team,
    make_administrator,
    make_check_in,
    make_clinician,
    make_patient,
    make_person,
    make_practice,
    sign_in,
)
from tests.features.learn import example
from tests.page import Client, Page

LESSON, TITLE, NOTE = "by-the-river", "A walk by the river", "This is about deep water."
BESIDE = "beside-the-river"

pytestmark = pytest.mark.sqlite


@pytest.fixture
def english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """Have a practice with a lesson for patients and one for supporters that it wrote in English alone."""
    lesson = example.EN.replace('content_note: ""', f"content_note: {NOTE}").replace('lighter: ""', "lighter: waves")
    beside = re.sub(r"\(exercise:[a-z-]+\)", "(page:/supporting)", example.EN.replace("our-place", "beside-you"))
    example.write(tmp_path / "lessons", {LESSON: (lesson, lesson), BESIDE: (beside, beside)})
    for slug in (LESSON, BESIDE):
        (tmp_path / "lessons" / "es" / f"{slug}.md").unlink()
    found = libraries.library_of(str(tmp_path / "lessons"))
    assert {LESSON, BESIDE} <= set(found.shelf.lessons)
    monkeypatch.setattr(libraries, "library", lambda: found)
    yield found
    libraries.library_of.cache_clear()


def said_in(page: Page, words: str) -> set[str | None]:
    """Return in which languages these words stand on a page: of each place the nearest `lang` around it."""
    found: set[str | None] = set()

    def look(element: Element, around: str | None) -> None:
        language = element.get("lang", around)
        if words in (element.text or ""):
            found.add(language)
        for child in element:
            look(child, language)
            if words in (child.tail or ""):
                found.add(language)

    look(page.one("body"), page.one("html").get("lang"))
    return found


def test_an_english_lesson_on_spanish_pages_is_marked_wherever_it_is_named(
    app: Flask,
    store: Store,
    english: Library,
    monkeypatch: pytest.MonkeyPatch,
    set_time: Callable[[datetime | str], None],
) -> None:
    set_time("2026-11-30 15:00")
    rule = Rule("pull", {"craving_at_least": 3}, LESSON, Words({"en": "You noted it.", "es": "Usted lo anotó."}))
    monkeypatch.setattr(suggesting, "rules", lambda: (rule,))
    practice = make_practice(store)
    patient = make_patient(store, practice, language="es")
    with store.work(writes=True):
        profiles.finish_welcome(patient.viewer)
    make_check_in(store, patient, craving=5)
    phone = Client(app)
    sign_in(phone, patient)
    for address in ("/today", "/learn/our-place", f"/learn/lessons/{LESSON}"):
        page = phone.get(address)
        assert page.one("html").get("lang") == "es"
        assert said_in(page, TITLE) == {"en"}, address
        assert said_in(page, NOTE) <= {"en"}, address
    assert said_in(phone.get("/learn/our-place"), NOTE) == {"en"}
    assert said_in(phone.post("/learn/search", data={"words": "river"}), TITLE) == {"en"}
    lesson = phone.get(f"/learn/lessons/{LESSON}")
    assert said_in(lesson, "Breathe for a minute") == said_in(lesson, "nobody yet") == {"en"}
    # Our own words around it are the page's.
    assert said_in(lesson, "Por aquí") == said_in(lesson, "Guardar") == {"es"}

    clinician = make_clinician(store, practice, language="es")
    assign_team(store, patient, clinician, make_administrator(store, practice))
    team = Client(app)
    sign_in(team, clinician)
    assert said_in(team.get(f"/team/{patient.id}/lessons/new"), NOTE) == {"en"}
    given = {"id": str(new_id()), "note": ""}
    assert team.post(f"/team/{patient.id}/lessons/new/{LESSON}", data=given).status_code == 303
    assert said_in(team.get(f"/team/{patient.id}/lessons"), TITLE) == {"en"}
    for address in ("/learn", "/learn/given"):
        assert said_in(phone.get(address), TITLE) == {"en"}, address


def test_a_supporter_too_is_told_the_language_of_a_lesson(app: Flask, store: Store, english: Library) -> None:
    client = Client(app)
    sign_in(client, make_person(store, make_practice(store), Role.SUPPORTER, language="es"))
    saved = client.post(f"/supporting/lessons/{BESIDE}/mark", data={"id": str(new_id()), "mark": "save"})
    assert saved.status_code == 303
    for address in ("/supporting/learn", "/supporting/me", f"/supporting/lessons/{BESIDE}"):
        assert said_in(client.get(address), TITLE) == {"en"}, address
    assert said_in(client.post("/supporting/learn/search", data={"words": "river"}), TITLE) == {"en"}


@pytest.mark.parametrize(("audience", "base"), [(Audience.PATIENTS, "/learn"), (Audience.SUPPORTERS, "/supporting")])
def test_the_sources_of_every_spanish_lesson_are_marked_as_english(
    app: Flask, store: Store, audience: Audience, base: str
) -> None:
    role = Role.PATIENT if audience is Audience.PATIENTS else Role.SUPPORTER
    client = Client(app)
    sign_in(client, make_person(store, make_practice(store), role, language="es"))
    ours = libraries.library_of("")
    for lesson in (one for those in ours.by_path("es", audience).values() for one in those):
        page = client.get(f"{base}/lessons/{lesson.slug}")
        for source in lesson.sources:
            assert said_in(page, source.title) == {"en"}, lesson.slug


def test_a_source_in_another_language_is_marked_as_that(
    app: Flask, store: Store, shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = example.EN.replace("year: 2023,", "year: 2023, language: es,")
    lesson = content.read_lesson(LESSON, "en", text, shelf.shelf)
    monkeypatch.setitem(shelf.shelf.lessons[LESSON], "en", lesson)
    client = Client(app)
    sign_in(client, make_patient(store, make_practice(store)))
    assert said_in(client.get(f"/learn/lessons/{LESSON}"), "A study of walks") == {"es"}
    with pytest.raises(WrongFile, match="two letters"):
        content.read_lesson(LESSON, "en", text.replace("language: es,", "language: Spanish,"), shelf.shelf)


def test_words_of_a_third_language_fall_back_to_english_and_say_so(app: Flask) -> None:
    words = Words({"en": "Here", "es": "Aquí"})
    for language, other in (("en", ""), ("es", ""), ("fr", "en")):
        with app.test_request_context(), force_locale(language):
            assert words.other_language == other
