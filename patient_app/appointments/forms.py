"""Forms of appointments: the one that patients fill in and clinicians too, and the three things to raise."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, StringField
from wtforms.validators import StopValidation, ValidationError

from patient_app.accounts.registry import one_line
from patient_app.appointments.raising import LONGEST_LINE, Listed, Wishes
from patient_app.appointments.said import Entered, Said
from patient_app.appointments.when import NoSuchTime, Start, is_near, start
from patient_app.core import clock
from patient_app.core.forms import (
    OUT_OF_DATE,
    DayField,
    Form,
    IdField,
    ListField,
    Needed,
    PlainText,
    list_choices,
    long_text,
    short_text,
    without_controls,
)
from patient_app.core.ids import parse_id
from patient_app.core.roles import Discipline
from patient_app.core.times import as_field, as_sent, of_field

LONGEST_WORDS = 120
LONGEST_LINK = 400
LENGTHS = (15, 20, 30, 45, 50, 60, 75, 90, 120, 180)
_LARGEST_VERSION = 9
_NO_SUCH_TIME = _l("The clocks are put forward then, so this time does not come that day. Pick another.")
_NOT_NEAR = _l("Pick a day that is nearer to now.")


class ClockField(StringField):  # type: ignore[misc]  # WTForms has no types.
    """A time of the clock (HH:MM)."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label, filters=[without_controls, as_sent], render_kw={"type": "time"}, **options)

    @property
    def minute(self) -> int | None:
        """The minute of the day; None when it was left empty."""
        return of_field(self.data) if self.data else None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no time."""
        if self.data and of_field(self.data) is None:
            raise StopValidation(_l("Use a time such as 8:30 AM."))


def is_link(text: str) -> bool:
    """Whether a text is an address that a link may lead to: https, to a host by its name, and nothing hidden in it."""
    if not text.startswith("https://") or len(text) > LONGEST_LINK or re.search(r"[\s\\<>\"'`]", text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    is_plain = parts.username is None and parts.password is None and port in {None, 443}
    return is_plain and re.fullmatch(r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}", host) is not None


def version_of(text: str | None) -> int:
    """Return the number of a version that a page names; 0 for anything that is none."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LARGEST_VERSION else 0


class AppointmentForm(Form):
    """Whom somebody meets, when, where."""

    id = IdField()
    base = HiddenField(filters=[without_controls])
    # By whose clock the page told the time; a phone may send it when the person's zone is another one.
    zone = HiddenField(filters=[without_controls])
    with_whom = ListField(_l("With whom"), default="")
    who = short_text(_l("Their name, if it is somebody else"), longest=LONGEST_WORDS)
    on = DayField(_l("On which day"), validators=[Needed(_l("Pick the day."))])
    at = ClockField(_l("At what time"), validators=[Needed(_l("Type the time."))])
    minutes = ListField(_l("How long"), default="")
    place = short_text(
        _l("Where"), longest=LONGEST_WORDS, description=_l("Such as a room or a street. Leave it empty for a call.")
    )
    link = short_text(
        _l("Link, if you meet by video"),
        longest=LONGEST_LINK,
        description=_l("It starts with https://"),
        render_kw={"inputmode": "url", "autocomplete": "off"},
    )
    about_use = BooleanField(
        _l("This visit is about alcohol or drugs"),
        description=_l("Then nobody else on your team sees it, unless you share alcohol and drugs with them."),
    )
    cancelled = BooleanField(_l("It is cancelled"))

    @classmethod
    def offering(
        cls, people: Sequence[tuple[uuid.UUID, str]], *, kept: int | None = None, **options: Any
    ) -> AppointmentForm:
        """Return the form with these clinicians to pick from, or somebody who is none of them.

        `kept` is a length that is there already.
        """
        form = cls(**options)
        picks: list[tuple[str, LazyString | str]] = [(str(one), name) for one, name in people]
        form.with_whom.choices = list_choices([("", _l("Somebody else")), *picks])
        form.offer_lengths(kept)
        return form

    @classmethod
    def of(cls, people: Sequence[tuple[uuid.UUID, str]], one: Entered) -> AppointmentForm:
        """Return the form filled with an appointment as it is now."""
        said = one.said
        if said.clinician_id is not None and all(said.clinician_id != each for each, _ in people):
            people = [*people, (said.clinician_id, one.name)]  # Off the team by now, and still whom one meets.
        told = {"with_whom": str(said.clinician_id or ""), "who": said.who}
        return cls.offering(people, kept=said.minutes, **told, **cls.data_of(one))

    @classmethod
    def data_of(cls, one: Entered) -> dict[str, Any]:
        """Return what the fields say of an appointment, but with whom it is."""
        said = one.said
        return {
            "id": str(one.id),
            "base": str(one.version),
            "zone": said.start.zone,
            "on": said.start.local_date.isoformat(),
            "at": as_field(said.start.minute),
            "minutes": str(said.minutes or ""),
            "place": said.place,
            "link": said.link,
            "about_use": said.about_use,
            "cancelled": said.cancelled,
        }

    def offer_lengths(self, kept: int | None) -> None:
        """Offer the usual lengths, and the one that is there."""
        lengths = sorted({*LENGTHS, *([kept] if kept else [])})
        named = [(str(minutes), _l("%(minutes)s minutes", minutes=minutes)) for minutes in lengths]
        self.minutes.choices = list_choices([("", _l("Not said")), *named])

    def base_version(self) -> int:
        """Return the version that the page showed; 0 for anything that is none."""
        return version_of(self.base.data)

    def zone_or(self, zone: str) -> str:
        """Return the zone by whose clock the page told the time; the given one where it named none."""
        return self.zone.data or zone

    def validate_base(self, field: Field) -> None:
        """Refuse what no page of ours sent: nothing at all would be what is there already."""
        if not field.raw_data:
            raise ValidationError(OUT_OF_DATE)

    def validate_zone(self, field: Field) -> None:
        """Refuse a zone that no page of ours named; what is sent again is by the clock that the page shows then."""
        if field.data and clock.find_zone(field.data) is None:
            field.data = ""
            raise ValidationError(OUT_OF_DATE)

    def validate_link(self, field: Field) -> None:
        """Refuse what is no plain https address."""
        if field.data and not is_link(field.data):
            raise ValidationError(_l("Use a link that starts with https://, or leave it empty."))

    def said(
        self,
        zone: str,
        today: date,
        disciplines: Mapping[uuid.UUID, Discipline | None],
        *,
        whom: uuid.UUID | None = None,
    ) -> Said | None:
        """Return what was said, by the clock of a zone; None after putting a message beside what is wrong.

        Only for a valid form. `whom` is the clinician where the form does not ask. An appointment with one of
        `disciplines` who is an addiction specialist tells of alcohol or drugs by that alone.
        """
        whom, who = (whom, "") if whom else self._with_whom()
        begins = self._start(zone, today)
        if self.errors or begins is None:
            return None
        is_specialist = whom is not None and disciplines.get(whom) is Discipline.ADDICTION_SPECIALIST
        return Said(
            start=begins,
            minutes=int(self.minutes.data) if self.minutes.data else None,
            clinician_id=whom,
            who=who,
            place=one_line(self.place.data or ""),
            link=self.link.data or "",
            about_use=is_specialist or bool(self.about_use.data),
            cancelled=bool(self.cancelled.data),
        )

    def _with_whom(self) -> tuple[uuid.UUID | None, str]:
        whom, who = parse_id(self.with_whom.data), one_line(self.who.data or "")
        if whom is None and not who:
            self.add_error("who", _l("Type with whom it is. A word is enough."))
        return whom, "" if whom else who

    def _start(self, zone: str, today: date) -> Start | None:
        on, minute = self.on.day, self.at.minute
        if on is None or not is_near(on, today):
            self.add_error("on", _NOT_NEAR)
        elif minute is not None:
            try:
                return start(on, minute, zone)
            except NoSuchTime:
                self.add_error("at", _NO_SUCH_TIME)
        return None


