"""How a regimen is told: amounts with their units, when something is taken, what a change was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from flask_babel import LazyString, get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l

from patient_app.core import i18n
from patient_app.medications import catalogue
from patient_app.medications.models import Change
from patient_app.medications.said import Said
from patient_app.medications.schedule import (
    Anchor,
    AsNeeded,
    At,
    AtClinic,
    Days,
    Dose,
    EveryDays,
    Food,
    Hours,
    Paused,
    Regular,
    Schedule,
    Stepwise,
    minute_of,
)

_MINUTES_AN_HOUR = 60
_DAYS_A_WEEK = 7
_FRACTIONS = {Decimal("0.25"): "¼", Decimal("0.5"): "½", Decimal("0.75"): "¾"}

# What amounts count, by the word that stands in a schedule; a schedule may hold another, which is told as it is.
UNITS: dict[str, LazyString] = {
    "tablet": _l("tablets"),
    "capsule": _l("capsules"),
    "mg": _l("mg"),
    "ml": _l("ml"),
    "mcg": _l("mcg"),
    "g": _l("g"),
    "drop": _l("drops"),
    "film": _l("films"),
    "patch": _l("patches"),
    "spray": _l("sprays"),
    "piece": _l("pieces"),
    "lozenge": _l("lozenges"),
    "injection": _l("injections"),
    "dose": _l("doses"),
}
_COUNTED: dict[str, Callable[[int, str], str]] = {
    "tablet": lambda n, number: ngettext("%(number)s tablet", "%(number)s tablets", n, number=number),
    "capsule": lambda n, number: ngettext("%(number)s capsule", "%(number)s capsules", n, number=number),
    "drop": lambda n, number: ngettext("%(number)s drop", "%(number)s drops", n, number=number),
    "film": lambda n, number: ngettext("%(number)s film", "%(number)s films", n, number=number),
    "patch": lambda n, number: ngettext("%(number)s patch", "%(number)s patches", n, number=number),
    "spray": lambda n, number: ngettext("%(number)s spray", "%(number)s sprays", n, number=number),
    "piece": lambda n, number: ngettext("%(number)s piece", "%(number)s pieces", n, number=number),
    "lozenge": lambda n, number: ngettext("%(number)s lozenge", "%(number)s lozenges", n, number=number),
    "injection": lambda n, number: ngettext("%(number)s injection", "%(number)s injections", n, number=number),
    "dose": lambda n, number: ngettext("%(number)s dose", "%(number)s doses", n, number=number),
}
# What is counted where a form was chosen and no unit.
UNIT_OF_FORM = {
    "tablet": "tablet",
    "capsule": "capsule",
    "liquid": "ml",
    "dissolving": "film",
    "patch": "patch",
    "nasal_spray": "spray",
    "gum": "piece",
    "lozenge": "lozenge",
    "injection": "injection",
    "long_acting_injection": "injection",
}
ANCHORS: dict[Anchor, LazyString] = {
    Anchor.WAKING: _l("On waking"),
    Anchor.BREAKFAST: _l("At breakfast"),
    Anchor.LUNCH: _l("At lunch"),
    Anchor.DINNER: _l("At dinner"),
    Anchor.BEDTIME: _l("At bedtime"),
}
# The same as a person types them where a time is asked for.
WHEN_WORDS: dict[Anchor, LazyString] = {
    Anchor.WAKING: _l("waking"),
    Anchor.BREAKFAST: _l("breakfast"),
    Anchor.LUNCH: _l("lunch"),
    Anchor.DINNER: _l("dinner"),
    Anchor.BEDTIME: _l("bedtime"),
}
FOODS: dict[Food, LazyString] = {Food.WITH: _l("with food"), Food.WITHOUT: _l("without food")}
CHANGES: dict[Change, LazyString] = {
    Change.STARTED: _l("Added"),
    Change.CHANGED: _l("Changed"),
    Change.PAUSED: _l("Paused"),
    Change.RESUMED: _l("Taken again"),
    Change.STOPPED: _l("Stopped"),
}


def amount_words(amount: Decimal | None, unit: str) -> str:
    """Return an amount with its unit, such as "1½ tablets"; empty for one that nobody told."""
    if amount is None:
        return ""
    if unit not in _COUNTED:
        return f"{_number(amount)} {unit}"
    return _counted(i18n.catalogue(), amount, unit)


@lru_cache(maxsize=1024)
def _counted(_catalogue: object, amount: Decimal, unit: str) -> str:
    """Return an amount of a unit of ours, of which there are few; nobody's own word stays in memory."""
    return _COUNTED[unit](1 if amount <= 1 else 2, _number(amount))


def at_words(at: At, hours: Hours) -> str:
    """Return when on its day something is taken: "8:00 AM", "At breakfast (8:00 AM)", "Any time of the day"."""
    if at is None:
        return gettext("At any time of the day")
    said = i18n.time_in_words(minute_of(at, hours) or 0)
    return f"{ANCHORS[at]} ({said})" if isinstance(at, Anchor) else i18n.at_head(said)


