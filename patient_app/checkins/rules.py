"""Which card, if any, follows a check-in. The rules are data: content/rules/after_entry.yaml.

Pure: what is known of the person's days goes in, the name of a card comes out. Use that was told without saying what
it was is of kind `UNNAMED`; the rules decide where that is taken seriously.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from patient_app.profile.things import Kind

CONTENT = Path(__file__).resolve().parents[1] / "content"
RULES = CONTENT / "rules" / "after_entry.yaml"
CARDS = CONTENT / "cards" / "after_check_in.yaml"
UNNAMED = "unnamed"
# Where a card leads that is no part of the help page: the page made simple.
SIMPLE = "simple"
# How far back the rules look; what is older cannot change an offer, nor what an offer of the last 30 days was.
LOOK_BACK = timedelta(days=50)
# The two lower faces.
LOW_MOOD = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may look at: the check-in that was saved, and the days of use before its day.

    `used` holds the kinds that this check-in tells of (`UNNAMED` when it does not say which), and is empty for none.
    `use_days` maps each kind to the days of use before `day`. `earlier` are the check-ins before it with an answer
    about use after which the person was shown what followed; their own `use_days` and `earlier` are not looked at.
    `low_days` are the days before `day` with a mood of at most `LOW_MOOD`.
    """

    day: date
    mood: int | None = None
    craving: int | None = None
    use: bool | None = None
    used: frozenset[str] = frozenset()
    use_days: Mapping[str, frozenset[date]] = field(default_factory=dict)
    earlier: tuple[Known, ...] = ()
    # Whether the person made their pages simple.
    made_simple: bool = False
    low_days: frozenset[date] = frozenset()

    def days_of(self, kinds: list[str]) -> frozenset[date]:
        """Return the days before this one with use of any of the kinds."""
        return frozenset(day for kind in kinds for day in self.use_days.get(kind, ()) if day < self.day)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as the file states it."""

    id: str
    when: Mapping[str, Any]
    shows: str
    status: str
    source: str
    # Cards on what was used and what the person takes may stand in the same offer.
    beside_medicines: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Where a card leads, a part of the help page or the simple page, and what the link says."""

    to: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """One offer: a title, up to three lines, links; `crisis` asks for the two numbers in full."""

    id: str
    title: str
    lines: tuple[str, ...]
    links: tuple[Link, ...]
    crisis: bool
    # What stands in the same offer, below: cards of another feature, as its macros draw them.
    beside: Any = None


def offer(known: Known) -> str | None:
    """Return the name of the one card that follows, or None."""
    rule = rule_for(known)
    return None if rule is None else rule.shows


def rule_for(known: Known) -> Rule | None:
    """Return the first rule that holds, which makes the one offer; None where none does."""
    return next((rule for rule in rules() if holds(rule, known)), None)


@lru_cache(maxsize=1)
def hard() -> tuple[int, int]:
    """Return up to which mood, and from which pull on, an answer alone brings help nearer, by the rules above.

    For a phone without a network, which cannot ask for the card: it shows the numbers to call instead.
    """
    moods = [rule.when["mood_at_most"] for rule in rules() if set(rule.when) == {"mood_at_most"}]
    pulls = [rule.when["craving_at_least"] for rule in rules() if set(rule.when) == {"craving_at_least"}]
    return max(moods), min(pulls)


def holds(rule: Rule, known: Known) -> bool:
    """Whether every condition of a rule is met."""
    return all(_CONDITIONS[name](known, asked) for name, asked in rule.when.items())


def _mood_at_most(known: Known, most: int) -> bool:
    return known.mood is not None and known.mood <= most


def _craving_at_least(known: Known, least: int) -> bool:
    return known.craving is not None and known.craving >= least


def _used(known: Known, kinds: list[str] | str) -> bool:
    if kinds == "any":
        return known.use is True
    return known.use is True and bool(known.used & set(kinds))


