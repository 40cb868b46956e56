"""Languages: every string goes through gettext from the first template.

`xx` is a pseudo-language, made at run time for tests and development: what it leaves unmarked was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

import flask_babel
from babel import Locale, dates, numbers, support
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, LazyString, get_domain
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from patient_app.core import clock, spoken, times
from patient_app.core.identity import viewer_or_none
from patient_app.core.times import TIME
from patient_app.core.zone_words import zone_in_words

PSEUDO = "xx"
# One style for days, all over: the day before the month. `TIME` stands for a time of day and ends a pattern;
# `times.py` writes it.
DAY = "d MMMM y"
MOMENT = f"{DAY}, {TIME}"
TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"
# Where a language writes a month in full with words between, and how: the patterns above and those of templates are
# English. The longer comes first.
_WITH_MONTHS = {
    "es": (
        ("d MMMM y", "d 'de' MMMM 'de' y"),
        ("MMMM y", "MMMM 'de' y"),
        ("d MMMM", "d 'de' MMMM"),
    )
}
_AFTER_A_NUMBER = re.compile(r"(?<=\d) (?=[^\W\d])")
# Whose numbers a language follows, where its name alone means another country's: on a label in the United States, half
# a milligram is 0.5, in Spanish as well, and 0,5 could be read as 5.
_NUMBERS_AS_IN = {"es": Locale.parse("es_US")}


class PseudoTranslations(support.NullTranslations):
    """Marks every string that went through gettext with brackets that occur nowhere else."""

    def ugettext(self, message: str) -> str:
        """Return the marked string."""
        return f"\u27e6{message}\u27e7" if message else message

    def ungettext(self, singular: str, plural: str, number: int) -> str:
        """Return the marked singular or plural."""
        return self.ugettext(singular if number == 1 else plural)

    def upgettext(self, _context: str, message: str) -> str:
        """Return the marked string."""
        return self.ugettext(message)


class RequestDomain(Domain):
    """The usual catalogue, looked up once a request: a page asks for a hundred strings."""

    def get_translations(self) -> Any:
        """Return the catalogue of the request's language."""
        kept = _kept()
        found = kept.get("babel_translations") if kept else None
        if found is None:
            found = self.find()
            if kept is not None:
                kept["babel_translations"] = found
        return found

    def find(self) -> Any:
        """Look the catalogue up."""
        return super().get_translations()


class PseudoDomain(RequestDomain):
    """The pseudo-language's catalogue."""

    def find(self) -> Any:
        """Return what marks every string, but where words have to be in one language, whatever the reader's."""
        forced = (_kept() or {}).get("forced_babel_locale")
        return _PSEUDO if forced is None else super().find()


_PSEUDO = PseudoTranslations()


def _kept() -> dict[str, Any] | None:
    """Return what Flask-Babel keeps for this request; its `force_locale` and `refresh` empty what they must."""
    try:
        found = vars(g._get_current_object()).get("_flask_babel")
    except RuntimeError:  # No application is at work.
        return None
    return None if found is None else vars(found)


def catalogue() -> Any:
    """Return the catalogue of this request's language; the same object for as long as its words are the same."""
    kept = _kept()
    found = kept.get("babel_translations") if kept else None
    return get_domain().get_translations() if found is None else found


# Each string that is asked for asks for the domain; Flask-Babel goes past four proxies to it each time.
_look_up_domain = get_domain


def _domain() -> Domain:
    kept = _kept()
    found: Domain | None = kept.get("babel_domain") if kept else None
    return _look_up_domain() if found is None else found


flask_babel.get_domain = _domain


def _locale() -> Locale | str:
    kept = _kept()
    found = kept.get("babel_locale") if kept else None
    return found or flask_babel.get_locale() or "en"


