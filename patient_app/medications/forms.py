"""The forms of the regimen but for the kinds of schedules, which are in `plan_forms.py`."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from patient_app.core.forms import (
    ChoiceField,
    Form,
    IdField,
    Options,
    long_text,
    short_text,
    without_controls,
)
from patient_app.core.i18n import time_in_words
from patient_app.medications import typed
from patient_app.medications.models import Answer
from patient_app.medications.problem_words import problem_words
from patient_app.medications.problems import Wrong
from patient_app.medications.schedule import DEFAULT_HOURS, Anchor, Hours, hours_from
from patient_app.medications.words import ANCHORS

YES, NO = "yes", "no"
AS_BEFORE, MEANWHILE = "before", "meanwhile"
YES_NO = Options([(NO, _l("No")), (YES, _l("Yes"))])
LONGEST_NAME = 120
LONGEST_REASON = 1000


class SearchForm(Form):
    """What a medicine is called, as well as one can spell it."""

    name = short_text(
        _l("What is it called?"),
        needed=_l("Type its name, or a part of it."),
        longest=LONGEST_NAME,
        description=_l("As on the box. A rough spelling is fine."),
    )


class WhyForm(Form):
    """A pause, a stop, or going on: the id of what is written, and why."""

    id = IdField()
    reason = long_text(_l("Why, if you like"), longest=LONGEST_REASON)


class GoOnForm(WhyForm):
    """Take a medicine again: with what it was before, or with what was to hold meanwhile."""

    plan = ChoiceField(
        _l("What do you take from now on?"),
        Options([(AS_BEFORE, _l("As before the break")), (MEANWHILE, _l("As was to come in the break"))]),
    )


class AnswerForm(Form):
    """What is said to a change by a prescriber."""

    answer = ChoiceField(
        _l("Your answer"),
        Options([(Answer.SEEN.value, _l("I have seen this")), (Answer.TALK.value, _l("I want to talk about this"))]),
    )


class HoursForm(Form):
    """At which hours somebody wakes, eats and goes to bed."""

    waking = short_text(_l("I wake up at"), longest=20)
    breakfast = short_text(_l("Breakfast"), longest=20)
    lunch = short_text(_l("Lunch"), longest=20)
    dinner = short_text(_l("Dinner"), longest=20)
    bedtime = short_text(_l("I go to bed at"), longest=20)

    @classmethod
    def of(cls, hours: Hours, **options: Any) -> HoursForm:
        """Return the form filled with a person's hours."""
        return cls(
            **{anchor.value: time_in_words(hours.get(anchor, DEFAULT_HOURS[anchor])) for anchor in Anchor}, **options
        )

    def hours(self) -> Hours | None:
        """Return the hours that were typed, usual ones for what was left out; None, with messages, for a wrong one."""
        told = {anchor: typed.clock(self[anchor.value].data) for anchor in ANCHORS}
        found = {}
        for anchor, text in told.items():
            try:
                if text is not None:
                    found[anchor] = time.fromisoformat(text if len(text) == len("08:00") else "")
            except ValueError:
                self.add_error(anchor.value, problem_words(Wrong.NOT_A_TIME))
        return None if self.errors else hours_from(found)


def hidden() -> Any:
    """Return a field that nobody sees."""
    return HiddenField(filters=[without_controls])
