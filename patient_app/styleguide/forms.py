"""Forms that exist to be looked at: one with every kind of field."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, PasswordField, SelectMultipleField, StringField, TextAreaField

from patient_app.core.forms import ChoiceField, DayField, Form, IdField, ListField, ScaleField, list_choices

PLACES = [("home", "At home"), ("work", "At work"), ("out", "Out with people"), ("alone", "On my own")]
FACES = [(1, "Very low"), (2, "Low"), (3, "In between"), (4, "Good"), (5, "Very good")]


def _said(words: str) -> Any:
    """Return words that are never translated, where a field asks for words that are."""
    return words


class SampleForm(Form):
    """Every kind of field."""

    id = IdField()
    text = StringField("What people call you", description="As you want to be greeted.")
    secret = PasswordField("Password")
    day = DayField(_said("A day"))
    time = StringField("A time")
    note = TextAreaField("A note, if you like", description="Nobody reads notes unless you share them.")
    one = ListField(_said("Where you live"), choices=[("east", "East"), ("west", "West")])
    yes = BooleanField("Keep this to myself", description="You can change it later.")
    answer = ChoiceField(_said("Since last time, did you?"), [("no", "No"), ("yes", "Yes")])
    several = SelectMultipleField("Where does it happen?", choices=list_choices(PLACES))
    chips = SelectMultipleField("What helped?", choices=list_choices(PLACES))
    own = StringField("Something else")
    pull = ScaleField(_said("Any pull?"), description="0 is none. 10 is the strongest ever.")
    mood = ChoiceField(_said("How are you now?"), FACES)


FILLED = {
    "text": "Maximiliana-Theodora Featherstonehaugh-Cholmondeley",
    "day": "2026-05-31",
    "time": "07:30",
    "note": "Walked home the long way.",
    "one": "west",
    "yes": True,
    "answer": "yes",
    "several": ["home", "out"],
    "chips": ["work"],
    "own": "The dog",
    "pull": 7,
    "mood": 2,
}


def samples() -> dict[str, SampleForm]:
    """Return the form empty, filled in, and refused with a message at each field."""
    refused = SampleForm(formdata=None, prefix="refused-", data=FILLED)
    for field in refused:
        if field.short_name != "id":
            field.errors = ["Say what to type or do next."]
    return {
        "empty": SampleForm(formdata=None, prefix="empty-"),
        "filled": SampleForm(formdata=None, prefix="filled-", data=FILLED),
        "refused": refused,
    }
