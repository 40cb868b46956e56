"""Which lesson is suggested today, and why. The rules are data: content/rules/lessons.yaml.

Pure but for what the person keeps and was given: what is known of their last days goes in, one lesson and the reason
come out. What a clinician gave comes before any rule, the first given first. Never more than one a day, none twice,
none that they read, saved or put aside, and none at all once they said so. Nothing is sent: a suggestion is a line on
Today, within its budget (`home/attention.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

import yaml

from patient_app.appointments import service as appointments
from patient_app.checkins import service as checkins
from patient_app.checkins.service import OwnCheckIn
from patient_app.core import clock
from patient_app.core.clock import moment
from patient_app.core.identity import Viewer
from patient_app.learn import given, service
from patient_app.learn.facts import LANGUAGES, Lesson, Words
from patient_app.learn.given import OwnGiven, OwnGivens
from patient_app.learn.service import Learning, Shown, Suggested
from patient_app.medications import catalogue, regimen
from patient_app.medications.regimen import OwnMedicine
from patient_app.profile.things import Kind

RULES = FilePath(__file__).resolve().parents[1] / "content" / "rules" / "lessons.yaml"
# A check-in says something of these days; what is older has passed.
LATELY = timedelta(days=2)
# No rule looks further ahead for a visit.
AHEAD = timedelta(days=14)
_NONE = OwnGivens()


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may look at: the newest check-in, what is taken, and when the next visit is.

    `next_visit` is asked for only by a rule that wants to know.
    """

    day: date
    newest: OwnCheckIn | None = None
    medicines: tuple[OwnMedicine, ...] = ()
    next_visit: Callable[[], date | None] = lambda: None

    @property
    def said(self) -> OwnCheckIn | None:
        """The newest check-in, where it is of these days."""
        is_new = self.newest is not None and self.day - LATELY <= self.newest.day
        return self.newest if is_new else None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as the file states it: when it holds, which lesson it suggests, and how that is said to the person."""

    id: str
    when: Mapping[str, Any]
    lesson: str
    because: Words


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A lesson for today, and why: a rule, or that a clinician gave it. `is_new`: not suggested on this day yet."""

    lesson: Lesson
    why: Rule | OwnGiven
    is_new: bool = True

    def noted(self, day: date) -> Suggested:
        """Return what is kept of it."""
        return Suggested(day, self.lesson.slug, _key(self.why))


def known_of(patient: Viewer, day: date, newest: OwnCheckIn | None, medicines: Iterable[OwnMedicine]) -> Known:
    """Return what rules may look at, of what the caller has read already."""

    def next_visit() -> date | None:
        found = appointments.next_one(patient, clock.now(), AHEAD)
        return found.said.start.local_date if found else None

    return Known(day, newest, tuple(medicines), next_visit)


def known_today(patient: Viewer) -> Known:
    """Return the same for a page that has read nothing of it yet."""
    day = moment(clock.now(), patient.zone, patient.day_start_minutes).day
    return known_of(patient, day, checkins.newest_own(patient), regimen.own_regimen(patient).medicines)


def for_today(patient: Viewer, known: Known, *, asks_about_use: bool | None = None) -> Suggestion | None:
    """Return the one lesson that is suggested on a day: the one it suggested already, or the first with a reason.

    Two statements at most: who wants no suggestions is asked nothing more.
    """
    if patient.entries_closed_from is not None:
        return None
    shown = service.shown_to(patient, asks_about_use=asks_about_use)
    return chosen(shown, known, given.own_givens(patient, shown)) if shown.kept.suggests else None


def chosen(shown: Shown, known: Known, givens: OwnGivens = _NONE) -> Suggestion | None:
    """Return the lesson to suggest of those that are shown, and of those that were given."""
    kept, lessons = shown.kept, {lesson.slug: lesson for lesson in shown.lessons}
    if not kept.suggests:
        return None
    before = kept.suggested_on(known.day)
    if before is not None:
        reason = _reason(before, shown, givens)
        return None if reason is None else Suggestion(lessons[before.slug], reason, is_new=False)
    told = {one.rule for one in kept.suggested}
    waiting = next((one for one in reversed(givens.waiting) if _key(one) not in told), None)
    if waiting is not None:
        return Suggestion(waiting.lesson, waiting)
    # Somebody gave these: they stand in Learn, or the person put them aside.
    of_team = {one.lesson.slug for one in (*givens.waiting, *givens.before)}
    wanted = (rule for rule in rules() if rule.lesson in lessons.keys() - of_team and is_new(kept, rule.lesson))
    return next((Suggestion(lessons[rule.lesson], rule) for rule in wanted if holds(rule, known)), None)


