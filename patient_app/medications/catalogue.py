"""The catalogue of medicines: what can be looked up, and what of it may be read to a person.

The data are content/medicines/, read and checked when this module is imported. Three rules hold for everything here:

* A claim on a particular medicine (how soon, how to stop) is told only when it was reviewed. Until then it can add
  care, never take it away: "ask your prescriber or pharmacist" stands in its place, and so does "do not stop this one
  all at once" where that is what the unreviewed claim says.
* Cards are general words. They may be shown before they were reviewed, with the notice that `Told.reviewed` asks for.
* Nothing here is complete, and nothing tells anybody to start, stop or change a dose.

Keys that are not in the catalogue are passed over: medicines in a person's own words have none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from typing import TypeVar

from patient_app.medications.facts import (
    Card,
    Entry,
    Form,
    GapCard,
    Medicine,
    PairCard,
    RedFlag,
    Rhythm,
    Severity,
    SideEffect,
    Stretch,
    SubstanceCard,
    Told,
)
from patient_app.medications.files import SUBSTANCES, load
from patient_app.medications.names import Names
from patient_app.profile.things import Kind

_EntryT = TypeVar("_EntryT", bound=Entry)
_CardT = TypeVar("_CardT", bound=Card)

_SHELF = load()
_ORDER = {severity: number for number, severity in enumerate(Severity)}
_NAMES = Names((medicine.key, name) for medicine in _SHELF.medicines.values() for name in medicine.every_name)


# --- medicines -------------------------------------------------------------------------------------------------


def every() -> tuple[Medicine, ...]:
    """Return all medicines in the order of the file."""
    return tuple(_SHELF.medicines.values())


def get(key: str | None) -> Medicine | None:
    """Return a medicine by its key, or None: a person's own words have no key."""
    return _SHELF.medicines.get(key) if key else None


def find(text: str, limit: int = 8) -> tuple[Medicine, ...]:
    """Return the medicines whose generic or brand name, in any language, is like a text, the best first, each once.

    Typos, case, accents, spaces and a strength behind the name do not matter; from two letters on.
    """
    return tuple(_SHELF.medicines[key] for key in _NAMES.find(text, limit))


def forms() -> tuple[Form, ...]:
    """Return every form that can be chosen, in the order of the file."""
    return tuple(_SHELF.forms.values())


def form(key: str) -> Form | None:
    """Return a form by its key."""
    return _SHELF.forms.get(key)


# --- what stands beside ----------------------------------------------------------------------------------------


def notice(name: str) -> Entry:
    """Return `not_reviewed`, `ask` or `not_complete`: plain words to stand beside others."""
    return _SHELF.notices[name]


def severity_words(severity: Severity) -> Entry:
    """Return how a card of that severity is headed."""
    return _SHELF.severities[severity]


# --- cards -----------------------------------------------------------------------------------------------------


def cards_of(key: str | None, form: str | None = None) -> tuple[Told[Card], ...]:
    """Return the cards that go with a medicine by itself, those on substances left out; the most careful first.

    Cards for some forms only are left out when another form is given. Source: the cautions of US labelling, by code.
    """
    medicine = get(key)
    if medicine is None:
        return ()
    cards = [_SHELF.cautions[code] for code in medicine.claimed("cautions") if code in _SHELF.cautions]
    fitting = [card for card in cards if not card.forms or form is None or form in card.forms]
    return tuple(_by_danger(_told(card, [medicine], by_claim=True) for card in fitting))


def cards_for(keys: Iterable[str], substance: Kind | None = None) -> tuple[Told[SubstanceCard], ...]:
    """Return the cards on a substance beside these medicines, the most careful first; on all substances without one.

    For one medicine a card that says more replaces the general one. Each card comes once, with its medicines. Sources:
    US labelling, FDA on sedatives and opioids, naloxone guides; the card names its own.
    """
    found: dict[str, list[Medicine]] = {}
    for medicine in _medicines(keys):
        for kind in SUBSTANCES if substance is None else (substance,):
            for card in _for_one(medicine, kind):
                found.setdefault(card.id, []).append(medicine)
    return tuple(_by_danger(_told(_SHELF.substances[name], which) for name, which in _in_order(found)))


