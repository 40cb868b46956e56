"""The form for steps that a prescriber wrote, with their days. None is ever made here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from patient_app.core.forms import DayField, short_text
from patient_app.medications import documents, typed
from patient_app.medications.plan_forms import Kind, MedicineForm, day_in
from patient_app.medications.plan_rows import DAILY, at_typed, at_written, food_list
from patient_app.medications.schedule import Anchor

STEP_ROWS = range(1, 13)
# "8:00 x 2", "20:00 1.5": when, and how much.
_DOSE = re.compile(r"([^\sx×]{1,12}(?:\s?[ap]m)?)\s*[x×]?\s*(\S{0,40})", re.IGNORECASE)


class StepsForm(MedicineForm):
    """Steps that a prescriber wrote, with their days. None is ever made here."""

    kind = Kind.STEPS
    from_prescriber = BooleanField(_l("These steps are from my prescriber, word for word"))

    @property
    def rows(self) -> list[tuple[Any, Any, Any]]:
        """The fields, step by step."""
        return [(self[f"first_{row}"], self[f"doses_{row}"], self[f"food_{row}"]) for row in STEP_ROWS]

    @property
    def used(self) -> list[int]:
        """The rows in which something was typed, or the first."""
        return [row for row in STEP_ROWS if self[f"first_{row}"].data or self[f"doses_{row}"].data] or [1]

    @property
    def shown(self) -> list[tuple[Any, Any, Any]]:
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
                    "doses": doses_typed(self[f"doses_{row}"].data or "", self[f"food_{row}"].data),
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
            if parts[-1] == "food":
                return f"food_{row}"
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
            }
        return told


for _row in STEP_ROWS:
    setattr(StepsForm, f"first_{_row}", DayField(_l("From which day?")))
    setattr(
        StepsForm,
        f"doses_{_row}",
        short_text(_l("When and how much"), render_kw={"placeholder": "8:00 x 1, 20:00 x 2"}),
    )
    setattr(StepsForm, f"food_{_row}", food_list())


def doses_typed(text: str, food: str | None = None) -> list[dict[str, Any]]:
    """Return "8:00 x 1, 20:00 x 2" as doses of a document; a number alone is taken at any time of the day.

    `food` is the one answer for all of them.
    """
    found = []
    for piece in text.split(",")[: documents.MOST_TIMES_A_DAY + 1]:
        part = piece.strip()
        if not part:
            continue
        parsed = _DOSE.fullmatch(part)
        at, amount = (parsed[1], parsed[2]) if parsed else (part, "")
        if not amount and ":" not in at and at_typed(at) not in set(Anchor):
            at, amount = "", at
        found.append({"at": at_typed(at), "amount": typed.amount(amount) or "", "food": food or None})
    return found


def doses_written(doses: list[dict[str, Any]]) -> str:
    """Return the doses of a document as they are typed."""
    return ", ".join(" x ".join(filter(None, [at_written(dose["at"]), dose["amount"]])) for dose in doses)
