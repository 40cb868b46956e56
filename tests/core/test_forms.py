"""What every form shares: odd input gets a plain message beside its field, and typed words are kept."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel, lazy_gettext
from hypothesis import given
from hypothesis import strategies as st
from wtforms import BooleanField

from patient_app.core import forms
from patient_app.core.forms import ChoiceField, DayField, Form, IdField, ListField, Needed, ScaleField
from patient_app.core.ids import parse_id

_l = lazy_gettext
SAID = _l("Please answer this.")


class Everything(Form):
    """One field of each kind."""

    id = IdField()
    name = forms.short_text(_l("Name"), needed=SAID)
    note = forms.long_text(_l("Note"))
    password = forms.secret_text(_l("Password"), needed=SAID, autocomplete="current-password")
    mood = ChoiceField(_l("Mood"), [(1, "low"), (2, "high")])
    craving = ScaleField(_l("Craving"))
    where = ListField(_l("Where"), choices=[("here", "Here"), ("there", "There")], default="here")
    day = DayField(_l("Day"))
    tick = BooleanField(_l("Tick"))


@pytest.fixture(scope="module")
def bare() -> Flask:
    """Return an application that only knows languages."""
    app = Flask(__name__)
    app.config["WTF_CSRF_ENABLED"] = False
    Babel(app)
    return app


def posted(bare: Flask, data: Any) -> Everything:
    """Return the form as it reads a request, validated."""
    with bare.test_request_context("/", method="POST", data=data):
        form = Everything()
        form.validate()
        form.said = {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        return form


GOOD = {"id": str(uuid.uuid4()), "name": "Ann", "password": "a quiet green harbour"}


def test_the_least_that_is_needed_is_enough_and_the_rest_is_left_out(bare: Flask) -> None:
    form = posted(bare, GOOD)
    assert form.said == {}
    assert str(form.id.value) == GOOD["id"]
    assert (form.name.data, form.mood.data, form.craving.data, form.day.day, form.tick.data) == (
        "Ann",
        None,
        None,
        None,
        False,
    )


def test_nothing_at_all_is_asked_for_in_plain_words(bare: Flask) -> None:
    form = posted(bare, {})
    assert form.said["name"] == ["Please answer this."]
    assert form.said["password"] == ["Please answer this."]


def test_spaces_are_no_answer_and_are_dropped_around_one(bare: Flask) -> None:
    assert "name" in posted(bare, {**GOOD, "name": " \t\n "}).said
    form = posted(bare, {**GOOD, "name": "  Ann  ", "note": "one\r\ntwo\r\n"})
    assert (form.name.data, form.note.data) == ("Ann", "one\ntwo")


def test_a_password_keeps_its_spaces(bare: Flask) -> None:
    assert posted(bare, {**GOOD, "password": " two  spaces "}).password.data == " two  spaces "


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\x7f", "\x85"], ids=range(5))
@pytest.mark.parametrize("field", ["name", "note", "password"])
def test_control_characters_are_refused_and_the_other_words_kept(bare: Flask, field: str, sign: str) -> None:
    text = f"before{sign}after"
    form = posted(bare, {**GOOD, field: text})
    assert "hidden sign" in form.said[field][0]
    assert form[field].data == "beforeafter"


@pytest.mark.parametrize(
    "text", ["مرحبا بالعالم", "\u202eabc\u202c", "👩🏽‍🚀🏳️‍🌈", "a\nb\tc", "Ω≈ç", "x" * 200], ids=range(6)
)
def test_every_script_and_sign_people_write_is_kept(bare: Flask, text: str) -> None:
    form = posted(bare, {**GOOD, "name": text, "note": text})
    assert form.said == {}
    assert (form.name.data, form.note.data) == (text, text)


def test_what_is_too_long_is_told_by_how_much_and_kept_whole(bare: Flask) -> None:
    form = posted(bare, {**GOOD, "name": "x" * 207})
    assert form.said["name"] == ["This is too long by 7 letters. Use 200 or fewer."]
    assert form.name.data == "x" * 207


def test_a_file_is_never_taken_for_words(bare: Flask) -> None:
    form = posted(bare, {**GOOD, "name": (io.BytesIO(b"words of a file"), "name.txt")})
    assert "name" in form.said
    assert not form.name.data


def test_a_field_sent_twice_is_one_answer(bare: Flask) -> None:
    form = posted(bare, {**GOOD, "mood": ["1", "2"], "craving": ["3", "4"], "name": ["Ann", "Ben"]})
    assert form.said == {}
    assert (form.mood.data, form.craving.data, form.name.data) == (2, 4, "Ann")


@pytest.mark.parametrize(
    "text", ["3", "0", "-1", "1.0", "low", "١", " 1", "1 ", "NaN", "\x001", "1" * 5000], ids=range(11)
)
def test_another_answer_than_those_offered_is_refused(bare: Flask, text: str) -> None:
    form = posted(bare, {**GOOD, "mood": text})
    assert form.said["mood"] == ["Pick one of these answers, or leave it out."]
    assert form.mood.data is None


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_a_scale_takes_the_numbers_from_0_to_10_only(bare: Flask, text: str) -> None:
    form = posted(bare, {**GOOD, "craving": text})
    if text in {str(number) for number in range(11)}:
        assert form.craving.data == int(text)
    elif text == "":
        assert form.said == {}
        assert form.craving.data is None
    else:
        assert form.said["craving"] == ["Use a number from 0 to 10, or leave it empty."]


def test_what_is_not_on_a_list_is_refused(bare: Flask) -> None:
    assert posted(bare, {**GOOD, "where": "nowhere"}).said["where"] == ["Pick one from the list."]
    assert posted(bare, {**GOOD, "where": "there"}).where.data == "there"


@pytest.mark.parametrize(
    "text", ["31.05.2026", "2026-13-01", "2026-02-30", "tomorrow", "0000-00-00", "2026-05-31T12:00", "99999-01-01"]
)
def test_what_is_no_date_is_refused_and_kept(bare: Flask, text: str) -> None:
    form = posted(bare, {**GOOD, "day": text})
    assert form.said["day"] == ["Use a date such as 2026-05-31."]
    assert form.day.data == text


def test_half_a_sign_is_a_control_and_marks_of_direction_are_not() -> None:
    assert forms.is_control("\ud800")
    assert not any(forms.is_control(sign) for sign in "\u202e\u200f\u2067\n\t")


def test_a_date_is_read(bare: Flask) -> None:
    assert str(posted(bare, {**GOOD, "day": " 2026-05-31 "}).day.day) == "2026-05-31"


@pytest.mark.parametrize("text", ["", "1", "nonsense", "\x00", "0" * 36])
def test_an_id_that_is_none_is_replaced_so_that_sending_again_works(bare: Flask, text: str) -> None:
    form = posted(bare, {**GOOD, "id": text})
    assert "send it again" in form.said["id"][0]
    assert parse_id(form.id.data) is not None
    assert form.name.data == "Ann"


def test_an_address_cannot_fill_a_form(bare: Flask) -> None:
    with bare.test_request_context("/?name=Ann&password=secret", method="GET"):
        form = Everything()
        assert not form.is_submitted()
        assert not form.name.data
    with bare.test_request_context("/?name=Ann", method="POST", data={"password": "x"}):
        assert not Everything().name.data


def test_a_refusal_of_a_service_stands_beside_its_field(bare: Flask) -> None:
    with bare.test_request_context("/", method="POST", data=GOOD):
        form = Everything()
        assert form.validate()
        form.add_error("name", _l("Somebody has this name."))
        assert [str(error) for error in form.errors["name"]] == ["Somebody has this name."]


def test_what_is_needed_is_told_to_screen_readers() -> None:
    assert Needed(SAID).field_flags == {"required": True}


def test_a_form_knows_whether_it_gives_all_back(bare: Flask) -> None:
    class Plain(Form):
        note = forms.long_text(_l("Note"))

    class Coded(Plain):
        code = forms.short_text(_l("Code"), render_kw={"autocomplete": "one-time-code"})

    with bare.test_request_context("/"):
        assert Plain().gives_all_back
        assert not Coded().gives_all_back
        assert not Everything().gives_all_back
