"""Every string that a person can read keeps the promises "it never shames" and "it is plain"; docs/content.md."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from jinja2 import Environment

from patient_app.consent.form_text import current_form
from patient_app.core.danger_words import DANGER, HOPE, SUICIDE
from patient_app.learn import reading_age, word_rules
from patient_app.learn.reading_age import Counts
from patient_app.learn.spanish_rules import SPANISH, SPANISH_SAFE, USTED
from patient_app.learn.word_rules import (
    MOST_GRADE,
    MOST_WORDS,
    MOST_WORDS_ANYWHERE,
    MOST_WORDS_MEAN,
    SAFE,
    TELLING_AT_HOME,
    TELLING_IN_MAIL,
    TELLING_IN_TITLE,
    WORDS,
    Rule,
    Text,
    broken,
)
from tests.page import Client, Page, tidy
from tests.sweeps import access_table, content_texts
from tests.sweeps.conftest import Stage
from tests.sweeps.content_texts import CONSENT, MESSAGES, PACKAGE
from tests.sweeps.world import CANARY, QUERIES

ALL_RULES = (*WORDS, *SAFE, TELLING_IN_MAIL, TELLING_IN_TITLE, TELLING_AT_HOME, *SPANISH, *SPANISH_SAFE, USTED)
# Read at the worst hour.
CRISIS = ("templates/safety/", "templates/errors/", "content/help_lines", "core/errors.py", "safety/")
CRISIS_MACROS = ("Call 988", "Talk with a person, day or night", "If you would rather not talk")
# The law's own words may be harder, with a plain summary beside them (CLINICAL: at most grade 8).
MOST_GRADE_OF_CONSENT = 8
# Who looks at the pages: one of each kind of person, and the three states in which a page says something else.
READERS = ("anonymous", "half-way", "owner", "other", "s-with", "s-without", "s-unconf", "c-with", "c-without", "admin")
STAFF = ("half-way", "c-with", "c-without", "admin")
INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "code", "em", "i", "kbd", "mark", "q", "span", "strong", "sub", "sup", "time", "wbr"}
)
NOT_OURS = frozenset({"script", "style", "template", "svg", "textarea", "option", "kbd", "code"})


def listed(problems: Sequence[object]) -> str:
    """Return a message with one problem a paragraph."""
    return f"{len(problems)} to mend:\n" + "\n".join(str(problem) for problem in problems)


# --- the strings -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strings() -> list[Text]:
    """Return every string of templates, modules and reviewed content."""
    return [*content_texts.gettext_texts(), *content_texts.content_texts()]


@pytest.fixture(scope="module")
def by_file(strings: list[Text]) -> dict[str, list[Text]]:
    """Return the strings of each file."""
    files: dict[str, list[Text]] = {}
    for text in strings:
        files.setdefault(text.file, []).append(text)
    return files


def test_the_words_are_the_words_of_this_house(strings: list[Text]) -> None:
    problems = broken(strings, WORDS)
    assert not problems, listed(problems)


def test_the_invented_people_are_respected_too() -> None:
    # They write as people write about themselves; how one speaks of others holds for them as well.
    own_voice = {
        "nobody is told what is normal or due",
        "nothing is belittled",
        "nothing is counted against a person",
        "no blame for a hard time",
    }
    rules = [rule for rule in WORDS if rule.name not in own_voice]
    problems = broken(content_texts.demonstration_texts(), rules)
    assert not problems, listed(problems)


def test_scripts_keep_to_the_same_words() -> None:
    texts = [
        text
        for path in sorted((PACKAGE / "static" / "js").rglob("*.js"))
        if path.name != "near_words.js"  # Patterns of what a person may write; no word of it is shown.
        for text in content_texts.script_texts(path.read_text(encoding="utf-8"), path.name)
    ]
    problems = broken(texts, WORDS)
    assert not problems, listed(problems)


def test_no_sentence_is_long(strings: list[Text]) -> None:
    problems = word_rules.too_long([text for text in strings if not text.file.startswith(CONSENT)], MOST_WORDS_ANYWHERE)
    assert not problems, listed(problems)


def is_crisis(text: Text) -> bool:
    """Whether somebody in danger reads this text."""
    return text.file.startswith(CRISIS) or text.words in CRISIS_MACROS


def test_words_for_the_worst_hour_come_in_short_sentences(strings: list[Text]) -> None:
    crisis = [text for text in strings if is_crisis(text)]
    problems = word_rules.too_long(crisis, MOST_WORDS)
    assert not problems, listed(problems)
    for file in {text.file for text in crisis}:
        blocks = reading_age.prose([word_rules.filled(text.words) for text in crisis if text.file == file])
        if blocks:
            counts = reading_age.count(blocks)
            mean = counts.words / counts.sentences
            assert mean <= MOST_WORDS_MEAN, f"{file}: {mean:.1f} words a sentence, at most {MOST_WORDS_MEAN}"


def test_every_template_and_reviewed_text_reads_at_grade_6(by_file: dict[str, list[Text]]) -> None:
    problems = [
        told
        for file, texts in by_file.items()
        if file.startswith(("templates/", "content/")) and not file.startswith(CONSENT)
        for told in word_rules.too_hard(file, [text.words for text in texts])
    ]
    assert not problems, listed(problems)


def test_the_consent_form_reads_at_grade_8(by_file: dict[str, list[Text]]) -> None:
    for file in (file for file in by_file if file.startswith(CONSENT)):
        counts = reading_age.count([word_rules.filled(text.words) for text in by_file[file]])
        assert reading_age.flesch_kincaid(counts) <= MOST_GRADE_OF_CONSENT, file
        assert reading_age.smog_grade(counts) <= MOST_GRADE_OF_CONSENT, file


def test_words_about_danger_say_nothing_of_how_where_or_how_much(by_file: dict[str, list[Text]]) -> None:
    problems = [
        problem
        for texts in by_file.values()
        if any(DANGER.search(text.words) for text in texts)
        for problem in broken(texts, SAFE)
    ]
    assert not problems, listed(problems)


def templates_without_help(sources: dict[str, str]) -> list[str]:
    """Return the templates that speak of suicide and lack the numbers, or hope."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    told = []
    for name, source in sources.items():
        texts = list(content_texts.extracted("jinja2", io.BytesIO(source.encode()), name))
        if not any(SUICIDE.search(text.words) for text in texts):
            continue
        if not content_texts.calls_crisis_links(environment.parse(source)):
            told.append(f"{name} speaks of suicide\n    instead: with {{{{ ui.crisis_links() }}}} on the same page")
        if not any(HOPE.search(text.words) for text in texts):
            told.append(f"{name} speaks of suicide without hope\n    instead: say that help works and that it can ease")
    return told