@lru_cache(maxsize=1)
def translated_languages() -> frozenset[str]:
    """Return the languages that have a catalogue of their own; English is the text in the code."""
    found = {path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo")}
    return frozenset(found | {"en"})


def _own_name(language: str) -> str:
    locale = Locale.parse(language)
    name = locale.get_display_name(language) or language
    return name[:1].upper() + name[1:]


# The languages a person may ask for, each by its own name; a folder with a catalogue makes one.
LANGUAGES = {language: _own_name(language) for language in ("en", *sorted(translated_languages() - {"en"}))}


def in_every_language(message: str) -> dict[str, str]:
    """Return a message of ours in each language, for what speaks where no request is (the worker on a phone)."""
    return {
        language: support.Translations.load(str(TRANSLATIONS), [language]).ugettext(message) for language in LANGUAGES
    }


def languages_for(visitor: str) -> tuple[tuple[str, str], ...]:
    """Return the other languages that are offered to somebody who reads this one now, each with its own name."""
    return tuple((language, name) for language, name in LANGUAGES.items() if language != visitor)


def init_app(app: Flask) -> None:
    """Choose the language: the person's own; a visitor's choice, or what this phone spoke last, or its browser's."""
    babel = Babel(
        app,
        default_locale="en",
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=cast("Callable[[], str | None]", _select_locale),  # What is made already, it takes as it is.
        timezone_selector=_select_zone,
    )
    babel.domain_instance = RequestDomain()
    # Jinja's own wrappers call each other three deep and copy the context in every loop; half of a page's time.
    app.jinja_env.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext, pgettext=_pgettext)
    app.jinja_env.filters.update(dateformat=_dateformat, datetimeformat=_datetimeformat, timeformat=time_in_words)
    app.jinja_env.filters.update(day_in_words=day_in_words, moment_in_words=moment_in_words)
    app.jinja_env.filters.update(when_made=when_made, until_open=until_open, at_head=at_head)
    app.jinja_env.globals.update(languages_for=languages_for, halves_of_day=_halves_of_day)
    app.jinja_env.filters.update(zone_in_words=zone_in_words)
    spoken.init_app(app)
    if app.extensions["tandem"].config.development:
        pseudo = PseudoDomain()

        def use_pseudo() -> None:
            if request.args.get("language") == PSEUDO:
                flask_babel.refresh()
                pseudo.as_default()

        app.before_request(use_pseudo)


@pass_eval_context
def _gettext(context: EvalContext, text: str, /, **variables: Any) -> str:
    found = _said(catalogue(), text, context.autoescape)
    return found % variables if "%" in found else found


@lru_cache(maxsize=16384)
def _said(found_in: Any, text: str, autoescape: bool) -> str:
    """Return a string of a template in a language; templates hold a few thousand each."""
    found: str = found_in.ugettext(text)
    return Markup(found) if autoescape else found  # noqa: S704 - our own words, from the catalogue.


@pass_eval_context
def _ngettext(context: EvalContext, one: str, many: str, number: int, /, **variables: Any) -> str:
    found = catalogue().ungettext(one, many, number)
    return _filled(context, found, {"num": number, **variables})


@pass_eval_context
def _pgettext(context: EvalContext, meant: str, text: str, /, **variables: Any) -> str:
    return _filled(context, catalogue().upgettext(meant, text), {"context": meant, **variables})


def _filled(context: EvalContext, found: str, variables: dict[str, Any]) -> str:
    """Put the variables in, escaped; as with Jinja's own, a sign of per cent is always written twice."""
    text = Markup(found) if context.autoescape else found  # noqa: S704 - our own words, from the catalogue.
    return text % variables if "%" in found else text


def _dateformat(value: date | datetime | None = None, pattern: str | None = None, rebase: bool = True) -> str:
    """Write a day: of a moment the reader's, unless `rebase` is false; a wall clock's as it stood there."""
    if value is None or (isinstance(value, datetime) and value.tzinfo is not None):
        return _kept_whole(flask_babel.format_date(value, pattern and pattern_in(pattern, _locale()), rebase))
    return _kept_whole(_written(value, pattern or "medium", _locale()))


def _datetimeformat(value: datetime | None = None, pattern: str | None = None, rebase: bool = True) -> str:
    """Write a moment by the reader's clock, or by its own if `rebase` is false; a wall clock as it stood there."""
    wall = value or clock.now()
    if rebase and wall.tzinfo is not None:
        wall = flask_babel.to_user_timezone(wall)
    return _kept_whole(_written(wall.replace(tzinfo=None), pattern or MOMENT, _locale()))


def _kept_whole(said: str) -> str:
    """Keep a number and the word after it on one line of a page: "3 December", "10:00 AM"."""
    return _AFTER_A_NUMBER.sub("\u00a0", said)


