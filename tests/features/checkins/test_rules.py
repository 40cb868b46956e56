"""What follows a check-in: each rule of the file by example, and what holds for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from patient_app.checkins import rules
from patient_app.checkins.rules import CARDS, RULES, UNNAMED, Known, card, offer
from patient_app.learn.facts import LANGUAGES
from patient_app.profile.things import Kind
from tests.features.checkins.test_offers import wrong_in

TODAY = date(2026, 3, 20)


def ago(*days: int) -> frozenset[date]:
    return frozenset(TODAY - timedelta(days=number) for number in days)


def known(**said: Any) -> Known:
    """Make what is known: `used=["opioids"]` says yes; `before={"alcohol": (1, 2)}` are days ago with use.

    `told={3: {"mood": 1}}` is a check-in three days ago, which says no to use where it does not say `used`; `low=(1,)`
    is a low mood yesterday.
    """
    before: dict[str, Iterable[int]] = said.pop("before", {})
    told = said.pop("told", {})
    told = told if isinstance(told, dict) else {number: {} for number in told}
    earlier = [told_on(TODAY - timedelta(days=number), **{"use": False, **then}) for number, then in told.items()]
    days_of = {kind: ago(*days) for kind, days in before.items()}
    low_days = ago(*said.pop("low", ()))
    return told_on(TODAY, use_days=days_of, earlier=tuple(earlier), low_days=low_days, **said)


def told_on(day: date, **said: Any) -> Known:
    if "used" in said:
        said = {**said, "use": True, "used": frozenset(said["used"])}
    return Known(day=day, **said)


# (what is known, the card that follows). Each rule has a case that just meets it and one that just does not.
CASES = [
    # Nothing that needs a word more.
    (known(), None),
    (known(mood=3), None),
    (known(mood=2, made_simple=True), None),
    (known(mood=5, craving=0, use=False), None),
    (known(craving=6), None),
    # A low mood: the page made simple is offered, to whom it is not yet.
    (known(mood=2), "simpler"),
    (known(mood=2, low=(7, 3)), None),
    (known(mood=2, low=(8,)), "simpler"),
    (known(mood=1, low=(1, 2, 3)), "help"),
    (known(mood=2, craving=7), "urge"),
    (known(mood=2, used=["alcohol"]), "thanks_alone"),
    # A strong pull.
    (known(craving=7), "urge"),
    (known(craving=10, use=False), "urge"),
    # Very low, whatever else, but for opioids.
    (known(mood=1), "help"),
    (known(mood=1, craving=10), "help"),
    (known(mood=1, used=["alcohol"]), "help"),
    (known(mood=1, used=["opioids"]), "tolerance_and_help"),
    # Use: thanks, and what keeps a person alive.
    (known(used=["stimulants"]), "thanks"),
    (known(used=[UNNAMED]), "thanks"),
    # What cannot hold an opioid: thanks alone, before what is said of a strong pull.
    (known(used=["alcohol"]), "thanks_alone"),
    (known(used=["alcohol", "nicotine"]), "thanks_alone"),
    (known(used=["alcohol", "cannabis"]), "thanks"),
    (known(used=["gambling"], craving=9), "thanks_alone"),
    (known(used=["gambling", "nicotine"]), "thanks_alone"),
    (known(used=["nicotine", "cannabis"]), "thanks"),
    (known(used=["opioids"]), "tolerance"),
    (known(used=["alcohol", "opioids"]), "tolerance"),
    (known(used=["opioids"], before={"opioids": (9,)}, told=(1, 2, 3)), "tolerance"),
    # Drinking on most days, and then none.
    (known(use=False, before={"alcohol": (1, 2, 3, 4, 5)}), "alcohol_withdrawal"),
    (known(use=False, before={UNNAMED: (1, 2, 3, 5, 7)}), "alcohol_withdrawal"),
    (known(use=False, before={"alcohol": (1, 2, 3), UNNAMED: (4, 5)}), "alcohol_withdrawal"),
    (known(use=False, before={"alcohol": (4, 5, 6, 7, 8)}), "alcohol_withdrawal"),
    (known(use=False, craving=9, before={"alcohol": (1, 2, 3, 4, 5)}), "alcohol_withdrawal"),
    (known(use=False, before={"alcohol": (5, 6, 7, 8, 9)}), None),
    (known(use=False, before={"alcohol": (1, 2, 3, 4)}), None),
    (known(use=False, before={"alcohol": (1, 3, 9, 11, 13)}), None),
    (known(use=None, before={"alcohol": (1, 2, 3, 4, 5)}), None),
    (known(use=False, before={"cannabis": (1, 2, 3, 4, 5)}), None),
    # Sedatives on most days, and then none.
    (known(use=False, before={"sedatives": (1, 2, 3, 4, 5)}), "sedative_withdrawal"),
    (known(use=False, before={"sedatives": (10, 11, 12, 13, 14)}), "sedative_withdrawal"),
    (known(use=False, before={"sedatives": (11, 12, 13, 14, 15)}), None),
    # A pause of opioids: once, at the first check-in after three days.
    (known(use=False, before={"opioids": (2,)}, told=(1, 2)), None),
    (known(use=False, before={"opioids": (3,)}, told=(1, 2, 3)), "tolerance_after_pause"),
    (known(use=False, before={"opioids": (4,)}, told=(2, 4)), "tolerance_after_pause"),
    (known(use=False, before={"opioids": (4,)}, told=(1, 4)), None),
    (known(use=False, before={"opioids": (5,)}, told=(1, 2, 5)), None),
    (known(use=False, before={"opioids": (30,)}, told=(30,)), "tolerance_after_pause"),
    (known(use=False, before={"opioids": (31,)}, told=(31,)), None),
    # Said is what was shown: where another card came instead, it follows at the next check-in.
    (known(use=False, mood=1, before={"opioids": (3,)}), "tolerance_and_help"),
    (known(use=False, mood=3, before={"opioids": (4,)}, told={1: {"mood": 1}}), "tolerance_after_pause"),
    (known(use=False, mood=1, before={"opioids": (4,)}, told={1: {"mood": 1}}), "tolerance_and_help"),
    (known(use=False, mood=1, before={"opioids": (4,)}, told={1: {"mood": 3}}), "help"),
    (known(use=False, before={"opioids": (9,)}, told={5: {"mood": 3}, 4: {"mood": 1}}), None),
    (known(use=False, before={"opioids": (4,), "alcohol": (4,)}, told={1: {"used": ["alcohol"]}}), None),
    (known(use=False, before={"opioids": (4,)}, told={1: {"used": [UNNAMED]}}), "tolerance_after_pause"),
    (known(used=["cannabis"], before={"opioids": (3,)}), "tolerance_after_pause"),
    (known(used=["nicotine"], before={"opioids": (4,)}, told={1: {"used": ["nicotine"]}}), "thanks_alone"),
    (known(used=[UNNAMED], before={"opioids": (3,)}), "thanks"),
    # A pause of opioids, and a break after drinking or sedatives on most days: both at once.
    (known(use=False, before={"opioids": (3,), "alcohol": (3, 4, 5, 6, 7)}), "tolerance_and_withdrawal"),
    (
        known(use=False, before={"opioids": (4,), "alcohol": (4, 5, 6, 7, 8)}, told={1: {}}),
        "alcohol_withdrawal",
    ),
    (known(use=False, before={"opioids": (5,), "alcohol": (5, 6, 7, 8, 9)}, told={2: {}}), None),
    (known(use=False, before={"opioids": (9,), "sedatives": (9, 10, 11, 12, 13)}), "tolerance_and_withdrawal"),
    (known(use=False, before={"opioids": (9,), "sedatives": (9, 10, 11, 12, 13)}, told={4: {}}), "sedative_withdrawal"),
    # A break after most days, on a very low day: it would be over before that is.
    (known(use=False, mood=1, before={"alcohol": (1, 2, 3, 4, 5)}), "withdrawal_and_help"),
    (known(use=False, mood=1, before={"sedatives": (1, 2, 3, 4, 5)}), "withdrawal_and_help"),
    (known(use=False, mood=1, before={"opioids": (3,), "alcohol": (3, 4, 5, 6, 7)}), "withdrawal_and_help"),
    (
        known(use=False, before={"opioids": (4,), "alcohol": (4, 5, 6, 7, 8)}, told={1: {"mood": 1}}),
        "tolerance_and_withdrawal",
    ),
    (
        known(use=False, before={"opioids": (5,), "alcohol": (5, 6, 7, 8, 9)}, told={2: {"mood": 1}, 1: {"mood": 1}}),
        "tolerance_after_pause",
    ),
    # Who goes on with something else makes the break all the same.
    (known(used=["cannabis"], before={"alcohol": (1, 2, 3, 4, 5)}), "alcohol_withdrawal"),
    (known(used=["nicotine"], before={"sedatives": (1, 2, 3, 4, 5)}), "sedative_withdrawal"),
    (known(used=["cannabis", "alcohol"], before={"alcohol": (1, 2, 3, 4, 5)}), "thanks"),
    (known(used=[UNNAMED], before={"alcohol": (1, 2, 3, 4, 5)}), "thanks"),
    (known(used=["opioids"], before={"alcohol": (1, 2, 3, 4, 5)}), "tolerance_and_withdrawal"),
    (known(used=["opioids"], before={"sedatives": (1, 2, 3, 4, 5)}), "tolerance_and_withdrawal"),
    (known(used=["opioids"], mood=1, before={"alcohol": (1, 2, 3, 4, 5)}), "tolerance_and_help"),
]


@pytest.mark.parametrize(("case", "follows"), CASES)
def test_what_follows(case: Known, follows: str | None) -> None:
    assert offer(case) == follows


def test_every_rule_has_a_case() -> None:
    assert {rule.shows for rule in rules.rules()} == {follows for _, follows in CASES if follows}
    # Two rules may show the same card: each is the one that a case comes to.
    reached = [next((rule.id for rule in rules.rules() if rules.holds(rule, case)), None) for case, _ in CASES]
    assert {rule.id for rule in rules.rules()} == {rule for rule in reached if rule}


def test_every_card_is_shown_by_a_rule_and_every_rule_has_its_source() -> None:
    cards = yaml.safe_load(CARDS.read_text(encoding="utf-8"))["cards"]
    assert {entry["id"] for entry in cards} == {rule.shows for rule in rules.rules()}
    assert all(rule.source and rule.status in {"reviewed source", "proposal"} for rule in rules.rules())
    named = [rule.source for rule in rules.rules()] + [entry["source"] for entry in cards]
    assert all(named)
    # A source is a work that somebody can open, or another rule or card here that has one.
    assert not [one for one in named if re.search(r"(?i)general knowledge|not checked|not be verified|^our own", one)]
    assert "reviewed_on" in yaml.safe_load(RULES.read_text(encoding="utf-8"))["check_in"]


kinds = st.sampled_from([*Kind, UNNAMED])
past = st.integers(1, 40).map(lambda number: TODAY - timedelta(days=number))
days = st.frozensets(past)
earlier = st.lists(st.builds(Known, day=past, mood=st.none() | st.integers(1, 5), use=st.booleans())).map(tuple)


@given(
    st.builds(
        Known,
        day=st.just(TODAY),
        mood=st.none() | st.integers(1, 5),
        craving=st.none() | st.integers(0, 10),
        use=st.none() | st.booleans(),
        used=st.frozensets(kinds),
        use_days=st.dictionaries(kinds, days),
        earlier=earlier,
    )
)
def test_no_state_is_told_of_use_that_there_was_not(state: Known) -> None:
    shown = offer(state)
    if shown is None:
        return
    for language in LANGUAGES:
        found = card(shown, language)
        assert wrong_in(language, " ".join([found.title, *found.lines, *(link.label for link in found.links)])) == []
    assert state.use or shown not in {"thanks", "thanks_alone", "tolerance"}


@given(st.integers(1, 5), st.integers(0, 10), st.booleans())
def test_danger_always_carries_the_numbers(mood: int, craving: int, use: bool) -> None:
    shown = offer(Known(day=TODAY, mood=mood, craving=craving, use=use, used=frozenset({"opioids"} if use else ())))
    if mood == 1 or use:
        assert shown is not None
        assert all(card(shown, language).crisis for language in LANGUAGES)


@pytest.mark.parametrize(
    "when", [{"mood_below": 2}, {"used": ["whisky"]}, {"daily_before": {"kinds": ["beer"], "days": 1, "of": 1}}]
)
def test_a_rule_that_names_what_does_not_exist_stops_the_start(
    when: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    broken = tmp_path / "rules.yaml"
    rule = {"id": "broken", "when": when, "shows": "help", "status": "proposal", "source": "none"}
    broken.write_text(yaml.safe_dump({"check_in": {"rules": [rule]}}), encoding="utf-8")
    monkeypatch.setattr(rules, "RULES", broken)
    rules.rules.cache_clear()
    try:
        with pytest.raises(ValueError, match="broken"):
            rules.rules()
    finally:
        rules.rules.cache_clear()


check_ins = st.dictionaries(
    st.integers(3, 30), st.tuples(st.none() | st.integers(1, 5), st.sampled_from([(), ("nicotine",), ("alcohol",)]))
)


@given(check_ins, st.frozensets(st.sampled_from(["alcohol", "sedatives"])))
def test_after_a_pause_of_opioids_it_is_said_once_whatever_came_between(
    told: dict[int, tuple[int | None, tuple[str, ...]]], stopped: frozenset[str]
) -> None:
    last = TODAY - timedelta(days=40)
    use_days = {kind: frozenset(last - timedelta(days=number) for number in range(7)) for kind in ("opioids", *stopped)}
    entries: list[Known] = []
    made: list[str | None] = []
    for number, (mood, used) in sorted(told.items()):
        entry = told_on(last + timedelta(days=number), mood=mood, **({"used": used} if used else {"use": False}))
        made.append(offer(replace(entry, use_days=use_days, earlier=tuple(entries))))
        entries.append(entry)
    speaks = {"tolerance_after_pause", "tolerance_and_withdrawal"}
    # On very low days it waits.
    assert sum(shown in speaks for shown in made) == any(entry.mood != 1 for entry in entries)
