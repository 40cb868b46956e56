"""Every Spanish string is as plain as the English and keeps the same promises; `test_content.py` asks the English."""

from __future__ import annotations

import pytest

from patient_app import translating
from patient_app.core.danger_words import DANGER
from patient_app.learn import lint, word_rules
from patient_app.learn.spanish_rules import SPANISH, SPANISH_SAFE
from patient_app.learn.word_rules import Text, broken
from tests.sweeps import content_texts
from tests.sweeps.content_texts import CONSENT


@pytest.fixture(scope="module")
def by_file() -> dict[str, list[Text]]:
    """Return the Spanish of each template, module and file of reviewed words."""
    found: dict[str, list[Text]] = {}
    for message in translating.read("es"):
        for name, _line in message.locations if message.id else ():
            found.setdefault(name, []).extend(Text(name, 0, words) for _english, words in translating.pairs(message))
    for text in content_texts.content_texts("es"):
        found.setdefault(text.file, []).append(text)
    return found


def listed(problems: list[str]) -> str:
    """Return a message with one problem a paragraph."""
    return f"{len(problems)} to mend, in the .po file or in content/:\n" + "\n".join(problems)


def test_the_spanish_of_every_place_is_read(by_file: dict[str, list[Text]]) -> None:
    for name in (
        "templates/safety/help.html",
        "learn/forms.py",
        "content/help_lines.yaml",
        "content/exercises/slow-breath.toml",
        "content/messages/reset.es.txt",
        "content/consent/form.es.txt",
        "content/lessons/es/first-weeks.md",
    ):
        assert by_file[name]
    assert not [name for name in by_file if name.endswith((".en.txt", "/reset.txt")) or "lessons/en/" in name]


def test_spanish_words_are_the_words_of_this_house(by_file: dict[str, list[Text]]) -> None:
    # A message that stands in three places is told once.
    problems = {str(one) for texts in by_file.values() for one in broken(texts, SPANISH)}
    assert not problems, listed(sorted(problems))


def test_spanish_about_danger_says_nothing_of_how_where_or_how_much(by_file: dict[str, list[Text]]) -> None:
    danger = [texts for texts in by_file.values() if any(DANGER.search(text.words) for text in texts)]
    assert len(danger) > 10
    problems = {str(one) for texts in danger for one in broken(texts, SPANISH_SAFE)}
    assert not problems, listed(sorted(problems))


def test_spanish_reads_like_primary_school_in_every_place_and_no_sentence_is_long(
    by_file: dict[str, list[Text]],
) -> None:
    problems = [
        f"{name}{problem}"
        for name, texts in by_file.items()
        if not name.startswith(CONSENT)
        for problem in lint.too_hard([word_rules.filled(text.words) for text in texts], "es")
    ]
    assert not problems, listed(problems)


def test_a_planted_fault_is_seen() -> None:
    assert broken([Text("x", 1, "Usted debe descansar.")], SPANISH)
    assert not broken([Text("x", 1, "No tiene que decir por qué.")], SPANISH)
    hard = "La responsabilidad institucional correspondiente a la administración continúa inalterada. " * 15
    assert list(lint.too_hard([hard], "es"))
    assert list(lint.too_hard(["Si usted " + "y su gente " * 9 + "vienen."], "es"))
