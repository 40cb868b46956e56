"""The parts of a check-in, with the categories that each belongs to: what receipts speak of."""

from __future__ import annotations

from flask_babel import gettext

from patient_app.checkins.answers import Answers
from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part

MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES


def parts_of(answers: Answers) -> list[Part]:
    """Return the parts of a check-in that others can be shown; none for what was left out."""
    found = [Part(words, frozenset({MOOD})) for words in _feelings(answers)]
    if answers.craving is not None or answers.use is not None or answers.things or answers.amount:
        found.append(Part(gettext("pull and use"), frozenset({USE})))
    if answers.triggers or answers.helped:
        needs = frozenset({USE if answers.about_use else MOOD})
        found.append(Part(gettext("what made it harder or helped"), needs))
    if answers.note:
        needs = frozenset({NOTES, USE}) if answers.note_about_use else frozenset({NOTES})
        found.append(Part(gettext("your note"), needs))
    return found


def _feelings(answers: Answers) -> list[str]:
    said = (
        (answers.mood, gettext("your mood")),
        (answers.sleep_hours, gettext("sleep")),
        (answers.anxiety, gettext("how anxious you felt")),
        (answers.energy, gettext("energy")),
    )
    return [words for answer, words in said if answer is not None]
