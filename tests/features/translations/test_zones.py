"""Time zones as people say them, in both languages; whatever a phone names, nothing fails."""

from __future__ import annotations

import pytest

from patient_app.core import clock
from patient_app.core.zone_words import _in_words, zone_in_words, zones_in_order


@pytest.mark.parametrize(
    ("zone", "english", "spanish"),
    [
        ("America/New_York", "New York (Eastern Time)", "Nueva York (hora oriental)"),
        ("US/Eastern", "New York (Eastern Time)", "Nueva York (hora oriental)"),
        ("America/Phoenix", "Phoenix (Arizona)", "Phoenix (Arizona)"),
        ("America/Indiana/Indianapolis", "Indianapolis (Indiana)", "Indianapolis (Indiana)"),
        ("America/Puerto_Rico", "Puerto Rico", "Puerto Rico"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires (Argentina)", "Buenos Aires (Argentina)"),
        ("America/Mexico_City", "Mexico City (Mexico)", "Ciudad de México (México)"),
        ("UTC", "UTC", "UTC"),
        ("No/Such_Place", "No/Such Place", "No/Such Place"),
    ],
)
def test_words(zone: str, english: str, spanish: str) -> None:
    """A city, and what people there call their time, or their country."""
    assert (_in_words(zone, "en"), _in_words(zone, "es")) == (english, spanish)


def test_every_zone_of_this_machine() -> None:
    """Each has words, and none of them holds a path or two names in each other."""
    for zone in {*clock.zone_names(), "", "Factory", "Etc/Unknown"}:
        words = zone_in_words(zone)
        assert words.count("(") <= 2
        assert words == zone.replace("_", " ") or "/" not in words


def test_order_of_the_list() -> None:
    """What comes first stays first; the others are sorted as a reader looks for them, whatever marks they have."""
    found = zones_in_order(["America/Denver"], ["Europe/Zurich", "Indian/Reunion", "Europe/Rome", "UTC"])
    assert [zone for zone, _ in found] == ["America/Denver", "Indian/Reunion", "Europe/Rome", "UTC", "Europe/Zurich"]
