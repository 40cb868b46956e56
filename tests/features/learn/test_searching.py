"""Words are found whatever their case and accents, the nearest lesson first, in the reader's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from patient_app.learn import library
from patient_app.learn.facts import Source
from patient_app.learn.library import Library
from patient_app.learn.search import LONGEST_PIECE, Index


def slugs(index: Index, words: str) -> list[str]:
    """Return what is found."""
    return [hit.lesson.slug for hit in index.find(words)]


def test_words_are_found_in_titles_headings_and_texts(shelf: Library) -> None:
    english = Index(shelf.lesson(slug, "en") for slug in shelf.shelf.lessons)
    spanish = Index(shelf.lesson(slug, "es") for slug in shelf.shelf.lessons)
    assert slugs(english, "RIVER walk")[0] == "by-the-river"
    assert slugs(english, "walk brid") == ["by-the-river"]  # The last word may be a beginning.
    assert slugs(english, "brid walk") == []
    assert slugs(english, "bridges, the walk") == ["by-the-river"]  # A longer word with another ending.
    assert slugs(spanish, "rio paseo")[0] == "by-the-river"
    assert slugs(spanish, "RÍO")[0] == "by-the-river"
    # Of what says nothing alone, any is enough.
    assert slugs(english, "the")
    assert not slugs(english, "the zzz")
    for nothing in ("", "  ", "?!", "qqqq", "\x00", "[1]" * 3 + "zzz"):
        assert slugs(english, nothing) == []


LOOKED_FOR = {
    "en": "nightmares|weed|heroin|xanax|suboxone|panic attack|sleeping|insomnia|side effects|can't sleep|relapse",
    "es": "insomnio|pesadillas|efectos secundarios|recaída|RECAIDA|marihuana|heroína|xanax|suboxone|ataque de pánico",
}


@pytest.mark.parametrize("language", LOOKED_FOR)
def test_what_people_type_is_found_in_our_lessons(language: str) -> None:
    """By everyday words and names of medicines, which no lesson shows, and by the names of topics."""
    ours = library.library_of("")
    every = [ours.lesson(slug, language) for slug in ours.shelf.lessons]
    assert not [words for words in LOOKED_FOR[language].split("|") if not ours.find(words, language, every)]
    assert all(lesson.also for lesson in every)


def test_words_to_look_by_are_never_shown_and_names_around_count(shelf: Library) -> None:
    walk = replace(shelf.lesson("by-the-river", "en"), also=("stroll", "fresh air"))
    index = Index([walk], lambda _lesson: ["Rivers", "Around here"])
    (hit,) = index.find("fresh air")
    assert hit.piece == "A path runs along the river. You can walk it in any shoes."
    assert slugs(index, "stroll around here") == ["by-the-river"]
    assert "stroll" not in " ".join(walk.words)


def test_marks_are_not_found_and_pieces_are_short(shelf: Library) -> None:
    index = Index([shelf.lesson("by-the-river", "en")])
    (hit,) = index.find("people weeks")
    assert hit.piece == "People who walked felt better in 8 of 10 weeks."
    assert all(len(hit.piece) <= LONGEST_PIECE + 2 for hit in index.find("a"))
    assert index.find("river", among=[]) == []


def test_notes_what_comes_next_and_sources_are_found_too_and_texts_count_more(shelf: Library) -> None:
    walk = shelf.lesson("by-the-river", "en")
    title = "Guideline on walks, bridges and minutes"
    noted = replace(walk, slug="noted", content_note="It names deep water.", sources=(Source(1, title, 2024),))
    index = Index([noted, walk])
    (hit,) = index.find("deep water")
    assert (hit.lesson.slug, hit.piece) == ("noted", "It names deep water.")
    assert {hit.piece for hit in index.find("breathe minute")} == {"Breathe for a minute"}
    # The title of a source is nothing to read: the lesson is shown as it begins.
    (hit,) = index.find("guideline")
    assert hit.piece == "A path runs along the river. You can walk it in any shoes."
    # A word of the text is nearer than the same word of a source.
    other = replace(walk, slug="other", title="Z", sources=(Source(1, "Shoes", 2024),), sections=walk.sections[1:])
    assert slugs(Index([other, replace(walk, title="ZZ")]), "shoes") == ["by-the-river", "other"]
