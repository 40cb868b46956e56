"""The form of a medicine: what every kind of schedule asks, and then what only its own kind asks.

Each form makes a document as `documents.py` reads one, so that one place says what is wrong with a schedule; `refuse`
puts what is wrong beside the field that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field
from wtforms.validators import StopValidation, ValidationError

from patient_app.core.forms import (
    ChipsField,
    ChoiceField,
    DayField,
    Form,
    IdField,
    ListField,
    Needed,
    Options,
    list_choices,
    long_text,
    short_text,
)
from patient_app.medications import catalogue, documents, typed
from patient_app.medications.facts import Medicine
from patient_app.medications.forms import LONGEST_NAME, LONGEST_REASON, NO, YES, YES_NO, hidden
from patient_app.medications.problem_words import UNITS_CLASH, problem_words
from patient_app.medications.problems import Problem, Wrong
from patient_app.medications.regimen import OwnVersion
from patient_app.medications.said import Said
from patient_app.medications.schedule import Schedule
from patient_app.medications.words import UNIT_OF_FORM, UNITS, language, weekday_names

LONGEST_NUMBER = 40
LEFT_OUT = "0"
KEEP, DROP = "keep", "drop"
_WEEKDAYS = range(1, 8)
_NO_UNIT = re.compile(r"[\d\s.,/]+")
_LATEST_CHANGE = timedelta(days=366)


class Kind(StrEnum):
    """How something is taken, as a person would say it; each has a form."""

    ONCE = "once"
    TIMES = "times"
    MEALS = "meals"
    DAYS = "days"
    WEEKS = "weeks"
    NEEDED = "needed"
    CLINIC = "clinic"
    STEPS = "steps"


# The fields that every kind has, in the order of the page; those of the kind come after the name.
_SHARED = (
    "name",
    "unit",
    "strength",
    "made_as",
    "about_use",
    "what_for",
    "prescriber",
    "start",
    "end",
    "private",
    "reason",
    "since",
    "later",
    "id",
    "base",
    "catalogue",
)


class MedicineForm(Form):
    """What every kind asks. `kind` says which it is, `main` which date stands among its first questions."""

    names_fields = True
    kind: ClassVar[Kind]
    # Whether days are counted from the first one, so that it matters which that is.
    counts: ClassVar[bool] = False

    id = IdField()
    base = hidden()
    catalogue = hidden()
    name = short_text(_l("What is it called?"), longest=LONGEST_NAME)
    unit = ListField(_l("Counted in"))
    strength = short_text(_l("Strength"), longest=60, description=_l("As on the box, such as 50 mg or 10 mg/ml."))
    made_as = ListField(_l("Form"))
    about_use = ChoiceField(
        _l("Is this for alcohol or drugs?"),
        YES_NO,
        validators=[Needed(_l("Please pick yes or no. It decides who may see this medicine."))],
        description=_l("With yes, only people who may see your use as well as your medicines can see it."),
    )
    what_for = short_text(_l("What I take it for"))
    prescriber = short_text(_l("Who prescribed it"))
    start = DayField(_l("First day"))
    end = DayField(_l("Last day, if there is one"))
    private = BooleanField(_l("Keep this one to myself"))
    reason = long_text(_l("Why does it change?"), longest=LONGEST_REASON)
    since = DayField(_l("From which day?"), description=_l("Leave it empty if it is from now on."))
    # Asked of who takes it again by a new plan, where something was planned before the break for a day still to come.
    later = ChoiceField(
        _l("Does this still hold?"),
        Options([(KEEP, _l("Yes, from that day on")), (DROP, _l("No, leave it out"))]),
        description=_l("Not sure? Ask your prescriber or pharmacist first."),
    )

    def validate_strength(self, field: Field) -> None:
        """Ask for the unit: "300" alone is not what stands on the box, and could be read as anything."""
        if field.data and _NO_UNIT.fullmatch(field.data):
            raise ValidationError(_l("Write the unit too, as on the box, such as 50 mg."))

    def __iter__(self) -> Iterator[Any]:
        """Yield the fields as the page asks them: those of the kind before those that every kind has."""
        own = [field for name, field in self._fields.items() if name not in _SHARED]
        shared = [self[name] for name in _SHARED if name in self._fields]
        return iter([*shared[:1], *own, *shared[1:]])

    def offer(self, medicine: Medicine | None, unit: str = "") -> None:
        """Offer the forms that this medicine has first, and the units, one that it has already among them."""
        own = set(medicine.forms) if medicine else set()
        forms = sorted(catalogue.forms(), key=lambda form: form.id not in own)
        self.made_as.choices = list_choices(
            [(LEFT_OUT, _l("Leave it out")), *((form.id, form.read(language()).name) for form in forms)]
        )
        own_unit = [(unit, unit)] if unit and unit not in UNITS else []
        self.unit.choices = list_choices([*UNITS.items(), *own_unit])

    def said(self) -> Said:
        """Return what a valid form says beside its schedule."""
        found = catalogue.get(self.catalogue.data)
        return Said(
            name=found.name if found else self.name.data or "",
            catalogue=found.key if found else None,
            strength=self.strength.data or "",
            form=None if self.made_as.data == LEFT_OUT else self.made_as.data,
            what_for=self.what_for.data or "",
            prescriber=self.prescriber.data or "",
        )

    @property
    def is_about_use(self) -> bool:
        """The answer of a valid form."""
        return bool(self.about_use.data == YES)

    def schedule(self, today: date) -> Schedule | None:
        """Return the schedule that a form says; None, with messages beside the fields, for a wrong one.

        Asked of a form that is not valid too, so that all that is wrong is said at once.
        """
        found = documents.propose(self.document(today), today)
        clashes = typed.units_clash(self.strength.data or "", self.unit.data or "")
        if clashes:
            self.add_error("unit", UNITS_CLASH)
        if isinstance(found, Schedule):
            return None if clashes else found
        self.refuse(found)
        return None

    def begins_on(self, today: date) -> date | None:
        """Return the later day on which a change begins; None for now."""
        day = day_in(self.since)
        if day is not None and day > today + _LATEST_CHANGE:
            self.add_error("since", problem_words(Wrong.TOO_FAR_AHEAD))
        return day if day is not None and day > today else None

    def keeps(self, to_come: Sequence[date], begins: date) -> bool:
        """Whether what was planned for these later days is to hold after a plan that begins on a day.

        With a message beside the question where it was not answered, or where one of those days is not after that.
        """
        if not to_come:
            return False
        if self.later.data is None:
            self.add_error("later", _l("Please pick yes or no."))
        elif self.later.data == KEEP and min(to_come) <= begins:
            self.add_error("later", _l("What you write down now begins on that day or after it. Pick no."))
        return bool(self.later.data == KEEP)

    def refuse(self, problems: tuple[Problem, ...]) -> None:
        """Put what is wrong beside the fields; the first word on each is enough."""
        for problem in problems:
            name = self.field_of(problem.field)
            if not self[name].errors:
                self.add_error(name, problem_words(problem.code))

    def document(self, today: date) -> dict[str, Any]:
        """Return the schedule as a document."""
        return {
            "v": documents.FORMAT,
            "start": (day_in(self.start) or today).isoformat(),
            "end": end.isoformat() if (end := day_in(self.end)) else None,
            "unit": self.unit.data,
            "plan": self.plan(),
        }

    def plan(self) -> dict[str, Any]:
        """Return the plan as a document; each kind has its own."""
        raise NotImplementedError

    def field_of(self, path: str) -> str:
        """Return the field that a path of the document was typed into."""
        return path if path in {"start", "end", "unit"} else self.first

    @property
    def first(self) -> str:
        """The field beside which stands what is wrong with the whole."""
        return "start"

    @classmethod
    def told(cls, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the fields of this kind say for the plan of a document, as far as they can."""
        return {}

    def validate_name(self, field: Any) -> None:
        """Ask for a name where the catalogue gives none."""
        if not catalogue.get(self.catalogue.data) and not field.data:
            raise StopValidation(_l("Type what it is called."))


