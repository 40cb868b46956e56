"""The kinds of schedules that a person can choose from, each with its own few questions.

Rows of times are plain fields, twelve of them, so that they work without a script; those that are empty count for
nothing, wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField

from patient_app.core.forms import DayField, short_text, without_controls
from patient_app.medications import documents, typed
from patient_app.medications.plan_forms import (
    Kind,
    MedicineForm,
    day_in,
    food_field,
    food_of,
    number_field,
    offer_weekdays,
    on_chips,
)
from patient_app.medications.schedule import Anchor, Schedule
from patient_app.medications.words import ANCHORS

ROWS = range(1, documents.MOST_TIMES_A_DAY + 1)
STEP_ROWS = range(1, 13)
UNIT_AT_CLINIC = "dose"
DAILY = {"every": "days", "n": 1}
_MINUTES_AN_HOUR = 60
# "8:00 x 2", "20:00 1.5": when, and how much.
_DOSE = re.compile(r"([^\sx×]{1,12}(?:\s?[ap]m)?)\s*[x×]?\s*(\S{0,40})", re.IGNORECASE)


class WithDays(MedicineForm):
    """Kinds that are taken each day, or only on some days of the week."""

    on = on_chips(_l("Only on some days? None ticked is every day."))
    food = food_field()

    def offer(self, *told: Any) -> None:
        """Offer the weekdays as well."""
        super().offer(*told)
        offer_weekdays(self.on)

    def days(self) -> dict[str, Any]:
        """Return the days as a document."""
        if len(self.on.data) in {0, documents.DAYS_A_WEEK}:
            return DAILY
        return {"every": "weeks", "n": 1, "on": sorted(int(number) for number in self.on.data)}

    def doses(self) -> list[dict[str, Any]]:
        """Return the doses as documents."""
        raise NotImplementedError

    def plan(self) -> dict[str, Any]:
        """Return the days and their doses."""
        return {"kind": "regular", "days": self.days(), "doses": self.doses()}

    def dose(self, at: str | None, amount: str | None) -> dict[str, Any]:
        """Return one dose as a document."""
        return {"at": at, "amount": amount, "food": self.food.data or None}

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the weekdays and the meals."""
        return {"on": [str(number) for number in document["days"].get("on", ())], "food": food_of(document["doses"])}


class OnceForm(WithDays):
    """Once a day, at any time of it."""

    kind = Kind.ONCE
    amount = number_field(_l("How much?"))

    def doses(self) -> list[dict[str, Any]]:
        """Return the one dose."""
        return [self.dose(None, typed.amount(self.amount.data))]

    def field_of(self, path: str) -> str:
        """Return the field of a path."""
        return "amount" if path.endswith(".amount") else super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the amount."""
        return {**super().told(document), "amount": document["doses"][0]["amount"]}


class WithTimes(WithDays):
    """Kinds with rows of times and amounts."""

    @property
    def rows(self) -> list[tuple[Any, Any]]:
        """The fields, row by row."""
        return [(self[f"time_{row}"], self[f"amount_{row}"]) for row in ROWS]

    @property
    def used(self) -> list[int]:
        """The rows in which something was typed, or the first, so that what is missing has a place."""
        found = [row for row in ROWS if self[f"time_{row}"].data or self[f"amount_{row}"].data]
        return found or [1]

    @property
    def unfolds(self) -> bool:
        """Whether one of the later rows says something."""
        return self.used[-1] > len(self.shown)

    @property
    def shown(self) -> list[tuple[Any, Any]]:
        """The rows that are there at once."""
        return self.rows[:2]

    def doses(self) -> list[dict[str, Any]]:
        """Return a dose for each row in use."""
        return [
            self.dose(typed.clock(self[f"time_{row}"].data), typed.amount(self[f"amount_{row}"].data))
            for row in self.used
        ]

    @property
    def first(self) -> str:
        """What is wrong with all doses stands beside the first row."""
        return "time_1"

    def field_of(self, path: str) -> str:
        """Return the field of a path; "plan.doses.1.at" is the time of the second row in use."""
        parts = path.split(".")
        if parts[:2] == ["plan", "doses"] and len(parts) == len(["plan", "doses", "1", "at"]):
            row = self.used[int(parts[2])]
            return f"amount_{row}" if parts[3] == "amount" else f"time_{row}"
        return super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row for each dose."""
        told = super().told(document)
        for row, dose in enumerate(document["doses"], 1):
            told |= {f"time_{row}": dose["at"] or "", f"amount_{row}": dose["amount"] or ""}
        return told