def cards_together(keys: Iterable[str], new: str | None = None) -> tuple[Told[PairCard], ...]:
    """Return the cards on two of these medicines at once, the most careful first; with `new`, only those about it.

    Only the few pairs of together.yaml, which is no check for interactions. Each pair has its own `Told`. Sources: US
    labelling, SAMHSA TIP 63 and FDA on opioids with sedatives; the card names its own.
    """
    medicines = sorted(_medicines(keys), key=lambda medicine: medicine.key)
    pairs = [pair for pair in combinations(medicines, 2) if new is None or new in {one.key for one in pair}]
    return tuple(_by_danger(_told(card, pair) for pair in pairs for card in _for_pair(*pair)))


def _for_one(medicine: Medicine, substance: Kind) -> list[SubstanceCard]:
    cards = [
        card for card in _SHELF.substances.values() if card.substance is substance and card.medicines.holds(medicine)
    ]
    replaced = frozenset().union(*(card.instead_of for card in cards))
    return [card for card in cards if card.id not in replaced]


def _for_pair(first: Medicine, second: Medicine) -> list[PairCard]:
    cards = [
        card
        for card in _SHELF.together.values()
        if (card.one.holds(first) and card.other.holds(second)) or (card.one.holds(second) and card.other.holds(first))
    ]
    replaced = frozenset().union(*(card.instead_of for card in cards))
    return [card for card in cards if card.id not in replaced]


def _in_order(found: dict[str, list[Medicine]]) -> list[tuple[str, list[Medicine]]]:
    return [(name, found[name]) for name in _SHELF.substances if name in found]


def _medicines(keys: Iterable[str]) -> list[Medicine]:
    return [medicine for key in dict.fromkeys(keys) if (medicine := get(key)) is not None]


def _told(entry: _EntryT, medicines: Collection[Medicine], *, by_claim: bool = False) -> Told[_EntryT]:
    """Return an entry with its medicines; what a claim led to is reviewed only when the claim is, too."""
    reviewed = entry.review.reviewed and (not by_claim or all(one.is_reviewed("cautions") for one in medicines))
    return Told(entry, tuple(medicine.key for medicine in medicines), reviewed)


def _by_danger(cards: Iterable[Told[_CardT]]) -> list[Told[_CardT]]:
    return sorted(cards, key=lambda told: _ORDER[told.entry.severity])


# --- how soon, and stopping ------------------------------------------------------------------------------------


def onset(key: str | None) -> Told[Entry]:
    """Return how soon a medicine may be felt, where that was reviewed; else to ask. Source: US labelling."""
    return _claimed(key, "onset", _SHELF.onsets, _SHELF.notices["ask"])


# What an unreviewed claim may say all the same, since it asks for more care and not for less.
_CAREFUL = frozenset({"never_suddenly", "tolerance"})


def stopping(key: str | None) -> Told[Entry]:
    """Return what to know before stopping a medicine. Source: US labelling.

    Where it can be dangerous that is said, reviewed or not. Every other unreviewed claim, and a medicine in a person's
    own words, gets: talk with your prescriber or pharmacist first.
    """
    medicine = get(key)
    code = next(iter(medicine.claimed("stopping")), "") if medicine else ""
    if medicine and code in _CAREFUL:
        entry = _SHELF.stopping[code]
        return Told(entry, (medicine.key,), entry.review.reviewed and medicine.is_reviewed("stopping"))
    return _claimed(key, "stopping", _SHELF.stopping, _SHELF.stopping["ask"])


def _claimed(key: str | None, about: str, entries: Mapping[str, Entry], instead: Entry) -> Told[Entry]:
    medicine = get(key)
    named = (medicine.key,) if medicine else ()
    if medicine is None or not medicine.is_reviewed(about):
        # The words that ask are true of everything, so they need no notice.
        return Told(instead, named, reviewed=True)
    entry = entries[medicine.claimed(about)[0]]
    return Told(entry, named, entry.review.reviewed)


