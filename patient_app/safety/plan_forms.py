"""The forms of a safety plan: one short form a step, every field of which can be left out."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import format_date
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import ValidationError

from patient_app.accounts.practice_forms import PHONE
from patient_app.core import clock
from patient_app.core.forms import ChoiceField, Form, IdField, ListField, PlainText, list_choices, long_text, short_text
from patient_app.safety.models import Step
from patient_app.safety.plan import WITH_CONTACTS, Contact, MadeWith, StepWords
from patient_app.safety.plan_words import HEADINGS, MADE_WITH

CONTACTS = (1, 2, 3, 4)
FEWEST_DIGITS, MOST_DIGITS = 3, 20
YEARS_AHEAD = 6
LEFT_OUT = "0"
_BIGGEST_VERSION = 1_000_000


class StepForm(Form):
    """What every step has: the id of what is written, and the version that stood on the page."""

    first = "words"  # Where a message about the whole step stands.
    id = IdField()
    base = HiddenField(validators=[PlainText(20)])

    def base_version(self) -> int:
        """Return the version that the person had before them; 0 for none, and for what is no number."""
        text = self.base.data or ""
        return min(int(text), _BIGGEST_VERSION) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 - more digits than any version has.

    @classmethod
    def data_of(cls, words: StepWords) -> dict[str, Any]:
        """Return what the fields say for what a step says."""
        raise NotImplementedError

    def said(self) -> StepWords:
        """Return what the step is to say; only after the form was found valid."""
        raise NotImplementedError


class WordsForm(StepForm):
    """A step in words, a line for each thing."""

    words = long_text(_l("In your own words"), description=_l("One on each line."))
    about_use = BooleanField(
        _l("This is about alcohol or drugs"),
        description=_l(
            "Then a share of your plan leaves this step out. It is seen only where you share alcohol and drugs too."
        ),
    )

    @classmethod
    def data_of(cls, words: StepWords) -> dict[str, Any]:
        """Return the text, and whether it is about use."""
        return {"words": words.text, "about_use": words.about_use}

    def said(self) -> StepWords:
        """Return the words."""
        return StepWords(text=self.words.data or "", about_use=bool(self.about_use.data))


def _name() -> Any:
    return short_text(_l("Name"), longest=80, render_kw={"autocomplete": "off"})


def _phone() -> Any:
    return short_text(_l("Phone number"), longest=40, render_kw={"type": "tel", "autocomplete": "off"})


def _check_phone(_form: object, field: Field) -> None:
    """Refuse what a phone could not call."""
    text = field.data or ""
    digits = sum(sign.isdigit() for sign in text)
    if text and not (PHONE.fullmatch(text) and FEWEST_DIGITS <= digits <= MOST_DIGITS):
        raise ValidationError(_l("Use a number such as 555 0100 or +1 555 0100, or leave it empty."))


class ContactsForm(WordsForm):
    """A step with people to call, and room for words."""

    name_1, phone_1 = _name(), _phone()
    name_2, phone_2 = _name(), _phone()
    name_3, phone_3 = _name(), _phone()
    name_4, phone_4 = _name(), _phone()
    validate_phone_1 = validate_phone_2 = validate_phone_3 = validate_phone_4 = _check_phone

    @property
    def people(self) -> list[tuple[Field, Field]]:
        """The fields of each person."""
        return [(self[f"name_{number}"], self[f"phone_{number}"]) for number in CONTACTS]

    @classmethod
    def data_of(cls, words: StepWords) -> dict[str, Any]:
        """Return the text and the people."""
        people = dict(zip(CONTACTS, words.contacts, strict=False))
        names = {f"name_{number}": contact.name for number, contact in people.items()}
        return super().data_of(words) | names | {f"phone_{number}": one.phone for number, one in people.items()}

    def said(self) -> StepWords:
        """Return the words and the people of whom anything was told."""
        told = [Contact(name.data or "", phone.data or "") for name, phone in self.people]
        return StepWords(
            text=self.words.data or "",
            contacts=tuple(contact for contact in told if contact.name or contact.phone),
            about_use=bool(self.about_use.data),
        )


class NaloxoneForm(StepForm):
    """Where naloxone is, and when it expires."""

    first = "place"
    place = short_text(_l("Where it is"))
    month = ListField(_l("The month in which it expires"))
    year = ListField(_l("The year in which it expires"))

    def __init__(self, **given: Any) -> None:
        """Offer the months by name, and the years in which such a thing can expire."""
        super().__init__(**given)
        names = [(f"{month:02}", format_date(date(2000, month, 1), "LLLL")) for month in range(1, 13)]
        self.month.choices = list_choices([(LEFT_OUT, _l("Leave it out")), *names])
        this_year = clock.now().year
        years = {str(year) for year in range(this_year - 1, this_year + YEARS_AHEAD)} | {given.get("year", LEFT_OUT)}
        self.year.choices = list_choices(
            [(LEFT_OUT, _l("Leave it out")), *((year, year) for year in sorted(years - {LEFT_OUT}))]
        )

    @classmethod
    def data_of(cls, words: StepWords) -> dict[str, Any]:
        """Return the place and the month."""
        year, _, month = words.expires.partition("-")
        return {"place": words.text, "month": month or LEFT_OUT, "year": year or LEFT_OUT}

    def validate_year(self, field: Field) -> None:
        """Ask for the other half of a date of which one half was given."""
        if (field.data == LEFT_OUT) != (self.month.data == LEFT_OUT):
            raise ValidationError(_l("Pick both a month and a year, or leave both out."))

    def said(self) -> StepWords:
        """Return the place and the month; always about use."""
        expires = f"{self.year.data}-{self.month.data}" if self.year.data != LEFT_OUT else ""
        return StepWords(text=self.place.data or "", expires=expires, about_use=True)


class MadeForm(StepForm):
    """Whether the plan was made alone, or with somebody from the team."""

    first = "made"
    made = ChoiceField(HEADINGS[Step.MADE], list(MADE_WITH.items()))

    @classmethod
    def data_of(cls, words: StepWords) -> dict[str, Any]:
        """Return the answer."""
        return {"made": words.made_with}

    def said(self) -> StepWords:
        """Return the answer."""
        return StepWords(made_with=MadeWith(self.made.data) if self.made.data else None)


_FORMS: dict[Step, type[StepForm]] = {Step.NALOXONE: NaloxoneForm, Step.MADE: MadeForm}


def form_of(step: Step, words: StepWords, **options: Any) -> StepForm:
    """Return the form of a step, filled with what it says."""
    kind = _FORMS.get(step, ContactsForm if step in WITH_CONTACTS else WordsForm)
    return kind(**kind.data_of(words), **options)
