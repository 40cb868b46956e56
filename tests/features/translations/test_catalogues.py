"""Each language says everything, with the same places, in one form of address; a planted fault is seen."""

from __future__ import annotations

import ast
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from babel import support
from babel.messages.catalog import Message
from flask import Flask
from flask_babel import force_locale, gettext, ngettext

from patient_app import translating
from patient_app.consent import form_text
from patient_app.core import i18n
from patient_app.learn import library
from patient_app.skills.files import WrongExercise, words_of
from tests.features.cli.program import Program

LANGUAGES = translating.languages()
# Spanish speaks to a person as "usted": none of these, but in what one person says to another, in quotation marks.
TU = re.compile(r"\b(tú|tu|tus|te|ti|contigo|tienes|puedes|quieres|eres|estás|vos)\b", re.IGNORECASE)
QUOTED = re.compile(r"“[^”]*”")
# Words that shame, and words that name a person by what they take.
SHAMING = re.compile(
    r"\b(adict[oa]s?|drogadict\w*|alcohólic[oa]s?|abus\w+|vicio\w*|sobri[oa]|recaíste|fracas\w*|incumpl\w*|culpable"
    r"|suci[oa]s?|racha)\b",
    re.IGNORECASE,
)
# What a person says to another, quoted or as an example of it.
SAID_TO_SOMEBODY = ("They read this", "They read this first")


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def spanish() -> list[Message]:
    return [message for message in translating.read("es") if message.id]


def test_nothing_is_missing_guessed_or_left_over(language: str) -> None:
    found = translating.report(language)
    assert found.missing == ()
    assert found.fuzzy == ()
    assert found.wrong == ()
    assert found.gone == ()
    assert found.content == ()
    assert found.messages > 2500


def test_the_compiled_file_says_what_the_catalogue_says(language: str) -> None:
    def said(compiled: bytes) -> dict[object, str]:
        found = vars(support.Translations(io.BytesIO(compiled)))["_catalog"]
        return {key: words for key, words in found.items() if key}

    kept = translating.po_path(language).with_suffix(".mo").read_bytes()
    assert said(kept) == said(translating.compiled(translating.read(language)))
    assert said(kept)


@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("Call %(number)s", "Llame"),
        ("Call %(number)s", "Llame %(numero)s"),
        ("Call %(number)s now", "Llame %(number)s %(number)s"),
        ("%(num)s day", "%(num)d día"),
        ("Call 988 now.", "Llame al 98 ahora."),
        ("Call 911.", "Llame."),
        ("It starts with https://example.org", "Empieza así"),
        ("Now ", "Ahora"),
    ],
)
def test_a_place_a_number_or_a_space_that_was_lost_is_seen(english: str, other: str) -> None:
    assert list(translating.wrong_places(Message(english, other)))


def test_what_was_translated_right_is_no_fault() -> None:
    assert not list(translating.wrong_places(Message("Call 988, %(name)s.", "%(name)s: llame al 988.")))
    assert not list(translating.wrong_places(Message(("%(num)d day", "%(num)d days"), ("%(num)d día", "%(num)d días"))))


def test_a_language_that_begins_lacks_everything_and_a_made_up_one_is_refused() -> None:
    found = translating.report("fr")
    assert len(found.missing) == found.messages
    assert set(found.content) >= {
        "help_lines.yaml: 5 without words",
        "lessons/paths.toml: paths.care.title",
        "lessons/paths.toml: paths.care.why",
        "lessons/paths.toml: topics.rights.title",
        *(f"lessons/paths.toml: conditions.{one}.title" for one in library.ours().conditions),
        "consent/form.fr.txt is not there",
        "consent/telling.fr.txt is not there",
        "consent/notice.fr.txt is not there",
        "rules/lock_screen.yaml: beginnings and whole without words",
    }
    assert library.ours().conditions
    assert not found.complete
    with pytest.raises(translating.NoSuchLanguage):
        translating.report("../etc")


def test_the_command_says_what_is_there(tmp_path: Path) -> None:
    program = Program(tmp_path / "instance")
    done = program("translations", "report")
    assert (done.code, done.out[:4]) == (0, "es: ")
    assert program("translations", "report", "klingon-x").code == 2


def test_words_of_law_and_danger_are_marked_until_a_person_reviewed_them(spanish: list[Message]) -> None:
    marked = [m for m in spanish if any(name.startswith("templates/safety/") for name, _line in m.locations)]
    assert len(marked) > 80
    for message in marked:
        assert any(
            comment.startswith((translating.NEEDS_REVIEW, translating.REVIEWED)) for comment in message.user_comments
        )


def test_no_message_hides_where_it_is_not_found() -> None:
    """What reads the code for messages does not look into an f-string: such a one would stay English for ever."""
    assert _hidden("f'{since} {gettext(\"Until\")}'") == [1]
    assert not _hidden("gettext('Until')")
    hidden = [
        f"{path}:{line}"
        for path in Path(translating.__file__).parent.rglob("*.py")
        for line in _hidden(path.read_text(encoding="utf-8"))
    ]
    assert not hidden, hidden


