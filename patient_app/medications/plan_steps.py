"""The form for steps that a prescriber wrote, with their days. None is ever made here.

Each step has what a medicine can have that is taken by itself: times or meals, with food or without, each day, on some
days of the week, or every so many days, which count from the first day of that step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from patient_app.core import times
from patient_app.core.forms import DayField, short_text
from patient_app.medications import documents, typed
from patient_app.medications.plan_forms import Kind, MedicineForm, day_in, number_field, offer_weekdays, on_chips
from patient_app.medications.plan_rows import DAILY, at_typed, at_written, food_list
from patient_app.medications.schedule import Anchor, Schedule
from patient_app.medications.words import WHEN_WORDS

STEP_ROWS = range(1, 13)
_FIELDS = ("first", "doses", "food", "on", "every")
_ONE_OF_TWO = _l("Pick days of the week, or write a number of days. Not both.")
# "8:00 AM x 2", "20:00 1.5": when, and how much.
_DOSE = re.compile(r"([^\sx×]{1,12}(?: ?[ap](?:\. ?)?m\b\.?)?) ?[x×]? ?(\S{0,40})", re.IGNORECASE)


class StepRow(NamedTuple):
    """The fields of one step."""

    first: Any
    doses: Any
    food: Any
    on: Any
    every: Any

    @property
    def is_used(self) -> bool:
        """Whether something was typed; what goes with food alone says nothing yet."""
        return bool(self.first.data or self.doses.data or self.has_days)

    @property
    def has_days(self) -> bool:
        """Whether it is not just each day, or something is to be said beside its days."""
        return bool(self.on.data or self.every.data or self.on.errors or self.every.errors)


class StepsForm(MedicineForm):
    """Steps that a prescriber wrote, with their days. None is ever made here."""

    kind = Kind.STEPS
    from_prescriber = BooleanField(_l("These steps are from my prescriber, word for word"))

    def offer(self, *told: Any) -> None:
        """Offer the weekdays of each step as well."""
        super().offer(*told)
        offer_weekdays(*(row.on for row in self.rows))

    @property
    def rows(self) -> list[StepRow]:
        """The fields, step by step."""
        return [StepRow(*(self[f"{name}_{row}"] for name in _FIELDS)) for row in STEP_ROWS]

    @property
    def when_words(self) -> list[str]:
        """What can be typed instead of a time."""
        return [str(words) for words in WHEN_WORDS.values()]

    @property
    def used(self) -> list[int]:
        """The rows in which something was typed, or the first."""
        return [number for number, row in zip(STEP_ROWS, self.rows, strict=True) if row.is_used] or [1]

    @property
    def shown(self) -> list[StepRow]:
        """The rows that are there at once."""
        return self.rows[:3]

    @property
    def unfolds(self) -> bool:
        """Whether one of the later rows says something."""
        return self.used[-1] > len(self.shown)

    def schedule(self, today: Any) -> Schedule | None:
        """Return the schedule; None, with messages, where a step has days of the week and a number of days too."""
        clash = [row for row in self.rows if row.on.data and row.every.data]
        for row in clash:
            self.add_error(row.every.name, _ONE_OF_TWO)
        found = super().schedule(today)
        return None if clash else found

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
                    "days": self._days(row),
                    "doses": doses_typed(self[f"doses_{row}"].data or "", self[f"food_{row}"].data),
                }
            )
        return found

    def _days(self, row: int) -> dict[str, Any]:
        on, every = self[f"on_{row}"].data, typed.whole(self[f"every_{row}"].data)
        if every is not None:
            return {"every": "days", "n": every}
        if len(on) in {0, documents.DAYS_A_WEEK}:
            return DAILY
        return {"every": "weeks", "n": 1, "on": sorted(int(number) for number in on)}

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
            if parts[-1] == "food":
                return f"food_{row}"
            if parts[3:4] == ["days"]:
                return f"every_{row}" if self[f"every_{row}"].data else f"on_{row}"
            return f"doses_{row}" if parts[3:4] == ["doses"] else f"first_{row}"
        return super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row for each step; with food only where all of its doses go with it, or all without."""
        told: dict[str, Any] = {"from_prescriber": True}
        for row, step in enumerate(document["steps"], 1):
            foods = {dose["food"] for dose in step["doses"]}
            told |= {
                f"first_{row}": step["first"],
                f"doses_{row}": doses_written(step["doses"]),
                f"food_{row}": (foods.pop() or "") if len(foods) == 1 else "",
                f"on_{row}": [str(number) for number in step["days"].get("on", ())],
                f"every_{row}": every_written(step["days"]),
            }
        return told


for _row in STEP_ROWS:
    setattr(StepsForm, f"first_{_row}", DayField(_l("From which day?")))
    setattr(
        StepsForm,
        f"doses_{_row}",
        short_text(_l("When and how much"), longest=400, render_kw={"placeholder": _l("8:00 AM x 1, 8:00 PM x 2")}),
    )
    setattr(StepsForm, f"food_{_row}", food_list())
    setattr(StepsForm, f"on_{_row}", on_chips(_l("Only on some days of the week?")))
    setattr(
        StepsForm,
        f"every_{_row}",
        number_field(
            _l("Or every how many days?"),
            description=_l("2 is every second day, 28 every 4 weeks. Days count from the first one of this step."),
        ),
    )


def doses_typed(text: str, food: str | None = None) -> list[dict[str, Any]]:
    """Return "8:00 AM x 1, 20:00 x 2" as doses of a document; a number alone is taken at any time of the day.

    `food` is the one answer for all of them.
    """
    found = []
    for piece in text.split(",")[: documents.MOST_TIMES_A_DAY + 1]:
        part = " ".join(piece.split())
        if not part:
            continue
        parsed = _DOSE.fullmatch(part)
        at, amount = (parsed[1], parsed[2]) if parsed else (part, "")
        if not amount and ":" not in at and at_typed(at) not in set(Anchor) and times.read(at) is None:
            at, amount = "", at
        found.append({"at": at_typed(at), "amount": typed.amount(amount) or "", "food": food or None})
    return found


def doses_written(doses: list[dict[str, Any]]) -> str:
    """Return the doses of a document as they are typed."""
    return ", ".join(" x ".join(filter(None, [at_written(dose["at"]), dose["amount"]])) for dose in doses)


def every_written(days: Mapping[str, Any]) -> str:
    """Return every how many days, as it is typed; empty for each day, and for days of the week."""
    return str(days["n"]) if days["every"] == "days" and days["n"] > 1 else ""