def test_every_template_that_speaks_of_suicide_has_the_numbers_and_hope() -> None:
    told = templates_without_help(
        {
            path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted((PACKAGE / "templates").rglob("*.html"))
        }
    )
    assert not told, listed(told)


def test_e_mails_tell_a_stranger_nothing(strings: list[Text]) -> None:
    problems = broken([text for text in strings if text.file.startswith(MESSAGES)], [TELLING_IN_MAIL])
    assert not problems, listed(problems)


def test_titles_in_templates_are_neutral() -> None:
    texts = [text for name, tree in content_texts.templates().items() for text in content_texts.title_texts(tree, name)]
    problems = broken(texts, [TELLING_IN_TITLE])
    assert len(texts) > 10
    assert not problems, listed(problems)


def test_nothing_that_goes_through_gettext_is_overlooked() -> None:
    """Every name under which gettext is imported or kept is one that the extraction knows."""
    unknown = []
    for path in sorted(PACKAGE.rglob("*.py")):
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "flask_babel":
                names |= {alias.asname or alias.name for alias in node.names if "gettext" in alias.name}
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and "gettext" in node.value.id:
                names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        unknown += [f"{path.name}: {name}" for name in names - content_texts.KEYWORDS.keys()]
    assert not unknown, f"add these to KEYWORDS in content_texts.py: {unknown}"


# --- the pages, as people get them -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """A page as somebody got it."""

    place: str
    reader: str
    page: Page
    blocks: list[str]

    @property
    def texts(self) -> list[Text]:
        """The blocks of the page, to be held against the rules."""
        return [Text(self.place, number, block) for number, block in enumerate(self.blocks, 1)]


