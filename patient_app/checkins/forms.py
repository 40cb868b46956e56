"""The form of a check-in: every question can be left out, nothing is chosen beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField

from patient_app.checkins.answers import Answers, ThingSaid
from patient_app.checkins.asks import PULL_QUESTIONS, USE_QUESTIONS, Asks
from patient_app.checkins.chips import HELPED, TRIGGERS, own_chip
from patient_app.checkins.words import ENERGY, MOODS, SLEEP
from patient_app.core import clock
from patient_app.core.forms import (
    ChipsField,
    ChoiceField,
    Form,
    IdField,
    Options,
    ScaleField,
    long_text,
    short_text,
    without_controls,
)
from patient_app.profile.service import LONGEST_CHIP, Profile
from patient_app.profile.things import Thing

YES, NO = "yes", "no"
_YES_NO = Options([(NO, _l("No")), (YES, _l("Yes"))])
_SCALE = {str(number): number for number in range(11)}
LONGEST_AMOUNT = 80


class PullsField(Field):  # type: ignore[misc]  # WTForms has no types.
    """How strong the pull of each named thing is: one scale a thing, sent as `<name>-<id of the thing>`."""

    widget = None

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Read the scale of each thing that the form was made with; what is no number from 0 to 10 is an error."""
        self.process_errors: list[Any] = []
        self.data: tuple[ThingSaid, ...] = tuple(data or ())
        if formdata is None:
            return
        told = []
        for said in self.data:
            sent = formdata.getlist(f"{self.name}-{said.thing.id}")
            text = sent[-1] if sent else ""
            if text and text not in _SCALE:
                self.process_errors = [_l("Use a number from 0 to 10, or leave it empty.")]
            told.append(ThingSaid(said.thing, _SCALE.get(text)))
        self.data = tuple(told)


class WhenForm(Form):
    """What every check-in carries unseen: its id, the zone of the phone, and the past day it is for, if any."""

    id = IdField()
    zone = HiddenField(filters=[without_controls])
    day = HiddenField(filters=[without_controls])