def gaps(key: str | None, form: str | None = None, days: int | None = None) -> tuple[Told[GapCard], ...]:
    """Return what to know when doses were left out: the few special cards that fit, then the one for every medicine.

    `days` is how many days in a row were left out, as far as that is known; without it all special cards of the
    medicine are returned, and whoever shows one says from how many days on it holds (`after_days`). No advice is
    computed. Sources: US labelling and SAMHSA TIP 63.
    """
    medicine = get(key)
    named = [medicine] if medicine else []
    special = [
        gap
        for gap in _SHELF.gaps.values()
        if ((medicine is not None and gap.medicines.holds(medicine)) or form in gap.medicines.forms)
        and (days is None or days >= gap.after_days)
    ]
    return tuple(_told(gap, named) for gap in (*special, _SHELF.gaps["ask"]))


# --- what is felt ----------------------------------------------------------------------------------------------


def side_effects(key: str | None = None) -> tuple[SideEffect, ...]:
    """Return the list to pick from: what people tell of this medicine first, then what is common, `other` last.

    A list to choose from, no claim that a medicine does this. Source: US labelling.
    """
    medicine = get(key)
    own = medicine.claimed("effects") if medicine else ()
    common = [effect.id for effect in _SHELF.side_effects.values() if effect.common]
    ordered = dict.fromkeys([*own, *common])
    return tuple(_SHELF.side_effects[name] for name in ordered)


def side_effect(name: str) -> SideEffect | None:
    """Return a side effect by its id."""
    return _SHELF.side_effects.get(name)


def red_flags(keys: Iterable[str] = ()) -> tuple[Told[RedFlag], ...]:
    """Return the signs that cannot wait: those for everybody, and those that these medicines name.

    Source: US labelling.
    """
    medicines = _medicines(keys)
    found = []
    for flag in _SHELF.red_flags.values():
        named = [medicine for medicine in medicines if flag.id in medicine.claimed("red_flags")]
        if flag.everyone or named:
            found.append(_told(flag, named))
    return tuple(found)


def red_flag_behind(effect: str, keys: Iterable[str]) -> Told[RedFlag] | None:
    """Return the red flag to show when this side effect is logged with these medicines on the list, or None."""
    found = side_effect(effect)
    return next((told for told in red_flags(keys) if found and told.entry.id == found.opens), None)


def blood_tests(key: str | None) -> tuple[Told[Entry], ...]:
    """Return the blood tests that belong to a medicine; when they are due is for the prescriber to enter."""
    medicine = get(key)
    if medicine is None:
        return ()
    reviewed = medicine.is_reviewed("blood_tests")
    tests = [_SHELF.blood_tests[name] for name in medicine.claimed("blood_tests")]
    return tuple(Told(test, (medicine.key,), reviewed and test.review.reviewed) for test in tests)


# --- the weeks after a change ----------------------------------------------------------------------------------


def stages() -> tuple[Stretch, ...]:
    """Return the stretches of the general timeline, which holds for every medicine and promises nothing."""
    return tuple(_SHELF.stages.values())


def stage_on(day: int) -> Stretch | None:
    """Return the stretch in which a day lies, counted from the start or the change (day 0); none before it."""
    return next((stage for stage in stages() if stage.covers(day)), None)


def line(name: str) -> Entry:
    """Return `while_you_wait` or `after_stopping`: a line beside the timeline."""
    return _SHELF.lines[name]


def measure_for(key: str | None) -> Told[Entry] | None:
    """Return the questionnaire that is proposed to the team for a medicine; None where no source names one."""
    medicine = get(key)
    found = next((one for one in _SHELF.measures.values() if medicine and one.medicines.holds(medicine)), None)
    return _told(found, [medicine]) if found and medicine else None


def rhythm() -> Rhythm:
    """Return when questions and measures are offered after a change; a proposal until a clinician signs it."""
    return _SHELF.rhythm
