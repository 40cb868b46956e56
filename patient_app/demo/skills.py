"""Exercises that the patients of the demonstration did, some of them again and again; days are counted from today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.skills import library, readers, recording
from patient_app.skills.answers import Said
from patient_app.skills.models import Source
from patient_app.skills.readers import Chosen


@dataclass(frozen=True, slots=True)
class Did:
    """One time: so many days ago, which exercise, before and after, and what was written."""

    days_ago: int
    exercise: str
    before: int | None
    after: int | None
    answers: dict[str, Any] = field(default_factory=dict)
    finished: bool = True


_BUS = {"step": "Ride the bus for three stops", "feared": "I will have to get off."}
_LADDER = {
    "ladder": [
        {"item": "Stand at the bus stop", "rating": 30},
        {"item": "Ride the bus for three stops", "rating": 50},
        {"item": "Ride it when it is full", "rating": 80},
    ]
}


def _ride(days_ago: int, before: int, after: int, *marks: int) -> Did:
    trial = {str(minute): number for minute, number in zip((0, 5, 10, 20), marks, strict=False)}
    return Did(days_ago, "brave-steps", before, after, {**_LADDER, **_BUS, "trial": trial})


DONE: dict[str, tuple[Did, ...]] = {
    "patient": (
        Did(62, "slow-breath", 8, 6),
        Did(54, "slow-breath", 7, 5),
        Did(41, "slow-breath", 8, 4),
        Did(27, "slow-breath", 6, 6),
        Did(12, "slow-breath", 7, 3),
        Did(48, "ride-the-wave", 8, 5, {"wave": {"0": 8, "1": 9, "5": 6, "15": 4}}),
        Did(19, "ride-the-wave", 7, 2, {"wave": {"0": 7, "1": 6, "5": 3, "15": 2}}),
        Did(
            33,
            "ready-plan",
            3,
            6,
            {
                "signs": ["I stop answering my sister", "I sleep badly three nights in a row", "I walk the long way"],
                "people": ["My sister", "Sam from the Tuesday group"],
                "first_hour": ["Call Sam", "Get out of the kitchen"],
            },
        ),
        Did(
            9,
            "small-thing",
            7,
            5,
            {"area": ["people"], "plan": {"activity": "Tea with my sister"}, "expect": 3, "joy": 6, "did": 7},
        ),
    ),
    "patient2": (
        Did(20, "five-senses", 8, 6, {"see": ["the lamp", "my shoes"]}),
        Did(11, "five-senses", 7, 4, {"see": ["rain on the window"]}),
        Did(4, "kind-pause", 6, 5),
    ),
    "patient3": (Did(15, "five-senses", 9, 6, {"see": ["la ventana", "mi taza"]}), Did(6, "slow-breath", 7, 5)),
    "patient4": (
        _ride(38, 70, 60, 60, 80, 70, 60),
        _ride(31, 60, 50, 60, 70, 60, 40),
        _ride(24, 60, 30, 50, 60, 40, 30),
        _ride(17, 50, 30, 40, 50, 30, 20),
        _ride(3, 40, 20, 30, 40, 20, 10),
        Did(10, "worry-time", 8, None, {"worries": ["the rent"]}, finished=False),
    ),
}
# By patient: the exercise that was shown, each time, to the team with whom skills are shared.
SHOWN = {"patient": "slow-breath"}


def enter(short: str, patient: Viewer, at: Callable[[int], Moment]) -> None:
    """Write what a patient did, as if on those days (`at` gives the moments). Needs a writing unit."""
    known = library.all_exercises()
    for did in sorted(DONE[short], key=lambda one: -one.days_ago):
        exercise = known[did.exercise]
        said = Said(did.answers, did.before, did.after, finished=did.finished, about_use=exercise.about_use)
        run_id = new_id()
        recording.record(patient, exercise, run_id, said, at(did.days_ago), source=Source.DEMONSTRATION)
        if did.exercise == SHOWN.get(short):
            readers.choose_for_run(patient, run_id, Chosen(team=True))