def is_exempt(element: Element) -> bool:
    """Whether these words are not ours to choose: the law's, a person's own, a signed form's, a list of names."""
    return (
        element.tag in NOT_OURS
        or element.get("translate") == "no"
        or bool({"own-words", "person", "visually-hidden"} & set((element.get("class") or "").split()))
    )


def blocks_of(element: Element) -> Iterator[str]:
    """Yield the texts of a page as they stand apart for the eye: paragraphs, items, headings, buttons, labels."""
    parts: list[str] = []
    for piece in _pieces(element):
        if piece is None:
            if text := tidy(" ".join(parts)):
                yield text
            parts = []
        else:
            parts.append(piece)
    if text := tidy(" ".join(parts)):
        yield text


def _pieces(element: Element) -> Iterator[str | None]:
    apart = element.tag not in INLINE or "standalone" in (element.get("class") or "")
    if apart:
        yield None
    if not is_exempt(element):
        yield element.text or ""
        for child in element:
            yield from _pieces(child)
            yield child.tail or ""
    if apart:
        yield None


@pytest.fixture(scope="module")
def pages(stage: Stage) -> list[Seen]:
    """Open every GET route as each kind of person, and keep each different page once."""
    found: dict[tuple[str, ...], Seen] = {}
    names = sorted({re.escape(person.name) for person in stage.world.people.values()}, key=len, reverse=True)
    invented = re.compile(rf"\S*{CANARY}\S*|{'|'.join(names)}")
    for rule, method in access_table.routes(stage.app):
        if method != "GET":
            continue
        for reader in READERS:
            address = stage.world.address(rule)
            page = stage.client(reader).get(address, query_string=QUERIES.get(rule.rule))
            if not page.is_page:
                continue
            # Names are people's own; a short one stands for all.
            words = [invented.sub("Lee", block) for part in page.own_parts for block in blocks_of(part)]
            found.setdefault((page.title, *words), Seen(f"GET {rule.rule} for {reader}", reader, page, words))
    stage.reset()
    return list(found.values())


def test_the_pages_are_there(pages: list[Seen]) -> None:
    readers = {seen.reader for seen in pages}
    assert {"anonymous", "owner", "s-with", "c-with", "admin"} <= readers
    assert sum(reading_age.count(seen.blocks).measured for seen in pages) >= 5


def test_every_page_of_100_words_reads_at_grade_6(pages: list[Seen]) -> None:
    # What stands on each of twenty cards is read once.
    problems = [told for seen in pages for told in word_rules.too_hard(seen.place, dict.fromkeys(seen.blocks))]
    assert not problems, listed(problems)


def test_the_words_on_pages_are_the_words_of_this_house(pages: list[Seen]) -> None:
    problems = broken((text for seen in pages for text in seen.texts), WORDS)
    assert not problems, listed(problems)


def test_every_page_that_speaks_of_suicide_has_the_numbers(pages: list[Seen]) -> None:
    told = pages_without_numbers(pages)
    assert not told, listed(told)


def pages_without_numbers(pages: list[Seen]) -> list[str]:
    """Return the pages that speak of suicide and show no call and no text to 988."""
    return [
        f"{seen.place} speaks of suicide\n    instead: with ui.crisis_links() on the same page"
        for seen in pages
        if any(SUICIDE.search(block) for block in seen.blocks) and not {"tel:988", "sms:988"} <= seen.page.shown_links
    ]


def test_titles_tell_a_stranger_nothing(pages: list[Seen]) -> None:
    problems = broken((Text(seen.place, 1, seen.page.title) for seen in pages), [TELLING_IN_TITLE])
    problems += broken(
        (Text(seen.place, 1, seen.page.title) for seen in pages if seen.reader not in STAFF), [TELLING_AT_HOME]
    )
    assert not problems, listed(problems)


def test_titles_name_nobody(pages: list[Seen], stage: Stage) -> None:
    names = {name for person in stage.world.people.values() for name in (person.name, person.name.split()[0])}
    named = [
        f"{seen.place}: {seen.page.title}"
        for seen in pages
        for name in {*names, CANARY}
        if re.search(rf"\b{re.escape(name)}", seen.page.title)
    ]
    assert not named, f"give the page a title block without the name: {named}"


