"""What every form shares: plain messages, typed words kept, and text that is checked the same way everywhere.

Forms validate with WTForms, without tokens (see `same_origin`). Files are never taken for text: only the form's own
fields are read, so a wrong kind of part cannot become a value.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, ClassVar

from flask import request
from flask_babel import LazyString, lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import Choice, SelectChoice
from wtforms.fields.core import Label, UnboundField
from wtforms.i18n import DummyTranslations
from wtforms.validators import StopValidation, ValidationError

from patient_app.core.ids import new_id, parse_id

_l = lazy_gettext

SHORT_TEXT = 200
LONG_TEXT = 4000
SECRET_TEXT = 256
OUT_OF_DATE = _l("This page was out of date. Your words are still here. Please send it again.")
# The categories Cc and Cs of Unicode, which no new version of it changes, but for line breaks and tabs.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_AS_THEY_ARE = DummyTranslations()


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types.
    """A form read from the request's own fields when it was posted."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF has no types.
        """No tokens, and no files among the fields."""

        csrf = False

        def wrap_formdata(self, _form: object, formdata: Any) -> Any:
            """Read posted fields only; `formdata=None` makes a form that reads nothing."""
            if formdata is None or hasattr(formdata, "getlist"):
                return formdata
            return request.form if request and request.method == "POST" else None

        def bind_field(self, form: FlaskForm, unbound_field: UnboundField[Field], options: dict[str, Any]) -> Field:
            """Give a form its field: a copy of one that is made once, since making one costs several times as much.

            A form may change what is its field's own, `label` among it, but nothing inside of what a field was made of.
            """
            made: dict[str, Field] = vars(unbound_field).setdefault("made", {})
            name = options["prefix"] + options["name"]
            if name not in made:
                made[name] = super().bind_field(None, unbound_field, {**options, "_meta": self})
            first = made[name]
            field: Field = object.__new__(type(first))
            vars(field).update(vars(first), meta=self, _form=form, label=Label(first.label.field_id, first.label.text))
            return field

        def get_translations(self, _form: object) -> Any:
            """Take WTForms' few own words as they are: messages here are ours, and its catalogue is slow to read."""
            return _AS_THEY_ARE

    # Whether the list of what to check names each field: where what is said beside them does not tell it.
    names_fields: ClassVar[bool] = False

    def renew_id(self) -> None:
        """Give the form a fresh id and say so: the one it was sent with cannot be used."""
        self["id"].data = str(new_id())
        self["id"].errors = [OUT_OF_DATE]

    @property
    def gives_all_back(self) -> bool:
        """Whether the page shows again all that was typed: passwords and codes it never does."""
        return not any(_is_secret(field.__class__, field.render_kw) for field in self)

    def add_error(self, field: str, message: LazyString | str) -> None:
        """Put a message beside a field after the form itself was found valid (a service refused it)."""
        self[field].errors = [*self[field].errors, message]


class IdField(HiddenField):  # type: ignore[misc]  # WTForms has no types.
    """The id of what is being written: made with the form, so that sending twice stores once."""

    def __init__(self, **options: Any) -> None:
        super().__init__("", default=lambda: str(new_id()), **options)

    data: str | None

    @property
    def value(self) -> uuid.UUID:
        """The id; only after the form was found valid."""
        found = parse_id(self.data)
        if found is None:
            raise ValueError("The id was not checked.")
        return found

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not an id, and give the page a fresh one."""
        if parse_id(self.data) is None:
            self.data = str(new_id())
            raise StopValidation(OUT_OF_DATE)


class PlainText:
    """Refuses what is too long or holds control characters; spaces around the text are dropped beforehand."""

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def __call__(self, form: object, field: Field) -> None:
        """Raise a message that says what to do."""
        text = field.data or ""
        if text:
            field.data = without_controls(text)  # What is shown again is text that a page can hold.
        if len(text) > self.longest:
            raise ValidationError(
                _l(
                    "This is too long by %(count)s letters. Use %(most)s or fewer.",
                    count=len(text) - self.longest,
                    most=self.longest,
                )
            )
        if _CONTROLS.search(text):
            raise ValidationError(_l("There is a hidden sign in this text that we cannot keep. Please type it again."))


def is_control(letter: str) -> bool:
    """Whether a character is one that `without_controls` leaves out."""
    return _CONTROLS.match(letter) is not None


def without_controls(text: str | None) -> str:
    """Return a text without controls and lone surrogates; line breaks, tabs and marks of direction stay."""
    return _CONTROLS.sub("", text or "")


class Needed:
    """Asks for an answer in plain words."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads this class attribute.

    def __init__(self, message: LazyString) -> None:
        self.message = message

    def __call__(self, form: object, field: Field) -> None:
        """Stop with the message when nothing was given."""
        data = field.data
        if data in (None, [], ()) or (isinstance(data, str) and not data.strip()):
            field.errors = []
            raise StopValidation(self.message)


