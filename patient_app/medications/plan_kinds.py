"""All kinds of schedules that a person can choose from, each with its own few questions.

The daily ones are in `plan_rows`, steps in `plan_steps`; here are the two that are due at no time of ours, and which
kind says a given schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from patient_app.core.forms import short_text, without_controls
from patient_app.medications import documents, typed
from patient_app.medications.plan_forms import Kind, MedicineForm, number_field, offer_weekdays, on_chips
from patient_app.medications.plan_rows import DAILY, DaysForm, MealsForm, OnceForm, TimesForm, WeeksForm, at_written
from patient_app.medications.plan_steps import StepsForm
from patient_app.medications.schedule import Anchor, Schedule

UNIT_AT_CLINIC = "dose"
_MINUTES_AN_HOUR = 60


class NeededForm(MedicineForm):
    """Only when it is needed."""

    kind = Kind.NEEDED
    amount = number_field(_l("How much at a time?"))
    most = number_field(_l("At most how many times a day?"))
    gap = number_field(_l("How many hours apart, at least?"))

    def plan(self) -> dict[str, Any]:
        """Return the amount and both limits."""
        return {
            "kind": "as_needed",
            "amount": typed.amount(self.amount.data),
            "most_a_day": typed.whole(self.most.data),
            "gap_minutes": typed.minutes(self.gap.data),
        }

    def field_of(self, path: str) -> str:
        """Return the field of a path."""
        fields = {"plan.amount": "amount", "plan.most_a_day": "most", "plan.gap_minutes": "gap"}
        return fields.get(path) or super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the amount and both limits."""
        gap = document["gap_minutes"]
        return {
            "amount": document["amount"] or "",
            "most": str(document["most_a_day"] or ""),
            "gap": "" if gap is None else f"{gap / _MINUTES_AN_HOUR:g}",
        }


class ClinicForm(MedicineForm):
    """Given at a clinic, with days for which it gives something to take home."""

    kind = Kind.CLINIC
    # Nothing is counted at home, so nobody is asked in what.
    unit = HiddenField(default=UNIT_AT_CLINIC, filters=[without_controls])
    on = on_chips(_l("Which days do you go there? None ticked is every day."))
    home = on_chips(_l("For which days do you get it to take home?"))
    time = short_text(_l("At what time, if you know"), longest=20)

    def offer(self, *told: Any) -> None:
        """Offer the weekdays as well."""
        super().offer(*told)
        offer_weekdays(self.on, self.home)

    def plan(self) -> dict[str, Any]:
        """Return the days; there is no amount, so that nobody is ever reminded of one."""
        on, home = (sorted(int(number) for number in field.data) for field in (self.on, self.home))
        return {
            "kind": "at_clinic",
            "clinic": {"every": "weeks", "n": 1, "on": on} if 0 < len(on) < documents.DAYS_A_WEEK else DAILY,
            "take_home": {"every": "weeks", "n": 1, "on": home} if home else None,
            "at": typed.clock(self.time.data),
        }

    def field_of(self, path: str) -> str:
        """Return the field of a path."""
        return {"plan.at": "time", "plan.clinic": "on", "plan.take_home": "home"}.get(path) or super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the days and the time."""
        home = document["take_home"] or {}
        return {
            "on": [str(number) for number in document["clinic"].get("on", ())],
            "home": [str(number) for number in home.get("on", ())],
            "time": at_written(document["at"]),
        }


FORMS: dict[Kind, type[MedicineForm]] = {
    form.kind: form for form in (OnceForm, TimesForm, MealsForm, DaysForm, WeeksForm, NeededForm, ClinicForm, StepsForm)
}
NAMES: dict[Kind, tuple[LazyString, LazyString]] = {
    Kind.TIMES: (_l("At set times"), _l("Such as 8:00 AM and bedtime, every day or on some days")),
    Kind.MEALS: (_l("With meals, waking or bedtime"), _l("It moves with your own hours")),
    Kind.ONCE: (_l("Once a day, at any time"), _l("No time is asked for")),
    Kind.DAYS: (_l("Every few days"), _l("Such as every second day, or a patch every 3 days")),
    Kind.WEEKS: (_l("Every few weeks"), _l("Such as an injection every 4 weeks")),
    Kind.NEEDED: (_l("Only when I need it"), _l("With how much is the most for a day")),
    Kind.CLINIC: (_l("A clinic gives it to me"), _l("There, or to take home for some days")),
    Kind.STEPS: (_l("In steps that my prescriber wrote"), _l("More or less from certain days on")),
}


def kind_of(schedule: Schedule) -> Kind:
    """Return the kind whose form says such a schedule best."""
    plan = documents.to_data(schedule)["plan"]
    if plan["kind"] != "regular":
        return {"stepwise": Kind.STEPS, "at_clinic": Kind.CLINIC, "as_needed": Kind.NEEDED}.get(
            plan["kind"], Kind.TIMES
        )
    if plan["days"]["n"] > 1:
        return Kind.DAYS if plan["days"]["every"] == "days" else Kind.WEEKS
    ats, are_told = [dose["at"] for dose in plan["doses"]], all(dose["amount"] for dose in plan["doses"])
    if ats == [None]:
        return Kind.ONCE
    return Kind.MEALS if are_told and set(ats) <= set(Anchor) else Kind.TIMES


def data_of_plan(kind: Kind, schedule: Schedule) -> dict[str, Any]:
    """Return what the fields of a kind say for a schedule; nothing where its form cannot say all of it.

    So nothing is lost unseen by a change of something else: what a form cannot say is asked for anew.
    """
    if kind_of(schedule) is not kind:
        return {}
    document = documents.to_data(schedule)
    if document["plan"]["kind"] == "paused":
        return {}
    told = FORMS[kind].told(document["plan"])
    form = FORMS[kind](formdata=None, **told, unit=schedule.unit, start=document["start"])
    again = form.document(schedule.start)
    return told if again["plan"] == document["plan"] else {}