def _reason(before: Suggested, shown: Shown, givens: OwnGivens) -> Rule | OwnGiven | None:
    """Return why a day suggested a lesson, as long as that is so: a rule, or that it was given and waits."""
    by_team = next((one for one in givens.waiting if _key(one) == before.rule), None)
    if by_team is not None:
        return by_team
    is_done = all(lesson.slug != before.slug for lesson in shown.lessons) or shown.kept.mark(before.slug).read
    return None if is_done else next((rule for rule in rules() if rule.id == before.rule), None)


def _key(why: Rule | OwnGiven) -> str:
    """Return by what it is known again that this suggested a lesson."""
    return why.id if isinstance(why, Rule) else f"given {why.id}"


def is_new(kept: Learning, slug: str) -> bool:
    """Whether a lesson was neither suggested before, nor read, nor saved."""
    mark = kept.mark(slug)
    return not (mark.read or mark.saved) and slug not in {one.slug for one in kept.suggested}


def holds(rule: Rule, known: Known) -> bool:
    """Whether every condition of a rule is met."""
    return all(_CONDITIONS[name](known, asked) for name, asked in rule.when.items())


def _at_least(known: Known, told: Callable[[OwnCheckIn], int | None], least: int) -> bool:
    number = told(known.said) if known.said else None
    return number is not None and number >= least


def _at_most(known: Known, told: Callable[[OwnCheckIn], int | None], most: int) -> bool:
    number = told(known.said) if known.said else None
    return number is not None and number <= most


def _used(known: Known, kinds: list[str] | str) -> bool:
    said = known.said
    if said is None or said.answers.use is not True:
        return False
    used = {str(one.thing.kind) for one in said.answers.things if one.used}
    return kinds == "any" or not used.isdisjoint(kinds)


def _new_medicine(known: Known, asked: Mapping[str, Any]) -> bool:
    """Whether one of a kind was begun at most so many days ago, and is taken."""
    return any(
        _is_of_kind(one, asked) and timedelta(0) <= known.day - _begun(one) <= timedelta(days=asked["days_at_most"])
        for one in known.medicines
        if one.is_going_on(known.day)
    )


def _begun(medicine: OwnMedicine) -> date:
    return min((one.since for one in medicine.in_effect), default=medicine.newest.since)


def _is_of_kind(medicine: OwnMedicine, asked: Mapping[str, Any]) -> bool:
    found = catalogue.get(medicine.catalogue)
    if asked.get("for_use"):
        return medicine.about_use
    return found is not None and (
        found.medicine_class.id in asked.get("classes", ()) or found.key in asked.get("medicines", ())
    )


def _visit_within(known: Known, days: int) -> bool:
    visit = known.next_visit()
    return visit is not None and timedelta(0) <= visit - known.day <= timedelta(days=days)


_CONDITIONS: dict[str, Callable[[Known, Any], bool]] = {
    "craving_at_least": lambda known, least: _at_least(known, lambda one: one.answers.strongest_craving, least),
    "anxiety_at_least": lambda known, least: _at_least(known, lambda one: one.answers.anxiety, least),
    "mood_at_most": lambda known, most: _at_most(known, lambda one: one.answers.mood, most),
    "sleep_hours_at_most": lambda known, most: _at_most(known, lambda one: one.answers.sleep_hours, most),
    "used": _used,
    "new_medicine": _new_medicine,
    "visit_within": _visit_within,
}


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Return the rules in their order; raise for a condition, a kind or a class that does not exist."""
    classes = {medicine.medicine_class.id for medicine in catalogue.every()}
    found = []
    for entry in yaml.safe_load(RULES.read_text(encoding="utf-8"))["rules"]:
        words = entry["because"]["words"]
        rule = Rule(entry["id"], entry["when"], entry["lesson"], Words(words))
        used, new = rule.when.get("used", "any"), rule.when.get("new_medicine", {})
        unknown = [
            *(rule.when.keys() - _CONDITIONS.keys()),
            *([] if used == "any" else set(used) - set(Kind)),
            *(set(new.get("classes", ())) - classes),
            *(key for key in new.get("medicines", ()) if catalogue.get(key) is None),
            *(language for language in LANGUAGES if not words.get(language)),
        ]
        if unknown or not rule.when:
            raise ValueError(f"Rule {rule.id!r} of lessons.yaml knows no {', '.join(unknown) or 'condition'}.")
        found.append(rule)
    return tuple(found)


def lessons_of_rules(these: Iterable[Rule]) -> set[str]:
    """Return the lessons that rules suggest."""
    return {rule.lesson for rule in these}
