"""Which exercises there are, and which of them a person may start."""

from __future__ import annotations

from collections.abc import Mapping

from patient_app.core.errors import NotFound
from patient_app.skills import files
from patient_app.skills.facts import Exercise, Start
from patient_app.skills.words import NEEDS, OF_USE


def all_exercises() -> Mapping[str, Exercise]:
    """Return every exercise by id."""
    return files.exercises()


def startable() -> list[Exercise]:
    """Return the exercises that a person may start by themselves, in the order of their names."""
    return [one for one in all_exercises().values() if one.start is Start.ALONE]


def exercise_named(name: str) -> Exercise:
    """Return an exercise that a person may start by themselves; raise `NotFound` for any other name.

    One that a clinician has to give them is not told apart from one that is not there.
    """
    found = all_exercises().get(name)
    if found is None or found.start is not Start.ALONE:
        raise NotFound
    return found


def by_need(*, asks_about_use: bool) -> list[tuple[str, list[Exercise]]]:
    """Return each need with the exercises that can help with it, the shortest first.

    Those about alcohol and drugs are not put before whom they play no part for.
    """
    shown = [one for one in startable() if asks_about_use or not one.about_use]
    needs = [need for need in NEEDS if asks_about_use or need != OF_USE]
    found = ((need, [one for one in shown if need in one.needs]) for need in needs)
    return [(need, sorted(those, key=lambda one: one.minutes)) for need, those in found if those]