def _tidy(text: str | None) -> str | None:
    return text.replace("\r\n", "\n").strip() if isinstance(text, str) else text


def short_text(
    label: LazyString, *, needed: LazyString | None = None, longest: int = SHORT_TEXT, **options: Any
) -> Any:
    """Return a field for one line of text."""
    return StringField(label, validators=_text_checks(needed, longest), filters=[_tidy], **options)


def long_text(label: LazyString, *, needed: LazyString | None = None, longest: int = LONG_TEXT, **options: Any) -> Any:
    """Return a field for several lines of text."""
    return TextAreaField(label, validators=_text_checks(needed, longest), filters=[_tidy], **options)


def secret_text(label: LazyString, *, needed: LazyString, autocomplete: str, **options: Any) -> Any:
    """Return a password field; pasting and password managers work (WCAG 3.3.8)."""
    return PasswordField(
        label,
        validators=[Needed(needed), PlainText(SECRET_TEXT)],
        render_kw={"autocomplete": autocomplete},
        **options,
    )


def _text_checks(needed: LazyString | None, longest: int) -> list[Callable[..., None]]:
    checks: list[Callable[..., None]] = [Needed(needed)] if needed is not None else []
    return [*checks, PlainText(longest)]


class Options:
    """The answers of a `ChoiceField` as (value, text) pairs, made ready once for all forms that offer them."""

    def __init__(self, pairs: Iterable[tuple[Any, LazyString | str]]) -> None:
        self.pairs = list(pairs)
        self.known = {str(value): value for value, _ in self.pairs}
        self.choices = list_choices(self.pairs)

    def __iter__(self) -> Iterator[tuple[Any, LazyString | str]]:
        """Yield the pairs."""
        return iter(self.pairs)


class ChoiceField(RadioField):  # type: ignore[misc]  # WTForms has no types.
    """One of a few answers, or none: an empty value means that the question was left out, and `data` is None."""

    def __init__(
        self, label: LazyString, choices: Options | Iterable[tuple[Any, LazyString | str]], **options: Any
    ) -> None:
        ready = choices if isinstance(choices, Options) else Options(choices)
        self.known = ready.known
        super().__init__(label, choices=ready.choices, validate_choice=False, **options)

    def iter_choices(self) -> Iterator[Choice]:
        """Yield the answers; the one that was given is selected."""
        given = None if self.data is None else str(self.data)
        for choice in self.choices:
            yield Choice(choice.value, choice.label, choice.value == given, {})

    def process_data(self, value: Any) -> None:
        """Keep the stored value as it is."""
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read one answer; the last when a broken page sends several."""
        text = valuelist[-1] if valuelist else ""
        self.data = self.known.get(text)
        if text and self.data is None:
            raise ValueError(self.unknown())

    def unknown(self) -> LazyString:
        """Return what is said about an answer that is none of the choices."""
        return _l("Pick one of these answers, or leave it out.")


class ScaleField(ChoiceField):
    """A whole number from 0 to 10, or nothing."""

    def __init__(self, label: LazyString, **options: Any) -> None:
        super().__init__(label, _ZERO_TO_TEN, **options)

    def unknown(self) -> LazyString:
        """Return what is said about anything but such a number."""
        return _l("Use a number from 0 to 10, or leave it empty.")


class ChipsField(Field):  # type: ignore[misc]  # WTForms has no types.
    """Any number of a few answers, as a tuple of their values in the order of the list."""

    widget = None

    def __init__(self, label: LazyString, choices: Iterable[tuple[str, LazyString | str]] = (), **options: Any) -> None:
        super().__init__(label, **options)
        self.pairs = list(choices)
        self.hidden: frozenset[str] = frozenset()
        self.data: tuple[str, ...] = ()

    def hide(self, values: Iterable[str]) -> None:
        """Draw these answers only where they were given; a page that was drawn before may still send them."""
        self.hidden = frozenset(values)

    def offer(self, pairs: Iterable[tuple[str, LazyString | str]]) -> None:
        """Add answers that one person has beside those that everybody has."""
        self.pairs = [*self.pairs, *pairs]

    def iter_choices(self) -> Iterator[Choice]:
        """Yield the answers; those that were given are selected."""
        for value, label in self.pairs:
            if value in self.data or value not in self.hidden:
                yield Choice(value, label, value in self.data, {})

    def process_data(self, value: Any) -> None:
        """Keep the stored values."""
        self.data = tuple(value or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was ticked; whether it is on the list is only known once the list is whole."""
        self.data = tuple(dict.fromkeys(valuelist))

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not on the list, and forget it: a page cannot tick what it does not show."""
        known = {value for value, _ in self.pairs}
        given = self.data
        self.data = tuple(value for value, _ in self.pairs if value in given)
        if not set(given) <= known:
            raise StopValidation(_l("Pick from these answers."))


class ListField(SelectField):  # type: ignore[misc]  # WTForms has no types.
    """One of a list of (value, text) pairs, with a plain message when the page was out of date."""

    def __init__(self, label: LazyString, choices: Iterable[tuple[str, LazyString | str]] = (), **options: Any) -> None:
        super().__init__(label, choices=list_choices(choices), **options)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not on the list."""
        if not any(choice.selected for choice in self.iter_choices()):
            raise StopValidation(_l("Pick one from the list."))