def _hidden(code: str) -> list[int]:
    """Return the lines on which a message is asked for inside an f-string."""
    joined = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.JoinedStr)]
    calls = [(node.lineno, call.func) for node in joined for call in ast.walk(node) if isinstance(call, ast.Call)]
    return [line for line, called in calls if "gettext" in ast.unparse(called) or ast.unparse(called) == "_l"]


def _all_spanish(spanish: list[Message]) -> list[tuple[str, str]]:
    found = [pair for message in spanish for pair in translating.pairs(message)]
    for path in translating.CONTENT.rglob("*.yaml"):
        for words in translating._worded(yaml.safe_load(path.read_text(encoding="utf-8"))):
            found += [(path.name, text) for text in _strings(words["es"])]
    return found + [(path.name, path.read_text(encoding="utf-8")) for path in translating.CONTENT.rglob("*.es.txt")]


def _strings(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [text for part in parts for text in _strings(part)]


def test_spanish_says_usted_and_never_shames(spanish: list[Message]) -> None:
    problems = []
    for english, text in _all_spanish(spanish):
        told = QUOTED.sub("", text)
        if TU.search(told) and not english.startswith(SAID_TO_SOMEBODY):
            problems.append(f"tú: {text}")
        if SHAMING.search(told):
            problems.append(f"shames: {text}")
    assert not problems, "\n".join(problems)


def test_the_number_to_text_goes_with_the_word_that_is_answered_in_spanish(spanish: list[Message]) -> None:
    """By text, 988 answers in Spanish only to AYUDA; by telephone, after 2 is pressed."""
    for english, text in _all_spanish(spanish):
        if "AYUDA" in text and "988" in text and len(text) > 40:
            assert "2" in text, english
    assert any(text == "Enviar AYUDA al 988" for _english, text in _all_spanish(spanish))


def test_plurals_dates_and_numbers_are_spanish(app: Flask) -> None:
    with app.test_request_context(), force_locale("es"):
        assert ngettext("%(num)d day", "%(num)d days", 1) == "1 día"
        assert ngettext("%(num)d day", "%(num)d days", 3) == "3 días"
        assert i18n.day_in_words(date(2026, 3, 5)) == "5 de marzo de 2026"
        assert i18n.day_in_words(date(2026, 3, 5), "EEEE d MMMM") == "jueves 5 de marzo"
        assert i18n.day_in_words(date(2026, 3, 5), "MMMM y") == "marzo de 2026"
        assert i18n.number_in_words(Decimal("0.125")) == "0.125"
        assert i18n.number_in_words(Decimal("2.5")) == "2.5"


def test_a_translation_of_what_is_signed_is_of_the_version_that_is_signed(app: Flask) -> None:
    with app.test_request_context(), force_locale("es"):
        for name in ("form", "telling"):
            other = form_text.beside(name)
            assert other is not None
            places = re.compile(r"\{\w+\}")
            template = form_text.current_form(name).template
            assert sorted(places.findall(other.template)) == sorted(places.findall(template))
            assert other.template.count("\n") == template.count("\n")
        notice = form_text.notice_beside()
        assert notice is not None
        assert "42 CFR" in notice.short
        assert "(iii)" in notice.full
    with app.test_request_context(), force_locale("en"):
        assert form_text.beside() is None
        assert form_text.notice_beside() is None


def test_an_older_translation_of_what_is_signed_is_not_shown(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("form.en", "form.es"):
        text = (form_text.FORMS / f"{name}.txt").read_text(encoding="utf-8")
        (tmp_path / f"{name}.txt").write_text(text.replace("translates: ", "translates: 1-"), encoding="utf-8")
    monkeypatch.setattr(form_text, "FORMS", tmp_path)
    form_text._translated.cache_clear()
    try:
        with app.test_request_context(), force_locale("es"):
            assert form_text.beside() is None
        assert "consent/form.es.txt is of an older version than consent/form.en.txt" in translating.report("es").content
    finally:
        form_text._translated.cache_clear()


def test_what_is_kept_drawn_is_kept_by_language(app: Flask) -> None:
    with app.test_request_context():
        with force_locale("es"):
            assert gettext("Save") == "Guardar"
            spanish = i18n.catalogue()
        with force_locale("en"):
            assert gettext("Save") == "Save"
            assert i18n.catalogue() is not spanish


def test_an_exercise_may_hold_a_third_language_and_is_english_where_it_does_not(app: Flask) -> None:
    more = words_of("x", {"en": "Breathe", "es": "Respire", "fr": "Respirez"})
    less = words_of("x", {"en": "Breathe", "es": "Respire"})
    for language, told in {"en": ("Breathe",) * 2, "es": ("Respire",) * 2, "fr": ("Respirez", "Breathe")}.items():
        with app.test_request_context(), force_locale(language):
            assert (str(more), str(less)) == told
    with pytest.raises(WrongExercise):
        words_of("x", {"en": "Breathe"})
    with pytest.raises(WrongExercise):
        words_of("x", {"en": "Breathe", "es": "Respire", "words": "x"})


def test_a_message_to_a_phone_that_says_nothing_is_in_the_phones_language() -> None:
    said = i18n.in_every_language("You have a reminder")
    assert (said["en"], said["es"]) == ("You have a reminder", "Tiene un recordatorio")
