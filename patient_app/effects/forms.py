"""Forms of side effects and of the weekly note: every question can be left out, nothing is chosen beforehand."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField
from wtforms.validators import StopValidation

from patient_app.core import clock
from patient_app.core.forms import ChoiceField, DayField, Form, IdField, Options, long_text, without_controls
from patient_app.core.ids import parse_id
from patient_app.effects import picks
from patient_app.effects.service import OwnEffect, Said
from patient_app.effects.weekly import Answers
from patient_app.effects.words import BOTHER, HELPS, SEVERITY
from patient_app.medications.regimen import OwnMedicine

YES, NO, UNSURE = "yes", "no", "unsure"
# What began longer ago is no longer remembered by its day.
LONGEST_AGO = timedelta(days=366)
LONGEST_NOTE = 1000
_LONGEST_NUMBER = 6
_NOTE_READ_BY = _l("Those who see both your medicines and your notes can read this.")
_ABOUT_USE = _l("These words are about alcohol or drugs")
_ABOUT_USE_HINT = _l("Then they need alcohol and drugs to be shared as well.")


class OfferedField(ChoiceField):
    """One of answers that are known only once the form is whole, as text; `also` tells what else is right."""

    def __init__(self, label: LazyString, **options: Any) -> None:
        super().__init__(label, Options([]), **options)

    def offer(self, pairs: Iterable[tuple[str, LazyString | str]]) -> None:
        """Say which answers there are."""
        ready = Options(pairs)
        self.known, self.choices = ready.known, ready.choices

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read one answer; whether it is right is only known once the answers are."""
        self.data = (valuelist[-1] if valuelist else "") or None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is none of the answers, and forget it."""
        if self.data is not None and self.data not in self.known and not self.also(self.data):
            self.data = None
            raise StopValidation(self.unknown())

    def also(self, _answer: str) -> bool:
        """Whether an answer is right that is not offered any more."""
        return False


class PickField(OfferedField):
    """What is noticed: of what is offered, or anything that the catalogue knows."""

    def also(self, answer: str) -> bool:
        """Whether the catalogue knows it."""
        return picks.is_known(answer)


class SideEffectForm(Form):
    """What is noticed, with which medicine, how strong it is, how much it bothers, and whether it still goes on."""

    id = IdField()
    zone = HiddenField(filters=[without_controls])
    base = HiddenField(filters=[without_controls])
    medicine = OfferedField(_l("Which medicine do you think it comes from?"))
    effect = PickField(_l("What do you notice?"))
    note = long_text(_l("In your own words, if you like"), longest=LONGEST_NOTE, description=_NOTE_READ_BY)
    note_about_use = BooleanField(_ABOUT_USE, description=_ABOUT_USE_HINT)
    severity = ChoiceField(_l("How strong is it?"), Options(SEVERITY.items()))
    bother = ChoiceField(_l("How much does it bother you?"), Options(BOTHER.items()))
    going_on = ChoiceField(_l("Is it still going on?"), Options([(YES, _l("Yes")), (NO, _l("No, it is over"))]))
    began = DayField(_l("When did it start, if you know?"))
    private = BooleanField(_l("Keep this one to myself"))

    @classmethod
    def blank(cls, medicines: Sequence[OwnMedicine], today: date, **options: Any) -> SideEffectForm:
        """Return the form for a person with these medicines."""
        return cls(**options)._offering(medicines, today)

    @classmethod
    def of(cls, medicines: Sequence[OwnMedicine], today: date, entry: OwnEffect, **options: Any) -> SideEffectForm:
        """Return the form filled with a side effect that is to be changed."""
        said = entry.said
        form = cls(
            medicine=str(said.medicine_id) if said.medicine_id else UNSURE,
            effect=said.pick,
            note=said.note,
            note_about_use=said.note_about_use,
            severity=said.severity,
            bother=said.bother,
            going_on=YES if said.going_on else NO,
            began=said.began_on.isoformat() if said.began_on else None,
            private=entry.private,
            **options,
        )
        return form._offering(medicines, today)

    def _offering(self, medicines: Sequence[OwnMedicine], today: date) -> SideEffectForm:
        pairs: list[tuple[str, LazyString | str]] = [(str(one.id), one.name) for one in medicines]
        self.medicine.offer([*pairs, (UNSURE, _l("I am not sure which"))])
        chosen = next((one for one in medicines if str(one.id) == self.medicine.data), None)
        meant = medicines if chosen is None else [chosen]
        keys = [one.catalogue for one in meant if one.catalogue]
        self.effect.offer(picks.effects_for(keys))
        self.signs = picks.flags_for(keys)
        self.today = today
        return self

    def validate_began(self, field: DayField) -> None:
        """Refuse a day that has not come, and one that is too long ago to be right."""
        day = field.day
        # A phone in a zone ahead is in its next day before today is over.
        if day is not None and not self.today - LONGEST_AGO <= day <= self.today + timedelta(days=1):
            raise StopValidation(_l("Use a day of the last year, up to today."))

    def said(self) -> Said:
        """Return what was said; only after the form was found valid."""
        note = self.note.data or ""
        return Said(
            pick=self.effect.data or "",
            medicine_id=parse_id(self.medicine.data) if self.medicine.data not in (None, UNSURE) else None,
            severity=self.severity.data,
            bother=self.bother.data,
            going_on=self.going_on.data != NO,
            began_on=self.began.day,
            note=note,
            note_about_use=bool(note) and bool(self.note_about_use.data),
        )

    def zone_or(self, fallback: str) -> str:
        """Return the zone that the phone named, or the person's own when it named none that exists."""
        return zone_or(self.zone.data, fallback)

    def base_version(self) -> int | None:
        """Return the version that was changed; None for what is no number."""
        text = self.base.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else None


class WeekNoteForm(Form):
    """Two questions about all medicines together, and own words."""

    id = IdField()
    zone = HiddenField(filters=[without_controls])
    helps = ChoiceField(_l("This week, how much do your medicines help?"), Options(HELPS.items()))
    bothers = ChoiceField(_l("This week, how much do they bother you?"), Options(BOTHER.items()))
    words = long_text(_l("In your own words, if you like"), longest=LONGEST_NOTE, description=_NOTE_READ_BY)
    words_about_use = BooleanField(_ABOUT_USE, description=_ABOUT_USE_HINT)

    @classmethod
    def of(cls, answers: Answers) -> WeekNoteForm:
        """Return the form filled with what this week's note says already."""
        return cls(
            helps=answers.helps, bothers=answers.bothers, words=answers.words, words_about_use=answers.words_about_use
        )

    def answers(self) -> Answers:
        """Return what was said; only after the form was found valid."""
        words = self.words.data or ""
        return Answers(self.helps.data, self.bothers.data, words, bool(words) and bool(self.words_about_use.data))

    def zone_or(self, fallback: str) -> str:
        """Return the zone that the phone named, or the person's own when it named none that exists."""
        return zone_or(self.zone.data, fallback)


def zone_or(sent: str | None, fallback: str) -> str:
    """Return a zone that exists."""
    return sent if sent and clock.find_zone(sent) else fallback


def medicine_asked(text: str | None, medicines: Sequence[OwnMedicine]) -> uuid.UUID | None:
    """Return the medicine that an address names, when it is one of these."""
    found = parse_id(text) if text else None
    return found if any(one.id == found for one in medicines) else None
