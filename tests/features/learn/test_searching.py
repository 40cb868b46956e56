"""Words are found whatever their case and accents, the nearest lesson first, in the reader's language."""

from __future__ import annotations

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
    assert slugs(spanish, "rio paseo")[0] == "by-the-river"
    assert slugs(spanish, "RÍO")[0] == "by-the-river"
    for nothing in ("", "  ", "?!", "qqqq", "\x00", "[1]" * 3 + "zzz"):
        assert slugs(english, nothing) == []


def test_marks_are_not_found_and_pieces_are_short(shelf: Library) -> None:
    index = Index([shelf.lesson("by-the-river", "en")])
    (hit,) = index.find("people weeks")
    assert hit.piece == "People who walked felt better in 8 of 10 weeks."
    assert all(len(hit.piece) <= LONGEST_PIECE + 2 for hit in index.find("a"))
    assert index.find("river", among=[]) == []
