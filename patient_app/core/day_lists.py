"""A few days in one sentence, as each language lists them: "9 and 12 November", "el 9 y el 12 de noviembre"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from babel import Locale, dates
from babel.lists import format_list

from patient_app.core import i18n

# What stands before each day of a list but the first, before which the sentence itself says it.
_BEFORE_EACH = {"es": "el "}


def list_of_days(days: Sequence[date], pattern: str, locale: Locale | str) -> str:
    """Return days by a pattern that begins with the day; a month that all of them share is said once, at the end."""
    inside = i18n.pattern_in(pattern, locale)
    said = [dates.format_date(day, inside, locale) for day in days]
    if len({(day.year, day.month) for day in days}) == 1:
        said[:-1] = [str(day.day) for day in days[:-1]]
    before = _BEFORE_EACH.get(Locale.parse(locale).language, "")
    return str(format_list([*said[:1], *(before + one for one in said[1:])], locale=locale))
