"""What a stranger reads on a locked phone: by default, for every kind and language, nothing that tells.

The words are those that clinical safety forbids on a lock screen, in an e-mail and in a calendar (CLINICAL, 3.7).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask_babel import force_locale, gettext

from patient_app.accounts.mail import MESSAGES
from patient_app.core.i18n import LANGUAGES
from patient_app.medications import catalogue
from patient_app.reminders import calendar, messages, wording
from patient_app.reminders.models import Kind, Wording
from patient_app.reminders.wording import About
from tests.features.reminders.made import Phone

FORBIDDEN = re.findall(
    r"\S+",
    """
    diagnos therap psych mental depress bipolar anxi ptsd trauma mood score measure drug alcohol crav sober recover
    relapse lapse addict substance use using drink clean dose dosis medic pill tablet prescri clinic program practice
    hospital treat doctor dr. nurse missed forgot late overdue crisis suicid harm help danger check-in appointment visit
    take taken refill pharmac
    diagn terap psiq ánimo depre ansie droga alcohol ansia sobri recuper recaíd adic sustanc consum medicamento
    pastilla clínica programa suicid tomar toma receta farmacia cita
    """,
)
NAMES = ["naltrexone", "sertraline"]
TELLING = About(Kind.OWN, NAMES, "my recovery group", "take naltrexone")


def telling(text: str) -> list[str]:
    """Return the forbidden words that begin a word of a text."""
    lowered = text.lower()
    return [word for word in FORBIDDEN if re.search(rf"(?<![\w]){re.escape(word)}", lowered)]


@pytest.fixture(autouse=True)
def _words(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.mark.sqlite
@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("kind", list(Kind))
def test_by_default_a_lock_screen_tells_nothing(kind: Kind, language: str) -> None:
    for minute in (None, 480, 1500):
        told = messages.Told(
            uuid.uuid4(), Wording.DISCREET, About(kind, NAMES, TELLING.about, TELLING.words), minute, language
        )
        sent = messages.payload(Phone(uuid.UUID(int=1)), told)
        shown = " ".join(str(value) for name, value in sent.items() if name != "id")
        assert telling(shown) == []
        assert not [name for name in NAMES if name in shown]


@pytest.mark.sqlite
def test_no_words_but_ones_own_ever_say_take() -> None:
    for kind in Kind:
        shown = wording.lock_screen(Wording.DETAILED, About(kind, NAMES, "Walk"), 480)
        assert "take" not in f"{shown.title} {shown.body}".lower()
        assert shown.body == "Reminder for 08:00"


@pytest.mark.sqlite
@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_neither_the_calendar_nor_the_e_mail_tells(language: str) -> None:
    with force_locale(language):
        entry = calendar._uid(uuid.uuid4(), date(2026, 3, 2), "480")
        title, name = gettext("Reminder"), gettext("Reminders")
    assert telling(f"{title} {name} {entry}") == []
    for file in MESSAGES.glob("reminder*.txt"):
        assert telling(file.read_text(encoding="utf-8").replace("{home}", "")) == []


@pytest.mark.sqlite
def test_a_planted_word_is_seen() -> None:
    assert telling("Time for your Medicine") == ["medic"]
    assert telling("Take care") == ["take"]
    assert telling("You have a reminder") == []
    # A word that is a medicine's name is none of ours either.
    names = {medicine.name.lower() for medicine in catalogue.every()}
    assert not names & {"you", "have", "a", "reminder", "for", "notes", "days"}