def list_choices(pairs: Iterable[tuple[Any, LazyString | str]]) -> list[SelectChoice]:
    """Return pairs as the choices of a list, to be set on a form that was made for one request."""
    return [SelectChoice(str(value), text) for value, text in pairs]


_ZERO_TO_TEN = Options((number, str(number)) for number in range(11))


class DayField(StringField):  # type: ignore[misc]  # WTForms has no types.
    """A calendar date in the form that browsers send (YYYY-MM-DD), or nothing; `day` is its value."""

    def __init__(self, label: LazyString, **options: Any) -> None:
        super().__init__(label, filters=[without_controls, _tidy], render_kw={"type": "date"}, **options)

    @property
    def day(self) -> date | None:
        """The date; None when it was left empty."""
        return date.fromisoformat(self.data) if self.data else None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no date."""
        if not self.data:
            return
        try:
            date.fromisoformat(self.data)
        except ValueError:
            raise StopValidation(_l("Use a date such as 2026-05-31.")) from None


# ------------------------------------------------------------------------------------- what a refused form had in it
def words_of(sent: MultiDict[str, str]) -> list[tuple[str, str]]:
    """Return the questions and answers of a form as a person saw them, from what was sent.

    For pages that cannot make the form itself, having neither person nor database: each field is taken for that of the
    form with the most of these fields. Hidden ones are left out, and so is what no form of ours has. What is a password
    or a code in any form is never shown.
    """
    asked: dict[str, _Question] = {}
    secret = set()
    for form in sorted(_all_forms(Form), key=lambda each: -len(_questions(each).keys() & sent.keys())):
        for name, question in _questions(form).items():
            asked.setdefault(name, question)
            secret |= {name} if question.secret else set()
    answers = []
    for name, question in asked.items():
        words = ", ".join(filter(None, map(question.word, sent.getlist(name))))
        if words and question.label and name not in secret:
            answers.append((str(question.label), words))
    return answers


@dataclass(frozen=True, slots=True)
class _Question:
    label: LazyString | str  # Empty for what nobody sees.
    choices: dict[str, LazyString | str]
    secret: bool

    def word(self, value: str) -> str:
        """Return an answer as the page showed it; empty for a name that only we use."""
        if value in self.choices:
            return str(self.choices[value])
        return "" if parse_id(value) is not None else without_controls(value).strip()


def _all_forms(form: Any) -> Iterator[Any]:
    for each in form.__subclasses__():
        yield each
        yield from _all_forms(each)


@cache
def _questions(form: Any) -> dict[str, _Question]:
    found = {}
    for name in dir(form):
        field = getattr(form, name)
        if isinstance(field, UnboundField):
            found[name] = _question(field)
    return dict(sorted(found.items(), key=lambda item: getattr(form, item[0]).creation_counter))


def _question(field: UnboundField[Field]) -> _Question:
    given = dict(zip(("label", "choices"), field.args, strict=False)) | field.kwargs
    choices: Iterable[tuple[str, LazyString | str]] = ()
    if issubclass(field.field_class, BooleanField):
        choices = [("y", _l("Yes"))]
    elif issubclass(field.field_class, ChoiceField | ChipsField | ListField):
        choices = given.get("choices") or ()
    label = "" if issubclass(field.field_class, HiddenField) else given.get("label", "")
    secret = _is_secret(field.field_class, given.get("render_kw"))
    return _Question(label, {str(each[0]): each[1] for each in choices}, secret)


def _is_secret(kind: type[Field], attributes: dict[str, str] | None) -> bool:
    """Whether a field is for a password or a one-time code."""
    return issubclass(kind, PasswordField) or (attributes or {}).get("autocomplete") == "one-time-code"
