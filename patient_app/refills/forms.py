"""Forms of what a person has of a medicine."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from patient_app.core.forms import (
    ChoiceField,
    DayField,
    Form,
    IdField,
    ListField,
    Needed,
    Options,
    list_choices,
    short_text,
)
from patient_app.medications import typed
from patient_app.medications.words import UNITS
from patient_app.refills.models import Kind
from patient_app.refills.service import LOOK_BACK, MOST_UNITS, New
from patient_app.refills.strengths import SupplyPlan

KINDS = Options(
    [
        (Kind.FILLED, _l("I got more")),
        (Kind.COUNTED, _l("I counted what is left")),
    ]
)
# Digits, and up to three after a point or comma: what fits into thousandths. Nothing in it can be read two ways.
_AMOUNT = re.compile(r"([0-9]{1,9})(?:[.]([0-9]{1,3}))?")
LONGEST_AMOUNT = 20
NOT_SURE = "?"


def amount_of(text: str) -> Decimal | None:
    """Return a number as it was typed, halves too; None for what is none, or below 0, or has more than three places."""
    found = _AMOUNT.fullmatch(typed.amount(text) or "") if len(text) <= LONGEST_AMOUNT else None
    return None if found is None else Decimal(f"{found[1]}.{found[2] or 0}")


class RanOutForm(Form):
    """A button: nothing is left."""

    id = IdField()


class SupplyForm(Form):
    """What was got or counted, on which day, and a note for oneself."""

    id = IdField()
    kind = ChoiceField(_l("What do you want to write down?"), KINDS, default=Kind.FILLED)
    amount = short_text(
        _l("How many"),
        needed=_l("Type how many, such as 30."),
        longest=LONGEST_AMOUNT,
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    strength = ListField(_l("Of which strength"))
    on = DayField(_l("On which day"), validators=[Needed(_l("Pick the day."))])
    note = short_text(
        _l("A note, if you like"),
        description=_l("Such as which pharmacy, or when you can get more. Only you see it."),
    )

    def by(self, plan: SupplyPlan) -> SupplyForm:
        """Return the form, which now says what amounts count, and asks for the strength where there are several."""
        said = {"unit": UNITS.get(plan.unit, plan.unit)}
        self.amount.description = _l("In %(unit)s. If you count, say what is there in the morning.", **said)
        if plan.are_several:
            named = [(strength, strength) for strength in plan.strengths]
            self.strength.choices = list_choices([*named, (NOT_SURE, _l("I am not sure"))])
        else:
            del self.strength
        return self

    @property
    def asks_for_strength(self) -> bool:
        """Whether it matters which strength it is."""
        return "strength" in self

    def new(self, today: date) -> New | None:
        """Return what is to be stored; None after putting a message beside what is wrong. Only for a valid form."""
        amount, kind = amount_of(self.amount.data), self.kind.data or Kind.FILLED
        if amount is None:
            self.add_error("amount", _l("Type a number, such as 30 or 2.5."))
        elif amount > MOST_UNITS:
            self.add_error("amount", _l("That is more than we can keep. Use %(most)s or less.", most=MOST_UNITS))
        elif amount == 0 and kind == Kind.FILLED:
            self.add_error("amount", _l("Type how many you got. It has to be more than none."))
        on = self.on.day
        if on is None or on > today:
            self.add_error("on", _l("Pick today, or a day before it."))
        elif on < today - LOOK_BACK:
            self.add_error("on", _l("That day is too long ago to count."))
        if self.errors or amount is None or on is None:
            return None
        of = None
        if self.asks_for_strength:
            of = "" if self.strength.data == NOT_SURE else self.strength.data
        return New(self.id.value, Kind(kind), on, amount, self.note.data or "", of)
