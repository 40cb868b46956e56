"""The kinds of schedules that are taken on each day, or on some: once, at times, with meals, every few days or weeks.

Rows of times are plain fields, twelve of them, so that they work without a script; those that are empty count for
nothing, wherever they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from patient_app.core.forms import ChoiceField, ListField, Options, short_text
from patient_app.core.i18n import time_in_words
from patient_app.core.times import of_field
from patient_app.medications import documents, typed
from patient_app.medications.plan_forms import Kind, MedicineForm, day_in, number_field, offer_weekdays, on_chips
from patient_app.medications.schedule import Anchor, Food
from patient_app.medications.words import ANCHORS, WHEN_WORDS

ROWS = range(1, documents.MOST_TIMES_A_DAY + 1)
DAILY = {"every": "days", "n": 1}
FOOD_WORDS = ((Food.WITH.value, _l("With food")), (Food.WITHOUT.value, _l("Without food")))


def food_list() -> Any:
    """Return the question about food beside one dose."""
    return ListField(_l("Food"), [("", _l("Any")), *FOOD_WORDS], default="")


def a_dose(at: str | None, amount: str | None, food: str | None) -> dict[str, Any]:
    """Return one dose as a document."""
    return {"at": at, "amount": typed.amount(amount), "food": food or None}


def at_typed(text: str | None) -> str | None:
    """Return when a dose is taken as a document has it: a wall time, or a meal, by its name in the reader's language.

    What is neither is returned as it is, for the document's reader to refuse; None for nothing.
    """
    told = " ".join((text or "").split()).casefold()
    named = {str(words).casefold(): anchor.value for anchor, words in WHEN_WORDS.items()}
    return named.get(told) or typed.clock(text)


def at_written(at: str | None) -> str:
    """Return when a dose of a document is taken, as it is typed."""
    if at in set(Anchor):
        return str(WHEN_WORDS[Anchor(at)])
    minute = of_field(at or "")
    return (at or "") if minute is None else time_in_words(minute)


class WithDays(MedicineForm):
    """Kinds that are taken each day, or only on some days of the week."""

    on = on_chips(_l("Only on some days? None ticked is every day."))

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

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the weekdays."""
        return {"on": [str(number) for number in document["days"].get("on", ())]}


class OnceForm(WithDays):
    """Once a day, at any time of it."""

    kind = Kind.ONCE
    amount = number_field(_l("How much?"))
    food = ChoiceField(_l("With or without food?"), Options([("", _l("It does not matter")), *FOOD_WORDS]))

    def doses(self) -> list[dict[str, Any]]:
        """Return the one dose."""
        return [a_dose(None, self.amount.data, self.food.data)]

    def field_of(self, path: str) -> str:
        """Return the field of a path."""
        return "amount" if path.endswith(".amount") else super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the amount, and whether it goes with food."""
        dose = document["doses"][0]
        return {**super().told(document), "amount": dose["amount"], "food": dose["food"]}


class WithTimes(WithDays):
    """Kinds with rows: when, how much, and with or without food. When is a time of the clock, or a meal by its name."""

    @property
    def rows(self) -> list[tuple[Any, Any, Any]]:
        """The fields, row by row."""
        return [(self[f"time_{row}"], self[f"amount_{row}"], self[f"food_{row}"]) for row in ROWS]

    @property
    def when_words(self) -> list[str]:
        """What can be typed instead of a time."""
        return [str(words) for words in WHEN_WORDS.values()]

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
    def shown(self) -> list[tuple[Any, Any, Any]]:
        """The rows that are there at once."""
        return self.rows[:2]

    def doses(self) -> list[dict[str, Any]]:
        """Return a dose for each row in use."""
        return [
            a_dose(at_typed(self[f"time_{row}"].data), self[f"amount_{row}"].data, self[f"food_{row}"].data)
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
            return f"{parts[3]}_{row}" if parts[3] in {"amount", "food"} else f"time_{row}"
        return super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row for each dose."""
        told = super().told(document)
        for row, dose in enumerate(document["doses"], 1):
            told |= {
                f"time_{row}": at_written(dose["at"]),
                f"amount_{row}": dose["amount"] or "",
                f"food_{row}": dose["food"] or "",
            }
        return told


# The list of words is in the page (medications/_questions.html), for browsers that offer it while one types.
_WHEN = {"placeholder": _l("8:00 AM"), "list": "when-words", "autocomplete": "off"}
for _row in ROWS:
    setattr(WithTimes, f"time_{_row}", short_text(_l("When?"), longest=20, render_kw=_WHEN))
    setattr(WithTimes, f"amount_{_row}", number_field(_l("How much?")))
    setattr(WithTimes, f"food_{_row}", food_list())


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
    def shown(self) -> list[tuple[Any, Any, Any]]:
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
    def rows(self) -> list[tuple[Any, Any]]:
        """The fields, through the day: how much, and with or without food."""
        return [(self[f"amount_{anchor}"], self[f"food_{anchor}"]) for anchor in Anchor]

    @property
    def used(self) -> list[Anchor]:
        """The anchors at which something is taken."""
        return [anchor for anchor in Anchor if self[f"amount_{anchor}"].data]

    def doses(self) -> list[dict[str, Any]]:
        """Return a dose for each amount."""
        return [
            a_dose(anchor.value, self[f"amount_{anchor}"].data, self[f"food_{anchor}"].data) for anchor in self.used
        ]

    @property
    def first(self) -> str:
        """What is wrong with all stands beside the first."""
        return f"amount_{Anchor.WAKING}"

    def field_of(self, path: str) -> str:
        """Return the field of a path."""
        parts = path.split(".")
        if parts[:2] == ["plan", "doses"] and len(parts) > len(("plan", "doses")):
            return f"{'food' if parts[3:] == ['food'] else 'amount'}_{self.used[int(parts[2])]}"
        return super().field_of(path)

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is taken at the anchors; one without an amount cannot be told here."""
        told = super().told(document)
        for dose in document["doses"]:
            told |= {f"amount_{dose['at']}": dose["amount"] or "", f"food_{dose['at']}": dose["food"] or ""}
        return told


for _anchor in Anchor:
    setattr(MealsForm, f"amount_{_anchor}", number_field(ANCHORS[_anchor]))
    setattr(MealsForm, f"food_{_anchor}", food_list())