def test_a_form_that_is_signed_has_a_plain_summary_beside_it(pages: list[Seen]) -> None:
    first = tidy(current_form().template.split("\n")[0])
    shown = 0
    for seen in pages:
        for section in seen.page.one("main").iter("section"):
            form = [
                p for p in section.iter() if "own-words" in (p.get("class") or "") and first in "".join(p.itertext())
            ]
            if form:
                shown += 1
                summary = reading_age.prose(blocks_of(section))
                assert summary, f"{seen.place}: no plain words beside the form\n    instead: “In short: …” before it"
                assert reading_age.flesch_kincaid(reading_age.count(summary)) <= MOST_GRADE, seen.place
    assert shown


# --- the tests see what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_each_rule_sees_what_is_meant_and_nothing_else(rule: Rule) -> None:
    assert rule.bad
    assert [words for words in rule.bad if rule.breaks(words) is None] == []
    assert [words for words in rule.good if rule.breaks(words) is not None] == []


def test_a_failure_says_where_which_rule_and_what_instead() -> None:
    (problem,) = broken([Text("templates/planted.html", 7, "Just take it.")], WORDS)
    assert str(problem).startswith("templates/planted.html:7: nothing is belittled: 'Just' in 'Just take it.'")
    assert "instead: leave the word out" in str(problem)


@pytest.mark.parametrize(
    ("method", "source"),
    [
        ("jinja2", '<p>{{ _("Just %(this)s", this=1) }}</p>'),
        ("jinja2", "{% trans %}Just this{% endtrans %}<p title=\"{{ _('one') }}\">"),
        ("jinja2", '{{ ngettext("Just one", "Just %(num)s", 2) }}'),
        ("jinja2", '{% macro m(a=_("Just a default")) %}{{ a }}{% endmacro %}'),
        ("python", '_l("Just "\n   "this")'),
        ("python", 'ngettext("Just one", "%(num)s of them", 3)'),
        ("python", 'pgettext("context", "Just this")'),
    ],
)
def test_a_planted_string_is_found_wherever_it_hides(method: str, source: str) -> None:
    texts = list(content_texts.extracted(method, io.BytesIO(source.encode()), "planted"))
    assert broken(texts, WORDS)


def test_planted_content_is_read() -> None:
    source = (
        "- id: planted\n  source: must not be read\n  words:\n    en:\n      name: Just call\n"
        '      choices: ["Press 1!"]\n    es:\n      name: ¡Llame!\n'
        "    fr:\n      name: Il faut appeler tout de suite\n"
    )
    texts = [Text("planted", line, words) for line, words in content_texts.yaml_words(source)]
    assert [(text.line, text.words) for text in texts] == [(5, "Just call"), (6, "Press 1!")]
    assert len(broken(texts, WORDS)) == 2
    assert list(content_texts.yaml_words(source, "fr")) == [(10, "Il faut appeler tout de suite")]
    names = ("reset.txt", "form.en.txt", "reset.fr.txt", "reset.pt_BR.txt", "common.v2.txt")
    assert [content_texts.language_of(Path(name)) for name in names] == ["en", "en", "fr", "pt_BR", "en"]
    lines = list(content_texts._paragraphs("Subject\n\nOne line\nand its end.\n1. an item\n2. another\n"))
    assert lines == [(1, "Subject"), (3, "One line and its end."), (5, "1. an item"), (6, "2. another")]
    assert [text.words for text in content_texts.script_texts('say("You missed it");\n// not "this one"\n', "x.js")]
    spoken = list(content_texts.spoken_literals('"""Not this."""\nNOTE = "Just me"\nKEY = "one"\n', "demo"))
    assert [text.words for text in spoken] == ["Just me"]


def test_a_planted_template_about_suicide_needs_numbers_and_hope() -> None:
    bare = '<p>{{ _("Thoughts of suicide") }}</p>{# ui.crisis_links() #}'
    assert len(templates_without_help({"planted.html": bare})) == 2
    hopeful = '<p>{{ _("Thoughts of suicide can ease.") }}</p>'
    assert len(templates_without_help({"planted.html": hopeful})) == 1
    assert templates_without_help({"planted.html": hopeful + "{{ ui.crisis_links(emergency=false) }}"}) == []


