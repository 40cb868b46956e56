"""The categories of a patient's data that can be shared, each by itself."""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """A kind of data; what reveals substance use is always `SUBSTANCE_USE`, whatever page it stands on."""

    MOOD = "mood"  # mood, anxiety, energy, sleep
    NOTES = "notes"  # free words; never part of another category, private until shared
    SUBSTANCE_USE = "substance_use"  # protected by 42 CFR Part 2
    MEDICATIONS = "medications"
    SKILLS = "skills"
    MEASURES = "measures"
    PLAN = "plan"  # visits: with whom, when, where. Goals and steps are no part of what was signed so far.
    SAFETY_PLAN = "safety_plan"


class Level(StrEnum):
    """How much of a category: single entries, or only a summary by week."""

    DETAIL = "detail"
    SUMMARY = "summary"


# Categories that a person can be asked about today: those whose data this release can hold.
OFFERED = (
    Category.MOOD,
    Category.SUBSTANCE_USE,
    Category.MEDICATIONS,
    Category.NOTES,
    Category.SKILLS,
    Category.PLAN,
    Category.SAFETY_PLAN,
)
# Of these, what only clinicians are shown: a plan names whom to call, and what is to be put away; medicines tell of
# illness, and visits of where somebody is, and when.
TEAM_ONLY = frozenset({Category.MEDICATIONS, Category.PLAN, Category.SAFETY_PLAN})
# What cannot be summed up by week is shared whole or not at all.
DETAIL_ONLY = TEAM_ONLY | {Category.NOTES, Category.SKILLS}


def offered(*, to_team: bool) -> tuple[Category, ...]:
    """Return what a person can be asked to share with their team, or with a supporter."""
    return tuple(category for category in OFFERED if to_team or category not in TEAM_ONLY)