for _row in ROWS:
    setattr(WithTimes, f"time_{_row}", short_text(_l("Time"), longest=20, render_kw={"placeholder": "8:00"}))
    setattr(WithTimes, f"amount_{_row}", number_field(_l("How much?")))


class TimesForm(WithTimes):
    """At set times of the day."""

    kind = Kind.TIMES

    def doses(self) -> list[dict[str, Any]]:
        """Return the doses; a time may be left out by none."""
        return [{**dose, "at": dose["at"] or ""} for dose in super().doses()]


class DaysForm(WithTimes):
    """Every so many days."""

    kind = Kind.DAYS
    counts = True
    every = number_field(
        _l("Every how many days?"), description=_l("2 is every second day. Days count from the first.")
    )

    def days(self) -> dict[str, Any]:
        """Return every so many days."""
        return {"every": "days", "n": typed.whole(self.every.data)}

    @property
    def shown(self) -> list[tuple[Any, Any]]:
        """One row at once."""
        return self.rows[:1]

    def field_of(self, path: str) -> str:
        """Return the field of a path."""
        return "every" if path.startswith("plan.days") else super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the number of days as well."""
        return {**super().told(document), "every": str(document["days"]["n"])}


class WeeksForm(DaysForm):
    """Every so many weeks, as long-acting injections are; by default on the weekday of the first day."""

    kind = Kind.WEEKS
    every = number_field(
        _l("Every how many weeks?"), description=_l("For once a month write 4. Weeks count from the day below.")
    )

    def document(self, today: Any) -> dict[str, Any]:
        """Return the schedule, on the weekday of its first day unless others were ticked."""
        document = super().document(today)
        days = document["plan"]["days"]
        days["on"] = days["on"] or [(day_in(self.start) or today).isoweekday()]
        return document

    def days(self) -> dict[str, Any]:
        """Return every so many weeks."""
        on = sorted(int(number) for number in self.on.data)
        return {"every": "weeks", "n": typed.whole(self.every.data), "on": on}


class MealsForm(WithDays):
    """With waking, meals and going to bed."""

    kind = Kind.MEALS

    @property
    def rows(self) -> list[Any]:
        """The fields, through the day."""
        return [self[f"amount_{anchor}"] for anchor in Anchor]

    @property
    def used(self) -> list[Anchor]:
        """The anchors at which something is taken."""
        return [anchor for anchor in Anchor if self[f"amount_{anchor}"].data]

    def doses(self) -> list[dict[str, Any]]:
        """Return a dose for each amount."""
        return [self.dose(anchor.value, typed.amount(self[f"amount_{anchor}"].data)) for anchor in self.used]

    @property
    def first(self) -> str:
        """What is wrong with all stands beside the first."""
        return f"amount_{Anchor.WAKING}"

    def field_of(self, path: str) -> str:
        """Return the field of a path."""
        parts = path.split(".")
        if parts[:2] == ["plan", "doses"] and len(parts) > len(("plan", "doses")):
            return f"amount_{self.used[int(parts[2])]}"
        return super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the amounts at the anchors; one without an amount cannot be told here."""
        amounts = {f"amount_{dose['at']}": dose["amount"] or "" for dose in document["doses"]}
        return {**super().told(document), **amounts}


for _anchor in Anchor:
    setattr(MealsForm, f"amount_{_anchor}", number_field(ANCHORS[_anchor]))


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
            "time": document["at"] or "",
        }