def day_in_words(day: date, pattern: str = DAY) -> str:
    """Return a civil date as pages write it, in the reader's language."""
    return _written(day, pattern, _locale())


def number_in_words(number: Decimal | float) -> str:
    """Return a number as the reader's language writes it in the United States."""
    locale = _locale()
    return str(numbers.format_decimal(number, locale=_NUMBERS_AS_IN.get(str(locale), locale)))


def moment_in_words(wall: datetime) -> str:
    """Return the date and time that stood on somebody's clock as pages write it, in the reader's language."""
    return _written(wall, MOMENT, _locale())


def time_in_words(at: time | datetime | int) -> str:
    """Return a time of day, or a minute of one, as the reader's language writes it: "9:05 PM", "noon"."""
    return times.in_words(at if isinstance(at, int) else at.hour * 60 + at.minute, _locale())


def at_head(said: str) -> str:
    """Return what is said as it stands at the head of a line: "noon" is "Noon" there."""
    return said[:1].upper() + said[1:]


def lazy_time(minute: int) -> LazyString:
    """Return a minute of the day as a choice of a list, written in the language of whoever reads it then."""
    return LazyString(lambda: at_head(time_in_words(minute)))


def _halves_of_day() -> str:
    """Return what scripts need to write a time as `times.py` does; empty where the browser knows it."""
    halves = times.halves(Locale.parse(_locale()).language)
    return "" if halves is None else "|".join(astuple(halves))


def until_open(moment: datetime) -> str:
    """Return until when something stays closed, to stand behind "until": by the reader's own clock."""
    if moment >= clock.NO_END:
        return flask_babel.gettext("you show that it was you")
    person = viewer_or_none()
    zone = clock.find_zone(person.zone) if person is not None else None
    return _written(moment.astimezone(zone or UTC).replace(tzinfo=None), f"EEEE d MMMM, {TIME}", _locale())


class Made(Protocol):
    """What was made at a time of day that is known, or was told afterwards for a past day."""

    @property
    def local_time(self) -> datetime:
        """The wall clock (naive) where it was made."""

    @property
    def time_known(self) -> bool:
        """Whether that time of day is when it was made."""


def when_made(entry: Made, day: str = "") -> str:
    """Return when an entry was made, in the reader's language: its day by that pattern, and the time where it is known.

    Without a pattern, the time alone; of an entry that was told afterwards, that it was.
    """
    if entry.time_known:
        return _written(entry.local_time, f"{day}, {TIME}" if day else TIME, _locale())
    return _written(entry.local_time, day, _locale()) if day else flask_babel.gettext("Added later")


@lru_cache(maxsize=4096)
def _written(value: date, pattern: str, locale: Locale | str) -> str:
    """Write a civil date or a wall clock in words; a history says the same ones again and again."""
    day = pattern.removesuffix(TIME)
    said = dates.format_date(value, pattern_in(day, locale), locale=locale) if day else ""
    if day == pattern:
        return said
    wall = cast("datetime", value)
    return said + times.in_words(wall.hour * 60 + wall.minute, locale)


@lru_cache(maxsize=256)
def pattern_in(pattern: str, locale: Locale | str) -> str:
    """Return a pattern of a date as this language needs it."""
    for ours, theirs in _WITH_MONTHS.get(str(locale), ()):
        if ours in pattern:
            return pattern.replace(ours, theirs)
    return pattern


def _select_locale() -> Locale:
    """Return the language of this request, as Flask-Babel would make it of its name."""
    if not request:
        return _locale_of("en")
    available = translated_languages()
    person = viewer_or_none()
    if person is None:
        return _locale_of(spoken.of_visitor(available))
    return _locale_of(person.language if person.language in available else "en")


def _select_zone() -> str | None:
    """Return the zone by which whoever reads is told when something was; UTC for a visitor."""
    person = viewer_or_none() if request else None
    return person.zone if person else None


def language_of_page() -> str | None:
    """Return the language in which somebody reads right now, by its word; None where nobody does."""
    if not has_request_context():
        return None
    language = str(_locale())
    return language if language in LANGUAGES else None


@lru_cache(maxsize=16)
def _locale_of(language: str) -> Locale:
    return Locale.parse(language)
