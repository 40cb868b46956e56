"""What most check-in pages have in common, drawn once: the questions with nothing answered, and the days before."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from flask import get_template_attribute
from markupsafe import Markup

from patient_app.checkins.forms import CheckInForm
from patient_app.core import i18n
from patient_app.profile.service import Profile
from patient_app.profile.things import Thing


def blank_questions(profile: Profile) -> Markup:
    """Return the questions as this person is asked them, with nothing answered.

    What holds words of the person's own is drawn anew each time, so that nobody's words stay in memory.
    """
    if profile.triggers or profile.helpers or any(thing.words for thing in profile.things):
        return _drawn(profile.asks_about_use, profile)
    return _kept(i18n.catalogue(), profile.asks_about_use, profile.things)


def other_days(address: str, today: date, number: int) -> Markup:
    """Return the links to so many days before today; `address` is the form's."""
    return _days(i18n.catalogue(), address, today, number)


@lru_cache(maxsize=64)
def _days(_catalogue: object, address: str, today: date, number: int) -> Markup:
    past = [today - timedelta(days=back) for back in range(1, number + 1)]
    drawn: Markup = get_template_attribute("checkins/_questions.html", "other_days")(address, past)
    return drawn


@lru_cache(maxsize=256)
def _kept(_catalogue: object, asks_about_use: bool, things: tuple[Thing, ...]) -> Markup:
    return _drawn(asks_about_use, Profile(things=things))


def _drawn(asks_about_use: bool, profile: Profile) -> Markup:
    questions = get_template_attribute("checkins/_questions.html", "questions")
    drawn: Markup = questions(CheckInForm.blank(profile), asks_about_use, False)
    return drawn
