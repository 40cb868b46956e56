"""Looks for words in all lessons of one language: a small index in memory, made once.

A lesson is found when it holds every word that was typed, whatever the case and the accents; a longer word, and the
last of them, also as the beginning of a word, or with another ending ("sleeping" finds "sleep"). It holds the words
that its file says people look for it by, and the names of its topics, too. Words of the title and of the headings count
more than those of the text, and those count more than the titles of its sources.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from patient_app.core.danger_words import names_danger
from patient_app.learn.facts import Lesson
from patient_app.learn.markdown import MARK

MOST_HITS = 20
MOST_WORDS = 8
LONGEST_PIECE = 160
# From so many letters on, the beginning of a word is enough: of the last, which may not be typed to its end yet, and of
# any other.
LEAST_BEGINNING, LEAST_STEM = 3, 5
# So many letters more than a word of a lesson may stand at the end of what was typed.
_LONGEST_ENDING = 4
_IN_TITLE, _IN_ALSO, _IN_HEADING, _IN_NAME, _IN_TEXT, _IN_SOURCE = 16, 8, 6, 4, 2, 1
_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case and accents."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return _WORD.findall(plain.casefold())


# Words that say nothing of what is looked for.
_STOP = frozenset(
    words_of(
        "a an and are at be can cannot can't do don't for from how i in is it me my not of on or the this to what when "
        "with you your al como con cuando de del el en es la las lo los me mi no o para por que se si su sus un una y"
    )
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A lesson that was found, and a few words around what was looked for."""

    lesson: Lesson
    piece: str

    @property
    def names_danger(self) -> bool:
        """Whether what is shown of it names suicide."""
        return names_danger(self.lesson.title, self.piece)


class Index:
    """The lessons of one language by their words."""

    def __init__(
        self, lessons: Iterable[Lesson], names_around: Callable[[Lesson], Iterable[str]] = lambda _lesson: ()
    ) -> None:
        self._lessons = tuple(lessons)
        self._found_in: dict[str, dict[int, int]] = {}
        # Of each lesson its blocks, each with its words.
        self._blocks: list[list[tuple[str, frozenset[str]]]] = []
        for number, lesson in enumerate(self._lessons):
            self._add(number, _IN_TITLE, lesson.title)
            for source in lesson.sources:  # Found, and never shown: it is not what the lesson says.
                self._add(number, _IN_SOURCE, source.title)
            for words in lesson.also:
                self._add(number, _IN_ALSO, words)
            for name in names_around(lesson):
                self._add(number, _IN_NAME, name)
            blocks = []
            for section in lesson.sections:
                self._add(number, _IN_HEADING, section.heading)
                for block in section.blocks:
                    text = MARK.sub("", block)
                    blocks.append((text, self._add(number, _IN_TEXT, text)))
            # Behind the text: where it holds the words as well, the text is shown.
            around = filter(None, (lesson.content_note, *(choice.label for choice in lesson.choices)))
            blocks.extend((text, self._add(number, _IN_TEXT, text)) for text in around)
            self._blocks.append(blocks)
        self._words = sorted(self._found_in)

    def _add(self, number: int, weight: int, text: str) -> frozenset[str]:
        words = [sys.intern(word) for word in words_of(text)]
        for word in words:
            found = self._found_in.setdefault(word, {})
            found[number] = found.get(number, 0) + weight
        return frozenset(words)

    def find(self, text: str, among: Iterable[str] | None = None) -> list[Hit]:
        """Return the lessons that hold all these words, the nearest first; `among` are the slugs that may be shown."""
        every = words_of(text)
        asked = ([word for word in every if word not in _STOP] or every)[:MOST_WORDS]
        if not asked:
            return []
        meant = [self._meant(word, LEAST_STEM) for word in asked[:-1]]
        meant.append(self._meant(asked[-1], LEAST_BEGINNING))
        weights = [self._weights(words) for words in meant]
        fewest, *others = sorted(weights, key=len)
        shown = None if among is None else frozenset(among)
        found = [
            (-sum(weight[number] for weight in weights), self._lessons[number].title, number)
            for number in fewest
            if all(number in weight for weight in others) and (shown is None or self._lessons[number].slug in shown)
        ]
        return [Hit(self._lessons[number], self._piece(number, meant)) for *_, number in nsmallest(MOST_HITS, found)]

    def _meant(self, word: str, least: int) -> frozenset[str]:
        """Return the words of lessons that are meant by one that was typed, which holds so many letters or is whole."""
        meant = {word} & self._found_in.keys()
        if len(word) >= least:
            for at in range(bisect_left(self._words, word), len(self._words)):
                if not self._words[at].startswith(word):
                    break
                meant.add(self._words[at])
        for letters in range(max(LEAST_STEM, len(word) - _LONGEST_ENDING), len(word)):
            if word[:letters] in self._found_in:
                meant.add(word[:letters])
        return frozenset(meant)

    def _weights(self, words: Iterable[str]) -> dict[int, int]:
        total: dict[int, int] = {}
        for word in words:
            for number, weight in self._found_in[word].items():
                total[number] = total.get(number, 0) + weight
        return total

    def _piece(self, number: int, meant: Sequence[frozenset[str]]) -> str:
        """Return the block that holds most of the words, cut at a word; the first where none of them holds any."""

        def held(block: tuple[str, frozenset[str]]) -> int:
            return sum(not words.isdisjoint(block[1]) for words in meant)

        best = max(self._blocks[number], key=held, default=("", frozenset()))[0]
        return best if len(best) <= LONGEST_PIECE else best[:LONGEST_PIECE].rpartition(" ")[0] + " …"
