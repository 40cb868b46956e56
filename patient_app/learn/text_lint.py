"""Holds a practice's short texts to the rules for lessons, as far as they have what the rules are about."""

from __future__ import annotations

from collections.abc import Iterator

from patient_app.learn import claims
from patient_app.learn.facts import LANGUAGES, Audience, PracticeText, Shelf
from patient_app.learn.lint import LEADS, Around, of_review, too_hard, too_many_words, wrong_words
from patient_app.learn.markdown import MARK
from patient_app.learn.texts import PLACES
from patient_app.learn.word_rules import Text


def problems_of(shelf: Shelf, around: Around) -> Iterator[str]:
    """Yield what is wrong with the short texts of a shelf, each with its place and what to do instead."""
    for place, by_language in sorted(shelf.texts.items()):
        for language in LANGUAGES:
            if language not in by_language and f"texts/{language}/{place}.md" not in around.files:
                yield f"texts: {place} is missing in {language!r}\n    instead: write texts/{language}/{place}.md"
        first = by_language.get(LANGUAGES[0])
        for text in by_language.values():
            yield from (f"{text.file}{problem}" for problem in _of_text(text, shelf, around))
            if first is not None and _shape(text) != _shape(first):
                yield f"{text.file}: paragraphs or links differ from {first.file}\n    instead: the same in both"


def _shape(text: PracticeText) -> tuple[int, list[str]]:
    return len(text.blocks), [link.to for link in text.links]


def _of_text(text: PracticeText, shelf: Shelf, around: Around) -> Iterator[str]:
    audience, blocks = PLACES[text.place], list(text.blocks)
    for block in blocks:
        for sentence in claims.sentences(block):
            if MARK.search(sentence) or claims.is_unsourced(sentence, text.no_claims):
                yield f": {sentence!r} claims a number, and a short text has no sources\n    instead: write a lesson"
    for link in text.links:
        kind, _colon, rest = link.to.partition(":")
        if problem := LEADS[kind](rest, None, audience, shelf, around):
            yield f": {link.to} {problem}"
    yield from too_many_words(text.first_line, blocks)
    yield from too_hard(blocks, text.language)
    said = [Text(text.file, text.first_line, block) for block in blocks]
    yield from wrong_words(text.file, said, text.language, may_name_use=audience is Audience.SUPPORTERS)
    yield from of_review(text.reviewed_on, around.today)
