"""Which three exercises may help right now.

The rules are these, in this order, and nothing else decides:

1. Of the exercises that the person may start, those that help with what they feel.
2. Where they said how much time there is, those that can be done in it.
3. With people around, those that can be done unseen.
4. When it is strong (7 or more), those that begin within five minutes: not now for long thinking.
5. First what was better afterwards for this very person: by (times it helped + 1) / (times it was rated + 2), so that
   one time does not outweigh many, and one that was never tried stands in the middle. Then the shorter one.

One of the rules 2 to 4 that would leave nothing is passed over: some help is better than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from patient_app.skills.facts import Exercise
from patient_app.skills.figures import Group

MOST = 3
STRONG, WITHIN = 7, 5
# What a hard day brings: a storm, being low, being hard on oneself, a pull.
HARD_NEEDS = frozenset({"storm", "low", "harsh", "pull"})


@dataclass(frozen=True, slots=True)
class Now:
    """How it is right now. Whatever was not said is None."""

    need: str
    strength: int | None = None
    minutes: int | None = None
    with_people: bool | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An exercise that may help, and why: how often it helped this person, of how many times with both numbers."""

    exercise: Exercise
    helped: int
    rated: int


def offers(now: Now, exercises: Iterable[Exercise], history: Iterable[Group]) -> list[Offer]:
    """Return at most three exercises, the likeliest first."""
    found = [one for one in exercises if now.need in one.needs]
    for holds in _rules(now):
        found = [one for one in found if holds(one)] or found
    known = {group.exercise.id: group for group in history}
    told = [_offer(one, known.get(one.id)) for one in found]
    return sorted(told, key=_order)[:MOST]


def on_a_hard_day(exercises: Iterable[Exercise], history: Iterable[Group]) -> list[Offer]:
    """Return three exercises for a day on which nothing is asked: those that begin soon, for what is felt then.

    They are ordered by rule 5.
    """
    known = {group.exercise.id: group for group in history}
    found = [one for one in exercises if _is_for_hard_days(one)]
    return sorted((_offer(one, known.get(one.id)) for one in found), key=_order)[:MOST]


def _is_for_hard_days(exercise: Exercise) -> bool:
    # What is to be written down day by day helps later.
    return exercise.minutes[0] <= WITHIN and exercise.figure is None and bool(HARD_NEEDS & set(exercise.needs))


def _rules(now: Now) -> Sequence[Callable[[Exercise], bool]]:
    minutes, rules = now.minutes, list[Callable[[Exercise], bool]]()
    if minutes is not None:
        rules.append(lambda one: one.minutes[0] <= minutes)
    if now.with_people:
        rules.append(lambda one: one.among_people)
    if now.strength is not None and now.strength >= STRONG:
        rules.append(lambda one: one.minutes[0] <= WITHIN)
    return rules


def _offer(exercise: Exercise, group: Group | None) -> Offer:
    return Offer(exercise, group.helped if group else 0, group.rated if group else 0)


def _order(offer: Offer) -> tuple[float, tuple[int, int], str]:
    return -(offer.helped + 1) / (offer.rated + 2), offer.exercise.minutes, offer.exercise.id
