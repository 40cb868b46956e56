"""The form of a blood test that a prescriber plans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField

from patient_app.blood_tests.service import Planned, What
from patient_app.core.forms import (
    DayField,
    Form,
    IdField,
    ListField,
    Needed,
    list_choices,
    short_text,
    without_controls,
)

OTHER = "other"
LONGEST_NAME = 80
# Dates that are no slip of a finger.
AHEAD = timedelta(days=5 * 366)
BACK = timedelta(days=2 * 366)
_LARGEST_VERSION = 9


class BloodTestForm(Form):
    """Which test, when it is due, and when it was done."""

    id = IdField()
    base = HiddenField(filters=[without_controls])
    what = ListField(_l("Which test"))
    words = short_text(_l("If something else: what it is called"), longest=LONGEST_NAME)
    due_on = DayField(_l("Due on"), validators=[Needed(_l("Pick the day."))])
    done_on = DayField(_l("Done on"), description=_l("Leave it empty until it was done."))
    dropped = BooleanField(_l("It is not needed any more"))

    @classmethod
    def offering(cls, tests: Iterable[tuple[str, LazyString | str]], **options: object) -> BloodTestForm:
        """Return the form with the tests that belong to the medicine, and room for another."""
        form = cls(**options)
        form.what.choices = list_choices([*tests, (OTHER, _l("Something else"))])
        return form

    @classmethod
    def of(cls, tests: Iterable[tuple[str, LazyString | str]], planned: Planned, **options: object) -> BloodTestForm:
        """Return the form filled with a test as it is now."""
        return cls.offering(
            tests,
            what=planned.what.code or OTHER,
            words=planned.what.words,
            due_on=planned.due_on.isoformat(),
            done_on=planned.done_on.isoformat() if planned.done_on else "",
            dropped=planned.dropped,
            **options,
        )

    def base_version(self) -> int:
        """Return the version that the page showed; 0 for anything that is none."""
        text = self.base.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LARGEST_VERSION else 0

    def planned(self, today: date) -> Planned | None:
        """Return what was said; None after putting a message beside what is wrong. Only for a valid form."""
        is_other = self.what.data == OTHER
        if is_other and not self.words.data:
            self.add_error("words", _l("Type what the test is called."))
        due, done = self.due_on.day, self.done_on.day
        if due is None or not today - BACK <= due <= today + AHEAD:
            self.add_error("due_on", _l("Pick a day that is nearer to now."))
        if done is not None and not today - BACK <= done <= today:
            self.add_error("done_on", _l("Pick today, or a day before it. Leave it empty if it is still to come."))
        if self.errors or due is None:
            return None
        what = What(words=self.words.data) if is_other else What(code=self.what.data)
        return Planned(what, due, done, bool(self.dropped.data))
