"""The words of the mood faces and of answers, wherever a check-in is asked or read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from patient_app.checkins.asks import PULL_LABELS, USE_LABELS, Asks
from patient_app.checkins.chips import HELPED, TRIGGERS
from patient_app.core import i18n

MOST_CRAVING = 10
# A clock that is off by less is told of in minutes.
HOURS_FROM = 90

MOODS: dict[int, LazyString] = {
    1: _l("Very low"),
    2: _l("Low"),
    3: _l("In between"),
    4: _l("Good"),
    5: _l("Very good"),
}

ENERGY: dict[int, LazyString] = {
    1: _l("Very low"),
    2: _l("Low"),
    3: _l("In between"),
    4: _l("High"),
    5: _l("Very high"),
}

# Whole hours; the ends stand for what lies beyond them too.
LEAST_SLEEP, MOST_SLEEP = 3, 10
SLEEP: dict[int, LazyString | str] = {
    LEAST_SLEEP: _l("3 or less"),
    **{hours: str(hours) for hours in range(LEAST_SLEEP + 1, MOST_SLEEP)},
    MOST_SLEEP: _l("10 or more"),
}
# Where no question with "hours" in it stands above the answer.
_SLEPT: dict[int, LazyString] = {LEAST_SLEEP: _l("3 hours or less"), MOST_SLEEP: _l("10 hours or more")}


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """All that a list of check-ins can say, in one language: a page of them asks for each word once."""

    mood_label: str
    moods: dict[int, str]
    craving_label: str
    cravings: tuple[str, ...]
    use_label: str
    use: dict[bool, str]
    note_label: str
    energy: dict[int, str]
    sleep: dict[int, str]
    chip_words: dict[str, str]
    amount_label: str
    sleep_label: str
    anxiety_label: str
    energy_label: str
    triggers_label: str
    helped_label: str

    def chips(self, chips: Iterable[str]) -> str:
        """Return chips in one line, shipped ones in words, a person's own as they are."""
        return ", ".join(self.chip_words.get(chip) or chip for chip in chips)

    def all_said(self, said: Any) -> Markup:
        """Return all that was said in one check-in, as a list of question and answer; what was left out is not shown.

        Takes anything with the fields of `Answers`. (A page holds dozens: as a template this takes four times as long.)
        """
        lines = "".join([*self._ratings(said), *self._own_words(said)])
        return Markup(f'<dl class="pairs">{lines}</dl>')  # noqa: S704 - each line is markup that escaped what it took.

    def _ratings(self, said: Any) -> Iterable[Markup]:
        if said.mood is not None:
            yield _pair(self.mood_label, self.moods[said.mood])
        if said.craving is not None:
            yield _pair(self.craving_label, self.cravings[said.craving])
        for one in said.things:
            if one.craving is not None:
                yield _PAIR.format(str(one.thing.name), self.cravings[one.craving])
        if said.use is not None:
            named = ", ".join(str(one.thing.name) for one in said.things if one.used)
            used = self.use[said.use]
            yield _PAIR.format(self.use_label, f"{used}: {named}") if named else _pair(self.use_label, used)
        if said.amount:
            yield _OWN.format(self.amount_label, said.amount)
        if said.sleep_hours is not None:
            yield _pair(self.sleep_label, self.sleep[said.sleep_hours])
        if said.anxiety is not None:
            yield _pair(self.anxiety_label, self.cravings[said.anxiety])
        if said.energy is not None:
            yield _pair(self.energy_label, self.energy[said.energy])

    def _own_words(self, said: Any) -> Iterable[Markup]:
        if said.triggers:
            yield _CHIPS.format(self.triggers_label, self.chips(said.triggers))
        if said.helped:
            yield _CHIPS.format(self.helped_label, self.chips(said.helped))
        if said.note:
            yield _OWN.format(self.note_label, said.note)


def clock_off(seconds: int) -> str:
    """Return how far a phone's clock was from the right time, in words."""
    minutes = round(abs(seconds) / 60)
    if minutes >= HOURS_FROM:
        hours = round(minutes / 60)
        if seconds > 0:
            return str(ngettext("about %(num)s hour ahead", "about %(num)s hours ahead", hours))
        return str(ngettext("about %(num)s hour behind", "about %(num)s hours behind", hours))
    if seconds > 0:
        return str(ngettext("about %(num)s minute ahead", "about %(num)s minutes ahead", minutes))
    return str(ngettext("about %(num)s minute behind", "about %(num)s minutes behind", minutes))


_PAIR = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
_CHIPS = Markup('<div><dt>{}</dt><dd dir="auto">{}</dd></div>')
_OWN = Markup('<div><dt>{}</dt><dd class="own-words" dir="auto">{}</dd></div>')


@lru_cache(maxsize=1024)
def _pair(label: str, answer: str) -> Markup:
    """Return a line of which there are few: both are words of ours."""
    return _PAIR.format(label, answer)


def answer_words(asks: Asks = Asks.USE) -> AnswerWords:
    """Return the words in this request's language; for somebody's own pages, of what their pull is towards."""
    return _answer_words(i18n.catalogue(), asks)


@lru_cache(maxsize=16)
def _answer_words(_catalogue: object, asks: Asks) -> AnswerWords:
    return AnswerWords(
        mood_label=gettext("Mood"),
        moods={mood: str(word) for mood, word in MOODS.items()},
        craving_label=str(PULL_LABELS[asks]),
        cravings=tuple(gettext("%(number)s of 10", number=number) for number in range(MOST_CRAVING + 1)),
        use_label=str(USE_LABELS[asks]),
        use={True: gettext("Yes"), False: gettext("No")},
        note_label=gettext("Note"),
        energy={energy: str(word) for energy, word in ENERGY.items()},
        sleep={hours: str(_SLEPT.get(hours) or gettext("%(number)s hours", number=hours)) for hours in SLEEP},
        chip_words={chip: str(word) for chip, word in {**TRIGGERS, **HELPED}.items()},
        amount_label=gettext("How much"),
        sleep_label=gettext("Sleep"),
        anxiety_label=gettext("Anxious"),
        energy_label=gettext("Energy"),
        triggers_label=gettext("Made it harder"),
        helped_label=gettext("Helped"),
    )
