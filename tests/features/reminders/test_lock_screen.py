"""What a stranger reads on a locked phone: by default, for every kind and language, nothing that tells.

The words are those that clinical safety forbids on a lock screen, in an e-mail and in a calendar; they are shipped as
data (content/rules/lock_screen.yaml). Kinds and languages come from the application: a new one is in by itself.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import yaml
from flask import Flask
from flask_babel import force_locale, gettext

from patient_app.accounts.mail import MESSAGES
from patient_app.core.i18n import LANGUAGES
from patient_app.core.work import Store
from patient_app.medications import catalogue
from patient_app.push import messages as push
from patient_app.reminders import by_push, calendar, messages, sources, wording
from patient_app.reminders.models import Kind, Wording
from patient_app.reminders.wording import About
from tests.features.push.receivers import Browser
from tests.features.reminders.made import Phone
from tests.sweeps.content_texts import CONTENT

RULES: dict[str, Any] = yaml.safe_load((CONTENT / "rules" / "lock_screen.yaml").read_text(encoding="utf-8"))
BEGINNINGS = {word for groups in RULES["beginnings"].values() for words in groups.values() for word in words}
WHOLE = {word for words in RULES["whole"].values() for word in words}
TELLS = re.compile(
    rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(BEGINNINGS)))})\w*|(?<!\w)(?:{'|'.join(sorted(WHOLE))})(?!\w)",
    re.IGNORECASE,
)
NAMES = ["naltrexone", "sertraline"]
TELLING = About(Kind.OWN, NAMES, "my recovery group", "take naltrexone")


def telling(text: str) -> list[str]:
    """Return the words of a text that are forbidden."""
    return [found[0].lower() for found in TELLS.finditer(text)]


def strings(value: object) -> Iterator[str]:
    """Yield every string of a message, names of its places left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


@pytest.fixture(autouse=True)
def _words(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.mark.sqlite
def test_every_kind_has_a_source_and_a_name() -> None:
    assert sources.known() == frozenset(Kind) == wording.KIND_NAMES.keys()


@pytest.mark.sqlite
@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("kind", list(Kind))
def test_by_default_a_lock_screen_tells_nothing(kind: Kind, language: str, store: Store) -> None:
    phone = Browser().device("key")
    for minute in (None, 480, 1500):
        told = messages.Told(
            uuid.uuid4(), Wording.DISCREET, About(kind, NAMES, TELLING.about, TELLING.words), minute, language
        )
        plain = messages.payload(Phone(uuid.UUID(int=1)), told)
        with store.work(writes=False), force_locale(language):
            whole = push.payload(by_push.notice_of(plain, "token", has_buttons=True), phone, "https://host.example")
        assert len(whole["act"]["buttons"]) == 4
        shown = [text for text in strings([plain, whole]) if not text.startswith("https://")]
        assert telling(" \n".join(shown)) == []
        assert not [name for name in NAMES if name in " ".join(shown)]


@pytest.mark.sqlite
def test_no_words_but_ones_own_ever_say_take() -> None:
    for kind in Kind:
        shown = wording.lock_screen(Wording.DETAILED, About(kind, NAMES, "Walk"), 480)
        assert "take" not in f"{shown.title} {shown.body}".lower()
        assert shown.body == "Reminder for 8:00\u00a0AM"


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
    assert telling("Time for your Medicine") == ["medicine"]
    assert telling("Take care") == ["take", "care"]
    assert telling("Su cita es a las 8") == ["cita"]
    assert telling("You have a reminder") == telling("Later: 10 min") == telling("Más tarde") == []
    # A word that is a medicine's name is none of ours either.
    names = {medicine.name.lower() for medicine in catalogue.every()}
    assert not names & {"you", "have", "a", "reminder", "for", "notes", "days"}
