"""The words of reminders: on a lock screen, where strangers read them, and in the application, for the person alone.

By default a lock screen says that there is a reminder and when it was for, and nothing else. "Take" is never said: a
notification that arrives twice must not read as another dose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext, lazy_pgettext, ngettext
from flask_babel import lazy_gettext as _l

from patient_app.core.i18n import time_in_words
from patient_app.reminders.models import Kind, Reason, Wording

MOST_NAMES = 3
# So many minutes before an appointment it can be told of.
LEADS = {
    7 * 1440: _l("A week before"),
    1440: _l("The day before"),
    180: _l("3 hours before"),
    60: _l("An hour before"),
}
KIND_NAMES = {
    Kind.CHECK_IN: lazy_pgettext("title", "Check in"),
    Kind.DOSES: _l("Medicines"),
    Kind.REFILL: _l("Refill"),
    Kind.APPOINTMENT: _l("Appointments"),
    Kind.EXERCISE: _l("Skills"),
    Kind.MEASURE: _l("Note of the week"),
    Kind.PLAN: _l("What I planned"),
    Kind.OWN: _l("In my own words"),
    Kind.DIGEST: _l("E-mail"),
    Kind.FOLLOW_UP: _l("A word when it is quiet"),
}
# Beside each, where one is chosen to be added.
KIND_HINTS = {
    Kind.CHECK_IN: _l("At times that you choose. Once you checked in, it does not come."),
    Kind.DOSES: _l("At the times on your list."),
    Kind.REFILL: _l("While something runs low, by what you wrote down."),
    Kind.APPOINTMENT: _l("Before each one on your list."),
    Kind.EXERCISE: _l("At times that you choose. Once you did one, it does not come."),
    Kind.MEASURE: _l("Two questions on what your medicines do. Once you wrote it, it does not come."),
    Kind.PLAN: _l("At the day and time you set in an exercise, where you ticked it."),
    Kind.OWN: _l("A walk, a call, the plants: what you like."),
    Kind.DIGEST: _l("One on each day with something. It does not say of what."),
}
REASONS = {
    Reason.TOO_LATE: _l("Not sent: our system did not run then, and later it made no more sense."),
    Reason.QUIET: _l("Not sent: it was in your quiet hours."),
    Reason.PAUSED: _l("Not sent: your reminders were paused."),
    Reason.OFF: _l("Not sent: you had turned it off or changed it."),
    Reason.SETTLED: _l("Not sent: you had done it already."),
    Reason.NOT_NEEDED: _l("Not sent: there was nothing to say."),
    Reason.NO_DEVICE: _l("Shown on Today."),
    Reason.NOT_REACHED: _l("Shown on Today. Your phone could not be reached."),
    Reason.RESTORED: _l("Not sent: our system was being put back in order."),
    Reason.FAULT: _l("Not sent: something went wrong on our side."),
}


@dataclass(frozen=True, slots=True)
class About:
    """What an occurrence is about, opened: the names of medicines, or what the person typed."""

    kind: Kind
    names: Sequence[str] = ()
    about: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class LockScreen:
    """What stands on a lock screen."""

    title: str
    body: str


def lock_screen(wording: Wording, of: About, minute: int | None) -> LockScreen:
    """Return what a lock screen shows, in the language of now; `minute` is the minute of the day that it was for."""
    discreet = gettext("You have a reminder")
    title = {Wording.DETAILED: in_app(of), Wording.OWN: of.words}.get(wording) or discreet
    return LockScreen(
        title, discreet if minute is None else gettext("Reminder for %(time)s", time=time_in_words(minute))
    )


def in_app(of: About) -> str:
    """Return what a reminder is of, for the person's own eyes."""
    if of.kind is Kind.CHECK_IN:
        return gettext("Your check-in")
    if of.kind is Kind.DOSES and of.names:
        return _names(of.names)
    if of.kind is Kind.REFILL and of.names:
        return gettext("Getting more of %(names)s", names=_names(of.names))
    if of.kind is Kind.APPOINTMENT:
        return gettext("Your appointment")
    if of.kind is Kind.OWN and of.about:
        return of.about
    return str(KIND_NAMES[of.kind])


def _names(names: Sequence[str]) -> str:
    shown, more = ", ".join(names[:MOST_NAMES]), len(names) - MOST_NAMES
    if more <= 0:
        return shown
    return ngettext("%(names)s and one more", "%(names)s and %(num)d more", more, names=shown)
