"""Danger is known by what is said, not by one word: then note, topic, numbers and hope are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from patient_app.core.danger_words import names_danger, names_overdose
from patient_app.learn import checking
from tests.features.learn import example

NAMES = [
    "Thoughts of suicide can ease.",
    "If thoughts of dying come, open Help now.",
    "If the thought is about dying, talk with a person.",
    "Thinking about death a lot",
    "You may want to die.",
    "I wish to be dead",
    "You may reach a night when you do not want to go on yourself.",
    "Not wanting to live",
    "I don’t want to live any more",
    "You don't want to wake up",
    "thoughts of ending your life",
    "to kill yourself",
    "Ideas de suicidio",
    "Si vienen ideas de morir, abra Ayuda ya.",
    "Si piensa en morir, llame a alguien.",
    "Pensamientos de muerte",
    "Quiero morir",
    "Quisiera estar muerta",
    "Puede que no quiera seguir.",
    "Una noche en que usted tampoco quiera seguir.",
    "Ya no quiero vivir así",
    "Sin ganas de vivir",
    "No tiene ganas de seguir viviendo",
    "quitarse la vida",
    "acabar con su vida",
    "A voice tells you to harm yourself.",
    "I hurt myself",
    "Some people think of harming themselves",
    "Hurting yourself",
    "Thoughts of self-harm",
    "Una voz le dice que se haga daño",
    "Pensar en hacerse daño",
    "Me hago daño",
    "ganas de lastimarse",
]
NAMES_NOT = [
    "I hurt my knee",
    "It can hurt your stomach.",
    "Less harm for yourself",
    "Alcohol can harm your liver.",
    "El alcohol hace daño al hígado.",
    "Le hace daño a otros",
    "Now all is lost, so I may as well go on.",
    "You do not want to go on with this medicine.",
    "You do not want to go on a trip.",
    "If you do not want to go on taking it, call first.",
    "You may not want to live with them.",
    "What do you want to live for?",
    "She died last year.",
    "The death of someone you love",
    "Grief for someone who is alive",
    "An idea about daily life",
    "It can change your life.",
    "To end your day well",
    "No quiere seguir con la terapia.",
    "Si no quiere seguir leyendo, puede parar.",
    "Si ya no quiere seguir tomando la medicina, llame.",
    "No quiere seguir en el grupo.",
    "Quizás no quiera vivir con ellos.",
    "La muerte de alguien",
    "Pensar en la vida",
    "Ganas de beber",
    "Quiere vivir mejor.",
]


@pytest.mark.parametrize("words", NAMES)
def test_what_names_suicide(words: str) -> None:
    assert names_danger(words)


@pytest.mark.parametrize("words", NAMES_NOT)
def test_what_does_not(words: str) -> None:
    assert not names_danger(words)


@pytest.mark.parametrize("words", ["After an overdose", "Keep naloxone near", "Narcan", "la sobredosis", "Naloxona"])
def test_what_names_overdose(words: str) -> None:
    assert names_overdose(words)
    assert not names_danger(words)


def problems(folder: Path, en: str, es: str, *changes: tuple[str, str]) -> list[str]:
    """Return what is told of the example with a sentence more, and with changes in both languages."""
    mine = [example.EN.replace("Turn back when you like.", en), example.ES.replace("Vuelva cuando quiera.", es)]
    for before, after in changes:
        mine = [text.replace(before, after) for text in mine]
    example.write(folder, {"by-the-river": (mine[0], mine[1]), "calm": (example.EN, example.ES)})
    return checking.check(folder)[1]


NOTED = ('content_note: ""\nlighter: ""', 'content_note: "One part is hard."\nlighter: "calm"')
SUICIDE_TOPIC = ("topics: [rivers]", "topics: [rivers, suicide]")
EN, ES = "If thoughts of dying come, help works.", "Si vienen ideas de morir, la ayuda sirve."


@pytest.mark.parametrize(
    ("en", "es", "changes", "told"),
    [
        (EN, ES, (NOTED, SUICIDE_TOPIC), []),
        (EN, ES, (SUICIDE_TOPIC,), ["without a note before it"] * 2),
        (EN, ES, (NOTED,), ["'suicide' is not among its topics"] * 2),
        (EN, ES, (NOTED, SUICIDE_TOPIC, ("page:/help", "page:/safety")), ["does not lead to help"] * 2),
        ("If thoughts of dying come, stop.", ES, (NOTED, SUICIDE_TOPIC), ["without hope"]),
        (EN, "Si vienen ideas de morir, pare.", (NOTED, SUICIDE_TOPIC), ["without hope"]),
        (EN + " No pills.", ES, (NOTED, SUICIDE_TOPIC), ["no methods and no places"]),
        (EN, ES + " Sin pistola.", (NOTED, SUICIDE_TOPIC), ["no methods and no places (es)"]),
    ],
)
def test_the_lint_asks_for_note_topic_help_and_hope(
    tmp_path: Path, en: str, es: str, changes: tuple[tuple[str, str], ...], told: list[str]
) -> None:
    # The bridge of the example is a place that is not named beside this.
    changes = (*changes, ("at the bridge", "here"), ("en el puente", "aquí"))
    found = problems(tmp_path, en, es, *changes)
    assert len(found) == len(told), found
    assert all(words in problem for words, problem in zip(told, found, strict=True)), found


def test_who_put_overdose_aside_is_not_brought_what_names_it(tmp_path: Path) -> None:
    about_use = ("topics: [rivers]", "topics: [rivers, alcohol]"), ("category: skills", "category: substance_use")
    words = "Keep naloxone near.", "Tenga naloxona cerca."
    found = problems(tmp_path, *words, *about_use)
    assert len(found) == 2
    assert all("'overdose' is not among its topics" in problem for problem in found), found
    assert problems(tmp_path, *words, ("topics: [rivers]", "topics: [rivers, overdose]"), about_use[1]) == []
