"""Forms about oneself: the first screen of a first visit, and the same in the settings. All of it can be left out."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from patient_app.accounts.names import LONGEST_CALLED, LONGEST_PRONOUNS, Address
from patient_app.accounts.preferences import LATEST_DAY_START
from patient_app.core.forms import ChipsField, ChoiceField, Form, ListField, short_text
from patient_app.core.i18n import lazy_time
from patient_app.profile.service import LONGEST_CHIP, Part, Profile, Want, things_from
from patient_app.profile.things import KIND_NAMES, Kind, Thing
from patient_app.profile.words import PARTS, WANTS, WANTS_ABOUT_USE


class AboutForm(Form):
    """What I want from this, whether substances play a part, which, how I want to be called, when my day starts."""

    wants = ChipsField(_l("What would you like from this?"), [(str(want), words) for want, words in WANTS.items()])
    want_words = short_text(_l("Something else, in your words"))
    part = ChoiceField(
        _l("Do alcohol or drugs play a part for you?"),
        list(PARTS.items()),
        description=_l("Only you see your answer. If you say no, we do not ask about it again."),
    )
    kinds = ChipsField(
        _l("What do you want to keep an eye on?"),
        [(str(kind), words) for kind, words in KIND_NAMES.items() if kind is not Kind.OTHER],
    )
    own_thing = short_text(_l("Something else to keep an eye on"), longest=LONGEST_CHIP)
    called = short_text(
        _l("What would you like to be called?"),
        longest=LONGEST_CALLED,
        description=_l(
            "A first name, or a form of address like Mrs Rivera: as you like it. "
            "We greet you by it. Your team and the front desk of your practice see it. "
            "People who support you see it only if you choose so, for each of them."
        ),
    )
    pronouns = short_text(
        _l("Your pronouns"),
        longest=LONGEST_PRONOUNS,
        description=_l(
            "Your team and the front desk of your practice see them. "
            "People who support you see them only if you choose so, for each of them."
        ),
    )
    day_start = ListField(
        _l("Your day starts at"),
        choices=[(str(minutes), lazy_time(minutes)) for minutes in range(0, LATEST_DAY_START + 1, 60)],
        description=_l("What you write at night before this hour counts for the day before."),
    )

    @classmethod
    def of(cls, profile: Profile, address: Address, day_start_minutes: int, **options: Any) -> AboutForm:
        """Return the form filled with what the person told before."""
        form = cls(
            wants=profile.wants,
            want_words=profile.want_words,
            part=profile.part,
            kinds=[thing.id for thing in profile.things],
            called=address.called,
            pronouns=address.pronouns,
            day_start=str(day_start_minutes),
            **options,
        )
        if not profile.asks_about_use:
            form.wants.hide(WANTS_ABOUT_USE)
        form.kinds.offer((thing.id, thing.words) for thing in profile.things if thing.words)
        return form

    def answers(self, known: Profile) -> dict[str, object]:
        """Return what is to be kept of a profile; only after the form was found valid. May raise `TooMany`."""
        part = None if self.part.data is None else Part(self.part.data)
        return {
            "wants": tuple(Want(want) for want in self.wants.data),
            "want_words": self.want_words.data or "",
            "part": part,
            "things": known.things if part is Part.NO else self._things(known),
        }

    def _things(self, known: Profile) -> tuple[Thing, ...]:
        ticked = set(self.kinds.data)
        kinds = [Kind(kind) for kind in ticked if kind in set(Kind)]
        own = [thing.words for thing in known.things if thing.words and thing.id in ticked]
        return things_from(
            sorted(kinds, key=list(Kind).index), [*own, (self.own_thing.data or "").strip()], known.things
        )

    def address(self) -> Address:
        """Return how the person wants to be called."""
        return Address(self.called.data or "", self.pronouns.data or "")


class ChipsForm(Form):
    """The chips of one's own that are kept, and whether use is folded away in one's own history."""

    triggers = ChipsField(_l("Your own words for what makes it harder"))
    helpers = ChipsField(_l("Your own words for what helps"))
    fold_use = BooleanField(_l("Fold pull and use away in my history until I tap"))
