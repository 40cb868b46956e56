"""The parts of a check-in, with the categories that each belongs to: what receipts speak of."""

from __future__ import annotations

from flask_babel import gettext

from patient_app.checkins.answers import Answers
from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part

MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES


def parts_of(answers: Answers) -> list[Part]:
    """Return the parts of a check-in that others can be shown; none for what was left out.

    Sleep, energy, anxiety, single substances, triggers and what helped are not read for others yet: nobody sees them.
    """
    found = []
    if answers.mood is not None:
        found.append(Part(gettext("your mood"), frozenset({MOOD})))
    if answers.craving is not None or answers.use is not None:
        found.append(Part(gettext("pull and use"), frozenset({USE})))
    if answers.note:
        needs = frozenset({NOTES, USE}) if answers.note_about_use else frozenset({NOTES})
        found.append(Part(gettext("your note"), needs))
    return found


def has_more(answers: Answers) -> bool:
    """Whether a check-in says something that only its author sees so far."""
    numbers = (answers.anxiety, answers.energy, answers.sleep_hours)
    return any(number is not None for number in numbers) or bool(answers.triggers or answers.helped or answers.things)
