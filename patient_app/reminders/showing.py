"""How reminders are shown: when each comes next, what the phone shows of it, and the days of the history."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.core import clock, not_now
from patient_app.core.errors import NotFound
from patient_app.core.i18n import time_in_words
from patient_app.core.identity import Viewer
from patient_app.core.ids import parse_id
from patient_app.medications import regimen
from patient_app.medications.regimen import Standing
from patient_app.reminders import choosing, own, sources, wording
from patient_app.reminders.choosing import OneOnly
from patient_app.reminders.forms import ReminderForm
from patient_app.reminders.models import Kind, Wording
from patient_app.reminders.own import OwnReminder, Settings
from patient_app.reminders.schedule import EVERY_DAY, Quiet, next_after
from patient_app.reminders.seen import Seen
from patient_app.reminders.sources import Whose
from patient_app.reminders.wording import About, LockScreen
from patient_app.skills import assignments
from patient_app.skills.assignments import OwnAssignment

_EXAMPLE = 8 * 60


@dataclass(frozen=True, slots=True)
class Row:
    """A reminder in the list. `next_at` is the wall time (naive) at which it comes next; None where none is near.

    `days` are its ISO weekdays, empty for every day; `quiet` says that its next time is in the quiet hours; `not_from`
    are the ends of those of its own.
    """

    id: uuid.UUID
    kind: Kind
    text: str
    times: tuple[str, ...]
    days: tuple[int, ...]
    next_at: datetime | None
    quiet: bool
    not_from: tuple[str, str] | None
    paused_until: date | None
    screen: LockScreen | None


def rows(patient: Viewer, reminders: Sequence[OwnReminder], settings: Settings, now: datetime) -> list[Row]:
    """Return the rows of the list, in its order."""
    whose = own.whose(patient)
    return [_row(reminder, settings, whose, now) for reminder in reminders]


def _row(reminder: OwnReminder, settings: Settings, whose: Whose, now: datetime) -> Row:
    chosen, today = reminder.chosen, now.astimezone(whose.zone).date()
    at = next_after(sources.slots_in(reminder.rule, whose), whose.zone, now)
    of = _about(reminder.kind, chosen.about, chosen.words, whose, chosen.only)
    leads = reminder.kind is Kind.APPOINTMENT
    minute = None if leads else chosen.times[0] if chosen.times else _EXAMPLE
    return Row(
        id=reminder.id,
        kind=reminder.kind,
        text=chosen.about if reminder.kind is Kind.OWN else _called(reminder, whose),
        times=tuple(str(wording.LEADS[one]) if leads else time_in_words(one) for one in chosen.times),
        days=() if chosen.weekdays == EVERY_DAY else chosen.weekdays,
        next_at=None if at is None else at.astimezone(whose.zone).replace(tzinfo=None),
        quiet=at is not None and any(hours.ends(at, whose.zone) for hours in (settings.quiet, chosen.quiet) if hours),
        not_from=_clocks(chosen.quiet),
        paused_until=still(reminder.paused_until, today),
        screen=None if reminder.kind is Kind.DIGEST else wording.lock_screen(chosen.wording, of, minute),
    )


def _called(reminder: OwnReminder, whose: Whose) -> str:
    of_exercise = reminder.chosen.only if reminder.kind is Kind.EXERCISE else None
    found = given_named(whose.as_viewer, of_exercise[0]) if of_exercise else None
    is_named = found is not None and not not_now.of(whose.as_viewer).covers(found.given.exercise.topics)
    title = str(found.given.exercise.title) if found is not None and is_named else ""
    return title or str(wording.KIND_NAMES[reminder.kind])


def _clocks(quiet: Quiet | None) -> tuple[str, str] | None:
    return None if quiet is None else (time_in_words(quiet.first), time_in_words(quiet.last))


def still(until: date | None, today: date) -> date | None:
    """Return until when a pause lasts; None for one that is over."""
    return until if until is not None and until > today else None


def previews(form: ReminderForm, patient: Viewer) -> dict[str, str]:
    """Return what the phone would show, by the choice: with the words that the form holds now."""
    kind = form.of_kind
    of = _about(kind, form.about.data or "", form.words.data or "", own.whose(patient), tuple(form.only.data) or None)
    return {
        choice.value: wording.lock_screen(choice, of, _EXAMPLE).title
        for choice in Wording
        if choice is Wording.DISCREET or (of.words if choice is Wording.OWN else kind is not Kind.OWN or of.about)
    }


def _about(kind: Kind, about: str, words: str, whose: Whose, only: Sequence[str] | None) -> About:
    names: list[str] = []
    if kind is Kind.DOSES:
        medicines, _versions, _hours = whose.regimen()
        names = [one.name for one in medicines if _is_taken(one) and (only is None or str(one.id) in only)]
    return About(kind, names, about, words)


def _is_taken(medicine: regimen.OwnMedicine) -> bool:
    return medicine.standing(medicine.newest.since) not in {Standing.STOPPED, Standing.ENDED}


def offer_medicines(form: ReminderForm, patient: Viewer) -> None:
    """Let a form of doses name the medicines; those that it named before and that are stopped stay on its list."""
    if form.of_kind is Kind.DOSES and not form.only.pairs:
        medicines, _versions, _hours = own.whose(patient).regimen()
        named = set(form.only.data)
        form.only.offer([(str(one.id), one.name) for one in medicines if _is_taken(one) or str(one.id) in named])


def given_named(patient: Viewer, named: str | None) -> OwnAssignment | None:
    """Return which of the exercises that a clinician gave is named by its id; None for none of the patient's."""
    found, today = parse_id(named), clock.moment(clock.now(), patient.zone, patient.day_start_minutes).day
    try:
        return None if found is None else assignments.own_assignment(patient, found, today)
    except NotFound:
        return None


def given_title(patient: Viewer, named: str | None) -> str:
    """Return what an exercise that was given is called; empty for none."""
    found = given_named(patient, named) if named else None
    return "" if found is None else str(found.given.exercise.title)


def has_medicines(patient: Viewer) -> bool:
    """Whether the person takes any medicine."""
    medicines, _versions, _hours = own.whose(patient).regimen()
    return any(_is_taken(one) for one in medicines)


def refusal(refused: Exception) -> LazyString:
    """Return why a reminder was not added."""
    if isinstance(refused, OneOnly):
        return _l("You have one of these already. Open it in the list to change it.")
    if isinstance(refused, choosing.TooMany):
        return _l("Your list is full. Turn one off first.")
    return _l("This page was out of date. Your words are still here. Save again.")


def by_day(found: Sequence[Seen]) -> list[tuple[date, list[Seen]]]:
    """Group what was sent by its day, the newest first."""
    in_order = sorted(found, key=lambda one: (-one.local_day.toordinal(), one.minute if one.minute is not None else -1))
    return [(day, list(of_day)) for day, of_day in groupby(in_order, key=lambda one: one.local_day)]