def _used_only(known: Known, kinds: list[str]) -> bool:
    return known.use is True and bool(known.used) and known.used <= set(kinds)


def _none_of(known: Known, kinds: list[str]) -> bool:
    return known.use is False or (known.use is True and bool(known.used) and not known.used & set(kinds))


def _made_simple(known: Known, asked: bool) -> bool:
    return known.made_simple == asked


def _not_low_for(known: Known, days: int) -> bool:
    return not any(0 < (known.day - day).days <= days for day in known.low_days)


def _daily_before(known: Known, asked: Mapping[str, Any]) -> bool:
    days = known.days_of(asked["kinds"])
    recent = [day for day in days if 0 < (known.day - day).days <= asked["of"]]
    # Counted back from the last day of use, so that the second and third day without still count.
    last = max(days, default=None)
    if last is None or (known.day - last).days > asked["last_within"]:
        return False
    before = [day for day in days if 0 <= (last - day).days < asked["of"]]
    return bool(max(len(recent), len(before)) >= asked["days"])


def _paused(known: Known, asked: Mapping[str, Any]) -> bool:
    last = max(known.days_of(asked["kinds"]), default=None)
    if last is None or not asked["at_least"] <= (known.day - last).days <= asked["at_most"]:
        return False
    # Without `earlier` each is asked what it would show were it the first: the first of those that show it said it.
    late = (then for then in known.earlier if last + timedelta(days=asked["at_least"]) <= then.day < known.day)
    return not any(offer(replace(then, use_days=known.use_days, earlier=())) in asked["said_by"] for then in late)


_CONDITIONS: dict[str, Callable[[Known, Any], bool]] = {
    "mood_at_most": _mood_at_most,
    "craving_at_least": _craving_at_least,
    "used": _used,
    "used_only": _used_only,
    "none_of": _none_of,
    "made_simple": _made_simple,
    "not_low_for": _not_low_for,
    "daily_before": _daily_before,
    "paused": _paused,
}


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Return the rules in their order; raise at start for a condition, kind or card that does not exist."""
    known_kinds = {*Kind, UNNAMED}
    cards = {card["id"] for card in _card_file()}
    found = []
    for entry in yaml.safe_load(RULES.read_text(encoding="utf-8"))["check_in"]["rules"]:
        beside = entry.get("beside")
        rule = Rule(
            entry["id"], entry["when"], entry["shows"], entry["status"], entry["source"], beside_medicines=bool(beside)
        )
        kinds = [kind for asked in rule.when.values() for kind in _kinds_in(asked)]
        shown = {rule.shows, *rule.when.get("paused", {}).get("said_by", ())}
        names_nothing = not shown <= cards or beside not in {None, "medicines"}
        if not set(rule.when) <= set(_CONDITIONS) or names_nothing or not set(kinds) <= known_kinds:
            raise ValueError(f"Rule {rule.id!r} names a condition, a kind or a card that does not exist.")
        found.append(rule)
    return tuple(found)


def _kinds_in(asked: object) -> list[str]:
    if isinstance(asked, Mapping):
        return list(asked.get("kinds", ()))
    return list(asked) if isinstance(asked, list) else []


@lru_cache(maxsize=64)
def card(name: str, language: str) -> Card:
    """Return a card in a language, or in English where it has not been written in that language yet."""
    entry = next(entry for entry in _card_file() if entry["id"] == name)
    words = entry["words"].get(language) or entry["words"]["en"]
    links = tuple(Link(link["to"], label) for link, label in zip(entry["links"], words["links"], strict=True))
    return Card(name, words["title"], tuple(words["lines"]), links, bool(entry["crisis"]))


@lru_cache(maxsize=1)
def _card_file() -> list[dict[str, Any]]:
    cards: list[dict[str, Any]] = yaml.safe_load(CARDS.read_text(encoding="utf-8"))["cards"]
    return cards
