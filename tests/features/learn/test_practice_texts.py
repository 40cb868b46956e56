"""A practice's short texts: each in its place, in the reader's language, held to the rules for lessons."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.learn import checking, texts
from patient_app.learn import library as libraries
from tests.factories import make_person, make_practice, sign_in
from tests.features.learn import example
from tests.page import Client

SHOWN_ON = {
    "welcome": (Role.PATIENT, "/welcome", "This is your place."),
    "learn": (Role.PATIENT, "/learn", "What you saved"),
    "near-by": (Role.PATIENT, "/learn/near-by", "Help near by"),
    "families": (Role.SUPPORTER, "/supporting/learn", "tells nothing of anyone"),
}


def test_a_good_text_has_nothing_to_mend(tmp_path: Path) -> None:
    for place in texts.PLACES:
        example.write_text(example.write(tmp_path), place)
    assert checking.check(tmp_path) == (1, [])


@pytest.mark.parametrize(
    ("place", "change", "told"),
    [
        ("front-door", ("", ""), "a text is one of welcome.md, learn.md"),
        ("learn", ("language: en", "language: fr"), "language has to be 'en'"),
        ("learn", ("reviewed_by: nobody yet\n", ""), "lacks reviewed_by"),
        ("learn", ("reviewed_by: nobody yet", "reviewed_by: nobody yet\ntitle: Hello"), "does not know title"),
        ("learn", ("---\nlanguage", "language"), "has to begin with ---"),
        ("learn", ("Our house", "## Here\n\nOur house"), "without headings"),
        ("learn", ("Our house", "# Here\n\nOur house"), "texts/en/learn.md:6: only headings with ##"),
        ("learn", ("Our house", "<b>Our</b> house"), "texts/en/learn.md:6: HTML is not used"),
        ("learn", ("page:/help", "https://example.org"), "texts/en/learn.md:8: a link is exercise:name"),
        ("learn", ("page:/help", "exercise:no-such"), "is no exercise that a person may start"),
        ("learn", ("page:/help", "lesson:no-such"), "is no other lesson"),
        ("learn", ("page:/help", "page:/team"), "page:/team is none of"),
        ("families", ("page:/help", "exercise:slow-breath"), "a link is exercise:name"),
        ("learn", ("sit down.", "sit down. Suicide is on some minds."), "it names suicide"),
        ("learn", ("sit down.", "sit down. It helps 8 of 10 people."), "a short text has no sources"),
        ("learn", ("sit down.", "sit down. [1]"), "a short text has no sources"),
        ("learn", ("sit down.", "sit down. No alcohol here."), "'alcohol' is about use"),
        ("learn", ("sit down.", "sit down. " + "We are here for you now. " * 10), "words in one section"),
        ("learn", ("sit down.", "sit down. Addicts are welcome."), "ddict"),
        ("learn", ("2026-11-01", "2024-01-01"), "more than two years ago"),
        ("learn", ("sit down.", "sit down.\n\nAsk for Ana."), "paragraphs or links differ"),
    ],
)
def test_a_fault_in_a_text_is_told_with_its_place(
    tmp_path: Path, place: str, change: tuple[str, str], told: str
) -> None:
    example.write_text(example.write(tmp_path), place, example.TEXT.replace(*change))
    problems = checking.check(tmp_path)[1]
    assert [problem for problem in problems if told in problem and problem.startswith("texts/")], problems


def test_a_text_in_one_language_alone_is_told(tmp_path: Path) -> None:
    example.write_text(example.write(tmp_path), "learn", text_es=None)
    assert [one for one in checking.check(tmp_path)[1] if "learn is missing in 'es'" in one]


@pytest.mark.sqlite
@pytest.mark.parametrize("place", texts.PLACES)
def test_each_text_stands_in_its_place_in_the_readers_language(
    app: Flask, store: Store, tmp_path: Path, place: str
) -> None:
    role, address, kept = SHOWN_ON[place]
    practice, mill = make_practice(store), {"en": "Our house is at the mill.", "es": "Nuestra casa está en el molino."}
    clients = {language: Client(app) for language in mill}
    for language, client in clients.items():
        sign_in(client, make_person(store, practice, role, language=language))
        assert mill[language] not in client.get(address).main_words
    libraries.init_app(app, str(example.write_text(example.write(tmp_path), place)))
    for language, client in clients.items():
        assert mill[language] in client.get(address).main_words
    assert kept in clients["en"].get(address).main_words


@pytest.mark.sqlite
def test_a_text_that_cannot_be_used_leaves_our_words(app: Flask, store: Store, tmp_path: Path) -> None:
    client = Client(app)
    sign_in(client, make_person(store, make_practice(store), Role.PATIENT))
    libraries.init_app(app, str(example.write_text(example.write(tmp_path), "learn", "no front matter", None)))
    assert "Short things to read." in client.get("/learn").main_words
