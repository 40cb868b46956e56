"""Forms of the dose log: what is due together, one dose, and one taken as needed. Nothing is chosen beforehand."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, StringField
from wtforms.validators import StopValidation

from patient_app.core import clock
from patient_app.core.forms import OUT_OF_DATE, ChoiceField, Form, IdField, Options, short_text, without_controls
from patient_app.core.ids import parse_id
from patient_app.core.times import as_sent, of_field
from patient_app.medications.dose_log import Slot
from patient_app.medications.dose_words import LATER, STATES
from patient_app.medications.models import DoseState
from patient_app.medications.reader import MOST_AMOUNT
from patient_app.medications.skipping import LONGEST_WORDS, WORDS, Reason, Why
from patient_app.medications.when import Later

# More doses are not due together, nor on one day.
_MOST_DOSES = 200
_SLOT = re.compile(r"[a-z0-9:]{1,16}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,6}([.,][0-9]{1,3})?", re.ASCII)
# What the buttons of a list say.
ALL_TAKEN, MARKED, UNDO = "taken", "marked", "undo"
_STATES = {str(state): state for state in STATES}
_STATE = "state-"
# As `ChoiceField` says it.
_PICK_ONE = _l("Pick one of these answers, or leave it out.")
_WORDS_HINT = _l("It is read only by those who see your use as well.")


def key_of(slot: Slot) -> str:
    """Return how a form names a dose among those of its date."""
    return f"{slot.medicine_id}.{slot.slot}"


class DosesField(Field):  # type: ignore[misc]  # WTForms has no types.
    """Which doses a form is about, and what is marked of each: `dose` repeated, and `state-<dose>`.

    `marked` is all that is marked, by dose, also of a form that is refused; beside which doses its message stands, is
    `beside`.
    """

    widget = None

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Read the names; what is none makes the form one of a page that is out of date."""
        self.process_errors: list[Any] = []
        self.data: dict[tuple[Any, str], DoseState | None] = {}
        self.marked: dict[str, DoseState] = {}
        self.beside: list[str] = []
        named = list(dict.fromkeys(formdata.getlist(self.name))) if formdata is not None else []
        for name in formdata or ():
            if name.startswith(_STATE) and formdata.get(name) in _STATES:
                self.marked[name.removeprefix(_STATE)] = _STATES[formdata.get(name)]
        for key in named[:_MOST_DOSES]:
            medicine, _, slot = key.partition(".")
            medicine_id, said = parse_id(medicine), formdata.get(f"{_STATE}{key}", "")
            if medicine_id is None or not _SLOT.fullmatch(slot):
                self.process_errors, self.beside = [OUT_OF_DATE], []
                return
            if said and said not in _STATES:
                self.process_errors = [_PICK_ONE]
                self.beside.append(key)
            self.data[medicine_id, slot] = _STATES.get(said)
        if formdata is not None and not 0 < len(named) <= _MOST_DOSES:
            self.process_errors, self.beside = [OUT_OF_DATE], []


class ClockField(StringField):  # type: ignore[misc]  # WTForms has no types.
    """A time of the clock (HH:MM), or nothing; `time` is its value."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label, filters=[without_controls, as_sent], render_kw={"type": "time"}, **options)

    @property
    def time(self) -> time | None:
        """The time; None when it was left empty."""
        return time.fromisoformat(self.data) if self.data else None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no time."""
        if self.data and of_field(self.data) is None:
            raise StopValidation(_l("Use a time such as 8:30 AM."))


class AmountField(StringField):  # type: ignore[misc]  # WTForms has no types.
    """How much was taken, in the plan's unit, or nothing; `thousandths` is its value."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label, filters=[_tidied], render_kw={"inputmode": "decimal"}, **options)

    @property
    def thousandths(self) -> int | None:
        """The amount as it is stored; None when it was left empty."""
        return int(_number(self.data) * 1000) if self.data else None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no amount that somebody can take."""
        if not self.data:
            return
        if not _AMOUNT.fullmatch(self.data):
            raise StopValidation(_l("Use a number such as 1 or 0.5."))
        if not 0 < _number(self.data) <= MOST_AMOUNT:
            raise StopValidation(_l("Use a number above 0, as on the label. Or leave it empty."))


class TapForm(Form):
    """What every form of the log carries unseen: its id, the zone of the phone, and the page and place it came from."""

    form_errors: list[Any]
    id = IdField()
    zone = HiddenField(filters=[without_controls])
    back = HiddenField(filters=[without_controls])
    part = HiddenField(filters=[without_controls])

    def is_part(self, name: str) -> bool:
        """Whether it is the form of this name on its page that was sent."""
        return bool(self.part.data == name)

    @property
    def kept_zone(self) -> str:
        """The zone that was sent, for the page that shows a refused form again; none that does not exist."""
        return self.zone_or("") and str(self.zone.data)

    @property
    def kept_back(self) -> str:
        """The page it came from, for the same."""
        return "today" if self.is_from_today else ""

    def say_above(self, *names: str) -> None:
        """Say above all what is wrong with these fields: they are not shown on the page."""
        for field in (self[name] for name in names):
            self.form_errors = [*self.form_errors, *field.errors]
            field.errors = ()

    def zone_or(self, fallback: str) -> str:
        """Return the zone that the phone named, or the person's own when it named none that exists."""
        sent = self.zone.data or ""
        return sent if clock.find_zone(sent) else fallback

    @property
    def is_from_today(self) -> bool:
        """Whether it stood on the page of all medicines."""
        return bool(self.back.data == "today")


