"""A time zone as people say it, in the language of the page: a city, and which time it has or its country."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from babel import Locale, dates
from babel.core import get_global
from flask_babel import get_locale

from patient_app.core import clock

_NEWER = get_global("zone_aliases")
# What is known of a zone's time is kept under its older name, where it has one.
_OLDER = {newer: older for older, newer in _NEWER.items()}
# What people there say, where their time has a name that they do not use, or none that is known here.
_STATES = {
    "America/Indiana/Indianapolis": "Indiana",
    "America/Kentucky/Louisville": "Kentucky",
    "America/Phoenix": "Arizona",
    "Pacific/Honolulu": "Hawaii",
}
_NOWHERE = ("ZZ", "001")
_NAMED_BY_TIME = frozenset({"US", "CA"})


def zone_in_words(zone: str) -> str:
    """Return a zone of IANA as pages write it: "New York (Eastern Time)"; one that nobody knows stands as it is."""
    return _in_words(zone, str(get_locale() or "en"))


def zones_in_order(first: Iterable[str], others: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return zones with their words, as a list to pick from: the first ones as they come, the others by their words."""
    named = [(zone, zone_in_words(zone)) for zone in others]
    return (*((zone, zone_in_words(zone)) for zone in first), *sorted(named, key=lambda one: _plain(one[1])))


def _plain(words: str) -> str:
    """Return words without the marks on their letters, by which a reader looks for them."""
    return "".join(one for one in unicodedata.normalize("NFD", words) if not unicodedata.combining(one)).casefold()


@lru_cache(maxsize=2048)
def _in_words(zone: str, language: str) -> str:
    locale, now = Locale.parse(language), _NEWER.get(zone, zone)
    place = get_global("zone_territories").get(now, _NOWHERE[0])
    if place in _NOWHERE or clock.find_zone(now) is None:
        return zone.replace("_", " ")
    country = str(locale.territories[place])
    city = dates.get_timezone_location(now, locale=locale, return_city=True).rpartition("/")[2]
    about = _STATES.get(now) or _time(now, locale) or country
    return city if about == city else f"{city} ({about})"


def _time(zone: str, locale: Locale) -> str:
    """Return the name of the time that a zone has, where people name it by that; else nothing."""
    known = get_global("meta_zones")
    named = zone if zone in known else _OLDER.get(zone, "")
    if get_global("zone_territories").get(zone) not in _NAMED_BY_TIME or named not in known:
        return ""
    words = dates.get_timezone_name(named, width="long", zone_variant="generic", locale=locale)
    # A time that has no name of its own is told by its country and city, both of which are said already.
    return "" if "(" in words else words
