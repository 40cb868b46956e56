"""What somebody's pull is towards, in words: who named gambling alone is not asked whether they drank.

Their own pages say it so. For readers the category is one, and the thing that was named stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _l

from patient_app.profile.things import Kind, Thing


class Asks(StrEnum):
    """What somebody's pull is towards, by what they named to keep an eye on: their own pages ask and say it so."""

    USE = "use"
    GAMBLING = "gambling"
    BOTH = "both"

    @classmethod
    def of(cls, things: Iterable[Thing]) -> Asks:
        """Return what to ask of somebody who named these things; of whoever named nothing, drinking and using."""
        kinds = {thing.kind for thing in things}
        if Kind.GAMBLING not in kinds:
            return cls.USE
        return cls.GAMBLING if kinds == {Kind.GAMBLING} else cls.BOTH


PULL_QUESTIONS: dict[Asks, LazyString] = {
    Asks.USE: _l("Any pull to drink or use?"),
    Asks.GAMBLING: _l("Any pull to gamble?"),
    Asks.BOTH: _l("Any pull to drink, use or gamble?"),
}
USE_QUESTIONS: dict[Asks, LazyString] = {
    Asks.USE: _l("Since last time, did you drink or use?"),
    Asks.GAMBLING: _l("Since last time, did you gamble?"),
    Asks.BOTH: _l("Since last time, did you drink, use or gamble?"),
}
PULL_LABELS: dict[Asks, LazyString] = {
    Asks.USE: _l("Pull to drink or use"),
    Asks.GAMBLING: _l("Pull to gamble"),
    Asks.BOTH: _l("Pull to drink, use or gamble"),
}
USE_LABELS: dict[Asks, LazyString] = {
    Asks.USE: _l("Drank or used"),
    Asks.GAMBLING: _l("Gambled"),
    Asks.BOTH: _l("Drank, used or gambled"),
}


def pull_sentence(asks: Asks, least: str, most: str, *, mostly: bool) -> str:
    """Return in which range the pull was, in numbers that are words already; `mostly` for the usual range alone."""
    if asks is not Asks.USE:
        return _any_pull(least, most, mostly=mostly)
    if least != most:
        if mostly:
            return gettext("Pull to drink or use was mostly %(low)s to %(high)s of 10.", low=least, high=most)
        return gettext("Pull to drink or use was %(low)s to %(high)s of 10.", low=least, high=most)
    if mostly:
        return gettext("Pull to drink or use was mostly %(number)s of 10.", number=least)
    return gettext("Pull to drink or use was %(number)s of 10.", number=least)


def _any_pull(least: str, most: str, *, mostly: bool) -> str:
    if least != most:
        if mostly:
            return gettext("The pull was mostly %(low)s to %(high)s of 10.", low=least, high=most)
        return gettext("The pull was %(low)s to %(high)s of 10.", low=least, high=most)
    if mostly:
        return gettext("The pull was mostly %(number)s of 10.", number=least)
    return gettext("The pull was %(number)s of 10.", number=least)


def days_sentence(asks: Asks, count: int) -> str:
    """Return on how many days it happened."""
    if asks is Asks.GAMBLING:
        return str(ngettext("You gambled on %(num)d day.", "You gambled on %(num)d days.", count))
    if asks is Asks.BOTH:
        return str(
            ngettext("You drank, used or gambled on %(num)d day.", "You drank, used or gambled on %(num)d days.", count)
        )
    return str(ngettext("You drank or used on %(num)d day.", "You drank or used on %(num)d days.", count))


def named_days_sentence(asks: Asks, days: str) -> str:
    """Return on which days it happened, in words already."""
    if asks is Asks.GAMBLING:
        return gettext("You gambled on %(days)s.", days=days)
    if asks is Asks.BOTH:
        return gettext("You drank, used or gambled on %(days)s.", days=days)
    return gettext("You drank or used on %(days)s.", days=days)
