"""What of an exercise others can be shown, with the categories that it needs: what receipts speak of."""

from __future__ import annotations

from flask_babel import gettext

from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part
from patient_app.skills.answers import Said
from patient_app.skills.facts import Exercise


def parts_of(said: Said) -> list[Part]:
    """Return the one part of a run: all of it but the lines that are kept."""
    use = {Category.SUBSTANCE_USE} if said.about_use else set()
    return [Part(gettext("what you did here"), frozenset({Category.SKILLS, *use}))]


def that_it_was_done(exercise: Exercise) -> Part:
    """Return what is told of an exercise that was given: that it was done or not, and that the patient said no."""
    use = {Category.SUBSTANCE_USE} if exercise.about_use else set()
    return Part(gettext("whether you did it"), frozenset({Category.SKILLS, *use}))
