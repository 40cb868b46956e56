"""What a patient told of themselves: what they want from this, whether substances play a part, their own words.

All of it is the patient's alone: no consent opens it, and nothing reads it for somebody else.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select

from patient_app.accounts import seen_as
from patient_app.accounts.models import Person
from patient_app.accounts.names import Address
from patient_app.accounts.registry import row_for_change
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault
from patient_app.profile.models import Profile as Row
from patient_app.profile.things import Kind, Thing

# The first screens: about me, who may see, how to reach help.
FIRST_STEP, LAST_STEP = 1, 3
MOST_THINGS = 8
MOST_OWN_CHIPS = 20
LONGEST_CHIP = 40

_BY_PATIENT = Prepared(select(Row.welcomed_at, Row.about_sealed).where(Row.patient_id == bindparam("patient_id")))


class Want(StrEnum):
    """What somebody wants from this; all of them are equally fine."""

    STOP = "stop"
    CUT_DOWN = "cut_down"
    SAFER_USE = "safer_use"
    NOT_SURE = "not_sure"
    SOMETHING_ELSE = "something_else"


class Part(StrEnum):
    """Whether alcohol or drugs play a part, as the person says; not answered is neither."""

    YES = "yes"
    NO = "no"


class Hidden(StrEnum):
    """What supporters who saw it see no more, since it changed."""

    NOTHING = "nothing"
    NAME = "name"
    PRONOUNS = "pronouns"


class TooMany(Exception):
    """No more names of one's own fit; one has to be taken off the list first."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A patient's answers. Everything may be left out; `welcomed` says that the first screens were gone through.

    Until then, `step` is the first of them that the person did not go past.
    """

    wants: tuple[Want, ...] = ()
    want_words: str = ""
    part: Part | None = None
    things: tuple[Thing, ...] = ()
    triggers: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    fold_use: bool = False
    welcomed: bool = False
    step: int = FIRST_STEP
    # The newest day on which Today suggested something, and what.
    prompted: tuple[date, tuple[str, ...]] | None = None

    def prompted_on(self, day: date) -> tuple[str, ...]:
        """Return the keys of what Today suggested on this day so far."""
        return self.prompted[1] if self.prompted is not None and self.prompted[0] == day else ()

    @property
    def sees_help_next(self) -> bool:
        """Whether of the first screens only the last is left: the person went past the others and did not see it."""
        return not self.welcomed and self.step == LAST_STEP

    @property
    def asks_about_use(self) -> bool:
        """Whether pages may speak of drinking and use: always, unless the person said that they play no part."""
        return self.part is not Part.NO


def profile_of(patient: Viewer) -> Profile:
    """Return the patient's own profile; an empty one before they answered anything.

    A session that began with a clinic code, and is still in question, reads nothing of it: it is the person's own.
    """
    if patient.entries_closed_from is not None:
        return Profile(welcomed=True)
    row = _BY_PATIENT.first(connection(), {"patient_id": patient.id})  # Asked by many pages.
    if row is None:
        return Profile()
    found = Profile(welcomed=row.welcomed_at is not None)
    if row.about_sealed is None:
        return found
    place = Place(Row.__tablename__, "about_sealed", patient.id, patient.id)
    return _with(found, json.loads(vault().open(place, row.about_sealed)))


def change(patient: Viewer, **answers: Any) -> Profile:
    """Replace the named answers of a profile, leave the others, and return it whole. Needs a writing unit.

    Raise `NotFound` for a session that does not see what it would replace.
    """
    if patient.entries_closed_from is not None:
        raise NotFound
    row = row_for_change(Row, patient)
    about = row.about
    changed = replace(_with(Profile(), json.loads(about)) if about else Profile(), **answers)
    row.about = json.dumps(_as_json(changed))
    row.changed_at = clock.now()
    return replace(changed, welcomed=row.welcomed_at is not None)


def go_past(patient: Viewer, step: int) -> None:
    """Note that a first screen was answered or skipped: nothing leads there again by itself. Needs a writing unit."""
    if profile_of(patient).step <= step:
        change(patient, step=step + 1)


def note_prompted(patient: Viewer, day: date, keys: Sequence[str]) -> None:
    """Note that Today suggested these on this day; what it suggested on another day is forgotten.

    Needs a writing unit. A session that does not see what the person told notes nothing.
    """
    if patient.entries_closed_from is not None:
        return
    about = row_for_change(Row, patient).about  # Locked: two pages at once do not forget each other's.
    before = _with(Profile(), json.loads(about)).prompted_on(day) if about else ()
    change(patient, prompted=(day, tuple(dict.fromkeys((*before, *keys)))))


def finish_welcome(patient: Viewer) -> None:
    """Note that the first screens were gone through, or left; they do not come again by themselves."""
    row = row_for_change(Row, patient)
    row.welcomed_at = row.welcomed_at or clock.now()


def add_own_where_there_is_room(patient: Viewer, *, triggers: Sequence[str] = (), helpers: Sequence[str] = ()) -> None:
    """Offer words of the person's own as chips; what is there already, in whatever case, is not added again.

    Of each kind `MOST_OWN_CHIPS` are kept; where there is no room, the oldest leaves the list; entries keep it.
    """
    if patient.entries_closed_from is not None:
        return  # Seen by this session as empty; what is there must not be replaced.
    known = profile_of(patient)
    added = {"triggers": _joined(known.triggers, triggers), "helpers": _joined(known.helpers, helpers)}
    if added != {"triggers": known.triggers, "helpers": known.helpers}:
        change(patient, **added)


def set_address(patient: Viewer, chosen: Address, day_start_minutes: int) -> Hidden:
    """Keep how the person wants to be called, and the hour at which their day starts (minutes after midnight).

    What changed was chosen for no supporter: those who saw the words of before see the chart's name, or no pronouns,
    until the person chooses again. Return what some of them see no more by that.
    """
    person = db().get_one(Person, patient.id, with_for_update=True)
    name, pronouns = (person.called or "") != chosen.called, (person.pronouns or "") != chosen.pronouns
    person.called, person.pronouns = chosen.called, chosen.pronouns
    person.day_start_minutes = day_start_minutes
    if seen_as.forget_changed(person, name=name, pronouns=pronouns) == 0:
        return Hidden.NOTHING
    return Hidden.NAME if name else Hidden.PRONOUNS


def _joined(kept: tuple[str, ...], added: Sequence[str]) -> tuple[str, ...]:
    known = {words.casefold() for words in kept}
    return (*kept, *(words for words in added if words.casefold() not in known))[-MOST_OWN_CHIPS:]


def _as_json(profile: Profile) -> dict[str, Any]:
    return {
        "wants": list(profile.wants),
        "want_words": profile.want_words,
        "part": profile.part,
        "things": [[thing.id, thing.kind, thing.words] for thing in profile.things],
        "triggers": list(profile.triggers),
        "helpers": list(profile.helpers),
        "fold_use": profile.fold_use,
        "step": profile.step,
        **({"prompted": [profile.prompted[0].isoformat(), *profile.prompted[1]]} if profile.prompted else {}),
    }


def _with(profile: Profile, kept: Mapping[str, Any]) -> Profile:
    return replace(
        profile,
        wants=tuple(Want(want) for want in kept["wants"]),
        want_words=kept["want_words"],
        part=Part(kept["part"]) if kept["part"] else None,
        things=tuple(Thing(id_, Kind(kind), words) for id_, kind, words in kept["things"]),
        triggers=tuple(kept["triggers"]),
        helpers=tuple(kept["helpers"]),
        fold_use=kept["fold_use"],
        # Kept before steps were: what was told by then was told on the first screen, or in the settings.
        step=kept.get("step", FIRST_STEP + 1),
        prompted=(date.fromisoformat(kept["prompted"][0]), tuple(kept["prompted"][1:])) if "prompted" in kept else None,
    )


def things_from(kinds: Sequence[Kind], own: Sequence[str], known: Sequence[Thing] = ()) -> tuple[Thing, ...]:
    """Return the list of things for chosen kinds and names of one's own, keeping the ids of names known already.

    Raise `TooMany` for more than `MOST_THINGS`.
    """
    found = [Thing(str(kind), kind) for kind in dict.fromkeys(kinds)]
    ids = {thing.words.casefold(): thing for thing in known if thing.words}
    for words in own:
        if words and words.casefold() not in {thing.words.casefold() for thing in found}:
            found.append(ids.get(words.casefold()) or Thing(f"own-{uuid.uuid4().hex[:8]}", Kind.OTHER, words))
    if len(found) > MOST_THINGS:
        raise TooMany
    return tuple(found)
