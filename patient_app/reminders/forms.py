"""Forms of reminders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import StopValidation

from patient_app.core.forms import (
    ChipsField,
    ChoiceField,
    DayField,
    Form,
    IdField,
    Options,
    short_text,
    without_controls,
)
from patient_app.core.ids import parse_id
from patient_app.core.times import as_field, as_sent, of_field
from patient_app.reminders.handling import LATER_MINUTES
from patient_app.reminders.models import Kind, Wording
from patient_app.reminders.of_measures import USUAL_DAYS
from patient_app.reminders.own import LONGEST_WORDS, Chosen, OwnReminder
from patient_app.reminders.schedule import EVERY_DAY, Quiet
from patient_app.reminders.wording import LEADS

LONGEST_PAUSE = timedelta(days=366)
WEEKDAYS = (
    ("1", _l("Monday")),
    ("2", _l("Tuesday")),
    ("3", _l("Wednesday")),
    ("4", _l("Thursday")),
    ("5", _l("Friday")),
    ("6", _l("Saturday")),
    ("7", _l("Sunday")),
)
_TIMES = ("time_1", "time_2", "time_3", "time_4")


class ClockField(StringField):  # type: ignore[misc]  # WTForms has no types.
    """A time of the clock (HH:MM), or nothing; `minute` is its value, counted from midnight."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label, filters=[without_controls, as_sent], render_kw={"type": "time"}, **options)

    @property
    def minute(self) -> int | None:
        """The minute of the day; None when it was left empty."""
        return of_field(self.data) if self.data else None

    def show(self, minute: int | None) -> None:
        """Show a minute of the day."""
        self.data = "" if minute is None else as_field(minute)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no time."""
        if self.data and of_field(self.data) is None:
            raise StopValidation(_l("Use a time such as 8:30 AM."))


class ReminderForm(Form):
    """One reminder. Which questions are asked depends on its kind (`asks`)."""

    id = IdField()
    kind = HiddenField(filters=[without_controls])
    about = short_text(
        _l("What shall we remind you of?"),
        longest=LONGEST_WORDS,
        description=_l("Only you see this. It is not shown on a locked phone, unless you say so below."),
    )
    time_1 = ClockField(_l("Time"))
    time_2 = ClockField(_l("And at"))
    time_3 = ClockField(_l("And at"))
    time_4 = ClockField(_l("And at"))
    weekdays = ChipsField(_l("On these days"), WEEKDAYS)
    leads = ChipsField(_l("How long before?"), [(str(minutes), words) for minutes, words in LEADS.items()])
    only = ChipsField(
        _l("Only for these medicines"), description=_l("Leave all empty, and it is for each that you take.")
    )
    # Which of the exercises that a clinician gave it is of, if any.
    given = HiddenField(filters=[without_controls])
    quiet_from = ClockField(_l("From"))
    quiet_to = ClockField(_l("Until"))
    wording = ChoiceField(
        _l("What the locked phone shows"),
        Options(
            [
                (Wording.DISCREET.value, _l("Only that there is a reminder")),
                (Wording.DETAILED.value, _l("What it is about")),
                (Wording.OWN.value, _l("My own words")),
            ]
        ),
    )
    words = short_text(_l("My own words for it"), longest=LONGEST_WORDS)
    understood = BooleanField(_l("I know that others may read this on my phone"))

    @classmethod
    def of(cls, kind: Kind, known: OwnReminder | None = None, **options: Any) -> ReminderForm:
        """Return the form for a kind; filled with what a reminder says, or with what is usual."""
        form = cls(**options)
        form.kind.data = kind.value
        if form.is_submitted() and options.get("formdata", form) is not None:
            return form
        chosen = known.chosen if known else Chosen(kind, weekdays=USUAL_DAYS if kind is Kind.MEASURE else EVERY_DAY)
        if kind is Kind.APPOINTMENT:
            form.leads.data = tuple(str(lead) for lead in chosen.times)
        else:
            for name, minute in zip(_TIMES, chosen.times, strict=False):
                form[name].show(minute)
        form.weekdays.data = tuple(str(day) for day in chosen.weekdays)
        form.only.data = () if kind is Kind.EXERCISE else chosen.only or ()
        form.given.data = chosen.only[0] if kind is Kind.EXERCISE and chosen.only else ""
        form.wording.data = chosen.wording.value
        form.about.data, form.words.data = chosen.about, chosen.words
        form.understood.data = known is not None and chosen.wording is not Wording.DISCREET
        if chosen.quiet is not None:
            form.quiet_from.show(chosen.quiet.first)
            form.quiet_to.show(chosen.quiet.last)
        return form

    @property
    def of_kind(self) -> Kind:
        """What it is of."""
        return Kind(self.kind.data)

    @property
    def asks_times(self) -> bool:
        """Whether the person chooses the times; those of doses, appointments and plans stand elsewhere."""
        return self.of_kind not in {Kind.DOSES, Kind.APPOINTMENT, Kind.PLAN}

    @property
    def asks_wording(self) -> bool:
        """Whether it is shown on a phone at all."""
        return self.of_kind is not Kind.DIGEST

    def chosen(self) -> Chosen | None:
        """Return what was chosen; None, with messages, for what cannot be. Only after `validate`."""
        times = tuple(sorted({found for name in _TIMES if (found := self[name].minute) is not None}))
        if self.of_kind is Kind.APPOINTMENT:
            times = tuple(sorted(int(lead) for lead in self.leads.data))
        wording = Wording(self.wording.data or Wording.DISCREET.value) if self.asks_wording else Wording.DISCREET
        quiet = _hours(self) if self.asks_wording else None
        self._check(times, wording)
        if quiet is not None and self.asks_times and all(quiet.holds(minute) for minute in times):
            self.add_error("quiet_from", _l("All its times are in these hours, so it would not come."))
        if self.errors:
            return None
        return Chosen(
            kind=self.of_kind,
            times=() if self.of_kind in {Kind.DOSES, Kind.PLAN} else times,
            weekdays=tuple(int(day) for day in self.weekdays.data)
            if self.asks_times
            else Chosen(self.of_kind).weekdays,
            only=self._only(),
            wording=wording,
            about=(self.about.data or "") if self.of_kind is Kind.OWN else "",
            words=(self.words.data or "") if wording is Wording.OWN else "",
            quiet=quiet,
        )

    def _only(self) -> tuple[str, ...] | None:
        """Return the ids of what alone is meant: of medicines, or of an exercise that was given."""
        if self.of_kind is Kind.DOSES:
            return tuple(self.only.data) or None
        given = parse_id(self.given.data) if self.of_kind is Kind.EXERCISE else None
        return None if given is None else (str(given),)

    def _check(self, times: tuple[int, ...], wording: Wording) -> None:
        if self.of_kind is Kind.OWN and not self.about.data:
            self.add_error("about", _l("Type what it is about."))
        if self.of_kind is Kind.APPOINTMENT and not times:
            self.add_error("leads", _l("Pick at least one."))
        if self.asks_times and not times:
            self.add_error("time_1", _l("Choose a time."))
        if self.asks_times and not self.weekdays.data:
            self.add_error("weekdays", _l("Choose at least one day."))
        if wording is Wording.OWN and not self.words.data:
            self.add_error("words", _l("Type the words that the phone shall show."))
        if wording is not Wording.DISCREET and not self.understood.data:
            self.add_error(
                "understood",
                _l(
                    "Anyone near your phone can read this, and phones keep what they showed. Tick this if that is fine."
                ),
            )


def _hours(form: Any) -> Quiet | None:
    """Return the quiet hours of a form; None for none, and with a message for one without the other."""
    first, last = form.quiet_from.minute, form.quiet_to.minute
    if (first is None) != (last is None) or (first is not None and first == last):
        form.add_error("quiet_to" if first is not None else "quiet_from", _l("Choose both times, or none."))
    return None if first is None or last is None else Quiet(first, last)


class QuietForm(Form):
    """The hours in which nothing is sent; both empty for none."""

    quiet_from = ClockField(_l("From"))
    quiet_to = ClockField(_l("Until"))

    @classmethod
    def of(cls, quiet: Quiet | None, **options: Any) -> QuietForm:
        """Return the form filled with what was chosen before; with `formdata=None` whatever was sent."""
        form = cls(**options)
        if (not form.is_submitted() or options.get("formdata", form) is None) and quiet is not None:
            form.quiet_from.show(quiet.first)
            form.quiet_to.show(quiet.last)
        return form

    def quiet(self) -> Quiet | None:
        """Return the hours that were chosen; None for none, and with messages for one without the other."""
        return _hours(self)


class PauseForm(Form):
    """Until when reminders are paused."""

    until = DayField(_l("Start again on"))

    def until_day(self, today: date) -> date | None:
        """Return the day that was chosen; None, with a message, for one that is no pause."""
        day = self.until.day
        if day is None or not today < day <= today + LONGEST_PAUSE:
            self.add_error("until", _l("Choose a day after today, within a year."))
            return None
        return day


class OfferForm(Form):
    """What may be turned on at once; nothing is ticked beforehand."""

    check_in = BooleanField(_l("Remind me of my check-in"))
    check_in_at = ClockField(_l("Each day at"))
    doses = BooleanField(_l("Remind me of my medicines"), description=_l("At the times that stand in my list."))


class ZoneForm(Form):
    """Whether reminders move to the zone in which the phone is."""

    zone = HiddenField(filters=[without_controls])
    answer = HiddenField(filters=[without_controls])


class LaterForm(Form):
    """For how long a reminder is put off."""

    minutes = HiddenField(filters=[without_controls])

    @property
    def value(self) -> int:
        """The minutes; 0 for anything that is not offered."""
        return {str(number): number for number in LATER_MINUTES}.get(self.minutes.data or "", 0)
