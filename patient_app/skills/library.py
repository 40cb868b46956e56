"""Which exercises there are, and which of them a person may start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from patient_app.core.errors import NotFound
from patient_app.core.not_now import NotNow
from patient_app.skills import files
from patient_app.skills.facts import Exercise, Start
from patient_app.skills.words import NEEDS, OF_USE, TOPIC_OF_NEED


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


@dataclass(frozen=True, slots=True)
class Offered:
    """What a person may be shown by itself, and what they put aside: that stands folded, for when they want it."""

    needs: list[str]
    exercises: list[Exercise]
    needs_aside: list[str]
    exercises_aside: list[Exercise]


def offered(aside: NotNow, *, asks_about_use: bool) -> Offered:
    """Return the needs, and the exercises that a person may start by themselves.

    Those about alcohol and drugs are not put before whom they play no part for.
    """
    exercises = [one for one in startable() if asks_about_use or not one.about_use]
    needs = [need for need in NEEDS if asks_about_use or need != OF_USE]
    needs_aside = [need for need in needs if need in TOPIC_OF_NEED and aside.covers((TOPIC_OF_NEED[need],))]
    put_aside = [one for one in exercises if aside.covers(one.topics)]
    return Offered(
        [need for need in needs if need not in needs_aside],
        [one for one in exercises if one not in put_aside],
        needs_aside,
        put_aside,
    )


def by_need(needs: Iterable[str], exercises: Iterable[Exercise]) -> list[tuple[str, list[Exercise]]]:
    """Return each of these needs with those of the exercises that can help with it, the shortest first."""
    those = sorted(exercises, key=lambda one: one.minutes)
    found = ((need, [one for one in those if need in one.needs]) for need in needs)
    return [(need, helping) for need, helping in found if helping]
