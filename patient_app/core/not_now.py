"""What a person put aside ("not now"): the one question that features ask before they bring a topic up by themselves.

The person picks topics in Learn; `learn` keeps them, and answers here, since it stands above most of those who ask.
Topics are named in content/lessons/paths.toml. What is about one says so where it is written: `topics` of a lesson and
of an exercise.

    aside = not_now.of(patient)
    shown = [one for one in exercises if not aside.covers(one.topics)]

Two things never ask. Safety: help, the safety plan, signs that cannot wait, what follows a check-in, a dose that is
due. And an answer to what the person asks for by name: a page they open, a need they pick, what they planned
themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from patient_app.core.identity import Viewer

Answer = Callable[[Viewer], frozenset[str]]
_answers: list[Answer] = []


class NotNow:
    """What one person put aside. It is looked up once, and only when something that has a topic is asked about."""

    def __init__(self, patient: Viewer) -> None:
        self._patient = patient
        self._topics: frozenset[str] | None = None

    def covers(self, topics: Iterable[str]) -> bool:
        """Whether one of these topics is put aside; raise `RuntimeError` where nobody said who knows that."""
        asked = frozenset(topics)
        if not asked:
            return False
        if self._topics is None:
            if not _answers:  # Better no page than one that brings up what somebody put aside.
                raise RuntimeError("Nobody answers what is put aside: patient_app.learn.service was not imported.")
            self._topics = _answers[0](self._patient)
        return not asked.isdisjoint(self._topics)


def of(patient: Viewer) -> NotNow:
    """Return what a person put aside; nothing is asked yet."""
    return NotNow(patient)


def answered_by(answer: Answer) -> None:
    """Say who knows what a person put aside; called once, by the feature that keeps it, when it is imported."""
    _answers[:] = [answer]
