"""What a check-in can say, as values; and how what tells of substances and circumstances is written into one text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from patient_app.profile.things import Kind, Thing

# The chips that we ship are kept by a key behind this mark; a person's own words are kept as they are.
SHIPPED = ":"


@dataclass(frozen=True, slots=True)
class ThingSaid:
    """What a check-in says of one substance or behaviour: the pull (0 to 10, None left out), and whether it was used.

    The name is kept as it was at writing: what a person renames later does not change what they wrote.
    """

    thing: Thing
    craving: int | None = None
    used: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """What a check-in says; None and empty are left out.

    Mood 1 (very low) to 5 (very good); craving and anxiety 0 to 10; energy 1 (very low) to 5 (very high); sleep in
    whole hours of the night before. `about_use` says that triggers and what helped are `substance_use`; they are,
    unless the person said that substances play no part.
    """

    mood: int | None = None
    craving: int | None = None
    use: bool | None = None
    note: str = ""
    note_about_use: bool = False
    private: bool = False
    anxiety: int | None = None
    energy: int | None = None
    sleep_hours: int | None = None
    things: tuple[ThingSaid, ...] = ()
    amount: str = ""
    triggers: tuple[str, ...] = ()
    helped: tuple[str, ...] = ()
    about_use: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was answered."""
        numbers = (self.mood, self.craving, self.use, self.anxiety, self.energy, self.sleep_hours)
        return all(number is None for number in numbers) and not (
            self.note or self.things or self.amount or self.triggers or self.helped
        )

    @property
    def strongest_craving(self) -> int | None:
        """The strongest pull that was told, over all and each by itself."""
        told = [self.craving, *(said.craving for said in self.things)]
        return max((number for number in told if number is not None), default=None)


def use_details(answers: Answers) -> str | None:
    """Return the text for what tells of substances by name, or None when nothing does."""
    if not (answers.things or answers.amount):
        return None
    things = [[said.thing.id, said.thing.kind, said.thing.words, said.craving, said.used] for said in answers.things]
    return json.dumps({"things": things, "amount": answers.amount})


def context(answers: Answers) -> str | None:
    """Return the text for triggers and what helped, or None when neither was told."""
    if not (answers.triggers or answers.helped):
        return None
    return json.dumps({"triggers": answers.triggers, "helped": answers.helped})


def read_use_details(text: str | None) -> dict[str, Any]:
    """Return the answers that `use_details` wrote, by their names in `Answers`."""
    if not text:
        return {}
    kept = json.loads(text)
    things = tuple(
        ThingSaid(Thing(id_, Kind(kind), words), craving, used) for id_, kind, words, craving, used in kept["things"]
    )
    return {"things": things, "amount": kept["amount"]}


def read_context(text: str | None) -> dict[str, Any]:
    """Return the answers that `context` wrote, by their names in `Answers`."""
    if not text:
        return {}
    kept = json.loads(text)
    return {"triggers": tuple(kept["triggers"]), "helped": tuple(kept["helped"])}


def said_words(answers: Answers) -> list[Any]:
    """Return what makes two check-ins the same words; what was left out of later questions leaves no trace in it."""
    said: list[Any] = [answers.mood, answers.craving, answers.use, answers.note, answers.note_about_use]
    later = [answers.anxiety, answers.energy, answers.sleep_hours, use_details(answers), context(answers)]
    return said if all(part is None for part in later) else [*said, *later, answers.about_use]