class _OtherwiseForm(TapForm):
    """What can be said of a dose that was not taken."""

    later = ChoiceField(_l("Ask again in"), Options(LATER.items()))
    why = ChoiceField(_l("Why, if you like"), Options(WORDS.items()))
    own_words = short_text(_l("In your own words"), longest=LONGEST_WORDS, description=_WORDS_HINT)

    @property
    def reason(self) -> Why | None:
        """Why it was left out; words of one's own are a reason too."""
        words = " ".join((self.own_words.data or "").split())
        if words and self.why.data in {None, Reason.OTHER}:
            return Why(Reason.OTHER, words)
        return Why(Reason(self.why.data)) if self.why.data else None

    @property
    def chosen_later(self) -> Later:
        """For how long it is put off; half an hour where nothing was chosen."""
        return Later(self.later.data) if self.later.data else Later.HALF_AN_HOUR


class DayForm(_OtherwiseForm):
    """Doses of one date of the plan: all taken, each marked, or all taken back."""

    dose = DosesField()
    do = HiddenField(filters=[without_controls])

    @property
    def takes_back(self) -> bool:
        """Whether it is the form that takes back, which does nothing else."""
        return self.do.data == UNDO or (self.part.data or "").endswith(f"-{UNDO}")

    @property
    def contradicts(self) -> bool:
        """Whether all is to be logged as taken, and something was said of doses that were not."""
        said = {*self.dose.data.values()} - {None, DoseState.TAKEN}
        return self.do.data == ALL_TAKEN and not self.takes_back and bool(said or self.reason)

    def states(self, day: date) -> dict[Slot, DoseState]:
        """Return what is to be logged; nothing where nothing was marked. Only after the form was found valid."""
        all_of = DoseState.OPEN if self.takes_back else DoseState.TAKEN if self.do.data == ALL_TAKEN else None
        named = {Slot(medicine_id, day, slot): all_of or said for (medicine_id, slot), said in self.dose.data.items()}
        return {slot: state for slot, state in named.items() if state is not None}


class When:
    """When a dose was taken, as it is chosen."""

    NOW, PLANNED, TIME, DAY = "now", "planned", "time", "day"


_WHEN = [
    (When.NOW, _l("Just now")),
    (When.PLANNED, _l("At the planned time")),
    (When.TIME, _l("At another time")),
    (When.DAY, _l("I know only the day")),
]


class DoseForm(_OtherwiseForm):
    """One dose: taken, also at another time or another amount; put off; left out; or taken back."""

    do = HiddenField(filters=[without_controls])
    state = ChoiceField(_l("What about this dose?"), Options(STATES.items()))
    when = ChoiceField(_l("When did you take it?"), Options(_WHEN))
    time = ClockField(_l("Time"))
    amount = AmountField(_l("How much, if it was another amount"))

    @property
    def typed(self) -> str:
        """What of time and amount was chosen, as it was sent; nothing for a plain tap."""
        when = self.when.data if self.when.data in {When.PLANNED, When.TIME, When.DAY} else ""
        said = [when, self.time.data or "" if when == When.TIME else "", self.amount.data or ""]
        return "/".join(said) if any(said) else ""

    def validate(self, *args: Any, **options: Any) -> bool:
        """Find out whether it can be logged: a state is needed, and a time where one is to be told."""
        is_valid = bool(super().validate(*args, **options))
        if self.do.data == UNDO:
            return is_valid
        if self.state.data is None and not self.state.errors:
            self.add_error("state", _l("Pick one: taken, later or skipped."))
            return False
        if self.state.data == DoseState.TAKEN and self.when.data == When.TIME and not self.time.data:
            self.add_error("time", _l("Write the time, or pick another answer."))
            return False
        return is_valid


class AsNeededForm(TapForm):
    """One taken as needed: now, or at a time of a day; or one taken back."""

    day = HiddenField(filters=[without_controls])
    when = ChoiceField(_l("When did you take it?"), Options([one for one in _WHEN if one[0] != When.PLANNED]))
    time = ClockField(_l("Time"))
    amount = AmountField(_l("How much, if it was another amount"))
    undo = HiddenField(filters=[without_controls])
    anyway = BooleanField(_l("Write it down anyway"))

    @property
    def takes_back(self) -> bool:
        """Whether it takes one back, whatever it says of which."""
        return bool(self.undo.raw_data) or (self.part.data or "").startswith(f"{UNDO}-")

    @property
    def typed(self) -> str:
        """What was chosen, as it was sent."""
        return "/".join([self.day.data or "", self.when.data or "", self.time.data or "", self.amount.data or ""])

    def validate(self, *args: Any, **options: Any) -> bool:
        """Find out whether it can be logged: a time is needed where one is to be told."""
        is_valid = bool(super().validate(*args, **options))
        if self.when.data == When.TIME and not self.time.data:
            self.add_error("time", _l("Write the time, or pick another answer."))
            return False
        return is_valid


def _tidied(text: str | None) -> str:
    return without_controls(text).strip()


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))
