"""The words that go with the weeks after a change, from the catalogue: general, for every medicine, no promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import get_locale, gettext

from patient_app.effects.weeks import DAYS_OF_A_WEEK, LAST_WEEK, ChangePoint
from patient_app.medications import catalogue
from patient_app.medications.facts import Entry, Stretch


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of weeks in words; `current`: today lies in it."""

    weeks: str
    name: str
    lines: tuple[str, ...]
    current: bool


@dataclass(frozen=True, slots=True)
class StageWords:
    """All that stands beside the line of weeks; `notice` is empty where all of it was reviewed."""

    stages: tuple[Stage, ...]
    beside: tuple[str, ...]
    notice: str


def stage_words(change: ChangePoint, today: date, key: str | None) -> StageWords:
    """Return the words beside the weeks after a change of a medicine (`key` of the catalogue, or None).

    After a stop there are no stages of getting better: only that these weeks matter too, and how to stop safely.
    """
    days = (today - change.since).days
    if change.lessens:
        after, stopping = catalogue.line("after_stopping"), catalogue.stopping(key)
        notice = "" if after.review.reviewed and stopping.reviewed else _notice()
        return StageWords((), (*_lines(after), *_all(stopping.entry)), notice)
    shown = [stage for stage in catalogue.stages() if stage.first_day <= LAST_WEEK * DAYS_OF_A_WEEK]
    wait, onset = catalogue.line("while_you_wait"), catalogue.onset(key)
    reviewed = all(one.review.reviewed for one in (*shown, wait)) and onset.reviewed
    stages = tuple(Stage(_weeks(stage), *_words(stage), current=stage.covers(days)) for stage in shown)
    return StageWords(stages, (*_lines(wait), *_all(onset.entry)), "" if reviewed else _notice())


def _weeks(stage: Stretch) -> str:
    first = stage.first_day // DAYS_OF_A_WEEK
    if stage.last_day is None:
        return gettext("From week %(first)s on", first=first)
    # A week is counted by its end, as people do: from the change to the end of the second week.
    return gettext("Week %(first)s to %(last)s", first=first, last=(stage.last_day + 1) // DAYS_OF_A_WEEK)


def _words(entry: Entry) -> tuple[str, tuple[str, ...]]:
    words = entry.read(_language())
    return words.name, words.lines


def _lines(entry: Entry) -> tuple[str, ...]:
    return entry.read(_language()).lines


def _all(entry: Entry) -> tuple[str, ...]:
    """Return lines, or the name where that says all."""
    words = entry.read(_language())
    return words.lines or (words.name,)


def _notice() -> str:
    return catalogue.notice("not_reviewed").read(_language()).lines[0]


def _language() -> str:
    return str(get_locale() or "en")
