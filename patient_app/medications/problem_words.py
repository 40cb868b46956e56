"""What is said beside a field of a regimen's forms, for each thing that can be wrong with a schedule."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.medications.problems import Wrong
from patient_app.medications.writing import Why

_NUMBER = _l("Use a number such as 1, 0.5 or 2.")
_ASK = _l("This cannot be kept as it is. Please look at it again.")

PROBLEMS: dict[Wrong, LazyString] = {
    Wrong.MISSING: _l("Please fill this in."),
    Wrong.WRONG_TYPE: _l("Use a whole number, such as 2."),
    Wrong.NOT_A_NUMBER: _NUMBER,
    Wrong.NOT_POSITIVE: _l("Use a number above 0."),
    Wrong.TOO_LARGE: _l("This number is too large. Please check it."),
    Wrong.TOO_MANY_DECIMALS: _l("Use a number such as 0.125: no longer than that."),
    Wrong.TOO_LONG: _l("This is too long."),
    Wrong.NOT_A_TIME: _l("Use a time such as 8:00 AM or 8:30 PM."),
    Wrong.NOT_A_DATE: _l("Use a date such as 2026-05-31."),
    Wrong.TOO_FAR_AHEAD: _l("This day is too far ahead. Please check the year."),
    Wrong.TOO_FAR_BACK: _l("This day is too long ago. Please check the year."),
    Wrong.END_BEFORE_START: _l("The last day is before the first. Please check both."),
    Wrong.TWICE: _l("This time is there twice. Put both amounts into one, or change a time."),
    Wrong.TIME_MISSING: _l("Add a time, so that the doses of a day can be told apart."),
    Wrong.TOO_MANY_TIMES: _l("Up to twelve times a day fit here. Please ask your prescriber or pharmacist about more."),
    Wrong.TOO_MANY_STEPS: _l("There are too many steps."),
    Wrong.NOT_FROM_PRESCRIBER: _l("Steps can only be kept as your prescriber wrote them. Please say that they are."),
    Wrong.FIRST_STEP_NOT_AT_START: _l("The first step is to begin on the first day."),
    Wrong.STEPS_NOT_RISING: _l("Each step begins after the one before. Please check this day."),
    Wrong.STEP_AFTER_END: _l("This step begins after the last day."),
    Wrong.UNIT_MISMATCH: _l("All steps count the same: tablets, ml or mg."),
    Wrong.NEVER_DUE: _l("With these days it would never be taken. Please check them."),
    Wrong.GAPS_EXCEED_DAY: _l("So many doses, that far apart, do not fit into a day. Change one of the two."),
}
REFUSED: dict[Why, LazyString] = {
    Why.BUPRENORPHINE_STEPS: _l(
        "Steps for this medicine are not kept here. Please ask your prescriber. You can add what you take now, and "
        "change it when they tell you."
    ),
    Why.BUPRENORPHINE_LATER: _l(
        "A start of this medicine on a later day is not planned here: your prescriber goes through it with you. Add it "
        "on the day you start. For one given as an injection, give the day of the last one."
    ),
    Why.STEPS_AGAIN: _l(
        "Ask your prescriber for new steps. The old ones were made for their own days, so we do not move them. Once "
        "you have new ones, you can write them down here."
    ),
}
UNITS_CLASH = _l(
    "The strength and this do not fit together. Write how strong each ml is, such as 10 mg/ml, or count in mg."
)


def problem_words(wrong: Wrong) -> LazyString:
    """Return what is said beside the field."""
    return PROBLEMS.get(wrong, _ASK)