def test_a_planted_title_is_found() -> None:
    environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    for source in (
        '{% block heading %}{{ _("Your cravings") }}{% endblock %}',
        '{% block title %}Mood{% endblock %}{% block heading %}{{ _("Fine") }}{% endblock %}',
    ):
        assert broken(content_texts.title_texts(environment.parse(source), "planted"), [TELLING_IN_TITLE])
    covered = '{% block title %}{{ _("Help") }}{% endblock %}{% block heading %}{{ _("Crisis") }}{% endblock %}'
    assert not broken(content_texts.title_texts(environment.parse(covered), "planted"), [TELLING_IN_TITLE])


def test_a_planted_long_sentence_is_found() -> None:
    long = Text(
        "planted", 1, "One two three four five six seven eight nine ten eleven twelve thirteen and fifteen more."
    )
    assert word_rules.too_long([long], MOST_WORDS)
    assert not word_rules.too_long([long], MOST_WORDS + 1)


def planted_page(main: str) -> Seen:
    """Return a page with these words, as somebody would get it."""
    app = Flask("planted")
    app.extensions["tandem"] = SimpleNamespace(config=SimpleNamespace(origin="http://localhost"))
    app.add_url_rule("/", view_func=lambda: f"<!doctype html><title>x</title><main>{main}</main>")
    page = Client(app, checked=False).get("/")
    return Seen("planted", "owner", page, list(blocks_of(page.one("main"))))


def test_a_page_is_cut_into_what_the_eye_sees_apart() -> None:
    seen = planted_page(
        "<h1>One</h1><p>Two <a href='/x'>three</a>, four.</p><ul><li>Five<small>six</small></li></ul>"
        "<p translate='no'>law</p><p class='own-words'>mine</p><button><span>Seven</span></button>"
        "<textarea>no</textarea>"
    )
    assert seen.blocks == ["One", "Two three , four.", "Five", "six", "Seven"]


def test_a_planted_page_about_suicide_needs_the_numbers() -> None:
    assert pages_without_numbers([planted_page("<p>Suicide</p><a href='tel:988'>Call</a>")])
    both = "<p>Suicide</p><a href='tel:988'>Call</a><a href='sms:988'>Text</a>"
    assert not pages_without_numbers([planted_page(both)])


@pytest.mark.parametrize(
    "around",
    [
        "<section><div hidden>{}</div></section>",
        "<template>{}</template>",
        "<section data-later-part='kept' hidden><div data-hard hidden>{}</div></section>",
    ],
)
def test_numbers_that_nobody_sees_yet_do_not_count(around: str) -> None:
    numbers = "<a href='tel:988'>Call</a><a href='sms:988'>Text</a>"
    assert pages_without_numbers([planted_page("<p>Suicide</p>" + around.format(numbers))])


HARD = (
    "The administrator subsequently authorizes additional notifications regarding confidentiality of information. " * 12
)
PLAIN = "You can call us at any time. We read it in the day. Then we write back to you. " * 6


def test_a_planted_hard_page_is_found_even_between_many_short_labels() -> None:
    (whole, sentences) = word_rules.too_hard("planted", [HARD])
    assert "Flesch-Kincaid" in whole
    assert "administrator 12x" in sentences
    assert len(word_rules.too_hard("planted", [HARD, *["Save"] * 400])) == 1
    assert word_rules.too_hard("planted", [PLAIN]) == []
    assert word_rules.too_hard("planted", ["The administrator authorizes it."]) == []


# --- the formulas, against published values --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "spoken", "grade"),
    [
        # Sentences whose Flesch reading ease is published (Wikipedia, Flesch-Kincaid readability tests: 116, 69, 37.5),
        # from which the counts follow; the grade is computed from these counts by hand.
        ("The cat sat on the mat.", 6, 6, -1.45),
        ("This sentence, taken as a reading passage unto itself, is being used to prove a point.", 16, 23, 7.61),
        ("The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.", 13, 24, 11.26),
        # textstat's own test: 2.88.
        ("Cool dogs wear da sunglasses.", 5, 7, 2.88),
    ],
)
def test_flesch_kincaid_gives_published_values(text: str, words: int, spoken: int, grade: float) -> None:
    counts = reading_age.count([text])
    assert (counts.sentences, counts.words, counts.syllables) == (1, words, spoken)
    assert reading_age.flesch_kincaid(counts) == pytest.approx(grade, abs=0.01)