class StepsForm(MedicineForm):
    """Steps that a prescriber wrote, with their days. None is ever made here."""

    kind = Kind.STEPS
    from_prescriber = BooleanField(_l("These steps are from my prescriber, word for word"))

    @property
    def rows(self) -> list[tuple[Any, Any]]:
        """The fields, step by step."""
        return [(self[f"first_{row}"], self[f"doses_{row}"]) for row in STEP_ROWS]

    @property
    def used(self) -> list[int]:
        """The rows in which something was typed, or the first."""
        return [row for row in STEP_ROWS if self[f"first_{row}"].data or self[f"doses_{row}"].data] or [1]

    @property
    def shown(self) -> list[tuple[Any, Any]]:
        """The rows that are there at once."""
        return self.rows[:3]

    @property
    def unfolds(self) -> bool:
        """Whether one of the later rows says something."""
        return self.used[-1] > len(self.shown)

    def plan(self) -> dict[str, Any]:
        """Return the steps."""
        return {"kind": "stepwise", "from_prescriber": bool(self.from_prescriber.data), "steps": self._steps()}

    def document(self, today: Any) -> dict[str, Any]:
        """Return the schedule, which begins with its first step."""
        document = super().document(today)
        first = day_in(self[f"first_{self.used[0]}"])
        return {**document, "start": first.isoformat() if first else document["start"]}

    def _steps(self) -> list[dict[str, Any]]:
        found = []
        for row in self.used:
            first = day_in(self[f"first_{row}"])
            found.append(
                {
                    "first": first.isoformat() if first else "",
                    "unit": self.unit.data,
                    "days": DAILY,
                    "doses": doses_typed(self[f"doses_{row}"].data or ""),
                }
            )
        return found

    @property
    def first(self) -> str:
        """What is wrong with the whole stands beside the first step."""
        return "first_1"

    def field_of(self, path: str) -> str:
        """Return the field of a path."""
        parts = path.split(".")
        if path == "plan.from_prescriber":
            return "from_prescriber"
        if path == "start":
            return f"first_{self.used[0]}"
        if parts[:2] == ["plan", "steps"] and len(parts) > len(("plan", "steps")):
            row = self.used[int(parts[2])]
            return f"doses_{row}" if parts[3:4] == ["doses"] else f"first_{row}"
        return super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row for each step."""
        told: dict[str, Any] = {"from_prescriber": True}
        for row, step in enumerate(document["steps"], 1):
            told |= {f"first_{row}": step["first"], f"doses_{row}": doses_written(step["doses"])}
        return told


for _row in STEP_ROWS:
    setattr(StepsForm, f"first_{_row}", DayField(_l("From which day?")))
    setattr(
        StepsForm,
        f"doses_{_row}",
        short_text(_l("When and how much"), render_kw={"placeholder": "8:00 x 1, 20:00 x 2"}),
    )


def doses_typed(text: str) -> list[dict[str, Any]]:
    """Return "8:00 x 1, 20:00 x 2" as doses of a document; a number alone is taken at any time of the day."""
    found = []
    for piece in text.split(",")[: documents.MOST_TIMES_A_DAY + 1]:
        part = piece.strip()
        if not part:
            continue
        parsed = _DOSE.fullmatch(part)
        at, amount = (parsed[1], parsed[2]) if parsed else (part, "")
        if not amount and ":" not in at:
            at, amount = "", at
        found.append({"at": typed.clock(at), "amount": typed.amount(amount) or "", "food": None})
    return found


def doses_written(doses: list[dict[str, Any]]) -> str:
    """Return the doses of a document as they are typed."""
    return ", ".join(" x ".join(filter(None, [dose["at"], dose["amount"]])) for dose in doses)


FORMS: dict[Kind, type[MedicineForm]] = {
    form.kind: form for form in (OnceForm, TimesForm, MealsForm, DaysForm, WeeksForm, NeededForm, ClinicForm, StepsForm)
}
NAMES: dict[Kind, tuple[LazyString, LazyString]] = {
    Kind.TIMES: (_l("At set times"), _l("Such as 8:00 and 20:00, every day or on some days")),
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
    ats = [dose["at"] for dose in plan["doses"]]
    if ats == [None]:
        return Kind.ONCE
    return Kind.MEALS if set(ats) & set(Anchor) else Kind.TIMES


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
