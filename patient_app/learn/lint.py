"""Holds lessons to the rules of this house: what is wrong is told with the file, and what to do instead.

Structure: both languages alike, links that lead somewhere; where danger is named, a note, a topic and a way to help.
Claims: each sentence with a number, in digits or in words, ends with the mark of its source, or the file says of the
words why they claim nothing; each source is used, the review is not older than two years. Words: at most 50 in a
section, grade 6 by two formulas in English and primary school by two in Spanish, and words that we do not use.
`make test` runs this over our own, `python app.py lessons check FOLDER` over those of a practice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from patient_app.core.danger_words import DANGER, HOPE, names_danger, names_overdose
from patient_app.learn import alike, claims, reading_age, spanish_age, word_rules
from patient_app.learn.content import too_old
from patient_app.learn.facts import LANGUAGES, Audience, Lesson, Shelf
from patient_app.learn.markdown import MARK
from patient_app.learn.spanish_rules import SPANISH, SPANISH_SAFE, USTED
from patient_app.learn.word_rules import Rule, Text

MOST_WORDS = 50
MOST_WORDS_OF_SENTENCE = 25
HELP = "page:/help"
# A topic of ours that nobody meets without a word before it.
TRAUMA = "trauma"
# Where a link of a lesson may lead. A test holds that these pages are there.
PAGES = {
    Audience.PATIENTS: frozenset(
        {
            *("/appointments", "/appointments/to-raise", "/check-in", "/help", "/history", "/learn", "/learn/near-by"),
            *("/learn/choices", "/medications", "/safety", "/settings/reminders", "/sharing", "/skills", "/skills/now"),
        }
    ),
    Audience.SUPPORTERS: frozenset(
        {"/help", "/supporting", "/supporting/learn", "/supporting/me", "/supporting/worried"}
    ),
}
# Of use, which a lesson that is not about it never names: people said that it plays no part for them.
OF_USE = re.compile(
    r"\b(?:crav\w+|drink(?!ing water\b| water\b)\w*|drank|drunk|alcohol\w*|drugs?|substances?|sober\w*"
    r"|(?:re)?laps(?:e|es|ed)|addict\w*|naloxone|narcan|overdos\w*|opioids?|withdrawal|antojos?|alcohol|drogas?|sustancias?|sobredosis|recaídas?"
    r"|abstinencia|consum(?:o|ir|e|es|ía|ió)|beber|bebida alcohólica|opioides?)\b",
    re.IGNORECASE,
)
# What people say to each other, they may say with tú.
_QUOTED = re.compile(r"“[^”]*”")


@dataclass(frozen=True, slots=True)
class Around:
    """What else there is: all lessons that a link may name, and the exercises that a person may start alone.

    `files` are those of the folder, by their names in it: one that could not be read is not missing.
    """

    lessons: Mapping[str, Lesson]
    exercises: frozenset[str]
    today: date
    files: frozenset[str] = frozenset()


def problems_of(shelf: Shelf, around: Around) -> list[str]:
    """Return what is wrong with the lessons of a shelf, the nearest to its place first."""
    found: list[str] = []
    for slug, by_language in sorted(shelf.lessons.items()):
        found += [
            f"{slug}: it is missing in {language!r}\n    instead: write {language}/{slug}.md"
            for language in LANGUAGES
            if language not in by_language and f"{language}/{slug}.md" not in around.files
        ]
        for lesson in by_language.values():
            found += [f"{lesson.file}{problem}" for problem in _of_lesson(lesson, shelf, around)]
        found += [f"{slug}: {problem}" for problem in alike.differences(by_language)]
    found += [
        f"practice.toml: {one.name} was looked at more than two years ago\n    instead: check it and renew checked_on"
        for one in shelf.resources
        if too_old(one.checked_on, around.today)
    ]
    return found


def missing(shelf: Shelf, language: str) -> list[str]:
    """Return what has no words in a language yet, each with its file: lessons, and what stands around them."""
    lessons = [
        f"{language}/{slug}.md" for slug, by_language in sorted(shelf.lessons.items()) if language not in by_language
    ]
    around = {f"paths.toml: paths.{id_}.title": path.title for id_, path in shelf.paths.items()}
    around |= {f"paths.toml: paths.{id_}.why": path.why for id_, path in shelf.paths.items()}
    around |= {f"paths.toml: topics.{id_}.title": topic.title for id_, topic in shelf.topics.items()}
    around |= {f"paths.toml: conditions.{id_}.title": title for id_, title in shelf.conditions.items()}
    for one in shelf.resources:
        for key, words in (("what", one.what), ("hours", one.hours), ("languages", one.languages), ("cost", one.cost)):
            around[f"practice.toml: {one.name}, {key}"] = words
    texts = [f"texts/{language}/{place}.md" for place, those in sorted(shelf.texts.items()) if language not in those]
    return [*lessons, *(name for name, words in around.items() if language not in words.by_language), *texts]


def _of_lesson(lesson: Lesson, shelf: Shelf, around: Around) -> Iterator[str]:
    yield from _of_address(lesson)
    yield from _of_links(lesson, shelf, around)
    yield from _of_danger(lesson)
    yield from claims.of_lesson(lesson)
    yield from _of_length(lesson)
    yield from _of_words(lesson)
    yield from _of_also(lesson)
    yield from of_review(lesson.reviewed_on, around.today)


def of_review(reviewed_on: date, today: date) -> Iterator[str]:
    """Yield what is wrong with the day of a review."""
    if too_old(reviewed_on, today):
        yield ": it was reviewed more than two years ago\n    instead: read it against its sources; then a new day"
    if reviewed_on > today:
        yield ": reviewed_on is still to come"


def _of_address(lesson: Lesson) -> Iterator[str]:
    for rule in (word_rules.TELLING_IN_TITLE, word_rules.TELLING_AT_HOME):
        for name in (lesson.slug, lesson.path):
            if told := rule.breaks(name.replace("-", " ")):
                yield f": {name!r} stands in addresses, and {told!r} tells of it\n    instead: a neutral name"


# --- links -------------------------------------------------------------------------------------------------------


def _of_links(lesson: Lesson, shelf: Shelf, around: Around) -> Iterator[str]:
    audience = shelf.paths[lesson.path].audience
    for link in lesson.links:
        if not link.label:
            yield f": the link to {link.to} has no words"
        if problem := LEADS[link.to.partition(":")[0]](link.to.partition(":")[2], lesson, audience, shelf, around):
            yield f": {link.to} {problem}"
    if lesson.lighter:
        other = around.lessons.get(lesson.lighter)
        if (
            other is None
            or other.content_note
            or shelf.paths.get(other.path, shelf.paths[lesson.path]).audience != audience
        ):
            yield f": lighter names {lesson.lighter!r}, which is no lesson without a content note for the same people"
    if len({link.to for link in lesson.choices}) < len(lesson.choices):
        yield ": two of its choices lead to the same place"


def _to_lesson(rest: str, lesson: Lesson | None, audience: Audience, shelf: Shelf, around: Around) -> str:
    other = around.lessons.get(rest)
    if other is None or (lesson is not None and other.slug == lesson.slug):
        return "is no other lesson"
    path = shelf.paths.get(other.path)
    if path is not None and path.audience != audience:
        return "is a lesson for other people"
    is_about_use = audience is Audience.SUPPORTERS if lesson is None else lesson.about_use
    return "is about alcohol or drugs, and this text is not" if other.about_use and not is_about_use else ""


def _to_exercise(rest: str, _lesson: Lesson | None, _audience: Audience, _shelf: Shelf, around: Around) -> str:
    return "" if rest in around.exercises else "is no exercise that a person may start alone"


def _to_page(rest: str, _lesson: Lesson | None, audience: Audience, _shelf: Shelf, _around: Around) -> str:
    allowed = PAGES[audience]
    return "" if rest.partition("#")[0] in allowed else f"is none of {', '.join(sorted(allowed))}"


LEADS: dict[str, Callable[[str, Lesson | None, Audience, Shelf, Around], str]] = {
    "lesson": _to_lesson,
    "exercise": _to_exercise,
    "page": _to_page,
}


def _of_danger(lesson: Lesson) -> Iterator[str]:
    if lesson.speaks_of_danger:
        if HELP not in {choice.to for choice in lesson.choices}:
            yield f": it names suicide and does not lead to help\n    instead: with [...]({HELP}) among what comes next"
        if not lesson.content_note:
            yield ": it names suicide without a note before it\n    instead: content_note and lighter; or gentler words"
    if TRAUMA in lesson.topics and not lesson.content_note:
        yield f": it is about {TRAUMA!r} without a note before it\n    instead: content_note and lighter"
    named = (("suicide", lesson.speaks_of_danger), ("overdose", names_overdose(*lesson.words)))
    for topic in (topic for topic, is_named in named if is_named and topic not in lesson.topics):
        yield f": it names {topic}, and {topic!r} is not among its topics\n    instead: with it; it can be put aside"


# --- length and words --------------------------------------------------------------------------------------------


def _bare(block: str) -> str:
    return MARK.sub("", block)


def _of_length(lesson: Lesson) -> Iterator[str]:
    for section in lesson.sections:
        yield from too_many_words(section.line, section.blocks)
    yield from too_hard([_bare(words) for words in lesson.words], lesson.language)


def too_many_words(line: int, blocks: Iterable[str]) -> Iterator[str]:
    """Yield a problem when what stands under one heading is too long."""
    words = sum(len(reading_age.words_of(_bare(block))) for block in blocks)
    if words > MOST_WORDS:
        yield f":{line}: {words} words in one section, at most {MOST_WORDS}\n    instead: two sections"


def too_hard(blocks: list[str], language: str) -> Iterator[str]:
    """Yield each sentence that is too long, and what makes the whole too hard to read in its language."""
    long = word_rules.too_long([Text("", 0, block) for block in blocks], MOST_WORDS_OF_SENTENCE)
    yield from (problem.removeprefix(":0") for problem in long)
    if language == "en":
        yield from word_rules.too_hard("", blocks)
    if language == "es":
        yield from _too_hard_in_spanish(blocks)


def _too_hard_in_spanish(blocks: list[str]) -> Iterator[str]:
    for which, chosen in (("all of it", blocks), ("its whole sentences", reading_age.prose(blocks))):
        if not reading_age.count(chosen).measured:
            continue
        fernandez, inflesz = spanish_age.fernandez_huerta(chosen), spanish_age.szigriszt_pazos(chosen)
        if fernandez < spanish_age.LEAST_FERNANDEZ or inflesz < spanish_age.LEAST_INFLESZ:
            yield (
                f" ({which}): Fernández Huerta {fernandez:.1f}, INFLESZ {inflesz:.1f}; at least "
                f"{spanish_age.LEAST_FERNANDEZ} and {spanish_age.LEAST_INFLESZ}\n    instead: shorter words"
            )


def _of_words(lesson: Lesson) -> Iterator[str]:
    yield from wrong_words(lesson.file, list(texts_of(lesson)), lesson.language, may_name_use=lesson.about_use)


def wrong_words(file: str, texts: list[Text], language: str, *, may_name_use: bool) -> Iterator[str]:
    """Yield each word that is not used here, without the file's name; `may_name_use`: alcohol and drugs."""
    rules: list[Rule] = list(word_rules.WORDS) if language == "en" else []
    if language == "es":
        rules += SPANISH
        spoken = [Text(text.file, text.line, _QUOTED.sub(" ", text.words)) for text in texts]
        yield from (str(broken).removeprefix(file) for broken in word_rules.broken(spoken, [USTED]))
    if any(DANGER.search(text.words) for text in texts):
        rules += {"en": word_rules.SAFE, "es": SPANISH_SAFE}.get(language, ())
        if language in LANGUAGES and not any(HOPE.search(text.words) for text in texts):
            yield ": it speaks of danger without hope\n    instead: say that help works and that it can ease"
    for broken in word_rules.broken(texts, rules):
        yield str(broken).removeprefix(file)
    if not may_name_use:
        for text in texts:
            if found := OF_USE.search(text.words):
                yield f":{text.line}: {found[0]!r} is about use\n    instead: category: substance_use, or leave it out"


def _of_also(lesson: Lesson) -> Iterator[str]:
    """Yield what is wrong with the words a lesson is looked for by: they are people's own, not how we speak."""
    for words in lesson.also:
        if claims.is_unsourced(words):
            yield f": also names {words!r}, a number\n    instead: words that people type"
        if names_danger(words) and "suicide" not in lesson.topics:
            yield f": also names {words!r}, and 'suicide' is not among its topics\n    instead: without it"
        if not lesson.about_use and OF_USE.search(words):
            yield f": also names {words!r}, which is about use\n    instead: category: substance_use, or leave it out"


def texts_of(lesson: Lesson) -> Iterator[Text]:
    """Yield all that a lesson says, each text with its line."""
    yield Text(lesson.file, 1, lesson.title)
    if lesson.content_note:
        yield Text(lesson.file, 1, lesson.content_note)
    for section in lesson.sections:
        for words in (section.heading, *section.blocks):
            yield Text(lesson.file, section.line, _bare(words))
    for choice in lesson.choices:
        yield Text(lesson.file, 1, choice.label)
