"""Our own lessons: the lint finds nothing, each is drawn as a page, small enough, and what leads to them is there."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask

from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.learn import checking, content, library, lint, suggesting
from patient_app.learn.facts import LANGUAGES, Audience
from tests.factories import make_person, make_practice, sign_in
from tests.page import Client, Page

OURS = library.library_of("")
LARGEST_PAGE = 15 * 1024
# What the library is to cover, the lesson that does, and a word by which it can be told; so that none gets lost.
COVERED = [
    ("how therapy and medicine work together", "two-hands", "both help more"),
    ("when therapy alone may be enough", "two-hands", "talk alone"),
    ("depression", "low-days", "depression"),
    ("bipolar disorder", "highs-and-lows", "bipolar"),
    ("PTSD", "after-it-happened", "ptsd"),
    ("EMDR", "after-it-happened", "emdr"),
    ("trauma-focused CBT", "after-it-happened", "cbt"),
    ("OCD", "stuck-loops", "ocd"),
    ("panic and anxiety", "sudden-fear", "panic"),
    ("why benzodiazepines are spared", "sudden-fear", "why doctors spare"),
    ("psychosis", "shared-world", "psychosis"),
    ("alcohol", "a-safe-way-down", "alcohol"),
    ("medicine for alcohol use disorder", "a-safe-way-down", "naltrexone"),
    ("opioids, and medicine for them without stigma", "steady-ground", "buprenorphine"),
    ("stimulants", "after-the-rush", "cocaine"),
    ("cannabis", "honest-questions", "cannabis"),
    ("nicotine", "smoke-and-more", "nicotine"),
    ("the two sides: self-medication", "both-ways", "looking for help"),
    ("the two sides: sleep", "both-ways", "sleep"),
    ("the two sides: stress", "both-ways", "stress"),
    ("the two sides: a lapse", "both-ways", "lapse"),
    ("what medicines do, 2 to 6 weeks, 8 to 12", "first-weeks", "8 to 12 weeks"),
    ("side effects", "side-notes", "dry mouth"),
    ("stopping safely", "before-you-stop", "dangerous to stop"),
    ("cravings as waves", "waves", "wave"),
    ("lapse and relapse", "after-one-time", "lapse"),
    ("overdose and naloxone", "while-you-wait", "naloxone"),
    ("sleep", "night-rest", "awake"),
    ("trauma and the body", "body-on-guard", "body"),
    ("trauma-informed care, and what may be asked of us", "what-to-expect", "hurt"),
    ("working with a team, shared decisions", "your-say", "a yes, a no"),
    ("preparing an appointment", "your-say", "before you go"),
    ("consent, and who sees what", "who-sees-what", "see who looked"),
    ("42 CFR Part 2", "a-stronger-lock", "42 cfr part 2"),
    ("families: how to help", "help-that-helps", "would help"),
    ("families: what not to say", "help-that-helps", "leave out that"),
    ("families: boundaries", "lines-with-love", "line"),
    ("families: looking after oneself", "your-own-cup", "you count too"),
    ("culture and identity", "your-roots", "custom"),
    ("faith", "your-roots", "faith"),
    ("peers and groups", "not-alone", "group"),
]


def test_the_lint_finds_nothing() -> None:
    number, problems = checking.check()
    assert not problems, "\n".join(problems)
    assert number == len(OURS.shelf.lessons)


@pytest.mark.parametrize(("topic", "slug", "word"), COVERED, ids=[topic for topic, _, _ in COVERED])
def test_each_topic_that_the_library_is_to_cover_has_its_lesson(topic: str, slug: str, word: str) -> None:
    assert word in " ".join(OURS.lesson(slug, "en").words).lower(), topic


def test_each_lesson_covers_a_topic() -> None:
    assert {slug for _, slug, _ in COVERED} == set(OURS.shelf.lessons)


def test_each_path_topic_and_condition_is_used_by_a_lesson() -> None:
    lessons = [OURS.lesson(slug, "en") for slug in OURS.shelf.lessons]
    assert {lesson.path for lesson in lessons} == set(OURS.shelf.paths)
    assert {topic for lesson in lessons for topic in lesson.topics} == set(OURS.shelf.topics)
    assert {condition for lesson in lessons for condition in lesson.conditions} == set(OURS.shelf.conditions)


def test_a_topic_about_use_stands_only_on_lessons_about_use() -> None:
    about_use = {topic.id for topic in OURS.shelf.topics.values() if topic.about_use}
    wrong = [
        lesson.slug
        for lesson in (OURS.lesson(slug, "en") for slug in OURS.shelf.lessons)
        if about_use & set(lesson.topics) and not lesson.about_use
    ]
    assert wrong == []


def test_every_rule_suggests_a_lesson_for_patients_that_is_there() -> None:
    there = {lesson.slug for those in OURS.by_path("en", Audience.PATIENTS).values() for lesson in those}
    assert suggesting.lessons_of_rules(suggesting.rules()) <= there


def has_numbers(page: Page) -> bool:
    """Whether 988 can be called and texted from a page; in Spanish with the word that it answers to."""
    return "tel:988" in page.shown_links and any(link.startswith("sms:988") for link in page.shown_links)


@pytest.mark.sqlite
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("audience", "base"), [(Audience.PATIENTS, "/learn"), (Audience.SUPPORTERS, "/supporting")])
def test_every_lesson_is_a_page_that_is_small(
    app: Flask, store: Store, audience: Audience, base: str, language: str
) -> None:
    role = Role.PATIENT if audience is Audience.PATIENTS else Role.SUPPORTER
    client = Client(app)
    sign_in(client, make_person(store, make_practice(store), role, language=language))
    for lesson in (one for those in OURS.by_path(language, audience).values() for one in those):
        page = client.get(f"{base}/lessons/{lesson.slug}")
        assert page.status_code == 200, lesson.slug
        assert lesson.title in page.words
        assert all(section.heading in page.words for section in lesson.sections)
        assert len(gzip.compress(page.html.encode(), 6)) <= LARGEST_PAGE, lesson.slug
        if lesson.speaks_of_danger:
            assert has_numbers(page)
        for link in lesson.links:
            assert client.get(link.href).status_code == 200, (lesson.slug, link.to)
    for address in ("/learn/choices", *(f"/learn/{path.id}" for path in OURS.paths())) if base == "/learn" else ():
        page = client.get(address)
        assert "suicid" not in page.words.lower() or has_numbers(page), address
    elsewhere = "/supporting" if audience is Audience.PATIENTS else "/learn"
    assert client.get(f"{elsewhere}/lessons/{next(iter(OURS.shelf.lessons))}").status_code == 404


def test_the_pages_that_lessons_may_lead_to_are_there(app: Flask) -> None:
    known = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert set().union(*lint.PAGES.values()) <= known


def test_no_file_lies_about_that_is_read_by_nobody() -> None:
    folder = Path(content.FOLDER)
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".md", ".toml"}
