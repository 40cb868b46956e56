"""What can be picked as a side effect, and the sign behind it that cannot wait.

A pick is the id of a side effect of the catalogue, or `flag:` and the id of a red flag. What cannot wait is told to the
person at once, however mild. It is raised for the team where the sign itself was picked; for a medicine that is known
for the sign, from as strong on as the rule in content/medicines/side_effects.yaml says; for others once it is strong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from flask_babel import get_locale

from patient_app.effects.words import STRONG
from patient_app.medications import catalogue
from patient_app.medications.facts import Entry, RedFlag, SideEffect, Told

FLAG = "flag:"
OTHER = "other"
# These name use by themselves, whichever medicine they are logged with.
_NAMES_USE = frozenset({"withdrawal", f"{FLAG}alcohol_reaction"})


def effects_for(keys: Sequence[str]) -> list[tuple[str, str]]:
    """Return the list to pick from for these medicines, as (pick, words): what they are known for, then the common."""
    own = [effect for key in keys for effect in catalogue.side_effects(key) if not effect.common]
    offered = {effect.id: effect for effect in [*own, *catalogue.side_effects()]}
    return [(effect.id, _words(effect)) for effect in offered.values()]


def flags_for(keys: Iterable[str]) -> list[Told[RedFlag]]:
    """Return the signs that cannot wait, for everybody and for these medicines."""
    return list(catalogue.red_flags(keys))


def that_open(signs: Iterable[Told[RedFlag]]) -> list[str]:
    """Return the picks behind which one of these signs may stand: help stands beside them at once."""
    ids = {sign.entry.id for sign in signs}
    usual = [effect.id for effect in _all_effects() if effect.opens in ids]
    return [*usual, *(f"{FLAG}{one}" for one in sorted(ids))]


def is_known(pick: str) -> bool:
    """Whether there is such a pick."""
    if pick.startswith(FLAG):
        return any(flag.entry.id == pick.removeprefix(FLAG) for flag in _all_flags())
    return catalogue.side_effect(pick) is not None


def name(pick: str) -> str:
    """Return a pick in words; one that the catalogue does not know any more is "something else"."""
    if pick.startswith(FLAG):
        found = next((flag.entry for flag in _all_flags() if flag.entry.id == pick.removeprefix(FLAG)), None)
        return _words(found or catalogue.side_effects()[-1])
    return _words(catalogue.side_effect(pick) or catalogue.side_effects()[-1])


def sign_behind(pick: str, keys: Iterable[str]) -> Told[RedFlag] | None:
    """Return the sign that cannot wait which may stand behind a pick, or None."""
    known = list(keys)
    if pick.startswith(FLAG):
        named = {flag.entry.id: flag for flag in [*_all_flags(), *catalogue.red_flags(known)]}
        return named.get(pick.removeprefix(FLAG))
    return catalogue.red_flag_behind(pick, known)


def is_raised(pick: str, keys: Iterable[str], severity: int | None) -> bool:
    """Whether a pick is raised for the team. What nobody said the strength of is not taken for mild."""
    sign = sign_behind(pick, keys)
    if sign is None or pick.startswith(FLAG):
        return sign is not None
    effect = catalogue.side_effect(pick)
    if not sign.medicines or effect is None or effect.raised is None:
        return severity == STRONG
    return severity is None or severity >= effect.raised.severity


def names_use(pick: str, plain_keys: Sequence[str], use_keys: Sequence[str], *, linked: bool) -> bool:
    """Whether a pick tells of use by itself.

    One that is tied to no medicine, and that only a medicine for alcohol or drugs (`use_keys`) is known for, does.
    """
    if pick in _NAMES_USE:
        return True
    if linked:  # Then the medicine says it.
        return False
    if pick.startswith(FLAG):
        plain = {flag.entry.id for flag in catalogue.red_flags(plain_keys)}
        return pick.removeprefix(FLAG) not in plain and _known_for(use_keys, pick)
    plain = {effect.id for key in plain_keys for effect in catalogue.side_effects(key)}
    return pick not in plain | {effect.id for effect in catalogue.side_effects()} and bool(use_keys)


def _known_for(keys: Sequence[str], pick: str) -> bool:
    return any(flag.entry.id == pick.removeprefix(FLAG) and flag.medicines for flag in catalogue.red_flags(keys))


@cache
def _all_effects() -> Sequence[SideEffect]:
    every = [effect for medicine in catalogue.every() for effect in catalogue.side_effects(medicine.key)]
    return list({effect.id: effect for effect in every}.values())


@cache
def _all_flags() -> Sequence[Told[RedFlag]]:
    return catalogue.red_flags([medicine.key for medicine in catalogue.every()])


def _words(entry: Entry) -> str:
    return entry.read(str(get_locale() or "en")).name
