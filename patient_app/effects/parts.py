"""The parts of a side effect and of a weekly note, with the categories that each needs: what receipts speak of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext

from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part
from patient_app.effects.service import OwnEffect
from patient_app.effects.weekly import OwnNote
from patient_app.medications import parts
from patient_app.medications.regimen import OwnMedicine

_MEDICINES, _USE, _NOTES = Category.MEDICATIONS, Category.SUBSTANCE_USE, Category.NOTES


def parts_of(entry: OwnEffect, medicine: OwnMedicine | None) -> list[Part]:
    """Return the parts of a side effect that others can be shown."""
    about_use = entry.about_use or (medicine is not None and _USE in parts.needs_of(medicine))
    needs = frozenset({_MEDICINES, _USE} if about_use else {_MEDICINES})
    found = [Part(gettext("this side effect"), needs)]
    return [*found, own_words(needs, about_use=entry.said.note_about_use)] if entry.said.note else found


def note_parts(note: OwnNote, medicines: Sequence[OwnMedicine]) -> tuple[list[Part], date]:
    """Return the parts of a weekly note that others can be shown, and the day that counts for it.

    Somebody who may see none of the medicines without substance use reads no note either: it would tell that there are
    some. So it needs substance use where there is none but those; else it is open no earlier than the newest of them.
    """
    plain = [one.newest.day for one in medicines if not one.is_only_theirs and _USE not in parts.needs_of(one)]
    needs = frozenset({_MEDICINES} if plain else {_MEDICINES, _USE})
    has_answers = note.answers.helps is not None or note.answers.bothers is not None
    found = [Part(gettext("your answers"), needs)] if has_answers else []
    if note.answers.words:
        found.append(own_words(needs, about_use=note.answers.words_about_use))
    return found, min([note.day, max(plain)]) if plain else note.day


def own_words(needs: frozenset[Category], *, about_use: bool) -> Part:
    """Return the part that is a person's own words, beside what needs these categories."""
    return Part(gettext("your own words"), needs | {_NOTES} | ({_USE} if about_use else set()))
