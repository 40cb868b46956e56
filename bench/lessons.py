"""Looking for words in a library of a thousand lessons: all in memory, no statement of a database."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from statistics import quantiles

from bench.cpu import Request
from bench.ground import Ground
from patient_app.learn import library as libraries
from patient_app.learn.facts import Lesson
from patient_app.learn.search import Index

LESSONS = 1000
SEARCHES, ANSWERS = 2000, 50
# For one search, on the machine that the limits were set for.
LIMIT_SECONDS = 0.020
_LAST_BUT = 0.95


def search(made: Ground) -> None:
    """Measure the slow end of a search, in words as people type them: one to three, the last cut short now and then."""
    index, words = _grown(LESSONS)
    chance = random.Random(8)  # noqa: S311 - chance in a measure guards nothing.
    took = []
    for _ in range(SEARCHES // (10 if made.report.quick else 1)):
        asked = [chance.choice(words) for _ in range(chance.randint(1, 3))]
        asked[-1] = asked[-1][: chance.choice((3, 4, 99))]
        begun = time.perf_counter()
        index.find(" ".join(asked))
        took.append(time.perf_counter() - begun)
    slow = quantiles(took, n=100)[int(_LAST_BUT * 100) - 1]
    for name, seconds in (("p95", slow), ("longest", max(took))):
        made.report.add_milliseconds(f"search_{LESSONS}_lessons_{name}", seconds, LIMIT_SECONDS)
    # The whole answer with our own lessons; it has no budget of its own.
    headers, body = made.cookie(made.people.three_years), b"words=sleeping"
    request = Request(made.app, "/learn/search", "POST", body=lambda: body, headers=headers)
    request.call()
    begun = time.perf_counter()
    for _ in range(ANSWERS):
        request.call()
    made.report.add("search_answer_mean", (time.perf_counter() - begun) / ANSWERS * 1000, "ms")


def _grown(number: int) -> tuple[Index, list[str]]:
    """Return so many lessons, grown of ours with their sections mixed, and words that are looked for in them."""
    ours = libraries.library_of("")
    known = [ours.lesson(slug, "en") for slug in ours.shelf.lessons]
    sections = [section for lesson in known for section in lesson.sections]
    chance = random.Random(7)  # noqa: S311 - likewise.
    grown: list[Lesson] = [
        replace(known[at % len(known)], slug=f"grown-{at}", sections=tuple(chance.sample(sections, 8)))
        for at in range(number)
    ]
    words = sorted(
        {word for section in sections for block in section.blocks for word in block.split() if word.isalpha()}
    )
    return Index(grown), words
