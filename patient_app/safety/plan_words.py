"""What the steps of a plan are called, what helps to fill them in, and how they are told."""

from __future__ import annotations

from datetime import date

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part
from patient_app.safety.models import Step
from patient_app.safety.plan import SOON, MadeWith, Plan, StepWords

# The six, in their order.
SIX = (Step.SIGNS, Step.ALONE, Step.PLACES, Step.PEOPLE, Step.PROFESSIONALS, Step.SAFER)

HEADINGS: dict[Step, LazyString] = {
    Step.SIGNS: _l("Signs that a hard time is near"),
    Step.ALONE: _l("What I can do by myself"),
    Step.PLACES: _l("People and places that take my mind off it"),
    Step.PEOPLE: _l("People I can ask for help"),
    Step.PROFESSIONALS: _l("My care team and services"),
    Step.SAFER: _l("Making the place around me safer"),
    Step.NALOXONE: _l("My naloxone"),
    Step.MADE: _l("How I made this plan"),
}
HINTS: dict[Step, LazyString] = {
    Step.SIGNS: _l("What do you notice first? It can be a thought, a picture, a mood, or what you do."),
    Step.ALONE: _l("What has helped before, even for a short time? It can be music, a walk, a shower."),
    Step.PLACES: _l("Who is good company? Where do you feel at ease? You do not have to tell them why you came."),
    Step.PEOPLE: _l("Who may know how you are doing? It helps to ask them first if they want to be on your plan."),
    Step.PROFESSIONALS: _l("Who looks after you? 988, 911 and the numbers of your practice are always on your plan."),
    Step.SAFER: _l(
        "What could you put further away, lock up, or give to someone for now? Who can help you with it? Putting time "
        "and space in between keeps people safe."
    ),
    Step.NALOXONE: _l("In an overdose, seconds count. Write down where it is, so that others can find it too."),
    Step.MADE: _l("Both ways are fine. You can change the plan at any time."),
}
MADE_WITH: dict[MadeWith, LazyString] = {
    MadeWith.ALONE: _l("I made it by myself"),
    MadeWith.TEAM: _l("I made it with someone from my care team"),
}


def parts_of(plan: Plan, day: date) -> list[Part]:
    """Return the steps of a plan that were written on a day, for who can see them."""
    return [
        Part(str(HEADINGS[step]), needs(written.words, step))
        for step, written in plan.steps.items()
        if written.day == day
    ]


def needs(words: StepWords, step: Step) -> frozenset[Category]:
    """Return all the categories that somebody needs to see a step."""
    about_use = words.about_use or step is Step.NALOXONE
    return frozenset({Category.SAFETY_PLAN, Category.SUBSTANCE_USE} if about_use else {Category.SAFETY_PLAN})


def has_expired(words: StepWords, today: date) -> bool:
    """Whether the month in which something expires is over."""
    return words.last_day is not None and words.last_day < today


def expires_soon(words: StepWords, today: date) -> bool:
    """Whether it has not expired, but will within 30 days."""
    return words.last_day is not None and today <= words.last_day <= today + SOON