def days_words(days: Days) -> str:
    """Return on which days something is taken."""
    if isinstance(days, EveryDays):
        return gettext("Every day") if days.n == 1 else gettext("Every %(number)s days", number=days.n)
    on = ", ".join(_every_such_day(days.on))
    if days.n == 1:
        return gettext("Every day") if len(days.on) == _DAYS_A_WEEK else gettext("On %(days)s", days=on)
    return gettext("Every %(number)s weeks on %(days)s", number=days.n, days=on)


def _every_such_day(on: Iterable[int]) -> list[str]:
    """Return weekdays as one that comes again is called: Spanish has a plural for the two that do not end in an s."""
    names, locale = weekday_names(on), get_locale()
    if locale and locale.language == "es":
        return [name if name.endswith("s") else f"{name}s" for name in names]
    return names


def weekday_names(on: Iterable[int], width: str = "wide") -> list[str]:
    """Return the names of ISO weekdays, in the order of the week."""
    locale = get_locale()
    names = locale.days["format"][width] if locale else {}
    return [str(names[number - 1]) for number in sorted(on)]


def schedule_lines(schedule: Schedule, hours: Hours) -> list[str]:
    """Return what a schedule says, a short line each: which days, then when and how much."""
    match schedule.plan:
        case Regular(days, doses):
            return [days_words(days), *_dose_lines(doses, schedule.unit, hours)]
        case Stepwise(steps):
            return [
                gettext(
                    "From %(day)s: %(plan)s",
                    day=day_words(step.first),
                    plan=", ".join([days_words(step.days), *_dose_lines(step.doses, schedule.unit, hours)]),
                )
                for step in steps
            ]
        case AtClinic(clinic, take_home, at):
            return _clinic_lines(clinic, take_home, at, hours)
        case AsNeeded():
            return _needed_lines(schedule.plan, schedule.unit)
        case Paused():
            return []


def end_line(schedule: Schedule) -> str:
    """Return until when it is taken; empty where no end was told."""
    return gettext("Until %(day)s", day=day_words(schedule.end)) if schedule.end else ""


def said_line(said: Said) -> str:
    """Return the name in the reader's language, strength and form, as far as they are known."""
    form = catalogue.form(said.form) if said.form else None
    return " · ".join(filter(None, [also_called(said), said.strength, form.read(language()).name if form else ""]))


def also_called(said: Said) -> str:
    """Return the generic name in the reader's language, where it is another word than the one on the box."""
    found = catalogue.get(said.catalogue)
    return found.also_called(language()) if found else ""


def day_words(day: date) -> str:
    """Return a date in words."""
    return i18n.day_in_words(day)


def language() -> str:
    """Return the reader's language, as the files of content know it."""
    locale = get_locale()
    return locale.language if locale else "en"


def _number(amount: Decimal) -> str:
    whole, rest = divmod(amount, 1)
    if rest in _FRACTIONS:
        return f"{whole or ''}{_FRACTIONS[rest]}"
    return i18n.number_in_words(amount)


def _dose_lines(doses: Iterable[Dose], unit: str, hours: Hours) -> list[str]:
    lines = []
    for dose in doses:
        how = ", ".join(filter(None, [amount_words(dose.amount, unit), str(FOODS[dose.food]) if dose.food else ""]))
        when = at_words(dose.at, hours)
        lines.append(f"{when}: {how}" if how else when)
    return lines


def _clinic_lines(clinic: Days, take_home: Days | None, at: At, hours: Hours) -> list[str]:
    when = "" if at is None else f" ({at_words(at, hours)})"
    lines = [gettext("Given at the clinic: %(days)s", days=days_words(clinic)) + when]
    if take_home is not None:
        lines.append(gettext("Taken home from the clinic: %(days)s", days=days_words(take_home)))
    return lines


def _needed_lines(plan: AsNeeded, unit: str) -> list[str]:
    amount = amount_words(plan.amount, unit)
    lines = [gettext("When you need it: %(amount)s", amount=amount) if amount else gettext("When you need it")]
    if plan.most_a_day is not None:
        lines.append(
            ngettext("At most %(number)s time a day", "At most %(number)s times a day", plan.most_a_day,
                     number=plan.most_a_day)
        )  # fmt: skip
    if plan.gap_minutes is not None:
        lines.append(gettext("At least %(time)s apart", time=gap_words(plan.gap_minutes)))
    return lines


def gap_words(minutes: int) -> str:
    """Return a stretch of time in hours and minutes."""
    hours, rest = divmod(minutes, _MINUTES_AN_HOUR)
    told = [ngettext("%(number)s hour", "%(number)s hours", hours, number=hours)] if hours else []
    if rest:
        told.append(ngettext("%(number)s minute", "%(number)s minutes", rest, number=rest))
    return " ".join(told)
