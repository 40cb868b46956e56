"""The words of the mood faces and of answers, wherever a check-in is asked or read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from patient_app.checkins.chips import HELPED, TRIGGERS
from patient_app.core import i18n

MOST_CRAVING = 10

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

    def chips(self, chips: Iterable[str]) -> str:
        """Return chips in one line, shipped ones in words, a person's own as they are."""
        return ", ".join(self.chip_words.get(chip) or chip for chip in chips)


def answer_words() -> AnswerWords:
    """Return the words in this request's language."""
    return _answer_words(i18n.catalogue())


@lru_cache(maxsize=16)
def _answer_words(_catalogue: object) -> AnswerWords:
    return AnswerWords(
        mood_label=gettext("Mood"),
        moods={mood: str(word) for mood, word in MOODS.items()},
        craving_label=gettext("Pull to drink or use"),
        cravings=tuple(gettext("%(number)s of 10", number=number) for number in range(MOST_CRAVING + 1)),
        use_label=gettext("Drank or used"),
        use={True: gettext("Yes"), False: gettext("No")},
        note_label=gettext("Note"),
        energy={energy: str(word) for energy, word in ENERGY.items()},
        sleep={hours: str(word) for hours, word in SLEEP.items()},
        chip_words={chip: str(word) for chip, word in {**TRIGGERS, **HELPED}.items()},
    )