class TookForm(Form):
    """Whether it took place, by one side's word; `none` takes that word back."""

    word = HiddenField(filters=[without_controls])


def _line(label: LazyString) -> Any:
    return long_text(label, longest=LONGEST_LINE, render_kw={"autocomplete": "off"})


class RaiseForm(Form):
    """Up to three things, each of which can be ticked off, and who may read them."""

    id = IdField()
    base = HiddenField(filters=[without_controls])
    appointment = HiddenField(validators=[PlainText(36)])
    # Whom the page named: an appointment may be with somebody else by the time that a phone sends this.
    reader = HiddenField(validators=[PlainText(36)])
    one, done_one = _line(_l("First")), BooleanField(_l("We talked about it"))
    two, done_two = _line(_l("Second")), BooleanField(_l("We talked about it"))
    three, done_three = _line(_l("Third")), BooleanField(_l("We talked about it"))
    about_use = BooleanField(
        _l("One of these is about alcohol or drugs"),
        description=_l("Then only who sees alcohol and drugs too can read them."),
    )
    shares = BooleanField(_l("Let them read this"))

    @classmethod
    def of(cls, found: Listed | None, one: Entered | None, **options: Any) -> RaiseForm:
        """Return the form filled with the list as it is now; `one` is the appointment on which it hangs."""
        names = ("one", "two", "three")
        lines = dict(zip(names, found.lines, strict=False)) if found else {}
        picked = found.shared_with if found else None
        form = cls(
            base=str(found.version if found else 0),
            appointment=str(one.id) if one else "",
            reader=str(one.said.clinician_id) if one and one.said.clinician_id else "",
            about_use=bool(found and found.about_use),
            shares=bool(one and picked is not None and picked == one.said.clinician_id),
            **lines,
            **options,
        )
        if one is not None and one.said.clinician_id is not None:
            form.shares.label.text = _l("Let %(name)s read this", name=one.name)
        return form

    @property
    def lines(self) -> list[tuple[Field, Field]]:
        """Each line with the box that ticks it off."""
        return [(self[name], self[f"done_{name}"]) for name in ("one", "two", "three")]

    def base_version(self) -> int:
        """Return the version that the page showed; 0 for none, and for anything that is none."""
        return version_of(self.base.data)

    def validate_base(self, field: Field) -> None:
        """Refuse what no page of ours sent: nothing at all would be kept as an empty list."""
        if not field.raw_data:
            raise ValidationError(OUT_OF_DATE)

    def wishes(self) -> Wishes:
        """Return what is to be kept: the lines that are not ticked off. Only for a valid form."""
        told = [one_line(line.data or "") for line, done in self.lines if not done.data]
        reader = parse_id(self.reader.data)
        return Wishes(
            lines=tuple(line for line in told if line),
            about_use=bool(self.about_use.data),
            appointment_id=parse_id(self.appointment.data),
            shares=bool(self.shares.data) and reader is not None,
            reader=reader,
        )