class CheckInForm(WhenForm):
    """How are you, any pull, did you; and, unfolded, what else there is to say."""

    base = HiddenField(filters=[without_controls])
    mood = ChoiceField(_l("How are you now?"), Options(MOODS.items()))
    craving = ScaleField(PULL_QUESTIONS[Asks.USE])
    pulls = PullsField()
    use = ChoiceField(USE_QUESTIONS[Asks.USE], _YES_NO)
    used_things = ChipsField(_l("What was it?"))
    amount = short_text(_l("How much, if you like"), longest=LONGEST_AMOUNT)
    sleep = ChoiceField(_l("How many hours did you sleep?"), Options(SLEEP.items()))
    anxiety = ScaleField(_l("How anxious do you feel?"))
    energy = ChoiceField(_l("How is your energy?"), Options(ENERGY.items()))
    triggers = ChipsField(_l("What made it harder?"), list(TRIGGERS.items()))
    own_trigger = short_text(_l("Something else that made it harder"), longest=LONGEST_CHIP)
    helped = ChipsField(_l("What helped?"), list(HELPED.items()))
    own_helper = short_text(_l("Something else that helped"), longest=LONGEST_CHIP)
    note = long_text(_l("A note, if you like"))
    note_about_use = ChoiceField(
        _l("Is this note about alcohol or drugs?"),
        _YES_NO,
        description=_l("If it is, only people who may see both your notes and your use can read it."),
    )
    private = BooleanField(_l("Keep this check-in to myself"))

    @classmethod
    def blank(cls, profile: Profile, **options: Any) -> CheckInForm:
        """Return the form for a person: with the things and chips that they named."""
        form = cls(pulls=tuple(ThingSaid(thing) for thing in profile.things), **options)
        return form._offering(profile.things, profile.triggers, profile.helpers)

    @classmethod
    def of(cls, profile: Profile, answers: Answers, **options: Any) -> CheckInForm:
        """Return the form filled with a check-in that is to be changed, with all that it says also on the lists."""
        said = {one.thing.id: one for one in answers.things}
        things = [*profile.things, *(one.thing for one in answers.things if one.thing not in profile.things)]
        form = cls(
            pulls=tuple(said.get(thing.id, ThingSaid(thing)) for thing in things),
            mood=answers.mood,
            craving=answers.craving,
            use=_yes_no(answers.use),
            used_things=[one.thing.id for one in answers.things if one.used],
            amount=answers.amount,
            sleep=answers.sleep_hours,
            anxiety=answers.anxiety,
            energy=answers.energy,
            triggers=answers.triggers,
            helped=answers.helped,
            note=answers.note,
            note_about_use=_said_of_note(answers),
            private=answers.private,
            **options,
        )
        return form._offering(things, _own(profile.triggers, answers.triggers), _own(profile.helpers, answers.helped))

    def _offering(self, things: Sequence[Thing], triggers: Sequence[str], helpers: Sequence[str]) -> CheckInForm:
        asks = Asks.of(things)
        self.craving.label.text, self.use.label.text = PULL_QUESTIONS[asks], USE_QUESTIONS[asks]
        self.used_things.offer((thing.id, thing.name) for thing in things)
        self.triggers.offer((words, words) for words in triggers)
        self.helped.offer((words, words) for words in helpers)
        return self

    def answers(self, *, about_use: bool, before: Answers | None = None) -> Answers:
        """Return what was said; only after the form was found valid.

        `about_use` is false for a person for whom substances play no part: then nothing of that kind is read. A note is
        about use when the person says so; left open, it is when they told of use or of a pull. What made it harder or
        helped stays `substance_use` where it was that in `before`, the words that are changed.
        """
        if not about_use:
            kept = before is not None and before.about_use and bool(before.triggers or before.helped)
            return Answers(**self._common(), about_use=kept)
        use = None if self.use.data is None else self.use.data == YES
        named = [one.thing.id for one in self.pulls.data]
        used = (named if len(named) == 1 else self.used_things.data) if use else ()
        pulls = self.pulls.data if self.craving.data != 0 else tuple(ThingSaid(one.thing) for one in self.pulls.data)
        things = [ThingSaid(one.thing, one.craving, one.thing.id in used) for one in pulls]
        answers = Answers(
            **self._common(),
            craving=self.craving.data,
            use=use,
            things=tuple(one for one in things if one.craving is not None or one.used),
            amount=(self.amount.data or "") if use else "",
        )
        said = self.note_about_use.data
        return _with_note(answers, about_use=_tells_of_use(answers) if said is None else said == YES)

    def _common(self) -> dict[str, Any]:
        return {
            "mood": self.mood.data,
            "anxiety": self.anxiety.data,
            "energy": self.energy.data,
            "sleep_hours": self.sleep.data,
            "triggers": _chips(self.triggers.data, self.own_trigger.data),
            "helped": _chips(self.helped.data, self.own_helper.data),
            "note": self.note.data or "",
            "private": bool(self.private.data),
        }

    def own_chips(self) -> dict[str, list[str]]:
        """Return the words that the person added, for the chips of the next time."""
        return {
            "triggers": [own_chip(self.own_trigger.data)] if own_chip(self.own_trigger.data or "") else [],
            "helpers": [own_chip(self.own_helper.data)] if own_chip(self.own_helper.data or "") else [],
        }

    def zone_or(self, fallback: str) -> str:
        """Return the zone that the phone named, or the person's own when it named none that exists."""
        sent = self.zone.data or ""
        return sent if clock.find_zone(sent) else fallback

    def base_version(self) -> int | None:
        """Return the version that was changed; None for a new check-in, and for what is no number."""
        return version_of(self.base.data)

    @property
    def tells_of_use(self) -> bool:
        """Whether use or a pull is told of, or a note is about it, also where nobody is asked about that any more."""
        pulls = any(said.craving is not None for said in self.pulls.data)
        told = self.craving.data is not None or self.use.data is not None or pulls
        return told or self.note_about_use.data == YES


def version_of(text: str | None) -> int | None:
    """Return the version that a form names; None for what is no number."""
    text = text or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("100000") else None


def day_asked(text: str | None, today: date, first: date) -> date | None:
    """Return the past day that an address or form names, when it is one that can be filled in; else None."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if first <= day < today else None


def _tells_of_use(answers: Answers) -> bool:
    return bool(answers.use or answers.strongest_craving)


def _said_of_note(answers: Answers) -> str | None:
    """Return what stands at the question about a note; a "no" only where the person must have chosen it."""
    if answers.note and (answers.note_about_use or _tells_of_use(answers)):
        return _yes_no(answers.note_about_use)
    return None


def _with_note(answers: Answers, *, about_use: bool) -> Answers:
    return replace(answers, note_about_use=bool(answers.note) and about_use)


def _chips(ticked: Sequence[str], own: str | None) -> tuple[str, ...]:
    added = own_chip(own or "")
    return tuple(dict.fromkeys([*ticked, *([added] if added else [])]))


def _own(known: Sequence[str], said: Sequence[str]) -> list[str]:
    shipped = {*TRIGGERS, *HELPED}
    return [*known, *(chip for chip in said if chip not in known and chip not in shipped)]


def _yes_no(said: bool | None) -> str | None:
    return None if said is None else YES if said else NO