def day_in(field: Any) -> date | None:
    """Return the date of a field; None when it is empty, or wrong, which the field itself has said."""
    found: date | None = None if field.errors else field.day
    return found


def answered(*, about_use: bool | None) -> str | None:
    """Return the answer as the form holds it."""
    return None if about_use is None else YES if about_use else NO


def data_of(version: OwnVersion, today: date, *, about_use: bool) -> dict[str, Any]:
    """Return what the fields that all kinds share say for a version of a medicine, which is about to be changed.

    One that is still to come keeps the day from which it holds, unless it holds from its own first day.
    """
    said, schedule = version.said, version.schedule
    return {
        "since": version.since.isoformat() if version.since > max(today, schedule.start) else "",
        "catalogue": said.catalogue or "",
        "name": said.name,
        "strength": said.strength,
        "made_as": said.form or LEFT_OUT,
        "what_for": said.what_for,
        "prescriber": said.prescriber,
        "unit": schedule.unit,
        "start": schedule.start.isoformat(),
        "end": schedule.end.isoformat() if schedule.end else "",
        "about_use": answered(about_use=about_use),
    }


def data_for(medicine: Medicine | None, today: date) -> dict[str, Any]:
    """Return what is filled in for a medicine that was just found in the catalogue."""
    if medicine is None:
        return {"start": today.isoformat()}
    form = medicine.forms[0] if len(medicine.forms) == 1 else LEFT_OUT
    return {
        "catalogue": medicine.key,
        "name": medicine.name,
        "made_as": form,
        "unit": UNIT_OF_FORM.get(form, "tablet"),
        "start": today.isoformat(),
    }


def on_chips(label: Any) -> Any:
    """Return a field of weekdays; its names are offered by `offer_weekdays`."""
    return ChipsField(label)


def offer_weekdays(*fields: Any) -> None:
    """Offer the weekdays by their short names, in the reader's language."""
    names = weekday_names(_WEEKDAYS, "abbreviated")
    for field in fields:
        field.offer((str(number), name) for number, name in zip(_WEEKDAYS, names, strict=True))


def number_field(label: Any, **options: Any) -> Any:
    """Return a short field for a number; what is wrong with it is said by the document's reader."""
    return short_text(label, longest=LONGEST_NUMBER, render_kw={"inputmode": "decimal"}, **options)