@pytest.mark.parametrize(
    ("least", "most", "grade"),
    [(0, 2, 4), (3, 6, 5), (7, 12, 6), (13, 20, 7), (21, 30, 8), (31, 42, 9), (43, 56, 10), (57, 72, 11), (73, 90, 12),
     (91, 110, 13), (111, 132, 14), (133, 156, 15), (157, 182, 16), (183, 210, 17), (211, 240, 18)],
)  # fmt: skip
def test_smog_gives_the_published_conversion_table(least: int, most: int, grade: int) -> None:
    # SMOG Conversion Table I (McGraw): polysyllables in 30 sentences.
    for polysyllables in (least, most):
        counts = Counts(sentences=30, words=300, syllables=500, polysyllables=polysyllables)
        assert reading_age.smog_grade(counts) == grade
        assert reading_age.smog(counts) == pytest.approx(grade, abs=1.5)


@pytest.mark.parametrize(
    ("sentences", "factor"), [(28, 1.07), (24, 1.25), (20, 1.5), (17, 1.76), (14, 2.14), (10, 3.0)]
)
def test_smog_of_a_short_text_uses_the_published_adjustment(sentences: int, factor: float) -> None:
    # SMOG Conversion Table II: what to multiply by when there are fewer than 30 sentences.
    counts = Counts(sentences=sentences, words=300, syllables=500, polysyllables=10)
    assert reading_age.smog_polysyllables(counts) == pytest.approx(10 * factor, abs=0.1)


def test_smog_has_its_floor_and_a_known_example() -> None:
    assert reading_age.smog(Counts(30, 100, 100, 0)) == pytest.approx(3.1291)
    # textstat's own test: 8.842.
    assert reading_age.smog(reading_age.count(["Cool dogs wear da sunglasses."])) == pytest.approx(8.842, abs=0.001)


# As the CMU Pronouncing Dictionary has them.
SYLLABLES = {
    1: "a I you through called used asked's don't won't strength eight whole team",
    2: "the-end people table wanted boxes doesn't couldn't didn't business something baseline evening quiet client "
    "create being every before started unique judgment safely",
    3: "medicine family suicide alcohol overdose idea area beginning anyone everything earlier serious previous "
    "various difficult agreement depression reaction influence visited companion",
    4: "emergency invitation anxiety experience information recovery psychiatrist variety material society",
    5: "administrator opportunity association immediately university",
    6: "responsibility",
}


@pytest.mark.parametrize("number", SYLLABLES)
def test_syllables_are_counted_as_a_dictionary_does(number: int) -> None:
    wrong = {
        word: reading_age.syllables(word) for word in SYLLABLES[number].split() if reading_age.syllables(word) != number
    }
    assert not wrong


def test_figures_abbreviations_addresses_and_medicines_are_counted_as_said() -> None:
    assert [reading_age.syllables(word) for word in ("988", "1-800-662-4357", "CPR", "OK", "check-in")] == [
        1,
        1,
        3,
        2,
        2,
    ]
    assert reading_age.syllables("Naloxone") == reading_age.syllables("buprenorphine") == 1
    assert reading_age.words_of("Write to name@example.org or see https://988lifeline.org/chat now") == [
        "Write", "to", "or", "see", "now",
    ]  # fmt: skip
    assert reading_age.words_of("It’s 10:30, don't wait.") == ["It’s", "10:30", "don't", "wait"]


def test_sentences_end_where_they_end() -> None:
    assert reading_age.sentences_of(["Call 988. You can say: “I am not safe.” Dr. Lee can help.", "Save"]) == [
        "Call 988.", "You can say: “I am not safe.", "Dr Lee can help.", "Save",
    ]  # fmt: skip
    assert reading_age.prose(["Save", "It is saved.", "“Is it?”", "Name"]) == ["It is saved.", "“Is it?”"]
